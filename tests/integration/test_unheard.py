"""The SDK gives the app what the server meant to deliver, and nothing else: not what was imported, nor what was said
while the user's MsgFlag was DISCARD (RX-01, RX-05, GR-08). With and without a local store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rcim.base.terms import MsgFlag, Priority, Role
from rcim.client import Client, LocalStore
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from tests.integration.test_sdk_conversations import Listener, away, row
from tests.kit import Raw, TestServer, create, send, until

HOUR_MS = 3_600_000


@pytest.fixture(params=[False, True], ids=["in memory", "with a store"])
def made(request: pytest.FixtureRequest, plain_server: TestServer, tmp_path: Path) -> Callable[[], Client]:
    """Makes bob's client, each time as after a start."""

    def client() -> Client:
        return plain_server.client("bob", store=LocalStore(tmp_path / "bob.db") if request.param else None)

    return client


async def imported(server: TestServer, group: str, count: int, unread: int) -> None:
    now_ms = int(time.time() * 1000)
    async with server.client("administrator") as root:
        await root.import_group("Old", group_id=group, type_="Public", create_time_ms=now_ms - HOUR_MS)
        await root.import_members(group, [f.ImportedMember("bob", Role.MEMBER, now_ms - HOUR_MS, unread)])
        await root.import_members(group, [f.ImportedMember("alice", Role.MEMBER, now_ms - HOUR_MS, 0)])
        body = encode_body([Text("old")])
        rows = [f.ImportedMessage("alice", now_ms - 1000, Priority.NORMAL, f"i{n}", body) for n in range(count)]
        await root.import_messages(group, rows)
        await root.finish_import(group)


async def said(alice: Raw, group: str, *names: str) -> None:
    for name in names:
        assert isinstance(await alice.ask(send(group, name)), f.SendOk)


async def nothing() -> None:
    """Only the connection blinks."""


@pytest.mark.parametrize("unread", [0, 7])
async def test_an_imported_history_is_no_news(
    plain_server: TestServer, made: Callable[[], Client], unread: int
) -> None:
    alice = await plain_server.member("alice")
    async with made() as bob:
        app = Listener(bob)
        await imported(plain_server, "old", 50, unread)
        await away(bob, nothing)
        assert row(bob, "old").unread == unread and row(bob, "old").newest_seq == 50
        await said(alice, "old", "new")
        await until(lambda: app.seqs("old"), "the new one")
        await away(bob, nothing)
        await said(alice, "old", "newer")
        await until(lambda: len(app.seqs("old")) > 1)
        assert app.seqs("old") == [51, 52]
        await app.stop()


async def test_an_import_while_it_is_away_and_what_came_after_it(
    plain_server: TestServer, made: Callable[[], Client]
) -> None:
    alice = await plain_server.member("alice")
    async with made() as bob:
        app = Listener(bob)

        async def meanwhile() -> None:
            await imported(plain_server, "old", 50, 3)
            await said(alice, "old", "a", "b")

        await away(bob, meanwhile)
        await until(lambda: len(app.seqs("old")) > 1)
        await said(alice, "old", "c")
        await until(lambda: len(app.seqs("old")) > 2)
        assert app.seqs("old") == [51, 52, 53]
        await app.stop()


async def test_what_is_discarded_does_not_come_when_it_is_wanted_again(
    plain_server: TestServer, made: Callable[[], Client]
) -> None:
    """The flag is set and taken back while the client is there."""
    alice = await plain_server.member("alice")
    await alice.ask(create("g", "bob"))
    async with made() as bob:
        app = Listener(bob)
        await said(alice, "g", "1", "2")
        await until(lambda: app.seqs("g") == [1, 2])
        await bob.set_msg_flag("g", MsgFlag.DISCARD)
        await said(alice, "g", "3", "4")
        await away(bob, nothing)
        await said(alice, "g", "5")
        await bob.set_msg_flag("g", MsgFlag.ACCEPT_NOT_NOTIFY)
        await said(alice, "g", "6")
        await until(lambda: len(app.seqs("g")) > 2)
        await away(bob, nothing)
        await said(alice, "g", "7")
        await until(lambda: 7 in app.seqs("g"))
        assert app.seqs("g") == [1, 2, 6, 7]
        await until(lambda: row(bob, "g").newest_seq == 7)
        history = await bob.history("g", from_seq=1)
        assert [m.seq for m in history] == list(range(1, 8)), "an app that wants it reads it"
        await app.stop()


async def test_another_device_discards_and_takes_it_back_while_this_one_is_away(
    plain_server: TestServer, made: Callable[[], Client]
) -> None:
    """What was missed before, between and after comes; twice something was discarded."""
    alice, other = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g", "bob"))
    await said(alice, "g", "1")

    async def flag(to: MsgFlag) -> None:
        assert isinstance(await other.ask(f.ConversationFlag("g:g", to)), f.ConversationFlagOk)

    async with made() as bob:
        app = Listener(bob)
        await said(alice, "g", "2")
        await until(lambda: app.seqs("g") == [2])

        async def meanwhile() -> None:
            await said(alice, "g", "3", "4")
            await flag(MsgFlag.DISCARD)
            await said(alice, "g", "5", "6")
            await flag(MsgFlag.ACCEPT_AND_NOTIFY)
            await said(alice, "g", "7")
            await flag(MsgFlag.DISCARD)
            await flag(MsgFlag.ACCEPT_AND_NOTIFY)
            await flag(MsgFlag.DISCARD)
            await said(alice, "g", "8")
            await flag(MsgFlag.ACCEPT_AND_NOTIFY)
            await said(alice, "g", "9")

        await away(bob, meanwhile)
        await said(alice, "g", "10")
        await until(lambda: 10 in app.seqs("g"))
        assert app.seqs("g") == [2, 3, 4, 7, 9, 10]
        await app.stop()


