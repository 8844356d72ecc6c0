"""What groups do, through the wire: joining, leaving, roles, profiles, lists; in one process and with gateways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import RcimError
from rcim.base.terms import AddResult, ApplyJoinOption, ChangeKind, GoneReason, JoinStatus, MsgFlag, Role
from rcim.client import (
    PERMANENT_S,
    ApplicationEvent,
    ChangesEvent,
    Client,
    DecisionEvent,
    GroupEvent,
    Message,
    NoticeEvent,
)
from rcim.content.elements import Text
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, TestCluster, TestServer

FLAGS = (
    "app.guests=true",
    "app.user_fields=Level anyone app_admin,Mood anyone app_admin self_write,Secret app_admin app_admin self_read",
    "app.message_user_fields=Level",
    "app.message_member_fields=Title",
    "types.Public.member_fields=Title member admin,Note member admin self_write,Private admin admin self_read",
    "types.Public.group_fields=Rank anyone app_admin,Motto member admin",
    "types.Found.base=Public",
    "types.Found.search=on",
    "types.Small.base=ChatRoom",
    "types.Small.member_cap=3",
)


@pytest.fixture(params=["plain", "gateways"])
async def rooms(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server with guests, custom fields and types of its own; once with two gateways."""
    kind = TestServer if request.param == "plain" else TestCluster
    made = kind(tmp_path / "data", tls=False, flags=FLAGS)
    await made.start()
    yield made
    await made.stop()


class Crowd:
    """Clients by name, each with what it was told, in order."""

    def __init__(self, server: TestServer) -> None:
        self.server = server
        self.clients: dict[str, Client] = {}
        self._events: dict[str, Any] = {}

    async def __aenter__(self) -> Crowd:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(client.close() for client in self.clients.values()))

    async def __call__(self, *names: str) -> Any:
        for name in names:
            if name not in self.clients:
                client = self.server.client(name) if name else guest(self.server)
                await client.connect()
                self.clients[name] = client
                self._events[name] = client.events()
        found = [self.clients[name] for name in names]
        return found if len(found) > 1 else found[0]

    async def told(self, name: str, kind: type[Any]) -> Any:
        """The next event of this kind."""
        async with asyncio.timeout(PATIENCE_S):
            async for event in self._events[name]:
                if isinstance(event, kind):
                    return event
        raise AssertionError("the stream has ended")


def guest(server: TestServer) -> Client:
    """A client without an account."""
    return Client("127.0.0.1", server.port, user_id="", user_sig="", tls=None)


async def refused(job: Any) -> str:
    with pytest.raises(RcimError) as error:
        await job
    return error.value.code.name


async def test_applying_and_deciding(rooms: TestServer) -> None:  # GR-05, GT-05, GT-06
    async with Crowd(rooms) as crowd:
        alice, ada, bob, eve = await crowd("alice", "ada", "bob", "eve")
        await alice.create_group("Public", group_id="p", members=["ada"])
        assert (await alice.info("p")).apply_join_option is ApplyJoinOption.NEED_PERMISSION
        await alice.edit_member("p", "ada", role=Role.ADMIN)
        asked = await bob.join("p", name_card="Bobby", text="let me in")
        assert asked.status is JoinStatus.WAITING and asked.member_num == 2
        for name in ("alice", "ada"):
            found = await crowd.told(name, ApplicationEvent)
            assert (found.group_id, found.user_id, found.text) == ("p", "bob", "let me in")
        assert await refused(bob.send("p", "x")) == "NOT_PERMITTED"
        assert (await bob.join("p", text="please")).status is JoinStatus.WAITING
        (waiting,) = await ada.applications("p")
        assert (waiting.user_id, waiting.text, waiting.name_card) == ("bob", "please", "")
        assert await refused(eve.decide("p", "bob", True)) == "NOT_PERMITTED"
        await ada.decide("p", "bob", True, text="welcome")
        assert await crowd.told("bob", DecisionEvent) == DecisionEvent("p", "bob", True, "ada", "welcome")
        assert await refused(alice.decide("p", "bob", True)) == "ALREADY_HANDLED", "approving twice"
        assert await refused(alice.decide("p", "nobody", False)) == "ALREADY_HANDLED"
        assert await ada.applications("p") == []
        assert (await bob.send("p", "here")).seq > 0
        here = await crowd.told("bob", Message)
        tip = (await bob.history("p"))[0]
        assert tip.tip is not None and tip.tip.kind is ChangeKind.JOINED
        assert here.text == "here" and here.seq == tip.seq + 1
        assert tip.client_msg_id == f"@tip-{tip.seq}" and tip.sender == "ada"
        assert await refused(bob.send("p", "x", client_msg_id="@tip-9")) == "BAD_PARAMETER"
        assert (await eve.join("p")).status is JoinStatus.WAITING
        await alice.decide("p", "eve", False, text="no")
        assert not (await crowd.told("eve", DecisionEvent)).approved
        assert await refused(eve.send("p", "x")) == "NOT_PERMITTED"
        await alice.edit_group("p", apply_join_option=ApplyJoinOption.DISABLE_APPLY)
        assert await refused(eve.join("p")) == "NOT_PERMITTED"


