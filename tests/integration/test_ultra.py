"""Ultra groups and channels, through the SDK and a real server (UG-01 to UG-05)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.actor import importing
from rcim.base import clock
from rcim.base.terms import ApplyJoinOption, GoneReason, MsgFlag, PushLevel, Role
from rcim.client import EnteredEvent, GroupEvent, HiddenEvent, Message
from rcim.wire import frames
from rcim.wire.frames import ImportedMember
from tests.integration.test_groups import Crowd, refused
from tests.kit import TestCluster, TestServer

CITY = "@TGS#_city"
NEWS = CITY + "@TOPIC#_news"
TEAM = CITY + "@TOPIC#_team"


@pytest.fixture(params=["one process", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    """A plain server, of one process or with two gateways."""
    made = (
        TestServer(tmp_path / "data", tls=False) if request.param == "one process" else TestCluster(tmp_path / "data")
    )
    await made.start()
    yield made
    await made.stop()


async def city(crowd: Crowd, *users: str) -> None:
    """alice's ultra group, which these users have joined, and its channel for news."""
    alice = await crowd("alice")
    await alice.create_group("City", group_id=CITY, type_="UltraGroup", apply_join_option=ApplyJoinOption.FREE_ACCESS)
    for user in users:
        await (await crowd(user)).join(CITY)
    assert await alice.create_channel(CITY, "news", name="News") == NEWS


async def next_in(crowd: Crowd, user: str, group_id: str) -> Message:
    """The next message of this conversation that the user is given."""
    while True:
        message = await crowd.told(user, Message)
        if message.conversation == "g:" + group_id:
            assert isinstance(message, Message)
            return message


async def test_members_of_the_group_talk_in_its_channels(server: TestServer) -> None:  # UG-02
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob, eve = await crowd("alice", "bob", "eve")
        assert (await crowd.told("bob", EnteredEvent)).group_id == CITY
        assert (await crowd.told("bob", EnteredEvent)).group_id == NEWS
        assert (await bob.send(NEWS, "hello")).seq == 1
        assert (await next_in(crowd, "alice", NEWS)).text == "hello"
        assert (await alice.send(CITY, "to all")).seq == 1, "each conversation has its own SEQ"
        assert (await next_in(crowd, "bob", CITY)).text == "to all"
        assert [m.text for m in await alice.history(NEWS)] == ["hello"]
        assert await refused(eve.send(NEWS, "x")) == "NOT_PERMITTED"
        assert await refused(eve.history(NEWS)) == "NOT_PERMITTED"
        assert await refused(alice.send(CITY + "@TOPIC#_none", "x")) == "NO_SUCH_GROUP"
        assert await refused(alice.send("@TGS#_other@TOPIC#_news", "x")) == "NO_SUCH_GROUP", "of another group"
        assert [(row.group_id, row.newest_seq) for row in await bob.channels(CITY)] == [(NEWS, 1)]
        assert await refused(eve.channels(CITY)) == "NOT_PERMITTED"
        assert {m.user_id for m in await bob.members(NEWS)} == {"alice", "bob"}


async def test_who_leaves_is_out_of_every_channel(server: TestServer) -> None:  # UG-02
    async with Crowd(server) as crowd:
        await city(crowd, "bob", "carol")
        alice, bob, carol = await crowd("alice", "bob", "carol")
        await bob.send(NEWS, "one")
        await carol.send(NEWS, "two")
        await bob.leave(CITY)
        assert await refused(bob.send(NEWS, "x")) == "NOT_PERMITTED"
        assert await refused(bob.history(NEWS)) == "NOT_PERMITTED"
        await alice.kick(CITY, ["carol"])
        assert await refused(carol.send(NEWS, "x")) == "NOT_PERMITTED"
        three = await alice.send(NEWS, "three")
        while (
            clock.wall_ms() <= three.time_ms
        ):  # a channel tells what was before joining by the time, in milliseconds
            await asyncio.sleep(0.001)
        await bob.join(CITY)
        assert [m.text for m in await bob.history(NEWS)] == [], "history from before joining is hidden"
        await alice.send(NEWS, "four")
        heard = [await next_in(crowd, "bob", NEWS)]
        while heard[-1].text != "four":
            heard.append(await next_in(crowd, "bob", NEWS))
        assert "three" not in {m.text for m in heard}, "what came meanwhile was not delivered"
        for job in (bob.join(NEWS), bob.leave(NEWS), alice.kick(NEWS, ["bob"]), alice.invite(NEWS, ["eve"])):
            assert await refused(job) == "NOT_PERMITTED"


