"""Members: join, decide, invite, leave, kick, block, mute, roles, lists of them (GR-02, GR-04, GR-05, SC-02, GR-11)."""

from __future__ import annotations

from rcim.actor import commands, queries, user_commands, workflows
from rcim.actor.user import user_key
from rcim.base.errors import ADMIN_REQUIRED, TOO_MANY_GROUPS, RcimError
from rcim.base.ids import check_user_id, check_user_or_guest, is_guest
from rcim.connect.principal import Principal
from rcim.rules.fields import check_field
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow, StoreQuery
from rcim.service.groups import entering
from rcim.service.validation import check_users, group_key, list_limit


def join(request: requests.GroupJoin, principal: Principal, context: RequestContext) -> ActorCommand | RunWorkflow:
    """GROUP_JOIN. A guest becomes no member: the process with their one connection counts their groups (ID-06)."""
    card = check_field("name_card", request.name_card)
    text = check_field("text", request.text)
    key, command = group_key(request.group_id), commands.JoinGroup(principal.user_id, principal.admin, card, text)
    if not is_guest(principal.user_id):
        return entering(key, command)
    most = context.limits.groups_per_user_max
    if most and principal.groups() >= most:
        raise RcimError(TOO_MANY_GROUPS, f"a guest can be in at most {most} groups; leave one first")
    return ActorCommand(key, command)


def decide(
    request: requests.GroupApplicationDecide, principal: Principal, context: RequestContext
) -> ActorCommand | RunWorkflow:
    """GROUP_APPLICATION_DECIDE."""
    user_id, text = check_user_id(request.user_id), check_field("text", request.text)
    key = group_key(request.group_id)
    command = commands.DecideApplication(
        by=principal.user_id, admin=principal.admin, user_id=user_id, approve=request.approve, text=text
    )
    return entering(key, command) if request.approve else ActorCommand(key, command)


def leave(request: requests.GroupLeave, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_LEAVE."""
    return ActorCommand(group_key(request.group_id), commands.LeaveGroup(principal.user_id, principal.admin))


def invite(request: requests.GroupInvite, principal: Principal, context: RequestContext) -> RunWorkflow:
    """GROUP_INVITE."""
    users = check_users(request.users, context.limits.invite_max)
    command = commands.InviteUsers(
        principal.user_id, principal.admin, users, silent=_silent(request.silent, principal)
    )
    return entering(group_key(request.group_id), command)


def _silent(silent: bool, principal: Principal) -> bool:
    """Raises RcimError(ADMIN_REQUIRED)."""
    if silent and not principal.admin:
        raise RcimError(ADMIN_REQUIRED, "silent: only an app administrator may change members without a notice")
    return silent


def invitations(request: requests.GroupInvitations, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_INVITATIONS (GT-07)."""
    limit = list_limit(request.limit, context.limits)
    command = user_commands.ReadInvitations(principal.user_id, principal.admin, request.cursor, limit)
    return ActorCommand(user_key(principal.user_id), command)


def answer_invitation(
    request: requests.GroupInvitationAnswer, principal: Principal, context: RequestContext
) -> ActorCommand | RunWorkflow:
    """GROUP_INVITATION_ANSWER (GT-07)."""
    key = group_key(request.group_id)
    if request.accept:
        return RunWorkflow(workflows.AcceptInvitation(principal.user_id, key))
    return ActorCommand(
        user_key(principal.user_id), user_commands.DropInvitation(principal.user_id, principal.admin, key)
    )


def applied(request: requests.ApplicationsOwn, principal: Principal, context: RequestContext) -> StoreQuery:
    """APPLICATIONS_OWN (GR-12)."""
    user_id = request.user_id or principal.user_id
    if user_id != principal.user_id and not principal.admin:
        raise RcimError(ADMIN_REQUIRED, "only an app administrator has to do with what others have applied for")
    limit = list_limit(request.limit, context.limits)
    by = "" if principal.admin else principal.user_id
    return StoreQuery(queries.AppliedQuery(check_user_id(user_id), request.cursor, limit, by))


def kick(request: requests.GroupKick, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_KICK."""
    users = check_users(request.users, context.limits.accounts_max, check=check_user_or_guest)
    text = check_field("text", request.text)
    command = commands.KickMembers(
        principal.user_id, principal.admin, users, text, silent=_silent(request.silent, principal)
    )
    return ActorCommand(group_key(request.group_id), command)


def block(request: requests.GroupBlock, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_BLOCK."""
    users = check_users(request.users, context.limits.accounts_max, check=check_user_or_guest)
    text = check_field("text", request.text)
    command = commands.BlockUsers(
        by=principal.user_id, admin=principal.admin, users=users, seconds=request.seconds, text=text
    )
    return ActorCommand(group_key(request.group_id), command)


def mute(request: requests.GroupMute, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MUTE."""
    users = check_users(request.users, context.limits.mute_max)
    command = commands.MuteUsers(principal.user_id, principal.admin, users, request.seconds)
    return ActorCommand(group_key(request.group_id), command)


def mute_all(request: requests.GroupMuteAll, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MUTE_ALL."""
    speakers = check_users(request.speakers, context.limits.speakers_max, 0)
    command = commands.MuteAll(principal.user_id, principal.admin, request.on, speakers)
    return ActorCommand(group_key(request.group_id), command)


def edit(request: requests.GroupMemberSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MEMBER_SET."""
    command = commands.EditMember(
        by=principal.user_id,
        admin=principal.admin,
        user_id=check_user_id(request.user_id),
        name_card=None if request.name_card is None else check_field("name_card", request.name_card),
        msg_flag=request.msg_flag,
        role=request.role,
        fields=tuple(request.fields),
        unread=request.unread,
        mute_s=request.mute_s,
    )
    return ActorCommand(group_key(request.group_id), command)


def members(request: requests.GroupMembers, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MEMBERS."""
    limit = list_limit(request.limit, context.limits)
    command = commands.ReadMembers(
        by=principal.user_id,
        admin=principal.admin,
        cursor=request.cursor,
        limit=limit,
        role=request.role,
        order=request.order,
    )
    return ActorCommand(group_key(request.group_id), command)


def some(request: requests.GroupMemberGet, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MEMBER_GET."""
    users = check_users(request.users, context.limits.accounts_max)
    return ActorCommand(group_key(request.group_id), commands.ReadSome(principal.user_id, principal.admin, users))


Marked = requests.GroupApplications | requests.GroupMuted | requests.GroupBlocked
_WHICH = {requests.GroupApplications: "applied", requests.GroupMuted: "muted", requests.GroupBlocked: "blocked"}


def marked(request: Marked, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_APPLICATIONS, GROUP_MUTED, GROUP_BLOCKED."""
    limit = list_limit(request.limit, context.limits)
    command = commands.ReadMarks(
        by=principal.user_id, admin=principal.admin, which=_WHICH[type(request)], cursor=request.cursor, limit=limit
    )
    return ActorCommand(group_key(request.group_id), command)
