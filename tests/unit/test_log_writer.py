"""Who reads the log slowly, or not at all, holds up nothing (OP-02)."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator

import pytest

from rcim.app.log import log_writer
from rcim.app.log.log_writer import LogWriter
from tests.kit import PATIENCE_S


class Reader:
    """What a log is written to: it takes nothing until it may go on."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.data = b""
        self.broken = False

    def __call__(self, fd: int, data: bytes) -> int:
        self.begun.set()
        assert self.go_on.wait(60)
        if self.broken:
            raise BrokenPipeError
        self.data += data[:7]
        return len(data[:7])

    @property
    def lines(self) -> list[str]:
        return self.data.decode().splitlines()


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def handler(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Iterator[LogWriter]:
    monkeypatch.setattr(log_writer, "LINES_MAX", 10)
    monkeypatch.setattr(log_writer, "FLUSH_S", PATIENCE_S)
    made = LogWriter(-1, reader)
    made.setFormatter(logging.Formatter("%(message)s"))
    yield made
    reader.go_on.set()
    made.close()
    made.join()


def say(handler: LogWriter, text: str, level: int = logging.ERROR) -> None:
    handler.handle(logging.LogRecord("rcim", level, "", 0, text, (), None))


def blocked(handler: LogWriter, reader: Reader) -> None:
    say(handler, "first")
    assert reader.begun.wait(60)


def test_a_stopped_reader_holds_up_nothing_and_what_is_dropped_is_counted(handler: LogWriter, reader: Reader) -> None:
    blocked(handler, reader)
    for number in range(25):
        say(handler, f"line {number}")
    assert handler.dropped == {"no_room": 15, "not_written": 0}
    reader.go_on.set()
    handler.flush()
    written = [line for line in reader.lines if "dropped" not in line]
    assert written == ["first", *(f"line {number}" for number in range(10))], "in their order"
    (said,) = [line for line in reader.lines if "dropped" in line]
    assert said.endswith("dropped=15")


def test_there_is_room_for_what_matters(handler: LogWriter, reader: Reader) -> None:
    blocked(handler, reader)
    for number in range(25):
        say(handler, f"info {number}", logging.INFO)
    assert handler.dropped == {"no_room": 20, "not_written": 0}
    for number in range(5):
        say(handler, f"error {number}")
    assert handler.dropped == {"no_room": 20, "not_written": 0}
    reader.go_on.set()
    handler.flush()
    assert {"info 4", "error 4"} <= set(reader.lines) and "info 5" not in reader.lines


def test_bytes_are_bounded_too(handler: LogWriter, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "BYTES_MAX", 1000)
    blocked(handler, reader)
    say(handler, "x" * 800)
    say(handler, "y" * 800)
    assert handler.dropped == {"no_room": 1, "not_written": 0}


def test_a_reader_that_is_gone_is_no_fault_of_anybody(handler: LogWriter, reader: Reader) -> None:
    reader.broken = True
    reader.go_on.set()
    say(handler, "lost")
    handler.flush()
    reader.broken = False
    say(handler, "kept")
    handler.flush()
    assert reader.lines[0] == "kept" and reader.lines[1].endswith("dropped=1")
    assert handler.dropped == {"no_room": 0, "not_written": 1}


def test_a_full_pipe_that_does_not_block_is_waited_for() -> None:
    end, begin = os.pipe()
    os.set_blocking(begin, False)
    handler = LogWriter(begin)
    handler.setFormatter(logging.Formatter("%(message)s"))
    try:
        lines = [f"{number} {'x' * 1000}" for number in range(200)]  # more than a pipe holds
        for line in lines:
            say(handler, line)
        wanted = len("\n".join(lines)) + 1
        data = b""
        while len(data) < wanted:
            data += os.read(end, 65536)
        assert data.decode().splitlines() == lines
    finally:
        handler.close()
        handler.join()
        os.close(end)
        os.close(begin)


def test_a_closed_log_takes_nothing(handler: LogWriter, reader: Reader) -> None:
    reader.go_on.set()
    handler.close()
    say(handler, "too late")
    assert handler.dropped == {"no_room": 1, "not_written": 0} and not reader.data
