"""Members: join, decide, invite, leave, kick, block, mute, roles, lists of them (GR-02, GR-04, GR-05, SC-02, GR-11)."""

from __future__ import annotations

from rcim.actor import commands, outcomes, queries, user_commands, workflows
from rcim.actor.user import user_key
from rcim.base.errors import ADMIN_REQUIRED, TOO_MANY_GROUPS, RcimError
from rcim.base.ids import check_user_id, check_user_or_guest, is_guest
from rcim.base.terms import GROUP_PREFIX
from rcim.handlers.context import ActorCommand, Principal, RequestContext, RunWorkflow, StoreQuery
from rcim.handlers.groups import check_users, entering, group_key, guests_may_not
from rcim.handlers.messages import list_limit, of_fields, to_fields
from rcim.rules.fields import check_field
from rcim.wire import frames
from rcim.wire.schema import Frame


def join(frame: frames.GroupJoin, principal: Principal, context: RequestContext) -> ActorCommand | RunWorkflow:
    """GROUP_JOIN. A guest becomes no member: what it hears is counted where its one connection is (ID-06)."""
    card = check_field("name_card", frame.name_card)
    text = check_field("text", frame.text)
    key, command = group_key(frame.group_id), commands.JoinGroup(principal.user_id, principal.admin, card, text)
    if not is_guest(principal.user_id):
        return entering(key, command)
    most = context.limits.groups_per_user_max
    if most and principal.groups() >= most:
        raise RcimError(TOO_MANY_GROUPS, f"a guest can be in at most {most} groups; leave one first")
    return ActorCommand(key, command)


def decide(
    frame: frames.GroupApplicationDecide, principal: Principal, context: RequestContext
) -> ActorCommand | RunWorkflow:
    """GROUP_APPLICATION_DECIDE."""
    user_id, text = check_user_id(frame.user_id), check_field("text", frame.text)
    key = group_key(frame.group_id)
    command = commands.DecideApplication(principal.user_id, principal.admin, user_id, frame.approve, text)
    return entering(key, command) if frame.approve else ActorCommand(key, command)


