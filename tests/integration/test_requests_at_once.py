"""Many requests of a back end for the same thing at once, at all gateways: each is carried out, and none takes back
another (AB-02)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp

from tests.kit import TestCluster
from tests.kit_http import HTTP_ON, BackEnd, rong_flags

AT_ONCE = 50
TEXT = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]


class Everywhere(BackEnd):
    """A back end whose requests go to the gateways in turn."""

    def __init__(self, cluster: TestCluster, session: aiohttp.ClientSession) -> None:
        self._bases = cycle([f"http://127.0.0.1:{front.http_port}" for front, _ in cluster.gateways])
        self.server = cluster
        self.session = session

    @property
    def base(self) -> str:  # type: ignore[override]
        """Where the next request goes."""
        return next(self._bases)


@asynccontextmanager
async def everywhere(folder: Path) -> AsyncIterator[Everywhere]:
    cluster = TestCluster(folder / "data", flags=(*HTTP_ON, *rong_flags(folder)))
    await cluster.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Everywhere(cluster, session)
    finally:
        await cluster.stop()


async def all_of(app: BackEnd, path: str, fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to requests that are all sent before the first is answered."""
    return list(await asyncio.gather(*(app.rong(path, **one) for one in fields)))


async def test_changes_of_one_list_and_of_one_message(tmp_path: Path) -> None:
    """What is read, changed and written again keeps what others have changed meanwhile."""
    async with everywhere(tmp_path) as app:
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
    async with everywhere(tmp_path) as app:
        users = [f"u{number}" for number in range(AT_ONCE)]
        made = [{"groupId": "g", "groupName": "g", "userId": user} for user in users]
        assert {one["code"] for one in await all_of(app, "/group/create", made)} == {200}
        members = (await app.rong_ok("/group/user/query", groupId="g"))["users"]
        assert sorted(one["id"] for one in members) == sorted(users)
        rooms = [{"chatroom[r]": "r"}] * AT_ONCE
        assert {one["code"] for one in await all_of(app, "/chatroom/create", rooms)} == {200}
        quits = [{"groupId": "g", "userId": ["u1", "u2"]}] * AT_ONCE
        assert {one["code"] for one in await all_of(app, "/group/quit", quits)} == {200}


async def test_a_word_that_is_refused_and_replaced_at_once(tmp_path: Path) -> None:
    """It stands on one of the two lists: taken off both, it would be let through (SC-05)."""
    async with everywhere(tmp_path) as app:
        words: list[dict[str, Any]] = [{"word": "w"}, {"word": "w", "replaceWord": "x"}] * (AT_ONCE // 2)
        assert {one["code"] for one in await all_of(app, "/sensitiveword/add", words)} == {200}
        assert len((await app.rong_ok("/sensitiveword/list", type=2))["words"]) == 1


async def test_what_is_imported_at_once_is_there_once(tmp_path: Path) -> None:
    """An import looks for the message first (GR-08). Also the last room for a tag is given once (SY-04)."""
    async with everywhere(tmp_path) as app:
        message = {"From_Account": "alice", "To_Account": "bob", "MsgRandom": 5, "MsgTimeStamp": int(time.time())}
        body = message | {"SyncFromOldSystem": 1, "MsgBody": TEXT}
        answers = await asyncio.gather(*(app.tencent("openim/importmsg", body) for _ in range(AT_ONCE)))
        assert {one["ErrorCode"] for one in answers} == {0}
        asked = {"Operator_Account": "alice", "Peer_Account": "bob", "MaxCnt": 9, "MinTime": 0, "MaxTime": 4294967295}
        assert (await app.tencent("openim/admin_getroammsg", asked))["MsgCnt"] == 1

        full = {"To_Account": "bob", "Tags": [f"t{number}" for number in range(99)]}
        await app.tencent("all_member_push/im_add_tag", {"UserTags": [full]})
        users = [f"u{number}" for number in range(20)]
        rows = [[{"To_Account": user, "Tags": [user]}, {"To_Account": "bob", "Tags": [user]}] for user in users]
        answers = await asyncio.gather(
            *(app.tencent("all_member_push/im_add_tag", {"UserTags": one}) for one in rows)
        )
        assert sorted(one["ErrorCode"] for one in answers) == [0, *[90033] * 19]
        found = await app.tencent("all_member_push/im_get_tag", {"To_Account": users})
        assert sum(len(row["Tags"]) for row in found["UserTags"]) == 1


async def test_the_body_of_a_message_and_what_is_beside_it(tmp_path: Path) -> None:
    """One request changes the one, another the other: neither takes back the other's (MS-17)."""
    async with everywhere(tmp_path) as app:
        group = {"Type": "Public", "GroupId": "g", "Name": "g", "Owner_Account": "alice"}
        await app.tencent("group_open_http_svc/create_group", group)
        for number in range(AT_ONCE):
            said = {"GroupId": "g", "Random": number, "From_Account": "alice", "MsgBody": TEXT}
            seq = (await app.tencent("group_open_http_svc/send_group_msg", said))["MsgSeq"]
            about = {"GroupId": "g", "MsgSeq": seq}
            other = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "other"}}]
            changes: list[dict[str, Any]] = [{"CloudCustomData": "data"}, {"MsgBody": other}]
            answers = await asyncio.gather(*(app.tencent("openim/modify_group_msg", about | one) for one in changes))
            assert {one["ErrorCode"] for one in answers} == {0}
            asked = {"GroupId": "g", "ReqMsgNumber": 1, "ReqMsgSeq": seq}
            [found] = (await app.tencent("group_open_http_svc/group_msg_get_simple", asked))["RspMsgList"]
            assert (found["MsgBody"], found["CloudCustomData"]) == (other, "data")
