"""Traces of messages, as a collector gets them (OP-02)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from rcim.app.tracing import trace_export
from rcim.app.tracing.traces import MessageTraces
from rcim.base.errors import RcimError
from rcim.base.terms import Priority
from rcim.bus.pipe import Pipe
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, TestCluster, TestServer, create, send, until
from tests.kit_callbacks import Receiver, receiver, serve
from tests.kit_http import BackEnd, back_end
from tests.standins.otlp import Collector, Seen

__all__ = ["receiver"]  # the fixture

ON = ("traces.on=true", "traces.share=1")
HELLO = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]
SECRET = "nobody else may read this"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
COUNT = 60
"""Messages at once, where one a second may pass."""
ALL = ["rcim.send", "rcim.mailbox", "rcim.commit", "rcim.deliver"]


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    """A collector of traces."""
    made = Collector()
    await made.start()
    yield made
    await made.stop()


async def one_message(server: TestServer) -> None:
    """Alice makes a group and says something; bob hears it."""
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g1", "bob"))
    sent = await alice.ask(send("g1", "c1", SECRET))
    assert isinstance(sent, f.SendOk) and sent.seq
    await bob.take_of(f.Deliver)
    await alice.take_of(f.Deliver)


def named(spans: list[Seen]) -> dict[str, Seen]:
    """The spans by name."""
    return {span.name: span for span in spans}


async def test_a_trace_goes_from_the_request_to_the_sockets(tmp_path: Path, collector: Collector) -> None:  # OP-02
    server = TestServer(tmp_path / "data", flags=(*ON, f"traces.endpoint={collector.endpoint}"))
    await server.start()
    await one_message(server)
    await server.stop()
    assert [span.name for span in collector.spans if span.name not in ALL] == []
    found = named(collector.spans)
    assert sorted(found) == sorted(ALL) and len(collector.spans) == 4
    first, mailbox, commit, deliver = (found[name] for name in ALL)
    assert len({span.trace_id for span in collector.spans}) == 1
    assert (first.parent, first.kind) == ("", 2), "a server's span, without a parent"
    assert {mailbox.parent, commit.parent, deliver.parent} == {first.span_id}
    assert len({span.span_id for span in collector.spans}) == 4
    times = [first.began_ns, mailbox.began_ns, commit.began_ns, commit.ended_ns, first.ended_ns]
    assert times == sorted(times) and mailbox.ended_ns == commit.began_ns
    assert deliver.began_ns <= deliver.moments["first socket"] <= deliver.ended_ns
    assert first.facts | {"rcim.seq": 1} == first.facts
    assert first.facts["rcim.conversation.kind"] and first.facts["rcim.priority"] == "NORMAL"
    assert first.facts["rcim.body.bytes"] == len(encode_body([Text(SECRET)]))
    assert {span.facts["rcim.message.id"] for span in collector.spans} == {first.facts["rcim.message.id"]}
    assert deliver.facts["rcim.connections"] == 2
    assert {span.process for span in collector.spans} == {"server"}
    everything = b"".join(collector.bodies)
    for text in (SECRET, "alice", "bob", "g:g1"):
        assert text.encode() not in everything, "no bodies, and without traces.ids no names"


async def test_ids_are_named_if_that_is_wanted(tmp_path: Path, collector: Collector) -> None:
    flags = (*ON, "traces.ids=true", f"traces.endpoint={collector.endpoint}")
    server = TestServer(tmp_path / "data", flags=flags)
    await server.start()
    await one_message(server)
    await server.stop()
    named_in = {(span.facts["rcim.conversation.id"], span.facts["rcim.sender"]) for span in collector.spans}
    assert named_in == {("g:g1", "alice")}
    assert SECRET.encode() not in b"".join(collector.bodies)


async def test_all_processes_write_into_the_same_trace(tmp_path: Path, collector: Collector) -> None:
    cluster = TestCluster(
        tmp_path / "data", flags=(*ON, f"traces.endpoint={collector.endpoint}", "server.gateways=2")
    )
    await cluster.start()
    await one_message(cluster)
    await cluster.stop()
    assert len({span.trace_id for span in collector.spans}) == 1
    by_process = sorted((span.name, span.process.split()[0]) for span in collector.spans)
    assert by_process == [
        ("rcim.commit", "owner"),
        ("rcim.deliver", "gateway"),
        ("rcim.deliver", "gateway"),
        ("rcim.mailbox", "owner"),
        ("rcim.send", "gateway"),
    ]
    first = named(collector.spans)["rcim.send"]
    assert {span.parent for span in collector.spans if span is not first} == {first.span_id}


async def test_what_is_refused_ends_with_its_error(tmp_path: Path, collector: Collector) -> None:
    server = TestServer(tmp_path / "data", flags=(*ON, f"traces.endpoint={collector.endpoint}"))
    await server.start()
    alice = await server.member("alice")
    refused = await alice.ask(send("nowhere", "c1"))
    assert isinstance(refused, RcimError)
    await server.stop()
    first = named(collector.spans)["rcim.send"]
    assert first.error == first.facts["rcim.error"] == refused.code.name


async def test_a_share_of_none_traces_nothing(tmp_path: Path, collector: Collector) -> None:
    flags = ("traces.on=true", "traces.share=0", f"traces.endpoint={collector.endpoint}")
    server = TestServer(tmp_path / "data", flags=flags)
    await server.start()
    await one_message(server)
    await server.stop()
    assert collector.headers == []


async def test_the_callback_of_a_message_is_in_its_trace(
    tmp_path: Path, collector: Collector, receiver: Receiver
) -> None:
    flags = (*ON, f"traces.endpoint={collector.endpoint}")
    server = await serve(tmp_path, receiver, *flags, commands="Group.CallbackAfterSendMsg")
    await one_message(server)
    await until(lambda: receiver.seen, "the callback")
    await server.stop()
    found = named(collector.spans)
    told = found["rcim.consume"]
    assert (told.trace_id, told.parent) == (found["rcim.send"].trace_id, found["rcim.send"].span_id)
    assert told.facts["rcim.consumer"] == "callbacks" and told.error == ""
    assert told.began_ns >= found["rcim.commit"].began_ns


async def test_what_is_held_back_says_so(tmp_path: Path, collector: Collector) -> None:  # FC-05
    flags = (*ON, f"traces.endpoint={collector.endpoint}", "types.ChatRoom.messages_per_s=1")
    server = TestServer(tmp_path / "data", flags=flags)
    await server.start()
    alice = await server.member("alice")
    await alice.ask(create("g1"))
    for number in range(COUNT):
        alice.write(send("g1", f"c{number}", priority=Priority.LOW).encode(100 + number))
    answers = [await alice.take_of(f.SendOk) for _ in range(COUNT)]
    held = sum(bool(answer.held_back) for answer in answers)
    await server.stop()
    said = [span.facts.get("rcim.held_back") for span in collector.spans if span.name == "rcim.send"]
    assert len(said) == COUNT and len([text for text in said if text]) == held > 0
    assert len([span for span in collector.spans if span.name == "rcim.deliver"]) == COUNT - held


@pytest.mark.parametrize("as_user", [True, False])
async def test_a_back_end_s_trace_goes_on_here(tmp_path: Path, collector: Collector, as_user: bool) -> None:
    """Also with a share of 0: the back end has decided."""
    flags = ("traces.on=true", "traces.share=0", f"traces.endpoint={collector.endpoint}")
    trace, parent = TRACE, PARENT
    async with back_end(tmp_path / "data", *flags) as app:
        await _group(app)
        body: dict[str, Any] = {"body": HELLO} | ({"as_user": "alice"} if as_user else {})
        for number, headers in enumerate([{}, {"traceparent": f"00-{trace}-{parent}-01"}, {}, {"traceparent": "x"}]):
            path = "/conversations/g:g1/messages"
            status, said = await app.native("POST", path, body | {"client_msg_id": f"b{number}"}, headers=headers)
            assert status == 201, said
        await app.server.stop()
    assert {span.trace_id for span in collector.spans} == {trace}
    first = named(collector.spans)["rcim.send"]
    assert first.parent == parent and first.facts["rcim.seq"] == 2
    assert {"rcim.mailbox", "rcim.commit"} <= set(named(collector.spans))
    assert {span.parent for span in collector.spans if span is not first} == {first.span_id}


@pytest.mark.parametrize("as_user", [True, False])
async def test_a_back_end_s_trace_goes_on_in_all_processes(
    tmp_path: Path, collector: Collector, as_user: bool
) -> None:
    """Whoever commits and gives out the message is told of the trace; and for no other message anything crosses."""
    flags = ("traces.on=true", "traces.share=0", f"traces.endpoint={collector.endpoint}", "server.gateways=2")
    cluster = TestCluster(tmp_path / "data", flags=(*flags, "http.on=true"))
    await cluster.start()
    cluster.http_port = cluster.gateways[0][0].http_port
    alice, bob = await cluster.member("alice"), await cluster.member("bob")  # one at each gateway
    await alice.ask(create("g1", "bob"))
    async with aiohttp.ClientSession() as session:
        app = BackEnd(cluster, session)
        body: dict[str, Any] = {"body": HELLO} | ({"as_user": "alice"} if as_user else {})
        for number, headers in enumerate([{}, {"traceparent": f"00-{TRACE}-{PARENT}-01"}, {"traceparent": "x"}]):
            path = "/conversations/g:g1/messages"
            status, said = await app.native("POST", path, body | {"client_msg_id": f"b{number}"}, headers=headers)
            assert status == 201, said
        for one in (alice, bob):
            for _ in range(3):
                await one.take_of(f.Deliver)
    await cluster.stop()
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert sorted((span.name, span.process.split()[0]) for span in collector.spans) == [
        ("rcim.commit", "owner"),
        ("rcim.deliver", "gateway"),
        ("rcim.deliver", "gateway"),
        ("rcim.mailbox", "owner"),
        ("rcim.send", "gateway"),
    ]
    first = named(collector.spans)["rcim.send"]
    assert first.parent == PARENT
    assert {span.parent for span in collector.spans if span is not first} == {first.span_id}


@pytest.mark.parametrize("on", [True, False])
async def test_what_continues_no_trace_costs_no_byte_between_processes(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch, on: bool
) -> None:
    flags = (*ON, f"traces.endpoint={collector.endpoint}") if on else ()
    cluster = TestCluster(tmp_path / "data", flags=(*flags, "server.gateways=2", "http.on=true"))
    await cluster.start()
    cluster.http_port = cluster.gateways[0][0].http_port
    sent: list[bytes] = []
    send_on = Pipe.send

    def noted(pipe: Pipe, data: bytes) -> None:
        sent.append(data)
        send_on(pipe, data)

    monkeypatch.setattr(Pipe, "send", noted)
    await one_message(cluster)
    if not on:  # nobody looks at what a back end says of its traces
        async with aiohttp.ClientSession() as session:
            headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
            path, body = "/conversations/g:g1/messages", {"body": HELLO, "client_msg_id": "b"}
            status, said = await BackEnd(cluster, session).native("POST", path, body, headers=headers)
            assert status == 201, said
    await cluster.stop()
    assert sent and not [data for data in sent if TRACE.encode() in data or b"00-" in data]


@pytest.mark.parametrize("how", ["away", "refuses"])
async def test_a_collector_that_takes_nothing_costs_spans_alone(
    tmp_path: Path, collector: Collector, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_export, "REQUEST_S", 0.2)
    collector.status = 400
    endpoint = collector.endpoint if how == "refuses" else "http://127.0.0.1:1/v1/traces"
    server = TestServer(tmp_path / "data", flags=(*ON, f"traces.endpoint={endpoint}"))
    await server.start()
    await one_message(server)
    admin = await server.member("administrator")
    counted: dict[str, int] = {}
    async with asyncio.timeout(PATIENCE_S):
        while counted.get("trace_spans_failed", 0) < len(ALL):
            counted = {one.name: one.value for one in (await admin.ask(f.AdminStats())).stats}
    assert counted["trace_spans_sent"] == 0
    await server.stop()


async def counted_of(server: TestServer, name: str) -> dict[str, int]:
    """What the server says of its spans, as soon as all of one message are counted under this name."""
    admin = await server.member("administrator")
    counted: dict[str, int] = {}
    async with asyncio.timeout(PATIENCE_S):
        while counted.get(name, 0) < len(ALL):
            counted = {one.name: one.value for one in (await admin.ask(f.AdminStats())).stats}
    return counted


async def test_an_answer_without_an_end_is_not_read(tmp_path: Path) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """It says yes, and goes on talking for as long as anybody listens, or 32 MiB."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
            for _ in range(512):
                writer.write(bytes(1 << 16))
                await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(endless, "127.0.0.1", 0) as listener:
        endpoint = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1/traces"
        server = TestServer(tmp_path / "data", flags=(*ON, f"traces.endpoint={endpoint}"))
        await server.start()
        await one_message(server)
        counted = await counted_of(server, "trace_spans_sent")
        assert counted["trace_spans_failed"] == 0
        await server.stop()


