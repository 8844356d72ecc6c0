"""Members of ultra groups and channels that have ended: there may be a million rows, so they go in small steps.

The group itself is gone at once (apply.py), and nobody can create another with its id before the last row is removed.
Each member's next sync tells them that they are in it no longer: that is noted with the number of the next commit, which
every device asks for later, however far it had come.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from rcim.actor.user_records import UserProfile
from rcim.base import clock
from rcim.rules.conversation_kinds import is_channel
from rcim.store import keys
from rcim.store.backend import ReadView
from rcim.store.tables import read_stamp
from rcim.store.values import unpack

Gone = list[tuple[str, bytes]]
"""Rows to remove: the table, and the key."""
Puts = Sequence[tuple[str, bytes, bytes]]
"""Rows to write with it."""


REMAIN = b"m"
"""Ends a row of `purge` as long as there are members of what has ended: nobody else can have its id meanwhile."""


def members_remain(value: bytes | None) -> bool:
    """True if the row of `purge` says that members of what has ended are still there."""
    return value is not None and value.endswith(REMAIN) and len(value) == 2 * keys.U64.size + len(REMAIN)


def _is_deleted(view: ReadView, user_id: str) -> bool:
    """ID-09: whoever gets the id next learns nothing of where it was."""
    data = view.get("users", user_id.encode())
    return data is not None and unpack(data, UserProfile).deleted


def members_of_ended(view: ReadView, conversation: bytes, value: bytes, rows: int) -> tuple[Gone, Puts]:
    """Up to `rows` members of a conversation that has ended, with all that is kept of their membership, and what tells
    them; with the last ones, that there are none. `value` is the row of `purge`. Nothing if there were none."""
    if not members_remain(value):
        return [], ()
    key = conversation.decode()
    found = islice(view.scan("members", conversation + keys.SEP, conversation + keys.AFTER_SEP), rows)
    gone: Gone = []
    left: list[tuple[str, bytes, bytes]] = []
    told = keys.U64.pack(read_stamp(view) + 1) + keys.U64.pack(clock.wall_ms())
    for row, _ in found:
        own = keys.pair(keys.second(row), key)
        gone.append(("members", row))
        if is_channel(key):
            gone.append(("own", own))
        else:
            gone += [("memberships", own), ("chosen", own)]
            if not _is_deleted(view, keys.second(row)):
                left.append(("left", own, told))
    if not gone:
        left.append(("purge", conversation, value[: -len(REMAIN)]))
    return gone, left
