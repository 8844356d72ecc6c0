"""Events in NATS JetStream: a real nats-server that is killed, held up, without a stream, and full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from rcim_tools.event_examples import GROUP, MESSAGE

from rcim.actor.events import MessagePassed
from rcim.outbox import consumer
from rcim.outbox.streams import nats
from rcim.outbox.streams.nats import NatsPublisher
from rcim.outbox.streams.publisher import StreamSpec
from rcim.outbox.streams.writing import StreamDestination
from rcim.store.event_log import KeptEvent
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, TestServer, create, send
from tests.kit_nats import Kept, Nats


@pytest.fixture
async def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Nats]:
    monkeypatch.setattr(consumer, "PAUSE_S", 0.02)
    monkeypatch.setattr(consumer, "PAUSE_MAX_S", 0.1)
    monkeypatch.setattr(nats, "RETRY_S", 0.01)
    made = Nats(tmp_path / "nats")
    await made.start()
    yield made
    made.kill()


def flags(broker: Nats) -> tuple[str, ...]:
    return (
        f"streams.all.servers={broker.url}",
        "streams.all.timeout_ms=1000",
        "streams.all.events=message.sent,group.created",
    )


def seqs(kept: list[Kept], group: str) -> list[int]:
    """The SEQs of a group in the order in which the stream has them, without repetitions."""
    found = [
        one.body["data"]["message"]["seq"]
        for one in kept
        if one.body["key"] == f"g:{group}" and "sent" in one.subject
    ]
    return list(dict.fromkeys(found))


async def test_nothing_is_lost_when_the_broker_is_killed(tmp_path: Path, broker: Nats) -> None:
    await broker.make_stream()
    server = TestServer(tmp_path / "data", tls=False, flags=flags(broker))
    await server.start()
    alice = await server.member("alice")
    for group in ("g", "h"):
        await alice.ask(create(group))

    async def say(first: int, last: int) -> None:
        for number in range(first, last):
            for group in ("g", "h"):
                assert isinstance(await alice.ask(send(group, f"c{number}")), f.SendOk)

    await say(0, 20)
    broker.kill()
    await say(20, 40)
    await broker.start()
    await say(40, 60)
    kept = await broker.kept()
    while len(kept) < 122:  # bounded by the time of the test
        await asyncio.sleep(0.02)
        kept = await broker.kept()
    assert seqs(kept, "g") == seqs(kept, "h") == list(range(1, 61)), "nothing is lost, and all is in order"
    assert all(one.id == one.body["id"] and one.subject == f"rcim.{one.body['type']}" for one in kept)
    assert len({one.id for one in kept}) == len(kept), "what was written again is there once"
    assert kept[0].body["type"] == "group.created"
    await server.stop()


def kept_event(number: int, body: bytes = MESSAGE.body) -> KeptEvent:
    return KeptEvent(0, number, MessagePassed(1, GROUP, msgspec.structs.replace(MESSAGE, seq=number, body=body)))


def destination(
    broker: Nats, user: str = "", password: str = "", timeout_s: float = 30.0, ca: Path | None = None
) -> StreamDestination:
    spec = StreamSpec((broker.url,), "rcim", timeout_s, user, password, ca=str(ca or ""))
    return StreamDestination("streams.all", NatsPublisher(spec), 1)


async def test_a_stream_that_is_missing_or_full(broker: Nats) -> None:
    one = destination(broker)
    left = await one.deliver([kept_event(1), kept_event(2)])
    assert [untaken.event.number for untaken in left] == [1, 2]
    assert left[0].reason == "no stream takes the subject rcim.message.sent" and not left[0].for_good
    await broker.make_stream(max_msgs=1, discard="new", max_msg_size=20_000)
    assert [untaken.event.number for untaken in await one.deliver([kept_event(1), kept_event(2)])] == [2]
    large = await one.deliver([kept_event(3, b"x" * 30_000), kept_event(4, b"x" * 300_000), kept_event(5)])
    assert [untaken.for_good for untaken in large] == [True, True, False], "too large: it would never be taken"
    assert one.counted() == {"written": 1, "failed": 3, "refused": 2}
    await one.close()


async def test_a_broker_that_is_held_up_costs_a_bounded_time(broker: Nats) -> None:
    await broker.make_stream()
    one = destination(broker, timeout_s=0.3)
    while await one.deliver([kept_event(1)]):  # a slow machine may need more than one of these times
        await asyncio.sleep(0.02)
    broker.hold()
    async with asyncio.timeout(PATIENCE_S):
        (left,) = await one.deliver([kept_event(2)])
        assert "not answered" in left.reason
        (left,) = await one.deliver([kept_event(2)])
        assert left.reason
    broker.go_on()
    while await one.deliver([kept_event(2)]):  # bounded by the time of the test
        await asyncio.sleep(0.02)
    assert [message.body["data"]["message"]["seq"] for message in await broker.kept()] == [1, 2]
    await one.close()


async def test_passwords_and_tls(tmp_path: Path) -> None:
    broker = Nats(tmp_path / "nats", password="right-one", tls=True)
    await broker.start()
    await broker.make_stream()
    stranger = destination(broker, "rcim", "right-one")
    (left,) = await stranger.deliver([kept_event(1)])
    assert "certificate" in left.reason, "nobody has said that it is to be trusted"
    wrong = destination(broker, "rcim", "wrong-one", ca=broker.certificate)
    (left,) = await wrong.deliver([kept_event(1)])
    assert "Authorization" in left.reason and "wrong-one" not in left.reason
    right = destination(broker, "rcim", "right-one", ca=broker.certificate)
    assert not await right.deliver([kept_event(1)])
    for one in (stranger, wrong, right):
        await one.close()
    broker.kill()


async def test_no_broker_is_there(broker: Nats) -> None:
    broker.kill()
    one = destination(broker)
    (left,) = await one.deliver([kept_event(1)])
    assert left.reason.startswith(f"no connection to {broker.url}")
    await one.close()
