"""`rcim chat` at a terminal: conversations on the left, the open one on the right, a line to type in below."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.css.query import NoMatches
from textual.widget import MountError
from textual.widgets import Footer, Input, Label, ListItem, ListView, Static

from rcim.base.errors import RcimError
from rcim.base.terminal import printable
from rcim.chat.commands import HELP, Commands
from rcim.chat.kinds import ChatError
from rcim.chat.state import Talks, clean, message_line
from rcim.client import Client, LocalStoreError, Message, Where


class Row(ListItem):
    """A row that stands for something."""

    def __init__(self, text: str, stands_for: Any, *, faint: bool = False) -> None:
        self.stands_for = stands_for
        super().__init__(Label(Text(printable(text, lines=True), style="dim" if faint else "")))


class ChatView(App[None]):
    """See the module's text. `client` is connected, or starting; it is closed by who has made it."""

    CSS = """
    #rooms { width: 32; border-right: solid $accent; }
    #title { background: $accent; color: $text; padding: 0 1; }
    #notes { color: $text-muted; padding: 0 1; max-height: 50%; }
    #messages { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "turn(1)", "Next", priority=True),
        Binding("ctrl+p", "turn(-1)", "Previous", priority=True),
        Binding("r", "recall", "Recall"),
        Binding("e", "edit", "Edit"),
        Binding("i", "receipts", "Read by"),
        Binding("f1", "help", "Help"),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, client: Client, start: Where, first_note: str = "") -> None:
        super().__init__()
        self.talks = Talks(client)
        self._commands = Commands(self.talks, self._open, self._note)
        self._client = client
        self._start = start
        self._first_note = first_note
        self._editing = 0
        """The SEQ of the message that the line holds; 0: a new one."""
        self._showing = asyncio.Lock()
        self.failure: RcimError | None = None
        """Why it has ended, if the server will not take the user any more."""

    def compose(self) -> ComposeResult:
        """The screen."""
        with Horizontal():
            yield ListView(id="rooms")
            with Vertical():
                yield Label("", id="title")
                yield ListView(id="messages")
                yield Static("", id="notes")
                yield Input(placeholder="Type a message; F1 is help", id="line")
        yield Footer()

    async def on_mount(self) -> None:
        """Begin."""
        self.query_one("#line", Input).focus()
        self.run_worker(self._listen(), exclusive=False)
        await self._open(self._start)
        if self._first_note:
            self._note(self._first_note)
            await self._show()

    async def _listen(self) -> None:
        try:
            async for event in self._client.events():
                key = self.talks.apply(event)
                if key and key == self.talks.current and isinstance(event, Message):
                    await self._try(self.talks.read())
                await self._show()
        except RcimError as error:
            self.failure = error
            self.exit()

    async def _try(self, job: Any) -> Any:
        """Do it; what is refused is said. None then."""
        try:
            return await job
        except (RcimError, ChatError, LocalStoreError) as error:
            self._note(f"{error}")
            return None

    def _note(self, text: str) -> None:
        room = self.talks.room
        if room is not None:
            room.note(clean(text))

    async def _open(self, where: Where) -> None:
        self._editing = 0
        await self._try(self.talks.open(where))
        await self._show()

    # -- showing

    async def _show(self) -> None:
        # One after the other: a list is emptied and filled. While the screen goes away there is nothing to fill.
        async with self._showing:
            with contextlib.suppress(NoMatches, MountError):
                if self.is_running:
                    await self._show_all()

    async def _show_all(self) -> None:
        talks, room = self.talks, self.talks.room
        rows = talks.rows()
        await self._fill("#rooms", [Row(text, where) for _, where, text in rows])
        at = next((n for n, (key, _, _) in enumerate(rows) if key == talks.current), None)
        self.query_one("#rooms", ListView).index = at
        self.query_one("#title", Label).update(Text(clean(talks.title())))
        messages = room.shown() if room is not None else []
        read = room.read_by_peer if room is not None else 0
        shown = [Row(message_line(m) + self._mark(m, read), m) for m in messages]
        waiting = [Row(f"(waits) {clean(p.client_msg_id)}", None, faint=True) for p in (room.posts if room else [])]
        await self._fill("#messages", [*shown, *waiting])
        self.query_one("#messages", ListView).scroll_end(animate=False)
        self.query_one("#notes", Static).update(Text("\n".join(room.notes if room is not None else [])))

    def _mark(self, message: Message, read: int) -> str:
        """One to one, whether the other user has read it."""
        return " ✓" if message.sender == self._client.user_id and message.seq <= read else ""

    async def _fill(self, name: str, rows: list[Row]) -> None:
        view = self.query_one(name, ListView)
        at = view.index
        await view.clear()
        await view.extend(rows)
        if name == "#messages" and view.has_focus:
            view.index = at

    # -- doing

    async def on_list_view_selected(self, chosen: ListView.Selected) -> None:
        """A conversation, or a found message, was chosen."""
        assert isinstance(chosen.item, Row)
        if chosen.list_view.id == "rooms":
            await self._open(chosen.item.stands_for)
            self.query_one("#line", Input).focus()

    async def action_turn(self, by: int) -> None:
        """Open the next conversation, or the one before."""
        rows = self.talks.rows()
        if rows:
            at = next((n for n, (key, _, _) in enumerate(rows) if key == self.talks.current), 0)
            await self._open(rows[(at + by) % len(rows)][1])

    def _chosen(self) -> Message | None:
        """The message that is marked in the list, else the user's own last one."""
        view = self.query_one("#messages", ListView)
        row = view.highlighted_child if view.has_focus else None
        return row.stands_for if isinstance(row, Row) else self.talks.own_last()

    async def action_recall(self) -> None:
        """Take a message back."""
        message = self._chosen()
        if message is not None:
            await self._try(self._client.recall(message.where, message.seq))
            await self._show()

    async def action_edit(self) -> None:
        """Put a message into the line."""
        message = self._chosen()
        if message is not None and self.talks.is_own(message):
            self._editing = message.seq
            line = self.query_one("#line", Input)
            line.value = message.text
            line.focus()

    async def action_receipts(self) -> None:
        """Who has read a message (MS-11)."""
        message = self._chosen()
        if message is not None:
            found = await self._try(self._client.receipts(message.where, message.seq))
            if found is not None:
                self._note(f"read by {', '.join(found[0]) or 'nobody'}; not by {', '.join(found[1]) or 'nobody'}")
            await self._show()

    async def action_help(self) -> None:
        """What can be typed."""
        self._note(HELP)
        await self._show()

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """A line was typed."""
        text = event.value.strip()
        event.input.value = ""
        seq, self._editing = self._editing, 0
        room = self.talks.room
        if not text:
            return
        if text.startswith("/"):
            word, _, rest = text[1:].partition(" ")
            await self._try(self._command(word, rest.strip()))
        elif seq and room is not None:
            await self._try(self.talks.edit(room.where, seq, text))
        else:
            await self._try(self._send_text(text))
        await self._show()

    async def _send_text(self, text: str) -> None:
        await self.talks.to_the_app()
        self.talks.say(text)

    async def _command(self, word: str, rest: str) -> None:
        """Raises RcimError and ChatError."""
        if word == "quit":
            self.exit()
        elif word == "recall":
            await self.action_recall()
        elif word == "receipts":
            await self.action_receipts()
        elif not await self._commands.run(word, rest):
            self._note(HELP)
