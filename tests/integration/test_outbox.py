"""What an administrator sees of and does with what leaves the server, through the SDK, also over gateways (CB-04)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rcim.base.errors import RcimError
from rcim.client import Client
from rcim.outbox import circuit_breaker, consumer, control
from tests.kit import TestCluster, TestServer, until
from tests.kit_callbacks import PATIENT, Receiver, receiver, says

__all__ = ["receiver"]  # the fixture
AFTER = "Group.CallbackAfterSendMsg"
FLAGS = (f"callbacks.commands={AFTER}", "callbacks.allow_private=true", "limits.events_retry_ms=1000", PATIENT)


@pytest.fixture(params=["one process", "gateways"])
async def server(
    request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TestServer]:
    monkeypatch.setattr(consumer, "PAUSE_S", 0.01)
    flags = (f"callbacks.url={receiver.url}", *FLAGS)
    kind = TestServer if request.param == "one process" else TestCluster
    made = kind(tmp_path / "data", tls=False, flags=flags)
    await made.start()
    yield made
    await made.stop()


def seqs(receiver: Receiver) -> list[int]:
    """Of the after-callbacks that were taken or not, in the order in which they came."""
    return [body["MsgSeq"] for _, body in receiver.seen if body["CallbackCommand"] == AFTER]


def answering(*statuses: int) -> Any:
    """These HTTP statuses in turn, and the last one from then on."""
    left = list(statuses)

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        status = left.pop(0) if len(left) > 1 else left[0]
        return web.Response(status=status) if status != 200 else await says(0)(request, body)

    return answer


async def group(client: Client, *ids: str) -> None:
    for group_id in ids:
        await client.create_group("a group", group_id=group_id)


async def test_a_consumer_is_paused_and_resumed_and_replayed(server: TestServer, receiver: Receiver) -> None:
    async with server.client("administrator") as admin, server.client("alice") as alice:
        await group(alice, "a")
        began_ms = int(time.time() * 1000)
        await alice.send("a", "one")
        while (await admin.consumers())[0].delivered < 1:
            pass
        await admin.pause_consumer("callbacks")
        for text in ("two", "three"):
            await alice.send("a", text)
        (row,) = await admin.consumers()
        assert (row.name, row.waiting, row.refused, row.delivered) == ("callbacks", 2, False, 1) and row.paused_ms
        assert row.waiting_bytes > 0 and began_ms <= row.oldest_ms <= int(time.time() * 1000) + 1
        first = seqs(receiver)
        await admin.resume_consumer("callbacks")
        while (await admin.consumers())[0].waiting:
            pass
        assert len(seqs(receiver)) == 3
        one, counts = await admin.consumer("callbacks")
        assert (one.waiting, one.paused_ms, one.oldest_ms, counts["told"]) == (0, 0, 0, 3)
        assert await admin.replay_consumer("callbacks", began_ms - 60_000) == 3
        await until(lambda: len(seqs(receiver)) == 6)
        assert seqs(receiver) == [*range(first[0], first[0] + 3)] * 2
        assert await admin.replay_consumer("callbacks", began_ms + 3_600_000) == 0
        for ask in (admin.pause_consumer, admin.resume_consumer, admin.consumer, admin.dead_letters):
            with pytest.raises(RcimError, match="NO_SUCH_CONSUMER"):
                await ask("receivers.none")
            with pytest.raises(RcimError, match="ADMIN_REQUIRED"):
                await getattr(alice, ask.__name__)("callbacks")


async def test_dead_letters_are_listed_retried_and_dropped(
    server: TestServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "RETRIED_AT_ONCE", 2)
    monkeypatch.setattr(control, "DROPPED_AT_ONCE", 2)
    monkeypatch.setattr(circuit_breaker, "FAILURES_MAX", 100)
    receiver.answer = answering(500)
    names = [f"g{n}" for n in range(6)]
    async with server.client("administrator") as admin, server.client("alice") as alice:
        await group(alice, *names)
        for name in names:
            await alice.send(name, "hello")
        await until(lambda: len(receiver.seen) > 6)
        back = server.back if isinstance(server, TestCluster) else server.server._back
        assert back is not None
        delivering = back.consumers.outbox._consumers["callbacks"].delivering
        delivering.times = delivering.times._replace(given_up_ms=lambda: 1 << 60)
        await admin.resume_consumer("callbacks")
        await until(lambda: delivering.dead == 6)
        letters = await admin.dead_letters("callbacks", 4)
        assert len(letters) == 4 and {one.event_type for one in letters} == {"message.sent"}
        assert all("500" in one.reason and one.dead_ms >= one.time_ms for one in letters)
        letters = await admin.dead_letters("callbacks")
        assert {one.key for one in letters} == {f"g:{name}" for name in names}
        (row,) = await admin.consumers()
        assert (row.dead_letters, row.waiting, row.delivered) == (6, 0, 0) and "500" in row.last_error
        found = await admin.retry_dead_letters("callbacks", letters[0].letter_id)
        assert (found.taken, found.not_taken) == (0, 1) and "500" in found.reason
        receiver.answer = answering(200)
        assert (await admin.retry_dead_letters("callbacks", letters[0].letter_id)).taken == 1
        assert await admin.drop_dead_letters("callbacks", letters[1].letter_id) == 1
        assert await admin.drop_dead_letters("callbacks", letters[1].letter_id) == 0
        receiver.answer = answering(200, 500, 200)
        found = await admin.retry_dead_letters("callbacks")
        assert (found.taken, found.not_taken) == (3, 1)
        assert await admin.drop_dead_letters("callbacks") == 1
        assert await admin.dead_letters("callbacks") == []


async def test_without_consumers_there_is_nothing_to_list(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with server.client("administrator") as admin:
        assert await admin.consumers() == []
        with pytest.raises(RcimError, match="NO_SUCH_CONSUMER"):
            await admin.replay_consumer("callbacks", 0)
    await server.stop()
