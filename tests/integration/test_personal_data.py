"""What app administrators are told of one person: unread messages (AB-07)."""

from __future__ import annotations

from rcim.base.errors import NO_SUCH_GROUP, NO_SUCH_MEMBER
from rcim.base.terms import MsgFlag, pair_conversation
from rcim.client import MemberSetting, User
from tests.integration.test_groups import Crowd, refused, rooms
from tests.kit import TestServer

__all__ = ["rooms"]
PAIR = pair_conversation("alice", "bob")


async def test_how_much_a_user_has_not_read(rooms: TestServer) -> None:  # AB-07
    async with Crowd(rooms) as crowd:
        root, alice = await crowd("administrator", "alice")
        for group, count in (("one", 1), ("two", 2)):
            await alice.create_group(group, group_id=group)
            await root.invite(group, ["bob"])
            for number in range(count):
                await alice.send(group, f"message {number}")
        await alice.send(User("bob"), "to you alone")
        listed = {f"g:{row.group_id}": row.unread for row in await root.groups("bob")}
        assert listed["g:two"] == listed["g:one"] + 1
        found = await root.unread_of("bob")
        assert {row.conversation: row.unread for row in found.conversations} == listed | {PAIR: 1}
        assert (found.total, found.more) == (sum(listed.values()) + 1, False)
        assert {row.unread for row in (await root.unread_of("bob", [User("alice")])).conversations} == {1}
        found = await root.unread_of("bob", ["two"])
        assert [(row.conversation, row.unread) for row in found.conversations] == [("g:two", found.total)]
        assert found.total == listed["g:two"]
        assert (await root.unread_of("nobody")).total == 0
        assert await refused(alice.unread_of("bob")) == "ADMIN_REQUIRED"
        assert await refused(root.unread_of("")) == "BAD_PARAMETER"


async def test_settings_of_any_members(rooms: TestServer) -> None:  # AB-08
    async with Crowd(rooms) as crowd:
        root, alice, bob = await crowd("administrator", "alice", "bob")
        await alice.create_group("g", group_id="g")
        await root.invite("g", ["bob"])
        for number in range(3):
            await alice.send("g", f"message {number}")
        await alice.send(User("bob"), "to you alone")
        pair = User("alice", "bob")
        codes = await root.set_members(
            [
                MemberSetting("g", "bob", MsgFlag.DISCARD, 2, "Card", {"Title": b"x"}),
                MemberSetting(User("alice"), "bob", MsgFlag.ACCEPT_NOT_NOTIFY, 1),
                MemberSetting("g", "bob", read_seq=1),
                MemberSetting("g", "stranger", MsgFlag.DISCARD, 1),
                MemberSetting("none", "bob", read_seq=1),
                MemberSetting("g", "alice", read_seq=99),
            ]
        )
        assert codes == [0, 0, 0, NO_SUCH_MEMBER.number, NO_SUCH_GROUP.number, 0]
        newest = (await root.info("g")).next_msg_seq - 1
        found = await root.member_settings([("g", "bob"), (pair, "bob"), ("g", "alice"), ("g", "stranger")])
        assert 1 <= found[2].read_seq <= newest, "her own messages may not count yet"
        assert [(row.code, row.read_seq, row.msg_flag, row.name_card) for row in found] == [
            (0, 2, MsgFlag.DISCARD, "Card"),
            (0, 1, MsgFlag.ACCEPT_NOT_NOTIFY, ""),
            (0, found[2].read_seq, MsgFlag.ACCEPT_AND_NOTIFY, ""),
            (NO_SUCH_MEMBER.number, 0, MsgFlag.ACCEPT_AND_NOTIFY, ""),
        ]
        assert [(field.key, field.value) for field in found[0].fields] == [("Title", b"x")]
        for bad in (
            MemberSetting(User("alice"), "bob", name_card="x"),
            MemberSetting("g", "bob", name_card="x" * 51),
            MemberSetting(User("carol", "alice"), "bob", read_seq=1),
        ):
            rows = [MemberSetting("g", "alice", name_card="not done"), bad]
            assert await refused(root.set_members(rows)) == "BAD_PARAMETER"
        assert (await root.member_settings([("g", "alice")]))[0].name_card == ""
        assert await refused(alice.set_members([MemberSetting("g", "alice", read_seq=1)])) == "ADMIN_REQUIRED"
        assert await refused(alice.member_settings([("g", "alice")])) == "ADMIN_REQUIRED"
