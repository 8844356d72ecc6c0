"""A full disk while events wait for a receiver: sends are refused, and what is on disk still goes out (CB-04, ST-04)."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from rcim.base.errors import RcimError
from rcim.outbox import consumer
from rcim.store.backend import FullError, LmdbBackend
from tests.kit import TestServer, until
from tests.kit_callbacks import Receiver, receiver, says, serve

__all__ = ["receiver"]  # the fixture
AFTER = "Group.CallbackAfterSendMsg"


async def test_a_full_disk_refuses_sends_and_stops_no_callback(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "PAUSE_S", 0.01)
    monkeypatch.setattr(consumer, "COMMIT_S", 0.01)
    down = [True]

    async def answer(request: web.Request, body: object) -> web.StreamResponse:
        return web.Response(status=500) if down[0] else await says(0)(request, body)

    receiver.answer = answer
    server = await serve(tmp_path, receiver, commands=AFTER)
    async with server.client("alice") as alice, server.client("administrator") as admin:
        await alice.create_group("a group", group_id="a")
        for n in range(5):
            await alice.send("a", f"text {n}")
        await until(lambda: receiver.seen)
        with monkeypatch.context() as full:
            full.setattr(LmdbBackend, "write", no_room)
            with pytest.raises(RcimError, match="STORE_UNAVAILABLE"):
                await alice.send("a", "no room")
            with pytest.raises(RcimError, match="STORE_UNAVAILABLE"):
                await admin.pause_consumer("callbacks")
            down[0] = False
            await admin.resume_consumer("callbacks")
            await until(lambda: told(server) == 5)
            (row,) = await admin.consumers()
            assert (row.delivered, row.waiting, row.paused_ms) == (5, 0, 0) and "500" in row.last_error
            events = server.server.store.events
            (before,) = events.consumers().values()
        await until(
            lambda: sum(next(iter(events.consumers().values()))) == sum(before) + 5, "positions are kept later"
        )
        await alice.send("a", "room again")
        await until(lambda: told(server) == 6)
    await server.stop()


def no_room(*_: object, **__: object) -> None:
    """The disk is full, also for what makes room."""
    raise FullError("the disk is full")


def told(server: TestServer) -> int:
    """How many events the receiver has taken."""
    return server.server._back.consumers.outbox.counted()["events_delivered.callbacks"]
