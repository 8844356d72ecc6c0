"""The main way, through the wire: SDK clients and raw connections against a running server, with and without TLS."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rcim.actor.records import GroupChanged
from rcim.actor.records import Message as Kept
from rcim.base.errors import HEARTBEAT_TIMEOUT, TOO_SLOW, RcimError
from rcim.base.terms import ApplyJoinOption, GoneReason, Priority
from rcim.client import Client, EnteredEvent, GroupEvent, Message, SendResult
from rcim.client.link import ConnectionGone
from rcim.connect import logins
from rcim.connect.asking import run
from rcim.content.elements import Custom, Text, TypedBytes
from rcim.dispatch.requests import Delivery
from rcim.wire import frames as f
from rcim.wire.stream import StreamSplitter
from tests.kit import PATIENCE_S, TestServer, create, send, until


async def take(client: Client, count: int) -> list[Message]:
    """The next `count` messages."""
    found: list[Message] = []
    async for message in client.messages():
        found.append(message)
        if len(found) == count:
            break
    return found


async def test_two_talk(server: TestServer) -> None:  # GR-01, GR-05, MS-02, MS-04
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.set_profile("Alice", "https://example.org/a.png")
        await alice.create_group("Lobby", group_id="lobby", type_="ChatRoom")
        assert (await bob.join("lobby", name_card="Bobby")).newest_seq == 0
        first = await alice.send("lobby", "hello")
        second = await bob.send("lobby", [Text("hi "), Custom(b"\x00", "wave", ""), TypedBytes("app.x", b"1")])
        assert (first.seq, second.seq, first.duplicate) == (1, 2, False)
        for client in (alice, bob):
            one, two = await take(client, 2)
            assert (one.seq, one.sender, one.nickname, one.face_url, one.text) == (
                1,
                "alice",
                "Alice",
                "https://example.org/a.png",
                "hello",
            )
            assert (two.seq, two.display_name, two.text) == (2, "Bobby", "hi ")
            assert two.elements[1:] == (Custom(b"\x00", "wave", ""), TypedBytes("app.x", b"1"))
            assert one.message_id != two.message_id and one.time_ms <= two.time_ms
        info = await bob.info("lobby")
        assert (info.member_num, info.online_num, info.next_msg_seq, info.owner) == (2, 2, 3, "alice")
        assert [(m.user_id, m.role.name, m.name_card) for m in await bob.members("lobby")] == [
            ("alice", "OWNER", ""),
            ("bob", "MEMBER", "Bobby"),
        ]
        (mine,) = await bob.groups()
        assert (mine.group_id, mine.role, mine.newest_seq, mine.joined_seq) == ("lobby", 1, 2, 0)


async def test_the_same_client_msg_id_is_sent_once(server: TestServer) -> None:  # MS-02
    async with server.client("alice") as alice:
        await alice.create_group("G", group_id="g", type_="ChatRoom")
        first = await alice.send("g", "x", client_msg_id="one")
        again = await alice.send("g", "x", client_msg_id="one")
        assert again.duplicate and (again.seq, again.message_id) == (first.seq, first.message_id)
        assert (await alice.send("g", "y")).seq == 2


async def test_ids_and_seq_survive_a_restart(tmp_path: Path) -> None:  # ST-01, MS-01, MS-02
    data = tmp_path / "data"
    server = TestServer(data)
    await server.start()
    async with server.client("alice") as alice:
        await alice.create_group("G", group_id="g", members=["bob"], type_="ChatRoom")
        first = await alice.send("g", "x", client_msg_id="one")
    await server.stop()
    server = TestServer(data)
    await server.start()
    async with server.client("alice") as alice, server.client("bob") as bob:
        again = await alice.send("g", "x", client_msg_id="one")
        assert again.duplicate and again.seq == first.seq and again.message_id == first.message_id
        assert (await bob.send("g", "y")).seq == 2
        assert [m.text for m in await bob.history("g")] == ["x", "y"]
    await server.stop()


async def test_a_thousand_under_way_keep_their_order(server: TestServer) -> None:  # WI-06
    alice = await server.member("alice")
    await alice.ask(create("g"))
    for i in range(1000):
        alice.write(send("g", f"c{i}", str(i)).encode(1000 + i))
    answers, seen = {}, []
    while len(answers) < 1000 or len(seen) < 1000:
        raw = await alice.take_raw()
        assert raw is not None
        if raw.type == f.SendOk.TYPE:
            answers[raw.request_id] = f.SendOk.decode(raw.body).seq
        elif raw.type == f.Deliver.TYPE:
            seen += [m.seq for m in f.Deliver.decode(raw.body).messages]
    assert [answers[1000 + i] for i in range(1000)] == list(range(1, 1001))
    assert seen == list(range(1, 1001))
    await alice.close()


async def test_history_pages(server: TestServer) -> None:  # RX-06
    async with server.client("alice") as alice, server.client("eve") as eve:
        await alice.create_group("G", group_id="g", apply_join_option=ApplyJoinOption.FREE_ACCESS)
        for i in range(45):
            await alice.send("g", str(i))
        assert [m.seq for m in await alice.history("g")] == list(range(1, 21))
        assert [m.seq for m in await alice.history("g", from_seq=40, limit=3)] == [40, 41, 42]
        assert [m.seq for m in await alice.history("g", backwards=True, limit=3)] == [45, 44, 43]
        assert [m.seq for m in await alice.history("g", from_seq=3, to_seq=5)] == [3, 4, 5]
        assert len(await alice.history("g", limit=1000)) == 45
        with pytest.raises(RcimError) as error:
            await eve.history("g")
        assert error.value.code.name == "NOT_PERMITTED"
        await eve.join("g")
        assert [m.tip is not None and m.tip.users for m in await eve.history("g")] == [["eve"]]  # GT-14, GT-15
        await alice.send("g", "new")
        assert [m.seq for m in await eve.history("g")] == [46, 47]


async def test_history_by_time(plain_server: TestServer) -> None:
    alice = await plain_server.member("alice")
    await alice.ask(create("g"))
    times = [(await alice.ask(send("g", f"c{i}"))).time_ms for i in range(10)]
    page = await alice.ask(f.History("g:g", 0, 0, 100, False, times[5], times[5]))
    assert [m.seq for m in page.messages] == [i + 1 for i, t in enumerate(times) if t == times[5]]
    await alice.close()


async def test_leaving_and_dissolving(server: TestServer) -> None:  # GR-01, GR-05, GT-04, GT-08
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("G", group_id="g", members=["bob"], type_="ChatRoom")
        for client, code in ((alice, "OWNER_MAY_NOT_LEAVE"),):
            with pytest.raises(RcimError) as error:
                await client.leave("g")
            assert error.value.code.name == code
        await bob.leave("g")
        with pytest.raises(RcimError) as error:
            await bob.send("g", "x")
        assert error.value.code.name == "NOT_PERMITTED"
        await alice.send("g", "alone")
        await bob.join("g")
        await alice.send("g", "together")
        events = (event async for event in bob.events() if isinstance(event, GroupEvent | EnteredEvent | Message))
        entered = await anext(events)
        assert isinstance(entered, EnteredEvent) and entered.operator == "alice"  # GR-07
        assert await anext(events) == GroupEvent("g", GoneReason.LEFT)
        entered = await anext(events)
        assert isinstance(entered, EnteredEvent) and entered.operator == "bob"
        message = await anext(events)
        assert isinstance(message, Message) and message.text == "together" and message.seq == 2
        await alice.dissolve("g")
        assert await anext(events) == GroupEvent("g", GoneReason.DISSOLVED)
        with pytest.raises(RcimError) as error:
            await bob.send("g", "x")
        assert error.value.code.name == "NO_SUCH_GROUP"
        assert await bob.groups() == []


async def test_all_devices_of_a_user_hear_everything(server: TestServer) -> None:  # ID-05
    async with server.client("alice") as phone, server.client("alice") as desk, server.client("bob") as bob:
        await phone.create_group("G", group_id="g", type_="ChatRoom")
        await bob.join("g")
        await phone.send("g", "one")
        await bob.send("g", "two")
        for client in (phone, desk, bob):
            assert [m.text for m in await take(client, 2)] == ["one", "two"]
        assert (await bob.info("g")).online_num == 2


async def test_a_nickname_changes_for_what_is_sent_from_then_on(server: TestServer) -> None:  # MS-04
    async with server.client("alice") as phone, server.client("alice") as desk:
        await phone.create_group("G", group_id="g", type_="ChatRoom")
        await phone.send("g", "before")
        await phone.set_profile("Al")
        await desk.send("g", "after")
        assert [m.nickname for m in await take(phone, 2)] == ["", "Al"]
    async with server.client("alice") as again:
        assert again.login_ok is not None and again.login_ok.nickname == "Al"


async def test_a_client_that_was_away_gets_what_it_missed(server: TestServer) -> None:  # RX-05
    async with server.client("alice") as alice:
        await alice.create_group("G", group_id="g", members=["bob"], type_="ChatRoom")
        async with server.client("bob") as bob:
            await alice.send("g", "one")
            assert [m.seq for m in await take(bob, 1)] == [1]
        for i in range(250):
            await alice.send("g", str(i))
        bob = server.client("bob")
        bob.follow("g", 1)
        async with bob:
            assert [m.seq for m in await take(bob, 250)] == list(range(2, 252))


async def test_a_cut_connection_comes_back_by_itself(server: TestServer) -> None:  # RX-05
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("G", group_id="g", members=["bob"], type_="ChatRoom")
        got: list[Message] = []

        async def read() -> None:
            async for message in bob.messages():
                got.append(message)

        reader = asyncio.create_task(read())
        for round_ in range(5):
            sends = [asyncio.create_task(alice.send("g", f"{round_} {i}")) for i in range(40)]
            await asyncio.sleep(0)
            for client in (alice, bob):
                await until(lambda one=client: one._link is not None and one._open.is_set(), "it is back")  # type: ignore[misc]
                assert client._link is not None
                client._link.abort()
            results = await asyncio.gather(*sends)
            assert len({r.seq for r in results}) == 40
        await until(lambda: len(got) == 200, "all messages at bob's")
        assert [m.seq for m in got] == list(range(1, 201))
        assert alice.reconnects >= 1 and bob.reconnects >= 1
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def test_an_app_that_reads_slowly_loses_nothing(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.client.stream.QUEUE_MAX", 50)
    async with plain_server.client("alice") as alice, plain_server.client("bob") as bob:
        await alice.create_group("G", group_id="g", members=["bob"], type_="ChatRoom")
        await asyncio.gather(*(alice.send("g", str(i)) for i in range(500)))
        await bob.send("g", "I can send while I do not read")
        assert [m.seq for m in await take(bob, 501)] == list(range(1, 502))


async def test_going_away(server: TestServer) -> None:  # WI-07, OP-04
    alice = await server.member("alice")
    await alice.ask(create("g"))
    for i in range(50):
        alice.write(send("g", f"c{i}").encode(500 + i))
    await alice.answer_to(500)
    stopping = asyncio.create_task(server.drain())
    answered = {500}
    while len(answered) < 50:
        raw = await alice.take_raw()
        assert raw is not None, "what was accepted is answered"
        if raw.type == f.SendOk.TYPE:
            answered.add(raw.request_id)
        if raw.type == f.GoingAway.TYPE:
            push = f.GoingAway.decode(raw.body)
            assert push.grace_ms == 2000 and push.host == ""
            alice.write(send("g", "late").encode(999))
            refused = await alice.answer_to(999)
            assert isinstance(refused, RcimError) and refused.code.name == "SHUTTING_DOWN"
            break
    await alice.close()
    await stopping


async def test_admin_frames(server: TestServer) -> None:  # AB-01, ID-08, MS-06
    async with server.client("administrator") as admin, server.client("alice") as alice:
        assert admin.login_ok is not None and admin.login_ok.is_admin
        for i in range(120):
            await alice.create_group("G", group_id=f"g{i:03}", type_="ChatRoom")
        page = await admin.request(f.AdminGroups("", 0), f.AdminGroupsOk)
        rest = await admin.request(f.AdminGroups(page.next, 0), f.AdminGroupsOk)
        assert [g.group_id for g in page.groups + rest.groups] == [f"g{i:03}" for i in range(120)]
        assert rest.next == ""
        assert (await admin.send("g000", "from above")).seq == 1
        assert [m.sender for m in await take(alice, 1)] == ["administrator"]
        found = await admin.request(f.AdminConnections(0, 1, ""), f.AdminConnectionsOk)
        more = await admin.request(f.AdminConnections(found.next_id, 1, ""), f.AdminConnectionsOk)
        assert {c.user_id for c in found.connections + more.connections} == {"administrator", "alice"}
        only = await admin.request(f.AdminConnections(0, 9, "alice"), f.AdminConnectionsOk)
        assert [c.user_id for c in only.connections] == ["alice"] and only.next_id == 0
        stats = {s.name: s.value for s in (await admin.request(f.AdminStats(), f.AdminStatsOk)).stats}
        assert stats["messages"] == 1 and stats["connections"] == 2 and stats["users_online"] == 2
        await admin.dissolve("g000")
        for frame in (f.AdminGroups("", 0), f.AdminConnections(0, 0, ""), f.AdminStats()):
            with pytest.raises(RcimError) as error:
                await alice.request(frame, f.AdminStatsOk)
            assert error.value.code.name == "ADMIN_REQUIRED"


@pytest.mark.parametrize(
    "frame, code",
    [
        (create(""), None),
        (create("x" * 49), "BAD_GROUP_ID"),
        (create("@TGS#mine"), "BAD_GROUP_ID"),
        (create("tab\there"), "BAD_GROUP_ID"),
        (create("ünï"), "BAD_GROUP_ID"),
        (create("g", "a\nb"), "BAD_PARAMETER"),
        (create("g", *(f"u{i}" for i in range(101))), "BAD_PARAMETER"),
        (f.GroupCreate("g", "Public", "two\nlines", "", "", "", ApplyJoinOption.FREE_ACCESS, []), "BAD_PARAMETER"),
        (f.GroupCreate("g", "Secret", "n", "", "", "", ApplyJoinOption.FREE_ACCESS, []), "BAD_PARAMETER"),
        (f.GroupCreate("g", "Private", "n", "", "", "", ApplyJoinOption.NEED_PERMISSION, []), "BAD_PARAMETER"),
        (f.GroupJoin("nowhere", ""), "NO_SUCH_GROUP"),
        (f.GroupJoin("nowhere", "two\nlines"), "BAD_PARAMETER"),
        (f.Send("lobby", "c", Priority.HIGH, b""), "BAD_ELEMENT"),
        (f.Send("x:lobby", "c", Priority.HIGH, send("g", "c").body), "NO_SUCH_GROUP"),
        (f.Send("g:a\0b", "c", Priority.HIGH, send("g", "c").body), "NO_SUCH_GROUP"),
        (f.Send("g:g", "c\n", Priority.HIGH, send("g", "c").body), "BAD_PARAMETER"),
        (f.Send("g:g", "c", Priority.HIGH, b"\x00\x63\x00\x01a"), "BAD_ELEMENT"),
        (f.Send("g:g", "c", Priority.HIGH, b"\x00\x01\x00\x05ab"), "BAD_ELEMENT"),
        (f.Send("g:g", "c", Priority.HIGH, b"\x00\x01\x00\x03\x00\x01\xff"), "BAD_ELEMENT"),
        (f.Send("g:g", "c", Priority.HIGH, send("g", "c", "x" * 8187).body), "BODY_TOO_LARGE"),
        (f.Send("g:g", "c", Priority.HIGH, send("g", "c", "x" * 8186).body), "NO_SUCH_GROUP"),
        (f.Send("g:g", "c", Priority.HIGH, send("g", "c", "").body * 65), "BAD_ELEMENT"),
        (f.ProfileSet("two\nlines", ""), "BAD_PARAMETER"),
        (f.History("g:nowhere", 0, 0, 0, False), "NO_SUCH_GROUP"),
    ],
    ids=lambda x: x.NAME if hasattr(x, "NAME") else str(x),
)
async def test_bad_values_end_in_their_code(plain_server: TestServer, frame: f.Frame, code: str | None) -> None:
    alice = await plain_server.member("alice")
    found = await alice.ask(frame)
    if code is None:
        assert isinstance(found, f.GroupCreateOk) and found.group_id.startswith("@TGS#")
    else:
        assert isinstance(found, RcimError) and found.code.name == code
    assert isinstance(await alice.ask(f.Ping(1)), f.Pong), "and the connection goes on"
    await alice.close()


async def test_too_many_groups(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "d", tls=False, flags=("limits.groups_per_user_max=2",))
    await server.start()
    alice = await server.member("alice")
    assert [type(await alice.ask(create(g))).__name__ for g in "ab"] == ["GroupCreateOk"] * 2
    refused = await alice.ask(create("c"))
    assert isinstance(refused, RcimError) and refused.code.name == "TOO_MANY_GROUPS"
    await alice.close()
    await server.stop()


async def test_who_joins_hears_only_what_comes_after(plain_server: TestServer) -> None:  # GT-14
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g"))
    for i in range(300):
        alice.write(send("g", f"a{i}").encode(10_000 + i))
    joined = await bob.ask(f.GroupJoin("g", ""))
    for i in range(300):
        alice.write(send("g", f"b{i}").encode(20_000 + i))
    newest = joined.newest_seq
    seen: list[int] = []
    while not seen or seen[-1] < 600:
        seen += [m.seq for m in (await bob.take_of(f.Deliver)).messages]
    assert seen == list(range(newest + 1, 601))
    await asyncio.gather(alice.close(), bob.close())


async def test_login_while_the_groups_change(plain_server: TestServer) -> None:
    """Joins and leaves of another device that fall into the moment of a login count."""
    first = await plain_server.member("bob")
    alice = await plain_server.member("alice")
    for i in range(20):
        await alice.ask(create(f"g{i}", "bob"))
    for round_ in range(15):
        second = await plain_server.raw()
        await second.hello()
        login = f.Login("bob", plain_server.sign("bob"), 2, "")  # type: ignore[arg-type]
        second.write(login.encode(7))
        frame = f.GroupLeave("g0") if round_ % 2 == 0 else f.GroupJoin("g0", "")
        await asyncio.gather(first.ask(frame), second.answer_to(7))
        sent = await alice.ask(send("g0", f"r{round_}"))
        await alice.ask(send("g1", f"r{round_}"))
        expected = [("g:g1", round_ + 1)] if round_ % 2 == 0 else [("g:g0", sent.seq), ("g:g1", round_ + 1)]
        found = [await second.take_of(f.Deliver) for _ in expected]
        assert sorted((d.conversation, d.messages[0].seq) for d in found) == expected
        await second.close()
    await asyncio.gather(first.close(), alice.close())


async def test_logout_answers_what_was_taken(server: TestServer) -> None:
    alice = await server.member("alice")
    await alice.ask(create("g"))
    for i in range(20):
        alice.write(send("g", f"c{i}").encode(100 + i))
    alice.write(f.Logout().encode(200))
    found = []
    while (raw := await alice.take_raw()) is not None:
        if raw.request_id:
            found.append(raw.request_id)
    assert found == [*range(100, 120), 200]
    await alice.close()


async def test_a_login_between_a_join_and_its_news(plain_server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store knows of the join before the connections have been told: all devices hear the group nevertheless."""
    store = plain_server.server.store
    append = store.append
    joined, go_on = threading.Event(), threading.Event()

    def slow(appends: Any, now_ms: int, doubted_ms: int, done: Any) -> None:
        def tell(results: Any) -> None:
            if any(isinstance(record, GroupChanged) for one in appends for record in one.records):
                joined.set()
                go_on.wait(PATIENCE_S)
            done(results)

        append(appends, now_ms, doubted_ms, tell)

    monkeypatch.setattr(store, "append", slow)
    alice, first = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g"))
    asking = asyncio.create_task(first.ask(f.GroupJoin("g", "")))
    await until(joined.is_set)
    second = await plain_server.member("bob")
    go_on.set()
    await asking
    await alice.ask(send("g", "c"))
    for device in (first, second):
        assert (await device.take_of(f.Deliver)).messages[0].seq == 1
    assert (await alice.ask(f.GroupInfo("g"))).online_num == 2


