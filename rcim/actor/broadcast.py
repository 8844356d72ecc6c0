"""The machine of the conversation of broadcasts (SY-03, SY-04): one timeline for all users of the app.

1. A broadcast is one record, however many users there are. Who was offline finds it at their next sync
   (store/broadcasts.py); what a user sees of it, rules/broadcasts.py says.
2. Only the app sends, and recalls. Every user reads, deletes for themselves and flags, as in a group whose members are
   loaded when they are asked for.
3. How many broadcasts were sent is read from the timeline itself, so that a restart gives no new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from rcim.actor import altering, hiding, members, read_commands, scrubbing
from rcim.actor import commands as c
from rcim.actor.app_state import AppState
from rcim.actor.broadcast_roster import BroadcastRoster
from rcim.actor.effects import Altered, Deliver, Notify
from rcim.actor.events import AnyEvent, BroadcastRecalled, ConversationFacts, EventKind
from rcim.actor.events import BroadcastSent as BroadcastSentEvent
from rcim.actor.outcomes import BroadcastSent, Done, Outcome
from rcim.actor.records import GroupChanged, Member, Message, MessageKept, bare_profile
from rcim.actor.snapshots import GroupSnapshot
from rcim.actor.state import GroupState
from rcim.base.errors import BAD_PARAMETER, NOT_PERMITTED, RcimError
from rcim.base.terms import MessageState
from rcim.rules.broadcasts import DAY_MS, TIMES_MAX, expires_at, remaining
from rcim.rules.built_in_types import BROADCAST
from rcim.rules.message_types import CONTENT
from rcim.rules.targets import Target

NO_PROFILE = bare_profile(BROADCAST.name)
"""Of the conversation, before and after its first broadcast."""
GONE = (MessageState.RECALLED, MessageState.DELETED)


class BroadcastActor:
    """See the module's text. `app_state` is what all actors share; `shard` is the shard that the key belongs to."""

    __slots__ = ("_kept", "_roster", "_state", "_times")

    def __init__(self, snapshot: GroupSnapshot, shard: int, app_state: AppState) -> None:
        """Raises TypeError if the conversation is another one."""
        self._kept = snapshot.profile is not None
        self._state = state = GroupState(snapshot, shard, app_state)
        if not self._kept:
            state.attributes.profile = NO_PROFILE
        if not isinstance(state.roster, BroadcastRoster):
            raise TypeError(f"{snapshot.key} is not the conversation of broadcasts")
        self._roster = state.roster
        self._times = list(snapshot.times)
        """When the broadcasts of the last 24 hours were sent, oldest first; the newest TIMES_MAX of them."""

    @property
    def state(self) -> GroupState:
        """For who looks at it (looking.py), and changes nothing."""
        return self._state

    @property
    def exists(self) -> bool:
        """False as long as nothing of it is kept."""
        return self._kept or self._state.timeline.admission.remembers

    def forgettable(self, idle_ms: int) -> bool:
        """True: all of it is in the store."""
        return True

    def handle(self, command: c.Command, now_ms: int, position: int) -> Outcome:
        """Carry out one command, as GroupActor.handle. Raises NotLoaded for the row of the user who asks."""
        if isinstance(command, c.SendBroadcast):
            return self._send(command, now_ms, position)
        handler = _HANDLERS.get(type(command))
        if handler is None:
            raise RcimError(NOT_PERMITTED, "not for the conversation of broadcasts, which the app sends to")
        outcome = handler(self._state, command, now_ms, position)
        self.end_command()
        return self._with_events(outcome, command, now_ms)

    # -- rows of users (dispatch/row_loading.py)

    def take_members(self, found: Mapping[str, Member | None]) -> None:
        """Rows that were missing, as the store has them; None: nothing is kept of the user."""
        self._roster.take_members(found)

    def take_page(self, after: str, page: Sequence[Member]) -> None:
        """No command goes over all rows."""
        self._roster.take_page(after, page)

    def end_command(self) -> None:
        """The command is handled, or is not to be handled again: its rows may leave memory."""
        self._roster.end_command()

    # -- sending

    def _send(self, command: c.SendBroadcast, now_ms: int, position: int) -> Outcome:
        """SY-03: all of it or nothing. Raises RcimError(NOT_PERMITTED, BAD_PARAMETER, DIRTY_WORD, BROADCAST_LIMIT)."""
        if not command.admin:
            raise RcimError(NOT_PERMITTED, "only the app sends broadcasts")
        timeline, limits = self._state.timeline, self._state.app_state.config.limits
        first = timeline.recent.find(command.by, command.client_msg_id, now_ms)
        if first is not None:  # MS-02
            return Outcome(BroadcastSent(*first, True, self._left(now_ms)))
        body = self._checked(command)
        left = remaining(self._times, now_ms, per_hour=limits.broadcasts_per_hour, per_day=limits.broadcasts_per_day)
        time_ms = max(now_ms, timeline.last_msg_time_ms)
        extra = msgspec.structs.replace(command.extra, expires_ms=expires_at(time_ms, command.expires_s))
        message = timeline.numbered(now_ms, position, _made(command, body))
        message = msgspec.structs.replace(message, extra=extra)
        timeline.recent.add(message)
        counted = self._times[1 - TIMES_MAX :]
        self._times = [*(time for time in counted if time > now_ms - DAY_MS), message.time_ms]
        result = BroadcastSent(
            message.seq, message.time_ms, message.message_id, False, left - 1 if left > 0 else left
        )
        profile, self._kept = (None if self._kept else NO_PROFILE), True
        events: tuple[AnyEvent, ...] = ()
        if EventKind.BROADCAST_SENT in self._state.app_state.wanted_events:
            events = (BroadcastSentEvent(now_ms, self._facts, message),)
        record = MessageKept(self._state.key, message, None, profile)
        return Outcome(result, record, (Deliver(message),), events=events)

    def _left(self, now_ms: int) -> int:
        """How many more may be sent now."""
        limits = self._state.app_state.config.limits
        try:
            return remaining(
                self._times, now_ms, per_hour=limits.broadcasts_per_hour, per_day=limits.broadcasts_per_day
            )
        except RcimError:
            return 0

    def _checked(self, command: c.SendBroadcast) -> bytes:
        """The body as it may be sent (SC-05). Raises RcimError."""
        app_state, extra = self._state.app_state, command.extra
        kind = app_state.config.message_types.get(extra.type_name) if extra.type_name else CONTENT
        if kind is None or not kind.stored:
            raise RcimError(
                BAD_PARAMETER, f"type_name: {extra.type_name!r} is not a message type of this app that is stored"
            )
        _check_declared(extra.target, app_state.config.attribute_names.values())
        lists = app_state.config.lists
        screened = lists.screens and lists.covers(BROADCAST.name)
        return app_state.screen(command.body) if screened else command.body

    # -- events

    @property
    def _facts(self) -> ConversationFacts:
        return ConversationFacts(key=self._state.key, type=BROADCAST.name, name="", owner="", member_num=0)

    def _with_events(self, outcome: Outcome, command: c.Command, now_ms: int) -> Outcome:
        """The outcome, and that a broadcast is gone, if somebody wants to know."""
        if EventKind.BROADCAST_RECALLED not in self._state.app_state.wanted_events:
            return outcome
        gone = [
            effect.said.message
            for effect in outcome.effects
            if type(effect) is Notify and isinstance(effect.said, Altered) and effect.said.message.state in GONE
        ]
        events = tuple(BroadcastRecalled(now_ms, self._facts, one, one.changed_by) for one in gone)
        return msgspec.structs.replace(outcome, events=events) if events else outcome


