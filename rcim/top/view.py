"""`rcim top` at a terminal: one line of state, one with the tabs, and below them the overview or a table."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.css.query import NoMatches
from textual.screen import ModalScreen
from textual.widgets import ContentSwitcher, DataTable, Footer, Input, Static

from rcim.top.boards import BOARDS, PAGE_MAX, REACH, Board, Choice, Found, is_ascending
from rcim.top.details import DETAILS
from rcim.top.overview import Overview, sample
from rcim.top.source import Away, Source, Target, TopError
from rcim.top.texts import count, rate, shown

OVERVIEW = "overview"
SEARCH_MAX = 60
"""Characters: the server takes 255 bytes."""
TABS = (OVERVIEW, *(board.name for board in BOARDS))
BY_NAME = {board.name: board for board in BOARDS}
HELP = """\
1 to 5, Tab     overview, conversations, connections, outbox, processes
< and >         sort by the column to the left, to the right (or click its title)
r               turn the order around
/               search: conversations by id, connections by user or address
Esc             end the search
Enter           look into the row
n and p         next page, previous page
Space           freeze the picture, and go on
q               quit

msg/10s and msg/min are messages in the last 10 s and in the last minute.
Withheld messages are those that frequency control held back.
Conversations are those in memory: the others do nothing."""


class Page(ModalScreen[None]):
    """Text over the picture, until a key closes it."""

    CSS = """
    Page { align: center middle; }
    #page { width: 90%; height: 90%; border: solid; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,f1,question_mark", "app.pop_screen", "Close")]

    def __init__(self, title: str, lines: list[str]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """The screen."""
        with VerticalScroll(id="page") as page:
            page.border_title = Text(self._title).markup
            yield Static(Text("\n".join(self._lines)), id="text")
        yield Footer()

    def show(self, lines: list[str]) -> None:
        """Other lines in its place."""
        with contextlib.suppress(NoMatches):
            self.query_one("#text", Static).update(Text("\n".join(lines)))


class TopView(App[None]):
    """See the module's text. The source is closed by who has made it."""

    CSS = """
    #state, #tabs, #about { height: 1; }
    #tabs { margin-bottom: 1; }
    ContentSwitcher { height: 1fr; }
    DataTable { height: 1fr; }
    #search { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(at + 1), f"tab('{name}')", name.title(), show=False) for at, name in enumerate(TABS)),
        Binding("tab", "next_tab", "Next tab", priority=True),
        Binding("less_than_sign,comma", "sort(-1)", "Sort", key_display="< >"),
        Binding("greater_than_sign,full_stop", "sort(1)", "Sort right", show=False),
        Binding("r", "reverse", "Reverse"),
        Binding("slash", "search", "Search"),
        Binding("escape", "end_search", "End search", show=False),
        Binding("n", "page(1)", "Page", key_display="n p"),
        Binding("p", "page(-1)", "Previous page", show=False),
        Binding("space", "freeze", "Freeze"),
        Binding("f1,question_mark", "help", "Help", key_display="F1"),
        Binding("q,ctrl+q", "quit", "Quit", key_display="q"),
    ]
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = f"#{OVERVIEW}"
    """And not the line for the search, which would take the keys."""

    def __init__(self, source: Source, interval_s: float, *, search: str = "") -> None:
        super().__init__()
        self.overview = Overview()
        self.choices: dict[str, Choice] = {board.name: board.choice() for board in BOARDS}
        self.choices[BOARDS[0].name].search = search
        self.tab = OVERVIEW
        self.frozen = False
        self.away = ""
        """Why there is no answer, and since when; empty: there is one."""
        self.failure: TopError | None = None
        """Why it has ended, if the server refuses what is asked."""
        self._source = source
        self._interval_s = interval_s
        self._found: dict[str, Found] = {}
        self._refused = ""
        """Why the server refuses to show the table; empty: it does not."""
        self._busy = asyncio.Lock()
        self._wanted = False
        self._detail: tuple[Page, Board, Any] | None = None

    def compose(self) -> ComposeResult:
        """The screen."""
        yield Static("", id="state")
        yield Static("", id="tabs")
        with ContentSwitcher(initial=OVERVIEW):
            with VerticalScroll(id=OVERVIEW):
                yield Static("", id="lines")
            for board in BOARDS:
                yield DataTable(id=board.name, cursor_type="row", zebra_stripes=False)
        yield Static("", id="about")
        yield Input(placeholder="Search; Enter keeps it, Esc ends it", max_length=SEARCH_MAX, id="search")
        yield Footer()

    def on_mount(self) -> None:
        """Start to ask the server."""
        self._show()
        self.refresh_soon()
        self.set_interval(self._interval_s, self._tick)

    # -- asking

    def _tick(self) -> None:
        if not self.frozen and not self._busy.locked():
            self.refresh_soon()

    def refresh_soon(self) -> None:
        """Ask the server at once, because the user wants to see something else."""
        if not self._wanted:
            self._wanted = True
            self.run_worker(self._ask(), exclusive=False)

    async def _ask(self) -> None:
        async with self._busy:
            self._wanted = False
            try:
                await self._ask_all()
                self.away = ""
            except Away as error:
                self._gone(str(error))
            except TopError as error:
                if error.refused or self.overview.last is None:
                    self.failure = error
                    self.exit()
                    return
                self._gone(str(error))
        self._show()

    def _gone(self, why: str) -> None:
        self.away = self.away or f"no answer since {time.strftime('%H:%M:%S')}: {shown(why)}"

    async def _ask_all(self) -> None:
        self.overview.add(await self._source.ask(sample))
        board = BY_NAME.get(self.tab)
        if board is not None:
            choice = self.choices[board.name]
            choice.limit = self._rows_in_sight(board)
            try:
                self._found[board.name] = await self._source.ask(lambda client: board.fetch(client, choice))
                self._refused = ""
            except TopError as error:  # what is searched for, say: the rest goes on
                self._refused = shown(str(error))
        if self._detail is not None:
            page, of, row = self._detail
            try:
                page.show(await self._source.ask(lambda client: DETAILS[of.name](client, row)))
            except TopError as error:  # it is gone meanwhile
                page.show([shown(str(error))])

    def _rows_in_sight(self, board: Board) -> int:
        if not board.pages:
            return PAGE_MAX
        return max(5, min(PAGE_MAX, self.query_one(f"#{board.name}", DataTable).size.height - 1))

    # -- showing

    def _show(self) -> None:
        with contextlib.suppress(NoMatches):  # the screen is going away, or has another one over it
            self._show_all()

    def _show_all(self) -> None:
        screen = self.screen_stack[0]
        last = self.overview.last
        state = Text(f"{shown(self._source.address)}", style="bold")
        if last is not None:
            state.append(f"  running {self.overview.uptime}", style="not bold")
            state.append(f"  {rate(self.overview.rates.of('messages'))} messages/s", style="not bold")
        if self.frozen:
            state.append("  FROZEN", style="reverse")
        if self.away:
            state = Text(f"! {self.away}; trying again", style="reverse")
        screen.query_one("#state", Static).update(state)
        tabs = Text()
        for at, name in enumerate(TABS):
            tabs.append(f" {at + 1} {name.title()} ", style="reverse bold" if name == self.tab else "")
        screen.query_one("#tabs", Static).update(tabs)
        screen.query_one("#lines", Static).update(Text("\n".join(self.overview.lines(self.size.width))))
        screen.query_one("#about", Static).update(Text(self._about()))
        board = BY_NAME.get(self.tab)
        if board is not None and board.name in self._found:
            self._fill(screen.query_one(f"#{board.name}", DataTable), board, self._found[board.name])

    def _about(self) -> str:
        board = BY_NAME.get(self.tab)
        if board is None:
            return ""
        if self._refused:
            return f"! refused: {self._refused}"
        choice, found = self.choices[board.name], self._found.get(board.name)
        column = board.columns[choice.sort]
        parts = [f"by {column.title}, {'smallest' if is_ascending(column, choice) else 'largest'} first"]
        if choice.search:
            parts.append(f"search: {shown(choice.search, 30)}")
        if found is not None:
            first = choice.skip + 1 if found.rows else 0
            parts.append(f"{first} to {choice.skip + len(found.rows)} of {count(found.found)}")
        return "   ".join(parts)

    def _fill(self, table: DataTable[Text], board: Board, found: Found) -> None:
        """Put the rows into the table. The cursor stays on its row, if that is still there."""
        choice = self.choices[board.name]
        at = table.cursor_row
        keys = [board.key(row) for row in found.rows]
        before = table.ordered_rows[at].key.value if 0 <= at < table.row_count else None
        scroll = table.scroll_x
        table.clear(columns=True)
        for number, column in enumerate(board.columns):
            mark = ("▲" if is_ascending(column, choice) else "▼") if number == choice.sort else ""
            table.add_column(Text(column.title + mark, style="reverse" if mark else ""))
        for key, row in zip(keys, found.rows, strict=True):
            cells = [Text(c.text(row), justify="right" if c.number else "left") for c in board.columns]
            table.add_row(*cells, key=key)
        if keys:
            table.move_cursor(row=keys.index(before) if before in keys else min(at, len(keys) - 1), animate=False)
        table.scroll_to(x=scroll, animate=False)

    # -- doing

    def action_tab(self, name: str) -> None:
        """Show another table, or the overview."""
        self.tab = name
        self._refused = ""
        self.query_one(ContentSwitcher).current = name
        if name != OVERVIEW:
            self.query_one(f"#{name}", DataTable).focus()
        self._show()
        self.refresh_soon()

    def action_next_tab(self) -> None:
        """Show the next one."""
        if len(self.screen_stack) == 1:
            self.action_tab(TABS[(TABS.index(self.tab) + 1) % len(TABS)])

    @property
    def _choice(self) -> Choice | None:
        return self.choices.get(self.tab)

    def action_sort(self, by: int) -> None:
        """Sort by the column beside the one it is sorted by."""
        board, choice = BY_NAME.get(self.tab), self._choice
        if board is not None and choice is not None:
            self._sort_by((choice.sort + by) % len(board.columns))

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """A title was clicked: sort by it, or turn the order around."""
        choice = self._choice
        if choice is not None and event.column_index == choice.sort:
            self.action_reverse()
        else:
            self._sort_by(event.column_index)

    def _sort_by(self, column: int) -> None:
        choice = self._choice
        if choice is not None:
            choice.sort, choice.reverse, choice.skip = column, False, 0
            self._show()
            self.refresh_soon()

    def action_reverse(self) -> None:
        """Turn the order around."""
        choice = self._choice
        if choice is not None:
            choice.reverse, choice.skip = not choice.reverse, 0
            self.refresh_soon()

    def action_page(self, by: int) -> None:
        """The next page, or the one before."""
        board, choice = BY_NAME.get(self.tab), self._choice
        found = self._found.get(self.tab)
        if board is None or choice is None or found is None or not board.pages:
            return
        skip = choice.skip + by * choice.limit
        if 0 <= skip < min(found.found, REACH):
            choice.skip = skip
        elif by < 0:
            choice.skip = 0
        self.refresh_soon()

    def action_freeze(self) -> None:
        """Keep the picture as it is, or go on."""
        self.frozen = not self.frozen
        self._show()

    def action_search(self) -> None:
        """Type what is to be found."""
        choice = self._choice
        if choice is not None:
            line = self.query_one("#search", Input)
            line.display = True
            line.value = choice.search
            line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is searched for changes with each key."""
        choice = self._choice
        if choice is not None and self.query_one("#search", Input).display and choice.search != event.value:
            choice.search, choice.skip = event.value, 0
            self.refresh_soon()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the search, and leave the input field."""
        self._close_search()

    def action_end_search(self) -> None:
        """Search for nothing."""
        choice = self._choice
        self._close_search()
        if choice is not None and choice.search:
            choice.search, choice.skip = "", 0
            self.refresh_soon()

    def _close_search(self) -> None:
        line = self.query_one("#search", Input)
        line.display = False
        if self.tab != OVERVIEW:
            self.query_one(f"#{self.tab}", DataTable).focus()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Page("Keys", HELP.split("\n")))

    async def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Show the details of a row."""
        board, found = BY_NAME.get(self.tab), self._found.get(self.tab)
        if board is None or found is None:
            return
        row = next((one for one in found.rows if board.key(one) == event.row_key.value), None)
        if row is None:
            return
        page = Page(shown(board.columns[0].text(row)), ["waiting for the server …"])
        self._detail = page, board, row

        def closed(_: None) -> None:
            self._detail = None

        await self.push_screen(page, closed)
        self.refresh_soon()


def watch(target: Target, interval_s: float, *, search: str = "") -> None:
    """Show the server until it is quit. Raises TopError if there is none, or it refuses."""

    async def job() -> None:
        source = Source(target)
        try:
            try:
                await source.ask(sample)
            except Away as error:
                raise TopError(f"no answer from the server: {error}") from None
            view = TopView(source, interval_s, search=search)
            await view.run_async()
            if view.failure is not None:
                raise view.failure
        finally:
            await source.close()

    asyncio.run(job())