async def test_a_group_made_again_comes_after_the_end_of_the_old(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.connect.fanout.wait_ms", lambda sockets, since_ms, waiting: max(0, 60_000 - since_ms))
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g", "bob"))
    for i in range(3):
        await alice.ask(send("g", f"c{i}"))
    await alice.ask(f.GroupDissolve("g"))
    await alice.ask(create("g", "bob"))
    await alice.ask(send("g", "again"))
    found: list[object] = []
    while len(found) < 4:
        push = await bob.take()
        if isinstance(push, f.GroupEntered):  # at once (GR-07)
            continue
        found += [m.seq for m in push.messages] if isinstance(push, f.Deliver) else [type(push).__name__]
        if len(found) == 4 and found[3] != "GroupGone":
            break
    assert found == [1, 2, 3, "GroupGone"]
    push = await bob.take_of(f.Deliver)
    assert [m.seq for m in push.messages] == [4]


async def test_what_is_under_way_is_sent_again_whatever_ended_the_connection(server: TestServer) -> None:  # MS-02
    async with server.client("alice") as alice:
        await alice.create_group("G", group_id="g", type_="ChatRoom")
        for code in (TOO_SLOW, HEARTBEAT_TIMEOUT):
            there = [c for hub in server.hubs for c in hub.table]
            (connection,) = [c for c in there if c.principal and not c.closing]
            sending = [asyncio.create_task(alice.send("g", f"{i}")) for i in range(20)]
            await asyncio.sleep(0)
            connection.refuse_all(code)
            results = await asyncio.gather(*sending)
            assert len({r.seq for r in results}) == 20
        assert alice.reconnects == 2


async def test_a_closed_client_answers_that_it_is(plain_server: TestServer) -> None:
    client = plain_server.client("alice")
    await client.connect()
    await client.create_group("G", group_id="g", type_="ChatRoom")
    under_way = asyncio.create_task(client.send("g", "x"))
    await asyncio.sleep(0)
    await client.close()
    with pytest.raises(ConnectionGone):
        await client.send("g", "y")
    (result,) = await asyncio.gather(under_way, return_exceptions=True)
    assert isinstance(result, SendResult | ConnectionGone), "answered or ended, and not left hanging"


async def test_a_user_sig_that_can_not_be_made_for_a_while(plain_server: TestServer) -> None:
    fails = [RuntimeError("the back end is away")] * 2

    def sign() -> str:
        if client.login_ok is not None and fails:
            raise fails.pop()
        return plain_server.sign("alice")

    client = Client("127.0.0.1", plain_server.port, user_id="alice", user_sig=sign, tls=None)
    async with client:
        assert client._link is not None
        client._link.abort()
        await until(lambda: client.reconnects == 1)
        assert not fails and await client.create_group("G", type_="ChatRoom")


async def test_a_server_that_ends_with_its_welcome(tmp_path: Path) -> None:
    """LOGIN_OK, GOING_AWAY and the end in one piece: the client comes again."""
    seen: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer)
        first = len(seen) == 1
        splitter = StreamSplitter(1 << 20)
        while data := await reader.read(65536):
            splitter.feed(data)
            while (raw := splitter.take()) is not None:
                if raw.type == f.Hello.TYPE:
                    writer.write(f.HelloOk(1, 30000, 75000, 0, 4096, [], "fake").encode(raw.request_id))
                elif raw.type == f.Login.TYPE:
                    said = f.LoginOk(1, 0, 65536, 8192, False, "", "").encode(raw.request_id)
                    writer.write(said + (f.GoingAway(0, 0, "", 0).encode() if first else b""))
                    if first:
                        writer.close()
                        return
                elif raw.type == f.Sync.TYPE:
                    writer.write(f.SyncOk([], [], b"", False, False).encode(raw.request_id))
                elif raw.type == f.Logout.TYPE:
                    writer.write(f.LogoutOk().encode(raw.request_id))

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with Client("127.0.0.1", port, user_id="a", user_sig="x", tls=None) as client:
        assert client.reconnects == 1 and len(seen) == 2
    listener.close()
    for writer in seen:
        writer.close()


