"""Which messages are traced, what is done with spans, and the settings (OP-02)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult
from rcim_tools.event_examples import EXAMPLES

from rcim.actor.commands import MarkRead, SendMessage
from rcim.actor.events import MessagePassed
from rcim.app.settings.all_settings import SettingsError
from rcim.app.settings.checks.trace_checks import headers_of
from rcim.app.settings.sources import load
from rcim.app.tracing import trace_export
from rcim.app.tracing.trace_export import TraceExport
from rcim.app.tracing.trace_spans import Chooser, Span, Trace
from rcim.app.tracing.traces import MessageTraces, TracedDestination, TracedReply
from rcim.base.terms import Priority
from rcim.dispatch.requests import CommandRequest, Request
from rcim.outbox.destination import Untaken
from rcim.store.event_rows import KeptEvent
from tests.kit import PATIENCE_S, until

SPAN = Span("rcim.commit", Trace(1, 2), 3, 10, 20, {"rcim.seq": 1})


def chosen(share: float, key: str = "k", count: int = 20_000) -> set[int]:
    """Which of so many messages are traced."""
    chooser = Chooser(share, key)
    return {number for number in range(count) if chooser.of(f"g:{number % 7}", f"c{number}") is not None}


def test_the_share_is_kept_and_every_process_chooses_the_same() -> None:
    assert chosen(0) == set() and len(chosen(1)) == 20_000
    some = chosen(0.05)
    assert 800 < len(some) < 1200
    assert chosen(0.05) == some and some <= chosen(0.1), "the same key, the same messages"
    assert len(some & chosen(0.05, "another server's")) < 200, "nobody outside can tell which"


def test_a_trace_follows_from_conversation_and_client_message_id() -> None:
    one, other = Chooser(1, "k"), Chooser(1, "k")
    assert one.of("g:a", "c1") == other.of("g:a", "c1")
    traces = [one.of(key, name) for key, name in (("g:a", "c1"), ("g:a", "c2"), ("g:b", "c1"), ("g:a\0c", "1"))]
    assert len({trace.trace_id for trace in traces if trace}) == len({trace.first for trace in traces if trace}) == 4
    assert one.of("g:a", "") is None, "what has no client message id is not traced"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "0" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "1" * 16 + "-00",
        "ff-" + "1" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "G" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 31 + "-" + "1" * 16 + "-01",
        "x" * 10_000,
    ],
)
def test_what_asks_for_no_trace_continues_none(text: str) -> None:
    assert Chooser(1, "k").continued(text) is None


def test_a_back_end_s_trace_is_continued() -> None:
    found = Chooser(0, "k").continued("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    assert found is not None
    assert (found.trace_id, found.parent) == (0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)
    assert found.first not in (0, found.parent)
    assert Chooser(0, "k").continued("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-later") is not None


MADE: list[Exporter] = []
"""The newest is the last."""


class Exporter:
    """In place of OpenTelemetry's: it waits until it may go on."""

    def __init__(self, *_: Any, **__: Any) -> None:
        MADE.append(self)
        self.has_some = threading.Event()
        self.go_on = threading.Event()
        self.spans: list[Any] = []

    def export(self, spans: list[Any]) -> SpanExportResult:
        self.has_some.set()
        self.go_on.wait(PATIENCE_S)
        self.spans += spans
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is open."""


async def test_what_finds_no_room_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_export, "OTLPSpanExporter", Exporter)
    monkeypatch.setattr(trace_export, "QUEUE_MAX", 10)
    monkeypatch.setattr(trace_export, "EVERY_S", 3600.0)  # a batch is full before the thread looks
    monkeypatch.setattr(trace_export, "STOP_S", PATIENCE_S)
    monkeypatch.setattr(trace_export, "BATCH_MAX", 5)
    made = TraceExport("http://127.0.0.1:1/", {}, "server")
    exporter = MADE[-1]
    for _ in range(5):
        made.add(SPAN)
    await until(exporter.has_some.is_set, "the thread has a batch, and waits with it")
    for _ in range(25):
        made.add(SPAN)
    assert made.counted() == {"trace_spans_sent": 0, "trace_spans_dropped": 15, "trace_spans_failed": 0}
    exporter.go_on.set()
    await asyncio.to_thread(made.stop)
    assert made.counted() == {"trace_spans_sent": 15, "trace_spans_dropped": 15, "trace_spans_failed": 0}
    assert len(exporter.spans) == 15, "what waited goes out at the end"


async def test_a_fault_of_the_exporter_costs_its_spans_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(Exporter):
        def export(self, spans: list[Any]) -> SpanExportResult:
            raise RuntimeError("no")

    monkeypatch.setattr(trace_export, "OTLPSpanExporter", Failing)
    monkeypatch.setattr(trace_export, "BATCH_MAX", 1)
    made = TraceExport("http://127.0.0.1:1/", {}, "server")
    made.add(SPAN)
    await until(lambda: made.failed == 1)
    made.add(SPAN)
    await until(lambda: made.failed == 2)
    await asyncio.to_thread(made.stop)


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("traces.share=1.5", "must be 0 to 1"),
        ("traces.share=nan", "must be 0 to 1"),
        ("traces.share=much", "has to be a number"),
        ("traces.endpoint=127.0.0.1:4318", "must be a URL"),
        ("traces.endpoint=http://127.0.0.1:99999/", "must be a URL"),
        ("traces.headers=a: b", "list of processes"),
    ],
)
def test_what_is_wrong_is_named(flag: str, said: str) -> None:
    with pytest.raises(SettingsError, match=flag.partition("=")[0]) as error:
        load(None, {}, [flag])
    assert said in str(error.value)


def test_headers_come_from_a_file_and_are_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "headers"
    file.write_text("Authorization: Bearer s3cret\nX-Scope-OrgID:  one\n\n", encoding="utf-8")
    settings = load(None, {}, [f"traces.headers_file={file}"])
    assert headers_of(settings.traces.headers) == {"Authorization": "Bearer s3cret", "X-Scope-OrgID": "one"}
    assert "s3cret" not in repr(settings)
    file.write_text("Authorization Bearer s3cret", encoding="utf-8")
    with pytest.raises(SettingsError, match="line 1 is not `Name: value`") as error:
        load(None, {}, [f"traces.headers_file={file}"])
    assert "s3cret" not in str(error.value)


def test_a_share_may_be_a_whole_number(tmp_path: Path) -> None:
    file = tmp_path / "rcim.toml"
    file.write_text("[traces]\nshare = 1\n", encoding="utf-8")
    assert load(file, {}, []).traces.share == 1.0
    file.write_text('[traces]\nshare = "1"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="has to be a number"):
        load(file, {}, [])


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    load(None, {}, ["traces.on=true"])
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'rcim\[traces\]'"):
        load(None, {}, ["traces.on=true"])
    load(None, {}, [])


def test_off_nothing_is_imported(tmp_path: Path) -> None:
    """A whole server, and back."""
    code = """
