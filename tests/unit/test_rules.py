"""Rules that are data: policies, types made of others, custom fields, words of names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rcim.actor.group_counts import GroupCounts
from rcim.base.errors import RcimError
from rcim.rules import policies
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.custom_fields import GROUP_VALUE_BYTES_MAX, FieldRule, parse, readable, written
from rcim.rules.folding import words_of
from rcim.rules.group_types import GroupType
from rcim.rules.rights import RIGHTS, Operation, verdict
from rcim.rules.roles import Standing
from rcim.rules.type_table import TypeChange, TypeTable, rows_of

ROOT = Path(__file__).parents[2]


def test_every_column_is_a_policy_once() -> None:  # GT-20
    columns = [name for name in GroupType.__dataclass_fields__ if name not in ("name", "base")]
    assert [p.name for p in policies.POLICIES] == columns
    for row in BUILT_IN.values():
        assert policies.changed(row, row.name, policies.shown(row)) == row, "what is shown can be read again"


def test_every_operation_has_a_right() -> None:
    assert RIGHTS.keys() == set(Operation)
    for row in BUILT_IN.values():
        for operation in Operation:
            for who in Standing:
                if who is not Standing.NOBODY:
                    verdict(operation, who, row)


def test_no_rule_asks_for_a_type_by_name() -> None:
    names = "|".join(BUILT_IN)
    for path in (ROOT / "rcim").glob("**/*.py"):
        if path.name != "group_types.py":
            found = re.search(rf"(type|name)\s*(==|!=|in|is)\s*.?[\"'(]({names})\b", path.read_text(encoding="utf-8"))
            assert not found, f"{path}: {found}"


def test_types_are_made_of_types() -> None:  # GT-20
    changes = {"B": TypeChange("B", "A", {"invite": "nobody"}), "A": TypeChange("A", "Public", {"kick": "member"})}
    made = rows_of(changes, BUILT_IN)
    assert made["B"].kick is Standing.MEMBER and made["B"].invite is Standing.NOBODY and made["B"].base == "A"
    assert made["Public"] == BUILT_IN["Public"]
    with pytest.raises(ValueError, match="made from each other"):
        rows_of({"A": TypeChange("A", "B", {}), "B": TypeChange("B", "A", {})}, BUILT_IN)
    with pytest.raises(ValueError, match="there already"):
        rows_of({"Public": TypeChange("Public", "Private", {})}, BUILT_IN)


def test_a_change_that_would_break_another_type_is_refused() -> None:
    table = TypeTable().changed("A", TypeChange("A", "ChatRoom", {"roaming_days": "0", "importable": "false"}))
    table.check(TypeChange("A", "ChatRoom", {"importable": "false"}))
    with pytest.raises(RcimError, match="importable needs stored"):
        table.check(TypeChange("A", "ChatRoom", {"roaming_days": "0"}))
    with pytest.raises(RcimError, match="not known"):
        table.check(TypeChange("A", "ChatRoom", {"no_such_policy": "1"}))
    assert table.named("A").roaming_days == 0, "a refused change changes nothing"


def test_what_does_not_fit_any_more_is_said_and_left_out() -> None:
    kept = {"A": TypeChange("A", "Gone", {}), "B": TypeChange("B", "C", {}), "C": TypeChange("C", "Public", {})}
    table, wrong = TypeTable().changed_by_all(kept)
    assert [name for name, _ in wrong] == ["A"] and table.named("B").base == "C"


def test_groups_of_a_type_are_bounded() -> None:  # GT-13
    counts = GroupCounts()
    row = TypeTable().named("BChatRoom")
    for _ in range(3):
        counts.admit(row)
    counts.settled()
    counts.count(row.name, 3)
    for _ in range(2):
        counts.admit(row)
    with pytest.raises(RcimError) as error:
        counts.admit(row)
    assert error.value.code.name == "TOO_MANY_OF_TYPE"
    counts.settled()
    counts.admit(row)


@pytest.mark.parametrize(
    "text, said",
    [
        ("Level", "has to be"),
        ("Level anyone", "has to be"),
        ("Level anyone king", "has to be"),
        ("Level anyone member sometimes", "has to be"),
        ("L\u00e9vel anyone member", "a key is"),
        ("x234567890123456_ anyone member", "a key is"),
        ("A anyone member, A anyone member", "twice"),
        (", ".join(f"k{i} anyone member" for i in range(21)), "21 fields, at most 20"),
    ],
)
def test_field_rules_that_are_wrong(text: str, said: str) -> None:  # GR-06
    with pytest.raises(ValueError, match=said):
        parse(text, 20)


def test_reading_and_writing_fields() -> None:  # GR-06
    rules = parse("Level anyone app_admin, Note member admin self_write, Own admin admin self_read", 20)
    assert (
        rules[0] == FieldRule("Level", Standing.ANYONE, Standing.APP_ADMIN)
        and parse(", ".join(r.text() for r in rules), 20) == rules
    )
    values = {"Level": b"1", "Note": b"n", "Own": b"o"}

    def keys(who: Standing, own: bool = False) -> list[str]:
        return [key for key, _ in readable(rules, values, who, own)]

    assert keys(Standing.ANYONE) == ["Level"] and keys(Standing.MEMBER) == ["Level", "Note"]
    assert keys(Standing.MEMBER, own=True) == ["Level", "Note", "Own"] == keys(Standing.ADMIN)
    assert written(rules, values, [("Note", b"x")], Standing.MEMBER, 64, own=True)["Note"] == b"x"
    assert "Note" not in written(rules, values, [("Note", b"")], Standing.ADMIN, 64)
    for changes, who, code in (
        ([("Note", b"x")], Standing.MEMBER, "NOT_PERMITTED"),
        ([("Level", b"x")], Standing.OWNER, "NOT_PERMITTED"),
        ([("None", b"x")], Standing.APP_ADMIN, "BAD_PARAMETER"),
        ([("Level", b"x" * (GROUP_VALUE_BYTES_MAX + 1))], Standing.APP_ADMIN, "BAD_PARAMETER"),
    ):
        with pytest.raises(RcimError) as error:
            written(rules, values, changes, who, GROUP_VALUE_BYTES_MAX)
        assert error.value.code.name == code
    assert values == {"Level": b"1", "Note": b"n", "Own": b"o"}


def test_a_field_may_be_written_by_who_may_not_read_it() -> None:  # GR-06: the two levels are independent
    rules = parse("Report app_admin anyone, Vote owner member self_write", 20)
    assert [(rule.read, rule.write) for rule in rules] == [
        (Standing.APP_ADMIN, Standing.ANYONE),
        (Standing.OWNER, Standing.MEMBER),
    ]
    made = written(rules, {}, [("Report", b"spam")], Standing.ANYONE, 64)
    assert made == {"Report": b"spam"} and readable(rules, made, Standing.OWNER) == ()
    assert readable(rules, made, Standing.APP_ADMIN) == (("Report", b"spam"),)


def test_words_of_a_name() -> None:  # GR-09
    assert words_of("The Big-Lobby_2 of \uff21da") == ["the", "big", "lobby", "2", "of", "ada"]
    assert words_of("\u4e0b\u68cb club\u4e0b") == ["\u4e0b", "\u68cb", "club"]
    assert words_of("Stra\u00dfe !?") == ["strasse"] and words_of("") == []
