"""Weak notices joined together (GT-15): what has happened in a conversation since the last notice went out.

1. Changes of one kind (by one operator, where others than those concerned do it) are one row, which names the first
   users and counts all of them.
2. Who came and went again within it is in neither row.
3. So a frame is bounded, and a storm of joins costs each member one frame a slice (`slice_ms`), however many join.
"""

from __future__ import annotations

from rcim.actor.records import Change
from rcim.base.terms import ChangeKind
from rcim.wire.frames import GroupChange, GroupChanges

OWN_DOING = frozenset({ChangeKind.JOINED, ChangeKind.LEFT, ChangeKind.OFFLINE})
"""Done by those concerned, or by nobody: rows of many users say no operator."""
UNDOES = {
    ChangeKind.LEFT: ChangeKind.JOINED,
    ChangeKind.OFFLINE: ChangeKind.JOINED,
    ChangeKind.JOINED: ChangeKind.LEFT,
}
SLICE_MS_MAX = 1000
ROWS_MAX = 100
"""Rows of one frame: so many admins have done something in one slice."""


def slice_ms(members: int) -> int:
    """How long changes of a conversation with so many connections are gathered: at once up to 50, a second from 1,000."""
    return 0 if members <= 50 else min(members, SLICE_MS_MAX)


class _Row:
    __slots__ = ("count", "info_seq", "kind", "member_num", "operator", "time_ms", "users", "what")

    def __init__(self, change: Change) -> None:
        self.kind, self.operator = change.kind, change.operator
        self.users: dict[str, None] = {}
        self.what: dict[str, None] = {}
        self.count = self.member_num = self.info_seq = self.time_ms = 0


class Changes:
    """What waits for the next notice. `names_max` users are named in a row."""

    __slots__ = ("_names_max", "_rows")

    def __init__(self, names_max: int) -> None:
        self._names_max = names_max
        self._rows: dict[tuple[ChangeKind, str], _Row] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    @property
    def full(self) -> bool:
        """True if it should go out now."""
        return len(self._rows) >= ROWS_MAX

    def add(self, change: Change) -> None:
        """Another change."""
        own = change.kind in OWN_DOING
        key = (change.kind, "" if own else change.operator)
        users = change.users
        unnamed = change.count - len(users)
        undone = self._rows.get((UNDOES[change.kind], "")) if change.kind in UNDOES else None
        if undone is not None:
            users = [user for user in users if user not in undone.users]
            for user in change.users:
                if user in undone.users:
                    del undone.users[user]
                    undone.count -= 1
        if users or unnamed or not change.users:
            row = self._rows.get(key)
            if row is None:
                row = self._rows[key] = _Row(change)
            elif own:
                row.operator = ""
            for user in users[: max(0, self._names_max - len(row.users))]:
                row.users[user] = None
            row.what.update(dict.fromkeys(change.what))
            row.count += len(users) + unnamed
        for row in self._rows.values():
            row.member_num, row.info_seq, row.time_ms = change.member_num, change.info_seq, change.time_ms

    def take(self, group_id: str) -> bytes:
        """The frame of all that waits; nothing waits then. Empty if all of it has undone itself."""
        rows = [
            GroupChange(
                row.kind,
                row.operator,
                list(row.users),
                row.count,
                row.member_num,
                row.info_seq,
                row.time_ms,
                list(row.what)[:32] or (),
            )
            for row in self._rows.values()
            if row.count or row.kind is ChangeKind.PROFILE_CHANGED
        ]
        self._rows.clear()
        return GroupChanges(group_id, rows).encode() if rows else b""
