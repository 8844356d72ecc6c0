"""Looking at the pages of a store's file without LMDB, which ends the process when it meets a damaged one (ST-03).

1. Only bytes are read and compared: a page that is zero, random, of another place or beyond the file's end is a finding.
2. The file is a tree for each table. A damaged page makes a range of keys unreadable: from the key by which its parent
   leads to it, to the next one. A value too long for its page has pages of its own; damage there is that of one key.
3. What is found is what damage.py keeps LMDB away from.

Cost: with leaves about 40 us a page of 4 KiB, 10 s for 1 GiB; without them a hundredth of that.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from rcim.store.damage import Damage, merged

_PAGE = struct.Struct("<QHHHH")
_OVERFLOW_COUNT = struct.Struct("<I")
_NODE = struct.Struct("<HHHH")
_META = struct.Struct("<II8xQ")
_DB = struct.Struct("<IHHQQQQQ")
_TAIL = struct.Struct("<QQ")
_U64 = struct.Struct("<Q")
HEAD_BYTES, NODE_BYTES = 16, 8
BRANCH, LEAF, OVERFLOW, META, KIND = 0x01, 0x02, 0x04, 0x08, 0x6F
BIG_DATA, SUB_DATA = 0x01, 0x02
MAGIC, VERSION = 0xBEEFC0DE, 1
NO_PAGE = (1 << 64) - 1
FREE_LIST, CATALOGUE = "the list of free pages", "the list of tables"


class Head(NamedTuple):
    """What a meta page says: where the two trees are that lead to all others."""

    page_bytes: int
    free_root: int
    free_depth: int
    main_root: int
    main_depth: int
    last_page: int
    txn_id: int


class Unreadable(Exception):
    """Nothing of the file can be read; the text says why."""


class Found(NamedTuple):
    """What is wrong with a file."""

    damages: list[Damage]
    """Of the tables, merged and in order."""
    free_list: str
    """What is wrong with the list of free pages, in words; empty if it is whole. Without it nothing can be written."""
    pages: int
    """How many were looked at."""


class _Bad(Exception):
    """A page is damaged; the text says how."""


def heads(fd: int) -> list[Head]:
    """What the meta pages say, the newer one first. Raises Unreadable if one of them is damaged: LMDB takes none then."""
    first = os.pread(fd, 4096, 0)
    size = _DB.unpack_from(first, HEAD_BYTES + 24)[0] if len(first) == 4096 else 0
    if size not in (1 << n for n in range(8, 17)):
        raise Unreadable("its first page is damaged: no head page of a store")
    found = [head_of(os.pread(fd, size, number * size), number, size) for number in (0, 1)]
    return sorted(found, key=lambda head: head.txn_id, reverse=True)


def head_of(page: bytes, number: int, size: int) -> Head:
    """What this page says, which stands at `number` (0 or 1). Raises Unreadable."""
    if len(page) < size or _PAGE.unpack_from(page)[2] & KIND != META:
        raise Unreadable(f"head page {number} is damaged")
    magic, version, _ = _META.unpack_from(page, HEAD_BYTES)
    if magic != MAGIC or version & 0xFFFF != VERSION:
        raise Unreadable(f"head page {number} is damaged, or of another version")
    free = _DB.unpack_from(page, HEAD_BYTES + 24)
    main = _DB.unpack_from(page, HEAD_BYTES + 24 + _DB.size)
    last, txn_id = _TAIL.unpack_from(page, HEAD_BYTES + 24 + 2 * _DB.size)
    if free[0] != size or last < 1 or free[2] > 32 or main[2] > 32:
        raise Unreadable(f"head page {number} is damaged")
    return Head(
        page_bytes=size,
        free_root=free[7],
        free_depth=free[2],
        main_root=main[7],
        main_depth=main[2],
        last_page=last,
        txn_id=txn_id,
    )


def look(
    file: Path, head: Head | None = None, *, leaves: bool = True, between: Callable[[], None] | None = None
) -> Found:
    """Look at all pages that are in use by `head`, by default the newest. Without `leaves` only at those that lead to
    others, and at the leaves of the small trees. `between` is called before each page. Raises Unreadable if there is no
    way to the tables, or OSError."""
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _Walk(fd, head or heads(fd)[0], leaves, between).all()
    finally:
        os.close(fd)


def is_cut_off(file: Path) -> bool:
    """True if the file is shorter than its head says. It may be so, if the last pages were never written. Raises
    Unreadable or OSError."""
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        head = heads(fd)[0]
        return os.fstat(fd).st_size < (head.last_page + 1) * head.page_bytes
    finally:
        os.close(fd)


class _Walk:
    def __init__(self, fd: int, head: Head, leaves: bool, between: Callable[[], None] | None) -> None:
        self._fd = fd
        self._between = between
        self._head = head
        self._size = head.page_bytes
        self._leaves = leaves
        self._seen = bytearray(head.last_page // 8 + 1)
        self._count = 0
        self._free: list[int] = []

    def all(self) -> Found:
        tables: list[tuple[str, int, int]] = []
        broken: list[Damage] = []
        if self._head.main_root != NO_PAGE:
            for key, flags, data in self._tree(
                table=CATALOGUE, root=self._head.main_root, depth=self._head.main_depth, damages=broken, leaves=True
            ):
                if flags & SUB_DATA and len(data) == _DB.size:
                    db = _DB.unpack(data)
                    tables.append((key.decode(errors="replace"), db[7], db[2]))
        if broken:
            raise Unreadable(f"{CATALOGUE} is damaged: page {broken[0].page} {broken[0].why}")
        damages: list[Damage] = []
        for name, root, depth in tables:
            if root != NO_PAGE:
                for _ in self._tree(table=name, root=root, depth=depth, damages=damages, leaves=self._leaves):
                    pass
        return Found(merged(damages), self._free_list(), self._count)

    def _free_list(self) -> str:
        broken: list[Damage] = []
        if self._head.free_root != NO_PAGE:
            for _, _, data in self._tree(
                table=FREE_LIST,
                root=self._head.free_root,
                depth=self._head.free_depth,
                damages=broken,
                leaves=True,
                ints=True,
            ):
                numbers = memoryview(data[8:]).cast("Q") if len(data) % 8 == 0 else memoryview(b"")
                if len(data) < 8 or _U64.unpack_from(data)[0] != len(numbers):
                    return f"{FREE_LIST} is damaged: an entry does not say how many pages it has"
                for number in numbers:
                    if not 2 <= number <= self._head.last_page or self._mark(number):
                        return f"{FREE_LIST} is damaged: page {number} is free and in use"
        return f"{FREE_LIST} is damaged: page {broken[0].page} {broken[0].why}" if broken else ""

    def _mark(self, number: int) -> bool:
        """Note that it is in use; True if it was already."""
        bit = 1 << (number & 7)
        before = self._seen[number >> 3] & bit
        self._seen[number >> 3] |= bit
        return before != 0

    def _page(self, number: int) -> bytes:
        if not 2 <= number <= self._head.last_page:
            raise _Bad("is none of the file")
        if self._mark(number):
            raise _Bad("has two places")
        self._count += 1
        if self._between is not None:
            self._between()
        page = os.pread(self._fd, self._size, number * self._size)
        if len(page) < self._size:
            raise _Bad("lies beyond the end of the file")
        if _PAGE.unpack_from(page)[0] != number:
            raise _Bad("is not what was written there")
        return page

    def _tree(
        self, table: str, root: int, depth: int, damages: list[Damage], leaves: bool, *, ints: bool = False
    ) -> Iterator[tuple[bytes, int, bytes]]:
        """The rows of a tree, and into `damages` what of it can't be read. Values are given for trees whose leaves are
        looked at anyway, the others as b""."""
        whole = table in (CATALOGUE, FREE_LIST)
        pending: list[Damage] = []
        last: bytes | None = None
        last_low = b""
        # Pages to go to: number, levels left, its keys from and to, and the keys of it and its neighbours.
        todo: list[tuple[int, int, bytes, bytes | None, bytes, bytes | None]] = [(root, depth, b"", None, b"", None)]
        while todo:
            number, left, low, high, zone_low, zone_high = todo.pop()
            if left == 1 and not leaves:
                if not 2 <= number <= self._head.last_page:
                    damages.append(Damage(table=table, low=low, high=high, page=number, why="is none of the file"))
                continue
            try:
                page = self._page(number)
                nodes = list(_nodes(page, left > 1, self._size))
                _check_order(found=[key for key, _, _, _ in nodes], low=low, high=high, branch=left > 1, ints=ints)
            except _Bad as error:
                pending.append(
                    Damage(
                        table=table,
                        low=low,
                        high=high,
                        page=number,
                        why=str(error),
                        before=last,
                        after=None,
                        zone_low=min(zone_low, last_low),
                        zone_high=zone_high,
                    )
                )
                continue
            if left > 1:
                edges = [low, *(key for key, _, _, _ in nodes[1:]), high]
                for i in range(len(nodes) - 1, -1, -1):
                    start, end = edges[i], edges[i + 1]
                    assert start is not None
                    before, after = edges[max(i - 1, 0)], edges[min(i + 2, len(nodes))]
                    assert before is not None
                    todo.append((nodes[i][1], left - 1, start, end, before, after))
                continue
            for key, flags, at, length in nodes:
                data = page[at : at + length] if whole else b""
                if flags & BIG_DATA:
                    error_text, data = self._long(page, at, length, whole)
                    if error_text:
                        big = _U64.unpack_from(page, at)[0]
                        pending.append(
                            Damage(
                                table=table,
                                low=key,
                                high=key + b"\0",
                                page=big,
                                why=error_text,
                                before=last,
                                after=None,
                                zone_low=key,
                                zone_high=key + b"\0",
                            )
                        )
                        continue
                damages += [one.until(key) for one in pending]
                pending.clear()
                last, last_low = key, low
                yield key, flags, data
        damages += pending

    def _long(self, page: bytes, at: int, length: int, whole: bool) -> tuple[str, bytes]:
        """What is wrong with the pages of a long value, or the value."""
        number = _U64.unpack_from(page, at)[0]
        count = (HEAD_BYTES + length + self._size - 1) // self._size
        try:
            first = self._page(number)
            if _PAGE.unpack_from(first)[2] & KIND != OVERFLOW or _OVERFLOW_COUNT.unpack_from(first, 12)[0] != count:
                raise _Bad("is not what was written there")
            if number + count - 1 > self._head.last_page or any(map(self._mark, range(number + 1, number + count))):
                raise _Bad("goes on where something else is")
            if os.fstat(self._fd).st_size < (number + count) * self._size:
                raise _Bad("goes on beyond the end of the file")
        except _Bad as error:
            return str(error), b""
        return "", os.pread(self._fd, length, number * self._size + HEAD_BYTES) if whole else b""


def _nodes(page: bytes, branch: bool, size: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Of a branch: key and page below it. Of a leaf: key, flags, where the value is and how long. Raises _Bad."""
    _, _, flags, lower, upper = _PAGE.unpack_from(page)
    if flags & KIND != (BRANCH if branch else LEAF):
        raise _Bad("is of another kind")
    if not HEAD_BYTES < lower <= upper <= size or lower % 2:
        raise _Bad("has no sensible bounds")
    for at in struct.unpack_from(f"<{(lower - HEAD_BYTES) // 2}H", page, HEAD_BYTES):
        if not upper <= at <= size - NODE_BYTES:
            raise _Bad("has an entry outside of it")
        low, high, node_flags, key_bytes = _NODE.unpack_from(page, at)
        data_at = at + NODE_BYTES + key_bytes
        length = low | high << 16
        room = 0 if branch else 8 if node_flags & BIG_DATA else length
        if data_at + room > size:
            raise _Bad("has an entry that goes beyond it")
        key = page[at + NODE_BYTES : data_at]
        if branch:
            yield key, length | node_flags << 32, 0, 0
        else:
            yield key, node_flags, data_at, length


def _check_order(found: list[bytes], low: bytes, high: bytes | None, branch: bool, ints: bool) -> None:
    """Keys ascend, and are those that the page is to have. A branch's first key says nothing. Raises _Bad."""
    names = found[1:] if branch else found
    if branch and len(found) < 2:
        raise _Bad("leads to a single page")
    if ints:
        return
    if any(a >= b for a, b in pairwise(names)):
        raise _Bad("has keys that are not in order")
    if names and (names[0] < low or (high is not None and names[-1] >= high)):
        raise _Bad("has keys of another place")
