"""The SDK's list of conversations, and what it catches up with after it was away (RX-03, RX-05, RX-08, RX-09)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim.base.terms import MessageState, MsgFlag, Priority
from rcim.client import ChangedEvent, Client, Conversation, GroupEvent, ListEvent, Message, RereadEvent, User
from rcim.wire import frames
from tests.kit import TestServer, until

AB = "c:5:alice:bob"
QUIET = MsgFlag.ACCEPT_NOT_NOTIFY


class Listener:
    """Takes all that a client gives to its app."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.seen: list[Any] = []
        self._task = asyncio.create_task(self._take())

    async def _take(self) -> None:
        async for item in self.client.events():
            self.seen.append(item)

    def seqs(self, where: Any) -> list[int]:
        return [m.seq for m in self.seen if isinstance(m, Message) and m.where == where]

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def away(client: Client, meanwhile: Callable[[], Any]) -> None:
    """The connection breaks, something happens, and the client comes back."""
    before, link = client.reconnects, client._link
    assert link is not None
    gate = asyncio.Event()
    again = client._connect_once

    async def wait_first() -> None:
        await gate.wait()
        await again()

    client._connect_once = wait_first  # type: ignore[method-assign]
    link.abort()
    await until(lambda: not client._open.is_set())
    await meanwhile()
    client._connect_once = again  # type: ignore[method-assign]
    gate.set()
    await until(lambda: client.reconnects > before and client._inbox._caught_up)


def row(client: Client, where: Any) -> Conversation:
    found = client.conversation(where)
    assert found is not None
    return found


async def test_the_list_follows_what_happens(server: TestServer, quick_lists: None) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob:
        listener = Listener(bob)
        await alice.create_group("g", group_id="g", members=["bob"], type_="Public")
        await alice.send("g", "one")
        await alice.send(User("bob"), "hi")
        await until(lambda: len(bob.conversations) == 2 and bob.unread == 2)
        assert [c.title for c in bob.conversations] == ["alice", "g"]
        last = row(bob, User("alice")).last
        assert last is not None and last.text == "hi"
        await alice.send("g", "two", mentions=["bob"])
        await until(lambda: row(bob, "g").unread == 2)
        assert (row(bob, "g").mentions, row(bob, "g").mention_seq) == (1, 2)
        assert [c.title for c in bob.conversations] == ["g", "alice"]
        await bob.pin(User("alice"))
        await until(lambda: [c.title for c in bob.conversations] == ["alice", "g"])
        await bob.set_msg_flag("g", QUIET)
        await until(lambda: row(bob, "g").msg_flag is QUIET)
        await bob.mark_read("g", 1)
        await until(lambda: row(bob, "g").unread == 1)
        await alice.recall("g", 2)
        await until(lambda: (row(bob, "g").unread, row(bob, "g").mentions) == (0, 0))
        await alice.send("g", "three", mentions=["bob"])
        await until(lambda: (row(bob, "g").unread, row(bob, "g").mentions) == (1, 1))
        await bob.send("g", "mine")
        await until(lambda: row(bob, "g").newest_seq == 4)
        read = row(bob, "g")
        assert (read.read_seq, read.unread, read.mentions) == (4, 0, 0), "who sends has read (RX-11)"
        await bob.mark_read(User("alice"), 1)
        await until(lambda: bob.unread == 0)
        await bob.remove_conversation(User("alice"))
        await until(lambda: [c.title for c in bob.conversations] == ["g"])
        await alice.send(User("bob"), "again")
        await until(lambda: len(bob.conversations) == 2 and bob.unread == 1)
        await bob.leave("g")
        await until(lambda: [c.title for c in bob.conversations] == ["alice"])
        assert any(isinstance(e, ListEvent) for e in listener.seen)
        assert listener.seqs("g") == [1, 2, 3, 4] and listener.seqs(User("alice")) == [1, 2]
        await listener.stop()


async def test_one_device_knows_what_the_other_does(server: TestServer, quick_lists: None) -> None:  # ID-05
    async with server.client("alice") as alice, server.client("bob") as one, server.client("bob") as two:
        for i in range(3):
            await alice.send(User("bob"), str(i))
        await until(lambda: one.unread == two.unread == 3)
        await one.mark_read(User("alice"), 2)
        await until(lambda: one.unread == two.unread == 1)
        await two.mark_read(User("alice"), 3)
        await until(lambda: one.unread == two.unread == 0)
        await one.send(User("alice"), "from one")
        await until(lambda: row(two, User("alice")).newest_seq == 4)
        await two.pin(User("alice"))
        await until(lambda: row(one, User("alice")).pinned_ms > 0)