async def test_a_full_group_and_concurrent_joins(rooms: TestServer) -> None:  # GT-12
    async with Crowd(rooms) as crowd:
        alice, root = await crowd("alice", "administrator")
        await alice.create_group("S", group_id="s", type_="Small")
        others = await crowd(*(f"u{i}" for i in range(6)))
        results = await asyncio.gather(*(one.join("s") for one in others), return_exceptions=True)
        joined = [r for r in results if not isinstance(r, BaseException)]
        codes = {r.code.name for r in results if isinstance(r, RcimError)}
        assert len(joined) == 2 and codes == {"GROUP_FULL"}
        assert (await alice.info("s")).member_num == 3 == len(await alice.members("s"))
        assert await refused(root.invite("s", ["x"])) == "GROUP_FULL"
        assert await refused(root.edit_group("s", max_member_num=4)) == "BAD_PARAMETER"


async def test_private_groups_are_hidden_until_the_first_message(rooms: TestServer) -> None:  # GT-16, GT-07, GT-15
    async with Crowd(rooms) as crowd:
        alice, bob, carol = await crowd("alice", "bob", "carol")
        await alice.create_group("Family", group_id="f", type_="Private", members=["bob"])
        assert await refused(bob.send("f", "x")) == "NO_SUCH_GROUP"
        assert await refused(bob.info("f")) == "NO_SUCH_GROUP"
        assert await bob.groups() == [] and [g.group_id for g in await alice.groups()] == ["f"]
        assert (await alice.send("f", "first")).seq == 1
        message = await crowd.told("bob", Message)
        assert message.text == "first" and [g.group_id for g in await bob.groups()] == ["f"]
        assert await bob.invite("f", ["carol", "alice", "carol"]) == {
            "carol": AddResult.ADDED,
            "alice": AddResult.ALREADY,
        }
        tip = (await crowd.told("carol", Message)).tip
        assert (tip.kind, tip.operator, tip.users, tip.member_num) == (ChangeKind.INVITED, "bob", ["carol"], 3)
        assert [m.seq for m in await carol.history("f")] == [2], "the notice, and nothing from before (GT-14)"
        assert await refused(carol.join("f")) == "ALREADY_MEMBER"
        await bob.edit_group("f", name="The family")  # GT-02
        assert await refused(bob.edit_group("f", max_member_num=10)) == "NOT_PERMITTED"
        assert await refused(alice.dissolve("f")) == "NOT_PERMITTED"  # GT-04
        await alice.leave("f")  # GT-08
        assert (await bob.info("f")).owner == ""
        await bob.leave("f")
        await carol.leave("f")
        assert await refused(carol.info("f")) == "NO_SUCH_GROUP", "with its last member it is gone (GT-24)"


