"""Rotating the signing key of a running server (ID-01, ID-08): logins, back ends, what the server signs itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import Platform
from rcim.operate import key_rotation
from rcim.session.usersig import mint
from rcim.wire import frames as f
from tests.kit import SDKAPPID, TestServer, create
from tests.kit_http import RONG_KEY, rong_flags, rong_headers


def sig(key: str, user: str = "alice") -> str:
    return mint(SDKAPPID, key, user, clock.wall_ms() // 1000, 3600)


async def login(server: TestServer, key: str, user: str = "alice") -> str:
    raw = await server.raw()
    await raw.hello()
    found = await raw.ask(f.Login(user, sig(key, user), Platform.SERVER, ""))
    return found.code.name if isinstance(found, RcimError) else "done"


async def tencent(server: TestServer, key: str) -> int:
    """The ErrorCode of a command of Tencent's API, with a UserSig by this key."""
    query = (
        f"sdkappid={SDKAPPID}&identifier=administrator&usersig={sig(key, 'administrator')}&random=1&contenttype=json"
    )
    url = f"http://127.0.0.1:{server.http_port}/v4/group_open_http_svc/get_appid_group_list?{query}"
    async with aiohttp.ClientSession() as session, session.post(url, data=b"{}") as got:
        answer: dict[str, Any] = await got.json(content_type=None)
        return int(answer["ErrorCode"])


async def test_both_keys_are_good_until_the_previous_one_is_dropped(tmp_path: Path) -> None:
    flags = ("http.on=true", "http.command_rates=false", *rong_flags(tmp_path))
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    data, first = server.server.data, server.key
    stays = await server.member("stays")
    sealed = server.server.service.back_ends.seal("text")
    key_rotation.rotate(data)
    second = data.key()
    assert (await login(server, first), await login(server, second)) == ("done", "USERSIG_BAD_KEY"), "not yet"
    rows = await server.server.reloader.reload()
    assert [row.name for row in rows] == ["signing.key", "signing.previous.key"]
    assert (await login(server, first), await login(server, second)) == ("done", "done")
    assert (await tencent(server, first), await tencent(server, second)) == (0, 0)
    back_ends = server.server.service.back_ends
    assert back_ends.is_seal("text", sealed) and back_ends.is_seal("text", back_ends.seal("text"))
    assert back_ends.seal("text") != sealed and not back_ends.is_seal("texts", sealed)
    assert not back_ends.is_seal("text", "é")
    credential = data.admin_credential.read_text(encoding="utf-8").strip()
    token = await rong_token(server)
    key_rotation.drop_previous(data)
    await server.server.reloader.reload()
    assert (await login(server, first), await login(server, second)) == ("USERSIG_BAD_KEY", "done")
    assert await tencent(server, first) != 0 and await tencent(server, second) == 0, (
        "what was remembered is forgotten"
    )
    assert not back_ends.is_seal("text", sealed)
    for user, made in (("administrator", credential), ("r", token)):  # they were signed with the new one
        raw = await server.raw()
        await raw.hello()
        assert isinstance(await raw.ask(f.Login(user, made, Platform.SERVER, "")), f.LoginOk)
    assert isinstance(await stays.ask(create("g")), f.GroupCreateOk), "who is connected stays"
    await server.stop()


async def rong_token(server: TestServer) -> str:
    """What RongCloud's API gives a user to log in with."""
    url = f"http://127.0.0.1:{server.http_port}/user/getToken.json"
    data = {"userId": "r", "name": "n", "portraitUri": ""}
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=rong_headers()) as got:
        assert got.status == 200 and RONG_KEY
        found: dict[str, Any] = await got.json(content_type=None)
        return str(found["token"]).partition("@")[0]


async def test_a_server_that_starts_takes_both_keys(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    first = server.key
    await server.stop()
    key_rotation.rotate(server.server.data)
    again = TestServer(tmp_path / "data", tls=False)
    await again.start()
    assert again.key != first
    assert (await login(again, first), await login(again, again.key)) == ("done", "done")
    await again.stop()
