"""The timeline of a conversation: the SEQs of its messages, the recent client message ids, frequency control, and the
messages that are not stored (MS-01, MS-02, MS-10, GT-22). It knows no members and no profile, so that conversations of
every kind have the same one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from rcim.actor.admission import Admission, Settled
from rcim.actor.app_state import AppState
from rcim.actor.recent_ids import RecentIds
from rcim.actor.records import Message, MessageOptions
from rcim.actor.snapshots import GroupSnapshot
from rcim.actor.unstored import Unstored
from rcim.base.ids import message_id as make_message_id
from rcim.base.terms import MessageState

TAIL = 20
"""Messages kept in memory where they are not stored (GT-22)."""


class Became(NamedTuple):
    """The state of an altered message: all of it except its elements (MS-10, MS-17)."""

    state: MessageState
    changed_ms: int
    extra: MessageOptions | None


class Timeline:
    """See the module's text. `altered`, `tail`, `unstored`, `recent` and `admission` are only in memory."""

    __slots__ = (
        "_app_state",
        "admission",
        "altered",
        "erased",
        "kept_next",
        "last_msg_time_ms",
        "next_seq",
        "recent",
        "reserved",
        "sent_kept",
        "shard",
        "tail",
        "unstored",
    )

    def __init__(self, snapshot: GroupSnapshot, shard: int, app_state: AppState) -> None:
        """`snapshot` is what the store has; `shard` is the shard that the conversation's key belongs to."""
        self._app_state = app_state
        self.shard = shard
        self.next_seq = snapshot.next_seq
        """The SEQ of the next message."""
        self.kept_next = snapshot.next_seq
        """The value of the counter in the store."""
        self.reserved = snapshot.reserved
        """True if the counter in the store stands at `kept_next` without messages below it."""
        self.last_msg_time_ms = snapshot.last_msg_time_ms
        self.erased = {m.user_id: m.erased_seq for m in snapshot.marks if m.erased_seq}
        """MS-10: by sender, the SEQ up to which all of the sender's messages are deleted."""
        self.altered: dict[int, Became] = {}
        """MS-10: altered messages, while somebody may have read them before the change was stored."""
        self.sent_kept = {m.user_id: m.last_send_time_ms for m in snapshot.members if m.last_send_time_ms}
        """LastSendMsgTime of senders, as it is in the store."""
        self.tail: deque[Message] = deque(maxlen=TAIL)
        """The last messages, where they are not stored."""
        limits = app_state.config.limits
        self.unstored = Unstored(limits.unstored_recall_max)
        self.recent = RecentIds(limits.dedupe_window_ms, limits.dedupe_entries_max)
        self.admission = Admission(snapshot.key, app_state)
        for message in snapshot.recent:
            if message.tip is None:
                self.recent.add(message)

    @property
    def newest(self) -> int:
        """The newest SEQ; 0 if there is no message."""
        return self.next_seq - 1

    def numbered(self, now_ms: int, position: int, message: Message) -> Message:
        """MS-01: `message` with the next SEQ and its position. Times never decrease within a conversation, even if the
        clock is set back. `position` is the running number of its record in the shard."""
        made = msgspec.structs.replace(
            message,
            seq=self.next_seq,
            time_ms=max(now_ms, self.last_msg_time_ms),
            message_id=make_message_id(self.shard, position),
        )
        self.next_seq += 1
        self.kept_next = self.next_seq
        self.last_msg_time_ms = made.time_ms
        return made

    def begin_storing(self) -> bool:
        """Before the first stored message after some that were not: the counter continues after them. True if so."""
        if not self.reserved:
            return False
        self.next_seq = max(self.next_seq, self.kept_next)
        self.reserved = False
        return True

    def note_altered(self, made: Message, most: int) -> None:
        """MS-10: the message with this SEQ is now `made`; beyond `most` the oldest is forgotten."""
        self.altered[made.seq] = Became(made.state, made.changed_ms, made.extra)
        if len(self.altered) > most:
            del self.altered[next(iter(self.altered))]

    def erase_tail(self, sender: str, removed: Callable[[Message], Message]) -> int:
        """MS-10, AB-06: the messages of `sender` in memory are from now on what `removed` makes of them. Returns the SEQ
        of the newest; 0: there is none."""
        newest = 0
        for at, message in enumerate(self.tail):
            if message.sender == sender:
                self.tail[at] = removed(message)
                newest = message.seq
        return newest

    def clear(self) -> tuple[Settled, ...]:
        """The conversation is removed; only its counter stays (MS-01). Returns the effects for messages that waited."""
        self.sent_kept, self.erased, self.altered = {}, {}, {}
        self.tail.clear()
        self.unstored.clear()
        limits = self._app_state.config.limits
        self.recent = RecentIds(limits.dedupe_window_ms, limits.dedupe_entries_max)
        return self.admission.end()