async def test_kicking_and_blocking(rooms: TestServer) -> None:  # GR-02, GR-11, GT-10
    async with Crowd(rooms) as crowd:
        alice, ada, bob, eve = await crowd("alice", "ada", "bob", "eve")
        await alice.create_group("Room", group_id="r", type_="ChatRoom", members=["ada", "ann", "bob", "eve"])
        await alice.edit_member("r", "ada", role=Role.ADMIN)
        await alice.edit_member("r", "ann", role=Role.ADMIN)
        before = await alice.info("r")
        assert await refused(ada.kick("r", ["alice"])) == "NOT_PERMITTED", "the owner"
        assert await refused(ada.kick("r", ["ada"])) == "BAD_PARAMETER", "oneself"
        assert await refused(ada.kick("r", ["bob", "ann"])) == "NOT_PERMITTED", "another admin: nobody goes"
        assert await refused(ada.kick("r", ["bob", "nobody"])) == "NO_SUCH_MEMBER"
        assert await refused(bob.kick("r", ["eve"])) == "NOT_PERMITTED"
        assert await refused(ada.kick("r", [])) == "BAD_PARAMETER"
        assert await alice.info("r") == before, "a refused operation leaves nothing"
        await ada.kick("r", ["bob"], text="too loud")
        assert await crowd.told("bob", GroupEvent) == GroupEvent("r", GoneReason.KICKED, "ada", "too loud")
        await bob.join("r")
        await alice.block("r", ["bob", "stranger"], 3600, text="an hour")
        assert (await crowd.told("bob", GroupEvent)).reason is GoneReason.KICKED
        with pytest.raises(RcimError) as error:
            await bob.join("r")
        assert error.value.code.name == "BLOCKED" and 3_500_000 < error.value.retry_after_ms <= 3_600_000
        assert set(await ada.blocked("r")) == {"bob", "stranger"}
        root = await crowd("administrator")
        assert await root.invite("r", ["bob", "zoe"]) == {"bob": AddResult.FAILED, "zoe": AddResult.ADDED}
        await alice.block("r", ["bob"], 0)
        assert (await bob.join("r")).status is JoinStatus.JOINED
        await alice.kick("r", ["ann"])
        assert await refused(eve.blocked("r")) == "NOT_PERMITTED"


async def test_mutes(rooms: TestServer) -> None:  # SC-02, SC-03, SC-04, GT-17
    async with Crowd(rooms) as crowd:
        alice, bob, root = await crowd("alice", "bob", "administrator")
        await alice.create_group("Room", group_id="r", type_="ChatRoom", members=["bob"])
        await alice.create_group("Pub", group_id="p", members=["bob"])
        await alice.mute("r", ["bob", "stranger"], 600)
        assert await refused(bob.send("r", "x")) == "SENDER_MUTED"
        await bob.leave("r")
        await bob.join("r")
        assert await refused(bob.send("r", "x")) == "SENDER_MUTED", "through leaving and coming back"
        assert set(await alice.muted("r")) == {"bob", "stranger"}
        assert (await alice.some_members("r", ["bob"]))["bob"].muted_until_ms > 0
        await alice.mute("r", ["bob"], 0)
        assert (await bob.send("r", "back")).seq == 1
        await alice.mute_all("r", True, speakers=["bob"])
        assert (await bob.send("r", "speaker")).seq == 2
        await alice.mute_all("r", True)
        assert await refused(bob.send("r", "x")) == "SENDER_MUTED"
        assert (await alice.send("r", "owner")).seq == 3 and (await alice.info("r")).mute_all
        await alice.mute_all("r", False)
        await root.mute_everywhere(["bob"], PERMANENT_S)
        assert await refused(bob.send("r", "x")) == "SENDER_MUTED"
        assert (await bob.send("p", "not a chat room")).seq > 0
        assert await root.muted_everywhere() == {"bob": (1 << 64) - 1}
        await root.mute_everywhere(["bob"], 0)
        assert (await bob.send("r", "again")).seq == 4 and await root.muted_everywhere() == {}
        assert await refused(bob.mute("r", ["alice"], 5)) == "NOT_PERMITTED"
        assert await refused(alice.mute_all("r", False, speakers=["bob"])) == "BAD_PARAMETER"


