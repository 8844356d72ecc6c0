"""`rcim demo kinds`: the kinds of conversations side by side, as the requirements have them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rcim.demo import kinds as demo_kinds
from rcim.demo.show import line
from rcim.rules.built_in_types import BUILT_IN
from tests.e2e.test_commands import run

KINDS = (
    "group",
    "one-to-one",
    "chat room",
    "live room",
    "ultra group",
    "channel",
    "system",
    "temporary",
    "broadcasts",
)
NO, DONE, BAD, GONE = "NOT_PERMITTED", "done", "BAD_PARAMETER", "NO_SUCH_GROUP"
APP = "the app alone"
PAIR, ALL = "by owner, member", "by owner, member, stranger"
TABLE: dict[tuple[str, str], tuple[str, ...]] = {
    ("GR-01", "a user makes it"): (DONE, "there", DONE, DONE, DONE, DONE, NO, DONE, "there"),
    ("GT-25", "its id is chosen"): (DONE, "", DONE, DONE, DONE, "BAD_GROUP_ID", DONE, "BAD_GROUP_ID", ""),
    ("GT-25", "its id begins with"): ("g:", "c:", "g:", "g:", "g:@TGS#_", "g:@TGS#_", "g:@SYS#", "g:_tmp:", "b:"),
    ("MS-06", "the app sends"): (DONE,) * 9,
    ("SC-01", "a member sends"): (DONE, DONE, DONE, DONE, DONE, DONE, APP, DONE, NO),
    ("GT-26", "a stranger sends"): (NO, NO, NO, NO, NO, NO, APP, NO, NO),
    ("RX-06", "a stranger reads history"): (NO, NO, NO, NO, NO, NO, NO, NO, "visible"),
    ("GR-13", "a stranger queries for them"): (
        *("not found", "", "not found", "not found", "not found", "not found", "found", "not found", ""),
    ),
    ("GT-05", "a stranger joins"): ("decided", "", "joined", "joined", "decided", NO, "joined", NO, ""),
    ("GT-14", "and reads what was before"): ("hidden", "", "visible", "visible", "hidden", "", "visible", "", ""),
    ("RX-05", "what the app sends is heard"): (ALL, PAIR, ALL, ALL, ALL, PAIR, "by member, stranger", PAIR, ALL),
    ("GT-19", "unread for who was away"): (
        *("counted", "counted", "not listed", "not listed", "counted", "counted", "counted", "counted", "counted"),
    ),
    ("GT-22", "its messages are kept"): (
        *("on disk", "on disk", "in memory", "in memory", "on disk", "on disk", "on disk", "on disk", "on disk"),
    ),
    ("GT-03", "a member lists members"): ("all", "", "part", "part", "all", "all", NO, "all", ""),
    ("CR-03", "a member sets a room's attribute"): (NO, "", DONE, DONE, NO, NO, NO, NO, ""),
    ("CR-01", "away for 30 messages, one is"): (
        *("a member", "", "has left", "has left", "a member", "a member", "a member", "a member", ""),
    ),
    ("CR-03", "and the attribute that one set is"): ("", "", "gone", "gone", "", "", "", "", ""),
    ("CR-02", "a member joins a second one"): ("", "", "in both", "leaves the first", "", "", "in both", "", ""),
    ("GT-12", "it is made with 11 members"): (DONE, "", NO, NO, DONE, "", NO, "GROUP_FULL", ""),
    ("C2-02", "made twice for the same members"): ("the same", "", NO, NO, BAD, "", BAD, BAD, ""),
    ("GR-05", "a member leaves"): (DONE, "", DONE, DONE, DONE, NO, DONE, DONE, ""),
    ("UG-02", "channel 51"): ("", "", "", "", "TOO_MANY_CHANNELS", "", "", "", ""),
    ("UG-05", "a private channel from outside"): ("", "", "", "", "", GONE, "", "", ""),
    ("CR-04", "kept alive, its owner ends it"): ("", "", "ROOM_KEPT_ALIVE", "ROOM_KEPT_ALIVE", "", "", "", "", ""),
    ("SY-01", "one for a user is heard"): ("", "", "", "", "", "", "by stranger", "", ""),
    ("SY-06", "its account logs in"): ("", "", "", "", "", "", "SYSTEM_SENDER", "", ""),
    ("SY-06", "an expired one is"): (*[""] * 8, "in history alone"),
    ("SY-04", "one for a tag is heard"): (*[""] * 8, "by member"),
    ("SY-03", "a new user finds"): (*[""] * 8, "the newest alone"),
    ("SY-03", "number 31 in a day"): (*[""] * 8, "BROADCAST_LIMIT"),
    ("GR-01", "its end is told as"): (
        *("dissolved", "", "dissolved", "dissolved", "dissolved", "dissolved", "dissolved", "ended", ""),
    ),
    ("SY-02", "history after its end"): (GONE, "", GONE, GONE, GONE, GONE, GONE, "TEMPORARY_ENDED", ""),
}
"""Written here anew, from the requirements: the demo itself compares with the tables that the server goes by."""


def found(table: Any) -> dict[tuple[str, str], tuple[str, ...]]:
    """What came of each trial, by kind; empty: it was not tried."""
    assert tuple(table["kinds"]) == KINDS
    return {
        (row["rule"], row["trial"]): tuple(row["results"].get(name, {"found": ""})["found"] for name in KINDS)
        for row in table["rows"]
    }


async def test_the_kinds_are_as_required(tmp_path: Path) -> None:
    code, out, error = await run("rcim", "demo", "kinds", "--json", cwd=tmp_path)
    assert code == 0, error or out
    table = json.loads(out)
    came = found(table)
    assert {trial: came[trial] for trial in TABLE} == TABLE
    assert table["different"] == 0 and table["tried"] == sum(bool(cell) for row in came.values() for cell in row)
    assert list(tmp_path.iterdir()) == []


async def test_for_people_it_says_it_in_lines(tmp_path: Path) -> None:
    code, out, error = await run("rcim", "demo", "kinds", cwd=tmp_path)
    assert code == 0, error
    assert "UG-02 channel 51: ultra group ✗ TOO_MANY_CHANNELS\n" in out
    assert "GT-14 and reads what was before: group – hidden; chat room ✓ visible" in out
    assert out.endswith("things tried, all of it as the tables and rules say\n")


def test_a_narrow_terminal_breaks_between_kinds() -> None:
    cells = ["chat room ✓ in both", "live room ✓ leaves the first", "system ✓ in both"]
    assert line("CR-02 a second:", cells, 50).split("\n") == [
        "CR-02 a second: chat room ✓ in both;",
        "    live room ✓ leaves the first; system ✓ in both",
    ]
    assert line("CR-02 a second:", cells, 0).count("\n") == 0


def test_what_differs_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The demo is told another table than the server goes by."""
    other = {
        "Temporary": replace(BUILT_IN["Temporary"], member_cap=20),
        "System": replace(BUILT_IN["System"], history_before_joining=False),
    }
    monkeypatch.setattr(demo_kinds, "BUILT_IN", {**BUILT_IN, **other})
    assert not demo_kinds.run(True)
    table = json.loads(capsys.readouterr().out)
    wrong = {
        row["trial"]: (name, result["found"], result["expected"])
        for row in table["rows"]
        for name, result in row["results"].items()
        if result["found"] != result["expected"]
    }
    assert wrong == {
        "it is made with 11 members": ("temporary", "GROUP_FULL", DONE),
        "and reads what was before": ("system", "visible", "hidden"),
    }
    assert table["different"] == 2
