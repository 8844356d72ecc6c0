"""RongCloud's API: who may call it, its envelope and forms, and what each path does: the cases of `rcim-bench compat`, on
a server in this process (AB-02)."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from rcim_bench.compat.cases import all_cases

from rcim.adapters.rongcloud.table import COMMANDS
from rcim.client import User
from rcim.outbox.message_log import message_log
from tests.kit_compat import lines_found, lines_of_page
from tests.kit_http import ADMINISTRATOR, back_end, rong_headers
from tests.kit_http import rong_flags as own_flags

TEXT = {"objectName": "RC:TxtMsg", "content": '{"content":"hello"}'}


async def test_what_each_path_does(tmp_path: Path) -> None:
    cases = {one.command for one in all_cases() if one.vendor == "rongcloud"}
    assert {row.path for row in COMMANDS} == cases, "each path has a case"
    assert await lines_found("rongcloud", tmp_path) == lines_of_page("rongcloud-paths.md"), (
        "the page says what was found"
    )


async def test_who_is_refused(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data", *own_flags(tmp_path)) as app:
        url = f"{app.base}/chatroom/user/ban/query.json"

        async def said(headers: dict[str, str], address: str = url, method: str = "POST") -> tuple[int, int]:
            async with app.session.request(method, address, data=b"", headers=headers) as response:
                found = await response.json(content_type=None)
                assert found["code"] == 200 or found["errorMessage"]
                return response.status, found["code"]

        good = rong_headers()
        assert await said(good) == await said(good) == (200, 200), "a nonce may come again"
        assert await said(rong_headers(prefix="RC-")) == (200, 200)
        now_s = int(good["Timestamp"]) // 1000
        assert await said(rong_headers(timestamp=str(now_s - 3600))) == (200, 200), "seconds"
        for headers in (
            {},
            rong_headers("another"),
            rong_headers(timestamp=str(now_s - 3 * 86_400)),
            rong_headers(timestamp="noon"),
            {**good, "Signature": "ü"},
            {**good, "Nonce": "n" * 65},
        ):
            status, code = await said(headers)
            assert (status, code) in ((401, 1004), (401, 1001)), headers
        assert await said({**good, "App-Key": "other"}) == (401, 1001)
        assert await said(good, f"{app.base}/nothing/here.json") == (200, 1002)
        assert await said(good, url.replace(".json", ".xml")) == (200, 1009)
        assert await said(good, method="GET") == (200, 1003)


BAD = (
    ("/user/getToken", b"", 1002),
    ("/user/getToken", b"userId=%FF&name=x", 1002),
    ("/user/getToken", b"\xff\xfe", 1002),
    ("/user/getToken", b'{"userId": {"a": 1}}', 1002),
    ("/user/getToken", b'{"userId": ', 1002),
    ("/user/tag/set", b'{"userId":"a","tags":' + b"[" * 1000 + b"]" * 1000 + b"}", 1002),
    ("/group/create", b"userId=a&groupId=" + b"g" * 65, 1005),
    ("/group/create", b"userId=a&groupId=g&groupName=" + b"n" * 129, 1005),
    ("/user/getToken", b"userId=a&name=" + b"n" * 129, 1005),
    ("/user/getToken", b"userId=a&name=n&portraitUri=" + b"p" * 1025, 1005),
    ("/message/expansion/query", b"msgUID=0000-0000-0000-0001", 1002),
    ("/conversation/notification/set", b"conversationType=1&requestId=a&targetId=b&unpushLevel=3", 1002),
    ("/user/chat/fb/set", b"userId=a&state=1&type=GROUP", 1002),
    ("/user/chat/fb/set", b"userId=a&state=2&type=PERSON", 1002),
    ("/ultragroup/channel/del", b"groupId=a&busChannel=RCDefault", 1002),
    ("/user/group/query", b"userId=a&page=-1", 1002),
    ("/user/group/query", b"userId=a&page=1&size=1001", 1002),
    ("/push/user", b'{"userIds":["a"],"notification":{"pushContent":1}}', 1002),
    ("/group/create", "userId=a&groupId=组".encode(), 1002),
    ("/group/join", b"userId=a&groupId=nothing", 1002),
    ("/group/create", b'{"userId":["a",["b"]],"groupId":"g"}', 1002),
    ("/group/create", b'{"userId":[true],"groupId":"g"}', 1002),
    ("/user/block", b'{"userId":{"a":1},"minute":1}', 1002),
    ("/user/block", "userId=a&minute=٣".encode(), 1002),
    ("/user/block", b"userId=a&minute=1_0", 1002),
    ("/chatroom/entry/batch/set", b'{"chatroomId":"r","entryOwnerId":"a","entryInfo":{"a":null}}', 1002),
    ("/user/block", b"userId=a&minute=43201", 1002),
    ("/user/block", b"userId=a&minute=ten", 1002),
    ("/user/block", b"&".join(b"userId=u%d" % n for n in range(21)) + b"&minute=1", 1502),
    ("/user/blacklist/remove", b"userId=a", 1002),
    ("/user/blockPushPeriod/set", b"userId=a&startTime=25:00:00&period=1", 1002),
    ("/sensitiveword/add", b"replaceWord=x", 1002),
    ("/sensitiveword/add", b"word=" + b"w" * 33, 1005),
    ("/message/private/publish", b"fromUserId=a&toUserId=b&objectName=RC:TxtMsg", 1002),
    ("/message/private/publish", b"fromUserId=a&toUserId=a&objectName=RC:TxtMsg&content={}", 1002),
    ("/message/private/publish", b"fromUserId=a&toUserId=b&objectName=My:Own&content=x", 1002),
    ("/message/private/publish", b"fromUserId=a&toUserId=b&objectName=RC:TxtMsg&content=" + b"x" * 9000, 1005),
    ("/message/group/publish", b"fromUserId=a&toGroupId=1&toGroupId=2&toUserId=b&objectName=o&content=x", 1002),
    ("/message/recall", b"fromUserId=a&conversationType=9&targetId=b&messageUID=x", 1002),
    ("/message/history", b"date=2026139901", 1002),
    ("/message/history", b"date=0001010109", 1002),
    ("/chatroom/create", b'{"chatroom[a]":[]}', 1002),
    ("/chatroom/create", b"chatroom[a]=x&chatroom[]=x", 1002),
    ("/chatroom/create", b"chatroom[a]=x&chatroom[b]=" + b"n" * 129, 1005),
    ("/ultragroup/msg/get", b"groupId=g&msgs=1", 1002),
    ("/message/private/publish_template", b'{"fromUserId":"a","toUserId":["b"],"values":[]}', 1002),
    ("/push", b'{"platform":["pc"],"audience":{}}', 1002),
)
"""Paths, bodies, and the codes that they get."""


async def test_bad_input_is_refused(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data", *own_flags(tmp_path), "message_log.enabled=true") as app:
        for path, body, code in BAD:
            found = await app.rong(path, body or b"x=")
            assert found["code"] == code and found["errorMessage"], (path, body[:80], found)
        async with app.session.post(f"{app.base}/user/refresh.json", data=io.BytesIO(b"x" * (2 << 20))) as response:
            assert (response.status, (await response.json())["code"]) == (413, 1508)
        async with app.server.client(ADMINISTRATOR) as admin:
            assert not await admin.all_groups() and not await admin.blocked_logins(), "nothing is half done"


async def test_some_of_many_targets_fail(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data", *own_flags(tmp_path)) as app:
        await app.rong_ok("/group/create", userId="ann", groupId="there", groupName="There")
        found = await app.rong_ok("/message/group/publish", fromUserId="ann", toGroupId=["there", "gone"], **TEXT)
        assert [row["groupId"] for row in found["messageUIDs"]] == ["there"]
        assert [(row["groupId"], row["code"]) for row in found["failed"]] == [("gone", 1002)]


async def test_a_room_that_is_gone_keeps_no_other(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data", *own_flags(tmp_path)) as app:
        await app.rong_ok("/chatroom/create", **{"chatroom[a]": "A", "chatroom[b]": "B"})
        await app.rong_ok("/chatroom/destroy", chatroomId=["a", "gone", "b"])
        assert not (await app.rong_ok("/chatroom/query", chatroomId=["a", "b"]))["chatRooms"]
        assert (await app.rong("/chatroom/destroy", chatroomId=["a", "b"]))["code"] == 1002


async def test_a_history_is_cleaned_up_to_a_time(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data", *own_flags(tmp_path)) as app, app.server.client("ann") as ann:
        await ann.send(User("ben"), "first")
        (first,) = await ann.history(User("ben"))
        newest = first
        while newest.time_ms == first.time_ms:
            await ann.send(User("ben"), "later")
            newest = (await ann.history(User("ben")))[-1]
        fields = {"conversationType": 1, "fromUserId": "ann", "targetId": "ben", "msgTimestamp": first.time_ms}
        await app.rong_ok("/conversation/message/history/clean", **fields)
        assert [one.text for one in await ann.history(User("ben")) if one.text] == ["later"]
        async with app.server.client("ben") as ben:
            assert (await ben.history(User("ann")))[0].text == "first", "it is gone for ann alone"


async def test_the_messages_of_an_hour_are_downloaded_by_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_log, "TICK_S", 0.01)
    flags = (*own_flags(tmp_path), "message_log.enabled=true", "message_log.keep_days=0")
    hour, time_ms = "2026112000", 1_795_132_800_000
    lines = {}
    for kind in ("group", "pair"):
        fields = {"MsgTimestampMs": time_ms, "MsgSeq": 1, "Conversation": kind, "From_Account": "ann", "MsgId": "1"}
        lines[kind] = json.dumps(fields).encode() + b"\n"
    folder = tmp_path / "data" / "message-log"
    folder.mkdir(parents=True)
    for kind, line in lines.items():
        (folder / f"{hour}-{kind}.jsonl.gz").write_bytes(gzip.compress(line))
    async with back_end(tmp_path / "data", *flags) as app:
        answer = await app.rong_ok("/message/history", date="2026112008")
        link = answer["url"]
        assert link.startswith(f"{app.base}/message/history/{hour}.jsonl.gz?expires=")
        while True:  # until the server has looked at the files
            async with app.session.get(link) as response:
                data = await response.read()
                if response.status == 200 and data[:2] == b"\x1f\x8b":
                    break
        assert gzip.decompress(data) == lines["group"] + lines["pair"]
        for fields, status in ((45, 200), (60, 400)):
            async with app.session.get(link + "&a=b" * fields) as response:
                assert response.status == status
        for wrong in (link[:-1] + "x", link.replace(hour, "2026112001"), link.partition("?")[0]):
            async with app.session.get(wrong) as response:
                assert response.status == 403
        await app.rong_ok("/message/history/delete", date="2026112009")
        assert (await app.rong_ok("/message/history", date="2026112008"))["url"]
        await app.rong_ok("/message/history/delete", date="2026112008")
        assert not (await app.rong_ok("/message/history", date="2026112008"))["url"]
