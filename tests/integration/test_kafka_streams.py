"""Events in Kafka: a real broker that is killed, held up and without the topic.

It runs only where a broker can be started: see tests/kit_kafka.py.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rcim_tools.event_examples import MESSAGE

from rcim.outbox import consumer
from rcim.outbox.streams import kafka
from rcim.outbox.streams.kafka import KafkaPublisher
from rcim.outbox.streams.publisher import StreamSpec
from rcim.outbox.streams.writing import StreamDestination
from rcim.wire import frames as f
from tests.integration.test_nats_streams import kept_event
from tests.kit import PATIENCE_S, TestServer, create, send
from tests.kit_kafka import LIBS, PASSWORD, USER, Kafka

pytestmark = pytest.mark.skipif(
    not LIBS, reason="RCIM_KAFKA_LIBS names no folder with a broker's jars (tests/kit_kafka.py)"
)
GROUPS = ("g", "h", "i", "j")


@pytest.fixture
async def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kafka]:
    monkeypatch.setattr(consumer, "PAUSE_S", 0.05)
    monkeypatch.setattr(consumer, "PAUSE_MAX_S", 0.2)
    monkeypatch.setattr(kafka, "RETRY_S", 0.05)
    made = Kafka(tmp_path / "kafka")
    await made.start()
    yield made
    made.kill()


async def test_nothing_is_lost_when_the_broker_is_killed(tmp_path: Path, broker: Kafka) -> None:
    await broker.make_topic()
    flags = ("streams.k.kind=kafka", f"streams.k.servers={broker.server}", "streams.k.events=message.sent")
    server = TestServer(tmp_path / "data", tls=False, flags=(*flags, "streams.k.timeout_ms=1000"))
    await server.start()
    alice = await server.member("alice")
    for group in GROUPS:
        await alice.ask(create(group))

    async def say(first: int, last: int) -> None:
        for number in range(first, last):
            for group in GROUPS:
                assert isinstance(await alice.ask(send(group, f"c{number}")), f.SendOk)

    await say(0, 50)
    broker.kill()
    await say(50, 100)
    await broker.start()
    await say(100, 150)
    while True:  # bounded by the time of the test
        kept = await broker.kept()
        seqs: dict[str, list[int]] = defaultdict(list)
        for one in kept:
            seqs[one.key].append(one.body["data"]["message"]["seq"])
        if all(max(seqs[f"g:{group}"], default=0) == 150 for group in GROUPS):
            break
        await asyncio.sleep(0.1)
    for group in GROUPS:
        assert list(dict.fromkeys(seqs[f"g:{group}"])) == list(range(1, 151)), "nothing is lost, and all is in order"
        assert len({one.partition for one in kept if one.key == f"g:{group}"}) == 1
    assert all(one.headers == {"id": one.body["id"], "type": "message.sent"} for one in kept)
    print(f"{len(kept)} records for {150 * len(GROUPS)} messages")
    await server.stop()


def destination(
    server: str, user: str = "", password: str = "", topic: str = "rcim", timeout_s: float = 30.0
) -> StreamDestination:
    return StreamDestination("streams.k", KafkaPublisher(StreamSpec((server,), topic, timeout_s, user, password)), 1)


async def test_a_broker_that_is_held_up(broker: Kafka) -> None:
    await broker.make_topic()
    one = destination(broker.server, timeout_s=1.0)
    while await one.deliver([kept_event(1)]):  # a slow machine may need more than one of these times
        await asyncio.sleep(0.05)
    broker.hold()
    async with asyncio.timeout(PATIENCE_S):
        (left,) = await one.deliver([kept_event(2)])
    assert left.reason == "the brokers have not confirmed it"
    broker.go_on()
    while await one.deliver([kept_event(2)]):
        await asyncio.sleep(0.05)
    while len(kept := await broker.kept()) < 2:  # a broker that was held up shows what it has a moment later
        await asyncio.sleep(0.05)
    assert [message.body["data"]["message"]["seq"] for message in kept] == [1, 2], "it is there once"
    large = await one.deliver([kept_event(3, MESSAGE.body * 60_000), kept_event(4)])
    assert [(untaken.event.number, untaken.for_good) for untaken in large] == [(3, True)]
    await one.close()


async def test_a_topic_that_is_missing_and_passwords(broker: Kafka) -> None:
    one = destination(broker.server, topic="none", timeout_s=1.0)
    (left,) = await one.deliver([kept_event(1)])
    assert left.reason and not left.for_good
    await broker.make_topic("none")
    while await one.deliver([kept_event(1)]):
        await asyncio.sleep(0.05)
    await one.close()
    await broker.make_topic()
    wrong = destination(broker.guarded, USER, "wrong-one")
    (left,) = await wrong.deliver([kept_event(1)])
    assert left.reason.startswith("no connection") and "wrong-one" not in left.reason
    right = destination(broker.guarded, USER, PASSWORD)
    assert not await right.deliver([kept_event(1)])
    await wrong.close()
    await right.close()
    broker.kill()
    away = destination(broker.server, timeout_s=1.0)
    (left,) = await away.deliver([kept_event(1)])
    assert left.reason.startswith("no connection")
    await away.close()