@pytest.mark.parametrize("status", [302, 307])
async def test_a_collector_sends_nobody_elsewhere(tmp_path: Path, collector: Collector, status: int) -> None:
    other = Collector()
    await other.start()
    collector.status, collector.location = status, other.endpoint
    file = tmp_path / "headers"
    file.write_text("X-Api-Key: t0ken\n", encoding="utf-8")
    flags = (*ON, f"traces.endpoint={collector.endpoint}", f"traces.headers_file={file}")
    server = TestServer(tmp_path / "data", flags=flags)
    await server.start()
    await one_message(server)
    assert (await counted_of(server, "trace_spans_failed"))["trace_spans_sent"] == 0
    await server.stop()
    assert collector.headers and not other.headers
    await other.stop()


@pytest.mark.parametrize("what", ["of", "facts"])
async def test_a_fault_in_tracing_costs_no_message(
    tmp_path: Path, collector: Collector, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(MessageTraces, what, fails)
    server = TestServer(tmp_path / "data", flags=(*ON, f"traces.endpoint={collector.endpoint}"))
    await server.start()
    await one_message(server)
    await server.stop()
    assert collector.spans == []


async def test_the_collector_gets_its_headers(tmp_path: Path, collector: Collector) -> None:
    file = tmp_path / "headers"
    file.write_text("Authorization: Bearer t0ken\n", encoding="utf-8")
    flags = (*ON, f"traces.endpoint={collector.endpoint}", f"traces.headers_file={file}")
    server = TestServer(tmp_path / "data", flags=flags)
    await server.start()
    await one_message(server)
    await server.stop()
    assert collector.headers[0]["Authorization"] == "Bearer t0ken"
    assert collector.headers[0]["Content-Type"] == "application/x-protobuf"


async def _group(app: BackEnd) -> None:
    group = {"group_id": "g1", "type": "ChatRoom", "name": "n", "owner": "alice"}
    status, said = await app.native("POST", "/groups", group)
    assert status == 201, said