async def test_a_private_channel_is_there_for_its_list_alone(server: TestServer) -> None:  # UG-05
    async with Crowd(server) as crowd:
        await city(crowd, "bob", "carol")
        alice, bob, carol, root = await crowd("alice", "bob", "carol", "administrator")
        await alice.create_channel(CITY, "team", private=True)
        assert await alice.channel_users(TEAM) == ["alice"]
        await alice.change_channel_users(TEAM, add=["bob"])
        while (await crowd.told("bob", EnteredEvent)).group_id != TEAM:
            pass
        await bob.send(TEAM, "secret")
        assert (await next_in(crowd, "alice", TEAM)).text == "secret"
        assert await refused(carol.send(TEAM, "x")) == "NO_SUCH_GROUP"
        assert await refused(carol.history(TEAM)) == "NO_SUCH_GROUP"
        assert [row.group_id for row in await carol.channels(CITY)] == [NEWS]
        assert [row.private for row in await bob.channels(CITY)] == [False, True]
        assert [row.group_id for row in await root.channels(CITY)] == [NEWS, TEAM]
        assert [m.text for m in await root.history(TEAM)] == ["secret"]
        assert await refused(alice.change_channel_users(TEAM, add=["eve"])) == "NO_SUCH_MEMBER"
        assert await refused(bob.change_channel_users(TEAM, add=["carol"])) == "NOT_PERMITTED"
        await alice.send(NEWS, "for all")
        assert (await crowd.told("carol", Message)).text == "for all", "nothing of the private channel came before"
        await alice.change_channel_users(TEAM, remove=["bob"])
        assert await refused(bob.send(TEAM, "x")) == "NO_SUCH_GROUP"
        assert (await crowd.told("bob", GroupEvent)).group_id == TEAM


async def test_a_channel_can_be_opened_and_closed_again(server: TestServer) -> None:  # UG-05
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        await alice.set_channel_private(NEWS, True)
        gone = await crowd.told("bob", GroupEvent)
        assert (gone.group_id, gone.reason) == (NEWS, GoneReason.REMOVED), "who no longer sees it is told at once"
        while (await crowd.told("alice", EnteredEvent)).group_id != NEWS:
            pass  # who is on its list finds it again
        assert await refused(bob.send(NEWS, "x")) == "NO_SUCH_GROUP"
        await alice.send(NEWS, "alone")
        await alice.set_channel_private(NEWS, False)
        await alice.send(NEWS, "to all")
        while (await next_in(crowd, "bob", NEWS)).text != "to all":
            pass  # whether "alone" comes before depends on whether bob's client has learned meanwhile that it was closed
        assert [m.text for m in await bob.history(NEWS)] == ["alone", "to all"], "all of it is open now"
        assert await alice.channel_users(NEWS) == ["alice"], "the list is kept"
        await alice.set_channel_private(NEWS, True)
        assert await refused(bob.history(NEWS)) == "NO_SUCH_GROUP"