async def test_discard_hears_nothing(rooms: TestServer) -> None:  # RX-01, GT-18
    async with Crowd(rooms) as crowd:
        alice, bob = await crowd("alice", "bob")
        await alice.create_group("Room", group_id="r", type_="ChatRoom", members=["bob"])
        assert (await bob.groups())[0].msg_flag is MsgFlag.ACCEPT_NOT_NOTIFY
        await bob.edit_member("r", "bob", msg_flag=MsgFlag.DISCARD)
        again = rooms.client("bob")
        await again.connect()
        await alice.send("r", "unheard")
        assert await refused(alice.edit_member("r", "bob", msg_flag=MsgFlag.DISCARD)) == "NOT_PERMITTED"
        assert (await alice.info("r")).online_num == 2, "who does not listen is online all the same"
        await bob.edit_member("r", "bob", msg_flag=MsgFlag.ACCEPT_AND_NOTIFY)
        await alice.send("r", "heard")
        heard = await crowd.told("bob", Message)
        assert heard.seq in (1, 2)  # the gap is filled from history, or begins after it
        assert [m.text for m in await bob.history("r")] == ["unheard", "heard"], "counted in SEQ and history"
        async for message in again.messages():
            if message.text == "heard":
                break
        await again.close()
        await bob.edit_member("r", "bob", msg_flag=MsgFlag.DISCARD)
        await alice.dissolve("r")
        assert (await crowd.told("bob", GroupEvent)).reason is GoneReason.DISSOLVED


async def test_weak_notices_and_none(rooms: TestServer) -> None:  # GT-15, GR-07
    async with Crowd(rooms) as crowd:
        alice, bob = await crowd("alice", "bob")
        await alice.create_group("Live", group_id="v", type_="AVChatRoom")
        await alice.create_group("Room", group_id="r", type_="ChatRoom")
        before = (await alice.info("r")).info_seq
        await bob.join("r")
        assert (await alice.info("r")).info_seq == before + 1, "none: but InfoSeq grows"
        await bob.join("v")
        (change,) = (await crowd.told("alice", ChangesEvent)).changes
        assert (change.kind, change.users, change.count, change.member_num) == (ChangeKind.JOINED, ["bob"], 1, 2)
        await alice.edit_group("v", name="Live now", notification="hello")
        kinds: list[ChangeKind] = []
        while ChangeKind.PROFILE_CHANGED not in kinds:
            event = await crowd.told("bob", ChangesEvent)
            kinds = [change.kind for change in event.changes]
        assert set(event.changes[-1].what) == {"name", "notification"}
        assert (await alice.send("v", "one")).seq == 1, "weak notices take no SEQ"


async def test_strong_notices_near_the_limit_are_joined(tmp_path: Path) -> None:  # GT-15, FC-02
    """So many joins at once find no room as messages of their own in a group of one message a second."""
    flags = ("types.Public.messages_per_s=1", "types.Public.join_option=FreeAccess", "limits.flow_slice_ms=50")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with Crowd(server) as crowd:
        alice = await crowd("alice")
        await alice.create_group("Hall", group_id="h", type_="Public")
        users = [f"u{i}" for i in range(20)]
        joiners = await crowd(*users)
        await asyncio.gather(*(one.join("h") for one in joiners))
        named: list[str] = []
        messages: list[Message] = []
        while set(named) != set(users):
            messages.append(await crowd.told("alice", Message))
            tip = messages[-1].tip
            assert tip is not None and tip.kind is ChangeKind.JOINED
            named += tip.users
        assert len(named) == len(users) and len(messages) < len(users)
        kept = await alice.history("h")
        assert [m.seq for m in kept] == [m.seq for m in messages] and [m.tip for m in kept] == [
            m.tip for m in messages
        ]
    await server.stop()


async def test_notices_that_wait_are_kept_when_the_server_stops(tmp_path: Path) -> None:  # GT-15, WI-07
    flags = ("types.Public.messages_per_s=2", "types.Public.join_option=FreeAccess", "limits.flow_slice_ms=1000")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    users = ["bob", "carol", "dave"]
    async with Crowd(server) as crowd:
        alice, *joiners = await crowd("alice", *users)
        await alice.create_group("Hall", group_id="h", type_="Public")
        for one in joiners:
            await one.join("h")
    await server.stop()
    await server.start()
    async with Crowd(server) as crowd:
        tips = [m.tip for m in await (await crowd("alice")).history("h")]
    assert sorted(user for tip in tips if tip is not None for user in tip.users) == users
    await server.stop()


