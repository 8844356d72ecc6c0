"""Meters, the rows that their figures become, how those of processes are added up, and how they are gathered (OP-02)."""

from __future__ import annotations

import asyncio
import gzip
import threading
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rcim_tools.admin.metrics import metric_row

from rcim.actor.outcomes import Refused
from rcim.actor.queries import MetricsQuery
from rcim.adapters.frames.answers.metrics import metrics_ok
from rcim.adapters.metrics.rendering import Format, format_of, rendered, takes_gzip
from rcim.base import metrics as m
from rcim.base.meters import Figure, Meters, figure
from rcim.bus.kept_totals import KeptTotals
from rcim.dispatch import metrics_gathering
from rcim.dispatch.metrics_gathering import WAITING_MAX, MetricsGathering, page_of
from rcim.dispatch.requests import Request
from rcim.store.answers import Figures, Metrics
from rcim.store.metric_rows import added_up, bytes_of, rows_of


def test_off_there_is_no_distribution() -> None:
    meters = Meters()
    assert meters.histogram(m.TURN) is None and meters.figures() == []
    meters.add(lambda: [figure(m.COMMITS, 3)])
    assert meters.figures() == [Figure(m.COMMITS, (), 3)]


def test_a_distribution_is_one_for_its_labels() -> None:
    meters = Meters("owner", on=True)
    lag = meters.histogram(m.LOOP_LAG, "owner")
    assert lag is meters.histogram(m.LOOP_LAG, "owner") is not meters.histogram(m.LOOP_LAG, "gateway 1")
    assert lag is not None
    lag.observe(0.0001)
    lag.observe(99.0)
    (one, other) = meters.figures()
    assert one.value == 99_000_100 and one.counts[0] == 1 and one.counts[-1] == 1 and sum(other.counts) == 0
    for wrong in ((), ("a", "b")):
        with pytest.raises(ValueError, match="rcim_loop_lag_seconds has the labels"):
            meters.histogram(m.LOOP_LAG, *wrong)
    with pytest.raises(ValueError, match="rcim_commits_total"):
        meters.histogram(m.COMMITS)
    with pytest.raises(ValueError, match="rcim_commits_total"):
        figure(m.COMMITS, 1, "label")


def test_another_thread_may_begin_a_distribution_while_figures_are_read() -> None:
    meters = Meters(on=True)
    stop = threading.Event()

    def begin() -> None:
        number = 0
        while not stop.is_set() and number < 5_000:
            number += 1
            meters.histogram(m.STORE_JOB, str(number))

    thread = threading.Thread(target=begin)
    thread.start()
    try:
        for _ in range(50):
            meters.figures()
    finally:
        stop.set()
        thread.join()


def test_figures_of_processes_become_one() -> None:
    first, second = Meters("gateway 1", on=True), Meters("gateway 2", on=True)
    for meters, values, ends, doubt in ((first, (0.001, 0.2), 100, 0), (second, (0.001,), 50, 1)):
        for value in values:
            turn = meters.histogram(m.TURN)
            assert turn is not None
            turn.observe(value)
        meters.add(lambda ends=ends: [figure(m.CERTIFICATE_ENDS, ends)])  # type: ignore[misc]
        meters.add(lambda doubt=doubt: [figure(m.CLOCK_IN_DOUBT, doubt), figure(m.COMMITS, 2)])  # type: ignore[misc]
        meters.add(lambda name=meters.process: [figure(m.CPU, 1.5, name, "user")])  # type: ignore[misc]
    rows = added_up([rows_of(first.figures()), rows_of(second.figures())])
    assert [row.name for row in rows] == sorted(row.name for row in rows)
    by_name = {row.name: row for row in rows}
    assert by_name[m.CERTIFICATE_ENDS.name].value == 50_000_000 and by_name[m.CLOCK_IN_DOUBT.name].value == 1
    assert by_name[m.COMMITS.name].value == 4
    turns = by_name[m.TURN.name]
    assert turns.value == 202_000 and sum(turns.counts) == 3 and turns.bounds[0] == 100
    assert [row.labels for row in rows if row.name == m.CPU.name] == [
        {"process": "gateway 1", "mode": "user"},
        {"process": "gateway 2", "mode": "user"},
    ]


def said_by(process: str, started: float, commits: int, turns: int) -> Figures:
    """What a process says that has counted so much, with a gauge and what is of it alone; as counters too."""
    meters = Meters(process, on=True)
    histogram = meters.histogram(m.TURN)
    assert histogram is not None
    histogram.observe_all([0.001] * turns)
    meters.add(lambda: [figure(m.STARTED, started, process), figure(m.COMMITS, commits)])
    meters.add(lambda: [figure(m.CONNECTIONS, 10), figure(m.CPU, 1, process, "user")])
    return Figures(rows_of(meters.figures()), {"commits": commits}, {"connections": 10})


