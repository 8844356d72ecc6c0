"""Settings that are read again by a server of several processes (OP-03): all of them or none, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from rcim.app.programs.admin_client import Target, admin_client
from rcim.app.settings.all_settings import Settings
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.client import Client, client_context
from rcim.content.elements import Text
from rcim.session.usersig import mint
from tests.e2e.test_commands import DEADLINE_S

LONG = "x" * 2000
SHORT = "[limits]\nbody_bytes_max = 1024\n"


class Cluster:
    """A server of an owner and two gateways, with a settings file."""

    def __init__(self, folder: Path, gateways: int = 2) -> None:
        self.config, self.data = folder / "rcim.toml", DataDir(folder / "data")
        self.config.write_text("", encoding="utf-8")
        own = (f"server.gateways={gateways}", "limits.drain_grace_ms=500", "limits.drain_return_ms=0")
        self.process = ServerProcess(folder / "data", own, config=self.config)

    def client(self, user: str) -> Client:
        sig = mint(Settings().app.sdkappid, self.data.key(), user, clock.wall_ms() // 1000, 3600)
        trust = client_context(self.data.certificate)
        return Client("127.0.0.1", self.process.port, user_id=user, user_sig=sig, tls=trust)

    async def admin(self, *arguments: str) -> tuple[int, Any, str]:
        """The exit status of `rcim-admin --json`, what it says, and what is wrong."""
        made = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from rcim_tools.admin import main; main()",
            "--data",
            str(self.data.path),
            "--json",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, wrong = await made.communicate()
        return made.returncode or 0, json.loads(out) if out.strip() else None, wrong.decode()

    async def lengths_on_all(self, group: str) -> set[str]:
        """What becomes of a long message on eight connections, which the kernel spreads over the gateways."""
        found = set()
        for i in range(8):
            async with self.client("alice") as one:
                try:
                    await one.send(group, [Text(f"{i}{LONG}")])
                    found.add("done")
                except RcimError as error:
                    found.add(error.code.name)
        return found


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    made = Cluster(tmp_path)
    await made.process.start()
    yield made
    await made.process.kill()


async def group_of(cluster: Cluster) -> str:
    async with cluster.client("alice") as alice:
        await alice.create_group("g", group_id="g")
    return "g"


async def test_all_processes_take_it(cluster: Cluster) -> None:
    group = await group_of(cluster)
    parts = [*cluster.process.parts("owner"), *cluster.process.parts("gateway")]
    cluster.config.write_text(SHORT + "mentions_max = 3\nframe_bytes_max = 70000\n", encoding="utf-8")
    status, looked, _ = await cluster.admin("reload", "--check")
    assert status == 0 and await cluster.lengths_on_all(group) == {"done"}
    status, rows, _ = await cluster.admin("reload")
    assert status == 0
    assert {row["name"]: row["state"] for row in rows} == {
        "limits.body_bytes_max": "in force",
        "limits.mentions_max": "in force",
        "limits.frame_bytes_max": "needs a restart",
    }
    assert [row["name"] for row in looked] == [row["name"] for row in rows]
    assert await cluster.lengths_on_all(group) == {"BODY_TOO_LARGE"}
    assert [*cluster.process.parts("owner"), *cluster.process.parts("gateway")] == parts, "nobody was started again"
    for part in parts:  # who is started now has what is in force
        os.kill(part, signal.SIGKILL)
    await until_parts(cluster, parts)
    assert await cluster.lengths_on_all(group) == {"BODY_TOO_LARGE"}
    assert await cluster.process.stop() == 0


async def test_what_is_wrong_changes_nothing_anywhere(cluster: Cluster) -> None:
    group = await group_of(cluster)
    cluster.config.write_text(SHORT + "[app]\nrefused_words = 'none'\n", encoding="utf-8")
    status, _, wrong = await cluster.admin("reload")
    assert status == 1 and "RELOAD_REFUSED" in wrong and "rcim.toml:4" in wrong
    cluster.config.write_text(
        SHORT + '[callbacks]\nhooks=["none"]\ncommands=["C2C.CallbackBeforeSendMsg"]\n', encoding="utf-8"
    )
    status, _, wrong = await cluster.admin("reload")
    assert status == 1 and "owner" in wrong, "only the owner looks for hooks"
    assert await cluster.lengths_on_all(group) == {"done"}


async def test_a_gateway_dies_while_it_prepares(cluster: Cluster) -> None:
    """Nothing changes, and what is in force is in force in the one that takes its place."""
    group = await group_of(cluster)
    victim = cluster.process.parts("gateway")[0]
    os.kill(victim, signal.SIGSTOP)
    cluster.config.write_text(SHORT, encoding="utf-8")
    os.kill(cluster.process.pid, signal.SIGHUP)
    await asyncio.sleep(0.2)  # decides nothing: whether it has the order or not, it can't answer
    os.kill(victim, signal.SIGKILL)
    await until_parts(cluster, [victim])
    assert await cluster.lengths_on_all(group) == {"done"}
    await reloaded(cluster)
    assert await cluster.lengths_on_all(group) == {"BODY_TOO_LARGE"}


async def test_the_owner_dies_while_it_prepares(cluster: Cluster) -> None:
    group = await group_of(cluster)
    (victim,) = cluster.process.parts("owner")
    os.kill(victim, signal.SIGSTOP)
    cluster.config.write_text(SHORT, encoding="utf-8")
    os.kill(cluster.process.pid, signal.SIGHUP)
    await asyncio.sleep(0.2)  # decides nothing
    os.kill(victim, signal.SIGKILL)
    await until_parts(cluster, [victim])
    assert await cluster.lengths_on_all(group) == {"done"}
    await reloaded(cluster)
    assert await cluster.lengths_on_all(group) == {"BODY_TOO_LARGE"}


async def test_during_a_storm_no_connection_ends_and_no_send_is_lost(cluster: Cluster) -> None:
    group = await group_of(cluster)
    cluster.config.write_text("[limits]\nsends_per_min = 0\n[types.Public]\nmessages_per_s = 0\n", encoding="utf-8")
    status, _, wrong = await cluster.admin("reload")
    assert status == 0, wrong

    async def storm(one: Client) -> list[int]:
        async with one:
            return [(await one.send(group, [Text(f"{i}")])).seq for i in range(200)]

    running = [asyncio.create_task(storm(cluster.client("alice"))) for _ in range(3)]
    for i in range(3):
        cluster.config.write_text(
            f"[limits]\nsends_per_min = 0\nmentions_max = {i + 1}\n[types.Public]\nmessages_per_s = 0\n",
            encoding="utf-8",
        )
        status, rows, wrong = await cluster.admin("reload")
        assert status == 0 and [row["name"] for row in rows] == ["limits.mentions_max"], wrong
    seqs = sorted(chain.from_iterable(await asyncio.gather(*running)))
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


async def reloaded(cluster: Cluster) -> None:
    """Reload, as soon as all processes are there: until then it is refused, and says so."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            status, rows, wrong = await cluster.admin("reload")
            if status == 0:
                assert rows
                return
            assert "try again when it is" in wrong, wrong


