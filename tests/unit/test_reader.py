"""Reading beside the loop (rcim/dispatch/reader.py): users take turns, and nobody waits for all of another's queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rcim.actor.queries import JoinedGroupsQuery, LoginQuery, MessagesQuery, SearchQuery, SyncQuery, UserQuery
from rcim.dispatch.reader import Reader, asker
from rcim.dispatch.requests import Request
from rcim.flow.buckets import WorkBudget
from rcim.store.syncing import SyncScan


class Thread:
    """A worker whose jobs are done when the test says so."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[[], Any], Callable[[Any, Any], None]]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.soon: list[Callable[[], None]] = []

    def do(self, job: Callable[[], Any], done: Callable[[Any, Any], None]) -> None:
        self.jobs.append((job, done))

    def work(self) -> None:
        job, done = self.jobs.pop(0)
        done(job(), None)
        while self.soon:
            self.soon.pop(0)()


class Slow:
    """A store that answers `most` queries in the time of a job; `steps` of a sync until it is done."""

    def __init__(self, most: int, steps: int = 1) -> None:
        self.most = most
        self.steps = steps
        self.took_s = 0.0
        self.asked: list[str] = []

    def answer_some(self, queries: list[Any], for_s: float) -> list[Any]:
        found: list[Any] = []
        for query in queries[: self.most]:
            user = getattr(query, "by", query.user_id)
            self.asked.append(user)
            scan = query if isinstance(query, SyncScan) else SyncScan(query, 0, 0, False)
            scan.low += b"x"
            going = isinstance(scan.query, SyncQuery) and scan.low.count(b"x") < self.steps
            found.append((scan if going else f"for {user}", self.took_s))
        return found