def values_of(said: Figures) -> tuple[int, int, int, int, list[dict[str, str]]]:
    """Commits, turns and their time in milliseconds, connections, and the labels of processor times. Metrics and
    counters say the same."""
    rows = said.rows
    by_name = {row.name: row for row in rows}
    turn = by_name[m.TURN.name]
    cpu = [row.labels for row in rows if row.name == m.CPU.name and row.labels["mode"] == "user"]
    connections = by_name[m.CONNECTIONS.name].value if m.CONNECTIONS.name in by_name else 0
    commits = by_name[m.COMMITS.name].value
    assert (commits, connections) == (said.counts["commits"], said.levels.get("connections", 0))
    return commits, sum(turn.counts), turn.value // 1000, connections, cpu


def test_totals_of_a_process_that_has_ended_or_is_silent_are_kept() -> None:
    kept = KeptTotals()
    one, two = {"process": "gateway 1", "mode": "user"}, {"process": "gateway 2", "mode": "user"}
    first = said_by("gateway 1", 1, 5, 2)
    assert values_of(kept.with_kept([first, said_by("gateway 2", 1, 7, 3)])) == (12, 5, 5, 20, [one, two])
    assert values_of(kept.with_kept([said_by("gateway 1", 1, 6, 2)])) == (13, 5, 5, 10, [one]), (
        "no gauge of who is away"
    )
    for commits in (0, 1, 2):
        again = kept.with_kept([said_by("gateway 1", 1, 6, 2), said_by("gateway 2", 9, commits, commits)])
        assert values_of(again) == (13 + commits, 5 + commits, 5 + commits, 20, [one, two])
    third = kept.with_kept([said_by("gateway 2", 11, 1, 0)])
    assert values_of(third) == (6 + 7 + 2 + 1, 2 + 3 + 2, 7, 10, [two])
    assert values_of(kept.with_kept([])) == (16, 7, 7, 0, [])
    for start in range(100, 1100):
        last = kept.with_kept([said_by("gateway 2", start, 1, 1)])
    assert values_of(last)[:2] == (16 + 1000, 7 + 1000)
    assert len(kept.with_kept([]).rows) == 2, "what is kept does not grow with the number of those that ended"


def test_what_is_written_is_read_back() -> None:
    meters = Meters(on=True)
    job = meters.histogram(m.STORE_JOB, "reader")
    assert job is not None
    for value in (0.0001, 0.00011, 0.3, 9.0):
        job.observe(value)
    evil = 'x"} 1\nrcim_connections{y="\\'
    meters.add(lambda: [figure(m.CONSUMER_WAITING, 7, evil), figure(m.COMMITS, 1 << 60)])
    rows = rows_of(meters.figures())
    text = rendered(rows, Format.TEXT, zipped=False)
    assert gzip.decompress(rendered(rows, Format.TEXT, zipped=True)) == text
    samples = {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }
    assert samples["rcim_consumer_waiting_events", (("consumer", evil),)] == 7
    assert samples["rcim_commits_total", ()] == 1 << 60
    buckets = {dict(labels)["le"]: value for (name, labels), value in samples.items() if name.endswith("_bucket")}
    assert (buckets["0.0001"], buckets["0.00025"], buckets["0.5"], buckets["+Inf"]) == (1, 2, 3, 4)
    assert samples["rcim_store_job_seconds_sum", (("thread", "reader"),)] == pytest.approx(9.30021)
    assert rendered(rows, Format.OPENMETRICS, zipped=False).endswith(b"# EOF\n")


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", Format.TEXT),
        ("*/*", Format.TEXT),
        ("text/plain;version=0.0.4", Format.TEXT),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8,text/plain;q=0.3", Format.OPENMETRICS),
        ("Application/OpenMetrics-Text", Format.OPENMETRICS),
        ("application/openmetrics-textx, ,;;", Format.TEXT),
    ],
)
def test_which_format_is_wanted(accept: str, wanted: Format) -> None:
    assert format_of(accept) is wanted


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("gzip", True),
        ("deflate, GZip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("br", False),
        ("", False),
    ],
)
def test_whether_gzip_is_taken(header: str, wanted: bool) -> None:
    assert takes_gzip(header) is wanted