def _check_declared(target: Target | None, names: Iterable[str]) -> None:
    """Raises RcimError(BAD_PARAMETER) if the target asks for an attribute that users can't have."""
    unknown = sorted(target.names.difference(names)) if target is not None else []
    if unknown:
        raise RcimError(
            BAD_PARAMETER, f"target: {unknown[0]!r} is no attribute of this app (ADMIN_ATTRIBUTE_NAMES_SET)"
        )


def _made(command: c.SendBroadcast, body: bytes) -> Message:
    """The message, without its SEQ."""
    return Message(
        seq=0,
        time_ms=0,
        message_id=0,
        priority=command.priority,
        sender=command.by,
        nickname=command.nickname,
        face_url=command.face_url,
        name_card="",
        client_msg_id=command.client_msg_id,
        body=body,
        user_fields=command.user_fields,
        extra=command.extra,
    )


def _alter(state: GroupState, command: c.AlterMessage, now_ms: int, position: int) -> Outcome:
    """MS-10: for app administrators alone, also where the broadcast names a user as its sender."""
    if not command.admin:
        raise RcimError(NOT_PERMITTED, "only app administrators recall, edit or delete broadcasts")
    return altering.alter(state, command, now_ms, position)


def _take_verdict(state: GroupState, command: c.TakeVerdict, now_ms: int, position: int) -> Outcome:
    """CB-03: the app has said what is to become of a change of a broadcast."""
    edit = state.asked.pop(command.number, None)
    if not isinstance(edit, c.AlterMessage):
        return Outcome(Done())
    return altering.take_verdict(state, command.number, edit, command.verdict, now_ms=now_ms, position=position)


def _hide(state: GroupState, command: c.HideMessages, now_ms: int, position: int) -> Outcome:
    """MS-10. The user has a row from then on, by which their other devices find it at their next sync."""
    outcome = hiding.hide(state, command, now_ms, position)
    member = state.roster.get(command.by)
    if outcome.record is None or member is None:
        return outcome
    state.roster.put(member)
    return msgspec.structs.replace(outcome, more=(_row_of(state, now_ms, put=[member]),))


def _forget_user(state: GroupState, command: c.ForgetUser, now_ms: int, position: int) -> Outcome:
    """ID-09: nothing is kept of a deleted account."""
    assert isinstance(state.roster, BroadcastRoster)
    if state.roster.row(command.by) is None:
        return Outcome(Done())
    state.roster.drop(command.by)
    return Outcome(Done(), _row_of(state, now_ms, dropped=[command.by]))


def _row_of(
    state: GroupState, now_ms: int, *, put: list[Member] | None = None, dropped: list[str] | None = None
) -> GroupChanged:
    """The record of rows alone."""
    return GroupChanged(
        key=state.key,
        time_ms=now_ms,
        info=False,
        profile=None,
        put=put or [],
        dropped=dropped or [],
        marks=[],
        message=None,
    )


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    c.ReadHistory: read_commands.history,
    c.AlterMessage: _alter,
    c.TakeVerdict: _take_verdict,
    c.HideMessages: _hide,
    c.ClearMessages: hiding.clear,
    c.EraseSender: altering.erase,
    c.ScrubMessages: scrubbing.scrub,
    c.MarkRead: members.mark_read,
    c.SetFlag: members.set_flag,
    c.ForgetUser: _forget_user,
}
