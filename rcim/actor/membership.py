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
from rcim.actor.effects import Decided, MemberGone, Requested, Tell
from rcim.actor.lifecycle import ended_if_empty
from rcim.actor.outcomes import Added, Done, Joined, Outcome
from rcim.actor.records import Mark, Member
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
from rcim.rules.standing import Who


def check_room(g: GroupState, row: GroupType, count: int) -> None:
    """GT-12. Raises RcimError(GROUP_FULL)."""
    cap = g.cap(row)
    if cap and len(g.members) + count > cap:
        raise RcimError(GROUP_FULL, f"the group takes at most {cap} members")


def _member(g: GroupState, row: GroupType, user_id: str, now_ms: int, card: str = "") -> Member:
    return Member(user_id, Role.MEMBER, now_ms, g.newest, card, row.msg_flag, read_seq=g.newest)


def _without_application(g: GroupState, users: Sequence[str]) -> list[Mark]:
    """Who is a member waits no longer."""
    waiting = (g.marks[u] for u in users if u in g.marks and g.marks[u].applied_ms)
    return [msgspec.structs.replace(mark, applied_ms=0, text="", name_card="") for mark in waiting]


def _waits(g: GroupState, mark: Mark | None, now_ms: int) -> bool:
    """GR-12: True if an application waits, for no longer than it is kept."""
    return mark is not None and mark.applied_ms > g.world.limits.applied_after_ms(now_ms)


# ------------------------------------------------------------------------------------------------- joining


def join(g: GroupState, command: JoinGroup, now_ms: int, position: int) -> Outcome:
    """GR-05: join, or apply. A guest only hears (ID-06)."""
    if command.by in g.members:
        g.there(command.by, command.admin)
        raise RcimError(ALREADY_MEMBER)
    profile, row, who = g.allowed(Operation.JOIN, command.by, command.admin)
    check_not_blocked(g, command.by, now_ms)
    g.world.entering.check(command.admissions, command.by)
    option = profile.apply_join_option
    if who is not Who.APP_ADMIN and option is ApplyJoinOption.DISABLE_APPLY:  # GT-05
        raise RcimError(NOT_PERMITTED, "the group takes no applications")
    if who is Who.GUEST:
        return enter(g, command.by)
    if who is not Who.APP_ADMIN and option is ApplyJoinOption.NEED_PERMISSION:
        return _apply(g, command, now_ms, position)
    check_room(g, row, 1)
    member = _member(g, row, command.by, now_ms, g.world.lists.screened("name_card", command.name_card))  # SC-08
    return g.settle(
        Joined(g.newest, len(g.members) + 1),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.JOINED, [command.by]),
        put=[member],
        marks=_without_application(g, [command.by]),
    )


def _apply(g: GroupState, command: JoinGroup, now_ms: int, position: int) -> Outcome:
    """The application is kept until it is decided, or for so long (GR-12); who may decide is told of it once."""
    before = g.marks.get(command.by, Mark(command.by))
    since_ms = before.applied_ms if _waits(g, before, now_ms) else now_ms
    check_entries(g, [command.by], now_ms)
    card = g.world.lists.screened("name_card", command.name_card)  # SC-08
    mark = msgspec.structs.replace(before, applied_ms=since_ms, text=command.text, name_card=card)
    tell = () if since_ms == before.applied_ms else (Tell(g.deciders(), Requested(command.by, command.text, now_ms)),)
    result = Joined(g.newest, len(g.members), JoinStatus.WAITING)
    return g.settle(result, now_ms, position, marks=[*expired(g, now_ms), mark], info=False, more=tell)


def decide(g: GroupState, command: DecideApplication, now_ms: int, position: int) -> Outcome:
    """GR-05: approve or refuse; only once. The applicant finds the decision also later (GR-12)."""
    _, row, _ = g.allowed(Operation.DECIDE, command.by, command.admin)
    user_id = command.user_id
    mark = g.marks.get(user_id)
    if mark is None or not _waits(g, mark, now_ms):
        raise RcimError(ALREADY_HANDLED, f"no application of {user_id} waits")
    said = Decided(user_id, command.approve, command.by, command.text, g.newest if command.approve else 0)
    told = Tell([*g.deciders(), user_id], said)
    marks = _without_application(g, [user_id])
    state = ApplicationState.APPROVED if command.approve else ApplicationState.REFUSED
    kept = Application(user_id, g.key, mark.applied_ms, mark.text, state, now_ms, command.by, command.text)
    if not command.approve:
        return g.settle(Done(), now_ms, position, marks=marks, info=False, more=(told,), decided=kept)
    g.world.entering.check(command.admissions, user_id)
    check_room(g, row, 1)
    return g.settle(
        Done(),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.JOINED, [user_id]),
        put=[_member(g, row, user_id, now_ms, mark.name_card)],
        marks=marks,
        more=(told,),
        decided=kept,
    )