def whole() -> Metrics:
    """Figures with long labels and full distributions."""
    meters = Meters(on=True)
    for number in range(40):
        meters.histogram(m.QUESTION_TIME, f"{number:03d}" * 20)
    meters.add(lambda: [figure(m.CONSUMER_WAITING, 1, f"c{number}" * 8) for number in range(100)])
    return Metrics(rows_of(meters.figures()), 2)


@pytest.mark.parametrize("bytes_max", [1, 500, 4000, 28_000])
def test_pages_have_every_row_once_and_fit(bytes_max: int) -> None:
    all_of_it = whole()
    rows, after = [], 0
    while True:
        page = page_of(all_of_it, MetricsQuery(after, bytes_max))
        assert page.missing == 2 and page.rows
        size = sum(map(bytes_of, page.rows))
        assert size <= bytes_max or len(page.rows) == 1
        assert len(metrics_ok(page).encode()) <= size + 100, "what is counted is at least what it takes"
        rows += page.rows
        if not page.next:
            break
        assert page.next > after
        after = page.next
    assert rows == all_of_it.rows
    assert page_of(all_of_it, MetricsQuery(10_000, bytes_max)) == Metrics([], 2)
    assert page_of(all_of_it, MetricsQuery()) is all_of_it


def test_figures_as_rows_for_people() -> None:
    meters = Meters(on=True)
    question = meters.histogram(m.QUESTION_TIME, "allowed")
    meters.histogram(m.QUESTION_TIME, "failed")
    records = meters.histogram(m.COMMIT_RECORDS)
    assert question is not None and records is not None
    for value in (0.002, 0.002, 0.002, 60.0):
        question.observe(value)
    records.observe(3)
    meters.add(lambda: [figure(m.COMMITS, 5), figure(m.CPU, 1.25, "owner", "user")])
    found = {
        (row["metric"], row["labels"]): row
        for row in map(metric_row, metrics_ok(Metrics(rows_of(meters.figures()))).metrics)
    }
    allowed = found[m.QUESTION_TIME.name, "outcome=allowed"]
    assert (allowed["count"], allowed["p50"], allowed["p99"], allowed["mean"]) == (4, "<= 0.0025", "> 30", 15.0)
    failed = found[m.QUESTION_TIME.name, "outcome=failed"]
    assert (failed["count"], failed["p50"], failed["mean"]) == (0, None, None)
    assert found[m.COMMIT_RECORDS.name, ""]["p50"] == "<= 5"
    assert found[m.COMMITS.name, ""]["value"] == 5 and found[m.CPU.name, "process=owner, mode=user"]["value"] == 1.25


# -- gathering


class Sink:
    """Who has the connections: answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def look(self, query: Any, done: Any) -> None:
        self.asked.append(done)


class Asker:
    """A ReplyTo."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    def answer(self, token: int, result: Any) -> None:
        self.got.append(result)
        if token == 13:
            raise ValueError("a receiver that fails")

    def mailbox_drained(self, key: str) -> None:
        """It waits for no room."""


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_asks_meanwhile_shares_a_gathering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_gathering, "GATHER_S", 3600.0)  # no figures are late, however slow the machine is
    sink, asker = Sink(), Asker()
    gathering = MetricsGathering(asyncio.get_running_loop(), Meters(on=True))
    gathering.sink = sink  # type: ignore[assignment]
    for token in (1, 13, 2):
        gathering.ask(Request("", MetricsQuery(), asker, token))
    await turns()
    assert len(sink.asked) == 1 and asker.got == []
    sink.asked[0](Metrics(rows_of([figure(m.STARTED, 1, "server")])))
    await turns()
    assert len(asker.got) == 3 and asker.got[0] is asker.got[2]
    values = {row.name: row.value for row in asker.got[0].rows}
    assert values[m.PROCESSES.name] == 1 and values[m.MISSING.name] == 0 == values[m.FIGURES_MISSING.name]
    gathering.ask(Request("", MetricsQuery(2), asker, 3))
    assert len(asker.got) == 4, "a further page is of what was gathered"
    gathering.ask(Request("", MetricsQuery(), asker, 4))
    await turns()
    assert len(sink.asked) == 2
    for _ in range(WAITING_MAX):
        gathering.ask(Request("", MetricsQuery(), asker, 5))
    assert isinstance(asker.got[-1], Refused), "what waits is bounded"
    gathering.stop()
    await turns()


async def test_a_fault_of_ours_leaves_nobody_waiting() -> None:
    asker = Asker()
    gathering = MetricsGathering(asyncio.get_running_loop(), Meters(on=True))
    gathering.ask(Request("", MetricsQuery(), asker, 1))
    await turns()
    assert isinstance(asker.got[0], Refused), "it has nobody to ask"
