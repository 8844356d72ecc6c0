"""Queries over conversations over the wire: what users and the app find, in which order, and how it goes on (GR-13)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rcim_bench import queries as bench

from rcim.base.terms import MsgFlag
from rcim.client import Client
from rcim.store import conversation_queries, conversation_rows
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd, guest, refused
from tests.kit import TestServer

SEARCHED = ("types.Public.search=on", "app.guests=true")


async def ids(client: Client, where: Any = "", **more: Any) -> list[str]:
    return [row.group_id async for row in client.query(where, **more)]


async def test_what_a_user_finds(tmp_path: Path) -> None:  # GT-01, GT-03
    server = TestServer(tmp_path / "data", tls=False, flags=SEARCHED)
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob, carol, root = await crowd("alice", "bob", "carol", "administrator")
        await alice.create_group("Red", group_id="red", type_="ChatRoom", members=["bob"], attributes={"n": 1})
        await alice.create_group("Blue", group_id="blue", type_="ChatRoom", attributes={"n": 2, "tags": ["x", "y"]})
        await carol.create_group("Open", group_id="open", type_="Public", members=["dan"], attributes={"n": 3})
        await carol.create_group("Shut", group_id="shut", type_="Private", members=["alice"])
        await alice.send("red", "hello")
        assert await ids(alice) == ["blue", "open", "red"], "by id; not what waits for its first message (GT-16)"
        assert await ids(bob) == ["open", "red"]
        assert await ids(root) == ["blue", "open", "red", "shut"]
        assert await ids(alice, {"m": "alice"}) == ["red", "blue"], "the last message comes first"
        assert await ids(bob, {"m": "alice"}) == ["red"]
        assert await ids(carol, {"m": {"$in": ["dan"]}}) == ["open"]
        assert await ids(alice, {"m": "dan"}) == [], "who is in it is known to members alone"
        assert await ids(alice, {"objectId": {"$in": ["open", "shut", "red", "none"]}}, sort="objectId") == [
            "open",
            "red",
        ]
        assert await ids(alice, {"n": {"$gte": 2}}, sort="-n") == ["open", "blue"]
        assert await ids(alice, {"tags": "y"}) == ["blue"]
        assert await ids(root, {"c": "carol"}) == ["open", "shut"]
        assert await ids(root, {"m": "alice"}, sort="name") == ["blue", "red", "shut"]
        assert await ids(root, {"m": {"$in": ["alice", "bob", "dan"]}}, sort="objectId") == [
            "blue",
            "open",
            "red",
            "shut",
        ]
        assert await ids(alice, {"name": {"$regex": "^re", "$options": "i"}}) == ["red"]
        await bob.set_msg_flag("red", MsgFlag.ACCEPT_NOT_NOTIFY)
        assert await ids(bob, {"mu": "bob"}) == ["red"]
        assert await ids(alice, {"mu": "bob"}) == []
        assert await ids(root, {"mu": "bob"}) == ["red"]
        assert await alice.count_conversations({"m": "alice"}) == 2
        assert await ids(alice, {"no.such": 1}) == [], "what is unknown is just absent"
    await server.stop()


async def test_what_a_row_says(tmp_path: Path) -> None:  # GR-13, SY-02, C2-02, RX-03
    server = TestServer(tmp_path / "data", tls=False, flags=SEARCHED)
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob, carol, root = await crowd("alice", "bob", "carol", "administrator")
        await alice.create_group(
            "Red", group_id="red", type_="ChatRoom", members=["bob"], attributes={"a": {"b": "c"}}
        )
        await alice.send("red", "first")
        last = await bob.send("red", "last")
        page = await alice.query_page({"objectId": "red"}, last_message=True)
        (row,) = page.rows
        assert (row.type, row.name, row.creator) == ("ChatRoom", "Red", "alice")
        assert row.attributes == {"a": {"b": "c"}} and row.members == ["alice", "bob"] and row.member_num == 2
        assert row.last_message is not None and (row.last_message.seq, row.last_message.text) == (last.seq, "last")
        assert row.last_msg_time_ms == last.time_ms and row.create_time_ms <= row.last_info_time_ms
        (bare,) = (await alice.query_page({"objectId": "red"}, compact=True)).rows
        assert bare.members == [] and bare.last_message is None and bare.member_num == 2
        temporary = await alice.create_temporary("Short", ["bob"], ttl_s=100)
        unique = await alice.create_unique("Ours", ["bob"])
        found = {one.group_id: one async for one in bob.query({"m": "bob"})}
        assert found[temporary].temporary and found[temporary].ends_ms > found[temporary].create_time_ms
        assert found[unique.group_id].unique and not found["red"].unique
        assert await ids(bob, {"m": "bob", "temp": True}) == [temporary]
        assert await ids(bob, {"m": "bob", "unique": True}) == [unique.group_id]
        await root.create_group("Open", group_id="open", type_="Public", owner="alice", members=["bob"])
        await alice.send("open", "secret")
        (stranger,) = (await carol.query_page({"objectId": "open"}, last_message=True)).rows
        assert stranger.members == [] and stranger.last_message is None and stranger.name == "Open"
        (whole,) = (await root.query_page({"objectId": "open"}, last_message=True)).rows
        assert whole.last_message is not None and whole.last_message.text == "secret"
    await server.stop()


async def test_who_is_in_it_exactly(tmp_path: Path) -> None:
    """How a client finds the conversation of certain users."""
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with Crowd(server) as crowd:
        alice, root = await crowd("alice", "administrator")
        for group, members in (("ab", ["bob"]), ("abc", ["bob", "carol"]), ("ac", ["carol"])):
            await alice.create_group("G", group_id=group, type_="ChatRoom", members=members)
        for client in (alice, root):
            exact = {"m": {"$all": ["alice", "bob"], "$size": 2}}
            assert await ids(client, exact) == ["ab"]
            assert await ids(client, {"m": ["bob", "alice"]}) == ["ab"]
            assert await ids(client, {"m": {"$all": ["bob", "alice"]}}, sort="objectId") == ["ab", "abc"]
    await server.stop()


async def test_pages_and_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip and limit within a part, and the cursor from part to part; each conversation once."""
    monkeypatch.setattr(conversation_queries, "STEP_COST", 3)
    monkeypatch.setattr(conversation_rows, "STEP_MEMBERS", 60)
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with Crowd(server) as crowd:
        alice, root = await crowd("alice", "administrator")
        for n in range(25):
            await alice.create_group(
                "G", group_id=f"g{n:02}", type_="ChatRoom", attributes={"rank": n % 5, "n": n}, members=["bob"]
            )
        names = [f"g{n:02}" for n in range(25)]
        by_rank = sorted(names, key=lambda name: (-(int(name[1:]) % 5), name))
        mine = {"m": "alice"}
        assert await ids(alice, mine, sort="-rank,objectId") == by_rank
        page = await alice.query_page(mine, sort="-rank,objectId", skip=7, limit=4)
        assert [row.group_id for row in page.rows] == by_rank[7:11] and page.count == 25 and page.more
        page = await alice.query_page(mine, sort="-rank,objectId", skip=23, limit=4)
        assert [row.group_id for row in page.rows] == by_rank[23:] and not page.more and not page.next
        assert len((await alice.query_page(mine)).rows) == 10, "0 is the default"
        assert (await alice.query_page(mine, skip=100)).rows == []
        first = await root.query_page(limit=10)
        assert [row.group_id for row in first.rows] == names[:10] and first.next and not first.more
        second = await root.query_page(limit=10, skip=3, cursor=first.next)
        assert [row.group_id for row in second.rows] == names[13:23]
        monkeypatch.setattr(conversation_queries, "LOOKED_AT_MAX", 10)
        part = await alice.query_page(mine, sort="-n", limit=4)
        assert [row.group_id for row in part.rows] == ["g09", "g08", "g07", "g06"]
        assert part.count == 10 and part.more and part.next, "it says that it has not looked at all of them"
        assert sorted(await ids(alice, mine, sort="-n")) == names
        assert sorted(await ids(root, {"m": {"$in": ["alice", "bob"]}})) == names
        assert await root.count_conversations() == 25
        assert await root.count_conversations({"rank": 2}) == 5
        assert await refused(root.query_page(cursor="x")) == "BAD_PARAMETER"
        assert await refused(root.query_page(cursor="7 g:a")) == "BAD_PARAMETER"
    await server.stop()


