"""Lines of the log, as text and as JSON (OP-02)."""

from __future__ import annotations

import ast
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

import rcim
from rcim.app.log.log_lines import MARGIN, TRACEBACK_CHARS_MAX, formatter
from rcim.base.limited_log import FIELD_CHARS_MAX, RESERVED, Event

EVIL = 'a\x1b[2J\x9b31m\r\n2026-01-01T00:00:00Z ERROR rcim forged="1"\u202e\u2028\ud800'


def record(said: Any, *args: Any, exc_info: Any = None) -> logging.LogRecord:
    return logging.LogRecord("rcim.tests", logging.ERROR, "", 0, said, args, exc_info)


def raised(text: str) -> Any:
    try:
        raise ValueError(text)
    except ValueError:
        return sys.exc_info()


def as_json(one: logging.LogRecord, process: str = "server", number: int = 0) -> dict[str, Any]:
    text = formatter("json", process, number).format(one)
    assert "\n" not in text and text.isprintable(), "one line, and nothing in it steers a terminal"
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_of_json_has_its_fields() -> None:
    line = as_json(record(Event("a commit failed", {"conversation": "g:lobby", "seq": 7, "suppressed": 3})), "owner")
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "error",
        "logger": "rcim.tests",
        "event": "a commit failed",
        "process": "owner",
        "conversation": "g:lobby",
        "seq": 7,
        "suppressed": 3,
    }
    assert as_json(record(Event("e", {})), "gateway", 2)["process_number"] == 2


def test_a_line_of_text() -> None:
    said = record(Event("a commit failed", {"conversation": "g:lobby", "error": "no room"}))
    time, rest = formatter("text", "server", 0).format(said).split(" ", 1)
    assert time.endswith("Z") and rest == 'ERROR rcim.tests a commit failed conversation=g:lobby error="no room"'
    assert "process=gateway process_number=2 conversation" in formatter("text", "gateway", 2).format(said)


def test_nobody_s_text_forges_a_line_or_steers_a_terminal() -> None:
    for said in (record(Event("it failed", {"error": EVIL})), record("a library says %s", EVIL)):
        text = formatter("text", "server", 0).format(said)
        assert text.isprintable(), text
        assert "forged" in json.dumps(as_json(said))
    assert as_json(record(Event("it failed", {"error": EVIL})))["error"] == EVIL, "in JSON nothing is lost"
    said = record(Event("it failed", {}), exc_info=raised(EVIL))
    first, *below = formatter("text", "server", 0).format(said).split("\n")
    assert first.endswith("it failed") and any("forged" in one for one in below)
    assert all(one.startswith(MARGIN) and one.isprintable() for one in below)
    assert EVIL.replace("\r\n", "\n") in as_json(said)["exception"].replace("\r\n", "\n")


def test_everything_is_bounded() -> None:
    line = as_json(record(Event("it failed", {"error": "x" * 100_000}), exc_info=raised("y" * 100_000)))
    assert len(line["error"]) == FIELD_CHARS_MAX
    assert len(line["exception"]) == TRACEBACK_CHARS_MAX and line["exception"].endswith("y")
    assert len(as_json(record("x" * 100_000))["event"]) == FIELD_CHARS_MAX, "a library's too"


def test_a_field_replaces_nothing_that_every_line_has() -> None:
    line = as_json(record(Event("it failed", dict.fromkeys(RESERVED, "forged"))))
    assert "forged" not in line.values()


def _calls() -> list[tuple[str, ast.Call]]:
    found = []
    for path in sorted(Path(rcim.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                on = node.func.value
                if isinstance(on, ast.Name) and on.id == "log" and node.func.attr in LEVELS:
                    found.append((f"{path.name}:{node.lineno}", node))
    return found


LEVELS = ("info", "warning", "error", "exception")
CALLS = _calls()


def test_every_event_is_a_constant_text_and_what_differs_is_a_field() -> None:
    assert len(CALLS) > 100, "the source is looked at"
    for where, call in CALLS:
        (event,) = call.args
        constant = isinstance(event, ast.Constant) and isinstance(event.value, str) and "%" not in event.value
        assert constant or (isinstance(event, ast.Name) and event.id.isupper()), where
        assert not {one.arg for one in call.keywords} & RESERVED, where


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_record_that_can_t_be_rendered_is_reported(form: str) -> None:
    from rcim.app.log.log_writer import LogWriter

    written: list[bytes] = []

    def write(_: int, data: bytes) -> int:
        written.append(data)
        return len(data)

    handler = LogWriter(-1, write)
    handler.setFormatter(formatter(form, "server", 0))
    handler.handle(record("%d of %d", "no number"))
    handler.flush()
    handler.close()
    handler.join()
    assert b"can't be written: TypeError" in b"".join(written)
