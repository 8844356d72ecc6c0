"""API keys of back ends: who makes them, what they may do, how often, and that they end (ID-08)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import AppList, Priority
from rcim.content.elements import Text, encode_body
from rcim.service import requests as r
from rcim.service.back_ends import CHECKED_MS, UNKNOWN_KEYS_AT_ONCE, Principal
from rcim.service.results import KeyCreated
from rcim.service.service import Service
from tests.integration.test_groups import Crowd, refused, rooms
from tests.kit import SDKAPPID, SteadyClock, TestCluster, TestServer

__all__ = ["rooms"]
BODY = encode_body([Text("hello")])
SCOPES = ["messages:write", "server:write"]


def services(server: TestServer) -> list[Service]:
    """The services of all its processes."""
    if isinstance(server, TestCluster):
        return [gateway.service for gateway, _ in server.gateways]
    return [server.server.service]


async def why(coroutine: object) -> str:
    with pytest.raises(RcimError) as raised:
        await coroutine  # type: ignore[misc]
    return raised.value.code.name


async def test_a_key_from_its_making_to_its_end(rooms: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Crowd(rooms) as crowd:
        root, alice = await crowd("administrator", "alice")
        await root.create_group("g", group_id="g")
        secret, made = await root.create_key("billing", SCOPES, per_s=0)
        assert secret.startswith(f"{made.key_id}.") and made.scopes == SCOPES and made.acts_as == "administrator"
        assert await refused(alice.create_key("x", ["all"])) == "ADMIN_REQUIRED"
        assert await refused(root.create_key("x", ["everything"])) == "BAD_PARAMETER"
        assert await refused(root.create_key("x", ["all"], acts_as="alice")) == "BAD_PARAMETER"
        assert await refused(root.create_key("x", ["all"], expires_ms=1)) == "BAD_PARAMETER"
        time = SteadyClock(monkeypatch)
        for number, service in enumerate(services(rooms)):
            caller = await service.back_ends.key(secret)
            await service.call(caller, r.Send("g:g", f"m{number}", Priority.NORMAL, BODY))
            assert await why(service.call(caller, r.History("g:g"))) == "NO_SCOPE"
            for wrong in (secret[:-1], secret + "x", "rk_.x", "", f"{made.key_id}.{'x' * 43}", "rk_ä.x", "x" * 5000):
                assert await why(service.back_ends.key(wrong)) == "BAD_API_KEY"
        (row,) = await root.keys()
        assert row.name == "billing" and row.used_ms >= row.created_ms
        await root.revoke_key(made.key_id)
        assert await refused(root.revoke_key(made.key_id)) == "NO_SUCH_KEY" and await root.keys() == []
        time.ms += CHECKED_MS
        for service in services(rooms):
            assert await why(service.back_ends.key(secret)) == "BAD_API_KEY"


async def test_a_key_makes_no_key_with_more_than_it_has(plain_server: TestServer) -> None:
    service = plain_server.server.service
    async with plain_server.client("administrator") as root:
        until_ms = clock.wall_ms() + 60_000
        secret, _ = await root.create_key("maker", SCOPES, expires_ms=until_ms, per_s=1000)
        caller = await service.back_ends.key(secret)
        least = r.AdminKeyCreate("child", ["messages:write"], expires_ms=until_ms, per_s=1000)
        assert isinstance(await service.call(caller, least), KeyCreated)
        assert await why(service.call(caller, r.AdminKeyCreate("c", ["all"], "", until_ms, 1))) == "NO_SCOPE"
        assert await why(service.call(caller, r.AdminKeyCreate("c", SCOPES, "", 0, 1))) == "BAD_PARAMETER"
        assert await why(service.call(caller, r.AdminKeyCreate("c", SCOPES, "", until_ms, 0))) == "BAD_PARAMETER"
        every, _ = await root.create_key("every", ["all"])
        caller = await service.back_ends.key(every)
        assert isinstance(await service.call(caller, r.AdminKeyCreate("child", ["groups:read"])), KeyCreated)


async def test_a_key_expires_and_is_counted(plain_server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    service = plain_server.server.service
    async with plain_server.client("administrator") as root:
        expires_ms = clock.wall_ms() + 60_000
        secret, _ = await root.create_key("short", ["all"], expires_ms=expires_ms, per_s=2)
        time = SteadyClock(monkeypatch)
        for _ in range(2):
            await service.back_ends.key(secret)
        with pytest.raises(RcimError) as raised:
            await service.back_ends.key(secret)
        assert raised.value.code.name == "TOO_FREQUENT" and raised.value.retry_after_ms == 500
        time.ms += 500
        await service.back_ends.key(secret)
        monkeypatch.setattr(clock, "wall_ms", lambda: expires_ms)
        time.ms += CHECKED_MS
        assert await why(service.back_ends.key(secret)) == "BAD_API_KEY"


async def test_the_use_of_a_key_keeps_no_change_out(plain_server: TestServer) -> None:
    """That a key was used is written down in the same moment in which an administrator changes something."""
    service, administrator = plain_server.server.service, Principal("administrator", True)
    async with plain_server.client("administrator") as root:
        secrets = [(await root.create_key(f"k{number}", ["all"]))[0] for number in range(3)]
        uses = [asyncio.create_task(service.back_ends.key(secret)) for secret in secrets]
        await asyncio.sleep(0)  # they begin,
        await asyncio.sleep(0)  # and each key is being read
        change = service.call(administrator, r.AdminListChange(AppList.PROTECTED_USERS, ["bob"], []))
        await asyncio.gather(*uses, change)
        assert all(row.used_ms for row in await root.keys()), "and each use is noted"
        secret, key = await root.create_key("gone", ["all"])
        await asyncio.gather(
            service.call(administrator, r.AdminKeyRevoke(key.key_id)),
            service.back_ends.key(secret),
            return_exceptions=True,
        )
        assert key.key_id not in {row.key_id for row in await root.keys()}, "no use brings a revoked key back"
        secret, key = await root.create_key("gone too", ["all"])
        await asyncio.gather(service.back_ends.key(secret), service.call(administrator, r.AdminKeyRevoke(key.key_id)))
        assert key.key_id not in {row.key_id for row in await root.keys()}


async def test_one_key_does_not_take_all_calls(plain_server: TestServer) -> None:
    service = plain_server.server.service
    async with plain_server.client("administrator") as root:
        secret, _ = await root.create_key("busy", ["all"])
        caller = await service.back_ends.key(secret)
        service.back_ends.calls_of_key_max = 3
        calls = [asyncio.create_task(service.call(caller, r.AdminAccountsQuery(["bob"]))) for _ in range(5)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(one, RcimError) and one.code.name for one in found] == [False] * 3 + ["OVERLOADED"] * 2
        await service.call(Principal("administrator", True), r.AdminStats())
        await service.call(caller, r.AdminStats())


async def test_keys_are_durable_and_their_secrets_are_not_kept(tmp_path: Path) -> None:
    for start in range(2):
        server = TestServer(tmp_path / "data", tls=False)
        await server.start()
        async with server.client("administrator") as root:
            if not start:
                secret, made = await root.create_key("kept", ["users:read"])
            assert [row.key_id for row in await root.keys()] == [made.key_id]
            caller = await server.server.service.back_ends.key(secret)
            assert caller.user_id == "administrator" and caller.scopes == {"users:read"}
        await server.stop()
    files = [file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert any(made.key_id.encode() in data for data in files), "the scan finds what is there"
    assert not any(secret.partition(".")[2].encode() in data for data in files)


async def test_a_key_ends_with_its_administrator(tmp_path: Path) -> None:
    flags = ("app.administrators=administrator,second", f"app.sdkappid={SDKAPPID}")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with server.client("administrator") as root:
        secret, _ = await root.create_key("seconds", ["all"], acts_as="second")
        assert (await server.server.service.back_ends.key(secret)).user_id == "second"
    await server.stop()
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    assert await why(server.server.service.back_ends.key(secret)) == "BAD_API_KEY"
    await server.stop()


async def test_guesses_of_keys_wait_for_each_other(plain_server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    service = plain_server.server.service
    async with plain_server.client("administrator") as root:
        secret, _ = await root.create_key("good", ["all"])
    await service.back_ends.key(secret)
    at_once = [0, 0]
    call = service.call

    async def counted(principal: Principal, request: r.Request) -> Any:
        at_once[0] += 1
        at_once[1] = max(at_once)
        try:
            return await call(principal, request)
        finally:
            at_once[0] -= 1

    monkeypatch.setattr(service, "call", counted)
    guesses = [service.back_ends.key(f"{secret[:-4]}{number:04}") for number in range(50)]
    found = await asyncio.gather(*guesses, return_exceptions=True)
    assert {one.code.name for one in found if isinstance(one, RcimError)} == {"BAD_API_KEY"} and len(found) == 50
    assert at_once[1] == UNKNOWN_KEYS_AT_ONCE
