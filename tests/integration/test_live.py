"""What a running server does, for administrators (OP-02): conversations, connections and processes, over gateways too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, HotSort, Platform, SlowSort
from rcim.client import User
from rcim.dispatch import live_queries
from rcim.wire import frames as f
from tests.kit import SteadyClock, TestCluster, TestServer, create, send


@pytest.fixture(params=["one process", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    kind = TestServer if request.param == "one process" else TestCluster
    made = kind(tmp_path / "data", tls=False)
    await made.start()
    yield made
    await made.stop()


async def test_busy_conversations(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    SteadyClock(monkeypatch)  # all of it is of the last 10 s, however long it takes
    async with server.client("administrator") as root, server.client("alice") as alice, server.client("bob") as bob:
        for name, messages in (("quiet", 0), ("busy", 5), ("some", 2)):
            await alice.create_group(name, group_id=name, members=["bob"])
            for at in range(messages):
                await (alice if at else bob).send(name, "hello")
        await alice.send(User("bob"), "hi")
        page = await root.hot()
        assert [(row.conversation, row.in_10s, row.in_60s) for row in page.rows] == [
            ("g:busy", 5, 5),
            ("g:some", 2, 2),
            ("c:5:alice:bob", 1, 1),
            ("g:quiet", 0, 0),
        ]
        assert page.found == 4
        busy, _, pair, _ = page.rows
        assert (busy.kind, busy.type_, busy.members, busy.seq, busy.offered, busy.withheld) == (
            ("group", "Public", 2, 5, 5, 0)
        )
        assert busy.online == 2 and busy.last_msg_time_ms > 0
        assert pair.kind == "pair" and pair.members == 2
        while (deliveries := (await root.hot()).rows[0].deliveries) < 10:
            pass
        assert deliveries == 10, "each message to both"
        by = {sort: [row.conversation for row in (await root.hot(sort)).rows] for sort in HotSort}
        assert by[HotSort.ID][0] == "g:some" and by[HotSort.SEQ][:2] == ["g:busy", "g:some"]
        assert by[HotSort.DELIVERIES][:2] == ["g:busy", "g:some"]
        assert all(len(rows) == 4 for rows in by.values())
        upwards = await root.hot(HotSort.ID, ascending=True)
        assert [row.conversation for row in upwards.rows] == ["c:5:alice:bob", "g:busy", "g:quiet", "g:some"]
        second = await root.hot(HotSort.ID, ascending=True, skip=1, limit=2)
        assert [row.conversation for row in second.rows] == ["g:busy", "g:quiet"] and second.found == 4
        found = await root.hot(search="u")
        assert [row.conversation for row in found.rows] == ["g:busy", "g:quiet"] and found.found == 2
        assert (await root.hot(search="no such")).rows == []


async def test_into_one_conversation(server: TestServer) -> None:
    async with server.client("administrator") as root, server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("talk", group_id="talk", members=["bob"])
        for at in range(4):
            await (bob if at == 2 else alice).send("talk", f"{at}")
        seen = await root.activity("talk")
        assert [(one.user_id, one.messages) for one in seen.senders] == [("alice", 3), ("bob", 1)]
        assert seen.complete and seen.rows[0].conversation == "g:talk" and seen.rows[0].online == 2
        nothing = await root.activity("nobody-has-asked-of-it")
        assert nothing.rows == [] and nothing.senders == []
        with pytest.raises(RcimError, match="NO_SUCH_GROUP"):
            await root.request(f.AdminActivity("x:what"), f.AdminActivityOk)


async def test_connections(server: TestServer) -> None:
    async with server.client("administrator") as root, server.client("alice"), server.client("bob"):
        page = await root.slow(SlowSort.USER, ascending=True)
        assert [row.user_id for row in page.rows] == ["administrator", "alice", "bob"] and page.found == 3
        assert [row.user_id for row in (await root.slow(SlowSort.USER, limit=2)).rows] == ["bob", "alice"]
        (row,) = (await root.slow(user_id="alice")).rows
        assert (row.address.startswith("127.0.0.1:") and row.platform == Platform.SERVER) or row.platform
        assert (row.queued_bytes, row.slow_ms, row.resyncs, row.dropped) == (0, 0, 0, 0)
        assert [one.user_id for one in (await root.slow(search="li")).rows] == ["alice"]
        for sort in SlowSort:
            assert len((await root.slow(sort)).rows) == 3


async def test_a_slow_receiver_comes_first(tmp_path: Path) -> None:  # RX-07
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.out_soft_bytes=65536",))
    await server.start()
    try:
        alice, bob = await server.member("alice"), await server.member("bob")
        await alice.ask(create("g", "bob"))
        bob.writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with server.client("administrator") as root:
            row = None
            for at in range(4_000):
                alice.write(send("g", f"m{at}", "x" * 7_000).encode(at + 10))
                await alice.take_of(f.SendOk)
                if at % 50 == 0:
                    row = (await root.slow(SlowSort.DROPPED)).rows[0]
                    if row.dropped:
                        break
            assert row is not None and row.user_id == "bob" and row.dropped > 0
            first = (await root.slow(SlowSort.SLOW)).rows[0]
            assert first.user_id == "bob" and first.queued_bytes > 65_536
            assert (await root.slow()).rows[0].user_id == "bob"
    finally:
        await server.stop()


async def test_processes(server: TestServer) -> None:
    async with server.client("administrator") as root, server.client("alice"):
        rows = await root.processes()
        names = [row.name for row in rows]
        assert names == (["owner", "gateway 1", "gateway 2"] if isinstance(server, TestCluster) else ["server"])
        assert sum(row.connections for row in rows) == 2 and sum(row.users for row in rows) == 2
        assert all(row.pid and row.memory_bytes and row.cpu_ms for row in rows)


async def test_bad_requests(server: TestServer) -> None:
    async with server.client("administrator") as root, server.client("alice") as alice:
        for frame, ok in (
            (f.AdminHot(HotSort.ID, False, "", 0, 0), f.AdminHotOk),
            (f.AdminActivity("g:g"), f.AdminActivityOk),
            (f.AdminSlow(SlowSort.AGE, False, "", "", 0), f.AdminSlowOk),
            (f.AdminProcesses(), f.AdminProcessesOk),
        ):
            with pytest.raises(RcimError, match="ADMIN_REQUIRED"):
                await alice.request(frame, ok)
        with pytest.raises(RcimError, match="BAD_PARAMETER: skip: 1000"):
            await root.hot(skip=1000)
        assert (await root.hot(skip=999, limit=50)).rows == []
        with pytest.raises(RcimError, match="BAD_PARAMETER: ascending"):
            await root.hot(HotSort.ONLINE, ascending=True)
        with pytest.raises(RcimError, match="BAD_PARAMETER"):
            await root.slow(user_id="a\nb")


async def test_many_at_once_are_answered_one_after_the_other(server: TestServer) -> None:
    await filled(server)
    async with server.client("administrator") as root:
        jobs = [root.hot(sort) for sort in HotSort] + [root.slow(sort) for sort in SlowSort]
        found = await asyncio.gather(*jobs, *(root.processes() for _ in range(5)))
        assert [page.found for page in found[: len(HotSort)]] == [3] * len(HotSort)


async def filled(server: TestServer) -> None:
    async with server.client("alice") as alice:
        for name in ("a", "b", "c"):
            await alice.create_group(name, group_id=name)
            await alice.send(name, "hello")


async def test_too_many_at_once_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_queries, "WAITING_MAX", 0)
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    try:
        async with server.client("administrator") as root:
            for job in (root.hot, root.slow):
                with pytest.raises(RcimError, match="OVERLOADED"):
                    await job()
    finally:
        await server.stop()


async def test_a_public_channel_is_heard_with_its_group(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # UG-02
    SteadyClock(monkeypatch)
    async with server.client("administrator") as root, server.client("alice") as alice, server.client("bob") as bob:
        free = ApplyJoinOption.FREE_ACCESS
        await alice.create_group("Town", group_id="@TGS#_town", type_="UltraGroup", apply_join_option=free)
        await bob.join("@TGS#_town")
        news = await alice.create_channel("@TGS#_town", "news")
        await alice.send(news, "hello")
        (row,) = (await root.hot(search="@TOPIC#_news")).rows
        assert row.kind == "channel" and row.online == 2 and row.in_10s == 1
        assert (await root.hot(HotSort.ONLINE, search="@TOPIC#_news")).rows[0].online == 2
