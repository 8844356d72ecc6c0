"""Many requests of a back end for the same thing at once: each is carried out, and none takes back another (AB-02)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.kit_http import BackEnd, back_end, rong_flags

AT_ONCE = 50


async def all_of(app: BackEnd, path: str, fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to requests that are all sent before the first is answered."""
    return list(await asyncio.gather(*(app.rong(path, **one) for one in fields)))


async def test_changes_of_one_list_and_of_one_message(tmp_path: Path) -> None:
    """What is read, changed and written again keeps what others have changed meanwhile."""
    async with back_end(tmp_path / "data", *rong_flags(tmp_path)) as app:
        users = [f"u{number}" for number in range(AT_ONCE)]
        await app.rong_ok("/group/create", groupId="g", groupName="g", userId=users)
        path = "/group/user/ban/whitelist/"
        answers = await all_of(app, f"{path}add", [{"groupId": "g", "userId": user} for user in users])
        assert {one["code"] for one in answers} == {200}
        assert sorted((await app.rong_ok(f"{path}query", groupId="g"))["userIds"]) == sorted(users)

        sent = await app.rong_ok(
            "/message/group/publish",
            fromUserId="u1",
            toGroupId="g",
            objectName="RC:TxtMsg",
            content='{"content":"hi"}',
            expansion=1,
            extraContent="{}",
        )
        about = {
            "conversationType": 3,
            "userId": "u1",
            "targetId": "g",
            "msgUID": sent["messageUIDs"][0]["messageUID"],
        }
        pairs = [about | {"extraKeyVal": f'{{"k{number}":"v"}}'} for number in range(AT_ONCE)]
        assert {one["code"] for one in await all_of(app, "/message/expansion/set", pairs)} == {200}
        found = await app.rong_ok("/message/expansion/query", **about, pageNo=1)
        assert len(found["extraContent"]) == AT_ONCE


async def test_a_group_that_many_requests_make(tmp_path: Path) -> None:
    """One of them makes it; the others add their users, and are answered as it is."""
    async with back_end(tmp_path / "data", *rong_flags(tmp_path)) as app:
        users = [f"u{number}" for number in range(AT_ONCE)]
        made = [{"groupId": "g", "groupName": "g", "userId": user} for user in users]
        assert {one["code"] for one in await all_of(app, "/group/create", made)} == {200}
        members = (await app.rong_ok("/group/user/query", groupId="g"))["users"]
        assert sorted(one["id"] for one in members) == sorted(users)
        rooms = [{"chatroom[r]": "r"}] * AT_ONCE
        assert {one["code"] for one in await all_of(app, "/chatroom/create", rooms)} == {200}