async def test_a_delivery_before_sync_has_told_what_was_discarded(plain_server: TestServer) -> None:
    """It shows a gap; whether it is one is not known yet, and nothing is asked for."""
    alice, other = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g", "bob"))
    async with plain_server.client("bob") as bob:
        app = Listener(bob)
        await said(alice, "g", "1")
        await until(lambda: app.seqs("g") == [1])
        sync, gate = bob.sync_page, asyncio.Event()

        async def later(cursor: bytes = b"", *, messages: int = 0) -> Any:
            page = await sync(cursor, messages=messages)
            await gate.wait()
            return page

        bob.sync_page = later  # type: ignore[method-assign]

        async def meanwhile() -> None:
            await other.ask(f.ConversationFlag("g:g", MsgFlag.DISCARD))
            await said(alice, "g", "2", "3")
            await other.ask(f.ConversationFlag("g:g", MsgFlag.ACCEPT_AND_NOTIFY))

        link = bob._link
        connect, back = bob._connect_once, asyncio.Event()

        async def waits() -> None:
            await back.wait()
            await connect()

        bob._connect_once = waits  # type: ignore[method-assign]
        assert link is not None
        link.abort()
        await until(lambda: not bob._open.is_set())
        await meanwhile()
        back.set()
        await until(lambda: bob._open.is_set() and bob.reconnects)
        await said(alice, "g", "4")
        await until(lambda: bob._inbox.stream.trackers["g:g"].held, "it waits above what may be a gap")
        gate.set()
        await until(lambda: 4 in app.seqs("g"))
        assert app.seqs("g") == [1, 4]
        await app.stop()


async def test_a_flag_that_changes_while_sync_is_under_way(plain_server: TestServer) -> None:
    """What SYNC tells of an imported group counts together with what the push has told since."""
    alice, other = await plain_server.member("alice"), await plain_server.member("bob")
    async with plain_server.client("bob") as bob:
        app = Listener(bob)
        sync, gate, asked = bob.sync_page, asyncio.Event(), asyncio.Event()

        async def later(cursor: bytes = b"", *, messages: int = 0) -> Any:
            page = await sync(cursor, messages=messages)
            asked.set()
            await gate.wait()
            return page

        bob.sync_page = later  # type: ignore[method-assign]
        await imported(plain_server, "old", 5, 0)
        bob._inbox.list.stale = True
        catching_up = asyncio.create_task(bob._inbox.catch_up())
        await asked.wait()
        await other.ask(f.ConversationFlag("g:old", MsgFlag.DISCARD))
        await said(alice, "old", "6", "7")
        await other.ask(f.ConversationFlag("g:old", MsgFlag.ACCEPT_AND_NOTIFY))
        await until(lambda: len(bob._inbox._flagged) == 2)
        gate.set()
        await catching_up
        await said(alice, "old", "8")
        await until(lambda: 8 in app.seqs("old"))
        assert app.seqs("old") == [8]
        await app.stop()


async def test_a_resync_of_what_was_imported(plain_server: TestServer) -> None:
    """The server takes the whole history for left out, as after the death of an owner behind its gateways."""
    alice = await plain_server.member("alice")
    async with plain_server.client("bob") as bob:
        app = Listener(bob)
        await imported(plain_server, "old", 50, 0)
        plain_server.hubs[0].resubscribe._missed({"g:old": 50}, public=False)
        await until(lambda: bob.conversation("old") is not None)
        await said(alice, "old", "new")
        await until(lambda: 51 in app.seqs("old"))
        assert app.seqs("old") == [51]
        await app.stop()


async def test_it_is_known_after_the_next_start(plain_server: TestServer, tmp_path: Path) -> None:
    alice = await plain_server.member("alice")
    await alice.ask(create("g", "bob"))

    def client() -> Client:
        return plain_server.client("bob", store=LocalStore(tmp_path / "bob.db"))

    async with client() as bob:
        app = Listener(bob)
        await said(alice, "g", "1")
        await until(lambda: app.seqs("g") == [1])
        await bob.set_msg_flag("g", MsgFlag.DISCARD)
        await app.stop()
    await said(alice, "g", "2", "3")
    async with client() as bob:
        app = Listener(bob)
        await said(alice, "g", "4")
        await bob.set_msg_flag("g", MsgFlag.ACCEPT_AND_NOTIFY)
        await said(alice, "g", "5")
        await until(lambda: 5 in app.seqs("g"))
        assert [seq for seq in app.seqs("g") if seq > 1] == [5]
        assert [m.seq for m in bob.kept_messages("g")] == [1, 5]
        await app.stop()


async def test_a_slow_app_and_what_was_discarded(plain_server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What did not fit is read from history when there is room: without what was discarded."""
    monkeypatch.setattr("rcim.client.stream.QUEUE_MAX", 3)
    alice = await plain_server.member("alice")
    await alice.ask(create("g", "bob"))
    async with plain_server.client("bob") as bob:
        await said(alice, "g", *(str(n) for n in range(1, 7)))
        await bob.set_msg_flag("g", MsgFlag.DISCARD)
        await said(alice, "g", "7", "8")
        await bob.set_msg_flag("g", MsgFlag.ACCEPT_AND_NOTIFY)
        await said(alice, "g", "9")
        app = Listener(bob)
        await until(lambda: 9 in app.seqs("g"))
        assert app.seqs("g") == [1, 2, 3, 4, 5, 6, 9]
        await app.stop()
