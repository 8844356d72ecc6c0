"""A store that an earlier program has made is read and brought up (ST-03)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import lmdb

from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.base.limits import DEFAULTS
from rcim.store import keys, name_index
from rcim.store.backend import TABLES, LmdbBackend, MemoryBackend, NoRoom
from rcim.store.check import check
from rcim.store.store import Store
from rcim.store.values import pack
from tests.unit.test_store import KEY, Kit, created

NEW_TABLES = ("applied", "waiting")


def test_applications_that_waited_are_counted_and_found() -> None:  # GR-12
    backend = MemoryBackend()
    kit = Kit(backend)
    kit.append(created(KEY, "bob"))
    waits, muted = (
        r.UserRestriction("carol", applied_ms=70, text="please"),
        r.UserRestriction("dora", muted_until_ms=99),
    )
    with backend.write() as view:  # as schema version 3 left it
        for mark in (waits, muted):
            view.put("marks", keys.pair(KEY, mark.user_id), pack(mark))
        view.put("meta", b"schema", keys.U16.pack(3))
    again = Kit(backend)
    rows = [list(view.scan(table, b"", keys.LAST)) for table in NEW_TABLES]
    assert [[key for key, _ in found] for found in rows] == [[keys.pair("carol", KEY)], [keys.pair(KEY, "carol")]]
    (own,) = again.ask(q.AppliedQuery("carol", "", 10, "")).rows
    assert (own.key, own.time_ms, own.text) == (KEY, 70, "please") and again.faults() == []


def test_tables_that_it_does_not_have_are_empty_for_who_only_reads(tmp_path: Path) -> None:
    made = LmdbBackend(tmp_path)
    Kit(made).append(created(KEY, "bob"))
    made.close()
    env = lmdb.open(str(tmp_path), max_dbs=len(TABLES))
    for name in NEW_TABLES:
        table = env.open_db(name.encode())
        with env.begin(write=True) as txn:
            txn.drop(table, delete=True)
    env.close()
    backend = LmdbBackend(tmp_path, readonly=True)
    assert check(backend).faults == []
    with backend.read() as view:
        for name in NEW_TABLES:
            assert view.get(name, b"a") is None and list(view.scan(name, b"", keys.LAST)) == []
    backend.close()


def test_names_are_indexed_anew_where_the_map_is_full(tmp_path: Path) -> None:  # GR-09
    backend = LmdbBackend(tmp_path, map_bytes=1 << 20, map_bytes_max=1 << 30)
    Store(backend, DEFAULTS)
    with suppress(NoRoom):
        for first in range(0, 1 << 20, 20):
            with backend.write() as view:
                view.delete("meta", name_index.NOTE)
                for number in range(first, first + 20):
                    view.put("words", keys.pair(f"w{number}", KEY), b"")
    Store(backend, DEFAULTS)
    with backend.read() as reading:
        assert name_index.is_current(reading) and list(reading.scan("words", b"", keys.LAST)) == []
    backend.close()
