"""The message log over the wire (AB-03), with gateways too, and any range of any conversation (AB-04)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.client import Client, User
from rcim.client.message_log import BadChecksum
from rcim.outbox.message_log import message_log
from rcim.outbox.message_log.lines import HOUR_MS, hour_of
from rcim.service import message_log as service
from tests.kit import TestCluster, TestServer, travel

ON = ("message_log.enabled=true",)


async def refused(ask: Any) -> str:
    with pytest.raises(RcimError) as error:
        await ask
    return error.value.code.name


async def talk(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("Chess", group_id="g")
        await bob.join("g")
        for number in range(5):
            await alice.send("g", f"g{number}")
            await bob.send(User("alice"), f"p{number}")


def node_of(server: TestServer) -> Any:
    return server.back if isinstance(server, TestCluster) else server.server._back


@pytest.mark.parametrize("kind", [TestServer, TestCluster])
async def test_the_log_of_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[TestServer]
) -> None:  # AB-03
    travel(monkeypatch, clock.wall_ms())  # so that all of it falls into one hour
    server = kind(tmp_path / "data", tls=False, flags=ON)
    await server.start()
    hour = hour_of(clock.wall_ms())
    async with server.client("administrator") as root:
        assert [file async for file in root.log_files()] == [] and await root.expire_log(hour) == 0, "no folder yet"
    await talk(server)
    monkeypatch.setattr(message_log, "AFTER_MS", -HOUR_MS)  # the hour is over
    monkeypatch.setattr(service, "CHUNK_BYTES_MAX", 100)
    node = node_of(server)
    async with server.client("administrator") as root, server.client("alice") as alice:
        while not (files := [file async for file in root.log_files()]):
            (consumer,) = node.consumers.outbox._consumers.values()
            await consumer.commit()
            await node.consumers.message_log._log.look()
        assert [(file.kind, file.messages) for file in files] == [("group", 5), ("pair", 5)]
        assert {file.hour for file in files} == {hour}
        await download(root, files[0].hour, tmp_path)
        assert await refused(alice.expire_log("2026010100")) == "ADMIN_REQUIRED"
        assert await refused(root.log_chunk("2026010100", "group")) == "NO_SUCH_LOG_FILE"
        for wrong in ("../../../x", "2026010199"):
            assert await refused(root.log_chunk(wrong, "group")) == "BAD_PARAMETER"
        assert await refused(root.log_chunk("2026010100", "../x")) == "BAD_PARAMETER"
        assert await root.expire_log(hour_of(clock.wall_ms() + HOUR_MS)) == 2
        assert [file async for file in root.log_files()] == []
    await server.stop()


async def download(root: Client, hour: str, folder: Path) -> None:
    to = folder / "group.jsonl.gz"
    first = await root.log_chunk(hour, "group", limit=50)
    assert len(first.data) == 50
    (folder / "group.jsonl.gz.part").write_bytes(first.data)  # it was broken off, and goes on
    await root.download_log(hour, "group", to)
    with gzip.open(to, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert [(row["GroupId"], row["MsgSeq"], row["MsgBody"][0]["MsgContent"]["Text"]) for row in rows] == [
        ("g", seq, f"g{seq - 1}") for seq in range(1, 6)
    ]
    (folder / "group.jsonl.gz.part").write_bytes(b"x" * 50)
    with pytest.raises(BadChecksum):
        await root.download_log(hour, "group", to)
    assert await refused(root.log_chunk(hour, "group", sha256=b"x" * 32)) == "LOG_FILE_CHANGED"


async def test_a_server_without_a_message_log(tmp_path: Path) -> None:  # AB-03
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with server.client("administrator") as root:
        assert await refused(root.expire_log("2026010100")) == "MESSAGE_LOG_OFF"
        assert await refused(root.log_chunk("2026010100", "group")) == "MESSAGE_LOG_OFF"
    await server.stop()


async def test_any_range_of_any_conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # AB-04
    monkeypatch.setattr("rcim.client.ranges.PAGE", 3)
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    await talk(server)
    async with server.client("administrator") as root:
        for where in ("g", User("bob", of="alice")):
            found = [message async for message in root.history_range(where)]
            seqs = [message.seq for message in found]
            assert seqs == sorted(seqs) and len(seqs) >= 5
            times = [message.time_ms for message in found]
            some = [message.seq async for message in root.history_range(where, from_seq=2, to_seq=4)]
            assert some == [2, 3, 4]
            later = [m.seq async for m in root.history_range(where, from_time_ms=times[3], to_time_ms=times[4])]
            assert later == [m.seq for m in found if times[3] <= m.time_ms <= times[4]]
            assert [m async for m in root.history_range(where, from_time_ms=times[-1] + 1)] == []
    await server.stop()
