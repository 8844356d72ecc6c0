"""Damaged pages of a store: named, refused, and in nobody else's way (ST-03). LMDB ends the process that goes to one, so
whatever may do so is a process of its own here."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rcim.actor import records as r
from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerFailed, ServerProcess
from rcim.app.wiring.recovery import note_of
from rcim.base import clock
from rcim.base.errors import STORE_UNAVAILABLE, RcimError
from rcim.base.ids import message_id, shard_of
from rcim.base.terms import ApplyJoinOption, Priority, Role
from rcim.session.usersig import mint
from rcim.store import pages
from rcim.store.backend import LmdbBackend
from rcim.wire import frames as f
from tests.kit import FilledStore, Raw, send
from tests.kit_damage import SIZE

FLAGS = ("app.sdkappid=1", "server.tls=false", "limits.drain_grace_ms=50", "limits.drain_spread_ms=0")
GROUPS = [f"g{n:02}" for n in range(20)]
BAD = "g07"
NO_BRANCH = struct.pack("<HHHH", 0, pages.BRANCH, 16, SIZE)
"""A page that leads nowhere: LMDB ends the process by SIGABRT when it gets there."""


def filled(path: Path) -> Path:
    """A data directory with twenty groups of fifty messages; returns the store's file."""
    backend = LmdbBackend(path / "store")
    kit = FilledStore(backend)
    sent_ms = clock.wall_ms() - 3_600_000  # too old to be sent twice (MS-02), and young enough to be read
    for name in GROUPS:
        key = f"g:{name}"
        profile = r.Profile(name, "Public", "n", "", "", "", "alice", 1, ApplyJoinOption.FREE_ACCESS, 0, 1)
        members = [r.Member("alice", Role.OWNER, 1, 0, ""), r.Member("bob", Role.MEMBER, 1, 0, "")]
        first = kit.store.positions()[shard_of(key)] + 1
        kept = (
            r.Message(
                n + 1,
                sent_ms,
                message_id(shard_of(key), first + n),
                Priority.LOW,
                "bob",
                "",
                "",
                "",
                f"c{n}",
                b"x" * 400,
            )
            for n in range(50)
        )
        kit.append(r.GroupCreated(key, profile, members, 1), *(r.MessageKept(key, one) for one in kept))
    backend.close()
    return path / "store" / "data.mdb"


def page_of(file: Path, table: str, within: bytes) -> tuple[int, int]:
    """A leaf of the table with keys of this group alone: what can't be read without it lies all within the group;
    and its first SEQ."""
    data = file.read_bytes()
    for number in range(2, len(data) // SIZE):
        if data.count(within + b"\0", number * SIZE, (number + 1) * SIZE) < 3:
            continue
        with file.open("r+b") as out:
            os.pwrite(out.fileno(), bytes(SIZE), number * SIZE)
            found = pages.look(file).damages
            os.pwrite(out.fileno(), data[number * SIZE : (number + 1) * SIZE], number * SIZE)
        if len(found) == 1 and found[0].table == table:
            edges = (found[0].before, found[0].low, found[0].high, found[0].after)
            if all(edge is not None and edge.startswith(within) for edge in edges):
                return number, int.from_bytes(found[0].low[-8:])
    raise AssertionError("there is no such page")


def spoil(file: Path, number: int, header: bytes) -> None:
    """Write over the page's header, but for its number."""
    with file.open("r+b") as out:
        os.pwrite(out.fileno(), header, number * SIZE + 8)


def check(data: Path) -> tuple[int, Any, str]:
    command = [sys.executable, "-m", "rcim", "check", "--data", str(data), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


@asynccontextmanager
async def logged_in(server: ServerProcess, user: str) -> AsyncIterator[Raw]:
    raw = Raw(*await asyncio.open_connection(server.host, server.port))
    now_s = clock.wall_ms() // 1000
    try:
        await raw.login(user, mint(1, DataDir(server.data).key(), user, now_s, 600))
        yield raw
    finally:
        await raw.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """It is ended whatever happens."""
    made = ServerProcess(tmp_path, FLAGS)
    yield made
    await made.kill()


@pytest.mark.parametrize("seed", [1, 5, 6, 30])
def test_all_that_is_whole_is_read_and_written(tmp_path: Path, seed: int) -> None:
    """Zeroes, noise, pages of another place and a file cut off, anywhere in the tree (tests/kit_damage.py)."""
    command = [sys.executable, "-m", "tests.kit_damage", str(tmp_path / "store"), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "damages" in done.stdout


def test_check_names_what_is_damaged(tmp_path: Path) -> None:
    file = filled(tmp_path)
    code, report, _ = check(tmp_path)
    assert code == 0 and report["messages"] == 1000 and report["faults"] == []
    number, seq = page_of(file, "messages", f"g:{BAD}".encode())
    spoil(file, number, NO_BRANCH)
    code, report, _ = check(tmp_path)
    assert f"SEQ {seq} " in report["faults"][0]
    assert code == 1 and 900 < report["messages"] < 1000
    assert report["faults"][0].startswith(f"messages from g:{BAD} SEQ ") and f"page {number} " in report["faults"][0]
    assert all(BAD in fault for fault in report["faults"]), "of the others there is nothing to say"


def test_check_says_so_if_nothing_can_be_read(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with file.open("r+b") as out:
        os.pwrite(out.fileno(), bytes(16), SIZE + 16)
    code, report, error = check(tmp_path)
    assert code == 2 and report is None and "head page 1 is damaged" in error


async def test_a_server_that_was_ended_by_a_page_goes_on_without_it(tmp_path: Path, server: ServerProcess) -> None:
    file = filled(tmp_path)
    number, seq = page_of(file, "messages", f"g:{BAD}".encode())
    spoil(file, number, NO_BRANCH)
    history = f.History(f"g:{BAD}", seq, 50, 50, False, 0, 0)
    await server.start()
    async with logged_in(server, "bob") as bob:
        bob.write(history.encode(9))
        assert await bob.closed(), "LMDB has ended the process"
    with pytest.raises(ServerFailed, match="SIGABRT"):
        await server.stop()
    assert "Fatal Python error: Aborted" in note_of(DataDir(tmp_path)).read()
    for _ in range(2):  # a start in order changes nothing about it
        await server.start()
        async with logged_in(server, "bob") as bob:
            found = await bob.ask(history)
            assert isinstance(found, RcimError) and found.code is STORE_UNAVAILABLE
            for name in GROUPS:
                answer = await bob.ask(send(name, f"m{server.pid}"))
                assert isinstance(answer, f.SendOk), (name, answer)
            synced = await bob.ask(f.Sync(b"", 100, 0))
            assert {entry.conversation for entry in synced.conversations} >= {f"g:{n}" for n in GROUPS if n != BAD}
        assert await server.stop() == 0
    assert check(tmp_path)[0] == 1


async def test_a_server_does_not_start_if_nothing_can_be_read(tmp_path: Path, server: ServerProcess) -> None:
    file = filled(tmp_path)
    os.truncate(file, 3 * SIZE)
    with pytest.raises(ServerFailed, match="can't be read"):
        await server.start()
