"""A second adapter (tests/json_adapter.py): its users and those of the frames talk to each other, by the same rules."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rcim.adapters.frames.codec import FrameCodec
from rcim.wire import frames as f
from tests.json_adapter import JsonCodec, JsonConnection
from tests.kit import TestServer, create, send

SOURCE = Path(__file__).parents[1] / "json_adapter.py"


class JsonUser:
    """A client of the JSON adapter."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self.heard: list[dict[str, Any]] = []
        """What came besides results."""
        self._number = 0

    async def take(self) -> dict[str, Any]:
        """The next line."""
        found: dict[str, Any] = json.loads(await self._reader.readline())
        return found

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """The answer to a request: a result or an error."""
        self._number += 1
        self.writer.write(json.dumps({"id": self._number, "op": op, **fields}).encode() + b"\n")
        while (found := await self.take()).get("id") != self._number:
            self.heard.append(found)
        return found

    async def ended(self) -> bool:
        """True once the server has closed the connection and said nothing more."""
        try:
            return await self._reader.read() == b""
        except ConnectionResetError:  # it had sent what was not read any more
            return True

    async def until_heard(self, key: str) -> dict[str, Any]:
        """The next line that is no result and has this key."""
        while True:
            while self.heard:
                found = self.heard.pop(0)
                if key in found:
                    return found
            self.heard.append(await self.take())


class JsonServer:
    """The adapter on a port of its own, beside that of the frames."""

    def __init__(self, server: TestServer) -> None:
        self.server = server
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        made = await loop.create_server(lambda: JsonConnection(self.server.server.service), "127.0.0.1", 0)
        self._listening = made
        self.port = made.sockets[0].getsockname()[1]

    async def connect(self) -> JsonUser:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        return JsonUser(reader, writer)

    async def user(self, name: str) -> JsonUser:
        made = await self.connect()
        assert "result" in await made.ask("LOGIN", user_id=name, user_sig=self.server.sign(name))
        return made

    async def stop(self) -> None:
        for writer in self._writers:
            writer.close()
        self._listening.close()


@pytest.fixture
async def json_server(plain_server: TestServer) -> AsyncIterator[JsonServer]:
    made = JsonServer(plain_server)
    await made.start()
    yield made
    await made.stop()


async def test_users_of_both_protocols_talk(plain_server: TestServer, json_server: JsonServer) -> None:
    alice, bob = await plain_server.member("alice"), await json_server.user("bob")
    assert (await alice.ask(create("g"))).group_id == "g"
    assert (await bob.ask("GROUP_JOIN", group_id="g"))["result"]["newest_seq"] == 0
    assert (await alice.ask(send("g", "c1", "from frames"))).seq == 1
    (got,) = (await bob.until_heard("messages"))["messages"]
    assert (got["seq"], got["sender"], got["text"]) == (1, "alice", "from frames")
    sent = await bob.ask("SEND", conversation="g:g", client_msg_id="j1", text="from JSON")
    assert sent["result"]["seq"] == 2
    while (delivered := (await alice.take_of(f.Deliver)).messages)[-1].seq < 2:
        pass
    assert delivered[-1].sender == "bob"
    again = await bob.ask("SEND", conversation="g:g", client_msg_id="j1", text="from JSON")
    assert (again["result"]["seq"], again["result"]["duplicate"]) == (2, True)
    page = await bob.ask("HISTORY", conversation="g:g")
    assert [m["text"] for m in page["result"]["messages"]] == ["from frames", "from JSON"]


