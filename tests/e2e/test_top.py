"""`rcim top` and the commands of `rcim-admin` beside it, as processes: text, JSON, a terminal, exit statuses (OP-02)."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import struct
import termios
from collections.abc import AsyncIterator
from fcntl import ioctl
from pathlib import Path

import pytest

from rcim.app.processes.process import ServerProcess
from rcim.app.settings.all_settings import NO_RATES
from tests.e2e.test_commands import BIN, DEADLINE_S, QUICK, run


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Path]:
    """A folder with a data directory `rcim-data` that a server with two gateways runs on, and a group with a message."""
    process = ServerProcess(tmp_path / "rcim-data", (*NO_RATES, *QUICK, "server.gateways=2"))
    await process.start()
    code, _, error = await run("rcim", "chat", "--user", "alice", "--group", "talk", cwd=tmp_path, say="hello\n")
    assert code == 0, error
    yield tmp_path
    assert await process.stop() == 0


async def test_one_picture(served: Path) -> None:
    code, text, error = await run("rcim", "top", "--json", "--interval", "0.2", cwd=served)
    assert code == 0, error
    found = json.loads(text)
    assert [row["name"] for row in found["processes"]["rows"]] == ["gateway 1", "gateway 2", "owner"]
    (talk,) = found["conversations"]["rows"]
    # How many in 10 s and in a minute: tests/integration/test_top_view.py, where the clock stands still.
    assert talk["conversation"] == "g:talk" and talk["in_10s"] <= talk["in_60s"] <= talk["seq"] == 1
    assert found["overview"]["counters"]["messages"] == 1 and found["overview"]["per_s"]["messages"] == 0
    for more in ((), ("--once",)):  # standard output is no terminal
        code, text, error = await run("rcim", "top", "--interval", "0.2", *more, cwd=served)
        assert code == 0 and "g:talk" in text and "administrator" in text and "owner" in text, error


async def test_rcim_admin_says_the_same(served: Path) -> None:
    rows = {}
    for command in (
        ("activity", "g:talk"),
        ("hot",),
        ("slow", "--by", "user"),
        ("processes",),
    ):  # of the last minute first
        code, text, error = await run("rcim-admin", "--json", *command, cwd=served)
        assert code == 0, error
        rows[command[0]] = json.loads(text)
        code, text, error = await run("rcim-admin", *command, cwd=served)
        assert code == 0 and "┃" in text, error
    assert [row["conversation"] for row in rows["hot"]] == ["g:talk"]
    assert [row["user_id"] for row in rows["slow"]] == ["administrator"]
    assert [row["name"] for row in rows["processes"]] == ["owner", "gateway 1", "gateway 2"]
    assert rows["activity"] == [{"user_id": "alice", "messages": 1}]
    for command in (("hot", "--by", "nonsense"), ("slow", "--by", "nonsense")):
        code, _, error = await run("rcim-admin", *command, cwd=served)
        assert code == 2 and "must be one of" in error


async def test_at_a_small_terminal_without_colours(served: Path) -> None:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = await asyncio.create_subprocess_exec(
        str(BIN / "rcim"), "top",
        cwd=served, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, "TERM": "vt100", "NO_COLOR": "1"},
    )  # fmt: skip
    os.close(theirs)
    said = bytearray()
    shown = asyncio.Event()

    def read() -> None:
        try:
            said.extend(os.read(ours, 65536))
        except OSError:  # the other end is closed
            asyncio.get_running_loop().remove_reader(ours)
        if b"g:talk" in said or process.returncode is not None:
            shown.set()
        elif b"messages/s" in said:
            os.write(ours, b"2")

    asyncio.get_running_loop().add_reader(ours, read)
    try:
        async with asyncio.timeout(DEADLINE_S):
            await shown.wait()
            os.write(ours, b"q")
            assert await process.wait() == 0, bytes(said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)
    assert b"Conversations" in said and b"g:talk" in said


async def test_what_can_not_be_done(served: Path) -> None:
    _, sig, _ = await run("rcim", "token", "--user", "bob", cwd=served)
    code, _, error = await run("rcim", "top", "--user", "bob", "--token", sig.strip(), cwd=served)
    assert code == 1 and "ADMIN_REQUIRED" in error
    code, _, error = await run("rcim", "top", "--server", "127.0.0.1:1", "--plain", cwd=served)
    assert code == 2 and "no answer from the server" in error
    code, _, error = await run("rcim", "top", "--data", "nowhere", cwd=served)
    assert code == 2 and "Is this the data directory of a server?" in error
