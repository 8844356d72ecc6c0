"""A picture of the tables in LMDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import lmdb

from rcim.store.faults import DamagedError, NoRoom, StoreError

_DAMAGE = (lmdb.CorruptedError, lmdb.PageNotFoundError)


def told(error: lmdb.Error, table: str) -> Exception:
    """What LMDB says, as the store says it."""
    if isinstance(error, lmdb.MapFullError):
        return NoRoom()
    if isinstance(error, _DAMAGE):
        return DamagedError(f"{table}: {error}")
    return StoreError(str(error))


class LmdbView:
    """One transaction of LMDB. What goes wrong in it is raised as StoreError, or as NoRoom."""

    def __init__(self, txn: Any, dbs: Mapping[str, Any]) -> None:
        self._txn = txn
        self._dbs = dbs

    def get(self, table: str, key: bytes) -> bytes | None:
        try:
            found: bytes | None = self._txn.get(key, db=self._dbs[table])
        except lmdb.Error as error:
            raise told(error, table) from None
        return found

    def scan(self, table: str, low: bytes, high: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        try:
            with self._txn.cursor(self._dbs[table]) as cursor:
                if not reverse:
                    there = cursor.set_range(low)
                    item, following = cursor.item, cursor.next
                    while there:
                        row = item()
                        if row[0] >= high:
                            return
                        yield row
                        there = following()
                    return
                there = cursor.prev() if cursor.set_range(high) else cursor.last()
                item, previous = cursor.item, cursor.prev
                while there:
                    row = item()
                    if row[0] < low:
                        return
                    yield row
                    there = previous()
        except lmdb.Error as error:
            raise told(error, table) from None

    def put(self, table: str, key: bytes, value: bytes) -> None:
        try:
            self._txn.put(key, value, db=self._dbs[table])
        except lmdb.Error as error:
            raise told(error, table) from None

    def delete(self, table: str, key: bytes) -> None:
        try:
            self._txn.delete(key, db=self._dbs[table])
        except lmdb.Error as error:
            raise told(error, table) from None