async def until_parts(cluster: Cluster, gone: list[int]) -> None:
    """Wait until others have taken the places of these processes, and serve."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            parts = [*cluster.process.parts("owner"), *cluster.process.parts("gateway")]
            if len(parts) == 3 and not set(parts) & set(gone):
                status, _, _ = await cluster.admin("stats")
                if status == 0:
                    return
            await asyncio.sleep(0.05)


async def test_the_signing_key_is_rotated_in_all_gateways(cluster: Cluster) -> None:  # ID-01
    first = cluster.data.key()
    for end, good in (((), {first, "new"}), (("--drop-previous",), {"new"})):
        arguments = ["-m", "rcim", "rotate-key", "--data", str(cluster.data.path), *end]
        made = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL)
        assert await made.wait() == 0
        status, rows, wrong = await cluster.admin("reload")
        assert status == 0 and "signing.previous.key" in {row["name"] for row in rows}, wrong
        keys = {first: first, "new": cluster.data.key()}
        for name, key in keys.items():
            sig = mint(Settings().app.sdkappid, key, "alice", clock.wall_ms() // 1000, 3600)
            trust = client_context(cluster.data.certificate)
            said = set()
            for _ in range(6):  # the kernel spreads them over the gateways
                client = Client("127.0.0.1", cluster.process.port, user_id="alice", user_sig=sig, tls=trust)
                try:
                    async with client:
                        said.add("done")
                except RcimError as error:
                    said.add(error.code.name)
            assert said == ({"done"} if name in good else {"USERSIG_BAD_KEY"})


async def test_an_operator_is_never_shut_out_while_keys_change(cluster: Cluster) -> None:  # ID-08
    """The key is replaced and the one before dropped, without a reload; then processes are started again, which know the
    new key alone. Whichever gateway the kernel chooses, `rcim-admin` gets in, also to reload."""
    for end in ((), ("--drop-previous",)):
        arguments = ["-m", "rcim", "rotate-key", "--data", str(cluster.data.path), *end]
        made = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL)
        assert await made.wait() == 0
    target = Target(cluster.data.path)
    for victims in (cluster.process.parts("owner"), cluster.process.parts("gateway")[:1]):
        os.kill(victims[0], signal.SIGKILL)
        await until_parts(cluster, victims)
        for _ in range(8):  # the kernel spreads them over the gateways
            async with admin_client(target)[0] as client:
                assert (await client.health()).checks
    assert len(cluster.data.admin_credentials()) == 2
    await reloaded(cluster)
    assert len(cluster.data.admin_credentials()) == 1
    for _ in range(8):
        async with admin_client(target)[0] as client:
            assert (await client.health()).checks
