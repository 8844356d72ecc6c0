"""Every kind of conversation in `rcim chat`: entered, shown and talked in at a terminal, against a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.base.terms import GoneReason
from rcim.chat.kinds import ChatError, called, channel_of, enter, gone_text
from rcim.client import BROADCASTS, AttributesEvent, GroupEvent, User
from rcim.wire.frames import RoomAttribute
from tests.integration.test_chat_view import screen
from tests.kit import TestServer, travel, until

CITY = "@TGS#_city"
NEWS = CITY + "@TOPIC#_news"
SYSTEM = "@SYS#news"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    made = TestServer(tmp_path / "data", tls=False, flags=("limits.ending_sweep_ms=10",))
    await made.start()
    yield made
    await made.stop()


async def test_channels_of_an_ultra_group(server: TestServer) -> None:  # UG-02
    async with server.client("alice") as alice, server.client("bob") as bob, screen(alice) as at:
        await at.types("/channels")
        await at.until(lambda: "channels are in ultra groups" in at.notes)
        await at.types(f"/join {CITY}")
        await at.until(lambda: at.title == "city" and f"made the group {CITY}" in at.notes)
        await at.types("/channels")
        await at.until(lambda: "there are no channels" in at.notes)
        await at.types("/channel news")
        await at.until(lambda: at.title == "city / news" and "made the channel news" in at.notes)
        await alice.create_channel(CITY, "team", private=True)
        await at.types("hello")
        await at.until(lambda: at.messages[-1].endswith("alice: hello"))
        assert await enter(bob, NEWS) == "", "whoever opens a channel joins its ultra group"
        assert [m.text for m in await bob.history(CITY)] == []
        await bob.send(NEWS, "I am here")
        await at.until(lambda: at.messages[-1].endswith("bob: I am here"))
        await at.types("/channel team")
        await at.until(lambda: at.title == "city / team")
        await bob.send(NEWS, "anybody?")
        await at.until(lambda: any(row.startswith("city / news (1)\n  anybody?") for row in at.rows("#rooms")))
        await at.types("/channels")
        await at.until(lambda: "news (1), team private" in at.notes)
        await alice.dissolve(CITY)
        await at.until(lambda: not any(row.startswith("city / news") for row in at.rows("#rooms")))


async def test_a_system_conversation(server: TestServer) -> None:  # SY-01
    async with server.client("administrator") as root, server.client("alice") as alice, screen(alice) as at:
        await at.types(f"/join {SYSTEM}")
        await at.until(lambda: "NO_SUCH_GROUP" in at.notes, "only the app makes one")
        await root.create_system("News", group_id=SYSTEM)
        await root.system_send(SYSTEM, "before")
        await at.types(f"/join {SYSTEM}")
        await at.until(lambda: at.title == "News" and "goes to the app alone" in at.notes)
        await at.until(lambda: at.messages[-1].endswith("News: before"))
        await root.system_send(SYSTEM, "to all")
        await at.until(lambda: at.messages[-1].endswith("News: to all"))
        await at.types("a question")
        await at.until(lambda: at.title == "News and you", "what is written is shown where the app answers")
        await at.until(lambda: at.messages[-1].endswith("alice: a question"))
        await root.send(User("alice", of=SYSTEM), "an answer", as_user=SYSTEM)
        await at.until(lambda: at.messages[-1].endswith("News: an answer"))
        assert [m.text for m in await alice.history(SYSTEM)] == ["before", "to all"]


async def test_a_broadcast_is_seen_whatever_is_open(server: TestServer) -> None:  # SY-03
    async with server.client("administrator") as root, server.client("alice") as alice, screen(alice) as at:
        await at.until(lambda: at.title == "lobby")
        await root.broadcast("the server stops at noon")
        await at.until(lambda: "broadcast: " in at.notes and "the server stops at noon" in at.notes)
        await at.types("/broadcasts")
        await at.until(lambda: at.title == "broadcasts" and at.messages[-1].endswith("the server stops at noon"))
        await root.broadcast("it does not")
        await at.until(lambda: at.messages[-1].endswith("it does not"))
        assert "it does not" not in at.notes, "here it is a message"
        await until(lambda: alice.conversation(BROADCASTS) is not None)


async def test_a_temporary_conversation_ends(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:  # SY-02
    async with server.client("alice") as alice, server.client("bob") as bob, screen(alice) as at:
        await at.types("/temporary bob")
        await at.until(lambda: "/temporary MINUTES USER" in at.notes)
        await at.types("/temporary 10 bob")
        await at.until(lambda: at.title.startswith("alice, bob (ends "))
        (row,) = [one for one in alice.conversations if one.ends_ms]
        await bob.send(row.group_id, "quick")
        await at.until(lambda: at.messages[-1].endswith("bob: quick"))
        travel(monkeypatch, row.ends_ms)
        await at.until(lambda: "has ended, and nothing is left" in at.notes)
        await at.types("late")
        await at.until(lambda: "TEMPORARY_ENDED" in at.notes)
        await at.types("/join lobby")
        await at.until(lambda: at.title == "lobby" and not any("alice, bob" in line for line in at.rows("#rooms")))


async def test_a_room_and_its_attributes(server: TestServer) -> None:  # CR-03
    async with server.client("alice") as alice, server.client("bob") as bob, screen(alice) as at:
        await bob.create_group("Room", group_id="room", type_="AVChatRoom")
        await at.types("/join room")
        await at.until(lambda: at.title == "room")
        await at.types("/attributes")
        await at.until(lambda: "there are no attributes" in at.notes)
        await bob.set_attributes("room", {"song": "one"})
        await at.until(lambda: "song is now one (by bob)" in at.notes)
        await at.types("/set seat by the window")
        await at.until(lambda: "seat is now by the window (by alice)" in at.notes)
        await at.types("/attributes")
        await at.until(lambda: "seat = by the window, song = one" in at.notes)
        await at.types("/unset seat")
        await at.until(lambda: "seat is removed (by alice)" in at.notes)
        await at.types("/set song two")
        await at.until(lambda: "ATTRIBUTE_CONFLICT" in at.notes, "it is bob's")
        # The server does not list rooms; what was opened here stays in sight until the user leaves.
        await at.types("/join lobby")
        await at.until(lambda: at.title == "lobby" and "room" in at.rows("#rooms"))
        await at.types("/join room")
        await at.until(lambda: at.title == "room")
        await at.types("/leave")
        await at.types("/join lobby")
        await at.until(lambda: at.title == "lobby" and "room" not in at.rows("#rooms"))
        await at.types("/to bob")
        await at.types("/attributes")
        await at.until(lambda: "that is for groups" in at.notes)


async def test_attributes_of_a_room_that_is_not_open(server: TestServer) -> None:
    async with server.client("alice") as alice, screen(alice) as at:
        row = RoomAttribute("k", "v", "", 1, 1, True, True)
        assert at.app.talks.apply(AttributesEvent("other", (row,))) == "", "nothing is shown of it"
        assert at.app.talks.apply(AttributesEvent("lobby", (row,))) == "g:lobby"
        room = at.app.talks.room
        assert room is not None and room.notes[-1] == "k went with who had set it"
        await until(lambda: alice.conversation("lobby") is not None)


def test_names_and_words() -> None:
    assert called(BROADCASTS, None) == "broadcasts" and called(User("bob"), None) == "bob"
    assert called(NEWS, None) == "@TGS#_city / news" and called(User(SYSTEM), None) == "@SYS#news and you"
    assert called("a\x1b[2J", None) == "a?[2J"
    assert channel_of(CITY, "team") == channel_of(NEWS, "team") == CITY + "@TOPIC#_team"
    with pytest.raises(ChatError, match="ultra groups"):
        channel_of("lobby", "team")
    assert gone_text(GroupEvent("g", GoneReason.DISSOLVED)) == "the group is gone (dissolved)"
