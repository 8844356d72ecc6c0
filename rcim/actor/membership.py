"""Coming and going: join and apply, decide, invite, leave, kick, block, drop who is offline (GR-05, GR-11, GT-11)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rcim.actor import visiting
from rcim.actor.applications import Application
from rcim.actor.commands import (
    AcceptInvitation,
    BlockUsers,
    DecideApplication,
    DropOffline,
    InviteUsers,
    JoinGroup,
    KickMembers,
    LeaveGroup,
    MuteUsers,
    PlaceMember,
)
from rcim.actor.durations import until_ms
from rcim.actor.effects import Decided, MemberGone, Notify, Requested
from rcim.actor.lifecycle import ended_if_empty
from rcim.actor.outcomes import Added, Done, Joined, Outcome
from rcim.actor.records import Member, UserRestriction
from rcim.actor.state import GroupState
from rcim.actor.visiting import check_not_blocked, enter, is_blocked
from rcim.base.errors import (
    ALREADY_HANDLED,
    ALREADY_MEMBER,
    BAD_PARAMETER,
    GROUP_FULL,
    NO_SUCH_GROUP,
    NO_SUCH_MEMBER,
    NOT_PERMITTED,
    OWNER_MAY_NOT_LEAVE,
    TOO_MANY_ENTRIES,
    RcimError,
)
from rcim.base.ids import is_guest
from rcim.base.terms import AddResult, ApplicationState, ApplyJoinOption, ChangeKind, GoneReason, JoinStatus, Role
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation, check_right
from rcim.rules.roles import Standing


def check_room(state: GroupState, policy: GroupType, count: int) -> None:
    """GT-12. Raises RcimError(GROUP_FULL)."""
    cap = state.cap(policy)
    if cap and state.roster.count + count > cap:
        raise RcimError(GROUP_FULL, f"the group takes at most {cap} members")


def _member(state: GroupState, policy: GroupType, user_id: str, now_ms: int, card: str = "") -> Member:
    newest = state.timeline.newest
    return Member(
        user_id=user_id,
        role=Role.MEMBER,
        join_time_ms=now_ms,
        joined_seq=newest,
        name_card=card,
        msg_flag=policy.msg_flag,
        read_seq=newest,
    )


def _without_application(state: GroupState, users: Sequence[str]) -> list[UserRestriction]:
    """Who is a member waits no longer."""
    kept = map(state.roster.restrictions.get, users)
    waiting = (mark for mark in kept if mark is not None and mark.applied_ms)
    return [msgspec.structs.replace(mark, applied_ms=0, text="", name_card="") for mark in waiting]


def _waits(state: GroupState, mark: UserRestriction | None, now_ms: int) -> bool:
    """GR-12: True if an application waits, for no longer than it is kept."""
    return mark is not None and mark.applied_ms > state.app_state.config.limits.applied_after_ms(now_ms)


# ------------------------------------------------------------------------------------------------- joining


def join(state: GroupState, command: JoinGroup, now_ms: int, position: int) -> Outcome:
    """GR-05: join, or apply. A guest only hears (ID-06)."""
    if command.by in state.roster:
        state.there(command.by, command.admin)
        raise RcimError(ALREADY_MEMBER)
    profile, policy, who = state.allowed(Operation.JOIN, command.by, command.admin)
    check_not_blocked(state, command.by, now_ms)
    state.app_state.entering.check(command.admissions, command.by)
    option = profile.apply_join_option
    if command.again_ms and (command.again_ms != profile.create_time_ms or option is not ApplyJoinOption.FREE_ACCESS):
        raise RcimError(NOT_PERMITTED, "it is another room now, or one that is joined by applying")
    if who is not Standing.APP_ADMIN and option is ApplyJoinOption.DISABLE_APPLY:  # GT-05
        raise RcimError(NOT_PERMITTED, "the group takes no applications")
    if who is Standing.GUEST:
        return enter(state, command.by)
    if who is not Standing.APP_ADMIN and option is ApplyJoinOption.NEED_PERMISSION:
        return _apply(state, command, now_ms, position)
    check_room(state, policy, 1)
    member = _member(
        state=state,
        policy=policy,
        user_id=command.by,
        now_ms=now_ms,
        card=state.app_state.config.lists.screened("name_card", command.name_card),
    )  # SC-08
    return state.settle(
        Joined(state.timeline.newest, state.roster.count + 1),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.JOINED, [command.by]),
        put=[member],
        marks=_without_application(state, [command.by]),
    )


def _deciders(state: GroupState) -> list[str]:
    """GR-05: who is told of applications: the owner and the admins."""
    return [member.user_id for member in state.roster.admins()]


def _apply(state: GroupState, command: JoinGroup, now_ms: int, position: int) -> Outcome:
    """The application is kept until it is decided, or for so long (GR-12); who may decide is told of it once."""
    before = state.roster.restrictions.get(command.by, UserRestriction(command.by))
    since_ms = before.applied_ms if _waits(state, before, now_ms) else now_ms
    check_entries(state, [command.by], now_ms)
    card = state.app_state.config.lists.screened("name_card", command.name_card)  # SC-08
    mark = msgspec.structs.replace(before, applied_ms=since_ms, text=command.text, name_card=card)
    tell = (
        ()
        if since_ms == before.applied_ms
        else (Notify(_deciders(state), Requested(command.by, command.text, now_ms)),)
    )
    result = Joined(state.timeline.newest, state.roster.count, JoinStatus.WAITING)
    return state.settle(result, now_ms, position, marks=[*expired(state, now_ms), mark], info=False, more=tell)


def decide(state: GroupState, command: DecideApplication, now_ms: int, position: int) -> Outcome:
    """GR-05: approve or refuse; only once. The applicant finds the decision also later (GR-12)."""
    _, policy, _ = state.allowed(Operation.DECIDE, command.by, command.admin)
    user_id = command.user_id
    mark = state.roster.restrictions.get(user_id)
    if mark is None or not _waits(state, mark, now_ms):
        raise RcimError(ALREADY_HANDLED, f"no application of {user_id} waits")
    said = Decided(
        user_id=user_id,
        approved=command.approve,
        operator=command.by,
        text=command.text,
        newest_seq=state.timeline.newest if command.approve else 0,
    )
    told = Notify([*_deciders(state), user_id], said)
    marks = _without_application(state, [user_id])
    decision = ApplicationState.APPROVED if command.approve else ApplicationState.REFUSED
    kept = Application(
        user_id=user_id,
        key=state.key,
        time_ms=mark.applied_ms,
        text=mark.text,
        state=decision,
        decided_ms=now_ms,
        operator=command.by,
        answer=command.text,
    )
    if not command.approve:
        return state.settle(Done(), now_ms, position, marks=marks, info=False, more=(told,), decided=kept)
    state.app_state.entering.check(command.admissions, user_id)
    check_room(state, policy, 1)
    return state.settle(
        Done(),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.JOINED, [user_id]),
        put=[_member(state=state, policy=policy, user_id=user_id, now_ms=now_ms, card=mark.name_card)],
        marks=marks,
        more=(told,),
        decided=kept,
    )


def invite(state: GroupState, command: InviteUsers, now_ms: int, position: int) -> Outcome:
    """GR-05, GT-07. All who can be added are, or, if they do not fit, none; who is to be asked first is not added yet."""
    profile, policy, _ = state.allowed(Operation.INVITE, command.by, command.admin)
    ask_first = set(command.ask_first)
    results: list[tuple[str, AddResult]] = []
    added: list[str] = []
    for user_id in dict.fromkeys(command.users):
        if user_id in state.roster:
            results.append((user_id, AddResult.ALREADY))
        elif is_blocked(state, user_id, now_ms):
            results.append((user_id, AddResult.FAILED))
        elif user_id in ask_first:
            results.append((user_id, AddResult.WAITING))
        elif not state.app_state.entering.holds(command.admissions, user_id):
            results.append((user_id, AddResult.FAILED))
        else:
            results.append((user_id, AddResult.ADDED))
            added.append(user_id)
    check_room(state, policy, len(added))
    result = Added(results, profile.name if ask_first else "")
    if not added:
        return Outcome(result)
    return state.settle(
        result,
        now_ms,
        position,
        by=command.by,
        change=None if command.silent else (ChangeKind.INVITED, added),
        put=[_member(state, policy, user_id, now_ms) for user_id in added],
        marks=_without_application(state, added),
    )


def accept(state: GroupState, command: AcceptInvitation, now_ms: int, position: int) -> Outcome:
    """GT-07: who invited had the right to when it did; it has to be a member still, and the group the same one."""
    profile, policy = state.there(command.by, True)
    if profile.importing:
        raise RcimError(NO_SUCH_GROUP)
    if command.by in state.roster:
        raise RcimError(ALREADY_MEMBER)
    if command.inviter not in state.roster or profile.create_time_ms > command.time_ms:
        raise RcimError(NOT_PERMITTED, f"{command.inviter}, who sent the invitation, is no longer in the group")
    check_not_blocked(state, command.by, now_ms)
    state.app_state.entering.check(command.admissions, command.by)
    check_room(state, policy, 1)
    return state.settle(
        Joined(state.timeline.newest, state.roster.count + 1),
        now_ms,
        position,
        by=command.inviter,
        change=(ChangeKind.INVITED, [command.by]),
        put=[_member(state, policy, command.by, now_ms)],
        marks=_without_application(state, [command.by]),
    )


# ------------------------------------------------------------------------------------------------- leaving


def leave(state: GroupState, command: LeaveGroup, now_ms: int, position: int) -> Outcome:
    """A member, or a guest, leaves (GR-05, GT-08). Raises RcimError."""
    # An administrator who is a member leaves as that member: being one gives no right to leave.
    admin = command.admin and command.by not in state.roster
    _, policy, who = state.allowed(Operation.LEAVE, command.by, admin)
    if who is Standing.GUEST:
        return visiting.leave(state, command.by)
    return gone(
        state, policy, [MemberGone(command.by)], ChangeKind.LEFT, by=command.by, now_ms=now_ms, position=position
    )


def gone(
    state: GroupState,
    policy: GroupType,
    drop: Sequence[MemberGone],
    kind: ChangeKind,
    *,
    by: str,
    now_ms: int,
    position: int,
    marks: Sequence[UserRestriction] = (),
    guests: Sequence[MemberGone] = (),
    silent: bool = False,
) -> Outcome:
    """These members are gone, and these guests, of whom nobody else is told (ID-06); without its owner a group goes on,
    without anybody it ends (GT-24)."""
    if not drop and not marks:
        return Outcome(Done(), None, tuple(guests))
    profile = state.attributes.profile
    assert profile is not None
    users = [one.user_id for one in drop]
    ownerless = msgspec.structs.replace(profile, owner="") if profile.owner in users else None
    change = (kind, users) if drop and not silent else None
    outcome = state.settle(
        Done(),
        now_ms,
        position,
        by=by,
        change=change,
        profile=ownerless,
        drop=drop,
        marks=marks,
        info=bool(drop),
        more=guests,
    )
    return ended_if_empty(state, policy, outcome) if drop else outcome


def kick(state: GroupState, command: KickMembers, now_ms: int, position: int) -> Outcome:
    """GR-05, GT-10: all of them or none."""
    _, policy, who = state.allowed(Operation.KICK, command.by, command.admin)
    users = list(dict.fromkeys(command.users))
    _check_not_oneself(users, command.by)
    for user_id in users:
        if user_id not in state.roster and state.app_state.guests.since(state.key, user_id) is None:
            raise RcimError(NO_SUCH_MEMBER, f"{user_id} is not a member")
    state.check_above(who, users)
    return _sent_away(
        state=state,
        policy=policy,
        users=users,
        kind=ChangeKind.KICKED,
        command=command,
        now_ms=now_ms,
        position=position,
    )


def _sent_away(
    state: GroupState,
    policy: GroupType,
    users: Sequence[str],
    kind: ChangeKind,
    command: KickMembers | BlockUsers,
    *,
    now_ms: int,
    position: int,
    marks: Sequence[UserRestriction] = (),
) -> Outcome:
    """Those of `users` who are in the group as members or guests are removed by somebody."""
    drop = [MemberGone(u, GoneReason.KICKED, command.by, command.text) for u in users if u in state.roster]
    guests = visiting.let_go(
        state=state, users=users, reason=GoneReason.KICKED, operator=command.by, text=command.text
    )
    return gone(
        state,
        policy,
        drop,
        kind,
        by=command.by,
        now_ms=now_ms,
        position=position,
        marks=marks,
        guests=guests,
        silent=isinstance(command, KickMembers) and command.silent,
    )


def _check_not_oneself(users: Sequence[str], by: str) -> None:
    if by in users:
        raise RcimError(BAD_PARAMETER, "users: must not name you")


def block(state: GroupState, command: BlockUsers, now_ms: int, position: int) -> Outcome:
    """GR-11: removed now, refused at joining until it ends; or let in again. All of them or none."""
    users = whom_to_restrain(state, Operation.BLOCK, command)
    _, policy = state.there(command.by, command.admin)
    end = until_ms(command.seconds, now_ms)
    if end:
        visiting.check_here(state, users)
    before = [state.roster.restrictions.get(u, UserRestriction(u)) for u in users]
    marks = [msgspec.structs.replace(mark, blocked_until_ms=end) for mark in before]
    if end:
        check_entries(state, users, now_ms)
        marks = [msgspec.structs.replace(m, applied_ms=0, text="", name_card="") for m in marks]
    marks = [*expired(state, now_ms), *marks]
    removed = users if end else ()
    return _sent_away(
        state=state,
        policy=policy,
        users=removed,
        kind=ChangeKind.BLOCKED,
        command=command,
        now_ms=now_ms,
        position=position,
        marks=marks,
    )


def whom_to_restrain(state: GroupState, operation: Operation, command: BlockUsers | MuteUsers) -> list[str]:
    """Whom a block or a mute is about, if who asks may set or lift it. The app lifts any: the owner's, an app
    administrator's own, and where the type offers none any more. Raises RcimError."""
    users = list(dict.fromkeys(command.users))
    if command.admin and not command.seconds:
        state.there(command.by, True)
        return users
    _, _, who = state.allowed(operation, command.by, command.admin)
    _check_not_oneself(users, command.by)
    state.check_above(who, users)
    return users


