"""System conversations, what users write to them, and the accounts that send in the app's name (SY-01, SY-06)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.base.errors import RcimError
from rcim.client import Client, Message, Platform, User
from rcim.wire import frames as f
from tests.kit import TestCluster, TestServer, send, until
from tests.kit_callbacks import Receiver, receiver, serve
from tests.kit_sdk import next_of

__all__ = ["receiver"]  # the fixture

ADMIN = "administrator"
NEWS = "@SYS#news"
WITH_ALICE = f"c:9:{NEWS}:alice"


@pytest.fixture(params=["one process", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    flags = (f"app.administrators={ADMIN}", "app.guests=true")
    made = TestServer(tmp_path, tls=False, flags=flags)
    if request.param == "gateways":
        made = TestCluster(tmp_path, flags=flags)
    await made.start()
    yield made
    await made.stop()


async def refused(client: Client, frame: f.Frame, reply: type[f.Frame]) -> str:
    with pytest.raises(RcimError) as error:
        await client.request(frame, reply)
    return error.value.code.name


async def login_refused(server: TestServer, user_id: str) -> str:
    raw = await server.raw()
    await raw.hello()
    found = await raw.ask(f.Login(user_id, server.sign(user_id), Platform.SERVER, ""))
    assert isinstance(found, RcimError)
    return found.code.name


async def test_subscribers_hear_the_app(server: TestServer) -> None:  # SY-01
    async with server.client(ADMIN) as app, server.client("alice") as alice, server.client("bob") as bob:
        assert await app.create_system("News", group_id=NEWS, face_url="https://example.org/n") == NEWS
        await app.system_send(NEWS, "before")
        await alice.join(NEWS)
        sent = await app.system_send(NEWS, "hello")
        assert sent.seq == 2
        heard = await next_of(alice, Message)
        assert (heard.conversation, heard.sender, heard.nickname) == (f"g:{NEWS}", NEWS, "News")
        assert heard.face_url == "https://example.org/n"
        assert [m.text for m in await alice.history(NEWS)] == ["before", "hello"]  # what was before is open to all
        with pytest.raises(RcimError, match="NOT_PERMITTED"):
            await bob.history(NEWS)
        row = {r.conversation: r for r in (await alice.sync_page()).conversations}[f"g:{NEWS}"]
        assert (row.unread, row.newest_seq) == (1, 2)
        assert [g.group_id for g in await bob.find_groups("news")] == [NEWS]
        await alice.leave(NEWS)
        with pytest.raises(RcimError, match="NOT_PERMITTED"):
            await alice.history(NEWS)


async def test_made_ids_and_who_makes_one(server: TestServer) -> None:  # SY-01, GT-25
    async with server.client(ADMIN) as app, server.client("alice") as alice:
        assert (await app.create_system("Made")).startswith("@SYS#")
        with pytest.raises(RcimError, match="NOT_PERMITTED"):
            await alice.create_system("Mine", group_id="@SYS#mine")
        with pytest.raises(RcimError, match="BAD_GROUP_ID"):
            await app.create_group("n", group_id="@SYS#public", type_="Public")
        with pytest.raises(RcimError, match="BAD_GROUP_ID"):
            await app.create_group("n", group_id="news", type_="System")
        await app.create_system("News", group_id=NEWS)
        await alice.join(NEWS)
        for name, call in {
            "edit": alice.edit_group(NEWS, name="x"),
            "dissolve": alice.dissolve(NEWS),
            "members": alice.members(NEWS),
            "kick": alice.kick(NEWS, ["bob"]),
            "invite": alice.invite(NEWS, ["bob"]),
        }.items():
            with pytest.raises(RcimError, match="NOT_PERMITTED"):
                await call
            assert name
        raw = await server.raw()
        await raw.hello()
        await raw.ask(f.Login("", "", Platform.WEB, ""))
        for frame in (f.GroupJoin(NEWS, ""), send(NEWS, "c")):
            found = await raw.ask(frame)
            assert isinstance(found, RcimError) and found.code.name == "NOT_PERMITTED"


async def test_what_users_write_goes_to_the_app_alone(server: TestServer) -> None:  # SY-01
    async with server.client(ADMIN) as app, server.client("alice") as alice, server.client("bob") as bob:
        await app.create_system("News", group_id=NEWS)
        await alice.join(NEWS)
        await bob.join(NEWS)
        raw = await server.member("alice")
        first = await alice.send(NEWS, "a question")
        second = await alice.write_to_system(NEWS, "another")
        assert (first.seq, second.seq) == (1, 2)
        found = await app.history(User("alice", of=NEWS))
        assert [(m.seq, m.sender, m.text) for m in found] == [(1, "alice", "a question"), (2, "alice", "another")]
        assert [m.conversation for m in await alice.history(User(NEWS))] == [WITH_ALICE] * 2
        assert await alice.history(NEWS) == []
        await app.send(User("alice", of=NEWS), "an answer", as_user=NEWS)
        answered = await raw.take_of(f.Deliver)
        while answered.messages[-1].sender != NEWS:
            answered = await raw.take_of(f.Deliver)
        assert (answered.conversation, answered.messages[-1].nickname) == (WITH_ALICE, "News")
        await app.system_send(NEWS, "to all")
        heard = await next_of(bob, Message)  # the first that bob hears
        assert (heard.text, heard.conversation) == ("to all", f"g:{NEWS}")


async def test_the_bytes_of_a_send_to_the_group_are_filed_in_the_pair(server: TestServer) -> None:  # SY-01, MS-02
    async with server.client(ADMIN) as app:
        await app.create_system("News", group_id=NEWS)
        alice = await server.member("alice")
        one = await alice.ask(send(NEWS, "c1"))
        again = await alice.ask(send(NEWS, "c1"))
        assert (one.seq, again.seq, again.duplicate) == (1, 1, True)
        other = send(NEWS, "c2")
        assert (await alice.ask(other)).seq == 2
        assert (await app.info(NEWS)).next_msg_seq == 1
        for where in ("g:@SYS#none", "c:9:@SYS#none:alice"):
            found = await alice.ask(f.Send(where, "x", other.priority, other.body))
            assert isinstance(found, RcimError) and found.code.name == "NO_SUCH_GROUP"


async def test_who_has_written(server: TestServer) -> None:  # SY-01
    async with server.client(ADMIN) as app:
        await app.create_system("News", group_id=NEWS)
        users = [f"u{n}" for n in range(5)] + ["1001"]
        for user in users:
            async with server.client(user) as client:
                await client.send(NEWS, f"from {user}")
        await app.system_send_to(NEWS, ["silent", "u0"], "to two")
        found = {row.user_id: row async for row in app.system_writers(NEWS)}
        assert found.keys() == set(users)  # whom the app alone has written to is not among them
        assert found["u0"].newest_seq == 2 and found["u1"].newest_seq == 1 and found["u1"].written_ms
        page = await app.request(f.AdminSystemWriters(NEWS, "", 2), f.AdminSystemWritersOk)
        assert len(page.writers) == 2 and page.next
        rest = await app.request(f.AdminSystemWriters(NEWS, page.next, 100), f.AdminSystemWritersOk)
        assert {row.user_id for row in [*page.writers, *rest.writers]} == set(users)
        await app.delete_accounts(["u0"])
        assert "u0" not in {row.user_id async for row in app.system_writers(NEWS)}
        assert await refused(app, f.AdminSystemWriters("news", "", 0), f.AdminSystemWritersOk) == "NO_SUCH_GROUP"


async def test_to_named_users(server: TestServer) -> None:  # SY-01
    async with server.client(ADMIN) as app, server.client("alice") as alice:
        await app.create_system("News", group_id=NEWS)
        rows = await app.system_send_to(NEWS, ["alice", "bob", "alice"], "for you", client_msg_id="once")
        assert [(row.user_id, row.code, row.seq) for row in rows] == [("alice", 0, 1), ("bob", 0, 1)]
        assert await app.system_send_to(NEWS, ["alice", "bob"], "for you", client_msg_id="once") == rows
        heard = await next_of(alice, Message)
        assert (heard.conversation, heard.sender, heard.nickname) == (WITH_ALICE, NEWS, "News")
        many = [f"u{n}" for n in range(101)]
        with pytest.raises(RcimError, match="BAD_PARAMETER"):
            await app.system_send_to(NEWS, many, "x")
        assert {row.code for row in await app.system_send_to(NEWS, many[:100], "x")} == {0}
        with pytest.raises(RcimError, match="BAD_PARAMETER"):
            await app.system_send_to(NEWS, ["@SYS#other"], "x")
        with pytest.raises(RcimError, match="NO_SUCH_GROUP"):
            await app.system_send_to("@SYS#none", ["alice"], "x")
        with pytest.raises(RcimError, match="ADMIN_REQUIRED"):
            await alice.system_send_to(NEWS, ["bob"], "x")
        with pytest.raises(RcimError, match="ADMIN_REQUIRED"):
            await alice.send(NEWS, "x", as_user=NEWS)


async def test_the_account_follows_its_conversation(server: TestServer) -> None:  # SY-06
    async with server.client(ADMIN) as app, server.client("alice") as alice:
        await app.create_system("News", group_id=NEWS, face_url="https://example.org/1")
        profile = await alice.profile(NEWS)
        assert (profile.nickname, profile.face_url) == ("News", "https://example.org/1")
        await app.edit_group(NEWS, name="Latest", face_url="https://example.org/2")
        profile = await alice.profile(NEWS)
        assert (profile.nickname, profile.face_url) == ("Latest", "https://example.org/2")
        assert (await app.system_send_to(NEWS, ["alice"], "x"))[0].code == 0
        assert (await next_of(alice, Message)).nickname == "Latest"
        failed = await app.import_accounts([f.Account("@SYS#chosen", "Chosen", "")])
        assert [result.name for result in failed.values()] == ["FAILED"]
        frame = f.AdminProfileSet(NEWS, nickname="Other")
        assert await refused(app, frame, f.AdminProfileSetOk) == "NOT_PERMITTED"
        await app.dissolve(NEWS)
        with pytest.raises(RcimError, match="NO_SUCH_GROUP"):
            await app.system_send_to(NEWS, ["alice"], "x")
        with pytest.raises(RcimError, match="NO_SUCH_GROUP"):
            await app.send("g", "x", as_user=NEWS)
        assert len(await app.history(User("alice", of=NEWS))) == 1


async def test_senders_do_not_log_in(server: TestServer) -> None:  # SY-06
    async with server.client(ADMIN) as app:
        await app.create_system("News", group_id=NEWS)
        assert await login_refused(server, NEWS) == "SYSTEM_SENDER"
        assert await login_refused(server, "@SYS#none") == "SYSTEM_SENDER"
        robot = await server.member("robot")
        await app.set_system_sender("robot")
        await robot.closed()
        assert await login_refused(server, "robot") == "SYSTEM_SENDER"
        await app.send(User("alice", of="robot"), "beep", as_user="robot")
        rows = await app.query_accounts(["robot", NEWS, "alice"])
        assert [row.system_sender for row in rows] == [True, True, False]
        await app.import_accounts([f.Account("robot", "Robot", "")])
        assert await login_refused(server, "robot") == "SYSTEM_SENDER"
        await app.set_system_sender("robot", False)
        await (await server.member("robot")).close()
        assert await refused(app, f.AdminSenderSet(NEWS, False), f.AdminSenderSetOk) == "NOT_PERMITTED"
        assert await refused(app, f.AdminSenderSet(ADMIN, True), f.AdminSenderSetOk) == "BAD_PARAMETER"


async def test_a_deleted_subscriber(server: TestServer) -> None:  # SY-01, ID-09
    async with server.client(ADMIN) as app, server.client("alice") as alice:
        await app.create_system("News", group_id=NEWS)
        await alice.join(NEWS)
        gone = await server.member("bob")
        await gone.ask(f.GroupJoin(NEWS, ""))
        assert (await app.info(NEWS)).member_num == 2
        await app.delete_accounts(["bob"])
        await gone.closed()
        assert (await app.info(NEWS)).member_num == 1
        await app.system_send(NEWS, "hello")
        assert (await next_of(alice, Message)).text == "hello"


async def test_many_hear_it_slowly_and_each_once(tmp_path: Path) -> None:  # SY-01
    flags = (f"app.administrators={ADMIN}", "limits.paced_deliveries_per_s=1000")
    server = TestServer(tmp_path, tls=False, flags=flags)
    await server.start()
    async with server.client(ADMIN) as app:
        await app.create_system("News", group_id=NEWS)
        users = [await server.member(f"u{n}") for n in range(60)]
        for user in users:
            await user.ask(f.GroupJoin(NEWS, ""))
        for n in range(3):
            await app.system_send(NEWS, f"m{n}")

        async def heard(raw: object) -> list[int]:
            seqs: list[int] = []
            while len(seqs) < 3:
                found = await raw.take_of(f.Deliver)  # type: ignore[attr-defined]
                seqs += [m.seq for m in found.messages]
            return seqs

        assert await asyncio.gather(*map(heard, users)) == [[1, 2, 3]] * 60
        await until(lambda: server.server.hub.fanout.paced_waiting == 0)
    await server.stop()


async def test_the_app_is_asked_as_for_one_to_one_messages(
    tmp_path: Path, receiver: Receiver
) -> None:  # SY-01, CB-01
    server = await serve(tmp_path, receiver, f"app.administrators={ADMIN}", commands="C2C.CallbackBeforeSendMsg")
    async with server.client(ADMIN) as app, server.client("alice") as alice:
        await app.create_system("News", group_id=NEWS)
        await alice.send(NEWS, "a question")
    asked = [body for _, body in receiver.seen if body["CallbackCommand"] == "C2C.CallbackBeforeSendMsg"]
    assert [(body["From_Account"], body["To_Account"]) for body in asked] == [("alice", NEWS)]
    await server.stop()
