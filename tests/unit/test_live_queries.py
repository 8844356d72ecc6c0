"""Queries that look through everything: one after the other, and none waits for ever (OP-02)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rcim.actor.live_queries import HotQuery, SlowQuery
from rcim.actor.outcomes import Refused
from rcim.base.errors import OVERLOADED
from rcim.base.meters import Meters
from rcim.base.terms import HotSort, SlowSort
from rcim.dispatch import live_queries, stepping
from rcim.dispatch.live_queries import LiveQueries
from rcim.dispatch.mailbox import Mailbox
from rcim.store.live_answers import HotPage, SlowPage


class Registry:
    """Mailboxes without actors."""

    def __init__(self, count: int) -> None:
        keys = [f"g:{number}" for number in range(count)]
        self.mailboxes = {key: Mailbox(key, 0) for key in [*keys, "@:alice", "@app"]}


Looks = list[tuple[Any, Callable[[Any], None]]]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, no answer is late, but where a test says so."""
    monkeypatch.setattr(live_queries, "ANSWER_S", 3600.0)


def made(looks: Looks, count: int = 5) -> LiveQueries:
    registry: Any = Registry(count)
    return LiveQueries(
        asyncio.get_running_loop(),
        registry,
        lambda query, done: looks.append((query, done)),
        lambda: 0,
        set(),
        Meters(),
    )


SLOW = SlowQuery(SlowSort.QUEUED, False, "", "", 10)


def hot(search: str = "", limit: int = 10) -> HotQuery:
    return HotQuery(HotSort.ID, True, search, 0, limit)


async def test_one_after_the_other() -> None:
    looks: Looks = []
    live, answers = made(looks), list[Any]()
    for _ in range(3):
        live.ask(SLOW, answers.append)
    assert len(looks) == 1 and not answers
    for number in range(3):
        looks[number][1]([number, []])
        await asyncio.sleep(0)
    assert answers == [SlowPage([], 0), SlowPage([], 1), SlowPage([], 2)]


async def test_what_gets_no_answer_is_refused_and_the_next_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_queries, "ANSWER_S", 0.0)
    looks: Looks = []
    live, answers = made(looks), list[Any]()
    live.ask(SLOW, answers.append)
    live.ask(SLOW, answers.append)
    while len(answers) < 2:
        await asyncio.sleep(0)
    assert [one.code for one in answers if isinstance(one, Refused)] == [OVERLOADED] * 2
    looks[0][1]([0, []])
    assert len(answers) == 2, "an answer that comes too late is not given twice"


async def test_users_and_the_app_are_no_conversations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "STEP_S", 0.0)
    looks: Looks = []
    live, answers = made(looks, 500), list[Any]()
    live.ask(hot(limit=20), answers.append)
    while not looks:
        await asyncio.sleep(0)
    looks[0][1](dict.fromkeys(looks[0][0].addresses, (3, 9)))
    (page,) = answers
    assert isinstance(page, HotPage) and page.found == 500 and len(page.rows) == 20
    assert [row.conversation for row in page.rows] == sorted(f"g:{number}" for number in range(500))[:20]
    assert {(row.online, row.deliveries, row.kind) for row in page.rows} == {(3, 9, "group")}


async def test_many_wait_and_more_are_refused() -> None:
    looks: Looks = []
    live, answers = made(looks), list[Any]()
    for _ in range(live_queries.WAITING_MAX + 2):
        live.ask(hot("nothing") if answers else SLOW, answers.append)
    assert len(answers) == 1 and answers[0].code == OVERLOADED
