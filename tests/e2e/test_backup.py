"""`rcim backup`, `restore`, `export` and `import` as an operator runs them, beside a server of one process or several
(ST-03, OP-03)."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from rcim.app.settings.all_settings import NO_RATES
from rcim.client import Client, client_context
from rcim.session.usersig import mint
from tests.e2e.test_commands import DEADLINE_S, QUICK, run
from tests.kit import SDKAPPID


def client_of(process: ServerProcess, data: Path, user: str) -> Client:
    there = DataDir(data)
    signature = mint(SDKAPPID, there.key(), user, int(time.time()), 3600)
    tls = client_context(there.certificate)
    return Client(process.host, process.port, user_id=user, user_sig=signature, tls=tls)


class Talker:
    """A user who sends on and on, and what was acknowledged."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.acknowledged: list[int] = []
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            number = len(self.acknowledged) + 1
            self.acknowledged.append((await self._client.send("talk", f"message {number}")).seq)

    async def heard(self, more: int) -> None:
        """Until so many more are acknowledged."""
        goal = len(self.acknowledged) + more
        async with asyncio.timeout(DEADLINE_S):
            while len(self.acknowledged) < goal:
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture(params=[0, 2])
async def served(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[ServerProcess, Talker]]:
    """A server on which somebody talks."""
    flags = (*NO_RATES, *QUICK, f"server.gateways={request.param}")
    process = ServerProcess(tmp_path / "data", flags)
    await process.start()
    client = client_of(process, tmp_path / "data", "alice")
    await client.connect()
    await client.create_group("Talk", group_id="talk", members=["bob"])
    talker = Talker(client)
    await talker.heard(20)
    yield process, talker
    await talker.stop()
    await client.close()
    assert await process.stop() == 0


async def answers(folder: Path, *command: str) -> str:
    code, out, error = await run("rcim", *command, cwd=folder)
    assert code == 0, error
    return str(out)


async def test_what_was_acknowledged_before_is_in_it(served: tuple[ServerProcess, Talker], tmp_path: Path) -> None:
    _, talker = served
    before = len(talker.acknowledged)
    made = json.loads(await answers(tmp_path, "backup", "b", "--data", "data", "--json"))
    await answers(tmp_path, "export", "x.jsonl.gz", "--data", "data")
    await talker.heard(20)
    restored = json.loads(await answers(tmp_path, "restore", made["folder"], "--data", "new", "--json"))
    assert restored["history"] != made["manifest"]["history"]
    assert "0 faults" in await answers(tmp_path, "check", "--data", "new")
    assert "begins" in await answers(tmp_path, "import", "x.jsonl.gz", "--data", "imported")
    (tmp_path / "imported" / "signing.key").write_bytes((tmp_path / "data" / "signing.key").read_bytes())
    (tmp_path / "imported" / "signing.key").chmod(0o600)
    for data in ("new", "imported"):
        texts, next_seq = await found_in(tmp_path / data)
        assert len(texts) >= before and texts == [f"message {n}" for n in range(1, len(texts) + 1)]
        assert next_seq == len(texts) + 1
    listed = await answers(tmp_path, "backup", "b", "--list")
    assert Path(made["folder"]).name in listed and "schema" in listed
    assert (
        json.loads((tmp_path / "data" / "last-backup").read_text(encoding="utf-8"))["at_ms"]
        == made["manifest"]["at_ms"]
    )


async def found_in(data: Path) -> tuple[list[str], int]:
    """Another server's messages of the conversation, and the SEQ that comes next there."""
    process = ServerProcess(data, (*NO_RATES, *QUICK))
    await process.start()
    texts: list[str] = []
    async with client_of(process, data, "bob") as bob:
        while page := await bob.history("talk", from_seq=len(texts) + 1, limit=100):
            texts += [m.text for m in page]
        seq = (await bob.send("talk", "and on")).seq
    assert await process.stop() == 0
    return texts, seq


async def test_one_that_is_killed_leaves_nothing_that_looks_complete(
    served: tuple[ServerProcess, Talker], tmp_path: Path
) -> None:
    _, talker = served
    command = ("-m", "rcim", "backup", "b", "--data", "data", "--mib-per-s", "0.001")
    slow = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=tmp_path)
    async with asyncio.timeout(DEADLINE_S):
        while not list(tmp_path.glob("b/*.incomplete/store/data.mdb")):
            await asyncio.sleep(0.01)
    code, _, error = await run("rcim", "backup", "b", "--data", "data", cwd=tmp_path)
    assert code == 1 and "another backup is being made there" in error
    code, _, error = await run("rcim", "restore", str(next(tmp_path.glob("b/2*"))), "--data", "new", cwd=tmp_path)
    assert code == 1 and "this backup is incomplete" in error
    slow.send_signal(signal.SIGKILL)
    await slow.wait()
    assert "incomplete" in await answers(tmp_path, "backup", "b", "--list")
    await talker.heard(5)
    out = await answers(tmp_path, "backup", "b", "--data", "data")
    assert "removed" in out and [path.suffix for path in tmp_path.glob("b/2*")] == [
        path.suffix for path in done(tmp_path)
    ]


def done(folder: Path) -> list[Path]:
    return [path.parent for path in folder.glob("b/*/manifest.json")]


async def test_what_can_not_be_done_is_said(tmp_path: Path) -> None:
    async def refused(*command: str) -> Any:
        code, _, error = await run("rcim", *command, cwd=tmp_path)
        return code, error

    assert await refused("backup", "b", "--data", "nowhere") == (1, "rcim: nowhere/store: there is no store\n")
    assert await refused("restore", "b", "--data", "new") == (1, "rcim: b: there is no such folder\n")
    assert (await refused("export", "x", "--data", "nowhere"))[0] == 1
    code, error = await refused("import", "x", "--data", "new")
    assert code == 1 and error == "rcim: x: No such file or directory\n"
    assert (await refused("backup", "b", "--list"))[0] == 2
    process = ServerProcess(tmp_path / "data", (*NO_RATES, *QUICK))
    await process.start()
    code, error = await refused("import", "x", "--data", "data")
    assert code == 1 and "in use by another rcim server" in error
    assert await process.stop() == 0
