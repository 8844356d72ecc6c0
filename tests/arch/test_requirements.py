"""Every requirement that is built is cited by the code and by a test (docs/reference/requirements.md)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from rcim_tools.requirements import CODE, PAGE, TESTS, Rule, citations, cited, rules

ROOT = Path(__file__).parents[2]
FOUND = rules((ROOT / PAGE).read_text(encoding="utf-8"))
IN_CODE, IN_TESTS = citations(ROOT, CODE), citations(ROOT, TESTS)


def test_the_page_names_each_id_once() -> None:
    ids = [rule.id for rule in FOUND]
    assert len(ids) == len(set(ids)) > 150


@pytest.mark.parametrize("rule", [rule for rule in FOUND if not rule.planned], ids=lambda rule: rule.id)
def test_what_is_built_is_cited_by_code_and_tests(rule: Rule) -> None:
    assert IN_CODE.get(rule.id), f"{rule.id} is not marked as planned, and no code cites it"
    assert IN_TESTS.get(rule.id), f"{rule.id} is not marked as planned, and no test cites it"


def test_what_is_cited_by_both_is_not_marked_as_planned() -> None:
    planned = {rule.id for rule in FOUND if rule.planned}
    assert not planned & IN_CODE.keys() & IN_TESTS.keys()


def test_nothing_cites_an_id_that_there_is_not() -> None:
    known = {rule.id for rule in FOUND}
    unknown = {id_: files for found in (IN_CODE, IN_TESTS) for id_, files in found.items() if id_ not in known}
    assert not unknown, "an ID is written wrongly, or its rule is missing on the page"


def test_what_a_text_cites() -> None:
    assert cited("SC-02 to SC-04, MS-10; UTF-8") == {"SC-02", "SC-03", "SC-04", "MS-10"}
    page = "- **WI-01** One.\n  More. [planned]\n- **WI-02** Two.\n\nText [planned]\n| **WI-03** | x [planned] |\n"
    assert [(rule.id, rule.planned) for rule in rules(page)] == [("WI-01", True), ("WI-02", False), ("WI-03", True)]


@pytest.mark.parametrize("path", sorted(ROOT.glob("rcim/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_docstring_is_an_id_alone(path: Path) -> None:
    texts = [
        node.value.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    assert [text for text in texts if not re.sub(r"[A-Z][A-Z0-9]-\d\d|\bto\b|\band\b|[,;.\s]", "", text)] == []
