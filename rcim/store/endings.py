"""The index of temporary conversations by when they end, and how the last that is kept of them goes (SY-02).

A row of `endings` is there while the conversation lives, under the time when it ends. When it has ended, the row stands
under a time a day later: until then a sync tells its members that it is gone (`left`). Then all of it goes. A client
that was away for longer knows by the end that SYNC had told it (protocol-spec/conversations.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from rcim.actor.records import Member, Profile
from rcim.rules.conversation_kinds import TEMPORARY
from rcim.store import keys
from rcim.store.backend import DamagedError, ReadView, WriteView
from rcim.store.values import pack, unpack

TOLD_MS = 86_400_000
"""For so long after the end a sync tells that a conversation is gone."""
ROWS = 200
"""Rows looked at in one step: 2 ms."""


class Ending(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A value of `endings`."""

    users: list[str]
    """Who was in it at its beginning: nobody comes later."""
    over: bool = False
    """It has ended."""


def note_beginning(view: WriteView, key: str, profile: Profile, members: list[Member]) -> None:
    """The conversation begins, and will end at the time in its profile."""
    users = [member.user_id for member in members]
    view.put("endings", keys.ending(profile.ends_ms, key), pack(Ending(users)))


def note_end(view: WriteView, key: str, profile: Profile, now_ms: int) -> None:
    """The conversation has ended, by itself or otherwise, at `now_ms` (wall clock)."""
    row = keys.ending(profile.ends_ms, key)
    data = view.get("endings", row)
    if data is not None:
        view.delete("endings", row)
        view.put("endings", keys.ending(now_ms + TOLD_MS, key), pack(Ending(unpack(data, Ending).users, over=True)))


def due(view: ReadView, now_ms: int, after: bytes, limit: int) -> tuple[list[str], bytes]:
    """Conversations that are to end now, from the row `after` on; and from which row to go on, empty at the
    end. Up to `limit` rows are looked at."""
    rows = list(islice(view.scan("endings", after, keys.U64.pack(now_ms + 1)), limit))
    found = []
    for row, data in rows:
        try:
            if not unpack(data, Ending).over:
                found.append(keys.of_ending(row))
        except DamagedError:  # what is damaged stays (ST-03)
            continue
    return found, rows[-1][0] + b"\0" if len(rows) == limit else b""


def faults(view: ReadView) -> Iterator[str]:
    """What is wrong with the index, in words. Raises StoreError."""
    for row, data in view.scan("endings", b"", keys.LAST):
        key, end_ms = keys.of_ending(row), keys.U64.unpack_from(row)[0]
        profile = view.get("profiles", key.encode())
        there = unpack(profile, Profile).ends_ms if profile is not None else 0
        if not unpack(data, Ending).over and there != end_ms:
            yield f"{key}: it is to end at {end_ms}, but its profile says {there}"
    for row, data in view.scan("profiles", TEMPORARY.prefix.encode(), TEMPORARY.prefix.encode() + keys.LAST):
        ends_ms = unpack(data, Profile).ends_ms
        if view.get("endings", keys.ending(ends_ms, row.decode())) is None:
            yield f"{row.decode()}: it ends at {ends_ms}, but nothing will end it"


def forgotten(view: ReadView, now_ms: int) -> list[tuple[str, bytes]]:
    """Rows of tables that go, of conversations that ended a day before `now_ms`; of up to ROWS of them."""
    gone: list[tuple[str, bytes]] = []
    for row, data in islice(view.scan("endings", b"", keys.U64.pack(now_ms + 1)), ROWS):
        try:
            ending = unpack(data, Ending)
        except DamagedError:
            continue
        if ending.over:
            gone += [("left", keys.pair(user_id, keys.of_ending(row))) for user_id in ending.users]
            gone.append(("endings", row))
    return gone
