"""The access log (AB-02, OP-02)."""

from __future__ import annotations

import logging
import threading

import pytest

from rcim.base.limited_log import Event
from rcim.http import access_log
from rcim.http.access_log import ACCESS, PATH_CHARS_MAX, AccessLog, Line
from tests.kit import PATIENCE_S, until


def line(path: str = "/v4/x", note: str = "0") -> Line:
    return Line("127.0.0.1", "POST", path, 200, 12, 3.4, "r1", note)


def said(one: Line) -> str:
    return str(Event(ACCESS, one.fields()))


def test_a_line() -> None:
    assert said(line()) == (
        "request address=127.0.0.1 method=POST path=/v4/x status=200 bytes=12 took_ms=3 request_id=r1 note=0"
    )
    assert " path=/a%20b?200%20forged?[31m status=200 " in said(line("/a b\n200 forged\x1b[31m"))
    for escaped in ("?", ";", "&", "%3F", "%253f", "%252526", ""):
        assert "eJw" not in said(line(f"/v4/x{escaped}usersig=eJw")), "what was meant as a query has the UserSig"
    assert " path=/v1/groups/100%25=a " in said(line("/v1/groups/100%25=a")).replace('"', ""), "and an id is none"
    assert len(said(line("/" + "x" * 8000))) < PATH_CHARS_MAX + 110


class Blocked(logging.Handler):
    """A log that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.begun.set()
        self.go_on.wait()
        self.lines += 1


async def test_a_log_that_nobody_reads_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(access_log, "LINES_MAX", 10)
    monkeypatch.setattr(access_log, "STOP_S", PATIENCE_S)
    blocked = Blocked()
    access_log.access.addHandler(blocked)
    caplog.set_level(logging.INFO, "rcim.http.access")
    try:
        log = AccessLog(True)
        log.tell(line())
        await until(blocked.begun.is_set)
        for _ in range(25):
            log.tell(line())
        blocked.go_on.set()
        log.stop()
        assert log.dropped == 15 and blocked.lines == 11, "the one that is being written, and ten that wait"
        assert any("dropped" in text for text in caplog.messages)
        log.stop()
    finally:
        access_log.access.removeHandler(blocked)
