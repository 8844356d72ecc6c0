"""No test of a part depends on how fast the machine is: none sleeps, none gives up soon, no example has a time limit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.kit import PATIENCE_S

TESTS = Path(__file__).parents[1]
FOLDERS = ("arch", "property", "sim", "unit", "vectors")
WAITS = ("timeout", "wait", "wait_for", "join", "communicate", "run")
"""What is told how long it may wait."""


def calls(text: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call with its last name."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            function = node.func
            yield function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", ""), node


def sleeps(text: str) -> list[int]:
    """The lines with a sleep of more than a turn of the loop."""
    found = []
    for name, call in calls(text):
        if name == "sleep" and not (call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0):
            found.append(call.lineno)
    return sorted(found)


def _seconds(name: str, call: ast.Call) -> float | None:
    """How long it waits, if a number says so."""
    given = [one.value for one in call.keywords if one.arg == "timeout"]
    if name == "wait_for":
        given += call.args[1:]
    elif name in ("timeout", "wait", "join"):
        given += call.args[:1]
    value = given[0] if given else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, int | float) else None


def short_waits(text: str) -> list[int]:
    """The lines that wait for something, and give up before a slow machine has done it; 0 does not wait."""
    found = []
    for name, call in calls(text):
        seconds = _seconds(name, call) if name in WAITS else None
        if seconds and seconds < PATIENCE_S:
            found.append(call.lineno)
    return sorted(found)


SOURCES = sorted(path for folder in FOLDERS for path in (TESTS / folder).glob("*.py"))


@pytest.mark.parametrize("looks_for", [sleeps, short_waits])
def test_who_waits_waits_for_what_has_to_happen(looks_for: object) -> None:
    assert callable(looks_for)
    found = {str(path.relative_to(TESTS)): looks_for(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {name: lines for name, lines in found.items() if lines} == {}, "tests.kit.until waits without a guess"


def test_waits_that_are_guesses_are_found() -> None:
    assert sleeps("await asyncio.sleep(0)\ntime.sleep(0.1)\nawait sleep(PAUSE_S)\n") == [2, 3]
    text = "await wait_for(x, 0.5)\nevent.wait(60)\nthread.join(timeout=1)\nasyncio.timeout(5)\nevent.wait()\n"
    assert short_waits(text + "wait(x, timeout=0)\n") == [1, 3, 4]
    assert short_waits("', '.join('ab')\nevent.wait(PATIENCE_S)\nrun(['x'], timeout=2)\n") == [3]


def test_no_example_has_a_time_limit() -> None:
    assert settings.default is not None and settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check
    for path in SOURCES:
        for name, call in calls(path.read_text(encoding="utf-8")):
            given = {one.arg: ast.unparse(one.value) for one in call.keywords} if name == "settings" else {}
            assert given.get("deadline", "None") == "None", f"{path.name}:{call.lineno}"
            assert "too_slow" in given.get("suppress_health_check", "too_slow"), f"{path.name}:{call.lineno}"
