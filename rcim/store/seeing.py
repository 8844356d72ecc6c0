"""Which users' presence a user may see (ID-07): users who do not have the user on their black list and, if the app's
settings say so, share a conversation with the user.

The requesting user's groups are read once for a query, and then looked up one by one for each user asked for, until
one is shared: at most as often as a user may have groups, for each of up to 100 users. That is done in steps (scan.py),
so that nobody waits for it, and is charged to the requesting user.
"""

from __future__ import annotations

from itertools import islice

from rcim.actor.queries import PresenceQuery
from rcim.base.terms import UserList, pair_conversation
from rcim.store import keys
from rcim.store.backend import ReadView
from rcim.store.connection_answers import Seen
from rcim.store.scan import SCAN_ROWS, Scan
from rcim.store.tables import sees

LOOKED_AT = 1000
"""Groups looked up in one step: about 2 ms."""


class SeeingScan(Scan):
    """A presence query in progress: the groups of the requesting user, the position in them and in the users asked for,
    and which of those may be seen."""

    __slots__ = ("at", "found", "groups", "user_at", "whole")

    def __init__(self, query: PresenceQuery) -> None:
        super().__init__(query, query.by)
        self.low += keys.GROUPS
        self.groups: list[str] = []
        self.whole = not query.shared
        """True if all needed groups are read."""
        self.at = self.user_at = 0
        self.found: list[str] = []


def go_on(view: ReadView, scan: SeeingScan) -> Seen | SeeingScan:
    """One step. Raises StoreError."""
    if not scan.whole:
        rows = list(islice(view.scan("memberships", scan.low, scan.end), SCAN_ROWS))
        scan.groups += [keys.second(row) for row, value in rows if sees(view, row, value, scan.user_id)]
        scan.whole = len(rows) < SCAN_ROWS
        if not scan.whole:
            scan.low = rows[-1][0] + b"\0"
            return scan
    left = LOOKED_AT
    users = scan.query.users
    while scan.user_at < len(users):
        if left <= 0:
            return scan
        end = scan.at + left
        may = _may_see(view, scan, users[scan.user_at], end)
        left -= 1 + min(end, len(scan.groups)) - scan.at
        if may is None and end < len(scan.groups):
            scan.at = end
            return scan
        if may:
            scan.found.append(users[scan.user_at])
        scan.user_at, scan.at = scan.user_at + 1, 0
    return Seen(scan.found)


def _may_see(view: ReadView, scan: SeeingScan, user_id: str, end: int) -> bool | None:
    """Whether the requesting user may see this user; None: no group before the one at `end` is shared."""
    by = scan.user_id
    if user_id == by:
        return True
    if view.get("lists", keys.listed(user_id, UserList.BLACK, by)) is not None:
        return False
    if (
        not scan.query.shared
        or view.get("memberships", keys.pair(user_id, pair_conversation(by, user_id))) is not None
    ):
        return True
    for key in scan.groups[scan.at : end]:
        row = keys.pair(user_id, key)
        value = view.get("memberships", row)
        if value is not None and sees(view, row, value, user_id):
            return True
    return None
