"""The live view without a terminal: rates, texts, tables, sorting (OP-02)."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from rcim.base.terms import HotSort, Priority, SlowSort
from rcim.top import boards, texts
from rcim.top.boards import BOARDS, CONNECTIONS, CONVERSATIONS, OUTBOX, PROCESSES, Board, Choice, few, is_ascending
from rcim.top.once import table
from rcim.top.overview import Overview, Sample
from rcim.top.rates import BARS, HISTORY, Rates, sparkline
from rcim.wire import frames as f


def test_rates_are_differences_over_the_time_that_has_passed() -> None:
    rates = Rates()
    rates.add({"uptime_ms": 1000, "messages": 100}, 10.0)
    assert rates.of("messages") is None, "from one sample nothing is known"
    rates.add({"uptime_ms": 3000, "messages": 150}, 12.5)
    assert rates.of("messages") == 20
    rates.add({"uptime_ms": 4000, "messages": 150, "new": 7}, 13.5)
    assert rates.of("messages") == 0 and rates.of("new") is None


def test_no_rate_is_ever_negative() -> None:
    rates, dice = Rates(), random.Random(11)
    for at in range(500):
        counters = {"uptime_ms": dice.randrange(10_000), "messages": dice.randrange(100), "commits": at}
        rates.add(counters, float(at))
        assert all((rates.of(name) or 0) >= 0 for name in counters)
        assert len(rates.history("commits")) <= HISTORY


def test_a_server_that_has_started_again_is_seen() -> None:
    rates = Rates()
    for uptime_ms, messages, at in ((9000, 1000, 1.0), (500, 3, 2.0), (1500, 13, 3.0)):
        rates.add({"uptime_ms": uptime_ms, "messages": messages}, at)
        if at == 2.0:
            assert rates.of("messages") is None and rates.restarts == 1
    assert rates.of("messages") == 10 and rates.restarts == 1
    rates.add({"uptime_ms": 2500, "messages": 5}, 4.0)  # a gateway has died, and what it had counted is gone
    assert rates.of("messages") is None and rates.restarts == 1


def test_sparklines() -> None:
    assert sparkline([0, 5, 10], 10) == BARS[0] + BARS[4] + BARS[7]
    assert sparkline([1, 2, 3, 4], 2) == BARS[5] + BARS[7]
    assert sparkline([0, 0], 5) == BARS[0] * 2 and sparkline([], 5) == "" and sparkline([1], 0) == ""


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (texts.count(0), "0"),
        (texts.count(99_999), "99,999"),
        (texts.count(123_456), "123k"),
        (texts.count(1_234_567), "1.2M"),
        (texts.count(12_345_678_901), "12.3G"),
        (texts.rate(None), "-"),
        (texts.rate(0.0), "0"),
        (texts.rate(12.34), "12.3"),
        (texts.size(100), "100 B"),
        (texts.size(1536), "1.5 KiB"),
        (texts.size(3 << 30), "3.0 GiB"),
        (texts.duration(-5), "0s"),
        (texts.duration(850), "850ms"),
        (texts.duration(61_500), "1m 1s"),
        (texts.duration(90_000_000), "1d 1h"),
        (texts.age(0), ""),
        (texts.age(int(time.time() * 1000) + 60_000), "0s"),
        (texts.shown("a\x1b[2Jb\u202e"), "a?[2Jb?"),
        (texts.shown("x" * 50, 10), "x" * 9 + "…"),
    ],
)
def test_texts(made: str, wanted: str) -> None:
    assert made == wanted


def consumer(name: str, waiting: int) -> f.OutboxConsumer:
    values: dict[str, Any] = dict.fromkeys(f.OutboxConsumer.__struct_fields__, 0)
    return f.OutboxConsumer(**values | {"name": name, "waiting": waiting, "refused": False, "last_error": ""})


def test_small_tables_are_sorted_and_searched_here() -> None:
    rows = [consumer("callbacks", 5), consumer("push.apns", 9), consumer("streams.a", 1)]
    column = {c.name: at for at, c in enumerate(OUTBOX.columns)}

    def names(choice: Choice) -> list[str]:
        return [row.name for row in few(OUTBOX, rows, choice).rows]

    assert names(Choice(column["waiting"])) == ["push.apns", "callbacks", "streams.a"]
    assert names(Choice(column["waiting"], reverse=True)) == ["streams.a", "callbacks", "push.apns"]
    assert names(Choice(column["name"])) == ["callbacks", "push.apns", "streams.a"], "names begin with the smallest"
    assert few(OUTBOX, rows, Choice(column["name"], search="a", limit=1)) == ([rows[0]], 3)


@pytest.mark.parametrize("board", BOARDS, ids=[board.name for board in BOARDS])
def test_every_column_is_of_a_field_and_can_be_sorted_by(board: Board) -> None:
    entry = {
        CONVERSATIONS.name: f.HotEntry,
        CONNECTIONS.name: f.SlowEntry,
        OUTBOX.name: f.OutboxConsumer,
        PROCESSES.name: f.ProcessEntry,
    }[board.name]
    assert {column.name for column in board.columns} <= set(entry.__struct_fields__)
    if board in (CONVERSATIONS, CONNECTIONS):
        sorts = [column.sort for column in board.columns]
        assert None not in sorts and set(sorts) == set(HotSort if board is CONVERSATIONS else SlowSort)


def test_the_largest_come_first_and_names_from_a() -> None:
    name, number = CONVERSATIONS.columns[0], CONVERSATIONS.columns[1]
    assert is_ascending(name, Choice(0)) and not is_ascending(name, Choice(0, reverse=True))
    assert not is_ascending(number, Choice(1)) and is_ascending(number, Choice(1, reverse=True))
    online = next(column for column in CONVERSATIONS.columns if column.sort is HotSort.ONLINE)
    assert not is_ascending(online, Choice(0, reverse=True)), "the server refuses that"


def test_what_users_wrote_steers_no_table() -> None:
    values: dict[str, Any] = dict.fromkeys(f.HotEntry.__struct_fields__, 0)
    row = f.HotEntry(**values | {"conversation": "g:\x1b[31mred[bold]", "kind": "group", "type_": "Public"})
    lines = table(CONVERSATIONS, boards.Found([row], 1))
    assert "g:?[31mred[bold]" in lines[2] and not any("\x1b" in line for line in lines)


def test_the_overview_fits_a_small_terminal() -> None:
    overview = Overview()
    assert overview.lines(80) == ["waiting for the server …"]
    names = ("messages", "deliveries", "requests", "commits", "records", "withheld", "left_out", "logins", "refused")
    for at in range(100):
        flow = [f.FlowEntry("T" * 30 + "\x1b", p, at * 50_000_000, at, at * 40_000_000, 0) for p in Priority]
        counters = {"uptime_ms": at * 1000, "failed_commits": 1, **dict.fromkeys(names, at * 123_456_789)}
        overview.add(Sample(counters, flow, float(at)))
    lines = overview.lines(80)
    assert len(lines) <= 24 and all(len(line) <= 80 for line in lines), "\n".join(lines)
    assert any("! 1 failed commits" in line for line in lines)
    assert not any("\x1b" in line for line in lines)
    assert overview.plain()["per_s"]["messages"] == 123_456_789