async def test_a_page_has_as_many_members_as_fit(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.frame_bytes_max=32768",))
    await server.start()
    async with Crowd(server) as crowd:
        root = await crowd("administrator")
        users = [f"{n:03}" + "é" * 61 for n in range(400)]
        for group in ("a", "b", "c"):
            await root.import_group("Many", group_id=group, owner="alice")
            for at in range(0, 400, 100):
                rows = [f.ImportedMember(user, 1, 0, 0) for user in users[at : at + 100]]  # type: ignore[arg-type]
                await root.import_members(group, rows)
        page = await root.query_page(sort="objectId")
        (row,) = page.rows
        assert page.more and page.count == 3 and 100 < len(row.members) < 400 and row.member_num == 401
        assert await ids(root, sort="objectId") == ["a", "b", "c"]
    await server.stop()


BAD: list[tuple[dict[str, Any], str]] = [
    ({"where": "{"}, "BAD_QUERY"),
    ({"where": "{}" * 2}, "BAD_QUERY"),
    ({"where": '{"a":' * 50 + "1" + "}" * 50}, "BAD_QUERY"),
    ({"where": {"a": {"$where": "1"}}}, "BAD_QUERY"),
    ({"where": {"a": {"$regex": "("}}}, "BAD_QUERY"),
    ({"where": "x" * 8193}, "BAD_PARAMETER"),
    ({"sort": "a,b,c,d,e"}, "BAD_QUERY"),
    ({"skip": 5001}, "BAD_PARAMETER"),
    ({"limit": 101}, "BAD_PARAMETER"),
]


async def test_what_is_refused(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=SEARCHED)
    await server.start()
    async with Crowd(server) as crowd:
        alice = await crowd("alice")
        await alice.create_group("G", group_id="g", type_="Public", attributes={"text": "a" * 5000 + "b"})
        for wrong, code in BAD:
            assert await refused(alice.query_page(**wrong)) == code, wrong
        assert await ids(alice, {"text": {"$regex": "^(a+)+$"}}) == ["g"], "it looks at the first 1,024 characters"
        assert await ids(alice, {"text": {"$regex": "^(a|aa)+b$"}}) == []
        async with guest(server) as stranger:
            assert await refused(stranger.query_page()) == "NOT_PERMITTED"
        raw = await server.member("bob")
        answer = await raw.ask(f.ConversationsQuery(json.dumps({"a": {"$near": 1}}), "", 0, 0))
        assert answer.code.name == "BAD_QUERY" and "where.a.$near" in answer.detail
    await server.stop()


@pytest.mark.slow
async def test_what_it_costs_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "REPEATS", 3)
    monkeypatch.setattr(bench, "BESIDE_S", 0.2)
    report = await bench.run(1000, lambda _: None)
    assert bench.failures(report) == []
    assert {one["what"] for one in report["rows"]} > {what for what, _, _ in bench.QUERIES}
    assert bench.failures({**report, "conversations": 100}) != []


