"""The commands as a user runs them: processes, terminals' pipes, exit codes, kill -9."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rcim.app.processes.process import ServerFailed, ServerProcess
from rcim.app.settings.all_settings import NO_RATES
from rcim.session import usersig
from rcim.store.upgrade import SCHEMA_VERSION
from tests.amount import some
from tests.integration.test_stores_of_every_schema import unpacked

BIN = Path(sys.executable).parent
QUICK = ("limits.drain_grace_ms=300",)
DEADLINE_S = 120.0
"""For whatever a process has to say: it only guards against hanging."""


async def run(*command: str, cwd: Path, say: str | None = None, environment: dict[str, str] | None = None) -> Any:
    """Run a command to its end: (exit code, standard output, standard error)."""
    process = await asyncio.create_subprocess_exec(
        str(BIN / command[0]),
        *command[1:],
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200", **(environment or {})},
    )
    async with asyncio.timeout(DEADLINE_S):
        out, error = await process.communicate(say.encode() if say is not None else None)
    return process.returncode, out.decode(), error.decode()


CHATS: list[asyncio.subprocess.Process] = []
"""Chats that were opened; those that a failed test has left are ended."""


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Path]:
    """A folder with a data directory `rcim-data` that a server runs on."""
    process = ServerProcess(tmp_path / "rcim-data", (*NO_RATES, *QUICK))
    await process.start()
    yield tmp_path
    for chat in [c for c in CHATS if c.returncode is None]:
        chat.kill()
        await chat.communicate()
    CHATS.clear()
    assert await process.stop() == 0


async def test_what_an_operator_says_of_a_stopped_server(tmp_path: Path) -> None:
    """That the clock is right, and that the store was restored; not while a server runs on it."""
    process = ServerProcess(tmp_path / "rcim-data", (*NO_RATES, *QUICK))
    for command in ("accept-clock", "new-history"):
        code, _, error = await run("rcim", command, cwd=tmp_path)
        assert code == 2 and "there is no store" in error
    await process.start()
    for command in ("accept-clock", "new-history"):
        code, _, error = await run("rcim", command, cwd=tmp_path)
        assert code == 2 and "in use by another rcim server" in error
    assert await process.stop() == 0
    code, out, _ = await run("rcim", "accept-clock", cwd=tmp_path)
    assert code == 0 and "0 times were moved" in out
    code, out, _ = await run("rcim", "new-history", cwd=tmp_path)
    assert code == 0 and out.startswith("history ")
    code, out, _ = await run("rcim", "check", cwd=tmp_path)
    assert code == 0, out
    await process.start()
    assert await process.stop() == 0


class Chat:
    """`rcim chat` with a pipe for a terminal."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        CHATS.append(process)

    @classmethod
    async def open(cls, cwd: Path, *more: str) -> Chat:
        return cls(
            await asyncio.create_subprocess_exec(
                str(BIN / "rcim"),
                "chat",
                *more,
                cwd=cwd,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        )

    async def until(self, text: str) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            while True:
                line = (await self.process.stdout.readline()).decode()
                assert line, "the chat ended"
                if text in line:
                    return line

    def say(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())

    async def end(self) -> int:
        self.say("/quit")
        _, _ = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode


async def test_two_terminals_talk(served: Path) -> None:
    alice = await Chat.open(served, "--user", "alice", "--group", "lobby", "--nickname", "Alice")
    await alice.until("made the group lobby")
    await alice.until("1 members, 1 online")
    bob = await Chat.open(served, "--user", "bob", "--group", "lobby")
    await bob.until("2 members, 2 online")
    alice.say("hello bob")
    assert "Alice: hello bob" in await bob.until("hello bob")
    bob.say("hello \x1b[31malice")
    assert "bob: hello ?[31malice" in await alice.until("bob: hello"), "what would steer the terminal is not shown"
    bob.say("/members")
    await bob.until("alice, bob")
    assert await bob.end() == 0
    alice.say("are you there?")
    await alice.until("are you there?")
    again = await Chat.open(served, "--user", "bob", "--group", "lobby")
    assert "Alice: hello bob" in await again.until("hello bob"), "what was said before"
    await again.until("are you there?")
    assert await again.end() == 0 and await alice.end() == 0


async def test_a_pipe_into_a_channel(served: Path) -> None:  # UG-02
    news = "@TGS#_city@TOPIC#_news"
    alice = await Chat.open(served, "--user", "alice", "--group", news)
    await alice.until("made the channel news")
    await alice.until("1 members")
    bob = await Chat.open(served, "--user", "bob", "--group", news)
    await bob.until("2 members")
    bob.say("hello")
    await alice.until("bob: hello")
    assert await bob.end() == 0 and await alice.end() == 0


async def test_admin(served: Path) -> None:  # AB-01
    async def admin(*command: str) -> Any:
        return await run("rcim-admin", *command, cwd=served)

    code, out, _ = await admin(
        "--json", "group", "create", "My room", "--id", "room", "--join", "free", "--member", "alice"
    )
    assert code == 0 and json.loads(out) == {"group_id": "room"}
    code, out, _ = await admin("group", "list")
    assert code == 0 and "room" in out and "My room" in out
    code, out, _ = await admin("--json", "group", "info", "room")
    assert json.loads(out)["member_num"] == 2 and json.loads(out)["apply_join_option"] == "FREE_ACCESS"
    code, out, _ = await admin("--json", "message", "send", "room", "hello", "--priority", "high")
    assert code == 0 and json.loads(out)["seq"] == 1
    code, out, _ = await admin("--json", "member", "list", "room")
    assert [m["user_id"] for m in json.loads(out)] == ["administrator", "alice"]
    code, out, _ = await admin("--json", "connections")
    assert [c["platform"] for c in json.loads(out)] == ["SERVER"]
    code, out, _ = await admin("--json", "stats", "--metrics")
    rows = {(row["metric"], row["labels"]): row for row in json.loads(out)}
    assert code == 0 and rows["rcim_connections", ""]["value"] >= 1
    assert rows["rcim_store_append_seconds", ""]["p99"].startswith(("<= ", "> "))
    code, out, _ = await admin("stats", "--metrics")
    assert code == 0 and "rcim_loop_lag_seconds" in out and "process=server" in out
    code, out, _ = await admin("--json", "stats")
    assert json.loads(out)["messages"] == 1
    code, _, error = await admin("group", "info", "none")
    assert code == 1 and "10010 NO_SUCH_GROUP" in error
    code, out, _ = await admin("--json", "group", "dissolve", "room")
    assert code == 0 and json.loads(out) == {"group_id": "room", "dissolved": True}
    code, _, error = await admin("--token", "bad", "stats")
    assert code == 1 and "70003" in error
    code, _, error = await admin("--server", "127.0.0.1:1", "stats")
    assert code == 2 and "no answer" in error
    code, _, error = await admin("message", "send", "room", "x", "--priority", "urgent")
    assert code == 2 and "urgent" in error
    code, _, error = await admin("--data", "nowhere", "stats")
    assert code == 2 and "nowhere" in error
    code, out, _ = await run(
        "rcim-admin",
        cwd=served,
        environment={"_RCIM_ADMIN_COMPLETE": "complete_bash", "COMP_WORDS": "rcim-admin gr", "COMP_CWORD": "1"},
    )
    assert "group" in out, "shell completion"


async def test_token_and_its_faults(served: Path) -> None:  # ID-02
    code, out, _ = await run("rcim", "token", "--user", "alice", cwd=served)
    assert code == 0 and len(out.strip()) > 100
    code, _, error = await run("rcim", "token", "--user", "a\nb", cwd=served)
    assert code == 2 and "1 to 64 characters, none of them a control" in error
    code, _, error = await run("rcim", "token", "--user", "alice", "--data", "nowhere", cwd=served)
    assert code == 2 and "Has a server been started" in error
    chat = await run("rcim", "chat", "--user", "bob", "--token", out.strip(), cwd=served, say="")
    assert chat[0] == 1 and "USERSIG_OTHER_USER" in chat[2]


async def test_users_of_a_server_with_an_app_of_its_own(tmp_path: Path) -> None:  # ID-02
    """`rcim chat --data DIR`, which the start prints, works whatever the settings file of the server says, and
    so does a UserSig of `rcim token --data DIR`."""
    (tmp_path / "rcim.toml").write_text("[app]\nsdkappid = 1400000077\n", encoding="utf-8")
    process = ServerProcess(tmp_path / "rcim-data", (*NO_RATES, *QUICK), config=tmp_path / "rcim.toml")
    await process.start()
    try:
        code, _, error = await run("rcim", "chat", "--user", "alice", "--group", "lobby", cwd=tmp_path, say="hello\n")
        assert code == 0, error
        code, out, error = await run("rcim", "token", "--user", "alice", cwd=tmp_path)
        assert code == 0 and usersig.read(out.strip())["TLS.sdkappid"] == 1400000077, error
        chat = ("chat", "--user", "alice", "--group", "lobby", "--token", out.strip())
        code, _, error = await run("rcim", *chat, cwd=tmp_path, say="hello again\n")
        assert code == 0, error
        given = ("token", "--user", "alice", "--set", "app.sdkappid=1400000000")
        code, out, error = await run("rcim", *given, cwd=tmp_path)
        assert code == 0 and usersig.read(out.strip())["TLS.sdkappid"] == 1400000000, "what is given is taken"
    finally:
        assert await process.stop() == 0


async def test_an_administrator_with_another_name(tmp_path: Path) -> None:  # ID-08
    """Without --user, programs log in as whom the data directory's credential is for, also after a reload has changed it;
    with --token, as whom that is for."""
    config = tmp_path / "rcim.toml"
    config.write_text('[app]\nadministrators = ["boss"]\n', encoding="utf-8")
    process = ServerProcess(tmp_path / "rcim-data", (*NO_RATES, *QUICK), config=config)
    await process.start()
    try:
        for command in (("rcim-admin", "stats"), ("rcim", "top", "--once")):
            code, _, error = await run(*command, cwd=tmp_path)
            assert code == 0, error
        _, out, _ = await run("rcim", "doctor", "--json", "--data", "rcim-data", cwd=tmp_path)
        assert [one["kind"] for one in json.loads(out) if one["check"] == "health"] == ["ok"], out
        config.write_text('[app]\nadministrators = ["chief"]\n', encoding="utf-8")
        for command in (("rcim-admin", "reload"), ("rcim-admin", "stats")):
            code, _, error = await run(*command, cwd=tmp_path)
            assert code == 0, error
        _, sig, _ = await run("rcim", "token", "--user", "boss", cwd=tmp_path)
        code, _, error = await run("rcim-admin", "--token", sig.strip(), "stats", cwd=tmp_path)
        assert code == 1 and "ADMIN_REQUIRED" in error, "it is boss who asks, and is an administrator no more"
        code, _, error = await run("rcim-admin", "--user", "boss", "stats", cwd=tmp_path)
        assert code == 1 and "USERSIG_OTHER_USER" in error, "who is named is taken"
        code, _, error = await run("rcim-admin", "--token", "x", "stats", cwd=tmp_path)
        assert code == 1 and "USERSIG_MALFORMED" in error
    finally:
        assert await process.stop() == 0


async def test_serve_and_its_faults(tmp_path: Path) -> None:  # OP-01
    (tmp_path / "bad.toml").write_text("[server]\nport = 99999\n", encoding="utf-8")
    code, _, error = await run("rcim", "serve", "--config", "bad.toml", cwd=tmp_path)
    assert code == 2 and "bad.toml:2: server.port is 99999" in error
    code, out, _ = await run("rcim", "serve", "--check", cwd=tmp_path)
    assert code == 0 and "good" in out and not (tmp_path / "rcim-data").exists()
    code, _, error = await run("rcim", "serve", "--host", "203.0.113.1", "--port", "0", cwd=tmp_path)
    assert code == 2 and error
    code, _, error = await run("rcim", "serve", "--set", "server.certificate=none.pem", cwd=tmp_path)
    assert code == 2 and "none.pem" in error
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, error = await run("rcim", "serve", "--data", "file/x", cwd=tmp_path)
    assert code == 2 and "file" in error


async def test_a_first_start_says_how_to_connect(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        str(BIN / "rcim"),
        "serve",
        "--port",
        "0",
        "--host",
        "0.0.0.0",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(DEADLINE_S):
        while "Ctrl-C" not in text:
            text += (await process.stdout.readline()).decode()
    assert "made signing key" in text and "self-signed certificate" in text and "rcim chat --user alice" in text
    process.send_signal(signal.SIGINT)
    text += (await process.communicate())[0].decode()
    assert "WARNING rcim.server the settings need attention" in text and "others can reach this server" in text
    assert process.returncode == 0


async def test_a_value_that_begins_with_a_dash(served: Path) -> None:
    """The error says how to give it, and so it is taken."""
    await run("rcim-admin", "group", "create", "G", "--id", "g", cwd=served)
    for program in (
        ("rcim-admin", "message", "send", "g", "-hello"),
        ("rcim-admin", "member", "invite", "g", "-hello"),
    ):
        code, _, error = await run(*program, cwd=served)
        assert code == 2 and "rcim-admin ... -- -hello" in error, error
    code, _, error = await run("rcim", "demo", "groups", "-x", cwd=served)
    assert code == 2 and "rcim ... -- -x" in error, error
    code, out, error = await run("rcim-admin", "--json", "message", "send", "--", "g", "-hello", cwd=served)
    assert code == 0 and json.loads(out)["seq"] == 1, error
    _, out, _ = await run("rcim-admin", "--json", "message", "history", "g", cwd=served)
    assert json.loads(out)[0]["text"] == "-hello"


async def test_kill_and_check(tmp_path: Path) -> None:  # ST-01
    data = tmp_path / "rcim-data"
    process = ServerProcess(data, QUICK)
    await process.start()
    code, _, _ = await run("rcim-admin", "group", "create", "G", "--id", "g", cwd=tmp_path)
    sent = await run("rcim-admin", "--json", "message", "send", "g", "hello", cwd=tmp_path)
    await process.kill()
    assert code == 0 and json.loads(sent[1])["seq"] == 1
    code, out, _ = await run("rcim", "check", "--json", cwd=tmp_path)
    assert code == 0 and json.loads(out) == {
        "schema": SCHEMA_VERSION,
        "groups": 1,
        "one_to_one": 0,
        "members": 1,
        "messages": 1,
        "faults": [],
    }
    await process.start()
    sent = await run("rcim-admin", "--json", "message", "send", "g", "hello", cwd=tmp_path)
    assert json.loads(sent[1])["seq"] == 2
    await process.stop()
    code, _, error = await run("rcim", "check", "--data", "nowhere", cwd=tmp_path)
    assert code == 2 and "no store" in error


async def test_a_store_of_an_earlier_version_is_checked_as_it_is(tmp_path: Path) -> None:  # ST-03
    unpacked(1, tmp_path / "rcim-data" / "store")
    code, out, _ = await run("rcim", "check", cwd=tmp_path)
    assert code == 0 and ": 0 faults\n" in out
    assert out.endswith(f"\nschema version 1: the next start upgrades it to {SCHEMA_VERSION}\n")


async def test_a_server_that_does_not_start(tmp_path: Path) -> None:
    process = ServerProcess(tmp_path / "d", ("server.host=203.0.113.1",))
    with pytest.raises(ServerFailed):
        await process.start()
    assert not process.running


@pytest.mark.slow
async def test_the_demo_small(tmp_path: Path) -> None:
    code, out, error = await run("rcim", "demo", "--members", "60", "--seconds", "2", "--json", cwd=tmp_path)
    assert code == 0, error
    found = json.loads(out)
    assert found["acknowledged"] == found["sent"] > 40
    assert (found["lost"], found["doubled"], found["SEQ gaps"]) == (0, 0, 0)
    code, out, error = await run("rcim", "demo", "--members", "20", "--seconds", "2", cwd=tmp_path)
    assert code == 0 and "nothing lost" in out and "SIGKILL" in out


@pytest.mark.slow
@pytest.mark.parametrize("plain", [(), ("--plain",)], ids=["tls", "plain"])
async def test_fanout_small(tmp_path: Path, plain: tuple[str, ...]) -> None:
    command = ("fanout", "--members", "60", "--rate", "40", "--seconds", "1", "--payload", "200", "--json", "-")
    code, out, error = await run("rcim-bench", *command, *plain, cwd=tmp_path)
    assert code == 0, error
    found = json.loads(out)
    assert found["offered"] == found["accepted"] == 40
    assert found["delivered"] == found["expected_deliveries"] == 2400
    assert (found["lost"], found["duplicated"], found["reordered"]) == (0, 0, 0)
    wanted = (
        "deliveries_per_s",
        "server_cpu_us_per_delivery",
        "server_rss_kib_per_connection",
        "generator_cpu_share",
    )
    assert all(found[name] > 0 for name in wanted)
    assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["p99"] <= found["latency_ms"]["max"]


@pytest.mark.slow
async def test_fanout_on_a_given_server(served: Path) -> None:
    address = (served / "rcim-data" / "address").read_text(encoding="utf-8").rsplit(":", 1)[0]
    code, out, error = await run(
        "rcim-bench",
        "fanout",
        "--members",
        "20",
        "--seconds",
        "1",
        "--server",
        address,
        "--data",
        "rcim-data",
        "--json",
        "-",
        cwd=served,
    )
    assert code == 0, error
    assert json.loads(out)["delivered"] == 800 and json.loads(out)["server_cpu_us_per_delivery"] > 0
    code, _, error = await run("rcim-bench", "fanout", "--server", address, cwd=served)
    assert code == 2 and "--data" in error


@pytest.mark.slow
async def test_commit_and_codec_small(tmp_path: Path) -> None:
    code, out, error = await run(
        "rcim-bench", "commit", "--groups", "1,5", "--senders", "1,4", "--seconds", "0.3", "--json", "-", cwd=tmp_path
    )
    assert code == 0, error
    rows = json.loads(out)["rows"]
    assert [(r["groups"], r["senders"]) for r in rows] == [(1, 1), (1, 4), (5, 1), (5, 4)]
    assert all(r["durable_sends_per_s"] > 0 for r in rows)
    code, out, _ = await run("rcim-bench", "codec", "--seconds", "0.02", "--json", "codec.json", cwd=tmp_path)
    assert code == 0 and {
        r["frame"] for r in json.loads((tmp_path / "codec.json").read_text(encoding="utf-8"))["rows"]
    } >= {"SEND"}


async def test_a_report_of_nothing_says_so(tmp_path: Path) -> None:
    code, _, error = await run("rcim-bench", "report", "nowhere", cwd=tmp_path)
    assert code == 2 and "no measurement there" in error
    code, _, error = await run("rcim-bench", "all", "here", "--only", "fast", cwd=tmp_path)
    assert code == 2 and "no measurement fast" in error


async def test_scenarios_are_listed(tmp_path: Path) -> None:
    code, out, _ = await run("rcim-bench", "scenario", "list", cwd=tmp_path)
    assert code == 0 and "room-10000" in out
    code, _, error = await run("rcim-bench", "scenario", "nothing", cwd=tmp_path)
    assert code == 2 and "no scenario 'nothing'" in error


@pytest.mark.slow
async def test_limits_small(tmp_path: Path) -> None:
    ks = [1, 4][some(1, of=0) :]
    k = ",".join(map(str, ks))
    command = ("limits", "--members", "30", "--k", k, "--seconds", "0.5", "--rounds", "1", "--json", "-")
    code, out, error = await run("rcim-bench", *command, cwd=tmp_path)
    assert code == 0, error
    found = json.loads(out)
    assert [(r["tls"], r["k"]) for r in found["rows"]] == [(tls, k) for tls in (False, True) for k in ks]
    assert all(r["raw_us"] > 0 and r["rcim_us"] > 0 and r["ratio"] > 0 for r in found["rows"])
    assert (found["lost"], found["wrong"]) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "gateways"), [(1, 0), (1, 2), (2, 0)][: some(2, of=3)])
