"""`rcim top` at a terminal, driven by keys, and as text and JSON, against a running server (OP-02)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import DataTable, Input, Static

from rcim.top.boards import CONVERSATIONS
from rcim.top.once import as_json, as_text, picture
from rcim.top.overview import LEVELS, RATES, TROUBLE, sample
from rcim.top.source import Away, Source, Target, TopError
from rcim.top.view import SEARCH_MAX, Page, TopView
from tests.kit import SteadyClock, TestCluster, TestServer, until


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    made = TestServer(tmp_path / "data", tls=False)
    await made.start()
    yield made
    await made.stop()


def target(server: TestServer, user: str = "administrator") -> Target:
    return Target(
        Path(server.settings.server.data),
        f"127.0.0.1:{server.port}",
        user,
        server.sign(user),
        plain=True,
    )


class Screen:
    """An operator in front of a terminal."""

    def __init__(self, app: TopView, pilot: Any) -> None:
        self.app = app
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    def text(self, name: str) -> str:
        return str(self.app.screen_stack[0].query_one(f"#{name}", Static).render())

    def rows(self, name: str) -> list[list[str]]:
        table: DataTable[Any] = self.app.screen_stack[0].query_one(f"#{name}", DataTable)
        return [[str(cell) for cell in table.get_row_at(at)] for at in range(table.row_count)]

    def names(self, name: str) -> list[str]:
        return [row[0] for row in self.rows(name)]

    @property
    def page(self) -> str:
        page = self.app.screen
        assert isinstance(page, Page)
        return str(page.query_one("#text", Static).render())

    async def until(self, true: Callable[[], Any], what: str = "") -> None:
        def looked() -> Any:
            self.app.refresh_soon()
            try:
                return true()
            except Exception:
                return False

        await until(looked, what)


@asynccontextmanager
async def screen(server: TestServer, size: tuple[int, int] = (120, 30), **more: Any) -> AsyncIterator[Screen]:
    source = Source(target(server))
    app = TopView(source, 3600, **more)  # it is refreshed by the tests themselves
    try:
        async with app.run_test(size=size) as pilot:
            yield Screen(app, pilot)
    finally:
        await source.close()


async def filled(server: TestServer) -> None:
    async with server.client("alice") as alice:
        for name, messages in (("ann", 1), ("bea", 3), ("cat", 2)):
            await alice.create_group(name, group_id=name)
            for at in range(messages):
                await alice.send(name, f"{at}")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_tabs_and_tables(server: TestServer, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    SteadyClock(monkeypatch)  # all of it is of the last 10 s, however long it takes
    await filled(server)
    async with server.client("bob"), screen(server, size) as at:
        await at.until(lambda: "running" in at.text("state") and "Messages" in at.text("lines"))
        assert "2 connections" in at.text("lines") and "messages/s" in at.text("state")
        await at.press("2")
        await at.until(lambda: at.names("conversations") == ["g:bea", "g:cat", "g:ann"])
        assert "by msg/10s, largest first" in at.text("about") and "1 to 3 of 3" in at.text("about")
        await at.press("r")
        await at.until(lambda: at.names("conversations") == ["g:ann", "g:cat", "g:bea"])
        await at.press("less_than_sign")
        await at.until(lambda: at.names("conversations") == ["g:ann", "g:bea", "g:cat"], "by id")
        await at.press("greater_than_sign", "greater_than_sign")
        await at.until(lambda: "by msg/min" in at.text("about"))
        await at.press("tab")
        await at.until(lambda: sorted(at.names("connections")) == ["administrator", "bob"])
        await at.press("5")
        await at.until(lambda: at.names("processes") == ["server"])
        await at.press("4")
        await at.until(lambda: "0 to 0 of 0" in at.text("about"), "nothing leaves this server")
        await at.press("1")
        await at.until(lambda: at.app.tab == "overview" and at.text("about") == "")


async def test_search_and_looking_into_one(server: TestServer) -> None:
    await filled(server)
    async with screen(server) as at:
        await at.press("2")
        await at.until(lambda: len(at.names("conversations")) == 3)
        await at.press("slash", "a", "n")
        await at.until(lambda: at.names("conversations") == ["g:ann"])
        assert "search: an" in at.text("about")
        await at.press("enter")
        assert not at.app.query_one("#search", Input).display and at.names("conversations") == ["g:ann"]
        await at.press("enter")
        await at.until(lambda: "sent most in the last minute" in at.page and "1  alice" in at.page)
        assert "normal" in at.page, "what frequency control does, by priority"
        await at.press("escape")
        await at.until(lambda: len(at.app.screen_stack) == 1)
        await at.press("escape")
        await at.until(lambda: len(at.names("conversations")) == 3)
        for tab, words in (("3", "platform server"), ("5", "loop lag")):
            await at.press(tab)
            await at.until(lambda: at.rows(at.app.tab))
            await at.press("enter")
            await at.until(lambda w=words: w in at.page)  # type: ignore[misc]
            await at.press("escape")
        await at.press("f1")
        assert "freeze the picture" in at.page
        await at.press("escape")
        await at.press("question_mark")
        assert "freeze the picture" in at.page


async def test_pages_ask_for_the_rows_in_sight(server: TestServer) -> None:
    async with server.client("alice") as alice:
        for number in range(30):
            await alice.create_group("n", group_id=f"n{number:02}")
    async with screen(server, (80, 24)) as at:
        await at.press("2", "less_than_sign")
        await at.until(lambda: "of 30" in at.text("about") and at.names("conversations")[0] == "g:n00")
        first = at.names("conversations")
        assert 5 <= len(first) < 24
        await at.press("n")
        await at.until(lambda: at.names("conversations")[0] == f"g:n{len(first):02}")
        await at.press("n", "n", "n", "n", "n")
        await at.until(lambda: at.names("conversations")[-1] == "g:n29")
        for _ in range(6):
            await at.press("p")
        await at.until(lambda: at.names("conversations") == first)
        await at.press("down", "down")
        table: DataTable[Any] = at.app.query_one("#conversations", DataTable)
        assert table.cursor_row == 2
        await at.press("r")
        await at.until(lambda: at.names("conversations")[0] == "g:n29")


async def test_a_frozen_picture_stays(server: TestServer) -> None:
    async with screen(server) as at:
        await at.until(lambda: "running" in at.text("state"))
        await at.press("space")
        assert "FROZEN" in at.text("state")
        before = at.app.overview.last
        at.app._tick()
        await asyncio.sleep(0)
        assert at.app.overview.last is before
        await at.press("space")
        assert "FROZEN" not in at.text("state")
        at.app._tick()
        await until(lambda: at.app.overview.last is not before)


async def test_hostile_ids_steer_nothing(server: TestServer) -> None:
    hostile = "[bold red]x[/][@click=app.quit]"
    async with server.client(hostile) as alice:
        await alice.create_group("n", group_id="[link=a]g[/link]")
        await alice.send("[link=a]g[/link]", "hello")
        async with screen(server) as at:
            await at.press("2")
            await at.until(lambda: at.names("conversations") == ["g:[link=a]g[/link]"])
            await at.press("enter")
            await at.until(lambda: hostile in at.page)
            await at.press("escape")
            await at.press("3")
            await at.until(lambda: any(name.startswith("[bold red]x[/]") for name in at.names("connections")))


async def test_the_server_goes_away_and_comes_back(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    await filled(server)
    own = Target(Path(server.settings.server.data))  # its address is read again: the port is another one then
    source = Source(own)
    app = TopView(source, 3600)
    async with app.run_test(size=(100, 30)) as pilot:
        at = Screen(app, pilot)
        await at.until(lambda: "running" in at.text("state"))
        before = app.overview.last
        assert before is not None
        await server.stop()
        await at.until(lambda: "no answer since" in at.text("state"), "it says so")
        assert app.overview.last is before, "and the last picture stays"
        again = TestServer(tmp_path / "data", tls=False)
        await again.start()
        await at.until(lambda: "running" in at.text("state") and not app.away, "it comes back by itself")
        assert app.overview.last is not before
        assert all((app.overview.rates.of(name) or 0) >= 0 for name in before.counters)
        await pilot.press("2")
        await at.until(lambda: "of 0" in at.text("about") or "of 1" in at.text("about"))
        await source.close()
        await again.stop()
    assert app.failure is None


async def test_what_is_refused_ends_nothing(server: TestServer) -> None:
    await filled(server)
    async with screen(server, search="x" * 300) as at:  # more than the server takes
        await at.press("2")
        await at.until(lambda: "! refused: " in at.text("about") and "BAD_PARAMETER" in at.text("about"))
        await at.press("escape")
        await at.until(lambda: len(at.names("conversations")) == 3)
        assert at.app.failure is None and not at.app.away
        await at.press("slash", *"a" * 80)
        assert len(at.app.query_one("#search", Input).value) == SEARCH_MAX
        await at.press("escape")
        await at.until(lambda: len(at.names("conversations")) == 3)
        gone = at.app._found["conversations"].rows[0]
        async with server.client("alice") as alice:
            await alice.dissolve(gone.conversation[2:])
        await at.press("enter")
        await at.until(lambda: "not in memory" in at.page or "NO_SUCH_GROUP" in at.page or "msg/min" in at.page)
        assert at.app.failure is None


async def test_who_is_no_administrator_is_refused(server: TestServer) -> None:
    source = Source(target(server, "alice"))
    app = TopView(source, 3600)
    async with app.run_test():
        await until(lambda: app.failure is not None)
    assert "ADMIN_REQUIRED" in str(app.failure) and app.failure is not None and app.failure.refused
    await source.close()


async def test_no_server(tmp_path: Path) -> None:
    source = Source(Target(tmp_path / "nothing"))
    with pytest.raises(TopError, match="Is this the data directory of a server"):
        await source.ask(sample)
    source = Source(Target(tmp_path, "127.0.0.1:1", token="x", plain=True))
    with pytest.raises(Away, match=r"127\.0\.0\.1:1"):
        await source.ask(sample)
    source = Source(Target(tmp_path, "nonsense", token="x", plain=True))
    with pytest.raises(TopError, match="HOST:PORT"):
        await source.ask(sample)
    await source.close()


@pytest.mark.parametrize("kind", [TestServer, TestCluster])
async def test_one_picture(tmp_path: Path, kind: type[TestServer], monkeypatch: pytest.MonkeyPatch) -> None:
    SteadyClock(monkeypatch)
    server = kind(tmp_path / "data", tls=False)
    await server.start()
    try:
        await filled(server)
        source = Source(target(server))
        found = await picture(source, 0.01, search="e")
        await source.close()
        made = json.loads(as_json(found))
        assert [row["conversation"] for row in made["conversations"]["rows"]] == ["g:bea"]
        assert {name for name, _ in (*RATES, *LEVELS, *TROUBLE)} <= made["overview"]["counters"].keys()
        assert made["conversations"]["rows"][0]["in_10s"] == 3
        assert made["overview"]["counters"]["messages"] == 6 and made["overview"]["per_s"]["messages"] == 0
        assert made["processes"]["rows"][0]["name"] in ("server", "gateway 1")
        text = as_text(found)
        assert "Conversations (1 of 1)" in text and "g:bea" in text and "Connections (1 of 1)" in text
        assert CONVERSATIONS.title in text
    finally:
        await server.stop()
