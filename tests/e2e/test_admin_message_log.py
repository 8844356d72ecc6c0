"""`rcim-admin log` and `rcim-admin history`, as an operator calls them (AB-03, AB-04)."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.app.processes.process import ServerProcess
from rcim.app.settings.all_settings import NO_RATES
from rcim.client import User
from tests.e2e.test_admin_groups import Admin
from tests.unit.test_message_log import HOUR, PLACE, close, line, made

FLAGS = ("limits.drain_grace_ms=300", "message_log.enabled=true", "message_log.keep_days=0")


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[Admin]:
    """An operator whose server has a message log of an hour."""
    log = made(tmp_path)
    log.append({PLACE: line(2) + line(1)})
    close(log)
    process = ServerProcess(tmp_path / "rcim-data", (*NO_RATES, *FLAGS, f"message_log.folder={log.path}"))
    await process.start()
    yield Admin(process)
    assert await process.stop() == 0


async def the_message_log(admin: Admin, tmp_path: Path) -> None:
    (row,) = await admin.json("log", "list")
    data = (tmp_path / "log" / PLACE.file("jsonl.gz")).read_bytes()
    assert row == {
        "hour": HOUR,
        "kind": "group",
        "size": len(data),
        "messages": 2,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    to = tmp_path / "mine.gz"
    found = await admin.json("log", "get", HOUR, "group", "--to", str(to))
    assert found["messages"] == 2 and to.read_bytes() == data
    assert "No such file" in await admin.refused("log", "get", HOUR, "group", "--to", str(tmp_path / "no" / "way"))
    assert "NO_SUCH_LOG_FILE" in await admin.refused("log", "get", HOUR, "pair", "--to", str(to))
    shown = (await admin.table("log", "show", HOUR, "group")).splitlines()
    assert [row.split()[2:] for row in shown] == [["g:g", str(seq), "alice", '"hello', '你好"'] for seq in (1, 2)]
    code, out, _ = await admin("--json", "log", "show", HOUR, "group")
    assert code == 0 and out == gzip.decompress(data).decode()
    assert "--before, or --days" in await admin.refused("log", "expire", code=2)
    assert (await admin.json("log", "expire", "--before", HOUR))["removed"] == 0
    assert (await admin.json("log", "expire", "--days", "30000"))["removed"] == 0
    assert (await admin.json("log", "expire", "--before", "2026111812"))["removed"] == 1


async def any_range_of_any_conversation(admin: Admin) -> None:
    async with admin.user("alice") as alice, admin.user("bob") as bob:
        await alice.create_group("Chess", group_id="g")
        sent = [await alice.send("g", f"g{number}") for number in range(150)]
        await alice.send(User("bob"), "p1")
        await bob.send(User("alice"), "p2")

    async def seqs(*command: str) -> list[int]:
        code, out, error = await admin("--json", "history", *command)
        assert code == 0, error
        return [json.loads(row)["seq"] for row in out.splitlines()]

    last = sent[-1].seq
    assert await seqs("g:g") == list(range(1, last + 1))
    assert await seqs("g:g", "--from", "20", "--to", "140") == list(range(20, 141))
    assert await seqs("g:g", "--from", "2020-01-01", "--to", "2020-01-02T00:00:00Z") == []
    assert await seqs("g:g", "--from", "2020-01-01") == list(range(1, last + 1))
    lines = (await admin.table("history", "c:5:alice:bob")).splitlines()
    assert [row.split()[2:] for row in lines] == [["1", "alice", '"p1"'], ["2", "bob", '"p2"']]
    assert "g:lobby" in await admin.refused("history", "lobby", code=2)
    assert "has to be a SEQ, or a time like 2026" in await admin.refused(
        "history", "g:g", "--from", "yesterday", code=2
    )
    assert "has to be a SEQ" in await admin.refused("history", "g:g", "--from", "0", code=2)
    assert "NO_SUCH_GROUP" in await admin.refused("history", "g:none")


async def test_log_and_history(admin: Admin, tmp_path: Path) -> None:  # AB-03, AB-04
    await the_message_log(admin, tmp_path)
    await any_range_of_any_conversation(admin)