class Answers:
    """Who asks."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def answer(self, token: int, result: Any) -> None:
        self.seen.append(token)

    def mailbox_drained(self, key: str) -> None:
        """Queries need none."""


def made(store: Slow) -> tuple[Reader, Thread, Answers]:
    thread = Thread()
    budget, later = WorkBudget(50, 4.0), thread.later.append
    reader = Reader(
        store,  # type: ignore[arg-type]
        thread,  # type: ignore[arg-type]
        thread,  # type: ignore[arg-type]
        lambda query, answer: answer,
        budget,
        lambda seconds, call: later((seconds, call)),
        thread.soon.append,
    )
    return reader, thread, Answers()


@pytest.fixture(autouse=True)
def a_clock_that_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """What giving out answers takes is not what is tested, but where a test says so."""
    monkeypatch.setattr("rcim.dispatch.reader.perf_counter", lambda: 0.0)


def test_a_login_does_not_wait_for_all_syncs_of_others() -> None:
    store = Slow(most=2)
    reader, thread, answers = made(store)
    for token in range(60):
        reader.ask(Request("", SyncQuery(f"u{token % 6}", 0, 0), answers, token))
    reader.ask(Request("", LoginQuery("late"), answers, 99))
    for _ in range(5):
        thread.work()
    assert 99 in answers.seen[:3], "at once: logins come first"
    while thread.jobs:
        thread.work()
    assert sorted(answers.seen) == [*range(60), 99] and reader.idle
    for user in range(6):
        mine = [token for token in answers.seen if token < 60 and token % 6 == user]
        assert mine == sorted(mine), "a user's own queries keep their order"


def test_what_a_job_has_no_time_for_is_next() -> None:
    store = Slow(most=1)
    reader, thread, answers = made(store)
    for token, user in enumerate("abcabc"):
        reader.ask(Request("", UserQuery("other", 0, False, user), answers, token))
    while thread.jobs:
        thread.work()
    assert "".join(store.asked) == "abcabc"


def test_a_long_sync_goes_on_between_the_turns_of_others() -> None:
    store = Slow(most=5, steps=4)
    reader, thread, answers = made(store)
    reader.ask(Request("", SyncQuery("big", 0, 0), answers, 0))
    reader.ask(Request("", SyncQuery("big", 0, 0), answers, 1))
    for token in range(2, 8):
        reader.ask(Request("", SearchQuery("small", False, "", ["x"], "", 0, 0, ("", 0), 10), answers, token))
    while thread.jobs:
        thread.work()
    assert store.asked.count("big") == 8
    assert answers.seen.index(0) > answers.seen.index(4) and answers.seen.index(1) > answers.seen.index(0)


def test_one_search_in_a_job() -> None:
    store = Slow(most=64)
    reader, thread, answers = made(store)
    reader.ask(Request("", SyncQuery("first", 0, 0), answers, 0))
    for token in range(1, 5):
        search = SearchQuery(f"s{token}", False, "", ["x"], "", 0, 0, ("", 0), 10)
        reader.ask(Request("", search, answers, token))
    thread.work()
    jobs = []
    while thread.jobs:
        before = len(store.asked)
        thread.work()
        jobs.append(len(store.asked) - before)
    assert jobs == [1, 1, 1, 1]


def test_who_has_cost_too_much_waits_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ms = [0]
    monkeypatch.setattr("rcim.base.clock.steady_ms", lambda: now_ms[0])
    store = Slow(most=1)
    store.took_s = 0.15
    reader, thread, answers = made(store)
    for token in range(5):
        reader.ask(Request("", SyncQuery("big", 0, 0), answers, token))
    while thread.jobs:
        thread.work()
    assert answers.seen == [0, 1] and not reader.idle, "200 ms at once, begun before they were used up"
    store.took_s = 0.0
    reader.ask(Request("", LoginQuery("small"), answers, 9))
    thread.work()
    assert answers.seen == [0, 1, 9]
    ((wait_s, wake),) = thread.later
    assert wait_s == 2.0, "100 ms more than it may have cost, at 50 ms a second"
    now_ms[0] += 2000
    wake()
    while thread.jobs:
        thread.work()
    assert sorted(answers.seen) == [0, 1, 2, 3, 4, 9] and reader.idle


def test_who_has_cost_less_lately_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ms = [0]
    monkeypatch.setattr("rcim.base.clock.steady_ms", lambda: now_ms[0])
    store = Slow(most=1)
    store.took_s = 0.0002
    reader, thread, answers = made(store)
    for token in range(20):
        for user in range(10):
            reader.ask(Request("", SyncQuery(f"many{user}", 0, 0), answers, token))
    for _ in range(100):
        thread.work()
        now_ms[0] += 10  # a budget is full again long before the user's next turn
    reader.ask(Request("", SyncQuery("seldom", 0, 0), answers, 99))
    for _ in range(3):
        thread.work()
    assert 99 in answers.seen[-3:], "not after one query of each of the others"
    while thread.jobs:
        thread.work()
    assert len(answers.seen) == 201 and reader.idle


def test_answers_that_take_the_loop_long_are_given_out_in_several_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [0.0]
    monkeypatch.setattr("rcim.dispatch.reader.perf_counter", lambda: now_s[0])
    reader, thread, answers = made(Slow(most=64))
    given: list[int] = []
    turns: list[int] = []

    class Long(Answers):
        def answer(self, token: int, result: Any) -> None:
            now_s[0] += 0.0015
            given.append(token)

    reader.ask(Request("", LoginQuery("first"), answers, 99))
    for token in range(6):
        reader.ask(Request("", LoginQuery(f"u{token}"), Long(), token))
    thread.work()
    job, done = thread.jobs.pop(0)
    done(job(), None)
    while not reader.idle:
        turns.append(len(given))
        thread.soon.pop(0)()
    assert given == list(range(6)) and turns == [1, 2, 3, 4, 5], "one at a time"


def test_those_who_have_cost_much_leave_the_loop_as_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, now_ms = [0.0], [0]
    monkeypatch.setattr("rcim.base.clock.steady_ms", lambda: now_ms[0])
    monkeypatch.setattr("rcim.dispatch.reader.perf_counter", lambda: now_s[0])
    store = Slow(most=1)
    store.took_s = 0.06
    reader, thread, answers = made(store)
    for token in range(3):
        reader.ask(Request("", SyncQuery("big", 0, 0), answers, token))

    def worked() -> None:
        job, done = thread.jobs.pop(0)
        now_s[0] += 0.06
        done(job(), None)

    worked()
    assert answers.seen == [0] and not thread.jobs, "60 ms were much"
    ((wait_s, wake),) = thread.later
    assert wait_s == pytest.approx(0.06)
    reader.ask(Request("", LoginQuery("small"), answers, 9))
    store.took_s = 0.001
    worked()
    assert answers.seen == [0, 9], "somebody else does not wait"
    now_s[0] += 0.2
    wake()
    worked()
    assert answers.seen == [0, 9, 1]


def test_a_query_is_charged_to_who_asks_and_not_to_whom_it_is_about() -> None:
    assert asker(UserQuery("alice", 0, False, "bob")) == "bob" and asker(UserQuery("alice", 0, False)) == ""
    assert asker(JoinedGroupsQuery("alice", "", 10, by="alice")) == "alice"
    assert asker(JoinedGroupsQuery("alice", "", 10)) == "", "an app administrator asks"
    assert asker(MessagesQuery("g:g", 1, 2, 10, False, 0, 0, 2, 1, by="bob")) == "bob"
    assert asker(SyncQuery("alice", 0, 0)) == "alice"


def test_nobody_is_kept_out_because_their_queries_have_cost_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.base.clock.steady_ms", lambda: 0)
    store = Slow(most=1)
    store.took_s = 10.0
    reader, thread, answers = made(store)
    for token in range(3):
        reader.ask(Request("", SyncQuery("big", 0, 0), answers, token))
    thread.work()
    reader.ask(Request("", LoginQuery("big"), answers, 9))
    thread.work()
    assert answers.seen == [0, 9] and not thread.jobs
