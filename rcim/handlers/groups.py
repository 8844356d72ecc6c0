"""Groups: create, edit, give, dissolve, info, and lists of groups (GR-01, GR-03, GR-05, GR-09)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rcim.actor import commands, outcomes, queries, records, workflows
from rcim.base.errors import ADMIN_REQUIRED, BAD_PARAMETER, NO_SUCH_GROUP, NOT_PERMITTED, RcimError
from rcim.base.ids import check_user_id, check_user_or_guest, has_control, is_guest
from rcim.base.terms import group_conversation
from rcim.handlers.context import ActorCommand, Principal, RequestContext, RunWorkflow, StoreQuery
from rcim.handlers.messages import list_limit, of_fields, to_fields
from rcim.rules.fields import check_field
from rcim.store import answers
from rcim.wire import frames


def group_key(group_id: str) -> str:
    """The key of a group's actor. Raises RcimError(NO_SUCH_GROUP) for what can't be an id."""
    if has_control(group_id):
        raise RcimError(NO_SUCH_GROUP, "a group id has no control characters")
    return group_conversation(group_id)


def entering(
    key: str,
    command: commands.JoinGroup | commands.CreateGroup | commands.InviteUsers | commands.DecideApplication,
) -> RunWorkflow:
    """The work of a command that puts users into a group: each of them has to have room for it."""
    return RunWorkflow(workflows.EnterGroup(command.by, key, command))


def check_users(
    users: Sequence[str], most: int, least: int = 1, check: Callable[[str], str] = check_user_id
) -> list[str]:
    """`users` if they are as many as may be and each is a user id. Raises RcimError(BAD_PARAMETER)."""
    if not least <= len(users) <= most:
        raise RcimError(BAD_PARAMETER, f"users: {len(users)}, must be {least} to {most}")
    for user_id in users:
        check(user_id)
    return list(users)


def check_name(name: str) -> str:
    """A group's name, which is never empty. Raises RcimError(BAD_PARAMETER)."""
    if not name:
        raise RcimError(BAD_PARAMETER, "name: must not be empty")
    return check_field("name", name)


def create(frame: frames.GroupCreate, principal: Principal, context: RequestContext) -> RunWorkflow:
    """GROUP_CREATE (GR-01)."""
    group_id = context.group_ids.wanted(frame.group_id)
    limit = context.limits.members_at_creation_max
    if len(frame.members) > limit:
        raise RcimError(
            BAD_PARAMETER,
            f"members: {len(frame.members)}, must be at most {limit} at creation; invite the others later",
        )
    owner = check_user_id(frame.owner) if frame.owner else principal.user_id
    return entering(
        group_conversation(group_id),
        commands.CreateGroup(
            by=principal.user_id,
            admin=principal.admin,
            group_id=group_id,
            type=frame.type_,
            name=check_name(frame.name),
            introduction=check_field("introduction", frame.introduction),
            notification=check_field("notification", frame.notification),
            face_url=check_field("face_url", frame.face_url),
            apply_join_option=frame.apply_join_option,
            members=check_users(frame.members, limit, 0),
            owner=owner,
            max_member_num=frame.max_member_num,
            fields=of_fields(frame.fields),
        ),
    )


def edit(frame: frames.GroupSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_SET (GR-03)."""
    texts = {
        name: check_name(value) if name == "name" else check_field(name, value)
        for name in ("name", "introduction", "notification", "face_url")
        if (value := getattr(frame, name)) is not None
    }
    command = commands.EditGroup(
        principal.user_id,
        principal.admin,
        texts,
        frame.apply_join_option,
        frame.max_member_num,
        of_fields(frame.fields),
    )
    return ActorCommand(group_key(frame.group_id), command)


def give(frame: frames.GroupOwnerSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_OWNER_SET."""
    user_id = check_user_id(frame.user_id)
    return ActorCommand(group_key(frame.group_id), commands.GiveGroup(principal.user_id, principal.admin, user_id))


def dissolve(frame: frames.GroupDissolve, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_DISSOLVE."""
    return ActorCommand(group_key(frame.group_id), commands.DissolveGroup(principal.user_id, principal.admin))


def info(frame: frames.GroupInfo, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_INFO."""
    return ActorCommand(group_key(frame.group_id), commands.ReadInfo(principal.user_id, principal.admin))


def joined(frame: frames.GroupsJoined, principal: Principal, context: RequestContext) -> StoreQuery:
    """GROUPS_JOINED."""
    limit = list_limit(frame.limit, context.limits)
    if frame.user_id and frame.user_id != principal.user_id and not principal.admin:
        raise RcimError(ADMIN_REQUIRED, "only an app administrator may list the groups of others")
    if frame.user_id:
        check_user_or_guest(frame.user_id)
    by = "" if principal.admin else principal.user_id
    return StoreQuery(queries.JoinedGroupsQuery(frame.user_id or principal.user_id, frame.cursor, limit, by=by))


def find(frame: frames.GroupFind, principal: Principal, context: RequestContext) -> StoreQuery:
    """GROUP_FIND (GR-09)."""
    if has_control(frame.words):
        raise RcimError(BAD_PARAMETER, "words: control characters are not allowed")
    if is_guest(principal.user_id):
        raise guests_may_not()
    return StoreQuery(queries.FindGroupsQuery(frame.words, frame.cursor, list_limit(frame.limit, context.limits)))


def guests_may_not() -> RcimError:
    """The refusal of what no guest may, whatever the group (ID-06)."""
    return RcimError(NOT_PERMITTED, "guests may only join, leave and receive")


# ------------------------------------------------------------------------------------------------- answers


def created_ok(result: outcomes.Created, context: RequestContext) -> frames.GroupCreateOk:
    """The new group's id, and who was not added (GR-01)."""
    return frames.GroupCreateOk(result.group_id, tuple(frames.AddedEntry(*one) for one in result.left_out))


def edited_ok(result: outcomes.Edited, context: RequestContext) -> frames.GroupSetOk:
    """The profile's InfoSeq now (GR-03)."""
    return frames.GroupSetOk(result.info_seq)


def info_ok(result: outcomes.Info, context: RequestContext) -> frames.GroupInfoOk:
    """A group's profile and fields (GR-03)."""
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
        online_num=context.online(result.key),
        apply_join_option=p.apply_join_option,
        mute_all=p.mute_all,
        speakers=p.speakers or (),
        fields=to_fields(result.fields) or (),
    )


def entry(row: answers.GroupRow) -> frames.GroupEntry:
    """A row of a list of groups."""
    p: records.Profile = row.profile
    m = row.member
    return frames.GroupEntry(
        p.group_id,
        p.type,
        p.name,
        p.owner,
        row.member_num,
        row.newest_seq,
        int(m.role) if m else 0,
        m.joined_seq if m else 0,
        m.msg_flag if m else None,
        m.read_seq if m else 0,
        row.unread,
        row.info_seq,
        row.unstored,
        row.applications,
    )


def groups_ok(result: answers.GroupsPage, context: RequestContext) -> frames.GroupsJoinedOk:
    """A page of the groups a user is in (GR-05)."""
    return frames.GroupsJoinedOk([entry(row) for row in result.groups], result.next)


def found_ok(result: answers.GroupsPage, context: RequestContext) -> frames.GroupFindOk:
    """A page of the groups found (GR-09)."""
    return frames.GroupFindOk([entry(row) for row in result.groups], result.next)
