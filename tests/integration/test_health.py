"""How a server is doing: over HTTP for load balancers, and as an operation for administrators (OP-04)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from rcim.base.errors import RcimError
from rcim.store.backend import FullError
from rcim.wire import frames as f
from tests.integration.test_native_keys import make_key
from tests.kit import TestCluster, TestServer, create, send, until
from tests.kit_http import BackEnd, back_end

APIS = "http.apis=health,native"
NAMES = {"store", "disk", "clock", "consumers", "loop", "stopping"}


async def ready(app: BackEnd, path: str = "/readyz", method: str = "GET", secret: str = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    async with app.session.request(method, app.base + path, headers=headers) as response:
        return response.status, await response.json(content_type=None) if method != "HEAD" else None


def states(said: Any) -> dict[str, str]:
    return {check["name"]: check["state"] for check in said["checks"]}


def stale(app: BackEnd) -> None:
    """What the API knows is a second old."""
    for api in app.server.server._front.http._server._apis:
        if api.name == "health":
            api._asked_s = -1e9
    app.server.server._back._health._found_s = -1e9


async def test_who_reaches_the_port_sees_names_and_states(tmp_path: Path) -> None:
    async with back_end(tmp_path, APIS) as app:
        assert await ready(app, "/healthz") == (200, {"status": "ok"})
        assert await ready(app, "/healthz", "HEAD") == (200, None)
        status, said = await ready(app)
        assert status == 200 and said["status"] == "ready" and states(said).keys() == NAMES
        assert all(check.keys() == {"name", "process", "state"} for check in said["checks"])
        status, said = await ready(app, method="POST")
        assert status == 405 and said["error"]
        _, secret = await make_key(app, "server:read")
        status, said = await ready(app, secret=secret)
        disk = next(check for check in said["checks"] if check["name"] == "disk")
        assert status == 200 and disk["figures"]["free_bytes"] > 0
        _, other = await make_key(app, "groups:read")
        for bad, why in ((other, "server:read"), ("rk_x.y", "API key")):
            status, said = await ready(app, secret=bad)
            assert status == 200 and why in said["error"], said
            assert all("figures" not in check for check in said["checks"]), "and no more than a stranger"


async def test_what_makes_a_server_not_ready_and_what_only_warns(tmp_path: Path) -> None:
    async with back_end(tmp_path, APIS) as app:
        front, back = app.server.server._front, app.server.server._back
        front._health._lag.stop()  # what this loop is late by itself, on a slow machine, does not count here
        front._health._lag._latest.clear()
        alice = await app.server.member("alice")
        await alice.ask(create("g"))

        async def found() -> tuple[int, dict[str, str]]:
            stale(app)
            status, said = await ready(app)
            return status, {name: state for name, state in states(said).items() if state != "ok"}

        assert await found() == (200, {})
        front._health.certificate_ends_s = time.time() + 3 * 86_400
        back._health._settings = front._health._settings.__class__(disk_free_bytes_min=1 << 62)
        assert await found() == (200, {"certificate": "warning", "disk": "warning"})
        front._health.certificate_ends_s = time.time() - 1
        assert await found() == (503, {"certificate": "failed", "disk": "warning"})
        front._health.certificate_ends_s = None
        front._health._lag.note(0.501, asyncio.get_running_loop().time())
        assert await found() == (200, {"loop": "warning", "disk": "warning"})
        front._health._lag.note(5.001, asyncio.get_running_loop().time())
        assert await found() == (503, {"loop": "failed", "disk": "warning"})
        front._health._lag._latest.clear()
        front._health.stopping = True
        status, said = await ready(app)
        assert status == 503 and states(said)["stopping"] == "failed", "at once, whatever is known"
        front._health.stopping = False


async def test_a_commit_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with back_end(tmp_path, APIS) as app:
        alice = await app.server.member("alice")
        await alice.ask(create("g"))
        admin = await app.server.member("administrator")
        back = app.server.server._back
        with monkeypatch.context() as patch:

            def full(*_: Any, **__: Any) -> Any:
                raise FullError("the disk is full")

            patch.setattr(back._health._backend, "write", full)
            assert isinstance(await alice.ask(send("g", "c1")), RcimError)
        stale(app)
        status, said = await ready(app)
        assert status == 503 and states(said)["store"] == "failed"
        found = await admin.ask(f.AdminHealth())
        (store,) = [check for check in found.checks if check.name == "store"]
        assert not found.ready and "the disk is full" in store.reason
        back.dispatcher._committer.last_error_ms -= 31_000
        stale(app)
        status, said = await ready(app)
        assert (status, states(said)["store"]) == (200, "warning"), "it is sent something, and finds out"

        async def sent() -> bool:
            return not isinstance(await alice.ask(send("g", "c1")), RcimError)

        while not await sent():
            pass
        stale(app)
        status, said = await ready(app)
        assert (status, states(said)["store"]) == (200, "ok")


async def test_a_disk_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rcim.app.monitoring import health

    async with back_end(tmp_path, APIS) as app:
        back = app.server.server._back
        with monkeypatch.context() as patch:
            patch.setattr(health, "FACTS_S", 0.01)
            pending = app.server.server.hub.engine._loop.create_future()
            back._health._free = pending
            for _ in range(2):
                stale(app)
                status, said = await ready(app)
                assert (status, states(said)["disk"]) == (503, "failed")
                assert back._health._free is pending, "no second look holds a second thread"
        pending.set_result(1 << 40)
        stale(app)
        assert (await ready(app))[0] == 200


async def test_a_store_that_is_slow_to_read_is_no_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rcim.app.monitoring import health

    async with back_end(tmp_path, APIS) as app:
        back = app.server.server._back

        async def never() -> Any:
            await app.server.server.hub.engine._loop.create_future()

        with monkeypatch.context() as patch:
            patch.setattr(health, "FACTS_S", 0.01)
            patch.setattr(back._health._outbox.control, "all_rows", never)

            async def free() -> int:
                return 1 << 40

            patch.setattr(back._health, "_free_bytes", free)
            stale(app)
            status, said = await ready(app)
            assert (status, states(said)["disk"], states(said)["consumers"]) == (200, "ok", "warning")
        stale(app)
        status, said = await ready(app)
        assert (status, states(said)["consumers"]) == (200, "ok")


async def test_a_paused_consumer_is_a_warning(tmp_path: Path) -> None:
    flags = ("callbacks.url=http://127.0.0.1:9/", "callbacks.commands=Group.CallbackAfterSendMsg")
    async with back_end(tmp_path, APIS, *flags, "callbacks.allow_private=true") as app:
        admin = await app.server.member("administrator")
        await admin.ask(f.OutboxPause("callbacks"))
        stale(app)
        found = await admin.ask(f.AdminHealth())
        (row,) = [check for check in found.checks if check.name == "consumers"]
        assert found.ready and row.state == "warning" and row.reason == "paused: callbacks"


@asynccontextmanager
async def cluster(data: Path) -> AsyncIterator[tuple[TestCluster, list[BackEnd]]]:
    server = TestCluster(data, flags=("http.on=true", APIS, "server.gateways=2"))
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            apps = []
            for front, _ in server.gateways:
                server.http_port = front.http_port
                apps.append(BackEnd(server, session))
            yield server, apps
    finally:
        await server.stop()


async def test_any_gateway_answers_for_the_whole_server(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (server, apps):
        for app in apps:
            status, said = await ready(app)
            assert status == 200
            by_process = {(check["process"], check["name"]) for check in said["checks"]}
            assert {("owner", "store"), ("owner", "gateways"), ("owner", "loop")} <= by_process
            assert {("gateway 1", "loop"), ("gateway 2", "stopping")} <= by_process
        await server.stop_gateway(1)
        server.at = 0
        await until(lambda: len(server.links._links) == 1)
        admin = await server.member("administrator")
        found = await admin.ask(f.AdminHealth())
        (row,) = [check for check in found.checks if check.name == "gateways"]
        assert found.ready and (row.state, row.reason) == ("warning", "1 of 2 gateways answer")


async def test_without_the_owner_a_gateway_lives_and_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rcim.adapters.health import api

    monkeypatch.setattr(api, "ASK_S", 0.05)
    async with cluster(tmp_path) as (server, apps):
        server.kill_owner()
        status, said = await ready(apps[0])
        assert status == 503 and states(said)["owner"] == "failed"
        assert (await ready(apps[0], "/healthz"))[0] == 200
        assert (await ready(apps[0], secret="rk_x.y"))[0] == 503


async def test_only_administrators_see_it(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    alice = await server.member("alice")
    refused = await alice.ask(f.AdminHealth())
    assert isinstance(refused, RcimError) and refused.code.name == "ADMIN_REQUIRED"
    await server.stop()
