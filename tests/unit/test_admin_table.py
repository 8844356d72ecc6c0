"""Tables of `rcim-admin`: nothing is left out, and no line is wider than the terminal."""

from __future__ import annotations

from itertools import pairwise

import pytest
from rcim_tools.admin.table import PADDING, columns_of, encodable, folded, lines_of, widths_of

HEAD = ["User ID", "Name card"]
ROWS = [["bob", "Bob\nthe second"], ["alice", "漢字漢字漢字"], ["e\u0301", ""]]


def test_a_table() -> None:
    assert list(lines_of(HEAD, ROWS)) == [
        "┏━━━━━━━━━┳━━━━━━━━━━━━━━┓",
        "┃ User ID ┃ Name card    ┃",
        "┡━━━━━━━━━╇━━━━━━━━━━━━━━┩",
        "│ bob     │ Bob          │",
        "│         │ the second   │",
        "│ alice   │ 漢字漢字漢字 │",
        "│ e\u0301       │              │",
        "└─────────┴──────────────┘",
    ]


@pytest.mark.parametrize("most", range(17, 40))
def test_it_is_no_wider_than_the_terminal(most: int) -> None:
    lines = list(lines_of(HEAD, ROWS, most))
    assert {columns_of(line) for line in lines} == {min(most, 26)} or max(map(columns_of, lines)) <= most
    for one, other in pairwise(map(columns_of, lines)):
        assert one == other
    said = "".join(line.strip("│ ").replace(" ", "").replace("│", "") for line in lines[3:])
    for text in ("bob", "alice", "Bob", "second", "漢"):
        assert text[0] in said
    assert said.count("漢") == said.count("字") == 3


def test_folding_leaves_nothing_out() -> None:
    assert folded("abcdefgh", 3) == ["abc", "def", "gh"]
    assert folded("漢字ab", 3) == ["漢", "字a", "b"]
    assert folded("a\n\nb", 3) == ["a", "", "b"]
    assert folded("", 3) == [""]
    assert folded("Bytes waiting now", 8) == ["Bytes ", "waiting ", "now"]
    assert folded("Bytes waiting", 5) == ["Bytes", " ", "waiti", "ng"]


def test_the_widest_columns_are_made_narrower() -> None:
    rows = [["a" * 5, "b" * 50, "c" * 40]]
    assert widths_of(rows, None) == [5, 50, 40]
    found = widths_of(rows, 60)
    assert sum(found) + PADDING * 3 + 1 == 60 and found[0] == 5 and abs(found[1] - found[2]) <= 1
    assert widths_of(rows, 5) == [4, 4, 4], "not narrower"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "│ 漢é │"), ("gbk", "│ 漢é │"), ("latin-1", "| \\u6f22é |"), ("ascii", "| \\u6f22\\xe9 |")],
)
def test_every_encoding_can_have_it(encoding: str, shown: str) -> None:
    assert encodable("│ 漢é │", encoding) == shown
