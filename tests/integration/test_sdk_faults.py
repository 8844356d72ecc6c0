"""What may go wrong with a local store and an outbox, and must lose, double and hang nothing (RX-03, RX-05, MS-02)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rcim.base.errors import BAD_PARAMETER, OVERLOADED, RcimError
from rcim.base.terms import MessageState
from rcim.client import ChangedEvent, Client, HiddenEvent, LocalStoreError, Message, RereadEvent, User, outbox
from rcim.client.link import ConnectionGone
from rcim.client.local import REREAD
from rcim.client.model import message_of
from rcim.content.elements import Custom
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, TestServer, until
from tests.kit_sdk import listen, next_of, restored, take, with_store


async def kill(client: Client) -> None:
    """It ends as at SIGKILL: what is not durable is gone."""
    keep = client._keep
    assert keep is not None and keep._db is not None
    if keep._db.in_transaction:
        keep._db.execute("rollback")
    keep._db.close()
    keep._db = None
    client._link is not None and client._link.abort()
    await client.close()


async def test_killed_right_behind_a_sync(plain_server: TestServer, tmp_path: Path) -> None:
    server = plain_server
    async with server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        for n in range(5):
            await alice.send("g", f"{n}")
        async with server.client("bob") as bob:
            await bob.join("g")
        first = with_store(server, tmp_path)
        await first.connect()
        await kill(first)  # nothing of before the first sync is new
        await alice.create_group("h", group_id="h", type_="Private", members=["bob"])
        await alice.send("h", "0")  # a message that says so, or this one
        await alice.send(User("bob"), "psst")
        await alice.send("g", "5")
        told = [m.seq for m in await alice.history("h")]
        second = with_store(server, tmp_path)
        await second.connect()
        await kill(second)  # it knows of the new ones, and the app has taken nothing
        async with with_store(server, tmp_path) as bob:
            found = await take(bob, 2 + len(told))
            assert sorted(found) == sorted([("g:g", 6), ("c:5:alice:bob", 1), *(("g:h", seq) for seq in told)])


async def test_what_was_recalled_is_known_however_often_it_is_killed(
    plain_server: TestServer, tmp_path: Path
) -> None:
    async with plain_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        async with with_store(plain_server, tmp_path) as bob:
            await bob.join("g")
            for n in range(3):
                await alice.send("g", f"secret {n}")
            await take(bob, 3)
        await alice.recall("g", 1)
        again = with_store(plain_server, tmp_path)
        again._inbox.stream.look_again = _never  # type: ignore[method-assign]
        await again.connect()
        await kill(again)
        async with with_store(plain_server, tmp_path) as bob:
            item = await next_of(bob, ChangedEvent)
            assert (item.message.seq, item.message.state) == (1, MessageState.RECALLED)
            assert bob.kept_messages("g")[0].state is MessageState.RECALLED


async def _never(*_: Any) -> None:
    """It is killed before it comes to that."""


async def test_a_post_that_is_tried_long_after_is_looked_for(tmp_path: Path) -> None:
    """The server forgets ids after a second here; LOGIN_OK says so."""
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.dedupe_window_ms=1000",))
    await server.start()
    async with server.client("alice") as alice, with_store(server, tmp_path) as bob:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        await bob.join("g")
        ask, lost = bob._ask, asyncio.Event()

        async def loses(link: Any, frame: Any) -> Any:
            found = await ask(link, frame)
            if frame.NAME == "SEND" and not lost.is_set():
                lost.set()
                link.abort()
                await asyncio.sleep(1.2)  # so long there is no connection
                raise ConnectionGone
            return found

        bob._ask = loses  # type: ignore[method-assign, assignment]
        result = await bob.post("g", "once").sent()
        assert result.duplicate and result.seq == 1
        for n in range(30):
            await alice.send("g", f"{n}")
        assert [m.text for m in await bob.history("g")].count("once") == 1
    await server.stop()


async def test_a_post_as_another_is_looked_for_as_the_other(plain_server: TestServer) -> None:
    async with plain_server.client("administrator") as root:
        await root.create_group("g", group_id="g", type_="ChatRoom", owner="alice")
        await root.send("g", "x", as_user="alice", client_msg_id="id")
        post = outbox.Post(root._send_frame("g", "x", as_user="alice", client_msg_id="id"), tried_ms=1)
        found = await root._outbox._find(post)
        assert found is not None and found.seq == 1
        post = outbox.Post(root._send_frame("g", "x", client_msg_id="id"), tried_ms=1)
        assert await root._outbox._find(post) is None


async def test_what_is_too_long_is_refused_here(plain_server: TestServer) -> None:
    async with plain_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        post = alice.post("g", [Custom(b"x" * 60_000, "y" * 5_500, "")])
        with pytest.raises(RcimError) as caught:
            await post.sent()
        assert caught.value.code is BAD_PARAMETER and alice.reconnects == 0
        assert (await alice.post("g", "next").sent()).seq == 1


async def test_nobody_waits_for_what_will_not_be_sent(plain_server: TestServer, tmp_path: Path) -> None:
    bob = with_store(plain_server, tmp_path)
    async with bob:
        await bob.create_group("g", group_id="g", type_="ChatRoom")
        async with plain_server.client("administrator") as root:
            await root.close_devices(user_id="bob", text="out")
            await until(lambda: bob.ended is not None)
        for post in (bob.post("g", "1"), bob.post("g", "2"), bob.post("h", "3")):
            with pytest.raises(RcimError):
                await asyncio.wait_for(post.sent(), PATIENCE_S)
    away = with_store(plain_server, tmp_path)
    away._port = 1  # there is nobody
    await away.start()
    waiting = [asyncio.create_task(post.sent()) for post in (*away.posts, away.post("g", "4"))]
    assert len(waiting) == 4
    await away.close()
    for result in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(result, ConnectionGone)


async def test_follow_before_connecting(plain_server: TestServer, tmp_path: Path) -> None:
    async with plain_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        async with with_store(plain_server, tmp_path) as bob:
            await bob.join("g")
            for n in range(4):
                await alice.send("g", f"{n}")
            await take(bob, 4)
        bob = with_store(plain_server, tmp_path)
        bob.follow("g", 1)
        async with bob:
            assert await take(bob, 3) == [("g:g", 2), ("g:g", 3), ("g:g", 4)]
            assert bob._keep is not None and not bob._keep.failed


async def test_what_others_alone_get_is_not_asked_for_again(plain_server: TestServer, tmp_path: Path) -> None:
    async with plain_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        async with with_store(plain_server, tmp_path) as bob:
            await bob.join("g")
            await alice.send("g", "for all")
            await take(bob, 1)
            for n in range(5):
                await alice.send("g", f"{n}", to=["alice"])
            await until(lambda: bob._inbox.stream.trackers["g:g"].next_seq == 7)
            await listen(bob, lambda keep: keep.progress() == {"g:g": 6})
            assert [m.seq for m in bob.kept_messages("g")] == [1]
        bob = with_store(plain_server, tmp_path)
        asked: list[int] = []
        page = bob.history_page

        async def counted(*values: Any, **more: Any) -> Any:
            asked.append(1)
            return await page(*values, **more)

        bob.history_page = counted  # type: ignore[method-assign]
        async with bob:
            assert asked == []


async def test_a_restored_server_and_an_app_that_was_behind(tmp_path: Path) -> None:
    async with restored(tmp_path, 6, 3) as (server, alice), with_store(server, tmp_path) as bob:
        for n in range(2, 9):
            await alice.send("g", f"new {n}")
        seqs = [seq for _, seq in await take(bob, 6)]
        assert seqs[-1] >= 7 and seqs == sorted(seqs)


async def test_presence_is_watched_again_though_the_server_is_busy(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.client.devices.AGAIN_S", 0.01)
    async with plain_server.client("alice") as alice:
        await alice.send(User("bob"), "hi")
        await alice.watch_presence(["bob"])
        ask, busy = alice._ask, [1, 1, 1]

        async def refuses(link: Any, frame: Any) -> Any:
            if isinstance(frame, f.PresenceWatch) and busy:
                busy.pop()
                raise RcimError(OVERLOADED, "", 1)
            return await ask(link, frame)

        alice._ask = refuses  # type: ignore[method-assign, assignment]
        assert alice._link is not None
        alice._link.abort()
        await until(lambda: alice.reconnects and not busy and len(plain_server.server.hub.presence))


async def test_a_file_is_one_clients_at_a_time(plain_server: TestServer, tmp_path: Path) -> None:
    async with with_store(plain_server, tmp_path) as bob:
        with pytest.raises(LocalStoreError):
            async with with_store(plain_server, tmp_path):
                pass
        await bob.create_group("g", group_id="g", type_="ChatRoom")
        assert bob._keep is not None and not bob._keep.failed


async def test_a_change_that_the_app_has_not_taken_is_told_after_the_next_start(
    plain_server: TestServer, tmp_path: Path
) -> None:
    async with plain_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        async with with_store(plain_server, tmp_path) as bob:
            await bob.join("g")
            await alice.send("g", "secret")
            await alice.send("g", "more")
            await take(bob, 2)
            await alice.recall("g", 1)
            await until(lambda: bob._keep is not None and bob._keep.to_look() == {"g:g": [1]})
            await bob._inbox.catch_up()  # the cursor is behind it
        async with with_store(plain_server, tmp_path) as bob:
            item = await next_of(bob, ChangedEvent)
            assert (item.message.seq, item.message.state) == (1, MessageState.RECALLED)
            await listen(bob, lambda keep: keep.to_look() == {})


async def test_what_is_to_be_read_again_is_told_until_the_app_has_taken_it(
    plain_server: TestServer, tmp_path: Path
) -> None:
    """More has changed while it was away than SYNC names; the app is killed while it reads."""
    async with plain_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        async with with_store(plain_server, tmp_path) as bob:
            await bob.join("g")
            await alice.send("g", "0")
            await bob.send("g", "1")
            await take(bob, 2)
            await listen(bob, lambda keep: keep.progress() == {"g:g": 2})
        await alice.erase_messages("g", "bob")
        for _ in range(2):
            again = with_store(plain_server, tmp_path)
            await again.connect()
            await next_of(again, RereadEvent)
            await kill(again)
        async with with_store(plain_server, tmp_path) as bob:
            await next_of(bob, RereadEvent)
            assert bob._keep is not None and bob._keep.to_look() == {"g:g": [REREAD]}
            await listen(bob, lambda keep: keep.to_look() == {})


async def test_a_change_of_what_is_gone_is_told_until_the_app_has_taken_it(
    plain_server: TestServer, tmp_path: Path
) -> None:
    async with plain_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        async with with_store(plain_server, tmp_path) as bob:
            await bob.join("g")
            for n in range(3):
                await alice.send("g", f"{n}")
            await take(bob, 3)
            await listen(bob, lambda keep: keep.progress() == {"g:g": 3})
            assert bob._keep is not None
            bob._keep.look_again("g:g", [1])  # it was edited, and the app has not taken it
        async with plain_server.client("bob") as other:
            await other.clear_conversation("g")
        again = with_store(plain_server, tmp_path)
        await again.connect()
        await next_of(again, HiddenEvent)
        assert again._keep is not None and 1 in again._keep.to_look()["g:g"]
        again._keep.flush()
        await kill(again)
        async with with_store(plain_server, tmp_path) as bob:
            await listen(bob, lambda keep: keep.to_look() == {})
            assert bob.kept_messages("g") == []


async def test_a_change_of_what_was_too_old_is_told_once(plain_server: TestServer, tmp_path: Path) -> None:
    """The message is in the store, and the server has nothing of it."""
    async with with_store(plain_server, tmp_path) as bob:
        await bob.create_group("g", group_id="g", type_="ChatRoom")
        await bob.send("g", "0")
        await take(bob, 1)
        stream = bob._inbox.stream
        page = await bob.history_page("g", 1, 0, 1)

        async def nothing(*values: Any, **named: Any) -> f.HistoryOk:
            return msgspec.structs.replace(page, messages=[], first_seq=2)

        stream._page = nothing  # type: ignore[method-assign, assignment]
        assert bob._keep is not None
        bob._keep.look_again("g:g", [1])
        await stream.look_again("g:g", stream.trackers["g:g"], [1])
        await listen(bob, lambda keep: keep.to_look() == {})


async def test_a_server_that_is_busy_for_a_moment_is_asked_again_for_the_same(plain_server: TestServer) -> None:
    async with plain_server.client("alice") as alice, plain_server.client("bob") as bob:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        await bob.join("g")
        for n in range(2):
            await alice.send("g", f"{n}")
        await take(bob, 2)
        ask, busy = bob.history_page, [1]

        async def once(*values: Any, **more: Any) -> Any:
            if busy:
                busy.pop()
                raise RcimError(OVERLOADED, "", 10)
            return await ask(*values, **more)

        bob.history_page = once  # type: ignore[method-assign]
        stream = bob._inbox.stream
        await stream.look_again("g:g", stream.trackers["g:g"], [1, 2])
        seqs: list[int] = []
        async for item in bob.events():
            seqs += [item.message.seq] if isinstance(item, ChangedEvent) else []
            if len(seqs) == 2:
                break
        assert seqs == [1, 2]


async def test_a_change_of_what_the_app_has_nothing_of_is_counted_for_nothing(
    plain_server: TestServer, tmp_path: Path
) -> None:
    """It comes before anything of the conversation does; a later change of it is noted and forgotten as any other."""
    async with plain_server.client("alice") as alice, with_store(plain_server, tmp_path) as bob:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        await alice.send("g", "0")
        row = (await alice.history_page("g", 1, 0, 1)).messages[0]
        stream = bob._inbox.stream
        stream.changed("g:g", row)  # there is no tracker yet
        stream.begin("g:g", 1)
        stream.changed("g:g", row)
        assert bob._keep is not None and bob._keep.to_look() == {"g:g": [1]}
        await listen(bob, lambda keep: keep.to_look() == {})
        assert not stream._told


async def test_of_two_changes_in_a_row_the_second_is_not_forgotten_with_the_first(
    plain_server: TestServer, tmp_path: Path
) -> None:
    async with plain_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        bob = with_store(plain_server, tmp_path)
        await bob.connect()
        await bob.join("g")
        await alice.send("g", "0")
        await alice.send("g", "1")
        await take(bob, 2)
        await alice.edit_message("g", 1, "first")
        await alice.edit_message("g", 1, "second")
        await until(lambda: bob._inbox.stream._told["g:g", 1] >= 2)
        await bob._inbox.catch_up()  # the cursor is behind both
        seen: list[str] = []
        async for item in bob.events():
            seen += [item.message.text] if isinstance(item, ChangedEvent) else []
            if len(seen) == 2:  # the first is taken
                break
        assert bob._keep is not None and bob._keep.to_look() == {"g:g": [1]}
        bob._keep.flush()
        await kill(bob)
        async with with_store(plain_server, tmp_path) as again:
            item = await next_of(again, ChangedEvent)
            assert item.message.text == "second"


async def test_what_waited_above_a_gap_is_asked_for_again_after_a_reconnection(plain_server: TestServer) -> None:
    """It was erased while the client was away: SYNC tells of what the app has, and this it has not."""
    async with plain_server.client("alice") as alice, plain_server.client("bob") as bob:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        await bob.join("g")
        for n in range(3):
            await bob.send("g", f"{n}")
        await take(bob, 3)
        stream = bob._inbox.stream
        tracker = stream.begin("g:g", 0)
        as_sent = message_of("g:g", (await bob.history_page("g", 3, 3, 1)).messages[0], "bob")
        tracker.offer(3, as_sent)  # 1 and 2 are missing
        await alice.erase_messages("g", "bob")
        await until(lambda: tracker.held[3].state is MessageState.DELETED)
        tracker.held[3] = as_sent  # as if it had been erased while it was away
        assert bob._link is not None
        bob._link.abort()
        states: dict[int, MessageState] = {}
        async for item in bob.events():
            if isinstance(item, Message):
                states[item.seq] = item.state
                if item.seq == 3:
                    break
        assert states == dict.fromkeys((1, 2, 3), MessageState.DELETED)


async def test_what_comes_while_a_sync_is_under_way_makes_the_list_stale(plain_server: TestServer) -> None:
    async with plain_server.client("alice") as alice, plain_server.client("bob") as bob:
        await alice.send(User("bob"), "first")
        await take(bob, 1)
        row = (await bob.history_page(User("alice"), 1, 0, 1)).messages[0]
        inbox, key = bob._inbox, "c:5:alice:bob"
        inbox.stream.forget(key)
        inbox._caught_up = False
        async with inbox._syncing:  # what it tells may be older than what comes now
            inbox.list.stale = False
            inbox.delivered(f.Deliver(key, [row]))
            assert inbox.list.stale and inbox._early == {key: (1, 1)}