def invite(g: GroupState, command: InviteUsers, now_ms: int, position: int) -> Outcome:
    """GR-05, GT-07. All who can be added are, or, if they do not fit, none; who is to be asked first is not added yet."""
    profile, row, _ = g.allowed(Operation.INVITE, command.by, command.admin)
    ask_first = set(command.ask_first)
    results: list[tuple[str, AddResult]] = []
    added: list[str] = []
    for user_id in dict.fromkeys(command.users):
        if user_id in g.members:
            results.append((user_id, AddResult.ALREADY))
        elif is_blocked(g, user_id, now_ms):
            results.append((user_id, AddResult.FAILED))
        elif user_id in ask_first:
            results.append((user_id, AddResult.WAITING))
        elif not g.world.entering.holds(command.admissions, user_id):
            results.append((user_id, AddResult.FAILED))
        else:
            results.append((user_id, AddResult.ADDED))
            added.append(user_id)
    check_room(g, row, len(added))
    result = Added(results, profile.name if ask_first else "")
    if not added:
        return Outcome(result)
    return g.settle(
        result,
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.INVITED, added),
        put=[_member(g, row, user_id, now_ms) for user_id in added],
        marks=_without_application(g, added),
    )


def accept(g: GroupState, command: AcceptInvitation, now_ms: int, position: int) -> Outcome:
    """GT-07: who invited had the right to when it did; it has to be a member still, and the group the same one."""
    profile, row = g.there(command.by, True)
    if profile.importing:
        raise RcimError(NO_SUCH_GROUP)
    if command.by in g.members:
        raise RcimError(ALREADY_MEMBER)
    if command.inviter not in g.members or profile.create_time_ms > command.time_ms:
        raise RcimError(NOT_PERMITTED, f"{command.inviter}, who sent the invitation, is no longer in the group")
    check_not_blocked(g, command.by, now_ms)
    g.world.entering.check(command.admissions, command.by)
    check_room(g, row, 1)
    return g.settle(
        Joined(g.newest, len(g.members) + 1),
        now_ms,
        position,
        by=command.inviter,
        change=(ChangeKind.INVITED, [command.by]),
        put=[_member(g, row, command.by, now_ms)],
        marks=_without_application(g, [command.by]),
    )


# ------------------------------------------------------------------------------------------------- leaving


def leave(g: GroupState, command: LeaveGroup, now_ms: int, position: int) -> Outcome:
    """A member, or a guest, leaves (GR-05, GT-08). Raises RcimError."""
    # An administrator who is a member leaves as that member: being one gives no right to leave.
    admin = command.admin and command.by not in g.members
    _, row, who = g.allowed(Operation.LEAVE, command.by, admin)
    if who is Who.GUEST:
        return visiting.leave(g, command.by)
    return _gone(g, row, [MemberGone(command.by)], ChangeKind.LEFT, command.by, now_ms, position)


