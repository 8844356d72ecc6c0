"""The tables of the live view: their columns, how they are sorted, and what the server is asked for. Conversations and
connections are sorted by the server, which is asked for the rows in sight alone; the others are few, and sorted here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

from rcim.base.terms import HotSort, Platform, SlowSort
from rcim.client import Client
from rcim.top.texts import age, count, duration, shown, size

PAGE_MAX = 100
LARGEST_ONLY = (HotSort.ONLINE, HotSort.DELIVERIES)
"""Of these the server knows the largest alone."""
REACH = 1_000
"""Rows that the server gives at most."""


class Column(NamedTuple):
    """`name` is the field of the row, also in JSON; `sort` what the server calls the order by it."""

    name: str
    title: str
    text: Callable[[Any], str]
    sort: IntEnum | None = None
    number: bool = True
    """It stands to the right, and the largest comes first."""


class Found(NamedTuple):
    """Rows of a board, and how many there are in all."""

    rows: list[Any]
    found: int


@dataclass
class Choice:
    """What is to be seen of a board: by which column it is sorted, which way, what is searched for, and from where on."""

    sort: int
    reverse: bool = False
    search: str = ""
    skip: int = 0
    limit: int = 20
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Board:
    """One table of the live view: its columns, and how its rows are fetched."""

    name: str
    title: str
    key: Callable[[Any], str]
    """What a row is found again by."""
    columns: tuple[Column, ...]
    fetch: Callable[[Client, Choice], Awaitable[Found]]
    sort: int
    """The column by which it is sorted at first."""
    pages: bool = False
    """True: the server gives one page after the other."""

    def choice(self) -> Choice:
        """The choice to begin with."""
        return Choice(self.sort)

    def sortable(self) -> list[int]:
        """The columns by which it can be sorted."""
        return list(range(len(self.columns)))


def text_of(name: str, most: int = 200) -> Callable[[Any], str]:
    """The text of a field, safe to show."""
    return lambda row: shown(str(getattr(row, name)), most)


def number_of(name: str) -> Callable[[Any], str]:
    """A number of a field."""
    return lambda row: count(getattr(row, name))


def size_of(name: str) -> Callable[[Any], str]:
    """A field with bytes."""
    return lambda row: size(getattr(row, name))


def duration_of(name: str) -> Callable[[Any], str]:
    """A field with a duration."""
    return lambda row: duration(getattr(row, name))


def age_of(name: str) -> Callable[[Any], str]:
    """A field with a point in time, as how long ago it is."""
    return lambda row: age(getattr(row, name))


def platform_of(row: Any) -> str:
    """A platform by its name."""
    known = {one.value: one.name.lower() for one in Platform}
    return known.get(row.platform, "")


def is_ascending(column: Column, choice: Choice) -> bool:
    """True if the smallest comes first. Names begin with the smallest, numbers with the largest; turning the order
    around changes that, if the server can sort both ways."""
    if column.sort in LARGEST_ONLY:
        return False
    return choice.reverse if column.number else not choice.reverse


async def _conversations(client: Client, choice: Choice) -> Found:
    column = CONVERSATIONS.columns[choice.sort]
    assert isinstance(column.sort, HotSort)
    page = await client.hot(
        column.sort,
        ascending=is_ascending(column, choice),
        search=choice.search,
        skip=choice.skip,
        limit=choice.limit,
    )
    return Found(list(page.rows), page.found)


async def _connections(client: Client, choice: Choice) -> Found:
    column = CONNECTIONS.columns[choice.sort]
    assert isinstance(column.sort, SlowSort)
    page = await client.slow(
        column.sort, ascending=is_ascending(column, choice), search=choice.search, limit=choice.limit
    )
    return Found(list(page.rows), page.found)


def few(board: Board, rows: Sequence[Any], choice: Choice) -> Found:
    """Search and sort rows here, where all of them were fetched."""
    column = board.columns[choice.sort]
    found = [row for row in rows if choice.search in board.key(row)]
    found.sort(key=lambda row: getattr(row, column.name), reverse=not is_ascending(column, choice))
    return Found(found[choice.skip : choice.skip + choice.limit], len(found))


async def _outbox(client: Client, choice: Choice) -> Found:
    return few(OUTBOX, await client.consumers(), choice)


async def _processes(client: Client, choice: Choice) -> Found:
    return few(PROCESSES, await client.processes(), choice)


def consumer_state(row: Any) -> str:
    """How a consumer is doing, in a word."""
    if row.paused_ms:
        return "paused"
    return "refused" if row.refused else "retrying" if row.retrying else "ok"


CONVERSATIONS = Board(
    name="conversations",
    title="Conversations",
    key=lambda row: row.conversation,
    columns=(
        Column("conversation", "Conversation", text_of("conversation", 40), HotSort.ID, number=False),
        Column("in_10s", "msg/10s", number_of("in_10s"), HotSort.IN_10S),
        Column("in_60s", "msg/min", number_of("in_60s"), HotSort.IN_60S),
        Column("online", "online", number_of("online"), HotSort.ONLINE),
        Column("members", "members", number_of("members"), HotSort.MEMBERS),
        Column("withheld", "withheld", number_of("withheld"), HotSort.WITHHELD),
        Column("waiting", "waiting", number_of("waiting"), HotSort.WAITING),
        Column("last_msg_time_ms", "last", age_of("last_msg_time_ms"), HotSort.LAST),
        Column("seq", "SEQ", number_of("seq"), HotSort.SEQ),
        Column("offered", "offered", number_of("offered"), HotSort.OFFERED),
        Column("deliveries", "deliveries", number_of("deliveries"), HotSort.DELIVERIES),
    ),
    fetch=_conversations,
    sort=1,
    pages=True,
)
CONNECTIONS = Board(
    name="connections",
    title="Connections",
    key=lambda row: str(row.connection_id),
    columns=(
        Column("user_id", "User", text_of("user_id", 32), SlowSort.USER, number=False),
        Column("queued_bytes", "queued", size_of("queued_bytes"), SlowSort.QUEUED),
        Column("slow_ms", "slow for", duration_of("slow_ms"), SlowSort.SLOW),
        Column("dropped", "dropped", number_of("dropped"), SlowSort.DROPPED),
        Column("resyncs", "resyncs", number_of("resyncs"), SlowSort.RESYNCS),
        Column("in_flight", "unanswered", number_of("in_flight"), SlowSort.IN_FLIGHT),
        Column("connected_ms", "connected", duration_of("connected_ms"), SlowSort.AGE),
        Column("address", "Address", text_of("address"), SlowSort.ADDRESS, number=False),
    ),
    fetch=_connections,
    sort=1,
)
OUTBOX = Board(
    name="outbox",
    title="Outbox",
    key=lambda row: row.name,
    columns=(
        Column("name", "Consumer", text_of("name", 32), number=False),
        Column("refused", "state", consumer_state, number=False),
        Column("waiting", "waiting", number_of("waiting")),
        Column("oldest_ms", "oldest", age_of("oldest_ms")),
        Column("delivered", "delivered", number_of("delivered")),
        Column("failed", "failed", number_of("failed")),
        Column("dropped", "dropped", number_of("dropped")),
        Column("dead_letters", "dead letters", number_of("dead_letters")),
        Column("last_error", "last error", text_of("last_error", 60), number=False),
    ),
    fetch=_outbox,
    sort=2,
)
PROCESSES = Board(
    name="processes",
    title="Processes",
    key=lambda row: row.name,
    columns=(
        Column("name", "Process", text_of("name", 24), number=False),
        Column("pid", "pid", lambda row: str(row.pid)),
        Column("cpu_ms", "CPU time", duration_of("cpu_ms")),
        Column("memory_bytes", "memory", size_of("memory_bytes")),
        Column("lag_us", "loop lag", lambda row: f"{row.lag_us / 1000:.1f} ms"),
        Column("connections", "connections", number_of("connections")),
        Column("users", "users", number_of("users")),
        Column("open_files", "files", number_of("open_files")),
        Column("uptime_ms", "running", duration_of("uptime_ms")),
    ),
    fetch=_processes,
    sort=0,
)
BOARDS = (CONVERSATIONS, CONNECTIONS, OUTBOX, PROCESSES)


def plain_row(row: msgspec.Struct) -> dict[str, Any]:
    """A row as JSON has it: the names and numbers of the frame."""
    return {name.rstrip("_"): getattr(row, name) for name in row.__struct_fields__}
