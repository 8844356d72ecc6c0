"""`rcim-bench http`, very small: that it runs, and what fails a run (LI-02)."""

from __future__ import annotations

import pytest
from rcim_bench import http
from rcim_bench.http_caller import Caller, code_of

from tests.unit.test_bench import _Transport


async def test_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BURST_S", 0.2)
    monkeypatch.setattr(http, "ROUNDS", 1)
    report = await http.run(0.5, 4, 0, 30, lambda _: None)
    assert report["sends_per_s"] > 0 and report["frames_sends_per_s"] > 0 and report["frames_refused"] == 0
    assert 0 < report["p50_ms"] <= report["p99_ms"] and report["cpu_us_per_send"] > 0
    assert 0 < report["queue_max"] <= report["callers"] == 30


@pytest.mark.parametrize(
    ("wrong", "value"), [("li02_per_s", 80.0), ("li02_per_s", 20.0), ("queue_max", 10_051), ("frames_refused", 1)]
)
def test_what_is_wrong_fails_a_run(wrong: str, value: float) -> None:
    good = {"li02_per_s": 50.0, "queue_max": 10_000, "frames_refused": 0}
    assert http.failures(good) == []
    assert len(http.failures(good | {wrong: value})) == 1


async def test_a_caller_reads_answers_however_they_are_cut() -> None:
    class Transport(_Transport):
        def __init__(self) -> None:
            """No socket."""

        def write(self, _: bytes) -> None:
            """Nobody reads it."""

    answer = b'HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 16\r\n\r\n{"ErrorCode":70}'
    caller = Caller()
    caller.connection_made(Transport())  # type: ignore[arg-type]
    for step in (1, 7, 1000):
        asked = caller.ask(b"GET /")
        asked.send(None)
        for at in range(0, len(answer), step):
            caller.data_received(answer[at : at + step])
        with pytest.raises(StopIteration) as done:
            asked.send(None)
        assert code_of(done.value.value) == 70
    caller.connection_lost(None)
    with pytest.raises(ConnectionError):
        await caller.ask(b"GET /")
