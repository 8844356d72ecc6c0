"""`rcim demo groups`: the group types side by side, as the requirements' section 3 has them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rcim.demo import groups as demo_groups
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.roles import Standing
from tests.e2e.test_commands import run

TYPES = ("Private", "Public", "ChatRoom", "AVChatRoom", "BChatRoom", "OAGroup")
NO, DONE = "NOT_PERMITTED", "done"
NOT_OWNERS = "OWNER_MAY_NOT_LEAVE"
TABLE = {
    ("GR-01", "a user makes a group of it"): (DONE, DONE, DONE, DONE, NO, DONE),
    ("GT-02", "a member edits the name"): (DONE, NO, NO, NO, NO, NO),
    ("GT-03", "a member lists members"): ("all", "all", "all", "part", NO, "all"),
    ("GT-04", "the owner dissolves"): (NO, DONE, DONE, DONE, NO, DONE),
    ("GT-04", "app administrator dissolves"): (DONE, DONE, DONE, DONE, DONE, DONE),
    ("GT-05", "a stranger applies"): (NO, "decided", "joined", "joined", "joined", "decided"),
    ("GT-07", "its maker names members"): (DONE, DONE, DONE, NO, NO, DONE),
    ("GT-07", "a member invites"): (DONE, NO, NO, NO, NO, NO),
    ("GT-07", "app administrator invites"): (DONE, DONE, DONE, NO, NO, DONE),
    ("GT-08", "the owner leaves"): (DONE, NOT_OWNERS, NOT_OWNERS, NOT_OWNERS, "no owner", NOT_OWNERS),
    ("GT-09", "the owner appoints an admin"): (NO, DONE, DONE, NO, NO, DONE),
    ("GT-10", "a member kicks"): (NO, NO, NO, NO, NO, DONE),
    ("GT-10", "an admin kicks"): (NO, DONE, DONE, NO, NO, DONE),
    ("GT-10", "the owner kicks"): (DONE, DONE, DONE, NO, NO, DONE),
    ("GT-10", "app administrator kicks"): (DONE, DONE, DONE, NO, NO, DONE),
    ("GT-13", "six groups of it"): (DONE, DONE, DONE, DONE, "TOO_MANY_OF_TYPE", DONE),
    ("GT-14", "history from before joining"): ("hidden", "hidden", "visible", "visible", "hidden", "hidden"),
    ("GT-15", "others hear that a member left"): ("strong", "strong", "none", "weak", "weak", "strong"),
    ("GT-16", "members see it before a message"): ("hidden", "seen", "seen", "seen", "seen", "seen"),
    ("GT-17", "an admin mutes; the muted sends"): (NO, DONE, DONE, DONE, NO, DONE),
    ("GT-19", "unread messages"): ("counted", "counted", "not counted", "not counted", "not counted", "counted"),
    ("GT-21", "a guest joins and hears"): (NO, NO, NO, DONE, DONE, NO),
    ("GT-23", "app administrator imports"): (DONE, DONE, DONE, NO, NO, DONE),
    ("MS-06", "app administrator sends"): (DONE, DONE, DONE, DONE, DONE, DONE),
    ("SC-01", "a member sends"): (DONE, DONE, DONE, DONE, NO, DONE),
}
"""Written here anew, from the requirements: the demo itself compares with the table that the server goes by."""


def found(table: Any) -> dict[tuple[str, str], tuple[str, ...]]:
    """What came of each trial, by type."""
    assert tuple(table["types"]) == TYPES
    return {
        (row["rule"], row["trial"]): tuple(row["results"][name]["found"] for name in TYPES) for row in table["rows"]
    }


async def test_the_types_are_as_required(tmp_path: Path) -> None:
    code, out, error = await run("rcim", "demo", "groups", "--json", cwd=tmp_path)
    assert code == 0, error
    table = json.loads(out)
    came = found(table)
    assert {trial: came[trial] for trial in TABLE} == TABLE
    assert table["different"] == 0 and table["tried"] == 6 * len(table["rows"]) - 1
    assert list(tmp_path.iterdir()) == []


async def test_for_people_it_says_it_in_lines(tmp_path: Path) -> None:
    code, out, error = await run("rcim", "demo", "groups", cwd=tmp_path)
    assert code == 0, error
    assert "GT-16 members see it before a message: Private – hidden till then; Public ✓ seen" in out
    assert "GT-10 a member kicks: OAGroup ✓ done" in out
    assert out.endswith("things tried, all of it as the type table says\n")


def test_what_differs_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The demo is told another table than the server goes by."""
    private = replace(BUILT_IN["Private"], kick=Standing.MEMBER, history_before_joining=True)
    monkeypatch.setattr(demo_groups, "BUILT_IN", {**BUILT_IN, "Private": private})
    assert not demo_groups.run(True)
    table = json.loads(capsys.readouterr().out)
    wrong = {
        row["trial"]: (name, result["found"], result["expected"])
        for row in table["rows"]
        for name, result in row["results"].items()
        if result["found"] != result["expected"]
    }
    assert wrong == {
        "history from before joining": ("Private", "hidden", "visible"),
        "a member kicks": ("Private", NO, DONE),
        "an admin kicks": ("Private", NO, DONE),
    }
    assert table["different"] == 3


async def test_the_demo_as_it_was_has_its_own_help_and_no_other_names(tmp_path: Path) -> None:
    code, out, _ = await run("rcim", "demo", "--help", cwd=tmp_path)
    assert code == 0 and "--members" in out and "groups" in out
    code, _, error = await run("rcim", "demo", "nothing", cwd=tmp_path)
    assert code == 2 and "nothing" in error