async def test_mutes_of_the_group_hold_in_its_channels(server: TestServer) -> None:  # UG-05
    async with Crowd(server) as crowd:
        await city(crowd, "bob", "carol")
        alice, bob, carol = await crowd("alice", "bob", "carol")
        await bob.send(NEWS, "one")
        await alice.mute(CITY, ["bob"], 600)
        assert await refused(bob.send(NEWS, "x")) == "SENDER_MUTED"
        await alice.mute(CITY, ["bob"], 0)
        await alice.mute(NEWS, ["bob"], 600)
        assert await refused(bob.send(NEWS, "x")) == "SENDER_MUTED"
        await bob.send(CITY, "in the group")
        await alice.mute(NEWS, ["bob"], 0)
        await alice.mute_all(CITY, True, speakers=["carol"])
        assert await refused(bob.send(NEWS, "x")) == "SENDER_MUTED"
        await carol.send(NEWS, "a speaker")
        await alice.mute_all(CITY, False)
        await alice.mute_all(NEWS, True, speakers=["bob"])
        assert await refused(carol.send(NEWS, "x")) == "SENDER_MUTED"
        await bob.send(NEWS, "a speaker")


async def test_there_is_a_bound_of_channels(tmp_path: Path) -> None:  # UG-02
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        assert await refused(bob.create_channel(CITY, "mine")) == "NOT_PERMITTED"
        assert await refused(alice.create_channel(CITY, "news")) == "GROUP_ID_TAKEN"
        assert await refused(alice.create_channel(CITY, "a b")) == "BAD_PARAMETER"
        assert await refused(alice.create_channel("public", "news")) == "NO_SUCH_GROUP"
        assert await refused(alice.create_group("x", group_id=NEWS, type_="Channel")) == "BAD_GROUP_ID"
        await alice.edit_member(CITY, "bob", role=Role.ADMIN)
        for number in range(49):
            await bob.create_channel(CITY, f"c{number}")
        assert await refused(alice.create_channel(CITY, "51st")) == "TOO_MANY_CHANNELS"
        await alice.dissolve(CITY + "@TOPIC#_c7")
        assert await refused(alice.send(CITY + "@TOPIC#_c7", "x")) == "NO_SUCH_GROUP"
        await alice.create_channel(CITY, "51st")
        await alice.dissolve(CITY)
        assert await refused(alice.send(NEWS, "x")) == "NO_SUCH_GROUP"
        await alice.create_group("City", group_id=CITY, type_="UltraGroup")
        assert await alice.channels(CITY) == [], "the channels have ended with the group"
    await server.stop()


async def test_a_channel_that_cannot_begin_takes_no_place(tmp_path: Path) -> None:  # UG-02, SC-08
    words = tmp_path / "words.txt"
    words.write_text("evil\n", encoding="utf-8")
    flags = (f"app.refused_words={words}", "limits.channels_per_group_max=2")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with Crowd(server) as crowd:
        await city(crowd)
        alice = await crowd("alice")
        for number in range(2):
            assert await refused(alice.create_channel(CITY, f"c{number}", name="evil")) == "DIRTY_WORD"
            assert await refused(alice.create_channel(CITY, f"c{number}", introduction="evil")) == "DIRTY_WORD"
        await alice.create_channel(CITY, "team")
    await server.stop()


async def test_a_channel_is_made_again_at_once(server: TestServer) -> None:  # UG-02, MS-01
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        for number in range(1, 4):
            assert (await bob.send(NEWS, "hello")).seq == number, "the SEQ goes on"
            assert [m.seq for m in await alice.history(NEWS)] == [number], "what was said before is not there"
            await alice.dissolve(NEWS)
            assert await refused(bob.history(NEWS)) == "NO_SUCH_GROUP"
            await alice.create_channel(CITY, "news")


async def test_a_block_of_the_group_holds_in_its_channels(tmp_path: Path) -> None:  # UG-05, GT-26, GR-11
    flags = ("types.Channel.send=anyone",)
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, eve = await crowd("alice", "eve")
        await eve.send(NEWS, "hello from outside")
        await alice.block(CITY, ["eve", "bob"], 60)
        assert await refused(eve.send(NEWS, "again")) == "BLOCKED"
        await alice.block(CITY, ["eve"], 0)
        await eve.send(NEWS, "again")
    await server.stop()
    again = TestServer(tmp_path / "data", tls=False, flags=flags)
    await again.start()
    async with Crowd(again) as crowd:
        assert await refused((await crowd("bob")).send(NEWS, "x")) == "BLOCKED", "after a restart too"
    await again.stop()


