"""Groups: create, dissolve, join, leave, info, members, and the groups a user is in (GR-01, GR-05)."""

from __future__ import annotations

from rcim.actor import commands, outcomes, records
from rcim.base.errors import BAD_PARAMETER, TOO_MANY_GROUPS, RcimError
from rcim.base.ids import check_group_id, check_user_id, made_group_id
from rcim.base.terms import group_conversation
from rcim.handlers.desk import Caller, Desk, ToActor, ToStore
from rcim.handlers.messages import check_conversation, page_limit
from rcim.rules.fields import check_field
from rcim.store import answers
from rcim.wire import frames


def _key(group_id: str) -> str:
    return check_conversation(group_conversation(group_id))


def _check_room(caller: Caller, desk: Desk) -> None:
    if caller.groups() >= desk.limits.groups_per_user_max:
        raise RcimError(TOO_MANY_GROUPS, f"at most {desk.limits.groups_per_user_max} groups")


class GroupIds:
    """Makes ids for groups created without one (GT-25): the server's start and a counter, unique in the app."""

    def __init__(self, start_ms: int) -> None:
        self._next = start_ms << 12

    def make(self) -> str:
        """The next id. 4,096 a millisecond could be made before one met those of a later start."""
        self._next += 1
        return made_group_id(self._next)


def create(frame: frames.GroupCreate, caller: Caller, desk: Desk, ids: GroupIds) -> ToActor:
    """GROUP_CREATE (GR-01)."""
    _check_room(caller, desk)
    group_id = check_group_id(frame.group_id) if frame.group_id else ids.make()
    for user in frame.members:
        check_user_id(user)
    limit = desk.limits.members_at_creation_max
    if len(frame.members) > limit:
        raise RcimError(BAD_PARAMETER, f"members: {len(frame.members)}, at most {limit} at creation")
    return ToActor(
        group_conversation(group_id),
        commands.CreateGroup(
            by=caller.user_id,
            admin=caller.admin,
            group_id=group_id,
            type=frame.type_,
            name=check_field("name", frame.name),
            introduction=check_field("introduction", frame.introduction),
            notification=check_field("notification", frame.notification),
            face_url=check_field("face_url", frame.face_url),
            apply_join_option=frame.apply_join_option,
            members=frame.members,
        ),
    )


def dissolve(frame: frames.GroupDissolve, caller: Caller, desk: Desk) -> ToActor:
    """GROUP_DISSOLVE."""
    return ToActor(_key(frame.group_id), commands.DissolveGroup(caller.user_id, caller.admin))


def join(frame: frames.GroupJoin, caller: Caller, desk: Desk) -> ToActor:
    """GROUP_JOIN."""
    _check_room(caller, desk)
    card = check_field("name_card", frame.name_card)
    return ToActor(_key(frame.group_id), commands.JoinGroup(caller.user_id, caller.admin, card))


def leave(frame: frames.GroupLeave, caller: Caller, desk: Desk) -> ToActor:
    """GROUP_LEAVE."""
    return ToActor(_key(frame.group_id), commands.LeaveGroup(caller.user_id, caller.admin))


def info(frame: frames.GroupInfo, caller: Caller, desk: Desk) -> ToActor:
    """GROUP_INFO."""
    return ToActor(_key(frame.group_id), commands.ReadInfo(caller.user_id, caller.admin))


def members(frame: frames.GroupMembers, caller: Caller, desk: Desk) -> ToActor:
    """GROUP_MEMBERS."""
    most = desk.limits.list_page_max
    limit = page_limit(frame.limit, most, most)
    return ToActor(_key(frame.group_id), commands.ReadMembers(caller.user_id, caller.admin, frame.cursor, limit))


def joined(frame: frames.GroupsJoined, caller: Caller, desk: Desk) -> ToStore:
    """GROUPS_JOINED."""
    most = desk.limits.list_page_max
    limit = page_limit(frame.limit, most, most)
    return ToStore(outcomes.JoinedGroupsQuery(caller.user_id, frame.cursor, limit))


def created_ok(result: outcomes.Created, desk: Desk) -> frames.GroupCreateOk:
    """GR-01."""
    return frames.GroupCreateOk(result.group_id)


def dissolved_ok(result: outcomes.Dissolved, desk: Desk) -> frames.GroupDissolveOk:
    """GR-01."""
    return frames.GroupDissolveOk()


def joined_ok(result: outcomes.Joined, desk: Desk) -> frames.GroupJoinOk:
    """GR-05."""
    return frames.GroupJoinOk(result.newest_seq, result.member_num)


def left_ok(result: outcomes.Left, desk: Desk) -> frames.GroupLeaveOk:
    """GR-05."""
    return frames.GroupLeaveOk()


def info_ok(result: outcomes.Info, desk: Desk) -> frames.GroupInfoOk:
    """GR-03."""
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
        online_num=desk.online(result.key),
        apply_join_option=p.apply_join_option,
    )


def members_ok(result: answers.MembersPage, desk: Desk) -> frames.GroupMembersOk:
    """GR-05."""
    rows = [frames.MemberEntry(m.user_id, m.role, m.join_time_ms, m.name_card) for m in result.members]
    return frames.GroupMembersOk(rows, result.next)


def entry(row: answers.GroupRow) -> frames.GroupEntry:
    """A row of a list of groups."""
    p: records.Profile = row.profile
    role = int(row.member.role) if row.member else 0
    joined_seq = row.member.joined_seq if row.member else 0
    return frames.GroupEntry(p.group_id, p.type, p.name, p.owner, row.member_num, row.newest_seq, role, joined_seq)


def groups_ok(result: answers.GroupsPage, desk: Desk) -> frames.GroupsJoinedOk:
    """GR-05."""
    return frames.GroupsJoinedOk([entry(row) for row in result.groups], result.next)
