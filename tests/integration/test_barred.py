"""Who is barred by the other's list (SC-07): nothing it does is told to the other, or moves its list of conversations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import RcimError
from rcim.base.terms import MessageState, MsgFlag, UserList
from rcim.wire import frames as f
from rcim.wire.schema import Frame
from tests.integration.test_one_to_one import AB, code, page, say
from tests.kit import TestCluster, TestServer

BC = "c:3:bob:carol"


@pytest.fixture(params=["black", "white", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server that goes by black lists, or by white ones, or in several processes."""
    kind = TestCluster if request.param == "gateways" else TestServer
    flags = ("c2c.list=white",) if request.param == "white" else ()
    made = kind(tmp_path / "data", tls=False, flags=flags)
    await made.start()
    yield made
    await made.stop()


class Barred:
    """Alice has said something to bob, and bob wants to hear of her no more. She has two devices."""

    def __init__(self, server: TestServer) -> None:
        self.server = server
        self.marks = 0
        self.white = not isinstance(server, TestCluster) and server.settings.c2c.list == "white"

    async def begin(self, *frames: Frame) -> Barred:
        names = ("alice", "alice", "bob", "carol", "administrator")
        self.alice, self.other, self.bob, self.carol, self.root = [await self.server.member(name) for name in names]
        if self.white:
            for user, peers in (("bob", ["alice", "carol"]), ("alice", ["bob"]), ("carol", ["bob"])):
                await self.root.ask(f.UserListChange(UserList.WHITE, peers, [], user))
        for frame in frames:
            assert not isinstance(await (self.alice if frame is not frames[-1] else self.bob).ask(frame), RcimError)
        await self.bar(True)
        self.cursor = (await self.bob.ask(f.Sync(b"", 0, 0))).cursor
        return self

    async def bar(self, on: bool) -> None:
        add, remove = (["alice"], []) if on is not self.white else ([], ["alice"])
        which = UserList.WHITE if self.white else UserList.BLACK
        assert isinstance(await self.bob.ask(f.UserListChange(which, add, remove)), f.UserListChangeOk)

    @property
    def refusal(self) -> str:
        return "NOT_WHITELISTED" if self.white else "BLACKLISTED"

    async def told_bob(self) -> list[str]:
        """What bob was told until carol writes to him."""
        self.marks += 1
        await self.carol.ask(say(f"mark{self.marks}", key=BC))
        seen: list[str] = []
        while True:
            frame: Any = await self.bob.take()
            if isinstance(frame, f.Deliver) and frame.conversation == BC:
                return seen
            seen.append(frame.NAME)

    async def moved(self) -> list[str]:
        """The conversations that have changed in bob's list, but for carol's."""
        found = await self.bob.ask(f.Sync(self.cursor, 0, 0))
        return [row.conversation for row in found.conversations if row.conversation != BC]


async def test_a_flag_is_ones_own(server: TestServer) -> None:  # RX-02
    at = await Barred(server).begin(say("a1"), say("b1"))
    await at.told_bob()
    assert await code(at.alice, f.ConversationFlag(AB, MsgFlag.ACCEPT_NOT_NOTIFY)) == "done"
    assert (await at.other.take_of(f.ConversationFlagged)).msg_flag is MsgFlag.ACCEPT_NOT_NOTIFY
    assert (await at.told_bob(), await at.moved()) == ([], [])


async def test_a_flag_makes_no_conversation(server: TestServer) -> None:  # RX-02
    at = await Barred(server).begin()
    assert await code(at.alice, f.ConversationFlag(AB, MsgFlag.ACCEPT_NOT_NOTIFY)) == at.refusal
    assert (await at.told_bob(), await at.moved()) == ([], [])
    assert await code(at.bob, f.ConversationFlag(AB, MsgFlag.ACCEPT_NOT_NOTIFY)) == "done", (
        "whoever is not barred may"
    )


async def test_what_is_read_is_told_to_ones_own_devices(server: TestServer) -> None:  # MS-11, RX-08
    at = await Barred(server).begin(say("a1"), say("b1"))
    await at.told_bob()
    assert (await at.alice.ask(f.ConversationRead(AB, 2))).read_seq == 2
    assert (await at.other.take_of(f.MessagesRead)).seq == 2
    assert (await at.told_bob(), await at.moved()) == ([], [])
    assert (await at.alice.ask(f.Sync(b"", 0, 0))).conversations[0].unread == 0


async def test_what_one_has_said_can_be_taken_back(server: TestServer) -> None:  # MS-10
    """It stays the sender's own; but the other hears nothing of it until it reads there itself."""
    at = await Barred(server).begin(say("a1"), say("b1"))
    own = (await at.alice.ask(f.Sync(b"", 0, 0))).cursor
    await at.told_bob()
    assert await code(at.alice, f.MessageRecall(AB, 1)) == "done"
    (changed,) = (await at.other.take_of(f.MessageChanged)).messages
    assert (changed.seq, changed.state) == (1, MessageState.RECALLED)
    assert (await at.told_bob(), await at.moved()) == ([], [])
    (row,) = (await at.alice.ask(f.Sync(own, 0, 0))).conversations
    assert [entry.seq for entry in row.altered] == [1], "the sender's other devices find it"
    assert [m.state for m in await page(at.bob)] == [MessageState.RECALLED, MessageState.AS_SENT]
    await at.bob.ask(say("b2"))
    (row,) = [r for r in (await at.bob.ask(f.Sync(at.cursor, 0, 0))).conversations if r.conversation == AB]
    assert [entry.seq for entry in row.altered] == [1], "with what is news, it is told too"


async def test_the_app_recalls_for_both(server: TestServer) -> None:  # MS-10
    at = await Barred(server).begin(say("a1"), say("b1"))
    await at.told_bob()
    assert await code(at.root, f.MessageRecall(AB, 1)) == "done"
    assert (await at.told_bob(), await at.moved()) == (["MESSAGE_CHANGED"], [AB])


async def test_who_is_barred_no_more_is_heard_again(server: TestServer) -> None:
    at = await Barred(server).begin(say("a1"), say("b1"))
    await at.bar(False)
    await at.told_bob()
    await at.alice.ask(f.ConversationRead(AB, 2))
    await at.alice.ask(f.MessageRecall(AB, 1))
    assert await at.told_bob() == ["MESSAGES_READ", "MESSAGE_CHANGED"]
    assert await at.moved() == [AB]