def check_entries(state: GroupState, users: Sequence[str], now_ms: int) -> None:
    """Marks are bounded; those that are over do not count, nor those that only say what is erased, which have a bound of
    their own (altering.erase). Raises RcimError(TOO_MANY_ENTRIES)."""
    most, kept = state.app_state.config.limits.marks_max, state.roster.restrictions
    new = sum(u not in kept for u in users)
    if not new or len(kept) + new <= most:
        return
    erased = sum(m == UserRestriction(m.user_id, erased_seq=m.erased_seq) for m in kept.values() if m.erased_seq)
    if len(kept) - len(expired(state, now_ms)) - erased + new > most:
        raise RcimError(
            TOO_MANY_ENTRIES, f"a group keeps at most {most} applications, mutes and blocks; remove some first"
        )


def expired(state: GroupState, now_ms: int) -> list[UserRestriction]:
    """Marks that say nothing any more, as empty ones: they are removed with the next change of marks. A guest that is
    gone does not come again under its id (ID-06)."""

    def over(m: UserRestriction) -> bool:
        if is_guest(m.user_id) and not state.app_state.guests.is_here(m.user_id):
            return True
        return not _waits(state, m, now_ms) and not m.erased_seq and m.ended(now_ms)

    return [UserRestriction(m.user_id) for m in state.roster.restrictions.values() if over(m)]