async def test_a_message_is_encoded_once_for_each_codec(
    plain_server: TestServer, json_server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many connections get it, and also where it comes together with others."""
    encoded: list[tuple[type, int]] = []
    for codec in (FrameCodec, JsonCodec):
        message = codec.message

        def counted(self: Any, m: Any, message: Any = message) -> bytes:
            encoded.append((type(self), m.seq))
            made: bytes = message(self, m)
            return made

        monkeypatch.setattr(codec, "message", counted)
    alice = await plain_server.member("alice")
    frames = [await plain_server.member(f"f{n}") for n in range(5)]
    others = [await json_server.user(f"j{n}") for n in range(5)]
    await alice.ask(create("g", *(f"f{n}" for n in range(5)), *(f"j{n}" for n in range(5))))
    for number in range(1, 4):
        await alice.ask(send("g", f"c{number}"))
    for raw in frames:
        seen: list[int] = []
        while len(seen) < 3:
            seen += [m.seq for m in (await raw.take_of(f.Deliver)).messages]
    for user in others:
        got: list[int] = []
        while len(got) < 3:
            got += [m["seq"] for m in (await user.until_heard("messages"))["messages"]]
    assert sorted(encoded, key=str) == [(codec, n) for codec in (FrameCodec, JsonCodec) for n in (1, 2, 3)]


async def test_a_group_of_a_json_user_is_one_like_others(plain_server: TestServer, json_server: JsonServer) -> None:
    bob, carol = await json_server.user("bob"), await json_server.user("carol")
    made = await bob.ask("GROUP_CREATE", group_id="", type="Public", name="talk", members=["carol", "alice"])
    group = made["result"]["group_id"]
    assert (await carol.until_heard("push"))["push"] == "Entered"
    alice = await plain_server.member("alice")
    info = await alice.ask(f.GroupInfo(group))
    assert (info.owner, info.member_num, info.online_num) == ("bob", 3, 3)
    assert (await bob.ask("GROUP_DISSOLVE", group_id=group))["result"] == {}
    assert (await carol.until_heard("push"))["push"] == "ConversationLeft"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"op": "GROUP_JOIN", "group_id": "nowhere"}, "NO_SUCH_GROUP"),
        ({"op": "GROUP_JOIN"}, "BAD_PARAMETER"),
        ({"op": "GROUP_JOIN", "group_id": "x" * 161}, "BAD_PARAMETER"),
        ({"op": "GROUP_JOIN", "group_id": 7}, "BAD_PARAMETER"),
        ({"op": "HISTORY", "conversation": "g:g", "from_seq": -1}, "BAD_PARAMETER"),
        ({"op": "HISTORY", "conversation": "g:g", "to_seq": 1 << 64}, "BAD_PARAMETER"),
        ({"op": "GROUP_MUTE", "group_id": "g", "users": ["u"] * 501, "seconds": 1}, "BAD_PARAMETER"),
        ({"op": "GROUP_MUTE", "group_id": "g", "users": ["u"], "seconds": 1 << 32}, "BAD_PARAMETER"),
        ({"op": "SEND", "conversation": "g:g", "client_msg_id": "x" * 65, "text": "t"}, "BAD_PARAMETER"),
        ({"op": "SEND", "conversation": "g:g", "client_msg_id": "é" * 33, "text": "t"}, "BAD_PARAMETER"),
        ({"op": "SEND", "conversation": "g:" + "x" * 600, "client_msg_id": "c", "text": "t"}, "BAD_PARAMETER"),
        ({"op": "SEND", "conversation": "g:g", "client_msg_id": "", "text": "t"}, "BAD_PARAMETER"),
        ({"op": "PROFILE_SET", "nickname": "n" * 121}, "BAD_PARAMETER"),
        ({"op": "PROFILE_SET", "nickname": "\ud800"}, "BAD_PARAMETER"),
        ({"op": "ADMIN_STATS"}, "ADMIN_REQUIRED"),
        ({"op": "LOGIN"}, "UNKNOWN_FRAME"),
        ({"op": ["x"]}, "UNKNOWN_FRAME"),
        ({"op": "GROUP_INFO", "group_id": "g", "id": "seven"}, "BAD_PARAMETER"),
    ],
    ids=str,
)
async def test_bad_requests_get_the_codes_of_the_service(
    json_server: JsonServer, asked: dict[str, Any], error: str
) -> None:
    """Bounds are the service's: this adapter checks none of them."""
    bob = await json_server.user("bob")
    bob.writer.write(json.dumps({"id": 9} | asked).encode() + b"\n")
    assert (await bob.take())["error"] == error
    assert "result" in await bob.ask("GROUPS_JOINED"), "the connection goes on"


async def test_strangers(json_server: JsonServer) -> None:
    stranger = await json_server.connect()
    assert (await stranger.ask("GROUPS_JOINED"))["error"] == "LOGIN_REQUIRED"
    assert await stranger.ended()
    forger = await json_server.connect()
    assert "error" in await forger.ask("LOGIN", user_id="bob", user_sig="x")
    assert await forger.ended()
    endless = await json_server.connect()
    endless.writer.write(b"[" * 70_000)
    assert (await endless.take())["error"] == "FRAME_TOO_LONG"
    assert await endless.ended()


async def test_lines_that_are_no_requests(json_server: JsonServer) -> None:
    bob = await json_server.user("bob")
    for line in (b"[" * 30_000, b"{", b"7", b"\xff\xfe", b"null", b""):
        bob.writer.write(line + b"\n")
        assert (await bob.take())["error"] == "BAD_PARAMETER"
    assert "result" in await bob.ask("GROUPS_JOINED")


def test_the_adapter_is_small_and_imports_nothing_below_the_service() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    found = {
        name
        for node in ast.walk(ast.parse(text))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        if name.startswith("rcim")
    }
    allowed = ("rcim.base", "rcim.content.", "rcim.service.")
    assert found and all(name.startswith(allowed) for name in found), found