def leave(frame: frames.GroupLeave, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_LEAVE."""
    return ActorCommand(group_key(frame.group_id), commands.LeaveGroup(principal.user_id, principal.admin))


def invite(frame: frames.GroupInvite, principal: Principal, context: RequestContext) -> RunWorkflow:
    """GROUP_INVITE."""
    users = check_users(frame.users, context.limits.invite_max)
    return entering(group_key(frame.group_id), commands.InviteUsers(principal.user_id, principal.admin, users))


def invitations(frame: frames.GroupInvitations, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_INVITATIONS (GT-07)."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    limit = list_limit(frame.limit, context.limits)
    command = user_commands.ReadInvitations(principal.user_id, principal.admin, frame.cursor, limit)
    return ActorCommand(user_key(principal.user_id), command)


def answer_invitation(
    frame: frames.GroupInvitationAnswer, principal: Principal, context: RequestContext
) -> ActorCommand | RunWorkflow:
    """GROUP_INVITATION_ANSWER (GT-07)."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    key = group_key(frame.group_id)
    if frame.accept:
        return RunWorkflow(workflows.AcceptInvitation(principal.user_id, key))
    return ActorCommand(
        user_key(principal.user_id), user_commands.DropInvitation(principal.user_id, principal.admin, key)
    )


def applied(frame: frames.ApplicationsOwn, principal: Principal, context: RequestContext) -> StoreQuery:
    """APPLICATIONS_OWN (GR-12)."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    user_id = frame.user_id or principal.user_id
    if user_id != principal.user_id and not principal.admin:
        raise RcimError(ADMIN_REQUIRED, "only an app administrator has to do with what others have applied for")
    limit = list_limit(frame.limit, context.limits)
    by = "" if principal.admin else principal.user_id
    return StoreQuery(queries.AppliedQuery(check_user_id(user_id), frame.cursor, limit, by))


def kick(frame: frames.GroupKick, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_KICK."""
    users = check_users(frame.users, context.limits.accounts_max, check=check_user_or_guest)
    text = check_field("text", frame.text)
    return ActorCommand(
        group_key(frame.group_id), commands.KickMembers(principal.user_id, principal.admin, users, text)
    )


def block(frame: frames.GroupBlock, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_BLOCK."""
    users = check_users(frame.users, context.limits.accounts_max, check=check_user_or_guest)
    text = check_field("text", frame.text)
    command = commands.BlockUsers(principal.user_id, principal.admin, users, frame.seconds, text)
    return ActorCommand(group_key(frame.group_id), command)


def mute(frame: frames.GroupMute, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MUTE."""
    users = check_users(frame.users, context.limits.mute_max)
    command = commands.MuteUsers(principal.user_id, principal.admin, users, frame.seconds)
    return ActorCommand(group_key(frame.group_id), command)


def mute_all(frame: frames.GroupMuteAll, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MUTE_ALL."""
    speakers = check_users(frame.speakers, context.limits.speakers_max, 0)
    command = commands.MuteAll(principal.user_id, principal.admin, frame.on, speakers)
    return ActorCommand(group_key(frame.group_id), command)


def edit(frame: frames.GroupMemberSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MEMBER_SET."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    command = commands.EditMember(
        principal.user_id,
        principal.admin,
        check_user_id(frame.user_id),
        None if frame.name_card is None else check_field("name_card", frame.name_card),
        frame.msg_flag,
        frame.role,
        of_fields(frame.fields),
    )
    return ActorCommand(group_key(frame.group_id), command)


def members(frame: frames.GroupMembers, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MEMBERS."""
    limit = list_limit(frame.limit, context.limits)
    command = commands.ReadMembers(principal.user_id, principal.admin, frame.cursor, limit, frame.role)
    return ActorCommand(group_key(frame.group_id), command)


def some(frame: frames.GroupMemberGet, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_MEMBER_GET."""
    users = check_users(frame.users, context.limits.accounts_max)
    return ActorCommand(group_key(frame.group_id), commands.ReadSome(principal.user_id, principal.admin, users))


Marked = frames.GroupApplications | frames.GroupMuted | frames.GroupBlocked
_WHICH = {frames.GroupApplications: "applied", frames.GroupMuted: "muted", frames.GroupBlocked: "blocked"}


def marked(frame: Marked, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_APPLICATIONS, GROUP_MUTED, GROUP_BLOCKED."""
    limit = list_limit(frame.limit, context.limits)
    command = commands.ReadMarks(principal.user_id, principal.admin, _WHICH[type(frame)], frame.cursor, limit)
    return ActorCommand(group_key(frame.group_id), command)


# ------------------------------------------------------------------------------------------------- answers


def joined_ok(result: outcomes.Joined, context: RequestContext) -> frames.GroupJoinOk:
    """Whether the user has joined or applied (GR-05)."""
    return frames.GroupJoinOk(result.newest_seq, result.member_num, result.status)


def invitations_ok(result: outcomes.Invitations, context: RequestContext) -> frames.GroupInvitationsOk:
    """A page of the invitations that wait for an answer (GT-07)."""
    rows = [frames.Invitation(i.key.removeprefix(GROUP_PREFIX), i.name, i.by, i.time_ms) for i in result.rows]
    return frames.GroupInvitationsOk(rows, result.next)


def applied_ok(result: outcomes.Applied, context: RequestContext) -> frames.ApplicationsOwnOk:
    """A page of what became of a user's applications (GR-12)."""
    rows = [
        frames.OwnApplication(
            a.key.removeprefix(GROUP_PREFIX), a.state, a.time_ms, a.text, a.decided_ms, a.operator, a.answer
        )
        for a in result.rows
    ]
    return frames.ApplicationsOwnOk(rows, result.next)


def answered_ok(result: outcomes.Joined | outcomes.Done, context: RequestContext) -> frames.GroupInvitationAnswerOk:
    """The newest SEQ of the group entered; 0 if the invitation was refused (GT-07)."""
    return frames.GroupInvitationAnswerOk(result.newest_seq if isinstance(result, outcomes.Joined) else 0)


def members_ok(result: outcomes.Members, context: RequestContext) -> frames.GroupMembersOk:
    """A page of members (GR-05)."""
    return frames.GroupMembersOk([entry(row) for row in result.rows], result.next)


def some_ok(result: outcomes.Members, context: RequestContext) -> frames.GroupMemberGetOk:
    """The members asked for, as far as they are members (GR-04)."""
    return frames.GroupMemberGetOk([entry(row) for row in result.rows])


def entry(row: outcomes.MemberRow) -> frames.MemberEntry:
    """A row of a list of members."""
    m = row.member
    return frames.MemberEntry(
        m.user_id,
        m.role,
        m.join_time_ms,
        m.name_card,
        m.msg_flag,
        m.read_seq,
        m.last_send_time_ms,
        row.muted_until_ms,
        to_fields(row.fields) or (),
    )


def marks_ok(result: outcomes.Marks, context: RequestContext) -> Frame:
    """A page of applications, muted or blocked users (GR-05, SC-02, GR-11)."""
    if result.which == "applied":
        rows = [frames.Application(m.user_id, m.name_card, m.text, m.applied_ms) for m in result.marks]
        return frames.GroupApplicationsOk(rows, result.next)
    if result.which == "muted":
        return frames.GroupMutedOk([frames.Until(m.user_id, m.muted_until_ms) for m in result.marks], result.next)
    return frames.GroupBlockedOk([frames.Until(m.user_id, m.blocked_until_ms) for m in result.marks], result.next)


def added(result: outcomes.Added) -> list[frames.AddedEntry]:
    """What became of each of many."""
    return [frames.AddedEntry(user_id, what) for user_id, what in result.results]


def invited_ok(result: outcomes.Added, context: RequestContext) -> frames.GroupInviteOk:
    """What became of each user invited (GR-05)."""
    return frames.GroupInviteOk(added(result))