async def test_an_import_of_an_ultra_group_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # UG-01, GR-08
    monkeypatch.setattr(importing, "WALK_MAX", 3)
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with Crowd(server) as crowd:
        root, bob = await crowd("administrator", "bob")
        await root.import_group("City", group_id=CITY, type_="UltraGroup", owner="alice")
        await root.import_members(CITY, [ImportedMember(user, Role.MEMBER, 0, 0) for user in ("bob", "carol")])
        more = [ImportedMember("dave", Role.MEMBER, 0, 0)]
        assert await refused(root.import_members(CITY, more)) == "TOO_MANY_ENTRIES"
        await root.finish_import(CITY)
        await root.invite(CITY, ["dave"])
        assert {m.user_id for m in await bob.members(CITY)} == {"alice", "bob", "carol", "dave"}
        await root.import_group("Open", group_id="@TGS#_open", type_="UltraGroup", opened=True)
        many = [ImportedMember(f"u{number}", Role.MEMBER, 0, 0) for number in range(5)]
        await root.import_members("@TGS#_open", many)
        assert len(await root.members("@TGS#_open")) == 5, "one that is open needs no end of its import"
    await server.stop()


async def test_a_user_is_in_a_bounded_number_of_ultra_groups(tmp_path: Path) -> None:  # UG-01
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.ultra_groups_per_user_max=2",))
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob = await crowd("alice", "bob")
        for name in "abc":
            owner = bob if name == "c" else alice
            await owner.create_group(name, group_id=f"@TGS#_{name}", type_="UltraGroup")
        assert await refused(alice.create_group("d", group_id="@TGS#_d", type_="UltraGroup")) == "TOO_MANY_GROUPS"
        await alice.create_group("plain", group_id="plain", type_="Public")
    await server.stop()


async def test_sync_tells_of_channels(server: TestServer) -> None:  # UG-02, RX-03, RX-08
    async with Crowd(server) as crowd:
        await city(crowd, "bob", "carol")
        alice, bob = await crowd("alice", "bob")
        await alice.create_channel(CITY, "team", private=True)
        await alice.send(NEWS, "one")
        await alice.send(NEWS, "two", mentions=["bob"])
        await alice.send(TEAM, "secret")
        await bob.close()
        again = server.client("bob")
        await again.connect()
        found = {one.conversation: one for one in again.conversations}
        assert set(found) == {"g:" + CITY, "g:" + NEWS}
        assert (found["g:" + NEWS].unread, found["g:" + NEWS].mentions) == (2, 1)
        await again.mark_read(NEWS, 1)
        await again.close()
        third = server.client("bob")
        await third.connect()
        found = {one.conversation: one for one in third.conversations}
        assert found["g:" + NEWS].unread == 1
        await third.close()


async def test_who_wants_nothing_of_a_channel_gets_nothing(server: TestServer) -> None:  # RX-01
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        await alice.create_channel(CITY, "loud")
        loud = CITY + "@TOPIC#_loud"
        await bob.edit_member(loud, "bob", msg_flag=MsgFlag.DISCARD)
        await alice.send(loud, "noise")
        await alice.send(NEWS, "news")
        assert (await crowd.told("bob", Message)).text == "news"
        await bob.close()
        del crowd.clients["bob"]
        await crowd("bob")
        await alice.send(loud, "more noise")
        await alice.send(NEWS, "more news")
        assert (await crowd.told("bob", Message)).text == "more news", "also after another login"


