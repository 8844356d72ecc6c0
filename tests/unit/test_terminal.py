"""What a peer says steers no terminal and begins no line of a log."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from rcim_tools.admin import calls

from rcim.app.log.log_lines import formatter
from rcim.base.errors import NOT_PERMITTED, RcimError
from rcim.base.ids import check_user_id
from rcim.base.terminal import printable, printable_json, reason_of
from rcim.chat.state import clean
from rcim.cli.options import fail

EVIL = "a\x1b[2J\x9b31m\r\nb\u202ec\u2028d\ud800\x7f"


def test_what_steers_is_replaced() -> None:
    assert printable(EVIL) == "a?[2J?31m??b?c?d??"
    assert printable(EVIL, lines=True) == "a?[2J?31m?\nb?c?d??"
    assert printable("Zürich 你好 👍") == "Zürich 你好 👍"


@pytest.mark.parametrize(
    "code", [0x85, 0x61C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
def test_what_turns_or_breaks_a_line_is_replaced(code: int) -> None:
    text = f"a{chr(code)}b"
    assert printable(text) == printable(text, lines=True) == clean(text) == "a?b"
    assert printable_json(f'"{text}"') == f'"a\\u{code:04x}b"'


def test_json_says_the_same() -> None:
    said = printable_json(json.dumps({"x": EVIL}, ensure_ascii=False))
    assert json.loads(said) == {"x": EVIL} and printable(said) == said


def test_an_error_of_a_peer(capsys: pytest.CaptureFixture[str]) -> None:
    error = RcimError(NOT_PERMITTED, EVIL)
    assert printable(str(error)) == str(error) and error.detail == EVIL
    fail(EVIL)
    calls.fail(EVIL, 1)
    assert (
        capsys.readouterr().err == f"rcim: {printable(EVIL, lines=True)}\nrcim-admin: {printable(EVIL, lines=True)}\n"
    )


def test_a_record_of_the_log_is_one_line() -> None:
    made = formatter("text", "server", 0)
    record = logging.LogRecord("rcim", logging.INFO, "", 0, "said %s", (EVIL,), None)
    assert "\n" not in made.format(record) and "\x1b" not in made.format(record)
    try:
        raise ValueError(EVIL)
    except ValueError:
        record.exc_info = sys.exc_info()
    assert "\x1b" not in made.format(record) and "Traceback" in made.format(record)


def test_half_of_a_character_is_no_user_id() -> None:  # ID-01
    with pytest.raises(RcimError, match="user id"):
        check_user_id("a\udcff")


def test_an_error_that_says_nothing_is_named() -> None:
    assert reason_of(TimeoutError()) == "TimeoutError"
    assert reason_of(OSError("no\x1b[2J\nroom")) == "no?[2J\nroom"
