"""Temporary and unique conversations over the wire, with clients that are there and that come back (SY-02, C2-02)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rcim.base.terms import AddResult, GoneReason, Role
from rcim.client import GroupEvent, Message
from rcim.store import keys
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd, refused
from tests.kit import TestCluster, TestServer, travel, until
from tests.kit_sdk import with_store

SOON = ("limits.ending_sweep_ms=10",)


async def test_it_ends_by_itself_and_its_members_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=SOON)
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob = await crowd("alice", "bob")
        group = await alice.create_temporary("Short", ["bob", "carol"], ttl_s=100)
        assert group.startswith("_tmp:")
        info = await bob.info(group)
        assert info.ends_ms == info.create_time_ms + 100_000 and info.type_ == "Temporary" and info.owner == "alice"
        await bob.send(group, "quick")
        assert (await crowd.told("alice", Message)).text == "quick"
        travel(monkeypatch, info.ends_ms)
        for name in ("alice", "bob"):
            gone = await crowd.told(name, GroupEvent)
            assert (gone.group_id, gone.reason) == (group, GoneReason.ENDED)
        for job in (alice.send(group, "late"), bob.info(group), alice.history(group), bob.leave(group)):
            assert await refused(job) == "TEMPORARY_ENDED"
        async with server.client("carol") as carol:
            assert await carol.groups() == []
        assert (await bob.sync_page()).conversations == []
    store = server.server.dispatcher._store
    await until(lambda: not store.purge_step(), "its messages are purged")
    await server.stop()


async def test_a_client_that_was_away_hears_by_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # RX-03
    server = TestServer(tmp_path / "data", tls=False, flags=SOON)
    await server.start()
    raw = await server.member("bob")
    async with server.client("alice") as alice:
        group = await alice.create_temporary("Short", ["bob"], ttl_s=100)
        before = await raw.ask(f.Sync(b"", 0, 0))
        (row,) = before.conversations
        assert row.conversation == f"g:{group}" and row.ends_ms > 0
        travel(monkeypatch, row.ends_ms)
        store = server.server.dispatcher._store
        await until(lambda: store.load_group(f"g:{group}", 0).profile is None)
        after = await raw.ask(f.Sync(before.cursor, 0, 0))
        assert after.gone == [f"g:{group}"] and not after.reset
    await server.stop()


async def test_a_client_that_was_away_for_days_drops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=SOON)
    await server.start()
    async with server.client("alice") as alice:
        group = await alice.create_temporary("Short", ["bob"], ttl_s=100)
        await alice.create_group("Stays", group_id="stays", type_="ChatRoom", members=["bob"])
        async with with_store(server, tmp_path) as bob:
            await until(lambda: bob.conversation("stays") is not None and bob.conversation(group) is not None)
            kept = bob.conversation(group)
            assert kept is not None and kept.ends_ms > 0
        travel(monkeypatch, kept.ends_ms)
        store = server.server.dispatcher._store
        await until(lambda: store.load_group(f"g:{group}", 0).profile is None)
        assert store.forget_ended(1 << 45) == 3, "two members were told for a day, and the index"
        async with with_store(server, tmp_path) as bob:
            await until(lambda: bob.conversation(group) is None)
            assert bob.conversation("stays") is not None
    await server.stop()


async def test_what_is_refused_at_its_creation(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.temporary_per_user_max=2",))
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob, root = await crowd("alice", "bob", "administrator")
        tables = server.server.dispatcher._store._backend
        for members, ttl_s, code in (
            ([f"v{n}" for n in range(10)], None, "GROUP_FULL"),
            (["bob"], 2 * 86_400, "BAD_PARAMETER"),
            (["bob"], 0, "BAD_PARAMETER"),
        ):
            assert await refused(alice.create_temporary("T", members, ttl_s=ttl_s)) == code
        assert await refused(alice.create_group("T", group_id="_tmp:mine", type_="Temporary")) == "BAD_GROUP_ID"
        assert await refused(alice.create_group("T", group_id="mine", type_="Temporary")) == "BAD_GROUP_ID"
        with tables.read() as view:
            assert not list(view.scan("profiles", b"", keys.LAST)) and not list(view.scan("endings", b"", keys.LAST))
        group = await alice.create_temporary("T", ["bob"])
        assert await refused(bob.invite(group, ["eve"])) == "NOT_PERMITTED"
        assert await refused(root.join(group)) in ("NOT_PERMITTED", "ALREADY_MEMBER")
        assert {m.user_id: m.role for m in await bob.members(group)} == {"alice": Role.OWNER, "bob": Role.MEMBER}
        await alice.create_temporary("T", [])
        assert await refused(alice.create_temporary("T", [])) == "TOO_MANY_GROUPS"
        left_out = await bob.request(
            f.GroupCreate("", "Temporary", "T", "", "", "", 0, ["alice"]),  # type: ignore[arg-type]
            f.GroupCreateOk,
        )
        assert [(one.user_id, one.result) for one in left_out.left_out] == [("alice", AddResult.FULL)]
        await alice.create_group("They are counted on their own", type_="ChatRoom")
    await server.stop()


async def test_all_members_create_it_at_once(tmp_path: Path) -> None:  # C2-02
    cluster = TestCluster(tmp_path / "data")
    await cluster.start()
    async with Crowd(cluster) as crowd:  # type: ignore[arg-type]
        users = ["alice", "bob", "carol", "dan"]
        clients = await crowd(*users)
        jobs = [
            client.create_unique("Ours", [user for user in users if user != client.user_id])
            for _ in range(25)
            for client in clients
        ]
        made = await asyncio.gather(*jobs)
        (group,) = {one.group_id for one in made}
        assert sum(not one.existed for one in made) == 1
        for client in clients:
            assert [row.group_id for row in await client.groups()] == [group]
        await clients[0].leave(group)
        other = await clients[1].create_unique("Ours", ["alice", "carol", "dan"])
        assert other.group_id != group and not other.existed
        assert await refused(clients[0].create_unique("Alone", ["alice"])) == "BAD_PARAMETER"
        assert (await clients[1].info(other.group_id)).unique and not (await clients[1].info(group)).unique
    await cluster.stop()
