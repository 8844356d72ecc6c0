"""The SDK over restarts of its own and of the server, with a local store (RX-03, RX-05, MS-02)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import KICKED_BY_OTHER_DEVICE, RcimError
from rcim.base.terms import MessageState, Platform
from rcim.client import (
    ChangedEvent,
    Client,
    LocalStore,
    LocalStoreError,
    Message,
    PostedEvent,
    User,
)
from rcim.client.link import ConnectionGone
from tests.kit import PATIENCE_S, TestServer, until
from tests.kit_broker import free_port
from tests.kit_sdk import next_of, restored, take, with_store


async def test_it_goes_on_where_the_app_was(server: TestServer, tmp_path: Path) -> None:
    async with server.client("alice") as alice:
        for name in ("a", "b"):
            await alice.create_group(name, group_id=name, type_="ChatRoom")
        async with with_store(server, tmp_path) as bob:
            await bob.join("a")
            await bob.join("b")
            for n in range(4):
                await alice.send("a", f"{n}")
            # The last one was handed over, and the app did not ask for another: it comes again.
            assert await take(bob, 3) == [("g:a", 1), ("g:a", 2), ("g:a", 3)]
            await until(lambda: bob.conversation("a") is not None and bob.conversation("b") is not None)
        await alice.send("a", "while away")
        await alice.send("b", "while away")
        await alice.recall("a", 1)
        asked: list[int] = []
        again = with_store(server, tmp_path)
        sync = again.sync_page

        async def counted(cursor: bytes = b"", *, messages: int = 0) -> Any:
            page = await sync(cursor, messages=messages)
            asked.append(len(page.conversations))
            return page

        again.sync_page = counted  # type: ignore[method-assign]
        async with again as bob:
            found: list[tuple[str, int]] = []
            states: dict[int, MessageState] = {}
            async for item in bob.events():
                if isinstance(item, Message):
                    found.append((item.conversation, item.seq))
                elif isinstance(item, ChangedEvent):
                    states[item.message.seq] = item.message.state
                if len(found) == 4 and states:
                    break
            assert sorted(found) == [("g:a", 3), ("g:a", 4), ("g:a", 5), ("g:b", 1)]
            assert [seq for key, seq in found if key == "g:a"] == [3, 4, 5]
            assert states == {1: MessageState.RECALLED}
            assert sum(asked) == 2, "only what has changed is told"
            kept = bob.kept_messages("a")
            assert [m.seq for m in kept] == [1, 2, 3, 4, 5] and kept[0].state is MessageState.RECALLED
            assert [m.seq for m in bob.kept_messages("a", before_seq=3, limit=1)] == [2]


async def test_what_is_known_is_there_without_a_server(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with server.client("alice") as alice, with_store(server, tmp_path) as bob:
        await alice.create_group("Lobby", group_id="a", type_="ChatRoom")
        await bob.join("a")
        await alice.send("a", "hello")
        await alice.send(User("bob"), "hi")
        await take(bob, 2)
        await until(lambda: len(bob.conversations) == 2)
    await server.stop()
    away = with_store(server, tmp_path)
    await away.start()
    assert {row.title for row in away.conversations} == {"Lobby", "alice"}
    assert away.unread == 1, "the room counts none"
    assert away.kept_messages("a")[-1].text == "hello"
    await away.close()


async def test_what_is_posted_without_a_server_goes_out_in_order(tmp_path: Path) -> None:
    flags = (f"server.port={free_port()}",)
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with with_store(server, tmp_path) as bob:
        for name in ("a", "b"):
            await bob.create_group(name, group_id=name, type_="ChatRoom")
    await server.stop()
    away = with_store(server, tmp_path)
    await away.start()
    first = [away.post(name, f"{name}{n}") for n in range(5) for name in ("a", "b")]
    assert len(away.posts) == 10
    await away.close()
    with pytest.raises(RcimError):
        away.post("a", "x", client_msg_id="\0" * 99)
    away = with_store(server, tmp_path)  # it ends, and begins again
    await away.start()
    assert [p.client_msg_id for p in away.posts] == [
        p.client_msg_id for name in ("a", "b") for p in first if p.conversation == f"g:{name}"
    ]
    last = away.post("a", "a5")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    result = await asyncio.wait_for(last.sent(), PATIENCE_S)
    assert result.seq == 6
    await until(lambda: not away.posts)
    for name, count in (("a", 6), ("b", 5)):
        assert [m.text for m in await away.history(name)] == [f"{name}{n}" for n in range(count)]
    posted = 0
    async for event in away.events():
        posted += isinstance(event, PostedEvent) and event.result is not None
        if posted == 11:
            break
    await away.close()
    await server.stop()


async def test_an_answer_that_was_lost_sends_nothing_twice(server: TestServer, tmp_path: Path) -> None:
    bob = with_store(server, tmp_path)
    async with bob:
        await bob.create_group("a", group_id="a", type_="ChatRoom")
        ask = bob._ask
        lost: list[int] = []

        async def loses(link: Any, frame: Any) -> Any:
            found = await ask(link, frame)
            if frame.NAME == "SEND" and len(lost) < 3:
                lost.append(1)
                link.abort()
                raise ConnectionGone
            return found

        bob._ask = loses  # type: ignore[method-assign, assignment]
        posts = [bob.post("a", f"{n}") for n in range(5)]
        results = [await post.sent() for post in posts]
        assert [r.seq for r in results] == [1, 2, 3, 4, 5] and len(lost) == 3
        assert results[0].duplicate and not results[4].duplicate
        assert [m.text for m in await bob.history("a")] == ["0", "1", "2", "3", "4"]


async def test_a_refused_post_lets_the_next_go(server: TestServer, tmp_path: Path) -> None:
    async with server.client("alice") as alice, with_store(server, tmp_path) as bob:
        await alice.create_group("a", group_id="a", type_="ChatRoom")
        refused, goes = bob.post("nowhere", "x"), bob.post("a", "x")
        for post in (refused, goes):  # not a member
            with pytest.raises(RcimError):
                await post.sent()
        await bob.join("a")
        assert (await bob.post("a", "y").sent()).seq == 1
        assert bob.posts == []


async def test_who_is_kicked_keeps_what_is_to_be_sent(server: TestServer, tmp_path: Path) -> None:
    async with with_store(server, tmp_path, platform=Platform.MOBILE) as bob:
        await bob.create_group("a", group_id="a", type_="ChatRoom")
        async with server.client("bob", platform=Platform.MOBILE):
            await until(lambda: bob.ended is not None)
            assert bob.ended is not None and bob.ended.code is KICKED_BY_OTHER_DEVICE
            with pytest.raises(RcimError):
                await bob.post("a", "later").sent()
    async with with_store(server, tmp_path, platform=Platform.MOBILE) as bob:
        await until(lambda: not bob.posts)
        assert [m.text for m in await bob.history("a")] == ["later"]


async def test_a_guest_and_another_user_have_no_part_in_it(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("app.guests=true",))
    await server.start()
    async with with_store(server, tmp_path):
        pass
    with pytest.raises(LocalStoreError):
        async with server.client("alice", store=LocalStore(tmp_path / "bob.db")):
            pass
    guest = Client(
        "127.0.0.1", server.port, user_id="", user_sig="", tls=None, store=LocalStore(tmp_path / "guest.db")
    )
    with pytest.raises(ValueError):
        async with guest:
            pass
    await server.stop()


async def test_a_server_that_was_restored_begins_lower(tmp_path: Path) -> None:
    """What the client has seen is gone at the server: SEQ comes again, and nothing may be held back for it."""
    async with restored(tmp_path, 5, 5) as (server, alice), with_store(server, tmp_path) as bob:
        await alice.send("g", "newer")
        item = await next_of(bob, Message)
        assert (item.seq, item.text) == (2, "newer")