async def test_a_notice_gives_numbers_where_no_members_are_listed(rooms: TestServer) -> None:  # GT-15, GT-03
    async with Crowd(rooms) as crowd:
        root, alice, bob = await crowd("administrator", "alice", "bob")
        await root.create_group("News", group_id="n", type_="BChatRoom")
        await alice.join("n")
        await bob.join("n")
        await bob.leave("n")
        await root.block("n", ["zoe"], 60)
        await root.edit_group("n", name="News now")
        told = []
        while not told or told[-1].kind is not ChangeKind.PROFILE_CHANGED:
            told += (await crowd.told("alice", ChangesEvent)).changes
        assert {(row.operator, tuple(row.users)) for row in told} == {("", ())}, "nobody is named"
        joined = sum(row.count for row in told if row.kind is ChangeKind.JOINED)
        assert (joined, sum(row.count for row in told if row.kind is ChangeKind.LEFT)) == (2, 1)
        assert told[-1].member_num == 1


async def test_guests(rooms: TestServer) -> None:  # ID-06, GT-21, GT-22
    async with Crowd(rooms) as crowd:
        alice = await crowd("alice")
        await alice.create_group("Live", group_id="v", type_="AVChatRoom")
        await alice.create_group("Room", group_id="r", type_="ChatRoom")
        for i in range(25):
            await alice.send("v", f"before {i}")
        visitor = await crowd("")
        assert visitor.user_id.startswith("@GUEST#")
        assert (await visitor.join("v")).newest_seq == 25
        assert [m.text for m in await visitor.history("v")] == [f"before {i}" for i in range(5, 25)]
        await alice.send("v", "to all")
        assert (await crowd.told("", Message)).text == "to all"
        info = await visitor.info("v")
        assert info.member_num == 1 and info.online_num == 2
        for job in (
            visitor.send("v", "x"),
            visitor.join("r"),
            visitor.members("v"),
            visitor.create_group("G"),
            visitor.set_profile("G"),
            visitor.find_groups("Live"),
            visitor.profile("alice"),
            visitor.mark_read("v", 1),
        ):
            assert await refused(job) == "NOT_PERMITTED"
        await visitor.leave("v")
        await alice.send("v", "nobody hears")
        assert (await alice.info("v")).online_num == 1
        raw = await rooms.raw()
        await raw.hello()
        stolen = await raw.ask(f.Login(visitor.user_id, "x", 1, ""))
        assert isinstance(stolen, RcimError) and stolen.code.name == "BAD_PARAMETER"