async def test_many_groups_at_once_meet_their_bound(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "d", tls=False, flags=("limits.groups_per_user_max=3",))
    await server.start()
    alice = await server.member("alice")
    for i in range(20):
        alice.write(create(f"g{i}").encode(100 + i))
    answers: list[Any] = []
    while len(answers) < 20:
        found = await alice.take()
        answers += [found] if isinstance(found, f.GroupCreateOk | RcimError) else []
    made = [a for a in answers if isinstance(a, f.GroupCreateOk)]
    assert len(made) == 3
    assert {a.code.name for a in answers if isinstance(a, RcimError)} == {"TOO_MANY_GROUPS"}
    await alice.ask(f.GroupDissolve(made[0].group_id))
    assert isinstance(await alice.ask(create("another")), f.GroupCreateOk)
    await server.stop()


async def test_a_login_that_was_dropped_leaves_no_news_behind(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a login that never came about was told must not count for a later one."""
    alice, first = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g"))
    held: list[Callable[[], None]] = []

    def hold(engine: Any, workflow: Any, done: Callable[[Any], None]) -> None:
        run(engine, workflow, lambda result: held.append(partial(done, result)))

    monkeypatch.setattr(logins, "run", hold)
    second = await plain_server.raw()
    await second.hello()
    second.write(f.Login("bob", plain_server.sign("bob"), 2, "").encode(7))  # type: ignore[arg-type]
    await until(lambda: held)
    assert isinstance(await first.ask(f.GroupJoin("g", "")), f.GroupJoinOk)
    (waiting,) = [one for one in plain_server.server.hub.table if one.expects_login]
    waiting.on_timer(waiting.deadline_ms)  # it has waited too long
    await until(lambda: len(plain_server.server.hub) == 2)
    monkeypatch.undo()
    held.pop()()
    await first.ask(f.GroupLeave("g"))
    await second.close()
    third = await plain_server.member("bob")
    await alice.ask(send("g", "secret"))
    for device in (first, third):
        device.write(f.Ping(1).encode(99))
        while (raw := await device.take_raw()) is not None and raw.request_id != 99:
            assert raw.type != f.Deliver.TYPE, "the user has left"


async def test_many_rounds_take_their_turns(plain_server: TestServer) -> None:
    """A backlog of many rounds over a small room neither recurses nor comes to each socket in one turn."""
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(create("g", "bob"))
    await alice.close()  # who does not read would be slow
    await until(lambda: len(plain_server.server.hub) == 1)
    fanout = plain_server.server.hub.fanout
    audience = fanout.find("g:g")
    assert audience is not None
    text = "x" * 8000
    body = send("g", "c", text).body
    messages = [Kept(i, i, i, Priority.NORMAL, "alice", "", "", "", f"c{i}", body) for i in range(1, 2501)]
    plain_server.server.hub.deliveries.deliver("g:g", [Delivery(message, message.priority) for message in messages])
    assert audience.waiting > 2400, "one round, and then the others' turn"
    seen: list[int] = []
    while len(seen) < 2500:
        seen += [m.seq for m in (await bob.take_of(f.Deliver)).messages]
    assert seen == list(range(1, 2501))
