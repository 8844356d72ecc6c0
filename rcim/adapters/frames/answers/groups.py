"""Groups: create, edit, give, dissolve, info, and lists of groups (GR-01, GR-03, GR-05, GR-09)."""

from __future__ import annotations

from rcim.adapters.frames.answers.messages import to_fields
from rcim.service import deliveries, results
from rcim.wire import frames


def created_ok(result: results.Created) -> frames.GroupCreateOk:
    """The new group's id, and who was not added (GR-01)."""
    left_out = tuple(frames.AddedEntry(*one) for one in result.left_out)
    return frames.GroupCreateOk(result.group_id, left_out, result.existed)


def admin_created_ok(result: results.Created) -> frames.AdminGroupCreateOk:
    """As created_ok."""
    left_out = tuple(frames.AddedEntry(*one) for one in result.left_out)
    return frames.AdminGroupCreateOk(result.group_id, left_out, result.existed)


def edited_ok(result: results.Edited) -> frames.GroupSetOk:
    """The profile's InfoSeq now (GR-03)."""
    return frames.GroupSetOk(result.info_seq)


def info_ok(facts: results.GroupFacts) -> frames.GroupInfoOk:
    """A group's profile and fields (GR-03)."""
    result = facts.info
    p = result.profile
    return frames.GroupInfoOk(
        group_id=p.group_id,
        type_=p.type,
        name=p.name,
        introduction=p.introduction,
        notification=p.notification,
        face_url=p.face_url,
        owner=p.owner,
        create_time_ms=p.create_time_ms,
        info_seq=result.info_seq,
        last_info_time_ms=result.last_info_time_ms,
        last_msg_time_ms=result.last_msg_time_ms,
        next_msg_seq=result.next_seq,
        member_num=result.member_num,
        max_member_num=p.max_member_num,
        online_num=facts.online_num,
        apply_join_option=p.apply_join_option,
        mute_all=p.mute_all,
        speakers=p.speakers or (),
        fields=to_fields(result.fields) or (),
        creator=p.creator,
        attributes=p.attributes,
        ends_ms=p.ends_ms,
        unique=p.unique,
    )


def entry(row: results.GroupRow) -> frames.GroupEntry:
    """A row of a list of groups."""
    p: deliveries.Profile = row.profile
    m = row.member
    return frames.GroupEntry(
        group_id=p.group_id,
        type_=p.type,
        name=p.name,
        owner=p.owner,
        member_num=row.member_num,
        newest_seq=row.newest_seq,
        role=int(m.role) if m else 0,
        joined_seq=m.joined_seq if m else 0,
        msg_flag=m.msg_flag if m else None,
        read_seq=m.read_seq if m else 0,
        unread=row.unread,
        info_seq=row.info_seq,
        unstored=row.unstored,
        applications=row.applications,
    )


def groups_ok(result: results.GroupsPage) -> frames.GroupsJoinedOk:
    """A page of the groups a user is in (GR-05)."""
    return frames.GroupsJoinedOk([entry(row) for row in result.groups], result.next)


def found_ok(result: results.GroupsPage) -> frames.GroupFindOk:
    """A page of the groups found (GR-09)."""
    return frames.GroupFindOk([entry(row) for row in result.groups], result.next)