async def test_profiles_and_fields(rooms: TestServer) -> None:  # GR-03, GR-06, AB-05, MS-04
    async with Crowd(rooms) as crowd:
        alice, bob, eve, root = await crowd("alice", "bob", "eve", "administrator")
        await alice.create_group("Pub", group_id="p", members=["bob", "eve"])
        await root.edit_group("p", fields={"Rank": b"9"})
        await alice.edit_group("p", fields={"Motto": b"\x00any"})
        assert await refused(alice.edit_group("p", fields={"Rank": b"10"})) == "NOT_PERMITTED"
        assert await refused(alice.edit_group("p", fields={"Unknown": b"1"})) == "BAD_PARAMETER"
        assert await refused(alice.edit_group("p", name="x", fields={"Rank": b"1"})) == "NOT_PERMITTED"
        info = await bob.info("p")
        assert info.name == "Pub" and {x.key: x.value for x in info.fields} == {"Rank": b"9", "Motto": b"\x00any"}
        await alice.edit_group("p", fields={"Motto": b""})
        assert [x.key for x in (await bob.info("p")).fields] == ["Rank"]
        await bob.edit_member("p", "bob", name_card="Bobby", fields={"Note": b"mine"})
        assert await refused(bob.edit_member("p", "bob", fields={"Title": b"king"})) == "NOT_PERMITTED"
        assert await refused(bob.edit_member("p", "eve", name_card="x")) == "NOT_PERMITTED"
        assert await refused(bob.edit_member("p", "bob", fields={"Note": b"x" * 65})) == "BAD_PARAMETER"
        await alice.edit_member("p", "bob", fields={"Title": b"king", "Private": b"p"})
        seen = {m.user_id: {x.key for x in m.fields} for m in await eve.members("p")}
        assert seen["bob"] == {"Title", "Note"}
        own = {m.user_id: {x.key for x in m.fields} for m in await bob.members("p")}
        assert own["bob"] == {"Title", "Note", "Private"}
        await bob.set_profile("Bob", signature="hi", fields={"Mood": b"good"})
        assert await refused(bob.set_profile("Bob", fields={"Level": b"9"})) == "NOT_PERMITTED"
        await root.set_profile_of("bob", fields={"Level": b"7", "Secret": b"s"})
        await bob.send("p", "with fields")
        message = next(m for m in await alice.history("p", backwards=True) if m.text == "with fields")
        assert (message.nickname, message.name_card) == ("Bob", "Bobby")
        assert message.user_fields == {"Level": b"7"} and message.member_fields == {"Title": b"king"}
        found = await eve.profile("bob")
        assert found.signature == "hi" and {x.key for x in found.fields} == {"Level", "Mood"}
        assert {x.key for x in (await bob.profile("bob")).fields} == {"Level", "Mood", "Secret"}


async def test_fields_for_anyone_are_read_by_who_is_no_member(rooms: TestServer) -> None:  # GR-06
    async with Crowd(rooms) as crowd:
        root, alice, zoe = await crowd("administrator", "alice", "zoe")
        fields = "Rank anyone app_admin,Wall anyone anyone,Motto member admin"
        await root.set_group_type("Open", {"group_fields": fields}, base="Public")
        await alice.create_group("Open", group_id="o", type_="Open", introduction="for members")
        await root.edit_group("o", fields={"Rank": b"1", "Motto": b"ours"})
        await zoe.edit_group("o", fields={"Wall": b"zoe was here"})
        seen = await zoe.info("o")
        assert {x.key: x.value for x in seen.fields} == {"Rank": b"1", "Wall": b"zoe was here"}
        rest = (seen.name, seen.introduction, seen.owner, seen.member_num, seen.info_seq, seen.online_num)
        assert (seen.group_id, seen.type_, *rest) == ("o", "Open", "", "", "", 0, 0, 0), "nothing else of the profile"
        await alice.create_group("Closed", group_id="c", type_="Public")
        assert await refused(zoe.info("nowhere")) == "NO_SUCH_GROUP"
        await root.set_group_type("Quiet", {"group_fields": "Motto member admin"}, base="Public")
        await alice.create_group("Quiet", group_id="q", type_="Quiet")
        assert await refused(zoe.info("q")) == "NOT_PERMITTED", "its type has nothing for anyone"
        await root.set_group_type("Live", {"group_fields": "Rank anyone app_admin"}, base="AVChatRoom")
        await alice.create_group("Live", group_id="l", type_="Live")
        await root.edit_group("l", fields={"Rank": b"2"})
        visitor = await crowd("")
        assert await refused(visitor.info("l")) == "NOT_PERMITTED", "a guest has to be in it (ID-06)"
        await visitor.join("l")
        assert [x.value for x in (await visitor.info("l")).fields] == [b"2"]


