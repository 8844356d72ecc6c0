"""Where messages are not stored (GT-22): which SEQ was sent when and by whom, for as long as it may be recalled or
deleted (MS-10). What it said is not kept, but of the last few (GroupState.tail).

1. SEQs follow one another, so an entry is a time and a sender, at their places: 16 bytes. What few have (named receivers,
   what has become of it) stands beside.
2. There are at most `entries_max`, none older than it is worth keeping; what goes first is the oldest.
3. It is in memory alone: what was sent before a restart can be recalled no more.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from rcim.actor.records import Message, MessageOptions
from rcim.base.ids import TIP_PREFIX
from rcim.base.terms import MessageState, Priority

TRIM_EVERY = 1024
"""Messages after which it is looked what is too old: so many more than the bound may be there."""


class Unstored:
    """For one conversation. Times are the messages' own (wall clock, never falling within a conversation)."""

    __slots__ = ("_became", "_entries_max", "_first", "_senders", "_times", "_to")

    def __init__(self, entries_max: int) -> None:
        self._entries_max = entries_max
        self._first = 0
        """The SEQ of the first entry."""
        self._times = array("Q")
        self._senders: list[str] = []
        self._to: dict[int, tuple[str, ...]] = {}
        """MS-07: of directed messages, whom they are for."""
        self._became: dict[int, tuple[MessageState, int, str]] = {}
        """Of those that were recalled or deleted: state, when, by whom."""

    def __len__(self) -> int:
        return len(self._times)

    def add(self, message: Message, sender: str, keep_ms: int) -> None:
        """`message` has got its SEQ. `sender` is its sender's id, if possible the same object for all of a sender's.
        `keep_ms`: how long it is worth keeping."""
        if message.seq != self._first + len(self._times):
            self.clear()
            self._first = message.seq
        if self._senders and self._senders[-1] == sender:
            sender = self._senders[-1]
        self._times.append(message.time_ms)
        self._senders.append(sender)
        if message.extra is not None and message.extra.to:
            self._to[message.seq] = message.extra.to
        if not message.seq % TRIM_EVERY:
            self._trim(message.time_ms - keep_ms)

    def find(self, seq: int) -> Message | None:
        """What is known of the message: SEQ, time and sender, whom it is for, what has become of it."""
        at = seq - self._first
        if not 0 <= at < len(self._times):
            return None
        to = self._to.get(seq)
        state, changed_ms, changed_by = self._became.get(seq, (MessageState.AS_SENT, 0, ""))
        return Message(
            seq=seq,
            time_ms=self._times[at],
            message_id=0,
            priority=Priority.NORMAL,
            sender=self._senders[at],
            nickname="",
            face_url="",
            name_card="",
            client_msg_id=f"{TIP_PREFIX}{seq}",
            body=b"",
            extra=MessageOptions(to=to) if to else None,
            state=state,
            changed_ms=changed_ms,
            changed_by=changed_by,
        )

    def alter(self, made: Message) -> None:
        """The message is now this one."""
        if 0 <= made.seq - self._first < len(self._times):
            self._became[made.seq] = (made.state, made.changed_ms, made.changed_by)

    def clear(self) -> None:
        """Nothing is known any more."""
        self._times, self._senders = array("Q"), []
        self._to, self._became = {}, {}

    def _trim(self, oldest_ms: int) -> None:
        """Forget what is older, and what is too much."""
        gone = max(bisect_left(self._times, oldest_ms), len(self._times) - self._entries_max)
        if not gone:
            return
        del self._times[:gone]
        del self._senders[:gone]
        self._first += gone
        self._to = {seq: to for seq, to in self._to.items() if seq >= self._first}
        self._became = {seq: became for seq, became in self._became.items() if seq >= self._first}