async def test_a_channel_is_found_by_who_sees_it(tmp_path: Path) -> None:  # UG-05, GR-13
    flags = ("types.UltraGroup.search=on", "types.Channel.search=on")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob, carol, dan, root = await crowd("alice", "bob", "carol", "dan", "administrator")
        ultra = await alice.create_group("U", type_="UltraGroup", members=["bob", "carol"])
        secret = await alice.create_channel(ultra, "secret", private=True)
        await alice.change_channel_users(secret, add=["bob"])
        await bob.send(secret, "for the list")
        await bob.mark_read(secret, 1)
        (row,) = (await bob.query_page({"objectId": secret}, last_message=True)).rows
        assert row.creator == "alice" and row.last_message is not None and row.members == []
        assert await ids(root, {"objectId": secret}) == [secret]
        assert await ids(bob, {"$or": [{"m": "bob"}, {"name": "none"}]}) == [ultra], "as by memberships"
        await alice.change_channel_users(secret, remove=["bob"])
        await alice.send(secret, "not for bob")
        for client in (bob, carol, dan):
            assert (await client.query_page({"objectId": secret}, last_message=True)).rows == []
            assert await ids(client) == [ultra]
            assert await client.find_groups(secret) == await client.find_groups("secret") == []
        await bob.leave(ultra)
        open_to_all = await alice.create_channel(ultra, "open")
        assert await ids(carol) == [ultra, open_to_all]
        assert await ids(bob) == [ultra]
    await server.stop()
