"""Ranges of keys whose pages are damaged, and a view of the tables that keeps LMDB away from them (ST-03).

LMDB trusts its pages: it ends the process, or worse, when it follows a damaged one. So what is damaged (pages.py) is
never gone to: reading there raises DamagedError, and so does what would make LMDB look at it for another's sake:

1. going on from the last key before it, or back from the first behind it: a scan ends there;
2. putting a key between those two: it would become the last or the first;
3. deleting in a page beside it: what is left of that page may be joined with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rcim.store import keys
from rcim.store.faults import DamagedError
from rcim.store.long_keys import whole
from rcim.store.views import LmdbView


class Damage(NamedTuple):
    """Keys of a table from `low` on and below `high` (None: all that follow) can't be read."""

    table: str
    low: bytes
    high: bytes | None
    page: int
    why: str
    before: bytes | None = None
    """The last key before it that can be read; None if there is none."""
    after: bytes | None = None
    """The first behind it."""
    zone_low: bytes = b""
    zone_high: bytes | None = None
    """Where nothing may be deleted: from here to there, and up to `after`."""

    def until(self, after: bytes) -> Damage:
        """With the first key behind it."""
        return self._replace(after=after)

    def holds(self, key: bytes) -> bool:
        """True if the key is among those that can't be read."""
        return self.low <= key and (self.high is None or key < self.high)

    def keeps_from_putting(self, key: bytes) -> bool:
        """Rule 2. A key that is there already may be written anew."""
        return (self.before is None or key > self.before) and (self.after is None or key < self.after)

    def keeps_from_deleting(self, key: bytes) -> bool:
        """Rule 3; and the keys at which a scan ends have to stay."""
        if key == self.before or self.keeps_from_putting(key):
            return True
        upto = self.after is None or key <= self.after
        return self.zone_low <= key and (upto or self.zone_high is None or key < self.zone_high)

    def __str__(self) -> str:
        upto = f"to before {keys.shown(self.table, self.high)}" if self.high is not None else "to the end"
        one = self.high == self.low + b"\0"
        what = f"{self.table}: {keys.shown(self.table, self.low)}" if one else ""
        what = what or f"{self.table} from {keys.shown(self.table, self.low) or 'the beginning'} {upto}"
        return f"{what} can't be read: page {self.page} {self.why}"


def merged(damages: Sequence[Damage]) -> list[Damage]:
    """In their order; those between which no key can be read become one."""
    found: list[Damage] = []
    for one in damages:
        last = found[-1] if found else None
        if last is None or last.table != one.table or last.before != one.before:
            found.append(one)
            continue
        ends = None if last.zone_high is None or one.zone_high is None else max(last.zone_high, one.zone_high)
        found[-1] = last._replace(
            high=one.high, after=one.after, zone_low=min(last.zone_low, one.zone_low), zone_high=ends
        )
    return found


class Stretch(NamedTuple):
    """Keys from `low` on and below `high` can be read; `first` and `last` are there, and a scan may not go beyond them.
    None: there is no damage at that end."""

    low: bytes
    high: bytes | None
    first: bytes | None
    last: bytes | None
    damage: Damage | None
    """What follows; if it does and `last` is None, there is nothing before it."""


def stretches(damages: Sequence[Damage]) -> Iterator[Stretch]:
    """What of a table can be read, between its damages, in order."""
    low, first = b"", None
    for one in damages:
        yield Stretch(low=low, high=one.low, first=first, last=one.before, damage=one)
        if one.high is None or one.after is None:
            return
        low, first = one.high, one.after
    yield Stretch(low=low, high=None, first=first, last=None, damage=None)


def by_table(damages: Iterable[Damage]) -> dict[str, list[Damage]]:
    """The damages of each table that has any."""
    found: dict[str, list[Damage]] = {}
    for one in damages:
        found.setdefault(one.table, []).append(one)
    return found


class GuardedView(LmdbView):
    """A view that keeps away from what is damaged: it raises DamagedError, or, with `around`, goes on behind it."""

    def __init__(
        self, txn: Any, dbs: Mapping[str, Any], damages: Mapping[str, Sequence[Damage]], around: bool
    ) -> None:
        super().__init__(txn, dbs)
        self._damages = damages
        self._around = around

    def _get(self, table: str, key: bytes) -> bytes | None:
        for one in self._damages.get(table, ()):
            if one.holds(key):
                raise DamagedError(str(one))
        return super()._get(table, key)

    def _put(self, table: str, key: bytes, value: bytes) -> None:
        for one in self._damages.get(table, ()):
            if one.keeps_from_putting(key):
                raise DamagedError(str(one))
        super()._put(table, key, value)

    def _delete(self, table: str, key: bytes) -> None:
        for one in self._damages.get(table, ()):
            if one.keeps_from_deleting(key):
                raise DamagedError(str(one))
        super()._delete(table, key)

    def _scan(self, table: str, low: bytes, high: bytes, reverse: bool) -> Iterator[tuple[bytes, bytes]]:
        damages = self._damages.get(table)
        if not damages:
            yield from super()._scan(table, low, high, reverse)
            return
        parts = list(stretches(damages))
        ends = parts[-1].damage  # there may be nothing behind it
        if reverse and ends is not None and not self._around and _overlaps(ends, low, high):
            raise DamagedError(str(ends))
        for i in range(len(parts) - 1, -1, -1) if reverse else range(len(parts)):
            part = parts[i]
            start, end = max(low, part.low), high if part.high is None else min(high, part.high)
            if start < end and (part.damage is None or part.last is not None):
                yield from self._inside(table=table, low=start, high=end, part=part, reverse=reverse)
            follows = (parts[i - 1].damage if i else None) if reverse else part.damage
            if follows is not None and not self._around and _overlaps(follows, low, high):
                raise DamagedError(str(follows))

    def _inside(
        self, table: str, low: bytes, high: bytes, part: Stretch, reverse: bool
    ) -> Iterator[tuple[bytes, bytes]]:
        """Rows of what lies between two damages; the cursor never leaves it."""
        with self._txn.cursor(self._dbs[table]) as cursor:
            if not reverse:
                there = (part.last is None or low <= part.last) and cursor.set_range(low)
                while there and cursor.key() < high:
                    yield whole(cursor.item())
                    there = cursor.key() != part.last and cursor.next()
                return
            if part.last is not None and high > part.last:
                there = cursor.set_key(part.last)
            elif part.first is not None and high <= part.first:
                return
            else:
                there = cursor.prev() if cursor.set_range(high) else cursor.last()
            while there and cursor.key() >= low:
                yield whole(cursor.item())
                there = cursor.key() != part.first and cursor.prev()


def _overlaps(one: Damage, low: bytes, high: bytes) -> bool:
    return one.low < high and (one.high is None or low < one.high)
