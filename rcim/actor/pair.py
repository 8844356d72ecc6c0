"""The machine of a one-to-one conversation (C2-01): what a group's does with messages, for two who are always in it.

1. It is there for any two users and takes nothing to make; it is kept from its first message on, before which the store
   knows nothing of it.
2. Nobody is told at login which ones a user is in, since there may be very many. Who is online enters one when it has
   something to say: the effects of a command begin with that.
3. Black and white lists (SC-07) are the users' own, kept with them. Here is only known what they say of these two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rcim.actor import altering, members, reading, sending
from rcim.actor import commands as c
from rcim.actor.effects import Effect, GroupCounted, MembersAdded, Tell
from rcim.actor.outcomes import Done, Outcome
from rcim.actor.records import GroupCreated, GroupSnapshot, Member, Profile
from rcim.actor.state import GroupState
from rcim.actor.world import World
from rcim.base.terms import ApplyJoinOption, Role
from rcim.rules.group_types import PAIR


class PairActor:
    """`world` is what all actors share; `shard` is the shard that the key belongs to; `deletions` is how many accounts
    had been deleted before the snapshot was read."""

    __slots__ = ("_kept", "_state")

    def __init__(self, snapshot: GroupSnapshot, shard: int, world: World, deletions: int = 0) -> None:
        self._kept = snapshot.profile is not None
        self._state = g = GroupState(snapshot, shard, world)
        g.deletions = deletions
        assert g.pair is not None
        if not self._kept:
            option = ApplyJoinOption.DISABLE_APPLY
            g.profile = Profile("", PAIR.name, "", "", "", "", "", 0, option, 0, first_seq=1)
            flag = world.types.pair.msg_flag
            g.members = {user: Member(user, Role.MEMBER, 0, 0, "", flag) for user in g.pair}

    @property
    def exists(self) -> bool:
        """False as long as nothing of it is kept, and nothing is remembered (MS-02)."""
        return self._kept or self._state.passing.remembers

    def forgettable(self, idle_ms: int) -> bool:
        """True: all of it is in the store."""
        return True

    def handle(self, command: c.GroupCommand | c.PairCommand, now_ms: int, position: int) -> Outcome:
        """Carry out one command, as GroupActor.handle."""
        g = self._state
        first = not self._kept  # what makes it takes the first place
        outcome = _HANDLERS[type(command)](g, command, now_ms, position + first)
        changes: dict[str, Any] = {}
        if _concerns_both(outcome.effects):
            assert g.pair is not None
            changes["effects"] = (MembersAdded(list(g.pair)), *outcome.effects)
        if first and outcome.record is not None:
            changes |= self._begin(outcome, changes, now_ms)
        return msgspec.structs.replace(outcome, **changes) if changes else outcome

    def _begin(self, outcome: Outcome, changes: dict[str, Any], now_ms: int) -> dict[str, Any]:
        """The first record of it: from now on it is kept."""
        g = self._state
        assert g.profile is not None
        g.profile = msgspec.structs.replace(g.profile, create_time_ms=now_ms)
        self._kept = True
        made = GroupCreated(g.key, g.profile, list(g.members.values()), now_ms)
        counted = GroupCounted(PAIR.name, 1)
        return {
            "record": made,
            "more": (outcome.record, *outcome.more),
            "effects": (counted, *changes.get("effects", outcome.effects)),
        }


def _concerns_both(effects: Sequence[Effect]) -> bool:
    """False if all there is to say is for one of the two, who is told by name: nobody has to enter for it."""
    for effect in effects:  # noqa: SIM110 - once for each message: a generator costs as much again
        if type(effect) is not Tell or effect.user_ids is None or len(effect.user_ids) > 1:
            return True
    return False


def _set_flag(g: GroupState, command: c.SetFlag, now_ms: int, position: int) -> Outcome:
    """RX-02. Before its first message a flag makes the conversation, and it is in the lists of both from then on: so only
    who may write to the other sets one (SC-07)."""
    if g.profile is not None and not g.profile.create_time_ms:
        sending.check_not_barred(g, command.by, command.admin)
    return members.set_flag(g, command, now_ms, position)


def _take_verdict(g: GroupState, command: c.TakeVerdict, now_ms: int, position: int) -> Outcome:
    """CB-03: go on with what was asked about."""
    asked = g.asked.pop(command.number, None)
    if asked is None:
        return Outcome(Done())
    if isinstance(asked, c.AlterMessage):
        return altering.take_verdict(g, command.number, asked, command.verdict, now_ms, position)
    assert isinstance(asked, c.SendMessage)
    return sending.take_verdict(g, command.number, asked, command.verdict, now_ms, position)


def _take_listed(g: GroupState, command: c.TakeListed, now_ms: int, position: int) -> Outcome:
    """One of the two has put the other on a list, or taken them off (SC-07)."""
    entry = (command.by, command.which)
    if command.on:
        g.listed.add(entry)
    else:
        g.listed.discard(entry)
    return Outcome(Done())


def _forget_user(g: GroupState, command: c.ForgetUser, now_ms: int, position: int) -> Outcome:
    """ID-09: who gets this id next reads nothing of it; for the other one all stays."""
    g.listed = {entry for entry in g.listed if entry[0] != command.by}
    member = g.members.get(command.by)
    if member is None or not g.newest:
        return Outcome(Done())
    g.recent.forget(command.by)
    g.sent_kept.pop(command.by, None)
    flag = g.world.types.pair.msg_flag
    gone = Member(command.by, Role.MEMBER, now_ms, 0, "", flag, member.read_seq, cleared_seq=g.newest)
    return g.settle(Done(), now_ms, position, put=[gone], info=False)


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    c.SendMessage: sending.send,
    c.EndSlice: sending.end_slice,
    c.TakeVerdict: _take_verdict,
    c.ReadHistory: reading.history,
    c.AlterMessage: altering.alter,
    c.ReadReceipts: altering.receipts,
    c.HideMessages: altering.hide,
    c.ClearMessages: altering.clear,
    c.EraseSender: altering.erase,
    c.MarkRead: members.mark_read,
    c.SetFlag: _set_flag,
    c.TraceMessage: reading.trace,
    c.TakeListed: _take_listed,
    c.ForgetUser: _forget_user,
}
