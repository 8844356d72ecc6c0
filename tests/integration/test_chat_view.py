"""`rcim chat` at a terminal, driven by keys as a user would, against a running server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, Label, ListView, Static

from rcim.base.errors import LOGGED_OUT
from rcim.base.terms import InviteConsent, MessageState
from rcim.chat.kinds import enter
from rcim.chat.state import MENTION, Room, Talks, message_text
from rcim.chat.view import ChatView, Row
from rcim.client import BROADCASTS, Client, LocalStore, User
from tests.kit import PATIENCE_S, TestServer, until
from tests.kit_broker import free_port


@pytest.fixture
async def chat_server(tmp_path: Path) -> AsyncIterator[TestServer]:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    yield server
    await server.stop()


class Screen:
    """A user in front of a terminal."""

    def __init__(self, app: ChatView, pilot: Any) -> None:
        self.app = app
        self._pilot = pilot

    async def types(self, text: str) -> None:
        """A line and Enter."""
        line = self.app.query_one("#line", Input)
        line.focus()
        line.value = text
        await self._pilot.press("enter")

    async def press(self, *names: str) -> None:
        await self._pilot.press(*names)

    def rows(self, name: str) -> list[str]:
        """What a list shows."""
        found = []
        for row in self.app.query_one(name, ListView).children:
            assert isinstance(row, Row)
            found.append(str(row.query_one(Label).render()))
        return found

    @property
    def messages(self) -> list[str]:
        return self.rows("#messages")

    @property
    def notes(self) -> str:
        return str(self.app.query_one("#notes", Static).render())

    @property
    def title(self) -> str:
        return str(self.app.query_one("#title", Label).render())

    async def until(self, true: Callable[[], Any], what: str = "") -> None:
        """Wait until the screen is so; a row that is being made shows nothing yet."""

        def looked() -> Any:
            try:
                return true()
            except Exception:
                return False

        await until(looked, what)


@asynccontextmanager
async def screen(client: Client, where: Any = "lobby") -> AsyncIterator[Screen]:
    app = ChatView(client, where, await enter(client, where) if isinstance(where, str) else "")
    async with app.run_test(size=(120, 40)) as pilot:
        yield Screen(app, pilot)


async def test_talking(chat_server: TestServer) -> None:
    async with chat_server.client("alice") as alice, chat_server.client("bob") as bob, screen(alice) as at:
        await at.until(lambda: at.title == "lobby" and "made the group lobby" in at.notes)
        await bob.join("lobby")
        await at.types("hello [bold]all[/bold] @bob")  # what others write is no markup
        await at.until(lambda: at.messages and at.messages[-1].endswith("alice: hello [bold]all[/bold] @bob"))
        (first,) = await bob.history("lobby")
        assert first.mentions == ("bob",)
        await bob.send("lobby", "hi \x1b[31m there")
        await at.until(lambda: at.messages[-1].endswith("bob: hi ?[31m there"), "nothing steers the terminal")
        await until(lambda: (alice.conversation("lobby") or row_of(0)).read_seq == 2, "what is shown is read")
        await bob.recall("lobby", 2)
        await at.until(lambda: at.messages[-1].endswith("bob: (recalled)"))
        # One's own: edited and recalled, by command and by key.
        await at.types("/edit hello @all")
        await at.until(lambda: at.messages[0].endswith("hello @all (edited)"))
        (first, *_) = await bob.history("lobby")
        assert first.mentions == () and first.mentions_all, "it mentions whom it names now (MS-17)"
        await at.types("/edit hello")
        await at.until(lambda: at.messages[0].endswith("hello (edited)"))
        at.app.query_one("#messages", ListView).focus()
        at.app.query_one("#messages", ListView).index = 0
        await at.press("e")
        assert at.app.query_one("#line", Input).value == "hello"
        await at.types("hello again")
        await at.until(lambda: at.messages[0].endswith("hello again (edited)"))
        await at.types("/recall")
        await at.until(lambda: at.messages[0].endswith("alice: (recalled)"))
        await at.types("/members")
        await at.until(lambda: "alice, bob" in at.notes)
        await at.types("/nonsense")
        await at.until(lambda: "/search WORDS" in at.notes)


def row_of(read_seq: int) -> Any:
    """What there is before there is a row."""

    class Row:
        pass

    found = Row()
    found.read_seq = read_seq  # type: ignore[attr-defined]
    return found


async def test_several_conversations(chat_server: TestServer) -> None:
    async with chat_server.client("alice") as alice, chat_server.client("bob") as bob, screen(alice) as at:
        await at.until(lambda: at.title == "lobby")
        await bob.send(User("alice"), "psst")
        await at.until(lambda: any(row.startswith("bob (1)\n  psst") for row in at.rows("#rooms")))
        await at.press("ctrl+n")
        await at.until(lambda: at.title == "bob (online)")
        await at.until(lambda: not any("(1)" in row for row in at.rows("#rooms")), "it is read")
        await at.types("what is it?")
        await at.until(lambda: at.messages[-1].endswith("alice: what is it?"))
        await bob.mark_read(User("alice"), 2)
        await at.until(lambda: at.messages[-1].endswith("✓"))
        await at.press("ctrl+p")
        await at.until(lambda: at.title == "lobby")
        await at.types("/to carol")
        await at.until(lambda: at.title == "carol (offline)")
        await at.types("are you there?")
        await at.until(lambda: any(row.startswith("carol") for row in at.rows("#rooms")))
        await at.types("/search it?")
        await at.until(lambda: "what is it?" in at.notes)
        await at.types("/search xylophone")
        await at.until(lambda: "nothing is found" in at.notes)
        await at.types("/join kitchen")
        await at.until(lambda: at.title == "kitchen")
        await at.types("/pin")
        await at.until(lambda: at.rows("#rooms")[0].startswith("* kitchen"))
        await at.types("/receipts")
        await at.types("/leave")
        await at.until(lambda: "10009" in at.notes or "may not leave" in at.notes, "its owner may not")


async def test_broadcasts(chat_server: TestServer) -> None:  # SY-03
    async with chat_server.client("administrator") as root, chat_server.client("alice") as alice, screen(alice) as at:
        await at.until(lambda: at.title == "lobby")
        await root.broadcast("the server stops at noon")
        await at.until(lambda: any("broadcasts (1)" in line for line in at.rows("#rooms")), "it is in the list")
        await at.app._open(BROADCASTS)
        await at.until(lambda: at.title == "broadcasts" and at.messages[-1].endswith("the server stops at noon"))
        await until(lambda: alice.unread == 0, "what is shown is read")
        await at.types("hello")
        await at.until(lambda: "NOT_PERMITTED" in at.notes)


async def test_what_is_typed_without_a_server_waits(tmp_path: Path) -> None:
    flags = (f"server.port={free_port()}",)
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with server.client("alice", store=LocalStore(tmp_path / "a.db")) as alice, screen(alice) as at:
        await at.types("first")
        await at.until(lambda: at.messages[-1].endswith("first"))
        await server.stop()
        await at.types("second")
        await at.until(lambda: at.messages[-1].startswith("(waits)"))
        server = TestServer(tmp_path / "data", tls=False, flags=flags)
        await server.start()
        await at.until(lambda: at.messages[-1].endswith("second"))
        assert len(at.messages) == 2
    await server.stop()


async def test_invitations(chat_server: TestServer) -> None:  # GT-07
    async with chat_server.client("bob") as bob, chat_server.client("alice") as alice:
        await bob.set_invite_consent(InviteConsent.ASK)
        for group in ("f", "h"):
            await alice.create_group(group.upper(), group_id=group, type_="Private")
            await alice.send(group, "first")
        async with screen(bob) as shown:
            await alice.invite("f", ["bob"])
            await shown.until(
                lambda: any("alice invites you to F" in line for line in [shown.notes, *shown.messages])
            )
            await shown.types("/accept f")
            await until(lambda: bob.conversation("f") is not None)
            await alice.invite("h", ["bob"])
            await shown.types("/invitations")
            await shown.until(lambda: any("/refuse h" in line for line in [shown.notes, *shown.messages]))
            await shown.types("/refuse h")
            async with asyncio.timeout(PATIENCE_S):
                while await bob.invitations():
                    pass
        assert len(await alice.members("f")) == 2


async def test_it_ends_when_the_user_is_logged_out(chat_server: TestServer) -> None:
    async with chat_server.client("administrator") as root, chat_server.client("alice") as alice:
        app = ChatView(alice, "lobby", await enter(alice, "lobby"))
        async with app.run_test() as pilot:
            await pilot.pause()
            await root.close_devices(user_id="alice", text="bye")
            await until(lambda: app.failure is not None)
        assert app.failure is not None and app.failure.code is LOGGED_OUT


async def test_the_line_and_the_key_that_quit(chat_server: TestServer) -> None:
    async with chat_server.client("alice") as alice:
        for way in ("/quit", "ctrl+q"):
            async with screen(alice) as at:
                await at.until(lambda at=at: at.title == "lobby")
                await (at.press(way) if way == "ctrl+q" else at.types(way))
                await until(lambda at=at: not at.app.is_running)


def test_mentions_are_words_of_their_own() -> None:
    assert MENTION.findall("@bob and @carol, mail a@b.c @all") == ["bob", "carol,", "all"]


async def test_what_is_shown_has_a_bound(chat_server: TestServer) -> None:
    async with chat_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        await alice.send("g", "x")
        (message,) = await alice.history("g")
        room = Room("g")
        for seq in range(1, 600):
            room.put(replace(message, seq=seq))
        assert len(room.shown()) == 500 and room.shown()[0].seq == 100
        room.put(replace(message, seq=599, state=MessageState.DELETED))
        assert room.shown()[-1].seq == 598
        assert message_text(replace(message, state=MessageState.EDITED)) == "x (edited)"
        assert Talks(alice).title() == "no conversation" and Talks(alice).own_last() is None
