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

from rcim.actor import (
    altering,
    barring,
    group_events,
    hiding,
    import_commands,
    members,
    pair_import,
    read_commands,
    receipts,
    scrubbing,
    sending,
)
from rcim.actor import commands as c
from rcim.actor.app_state import AppState
from rcim.actor.effects import Effect, GroupCounted, MembersAdded, Notify
from rcim.actor.events import OF_USERS
from rcim.actor.outcomes import Done, Outcome
from rcim.actor.records import GroupCreated, Member, bare_profile
from rcim.actor.snapshots import GroupSnapshot
from rcim.actor.state import GroupState
from rcim.base.terms import Role
from rcim.rules.built_in_types import PAIR


class PairActor:
    """`app_state` is what all actors share; `shard` is the shard that the key belongs to; `deletions` is how many
    accounts had been deleted before the snapshot was read."""

    __slots__ = ("_kept", "_state")

    def __init__(self, snapshot: GroupSnapshot, shard: int, app_state: AppState, deletions: int = 0) -> None:
        self._kept = snapshot.profile is not None
        self._state = state = GroupState(snapshot, shard, app_state)
        state.deletions = deletions
        assert state.pair is not None
        if not self._kept:
            state.attributes.profile = bare_profile(PAIR.name)
            flag = app_state.config.types.pair.msg_flag
            for user in state.pair:
                state.roster.put(
                    Member(user_id=user, role=Role.MEMBER, join_time_ms=0, joined_seq=0, name_card="", msg_flag=flag)
                )

    @property
    def state(self) -> GroupState:
        """For who looks at it (looking.py), and changes nothing."""
        return self._state

    @property
    def exists(self) -> bool:
        """False as long as nothing of it is kept, and nothing is remembered (MS-02)."""
        return self._kept or self._state.timeline.admission.remembers

    def forgettable(self, idle_ms: int) -> bool:
        """True: all of it is in the store."""
        return True

    def handle(self, command: c.Command, now_ms: int, position: int) -> Outcome:
        """Carry out one command, as GroupActor.handle."""
        wanted = self._state.app_state.wanted_events
        if wanted and not wanted <= OF_USERS:
            return group_events.handled(
                state=self._state, handle=self._handle, command=command, now_ms=now_ms, position=position
            )
        return self._handle(command, now_ms, position)

    def _handle(self, command: c.Command, now_ms: int, position: int) -> Outcome:
        state = self._state
        first = not self._kept  # what makes it takes the first place
        outcome = _HANDLERS[type(command)](state, command, now_ms, position + first)
        changes: dict[str, Any] = {}
        if _concerns_both(outcome.effects):
            assert state.pair is not None
            changes["effects"] = (MembersAdded(list(state.pair)), *outcome.effects)
        if first and outcome.record is not None:
            changes |= self._begin(outcome, changes, now_ms)
        return msgspec.structs.replace(outcome, **changes) if changes else outcome

    def _begin(self, outcome: Outcome, changes: dict[str, Any], now_ms: int) -> dict[str, Any]:
        """The first record of it: from now on it is kept."""
        state = self._state
        assert state.attributes.profile is not None
        state.attributes.profile = msgspec.structs.replace(state.attributes.profile, create_time_ms=now_ms)
        self._kept = True
        made = GroupCreated(state.key, state.attributes.profile, list(state.roster), now_ms)
        counted = GroupCounted(PAIR.name, 1)
        return {
            "record": made,
            "more": (outcome.record, *outcome.more),
            "effects": (counted, *changes.get("effects", outcome.effects)),
        }


def _concerns_both(effects: Sequence[Effect]) -> bool:
    """False if all there is to say is for one of the two, who is told by name: nobody has to enter for it."""
    for effect in effects:  # noqa: SIM110 - once for each message: a generator costs as much again
        if type(effect) is not Notify or effect.user_ids is None or len(effect.user_ids) > 1:
            return True
    return False


def _set_flag(state: GroupState, command: c.SetFlag, now_ms: int, position: int) -> Outcome:
    """RX-02. Before its first message a flag makes the conversation, and it is in the lists of both from then on: so only
    who may write to the other sets one (SC-07)."""
    if state.attributes.profile is not None and not state.attributes.profile.create_time_ms:
        barring.check_not_barred(state, command.by, command.admin)
    return members.set_flag(state, command, now_ms, position)


def _take_verdict(state: GroupState, command: c.TakeVerdict, now_ms: int, position: int) -> Outcome:
    """CB-03: go on with what was asked about."""
    asked = state.asked.pop(command.number, None)
    if asked is None:
        return Outcome(Done())
    if isinstance(asked, c.AlterMessage):
        return altering.take_verdict(state, command.number, asked, command.verdict, now_ms=now_ms, position=position)
    assert isinstance(asked, c.SendMessage)
    return sending.take_verdict(state, command.number, asked, command.verdict, now_ms=now_ms, position=position)


def _take_listed(state: GroupState, command: c.TakeListed, now_ms: int, position: int) -> Outcome:
    """One of the two has put the other on a list, or taken them off (SC-07)."""
    entry = (command.by, command.which)
    if command.on:
        state.listed.add(entry)
    else:
        state.listed.discard(entry)
    return Outcome(Done())


def _forget_user(state: GroupState, command: c.ForgetUser, now_ms: int, position: int) -> Outcome:
    """ID-09: who gets this id next reads nothing of it; for the other one all stays."""
    state.listed = {entry for entry in state.listed if entry[0] != command.by}
    member = state.roster.get(command.by)
    if member is None or not state.timeline.newest:
        return Outcome(Done())
    state.timeline.recent.forget(command.by)
    state.timeline.sent_kept.pop(command.by, None)
    flag = state.app_state.config.types.pair.msg_flag
    gone = Member(
        user_id=command.by,
        role=Role.MEMBER,
        join_time_ms=now_ms,
        joined_seq=0,
        name_card="",
        msg_flag=flag,
        read_seq=member.read_seq,
        cleared_seq=state.timeline.newest,
    )
    return state.settle(Done(), now_ms, position, put=[gone], info=False)


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    c.SendMessage: sending.send,
    c.EndSlice: sending.end_slice,
    c.TakeVerdict: _take_verdict,
    c.ReadHistory: read_commands.history,
    c.AlterMessage: altering.alter,
    c.ReadReceipts: receipts.receipts,
    c.HideMessages: hiding.hide,
    c.ClearMessages: hiding.clear,
    c.EraseSender: altering.erase,
    import_commands.ImportPairMessage: pair_import.import_message,
    c.ScrubMessages: scrubbing.scrub,
    c.MarkRead: members.mark_read,
    c.SetFlag: _set_flag,
    c.TraceMessage: read_commands.trace,
    c.TakeListed: _take_listed,
    c.ForgetUser: _forget_user,
}
