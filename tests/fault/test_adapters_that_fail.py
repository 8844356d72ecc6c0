"""A fault in one adapter, in one codec, or in what completes a result harms nobody else, and leaves nobody waiting."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rcim.actor.outcomes import Refused
from rcim.adapters.frames.codec import FrameCodec
from rcim.adapters.frames.connection import FrameConnection
from rcim.base.errors import RcimError
from rcim.base.terms import Priority
from rcim.connect.inspection import Inspection
from rcim.connect.principal import Principal
from rcim.service import requests as r
from rcim.service import service as service_module
from rcim.wire import frames as f
from tests.json_adapter import JsonCodec, JsonConnection
from tests.kit import TestServer, create, send, until

ROOT = Principal("administrator", True)


def refuse(codec: type, method: str, monkeypatch: pytest.MonkeyPatch, when: Any) -> None:
    """Have a codec raise for what `when` says."""
    inner = getattr(codec, method)

    def failing(self: Any, *args: Any) -> bytes:
        if when(*args):
            raise ValueError("this codec can't")
        made: bytes = inner(self, *args)
        return made

    monkeypatch.setattr(codec, method, failing)


async def seqs(raw: Any, last: int) -> list[tuple[int, str]]:
    """SEQ and sender of what is delivered up to the SEQ `last`."""
    found: list[tuple[int, str]] = []
    while not found or found[-1][0] < last:
        found += [(m.seq, m.sender) for m in (await raw.take_of(f.Deliver)).messages]
    return found


@pytest.mark.parametrize("chunk", [256, 1], ids=["gathered", "in chunks"])
async def test_a_message_that_cannot_be_encoded_stops_nothing(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """Its place alone is delivered, and the conversation goes on: also in rounds that are cut in chunks."""
    fanout = plain_server.server.hub.fanout
    monkeypatch.setattr(fanout, "_limits", replace(fanout._limits, fanout_chunk=chunk))
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g", "bob"))
    refuse(FrameCodec, "message", monkeypatch, lambda m: m.seq == 2 and m.sender == "alice")
    for number in range(1, 5):
        assert (await alice.ask(send("g", f"c{number}"))).seq == number
    assert [seq for seq, _ in await seqs(bob, 4)] == [1, 2, 3, 4]


async def test_where_not_even_its_place_can_be_encoded_the_client_asks(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g", "bob"))
    refuse(FrameCodec, "message", monkeypatch, lambda m: m.seq == 1)
    await alice.ask(send("g", "c1"))
    missed = await bob.take_of(f.Resync)
    assert (missed.from_seq, missed.newest_seq) == (1, 1)
    await alice.ask(send("g", "c2"))
    assert [seq for seq, _ in await seqs(bob, 2)] == [2]


async def test_a_codec_that_fails_stops_no_other(plain_server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: JsonConnection(plain_server.server.service), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname()[:2])
    sig = plain_server.sign("carol")
    writer.write(f'{{"op": "LOGIN", "user_id": "carol", "user_sig": "{sig}"}}\n'.encode())
    assert b"result" in await reader.readline()
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    for method in ("message", "deliver", "push", "stem"):
        refuse(JsonCodec, method, monkeypatch, lambda *args: True)
    await alice.ask(create("g", "bob", "carol"))
    for number in range(1, 4):
        await alice.ask(send("g", f"c{number}"))
    assert [seq for seq, _ in await seqs(bob, 3)] == [1, 2, 3]
    audience = plain_server.server.hub.fanout.find("g:g")
    assert audience is not None
    await until(lambda: audience.idle)
    assert audience.kept == 0
    await alice.ask(f.GroupDissolve("g"))
    assert (await bob.take_of(f.GroupGone)).group_id == "g"
    assert plain_server.server.hub.fanout.find("g:g") is None, "nobody is left in it"
    writer.close()
    listening.close()


async def test_a_notice_that_cannot_be_encoded_stops_no_other(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g", "bob"))
    refuse(
        FrameCodec, "push", monkeypatch, lambda key, push: getattr(getattr(push, "message", 0), "body", b"") == BAD
    )
    await alice.ask(f.Send("g:g", "t1", Priority.NORMAL, BAD, transient=True))
    await alice.ask(f.Send("g:g", "t2", Priority.NORMAL, send("g", "", "good").body, transient=True))
    assert (await bob.take_of(f.Transient)).messages[0].client_msg_id == "t2"


BAD = send("g", "", "bad").body


async def test_a_result_that_cannot_be_completed_is_answered(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await plain_server.member("alice")
    await alice.ask(create("g"))

    def fail(*_: Any) -> int:
        raise ValueError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(Inspection, "online", fail)
        refused = await alice.ask(f.GroupInfo("g"))
        assert isinstance(refused, RcimError) and refused.code.name == "SERVER_ERROR"
    assert (await alice.ask(f.GroupInfo("g"))).online_num == 1
    assert sum(one.in_flight for one in plain_server.server.hub.table) == 0


async def test_a_connection_that_raises_keeps_nobody_from_deadlines_and_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = TestServer(tmp_path, tls=False)
    await server.start()
    good = [await server.member(f"u{n}") for n in range(3)]
    bad = await server.member("bad")

    def fail(self: FrameConnection, *_: Any) -> None:
        if self.principal is not None and self.principal.user_id == "bad":
            raise ValueError("a fault of the adapter")

    hub = server.server.hub
    inner = FrameConnection.on_deadline
    seen: list[str] = []

    def on_deadline(self: FrameConnection, now_ms: int) -> None:
        fail(self)
        seen.append(self.principal.user_id if self.principal else "")
        inner(self, now_ms)

    monkeypatch.setattr(FrameConnection, "on_deadline", on_deadline)
    for connection in hub.table:
        hub.table.wheel.set(connection, 0)
    await until(lambda: len(seen) >= 3, "the others have had their deadlines looked at")
    await bad.closed()
    again = await server.member("bad")
    monkeypatch.setattr(FrameConnection, "going_away", fail)
    await server.drain()
    assert not len(hub)
    for raw in (*good, again):
        await raw.closed()


async def test_input_that_makes_an_adapter_raise_ends_its_connection_alone(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    inner = FrameConnection.received

    def received(self: FrameConnection, data: bytes) -> None:
        if self.principal is not None and self.principal.user_id == "bob":
            raise ValueError("a fault of the adapter")
        inner(self, data)

    monkeypatch.setattr(FrameConnection, "received", received)
    bob.write(f.Ping(1).encode(9))
    await bob.closed()
    assert isinstance(await alice.ask(create("g")), f.GroupCreateOk)


async def test_calls_that_get_no_result_do_not_pile_up(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up or not, a call counts until the engine has answered it."""
    monkeypatch.setattr(service_module, "CALLS_OF_USER_MAX", 3)
    held: list[Any] = []
    engine = plain_server.server.dispatcher
    service = plain_server.server.service
    with monkeypatch.context() as patch:
        patch.setattr(engine, "submit", lambda request: held.append(request) or True)
        for _ in range(3):
            with pytest.raises(RcimError, match="no result"):
                await service.call(ROOT, r.GroupInfo("g"), timeout_s=0)
        with pytest.raises(RcimError, match="OVERLOADED"):
            await service.call(ROOT, r.GroupInfo("g"))
        with pytest.raises(RcimError, match="no result"):
            await service.call(Principal("alice", False), r.GroupInfo("g"), timeout_s=0)
        held.pop(0).refuse(Refused(service_module.SERVER_ERROR, ""))
        with pytest.raises(RcimError, match="no result"):
            await service.call(ROOT, r.GroupInfo("g"), timeout_s=0)
    for request in held:
        request.refuse(Refused(service_module.SERVER_ERROR, ""))
    assert not service._calls and not service._calls_open


async def test_a_message_that_no_list_could_hold_is_refused(tmp_path: Path) -> None:  # MS-07
    server = TestServer(tmp_path, tls=False, flags=("limits.body_bytes_max=49152", "limits.frame_bytes_max=131072"))
    await server.start()
    alice = await server.member("alice")
    await alice.ask(create("g", "bob"))
    body = send("g", "", "x" * 48200).body
    refused = await alice.ask(f.Send("g:g", "c", Priority.NORMAL, body, cloud_data=b"d" * 1024, to=["bob"]))
    assert isinstance(refused, RcimError) and refused.code.name == "BODY_TOO_LARGE"
    assert (await alice.ask(f.Send("g:g", "c", Priority.NORMAL, body, cloud_data=b"d" * 900))).seq == 1
    assert (await alice.take_of(f.Deliver)).messages[0].seq == 1
    await server.stop()
