"""API keys at the native API, users in whose name a back end acts, and several processes (ID-08, AB-01, AB-02)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.integration.test_native_api import HELLO, LOBBY, refused, with_key
from tests.kit import TestCluster
from tests.kit_http import HTTP_ON, BackEnd


@asynccontextmanager
async def back_ends(data: Path) -> AsyncIterator[list[BackEnd]]:
    """A back end at each gateway of one server."""
    server = TestCluster(data, flags=HTTP_ON)
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            made = []
            for front, _ in server.gateways:
                server.http_port = front.http_port
                made.append(BackEnd(server, session))
            yield made
    finally:
        await server.stop()


def bearer(secret: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {secret}"}}


async def make_key(app: BackEnd, *scopes: str) -> tuple[str, str]:
    """A new key's id and secret."""
    status, made = await app.native("POST", "/keys", {"name": "test", "scopes": scopes}, **with_key("never kept"))
    assert status == 201 and "digest" not in made
    return made["key_id"], made["secret"]


async def test_keys_acting_for_users_and_gateways(tmp_path: Path) -> None:
    async with back_ends(tmp_path) as (one, other):
        await a_request_is_done_once_through_both(one, other)
        key_id, secret = await make_key(one, "groups:write")
        assert (await make_key(one, "all"))[0] != key_id, "answers with secrets are not kept"
        assert (await other.native("GET", "/keys"))[1]["items"][0]["scopes"]
        join = {"group_id": "lobby"}
        assert await refused(one, "POST", "/users/bob/groups", join, **bearer("rk_x.y")) == (401, "BAD_API_KEY")
        assert (await other.native("POST", "/users/bob/groups", join, **bearer(secret)))[0] == 200
        assert await refused(one, "GET", "/users/bob/invitations", **bearer(secret)) == (403, "NO_SCOPE")
        assert await refused(one, "GET", "/groups/lobby", **bearer(secret)) == (403, "NO_SCOPE")
        assert await refused(one, "PUT", "/users/bob/groups/lobby/push-level", {}, **bearer(secret)) == (
            400,
            "BAD_PARAMETER",
        )
        await what_the_audit_log_says(one, key_id)
        assert (await one.native("DELETE", f"/keys/{key_id}"))[0] == 204
        assert await refused(one, "DELETE", f"/keys/{key_id}") == (404, "NO_SUCH_KEY")


async def a_request_is_done_once_through_both(one: BackEnd, other: BackEnd) -> None:
    made = {**LOBBY, "apply_join_option": "need_permission"}
    first = await one.native("POST", "/groups", made, **with_key("k"))
    assert first[0] == 201 and await other.native("POST", "/groups", made, **with_key("k")) == first
    sent = {"as_user": "alice", "body": HELLO}
    path = "/conversations/g:lobby/messages"
    assert (await one.native("POST", path, sent, **with_key("m"))) == (
        await other.native("POST", path, sent, **with_key("m"))
    )
    assert len((await one.native("GET", path))[1]["items"]) == 1


async def what_the_audit_log_says(app: BackEnd, key_id: str) -> None:
    """What was done in a user's name is there with the key that did it."""
    refused_join = await app.native("POST", "/users/administrator/groups", {"group_id": "nowhere"})
    assert refused_join[0] == 404
    _, log = await app.native("GET", "/audit", operation="GROUP_JOIN")
    row, own = log["items"]
    assert (own["user_id"], own["about"]["as_user"], own["code"]) == ("administrator", "administrator", 10010)
    assert (row["key_id"], row["user_id"], row["api"], row["code"]) == (key_id, "administrator", "native", 0)
    assert row["about"] == {"group_id": "lobby", "as_user": "bob"}
    status, page = await app.native("GET", "/groups/lobby/applications")
    assert status == 200 and [one["user_id"] for one in page["items"]] == ["bob"], "it acted with the user's rights"
