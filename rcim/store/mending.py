"""Putting the store in order after the operator has said that the clock is right (`rcim accept-clock`).

While the clock was in doubt the store went on from the last time it believed in (flow/clock_guard.py). Now it is known
how far that was off, and all times of that stretch are moved by as much:

1. The clock is ahead of the store: the server was off for so long. Messages, changes and groups since the doubt began
   move forwards, so that nothing of them is taken for old.
2. The clock is behind the store, which was written by one that was ahead: whatever is stamped in the future moves back.
   Mutes and blocks end as long after now as they had still to go; UserSigs made up to now stay refused where older ones
   were. Times never fall from one message to the next (MS-01), as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from rcim.actor.applications import Application
from rcim.actor.durations import FOR_EVER_MS
from rcim.actor.records import Member, Message, Profile, UserRestriction
from rcim.actor.user_records import UserProfile
from rcim.store import keys
from rcim.store.backend import Backend, NoRoom, ReadView, WriteView
from rcim.store.retention import DAY, DAY_MS
from rcim.store.tables import read_newest_ms
from rcim.store.values import Head, ListEntry, Waiting, pack, unpack

T = TypeVar("T")
TIMES: tuple[tuple[str, type[Any], tuple[str, ...], bool], ...] = (
    ("profiles", Profile, ("create_time_ms",), True),
    ("members", Member, ("join_time_ms", "last_send_time_ms"), True),
    ("marks", UserRestriction, ("applied_ms",), True),
    ("applied", Application, ("time_ms", "decided_ms"), True),
    ("waiting", Waiting, ("time_ms",), True),
    ("chosen", ListEntry, ("pinned_ms",), True),
    ("marks", UserRestriction, ("muted_until_ms", "blocked_until_ms"), False),
)
"""What is stamped, by table, and whether that is when something was (or when something ends)."""


class Mended(msgspec.Struct, frozen=True):
    """What was done: by how much times were moved, in milliseconds, and how many values were."""

    by_ms: int
    moved: int


def accept_clock(backend: Backend, wall_ms: int) -> Mended:
    """The time is `wall_ms`. All of it or nothing; nobody else may use the store. Raises StoreError."""
    while True:
        try:
            with backend.write() as view:
                return _Mending(view, wall_ms).run()
        except NoRoom:
            backend.grow(reserve=True)


class _Mending:
    """One transaction."""

    def __init__(self, view: WriteView, wall_ms: int) -> None:
        self._view = view
        self._wall_ms = wall_ms
        self._by_ms = wall_ms - (read_newest_ms(view) or wall_ms)
        doubt = view.get("meta", b"doubt")
        self._after_ms = wall_ms
        """Times behind this one are moved."""
        if self._by_ms >= 0:
            self._after_ms = keys.U64.unpack(doubt)[0] if doubt else wall_ms
        self._moved = 0

    def run(self) -> Mended:
        view = self._view
        for row, data in _all(view, "heads"):
            self._head(row, unpack(data, Head))
        for table, type_, fields, begins in TIMES:
            if begins or self._by_ms < 0:
                self._table(table, type_, fields)
        if self._by_ms < 0:
            self._back()
        view.put("meta", b"time", keys.U64.pack(self._wall_ms))
        view.delete("meta", b"doubt")
        return Mended(self._by_ms, self._moved)

    def _to(self, time_ms: int) -> int:
        """Where a time belongs."""
        if time_ms <= self._after_ms or time_ms == FOR_EVER_MS:
            return time_ms
        self._moved += 1
        return max(time_ms + self._by_ms, 1)

    def _head(self, row: bytes, head: Head) -> None:
        last_ms = head.last_msg_time_ms
        if last_ms > self._after_ms:
            last_ms = self._messages(row.decode(), head.next_seq) or self._to(last_ms)
        mended = msgspec.structs.replace(
            head, last_msg_time_ms=last_ms, last_info_time_ms=self._to(head.last_info_time_ms)
        )
        if mended != head:
            self._view.put("heads", row, pack(mended))

    def _messages(self, key: str, next_seq: int) -> int:
        """The time of the last message now; 0 if there is none."""
        found: list[tuple[bytes, Message]] = []
        before_ms = 0
        span = self._view.scan("messages", keys.message(key, 0), keys.message(key, next_seq), reverse=True)
        for name, data in span:
            message = unpack(data, Message)
            if message.time_ms <= self._after_ms:
                before_ms = message.time_ms
                break
            found.append((name, message))
        for name, message in reversed(found):
            before_ms = max(before_ms, self._to(message.time_ms))
            mended = msgspec.structs.replace(message, time_ms=before_ms, changed_ms=self._to(message.changed_ms))
            self._view.put("messages", name, pack(mended))
        return before_ms

    def _table(self, table: str, type_: type[Any], fields: tuple[str, ...]) -> None:
        for row, data in _all(self._view, table):
            value = unpack(data, type_)
            there = {name: getattr(value, name) for name in fields}
            moved = {name: self._to(time_ms) for name, time_ms in there.items()}
            if moved != there:
                self._view.put(table, row, pack(msgspec.structs.replace(value, **moved)))

    def _back(self) -> None:
        """What has no other way to come to its end before the clock is there again."""
        view = self._view
        for row, data in _all(view, "users"):
            user = unpack(data, UserProfile)
            if user.valid_from_ms > self._wall_ms:
                self._moved += 1
                view.put("users", row, pack(msgspec.structs.replace(user, valid_from_ms=self._wall_ms)))
        for row, data in _all(view, "app"):
            if row.startswith((b"muted:", b"blocked:")):
                view.put("app", row, keys.U64.pack(self._to(keys.U64.unpack(data)[0])))
        for name in [name for name, _ in view.scan("meta", DAY, DAY + keys.LAST)]:
            if keys.U64.unpack(name[len(DAY) :])[0] > self._wall_ms // DAY_MS:
                view.delete("meta", name)


def _all(view: ReadView, table: str) -> Iterator[tuple[bytes, bytes]]:
    """All rows, a page at a time: what is read may be written meanwhile."""
    low = b""
    while True:
        page = [row for row, _ in zip(view.scan(table, low, keys.LAST), range(500), strict=False)]
        yield from page
        if len(page) < 500:
            return
        low = page[-1][0] + b"\0"
