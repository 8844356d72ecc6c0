"""Leaving: members leave, are kicked or blocked, and are dropped while they are offline (GR-05, GR-11, GT-11)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rcim.actor import visiting
from rcim.actor.commands import (
    BlockUsers,
    DropOffline,
    KickMembers,
    LeaveGroup,
)
from rcim.actor.durations import until_ms
from rcim.actor.effects import MemberGone
from rcim.actor.lifecycle import ended_if_empty
from rcim.actor.outcomes import Done, Outcome
from rcim.actor.records import UserRestriction
from rcim.actor.restrictions import check_entries, check_not_oneself, expired, whom_to_restrain
from rcim.actor.state import GroupState
from rcim.base.errors import (
    NO_SUCH_MEMBER,
    RcimError,
)
from rcim.base.terms import ChangeKind, GoneReason, Role
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation
from rcim.rules.roles import Standing


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
    check_not_oneself(users, command.by)
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