async def test_who_wants_nothing_of_a_group_hears_its_channels(server: TestServer) -> None:  # RX-01, UG-02
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        await bob.set_msg_flag(CITY, MsgFlag.DISCARD)
        await alice.send(CITY, "noise")
        await alice.send(NEWS, "news")
        assert (await crowd.told("bob", Message)).text == "news", "each conversation has a flag of its own"
        await bob.close()
        del crowd.clients["bob"]
        bob = await crowd("bob")
        await alice.send(CITY, "more noise")
        await alice.send(NEWS, "more news")
        assert (await crowd.told("bob", Message)).text == "more news", "also after another login"
        await bob.set_msg_flag(CITY, MsgFlag.ACCEPT_AND_NOTIFY)
        await alice.send(CITY, "wanted again")
        assert (await next_in(crowd, "bob", CITY)).text == "wanted again"
        await bob.set_msg_flag(CITY, MsgFlag.DISCARD)
        await bob.leave(CITY)
        await alice.send(NEWS, "without bob")
        await bob.join(CITY)
        await alice.send(NEWS, "with bob")
        assert (await next_in(crowd, "bob", NEWS)).text == "with bob"


async def test_what_is_wanted_of_a_private_channel_stays_off_its_list(server: TestServer) -> None:  # RX-01, UG-05
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        await alice.create_channel(CITY, "team", private=True)
        for again in (False, True):
            await alice.change_channel_users(TEAM, add=["bob"])
            if not again:
                await bob.set_msg_flag(TEAM, MsgFlag.DISCARD)
            await alice.send(TEAM, "secret")
            await alice.send(NEWS, "news")
            assert (await crowd.told("bob", Message)).text == "news"
            await alice.change_channel_users(TEAM, remove=["bob"])
        await bob.set_msg_flag(NEWS, MsgFlag.DISCARD)
        await bob.leave(CITY)
        await bob.join(CITY)
        await alice.send(NEWS, "with a new flag")
        assert (await next_in(crowd, "bob", NEWS)).text == "with a new flag"


async def test_push_levels(server: TestServer) -> None:  # UG-03
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        assert (await bob.push_level(NEWS)).in_force is PushLevel.ALL
        await alice.set_push_level(CITY, PushLevel.NONE, whole=True)
        assert (await bob.push_level(NEWS)).in_force is PushLevel.NONE
        await alice.set_push_level(NEWS, PushLevel.MENTIONS, whole=True)
        assert (await bob.push_level(NEWS)).in_force is PushLevel.MENTIONS
        await bob.set_push_level(CITY, PushLevel.ALL)
        assert (await bob.push_level(NEWS)).in_force is PushLevel.ALL
        await bob.set_push_level(NEWS, PushLevel.NONE)
        found = await bob.push_level(NEWS)
        assert (found.in_force, found.user_in_group, found.group) == (PushLevel.NONE, PushLevel.ALL, PushLevel.NONE)
        assert await refused(bob.set_push_level(NEWS, PushLevel.ALL, whole=True)) == "NOT_PERMITTED"
        members = await alice.some_members(NEWS, ["alice", "bob"])
        assert {user: one.push_level for user, one in members.items()} == {
            "alice": PushLevel.MENTIONS,
            "bob": PushLevel.NONE,
        }, "the level that is in force, of each"
        in_group = (await alice.some_members(CITY, ["alice", "bob"])).values()
        assert [one.push_level for one in in_group] == [PushLevel.NONE, PushLevel.ALL]


async def test_messages_are_deleted_up_to_a_time(server: TestServer) -> None:  # UG-04
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        for text in ("one", "two"):
            await alice.send(NEWS, text)
        upto = max(m.time_ms for m in await bob.history(NEWS))
        while (await alice.send(NEWS, "three")).time_ms == upto:
            pass
        assert await refused(bob.trim_history(NEWS, upto)) == "NOT_PERMITTED"
        assert await alice.trim_history(NEWS, upto) > 1
        assert all(m.text == "three" for m in await bob.history(NEWS))
        assert (await crowd.told("bob", HiddenEvent)).conversation == "g:" + NEWS


