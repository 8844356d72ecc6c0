"""What app administrators are told of one person: unread messages (AB-07)."""

from __future__ import annotations

from rcim.base.terms import pair_conversation
from rcim.client import User
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