import asyncio, sys
from rcim.app.processes.server import Server
from rcim.app.settings.sources import load

async def main():
    server = Server(load(None, {}, ["server.data=DATA", "server.port=0", "http.on=true", "http.port=0"]))
    await server.start()
    await server.stop()

asyncio.run(main())
not_wanted = ("opentelemetry", "requests", "rcim.app.tracing.trace_export", "rcim.app.tracing.traces")
print([name for name in sys.modules if name.startswith(not_wanted)])
"""
    done = subprocess.run(
        [sys.executable, "-c", code.replace("DATA", str(tmp_path / "data"))],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


async def test_a_traced_request_is_the_request_and_a_trace() -> None:
    """Whatever else a request has; another type of command stays as it is."""
    traces = MessageTraces(Chooser(1, "k"), Kept(), asyncio.get_running_loop())
    send = SendMessage("alice", False, "", "", "c1", Priority.NORMAL, b"b")
    request: CommandRequest = Request("g:a", send, TracedReply.__new__(TracedReply), 7)
    request.alone = True
    traced = traces.arrived(request)
    assert traced is not request
    assert all(getattr(traced, name) == getattr(request, name) for name in Request.__slots__)
    other: CommandRequest = Request("g:a", MarkRead("alice", False, 1), request.reply_to, 8)
    assert traces.arrived(other) is other


class Kept:
    """Spans that have ended."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def add(self, span: Span) -> None:
        self.spans.append(span)

    def counted(self) -> dict[str, int]:
        return {}

    def stop(self) -> None:
        """Nothing runs."""


async def test_a_consumer_s_span_says_whether_it_took_the_message() -> None:
    message = next(one for one in EXAMPLES if isinstance(one, MessagePassed))
    other = next(one for one in EXAMPLES if not isinstance(one, MessagePassed))
    events = [KeptEvent(0, number, one) for number, one in enumerate([message, other, message, message])]

    class Destination:
        async def deliver(self, given: Any) -> Any:
            return [Untaken(given[2], "it is away"), Untaken(given[3])]

        def forget(self, shard: int, numbers: Any) -> None:
            """Nothing is kept."""

        def counted(self) -> dict[str, int]:
            return {"told": 1}

        async def close(self) -> None:
            """Nothing is open."""

    kept = Kept()
    traces = MessageTraces(Chooser(1, "k"), kept, asyncio.get_running_loop())
    made = TracedDestination(Destination(), "callbacks", traces)
    assert [one.event for one in await made.deliver(events)] == events[2:]
    assert made.counted() == {"told": 1}
    assert [(span.name, span.error) for span in kept.spans] == [("rcim.consume", ""), ("rcim.consume", "NOT_TAKEN")]
    assert kept.spans[0].facts["rcim.consumer"] == "callbacks"
    assert "rcim.sender" not in kept.spans[0].facts