def drop_offline(state: GroupState, command: DropOffline, now_ms: int, position: int) -> Outcome:
    """GT-11: ordinary members who were not online when it was looked go, all at once."""
    profile, policy = state.there(command.by, command.admin)
    if profile.importing or not profile.active:  # nobody hears it yet, so nobody can be seen online in it
        return Outcome(Done())
    if not policy.drop_offline or not state.roster.walks:  # so many are never all looked at
        return Outcome(Done())
    online = set(command.online)
    users = [
        m.user_id
        for m in state.roster
        if m.role is Role.MEMBER and m.user_id not in online and m.join_time_ms < command.before_ms
    ]
    if not users:
        return Outcome(Done())
    drop = [MemberGone(u, GoneReason.OFFLINE) for u in users]
    return gone(state, policy, drop, ChangeKind.OFFLINE, by="", now_ms=now_ms, position=position)


def place(state: GroupState, command: PlaceMember, now_ms: int, position: int) -> Outcome:
    """GR-10, ID-09: the app says who is in. The cap, blocks and the owner's place count, and that nobody is added to
    (GT-07), or taken out of (GT-10), a group of a type that does not even let the app do so. Where the account is deleted
    it is out in any case, and has applied for nothing."""
    _, policy = state.there(command.by, True)
    user_id = command.by
    if command.inside == (user_id in state.roster):
        withdrawn = _without_application(state, [user_id]) if command.forced and not command.inside else []
        return state.settle(Done(), now_ms, position, marks=withdrawn, info=False) if withdrawn else Outcome(Done())
    if not command.forced:
        check_right(Operation.INVITE if command.inside else Operation.KICK, Standing.APP_ADMIN, policy)
    if not command.inside:
        if state.roster.standing(user_id) is Standing.OWNER and not (policy.owner_may_leave or command.forced):
            raise RcimError(OWNER_MAY_NOT_LEAVE)
        removed = MemberGone(user_id, GoneReason.REMOVED)
        return gone(state, policy, [removed], ChangeKind.LEFT, by="", now_ms=now_ms, position=position)
    check_not_blocked(state, user_id, now_ms)
    state.app_state.entering.check(command.admissions, user_id)
    check_room(state, policy, 1)
    return state.settle(
        Done(),
        now_ms,
        position,
        change=(ChangeKind.JOINED, [user_id]),
        put=[_member(state, policy, user_id, now_ms)],
        marks=_without_application(state, [user_id]),
    )