def _gone(
    g: GroupState,
    row: GroupType,
    drop: Sequence[MemberGone],
    kind: ChangeKind,
    by: str,
    now_ms: int,
    position: int,
    marks: Sequence[Mark] = (),
    guests: Sequence[MemberGone] = (),
) -> Outcome:
    """These members are gone, and these guests, of whom nobody else is told (ID-06); without its owner a group goes on,
    without anybody it ends (GT-24)."""
    if not drop and not marks:
        return Outcome(Done(), None, tuple(guests))
    profile = g.profile
    assert profile is not None
    users = [one.user_id for one in drop]
    ownerless = msgspec.structs.replace(profile, owner="") if profile.owner in users else None
    change = (kind, users) if drop else None
    outcome = g.settle(
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
    return ended_if_empty(g, row, outcome) if drop else outcome


def kick(g: GroupState, command: KickMembers, now_ms: int, position: int) -> Outcome:
    """GR-05, GT-10: all of them or none."""
    _, row, who = g.allowed(Operation.KICK, command.by, command.admin)
    users = list(dict.fromkeys(command.users))
    _check_not_oneself(users, command.by)
    for user_id in users:
        if user_id not in g.members and g.world.guests.since(g.key, user_id) is None:
            raise RcimError(NO_SUCH_MEMBER, f"{user_id} is not a member")
    g.check_above(who, users)
    return _sent_away(g, row, users, ChangeKind.KICKED, command, now_ms, position)


def _sent_away(
    g: GroupState,
    row: GroupType,
    users: Sequence[str],
    kind: ChangeKind,
    command: KickMembers | BlockUsers,
    now_ms: int,
    position: int,
    marks: Sequence[Mark] = (),
) -> Outcome:
    """Those of `users` who are in the group as members or guests are removed by somebody."""
    drop = [MemberGone(u, GoneReason.KICKED, command.by, command.text) for u in users if u in g.members]
    guests = visiting.let_go(g, users, GoneReason.KICKED, command.by, command.text)
    return _gone(g, row, drop, kind, command.by, now_ms, position, marks, guests)


def _check_not_oneself(users: Sequence[str], by: str) -> None:
    if by in users:
        raise RcimError(BAD_PARAMETER, "users: must not name you")


def block(g: GroupState, command: BlockUsers, now_ms: int, position: int) -> Outcome:
    """GR-11: removed now, refused at joining until it ends; or let in again. All of them or none."""
    users = whom_to_restrain(g, Operation.BLOCK, command)
    _, row = g.there(command.by, command.admin)
    end = until_ms(command.seconds, now_ms)
    if end:
        visiting.check_here(g, users)
    before = [g.marks.get(u, Mark(u)) for u in users]
    marks = [msgspec.structs.replace(mark, blocked_until_ms=end) for mark in before]
    if end:
        check_entries(g, users, now_ms)
        marks = [msgspec.structs.replace(m, applied_ms=0, text="", name_card="") for m in marks]
    marks = [*expired(g, now_ms), *marks]
    return _sent_away(g, row, users if end else (), ChangeKind.BLOCKED, command, now_ms, position, marks)


def whom_to_restrain(g: GroupState, operation: Operation, command: BlockUsers | MuteUsers) -> list[str]:
    """Whom a block or a mute is about, if who asks may set or lift it. The app lifts any: the owner's, an app
    administrator's own, and where the type offers none any more. Raises RcimError."""
    users = list(dict.fromkeys(command.users))
    if command.admin and not command.seconds:
        g.there(command.by, True)
        return users
    _, _, who = g.allowed(operation, command.by, command.admin)
    _check_not_oneself(users, command.by)
    g.check_above(who, users)
    return users


def check_entries(g: GroupState, users: Sequence[str], now_ms: int) -> None:
    """Marks are bounded; those that are over do not count, nor those that only say what is erased, which have a bound of
    their own (altering.erase). Raises RcimError(TOO_MANY_ENTRIES)."""
    most = g.world.limits.marks_max
    new = sum(u not in g.marks for u in users)
    if not new or len(g.marks) + new <= most:
        return
    erased = sum(m == Mark(m.user_id, erased_seq=m.erased_seq) for m in g.marks.values() if m.erased_seq)
    if len(g.marks) - len(expired(g, now_ms)) - erased + new > most:
        raise RcimError(
            TOO_MANY_ENTRIES, f"a group keeps at most {most} applications, mutes and blocks; remove some first"
        )


def expired(g: GroupState, now_ms: int) -> list[Mark]:
    """Marks that say nothing any more, as empty ones: they are removed with the next change of marks. A guest that is
    gone does not come again under its id (ID-06)."""

    def over(m: Mark) -> bool:
        if is_guest(m.user_id) and not g.world.guests.is_here(m.user_id):
            return True
        return not _waits(g, m, now_ms) and not m.erased_seq and m.ended(now_ms)

    return [Mark(m.user_id) for m in g.marks.values() if over(m)]


def drop_offline(g: GroupState, command: DropOffline, now_ms: int, position: int) -> Outcome:
    """GT-11: ordinary members who were not online when it was looked go, all at once."""
    profile, row = g.there(command.by, command.admin)
    if profile.importing or not profile.active:  # nobody hears it yet, so nobody can be seen online in it
        return Outcome(Done())
    online = set(command.online)
    users = [
        m.user_id
        for m in g.members.values()
        if m.role is Role.MEMBER and m.user_id not in online and m.join_time_ms < command.before_ms
    ]
    if not users or not row.drop_offline:
        return Outcome(Done())
    drop = [MemberGone(u, GoneReason.OFFLINE) for u in users]
    return _gone(g, row, drop, ChangeKind.OFFLINE, "", now_ms, position)


def place(g: GroupState, command: PlaceMember, now_ms: int, position: int) -> Outcome:
    """GR-10, ID-09: the app says who is in. The cap, blocks and the owner's place count, and that nobody is added to
    (GT-07), or taken out of (GT-10), a group of a type that does not even let the app do so. Where the account is deleted
    it is out in any case, and has applied for nothing."""
    _, row = g.there(command.by, True)
    user_id = command.by
    if command.inside == (user_id in g.members):
        withdrawn = _without_application(g, [user_id]) if command.forced and not command.inside else []
        return g.settle(Done(), now_ms, position, marks=withdrawn, info=False) if withdrawn else Outcome(Done())
    if not command.forced:
        check_right(Operation.INVITE if command.inside else Operation.KICK, Who.APP_ADMIN, row)
    if not command.inside:
        if g.rank(user_id) is Who.OWNER and not (row.owner_may_leave or command.forced):
            raise RcimError(OWNER_MAY_NOT_LEAVE)
        gone = MemberGone(user_id, GoneReason.REMOVED)
        return _gone(g, row, [gone], ChangeKind.LEFT, "", now_ms, position)
    check_not_blocked(g, user_id, now_ms)
    g.world.entering.check(command.admissions, user_id)
    check_room(g, row, 1)
    return g.settle(
        Done(),
        now_ms,
        position,
        change=(ChangeKind.JOINED, [user_id]),
        put=[_member(g, row, user_id, now_ms)],
        marks=_without_application(g, [user_id]),
    )