async def test_edits_and_recalls_reach_a_channel(server: TestServer) -> None:  # UG-04
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        sent = await bob.send(NEWS, "teh")
        await bob.edit_message(NEWS, sent.seq, "the")
        assert (await alice.history(NEWS))[0].text == "the"
        await alice.recall(NEWS, sent.seq)
        assert (await bob.history(NEWS))[0].text == ""


async def test_the_app_makes_a_channel_and_the_owner_lets_themselves_in(server: TestServer) -> None:  # UG-05
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob, root = await crowd("alice", "bob", "administrator")
        await root.create_channel(CITY, "team", private=True)
        assert await refused(alice.send(TEAM, "x")) == "NO_SUCH_GROUP"
        assert await refused(bob.change_channel_users(TEAM, add=["bob"])) == "NO_SUCH_GROUP"
        await alice.change_channel_users(TEAM, add=["alice"])
        await alice.send(TEAM, "here")
        assert (await alice.info(TEAM)).member_num == 1
        assert (await alice.info(NEWS)).online_num == 2, "all who hear the group hear its public channels"


async def test_a_client_drops_the_channels_of_a_group_that_it_has_left(server: TestServer) -> None:  # UG-02
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        await alice.send(NEWS, "one")
        assert (await next_in(crowd, "bob", NEWS)).text == "one"
        await alice.kick(CITY, ["bob"])
        assert (await crowd.told("bob", GroupEvent)).group_id == CITY
        assert not [one for one in bob.conversations if one.conversation.startswith("g:" + CITY)]


async def test_a_dissolved_channel_is_told_at_once_and_by_sync(server: TestServer) -> None:  # UG-02, RX-03
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        await alice.send(NEWS, "one")
        await next_in(crowd, "bob", NEWS)
        await alice.dissolve(NEWS)
        assert (await crowd.told("bob", GroupEvent)).group_id == NEWS
        assert await bob.channels(CITY) == []
        assert await refused(bob.history(NEWS)) == "NO_SUCH_GROUP"


async def test_a_name_can_be_used_again_at_once(server: TestServer) -> None:  # UG-02
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, bob = await crowd("alice", "bob")
        assert await refused(alice.send(TEAM, "x")) == "NO_SUCH_GROUP"
        await alice.create_channel(CITY, "team")
        assert (await bob.send(TEAM, "one")).seq == 1
        for number in (2, 3):
            await alice.dissolve(TEAM)
            await alice.create_channel(CITY, "team")
            assert await bob.history(TEAM) == [], "nothing of the one before"
            assert (await bob.send(TEAM, "another")).seq == number, "an id and a SEQ name one message for ever"


async def test_a_search_in_all_finds_what_is_in_channels(server: TestServer) -> None:  # RX-10, UG-05
    async with Crowd(server) as crowd:
        await city(crowd, "bob")
        alice, carol = await crowd("alice", "carol")
        await alice.create_group("Between", group_id="@TGS#_city9", type_="UltraGroup")
        await alice.send("@TGS#_city9", "needle in another group")
        await alice.create_channel(CITY, "team", private=True)
        for group_id in (CITY, NEWS, TEAM):
            await alice.send(group_id, f"needle in {group_id}")
        await carol.join(CITY)
        await alice.send(NEWS, "needle for carol")

        async def found(user: str) -> list[str]:
            keys: list[str] = []
            cursor = b""
            while True:  # one message a page, so that each page begins somewhere else
                asked = frames.Search("needle", cursor, 1)
                page = await crowd.clients[user].request(asked, frames.SearchOk)
                keys += [row.conversation.removeprefix("g:") for row in page.found]
                cursor = page.cursor
                if not cursor:
                    return keys

        assert sorted(await found("alice")) == sorted([CITY, NEWS, NEWS, TEAM, "@TGS#_city9"])
        assert sorted(await found("bob")) == sorted([CITY, NEWS, NEWS])
        assert await found("carol") == [NEWS], "not what was before she joined"
