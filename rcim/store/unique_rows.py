"""Looking for the conversation that is the one of its users (C2-02, actor/unique.py). Up to a thousand may have been made
for one set of users and be others now, each with attributes of 8 KiB, so it is done in steps (scan.py)."""

from __future__ import annotations

from rcim.actor.queries import UniqueQuery
from rcim.actor.records import Profile
from rcim.base.terms import group_conversation
from rcim.store import keys
from rcim.store.answers import UniquePage
from rcim.store.backend import ReadView
from rcim.store.scan import Scan
from rcim.store.values import unpack

STEP_BYTES = 128 * 1024
"""Of profiles that are looked at in one step, each with ROW_BYTES more: about 2 ms."""
ROW_BYTES = 512


class UniqueScan(Scan):
    """A UniqueQuery, and how far it has come."""

    __slots__ = ("end_row", "taken")

    def __init__(self, query: UniqueQuery) -> None:
        super().__init__(query, query.by)
        self.low = group_conversation(query.begins).encode()
        self.end_row = self.low + keys.LAST
        self.taken: list[str] = []


def go_on(view: ReadView, scan: UniqueScan) -> UniquePage | UniqueScan:
    """One step. Raises StoreError."""
    left = STEP_BYTES
    for row, data in view.scan("profiles", scan.low, scan.end_row):
        if left <= 0:
            return scan
        profile = unpack(data, Profile)
        if profile.unique:
            return UniquePage(profile, [])
        scan.taken.append(profile.group_id)
        scan.low = row + b"\0"
        left -= len(data) + ROW_BYTES
    return UniquePage(None, scan.taken)