async def test_whoever_was_away_gets_everything_once(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob:
        listener = Listener(bob)
        await alice.create_group("g", group_id="g", members=["bob"], type_="ChatRoom")
        await alice.create_group("left", group_id="left", members=["bob"], type_="ChatRoom")
        for where in ("g", "left", User("bob")):
            await alice.send(where, "1")  # type: ignore[arg-type]
        await until(lambda: listener.seqs("g") == [1] and listener.seqs(User("alice")) == [1])
        await until(lambda: bob.conversation("left") is not None)

        async def meanwhile() -> None:
            for i in range(2, 5):
                await alice.send("g", str(i))
                await alice.send(User("bob"), str(i))
            await alice.recall("g", 1)
            await alice.kick("left", ["bob"])
            async with server.client("carol") as carol:
                await carol.send(User("bob"), "hello")

        await away(bob, meanwhile)
        await until(lambda: listener.seqs("g") == [1, 2, 3, 4] and listener.seqs(User("alice")) == [1, 2, 3, 4])
        await until(lambda: listener.seqs(User("carol")) == [1])
        await until(lambda: any(isinstance(e, ChangedEvent) for e in listener.seen))
        (changed,) = [e.message for e in listener.seen if isinstance(e, ChangedEvent)]
        assert (changed.seq, changed.state) == (1, MessageState.RECALLED)
        assert [e.group_id for e in listener.seen if isinstance(e, GroupEvent)] == ["left"]
        assert bob.unread == 5, "four of alice, one of carol"
        await listener.stop()


async def test_more_changes_than_can_be_named(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob:
        listener = Listener(bob)
        await alice.create_group("g", group_id="g", members=["bob"], type_="ChatRoom")
        await alice.send("g", "1")
        await until(lambda: listener.seqs("g") == [1])
        await away(bob, lambda: alice.erase_messages("g", "alice"))
        await until(lambda: any(isinstance(e, RereadEvent) and e.group_id == "g" for e in listener.seen))
        assert (await bob.history("g"))[0].state is MessageState.DELETED
        await listener.stop()


async def test_following_after_the_list_is_known(server: TestServer) -> None:
    async with server.client("alice") as alice:
        for i in range(5):
            await alice.send(User("bob"), str(i))
        async with server.client("bob") as bob:
            listener = Listener(bob)
            bob.follow(User("alice"), 2)
            await until(lambda: listener.seqs(User("alice")) == [3, 4, 5])
            await listener.stop()


async def test_a_lost_last_message_is_found_with_a_heartbeat(tmp_path: Path) -> None:  # RX-05
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.deliveries_per_s_max=1",))
    await server.start()
    async with server.client("alice") as alice, server.client("bob", heartbeat_ms=5000) as bob:
        listener = Listener(bob)
        await alice.create_group("g", group_id="g", members=["bob"], type_="ChatRoom")
        bob.follow("g", 0)
        await alice.send("g", "1", priority=Priority.LOWEST)
        assert bob._link is not None
        bob._link.request(frames.Ping(7), lambda found: None)
        await until(lambda: listener.seqs("g") == [1])
        await listener.stop()
    await server.stop()


async def test_unread_is_right_after_a_jump_in_seq(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob:
        listener = Listener(bob)
        await alice.create_group("g", group_id="g", members=["bob"], type_="Public")
        await alice.send("g", "1")
        await until(lambda: bob.conversation("g") is not None)
        await bob.set_msg_flag("g", MsgFlag.DISCARD)
        for i in range(3):
            await alice.send("g", str(i), mentions=["bob"])
        await bob.set_msg_flag("g", MsgFlag.ACCEPT_AND_NOTIFY)
        await alice.send("g", "last")
        await until(lambda: (row(bob, "g").unread, row(bob, "g").mentions) == (5, 3))
        assert listener.seqs("g") == [1, 5], "what was discarded counts, and does not come (RX-01)"
        await listener.stop()


async def test_what_comes_while_pages_are_read_is_not_undone(plain_server: TestServer) -> None:
    async with plain_server.client("alice") as alice, plain_server.client("bob") as other:
        for i in range(110):
            await alice.create_group(f"g{i}", group_id=f"g{i}", members=["bob"], type_="Public")
        await alice.send("g109", "m")
        bob = plain_server.client("bob")
        ask, pages = bob.sync_page, 0

        async def first_page_then_news(cursor: bytes = b"", *, messages: int = 0) -> Any:
            nonlocal pages
            page = await ask(cursor, messages=messages)
            pages += 1
            if pages == 1:
                await other.mark_read("g109", 1)
                await other.pin("g108")
                await other.set_msg_flag("g107", QUIET)
                await alice.kick("g106", ["bob"])
                await alice.send(User("bob"), "hi")
            return page

        bob.sync_page = first_page_then_news  # type: ignore[method-assign]
        async with bob:
            await until(lambda: row(bob, "g109").unread == 0 and row(bob, "g108").pinned_ms > 0)
            await until(lambda: row(bob, "g107").msg_flag is QUIET and bob.conversation("g106") is None)
            await until(lambda: row(bob, User("alice")).unread == 1)


async def test_a_guest_does_not_ask_again_and_again(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("app.guests=true",))
    await server.start()
    async with (
        server.client("alice") as alice,
        Client("127.0.0.1", server.port, user_id="", user_sig="", tls=None) as guest,
    ):
        await alice.create_group("v", group_id="v", type_="AVChatRoom")
        listener = Listener(guest)
        await guest.join("v")
        for i in range(5):
            await alice.send("v", str(i))
        await until(lambda: len(listener.seqs("v")) == 5)
        assert not guest._inbox._refreshing
        await listener.stop()
    await server.stop()


async def test_a_change_is_told_once_by_push_and_by_sync(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        await bob.join("g")
        for n in range(2):
            await alice.send("g", f"{n}")
        await alice.recall("g", 1)
        told: list[str] = []
        async for item in bob.events():
            if isinstance(item, ChangedEvent):
                told.append(item.message.state.name)
                stream = bob._inbox.stream
                await stream.look_again("g:g", stream.trackers["g:g"], [1])  # as SYNC names it, too
                if len(told) == 1:
                    await alice.edit_message("g", 2, "end")
            if len(told) == 2:
                break
        assert told == ["RECALLED", "EDITED"]
