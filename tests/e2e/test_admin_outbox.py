"""`rcim-admin outbox`, as an operator calls it (CB-04)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from rcim_tools.admin.program import app
from typer.testing import CliRunner

from tests.kit import TestServer, until
from tests.kit_callbacks import Receiver, receiver, serve

__all__ = ["receiver"]  # the fixture
AFTER = "Group.CallbackAfterSendMsg"


class Admin:
    """The operator at the data directory of a server in this process."""

    def __init__(self, server: TestServer) -> None:
        self._data = str(server.server.data.path)

    async def __call__(self, *command: str, code: int = 0) -> str:
        """What the command says, on standard output, or if it is refused on standard error."""
        found = await asyncio.to_thread(CliRunner().invoke, app, ["--data", self._data, *command])
        assert found.exit_code == code, (found.stdout, found.stderr)
        return found.stderr if code else found.stdout

    async def json(self, *command: str) -> Any:
        return json.loads(await self("--json", *command))


@pytest.fixture
async def server(tmp_path: Path, receiver: Receiver) -> AsyncIterator[TestServer]:
    made = await serve(tmp_path, receiver, commands=AFTER)
    yield made
    await made.stop()


async def test_every_verb(server: TestServer, receiver: Receiver) -> None:
    admin = Admin(server)
    outbox = server.server._back.consumers.outbox
    delivering = outbox._consumers["callbacks"].delivering
    async with server.client("alice") as alice:
        await alice.create_group("a group", group_id="a")
        await admin("outbox", "pause", "callbacks")
        await alice.send("a", "one")
        (row,) = await admin.json("outbox", "list")
        assert (row["name"], row["state"], row["waiting"]) == ("callbacks", "paused", 1)
        shown = await admin("outbox", "list")
        assert "paused" in shown and "Oldest" in shown and "Dead letters" in shown
        await admin("outbox", "resume", "callbacks")
        await until(lambda: delivering.delivered == 1)
        assert (await admin.json("outbox", "replay", "callbacks", "--last", "1h"))["events"] == 1
        await until(lambda: delivering.delivered == 2)
        assert (await admin.json("outbox", "replay", "callbacks", "--from", "2999-01-01T00:00:00"))["events"] == 0

        async def refuses(request: web.Request, body: object) -> web.StreamResponse:
            return web.Response(status=503)

        receiver.answer, good = refuses, receiver.answer
        delivering.times = delivering.times._replace(given_up_ms=lambda: 1 << 60)
        for _ in range(2):
            await alice.send("a", "two")
        await until(lambda: delivering.dead == 2)
    letters = await admin.json("outbox", "dead", "callbacks")
    assert [(one["key"], one["event_type"]) for one in letters] == [("g:a", "message.sent")] * 2
    assert "503" in await admin("outbox", "dead", "callbacks")
    first = str(letters[0]["letter_id"])
    assert "1 of 1 were not taken" in await admin("outbox", "dead", "callbacks", "--retry", first, code=1)
    receiver.answer = good
    assert (await admin.json("outbox", "dead", "callbacks", "--retry", "all"))["taken"] == 2
    assert (await admin.json("outbox", "dead", "callbacks", "--drop", "all")) == {"dropped": 0}
    for option in ("--retry", "--drop"):
        assert f"{option} {first}: there is no such dead letter" in await admin(
            "outbox", "dead", "callbacks", option, first, code=1
        )
    one = await admin.json("outbox", "show", "callbacks")
    assert (one["state"], one["dead_letters"], one["counts"]["told"]) == ("running", 0, 4)
    assert "counts" in (await admin("outbox", "show", "callbacks")).lower()


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("show", "none"), 1, "NO_SUCH_CONSUMER"),
        (("replay", "callbacks"), 2, "--from"),
        (("replay", "callbacks", "--from", "noon"), 2, "2026"),
        (("replay", "callbacks", "--last", "0s"), 2, "--last 0s: has to be like 30s"),
        (("dead", "callbacks", "--retry", "x"), 2, "all"),
        (("list", "--json"), 2, "It comes before the command, as in: "),
        (("dead", "callbacks", "--retry", "1", "--drop", "1"), 2, "only one"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    server: TestServer, words: tuple[str, ...], code: int, why: str
) -> None:
    assert why in await Admin(server)("outbox", *words, code=code)
