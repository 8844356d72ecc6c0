"""RongCloud's callbacks of a server (CB-02, CB-03, ID-07): a receiver that checks signatures, as its documents say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rcim.base.errors import RcimError
from rcim.content.elements import Text
from tests.kit import PATIENCE_S, TestServer, until


class RongReceiver:
    """Takes what RongCloud sends; `answer` is what the message callback gets."""

    def __init__(self) -> None:
        self.seen: dict[str, list[Any]] = {"route": [], "check": [], "rooms": [], "online": []}
        self.answer: Any = {"pass": 1}

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/{path}", self._post)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.Response:
        query = request.query
        for time in (query["timestamp"], query["signTimestamp"]):
            told = hashlib.sha1(f"secret{query['nonce']}{time}".encode()).hexdigest()
            assert query["signature"] == told and query["appKey"] == "key"
        path = request.match_info["path"]
        body = dict(await request.post()) if path in ("route", "check") else await request.json()
        self.seen[path].append(body)
        return web.json_response(self.answer)

    @property
    def contents(self) -> list[str]:
        """The content of each message that was routed."""
        return [form["content"] for form in self.seen["route"]]


@pytest.fixture
async def receiver() -> AsyncIterator[RongReceiver]:
    made = RongReceiver()
    await made.start()
    yield made
    await made.stop()


async def serve(tmp_path: Path, receiver: RongReceiver, *flags: str) -> TestServer:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (tmp_path / "words").write_text("darn\n", encoding="utf-8")
    (tmp_path / "replaced").write_text("heck\n", encoding="utf-8")
    urls = {
        "message_routing": "route",
        "message_callback": "check",
        "chatroom_status": "rooms",
        "online_status": "online",
    }
    own = (
        "receivers.rong.profile=rongcloud",
        "receivers.rong.timeout_ms=30000",
        f"receivers.rong.commands={','.join(urls)}",
        f"receivers.rong.urls={','.join(f'{name} {receiver.url}/{path}' for name, path in urls.items())}",
        "receivers.rong.allow_private=true",
        "receivers.rong.app_id=key",
        f"receivers.rong.token_file={tmp_path / 'secret'}",
        f"app.refused_words={tmp_path / 'words'}",
        f"app.replaced_words={tmp_path / 'replaced'}",
    )
    server = TestServer(tmp_path / "data", tls=False, flags=(*own, *flags))
    await server.start()
    return server


async def refused(what: Any) -> str:
    with pytest.raises(RcimError) as error:
        await what
    return error.value.code.name


async def test_messages_rooms_and_users(
    tmp_path: Path, receiver: RongReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.app.consumers.all_consumers.TELL_S", PATIENCE_S)
    server = await serve(tmp_path, receiver, "receivers.rong.blocked_messages=true")
    async with server.client("alice") as alice, server.client("administrator") as admin:
        await alice.create_group("Room", group_id="r", type_="ChatRoom")
        sent = await alice.send("r", "hi")
        await admin.send("r", "from the app")
        await alice.send("r", "what the heck")
        assert await refused(alice.send("r", "darn")) == "DIRTY_WORD"
        await alice.recall("r", sent.seq)
        await alice.dissolve("r")
        await until(lambda: len(receiver.seen["route"]) == 4 and len(receiver.seen["rooms"]) == 2)
        assert [form["sensitiveType"] for form in receiver.seen["route"]] == ["0", "2", "1", "0"]
        assert receiver.contents[:3] == ['{"content":"hi"}', '{"content":"what the ***"}', '{"content":"darn"}']
        first, recall = receiver.seen["route"][0], receiver.seen["route"][3]
        assert (first["channelType"], first["toUserId"], first["source"]) == ("TEMPGROUP", "r", "Server")
        assert json.loads(recall["content"])["messageUId"] == first["msgUID"] and recall["objectName"] == "RC:RcCmd"
        assert [form["content"] for form in receiver.seen["check"]] == receiver.contents[:2], "not the app's own"
    rooms = [(row["type"], row["status"], row["userIds"]) for rows in receiver.seen["rooms"] for row in rows]
    assert rooms == [(0, 0, []), (1, 0, ["alice"]), (3, 0, [])]
    await server.stop()
    status = [(row["userid"], row["status"]) for rows in receiver.seen["online"] for row in rows]
    assert status.count(("alice", "0")) == 1 and ("alice", "2") in status


async def test_what_the_message_callback_decides(tmp_path: Path, receiver: RongReceiver) -> None:
    server = await serve(tmp_path, receiver)
    async with server.client("alice") as alice:
        await alice.create_group("Chess", group_id="g", members=["bob"])
        receiver.answer = {"pass": 0}
        assert await refused(alice.send("g", "no")) == "CALLBACK_REFUSED"
        receiver.answer = {"pass": 1, "content": '{"content":"better"}'}
        sent = await alice.send("g", "bad")
        receiver.answer = "no answer"
        await alice.send("g", "passes")
        said = [one.elements for one in await alice.history("g")]
        assert said == [(Text("better"),), (Text("passes"),)] and sent.seq == 1
        await until(lambda: len(receiver.contents) == 2)
        assert receiver.contents == ['{"content":"better"}', '{"content":"passes"}'], "what is refused is not routed"
    await server.stop()