async def test_crash_small(tmp_path: Path, seed: int, gateways: int) -> None:  # ST-01, MS-01, MS-02
    code, out, error = await run(
        "rcim-bench",
        "crash",
        "--kills",
        str(some(2, of=6)),
        "--seed",
        str(seed),
        "--clients",
        "6",
        "--gateways",
        str(gateways),
        "--backup",
        "--reload",
        "--json",
        "-",
        cwd=tmp_path,
    )
    assert code == 0, error
    found = json.loads(out)
    assert found["backups"] > 0 and found["reloads"] > 0
    assert f"seed {seed}" in error and found["acknowledged"] == found["kept"] > 0
    for name in (
        "acknowledged_lost",
        "seq_gaps",
        "seq_used_twice",
        "retry_other_seq",
        "cut_without_reason",
        "unheard",
        "unanswered",
        "backups_failed",
        "backup_missing",
    ):
        assert found[name] == 0, name
    assert found["store_faults"] == found["backup_faults"] == []


async def test_every_command_has_help(tmp_path: Path) -> None:
    for program, commands in (
        ("rcim", ("serve", "token", "check", "chat", "demo")),
        ("rcim-admin", ("group", "member", "message", "user", "type", "connections", "stats")),
        (
            "rcim-bench",
            ("fanout", "commit", "limits", "scenario", "stages", "peers", "all", "report", "codec", "crash"),
        ),
    ):
        code, out, _ = await run(program, "--help", cwd=tmp_path)
        assert code == 0 and all(name in out for name in commands)
    code, out, _ = await run("rcim", "--version", cwd=tmp_path)
    assert code == 0 and out.startswith("rcim 0.")
