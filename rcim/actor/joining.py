"""Changes of a group joined together (GT-15): what has happened since the last notice went out, in as few rows as say it.

1. Changes of one kind (by one operator, where others than those concerned do it) are one row, which names the first
   users and counts all of them.
2. Who came and went again within it is in neither row; of muted and unmuted, appointed and removed, the last counts.
3. Rows stand in the order in which they happened: what can not be joined without breaking it is not taken.
"""

from __future__ import annotations

from rcim.actor.records import Change
from rcim.base.ids import USER_ID_BYTES_MAX
from rcim.base.terms import ChangeKind

OWN_DOING = frozenset({ChangeKind.JOINED, ChangeKind.LEFT, ChangeKind.OFFLINE})
"""Done by those concerned, or by nobody: rows of many users say no operator."""
COMING = frozenset({ChangeKind.JOINED, ChangeKind.INVITED})
GOING = frozenset({ChangeKind.LEFT, ChangeKind.KICKED, ChangeKind.OFFLINE, ChangeKind.BLOCKED})
UNDONE_BY: dict[ChangeKind, frozenset[ChangeKind]] = {
    **dict.fromkeys(COMING, frozenset({ChangeKind.LEFT, ChangeKind.OFFLINE})),
    **dict.fromkeys(GOING, COMING),
}
"""What of the same user is undone by a kind: neither is told."""
OVERRULED_BY: dict[ChangeKind, ChangeKind] = {
    ChangeKind.MUTED: ChangeKind.UNMUTED,
    ChangeKind.UNMUTED: ChangeKind.MUTED,
    ChangeKind.ADMIN_APPOINTED: ChangeKind.ADMIN_REMOVED,
    ChangeKind.ADMIN_REMOVED: ChangeKind.ADMIN_APPOINTED,
}
"""What of the same user counts no more: only the last is told."""
ROWS_MAX, NAMES_MAX = 50, 150
"""Rows and names of one frame."""
BYTES_MAX = 32 << 10
"""Bytes of rows and names, from which on nothing is added: with the last change, of 100 users with the longest ids, it is
still within the bound of frames."""
NAME_BYTES, ROW_BYTES = USER_ID_BYTES_MAX + 2, 40
"""What a name has at the most, and a row besides names."""
WHAT_MAX = 32
"""Fields named in one row."""


class _Row:
    __slots__ = ("count", "info_seq", "kind", "member_num", "operator", "time_ms", "users", "what")

    def __init__(self, change: Change) -> None:
        self.kind, self.operator = change.kind, change.operator
        self.users: dict[str, None] = {}
        self.what: dict[str, None] = {}
        self.count = self.member_num = self.info_seq = self.time_ms = 0


class JoinedChanges:
    """See the module's text. `names_max` users are named in a row."""

    __slots__ = ("_names_max", "_rows")

    def __init__(self, names_max: int) -> None:
        self._names_max = names_max
        self._rows: dict[tuple[ChangeKind, str], _Row] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def operators(self) -> set[str]:
        """Whose changes are in it; "" may be among them: nobody's."""
        return {row.operator for row in self._rows.values()}

    @property
    def full(self) -> bool:
        """True if it should go out now."""
        return len(self._rows) >= ROWS_MAX or self._named >= NAMES_MAX or self._is_long

    @property
    def _named(self) -> int:
        return sum(len(row.users) + len(row.what) for row in self._rows.values())

    @property
    def _is_long(self) -> bool:
        """True if it has BYTES_MAX; only looked at where it may have."""
        if self._named + len(self._rows) < BYTES_MAX // (NAME_BYTES + ROW_BYTES):
            return False
        return (
            sum(
                ROW_BYTES + sum(len(name.encode()) + 2 for name in (row.operator, *row.users, *row.what))
                for row in self._rows.values()
            )
            >= BYTES_MAX
        )

    def add(self, change: Change) -> bool:
        """Another change. False, and nothing is added, if it would come before what it follows: `take` first."""
        own = change.kind in OWN_DOING
        key = (change.kind, "" if own else change.operator)
        if key in self._rows and self._out_of_order(key, change):
            return False
        unnamed = change.count - len(change.users)
        users = self._without_opposites(change)
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
        return True

    def _out_of_order(self, key: tuple[ChangeKind, str], change: Change) -> bool:
        """True if a row behind that of `key` tells something of the same users that is not undone or overruled."""
        if change.kind is ChangeKind.OWNER_CHANGED:
            return True
        undone, overruled = UNDONE_BY.get(change.kind, frozenset()), OVERRULED_BY.get(change.kind)
        behind = False
        for there, row in self._rows.items():
            stays = there[0] not in undone and there[0] is not overruled
            if behind and stays and any(user in row.users for user in change.users):
                return True
            behind = behind or there == key
        return False

    def _without_opposites(self, change: Change) -> list[str]:
        """The users of `change` of whom it is news; those of whom the opposite waits are taken out of that row."""
        undone, overruled = UNDONE_BY.get(change.kind, frozenset()), OVERRULED_BY.get(change.kind)
        news: list[str] = []
        for user in change.users:
            told = True
            for (kind, _), row in self._rows.items():
                if user in row.users and (kind in undone or kind is overruled):
                    del row.users[user]
                    row.count -= 1
                    told = told and kind not in undone
            if told:
                news.append(user)
        return news

    def rows(self) -> list[Change]:
        """All that waits; nothing waits then. Empty if all of it has undone itself."""
        rows = [
            Change(
                kind=row.kind,
                operator=row.operator,
                users=list(row.users),
                count=row.count,
                member_num=row.member_num,
                info_seq=row.info_seq,
                time_ms=row.time_ms,
                what=list(row.what)[:WHAT_MAX],
            )
            for row in self._rows.values()
            if row.count or row.kind is ChangeKind.PROFILE_CHANGED
        ]
        self._rows.clear()
        return rows
