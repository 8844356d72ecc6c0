"""Stores with damaged pages, and what must hold of them; run in processes of their own, since LMDB may end them."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

from rcim.store import keys, pages
from rcim.store.backend import DamagedError, FullError, LmdbBackend
from rcim.store.damage import Damage

Rows = dict[tuple[str, bytes], bytes]
SIZE = 4096


def filled(path: Path, rng: random.Random) -> Rows:
    """A store with trees of several levels, long values and free pages; and what is in it."""
    rows: Rows = {}
    backend = LmdbBackend(path)
    for _ in range(20):
        with backend.write() as view:
            for _ in range(500):
                key = keys.message(f"g:{rng.randrange(40)}", rng.randrange(10_000))
                rows["messages", key] = rng.randbytes(9000 if rng.random() < 0.01 else rng.choice([50, 200, 300]))
                view.put("messages", key, rows["messages", key])
            for _ in range(200):
                key = keys.pair(f"g:{rng.randrange(300)}", f"u{rng.randrange(1000)}")
                rows["members", key] = rng.randbytes(40)
                view.put("members", key, rows["members", key])
            for key in rng.sample(sorted(rows), 100):
                del rows[key]
                view.delete(*key)
    backend.close()
    return rows


def damage(file: Path, rng: random.Random, count: int) -> None:
    """Damage so many pages that are not the head pages, or cut the file off."""
    data = bytearray(file.read_bytes())
    last = pages.heads(os.open(file, os.O_RDONLY))[0].last_page
    for _ in range(count):
        number = rng.randrange(2, last + 1)
        kind = rng.choice(["zero", "random", "other", "bits", "tail"])
        at = number * SIZE
        if kind == "zero":
            data[at : at + SIZE] = bytes(SIZE)
        elif kind == "random":
            data[at : at + SIZE] = rng.randbytes(SIZE)
        elif kind == "other":
            data[at : at + SIZE] = data[(2 + number % 50) * SIZE :][:SIZE]
        elif kind == "bits":
            data[at + 8 : at + 16] = rng.randbytes(8)
        else:
            data[at + 512 : at + SIZE] = rng.randbytes(SIZE - 512)
    file.write_bytes(data)
    if rng.random() < 0.2:
        os.truncate(file, rng.randrange(last * 3 // 4, last) * SIZE)


def kept_away(damages: list[Damage], table: str, asks: Callable[[Damage], bool]) -> bool:
    """True if one of the damages of the table says so."""
    return any(one.table == table and asks(one) for one in damages)


def ordeal(path: Path, seed: int) -> str:
    """Read, write and delete around what is damaged. Returns what was found; raises AssertionError, or crashes."""
    rng = random.Random(seed)
    rows = filled(path, rng)
    damage(path / "data.mdb", rng, rng.choice([1, 1, 2, 5]))
    try:
        found = pages.look(path / "data.mdb")
    except pages.Unreadable as error:
        return f"unreadable: {error}"
    backend = LmdbBackend(path, damages=found.damages, unwritable=found.free_list)
    check_reads(backend, found.damages, rows, rng)
    try:
        check_writes(backend, found, rows, rng)
        check_reads(backend, found.damages, rows, rng)
    except FullError:
        pass
    backend.close()
    return f"{len(found.damages)} damages, {found.free_list or 'writable'}"


def check_reads(backend: LmdbBackend, damages: list[Damage], rows: Rows, rng: random.Random) -> None:
    """All that is not damaged is found, by itself, forwards and backwards."""
    for table in ("messages", "members"):
        there = sorted(key for name, key in rows if name == table)
        good = [key for key in there if not kept_away(damages, table, lambda one, key=key: one.holds(key))]
        with backend.read(around=True) as view:
            assert [key for key, _ in view.scan(table, b"", keys.LAST)] == good
            assert [key for key, _ in view.scan(table, b"", keys.LAST, reverse=True)] == good[::-1]
        with backend.read() as view:
            for key in there:
                try:
                    value = view.get(table, key)
                    assert key in good and (value == rows[table, key] or len(rows[table, key]) > 4000)
                except DamagedError:
                    assert key not in good
            for _ in range(300):
                low, high = sorted(
                    rng.choice(there)[: rng.choice([3, 99])] + rng.choice([b"", b"\0", b"5"]) for _ in "ab"
                )
                backwards = rng.random() < 0.5
                wanted = [key for key in there if low <= key < high]
                seen = []
                try:
                    for key, _ in view.scan(table, low, high, reverse=backwards):
                        seen.append(key)
                    assert seen == (wanted[::-1] if backwards else wanted)
                except DamagedError:
                    assert seen == (wanted[::-1] if backwards else wanted)[: len(seen)]


def check_writes(backend: LmdbBackend, found: pages.Found, rows: Rows, rng: random.Random) -> None:
    """What is not near what is damaged can be written and deleted, until little is left."""
    for n in range(60):
        fresh: Rows = dict(rows)
        try:
            with backend.write() as view:
                for _ in range(20):
                    key = keys.message(f"g:{rng.randrange(40)}", rng.randrange(20_000))
                    try:
                        view.put("messages", key, b"new")
                        fresh["messages", key] = b"new"
                    except DamagedError:
                        pass
                for row in rng.sample(sorted(fresh), min(len(fresh), 150 if n > 10 else 20)):
                    try:
                        view.delete(*row)
                        del fresh[row]
                    except DamagedError:
                        pass
        except DamagedError as error:
            assert found.free_list and found.free_list in str(error)
            return
        rows.clear()
        rows.update(fresh)


if __name__ == "__main__":
    print(ordeal(Path(sys.argv[1]), int(sys.argv[2])))