async def test_lists(rooms: TestServer) -> None:  # GT-01, GT-03, GR-05, GR-09
    async with Crowd(rooms) as crowd:
        alice, bob, root = await crowd("alice", "bob", "administrator")
        members = [f"m{i:03}" for i in range(100)]
        await alice.create_group("Chess players", group_id="chess", type_="Found", members=members)
        await alice.create_group("Hidden chess", group_id="hidden", members=["bob"])
        await alice.create_group("下棋 club", group_id="qi", type_="Found")
        await alice.edit_member("chess", "m007", role=Role.ADMIN)
        assert len(await alice.members("chess")) == 101
        assert [m.user_id for m in await alice.members("chess", role=Role.ADMIN)] == ["m007"]
        assert len(await alice.members("chess", role=Role.MEMBER)) == 99
        assert {g.group_id for g in await bob.find_groups("chess")} == {"chess"}
        assert {g.group_id for g in await bob.find_groups("CHESS pl")} == {"chess"}
        assert [g.group_id for g in await bob.find_groups("下")] == ["qi"]
        assert await bob.find_groups("hidden") == [] and await bob.find_groups("ess") == []
        assert (await bob.info("chess")).member_num == 101, "what can be found can be looked at"
        assert await refused(bob.members("chess")) == "NOT_PERMITTED"
        await alice.send("hidden", "one")
        await alice.send("hidden", "two")
        (entry,) = await bob.groups()
        assert (entry.role, entry.unread, entry.msg_flag) == (1, 2, MsgFlag.ACCEPT_AND_NOTIFY)
        assert await bob.mark_read("hidden", 99) == 2 and await bob.mark_read("hidden", 1) == 2
        (entry,) = await bob.groups()
        assert (entry.unread, entry.read_seq) == (0, 2)
        assert [g.group_id for g in await root.groups("bob")] == ["hidden"]
        assert await refused(bob.groups("alice")) == "ADMIN_REQUIRED"
        await alice.edit_group("chess", name="Renamed")
        assert await bob.find_groups("players") == [] and len(await bob.find_groups("renamed")) == 1
        await root.create_group("B", group_id="b", type_="BChatRoom")
        await bob.join("b")
        assert await refused(bob.members("b")) == "NOT_PERMITTED"
        assert [m.user_id for m in await root.members("b")] == ["bob"]


async def test_the_owner_changes(rooms: TestServer) -> None:  # GR-01, GT-09
    async with Crowd(rooms) as crowd:
        alice, bob = await crowd("alice", "bob")
        await alice.create_group("Pub", group_id="p", members=["bob"])
        assert await refused(alice.give_group("p", "stranger")) == "NO_SUCH_MEMBER"
        assert await refused(alice.edit_member("p", "stranger", role=Role.ADMIN)) == "NO_SUCH_MEMBER"
        assert await refused(alice.edit_member("p", "bob", role=Role.OWNER)) == "BAD_PARAMETER"
        assert await refused(bob.give_group("p", "bob")) == "NOT_PERMITTED"
        await alice.give_group("p", "bob")
        assert (await alice.info("p")).owner == "bob"
        await alice.leave("p")
        assert await refused(bob.leave("p")) == "OWNER_MAY_NOT_LEAVE"
        kinds = [m.tip.kind for m in await bob.history("p") if m.tip is not None]
        assert kinds == [ChangeKind.OWNER_CHANGED, ChangeKind.LEFT]


async def test_notices_and_sending_as_another(rooms: TestServer) -> None:  # MS-05, MS-06
    async with Crowd(rooms) as crowd:
        alice, bob, root = await crowd("alice", "bob", "administrator")
        await alice.create_group("Room", group_id="r", type_="ChatRoom", members=["bob"])
        await bob.set_profile("Bob")
        await root.notice("r", "to all")
        for name in ("alice", "bob"):
            assert (await crowd.told(name, NoticeEvent)).elements == (Text("to all"),)
        await root.notice("r", "to bob", users=["bob", "stranger"])
        assert (await crowd.told("bob", NoticeEvent)).elements == (Text("to bob"),)
        assert await refused(alice.notice("r", "x")) == "ADMIN_REQUIRED"
        assert (await root.send("r", "as bob", as_user="bob")).seq == 1, "notices take no SEQ"
        assert (await root.send("r", "as a stranger", as_user="zoe")).seq == 2
        assert (await root.send("r", "as itself")).seq == 3
        first, second, third = await alice.history("r")
        assert (first.sender, first.nickname, second.sender, third.sender) == ("bob", "Bob", "zoe", "administrator")
        assert await refused(alice.send("r", "x", as_user="bob")) == "ADMIN_REQUIRED"
        again = await root.send("r", "as bob", as_user="bob", client_msg_id="same")
        assert (await root.send("r", "as bob", as_user="bob", client_msg_id="same")).seq == again.seq
