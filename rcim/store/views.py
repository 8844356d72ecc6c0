"""A picture of the tables in LMDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import lmdb

from rcim.store.faults import DamagedError, NoRoom, StoreError
from rcim.store.long_keys import FIRST_MAX, kept, packed, value_of, whole

_DAMAGE = (lmdb.CorruptedError, lmdb.PageNotFoundError)


def told(error: lmdb.Error, table: str) -> Exception:
    """What LMDB says, as the store says it."""
    if isinstance(error, lmdb.MapFullError):
        return NoRoom()
    if isinstance(error, _DAMAGE):
        return DamagedError(f"{table}: {error}")
    return StoreError(str(error))


class LmdbView:
    """One transaction of LMDB. What goes wrong in it is raised as StoreError, or as NoRoom.

    Keys may be of any length (long_keys.py); `_get`, `_put`, `_delete` and `_scan` have them as LMDB has.
    """

    def __init__(self, txn: Any, dbs: Mapping[str, Any]) -> None:
        self._txn = txn
        self._dbs = dbs

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value of a key; None if there is none."""
        if len(key) <= FIRST_MAX:
            return self._get(table, key)
        short = kept(key)
        return value_of(short, self._get(table, short))

    def put(self, table: str, key: bytes, value: bytes) -> None:
        """Let a key have this value."""
        short = kept(key)
        self._put(table, short, value if short is key or short == key else packed(key, value))

    def delete(self, table: str, key: bytes) -> None:
        """Let a key have none."""
        self._delete(table, kept(key))

    def scan(self, table: str, low: bytes, high: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Rows with low <= key < high, in the order of keys."""
        return self._scan(table, kept(low), kept(high), reverse)

    def _get(self, table: str, key: bytes) -> bytes | None:
        try:
            found: bytes | None = self._txn.get(key, db=self._dbs[table])
        except lmdb.Error as error:
            raise told(error, table) from None
        except KeyError:  # a store of before, which is only read, has no such table
            return None
        return found

    def _scan(self, table: str, low: bytes, high: bytes, reverse: bool) -> Iterator[tuple[bytes, bytes]]:
        try:
            with self._txn.cursor(self._dbs[table]) as cursor:
                if not reverse:
                    there = cursor.set_range(low)
                    item, following = cursor.item, cursor.next
                    while there:
                        row = item()
                        if row[0] >= high:
                            return
                        yield row if len(row[0]) < FIRST_MAX else whole(row)
                        there = following()
                    return
                there = cursor.prev() if cursor.set_range(high) else cursor.last()
                item, previous = cursor.item, cursor.prev
                while there:
                    row = item()
                    if row[0] < low:
                        return
                    yield row if len(row[0]) < FIRST_MAX else whole(row)
                    there = previous()
        except lmdb.Error as error:
            raise told(error, table) from None
        except KeyError:
            return

    def _put(self, table: str, key: bytes, value: bytes) -> None:
        try:
            self._txn.put(key, value, db=self._dbs[table])
        except lmdb.Error as error:
            raise told(error, table) from None

    def _delete(self, table: str, key: bytes) -> None:
        try:
            self._txn.delete(key, db=self._dbs[table])
        except lmdb.Error as error:
            raise told(error, table) from None
