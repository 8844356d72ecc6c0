"""One way to fold texts, for the word filter (SC-08), searching (RX-10, GR-09) and names (ID-01): over all of Unicode."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from rcim.base.errors import RcimError
from rcim.rules.fields import check_field
from rcim.rules.folding import REMEMBERED_MAX, Table, fold, shows_nothing, words_of
from rcim.rules.word_filter import WordFilter
from rcim.store import keys
from rcim.store.backend import LmdbBackend
from rcim.store.check import check
from rcim.store.name_index import MADE_WITH, NOTE
from rcim.store.searching import folded_otherwise
from tests.amount import codes
from tests.kit import FilledStore
from tests.unit.test_store import created

CHARS = [chr(code) for code in codes() if not 0xD800 <= code < 0xE000]

IOTA = "\u0345"
"""Under Greek letters: a mark, of which case folding makes a letter."""


def test_folding_what_is_folded_changes_nothing() -> None:
    assert [c for c in CHARS if fold(fold(c)) != fold(c)] == []


def test_forms_and_cases_of_a_character_are_one() -> None:
    for char in CHARS:
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            assert fold(unicodedata.normalize(form, char)) == fold(char), (form, f"U+{ord(char):04X}")
        if IOTA not in unicodedata.normalize("NFD", char):
            assert fold(char.casefold()) == fold(char), f"U+{ord(char):04X}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "CAFE\u0301"),
        ("ＡＢＣ１２３", "abc123"),
        ("İSTANBUL", "istanbul"),
        ("ısparta", "ISPARTA"),
        ("straße", "STRASSE"),
        ("ﾊﾞｶ", "バカ"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("①②", "12"),
        ("a\u200bb\u2060c", "abc"),
        ("❤\ufe0f", "❤"),
        ("two\u3000words", "two words"),
    ],
)
def test_what_looks_the_same_is_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_words_of_names() -> None:  # GR-09
    assert words_of("Café 你好 👍🏽❤\ufe0f") == ["cafe", "你", "好", "👍", "🏽", "❤"]
    assert words_of("🎉🎉") == ["🎉"] and words_of("C++ & co_op") == ["c", "co", "op"]


def test_what_a_table_remembers_is_bounded() -> None:
    table = Table()
    for char in CHARS[: REMEMBERED_MAX * 2 + 5]:
        fold(char, table)
    assert len(table) <= REMEMBERED_MAX


# ------------------------------------------------------------------------------------------------- the filter


def test_the_filter_passes_over_all_that_may_stand_between_letters() -> None:  # SC-08
    words = WordFilter(["evil"], [])
    ignorable = [0x115F, 0x1160, 0x2065, 0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)]
    between = [c for c in CHARS if unicodedata.category(c) in ("Cf", "Mn", "Me")] + [chr(code) for code in ignorable]
    assert len(between) > 1900
    assert [f"U+{ord(c):04X}" for c in between if words.check([f"an e{c}v{c}il one"]) is None] == []


def test_white_space_is_passed_over_if_it_is_wanted() -> None:  # SC-08
    for char in (c for c in CHARS if c.isspace()):
        assert WordFilter(["evil"], [], spaces=True).check([f"e{char}vil"]) == "evil"
        assert WordFilter(["evil"], []).check([f"e{char}vil"]) is None
    assert WordFilter(["so bad"], [], spaces=True).check(["sobad"]) is not None


@pytest.mark.parametrize(
    ("word", "text", "there"),
    [
        ("cafe", "café", True),
        ("café", "cafe", False),
        ("café", "CAFE\u0301", True),
        ("カス", "ガス", False),
        ("バカ", "ハカ", False),
        ("バカ", "ﾊﾞ-ｶ", True),
        ("कुत्ता", "कतता", False),
        ("कुत्ता", "कुत्ता", True),
        ("가", "각", False),
        ("가", "\u1100\u1161", True),
        ("evil", "e\x01vil", True),
        ("İstanbul", "istanbul", True),
    ],
)
def test_marks_of_the_word_count(word: str, text: str, there: bool) -> None:  # SC-08
    assert (WordFilter([word], []).check([text]) is not None) == there


def test_what_is_replaced_goes_with_its_marks() -> None:  # SC-05
    words = WordFilter([], ["evil"])
    assert words.check(["so e\u0301vil\u0301 and \u1100\u1161"]) == ["so *** and \u1100\u1161"]
    assert words.check(["e\u200b", "vil!"]) == ["***", "!"]


# ---------------------------------------------------------------------------------------------------- search


def test_a_message_is_passed_over_only_if_folding_makes_no_other_letters_of_it() -> None:  # RX-10
    """Whatever letters a word may have that the folded text holds: the bytes hold them, or the text is looked at."""
    for char in CHARS:
        data = char.encode()
        if not folded_otherwise(data):
            letters = [c for c in fold(char) if c.isalnum()]
            assert all(c.encode() in data.lower() for c in letters), f"U+{ord(char):04X}"
            assert fold(char) or not char.isalnum(), f"U+{ord(char):04X}"
            assert fold(f"a{char}b") != "ab", f"U+{ord(char):04X}: it would join what stands around it"


# ----------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("field", ["name", "name_card", "nickname"])
def test_names_show_something(field: str) -> None:  # ID-01
    for name in (" ", "\u3000", "\u200b\u200d", "\u3164", "\u2800", "\u0301", "\ufe0f", "\U000e0041"):
        with pytest.raises(RcimError, match="nothing of it"):
            check_field(field, name)
        assert shows_nothing(name)
    for name in ("", ".", "👍", "é", "用户", "🇩🇪"):
        assert check_field(field, name) == name


@pytest.mark.parametrize("field", ["name", "name_card", "nickname"])
def test_names_do_not_look_like_the_server(field: str) -> None:  # ID-01
    for name in (
        "@SYSTEM",
        "@system",
        "＠ＳＹＳＴＥＭ",
        "@ SYSTEM",
        "@SYS\u200bTEM",
        " @System: news",
        "@ЅУЅТЕМ",
        "@Guest#7",
    ):
        with pytest.raises(RcimError, match="server's own"):
            check_field(field, name)
    for name in ("System", "@syst", "mail@system.example", "guest"):
        assert check_field(field, name) == name


# ----------------------------------------------------------------------------------------------------- index


def test_an_index_of_other_rules_is_made_anew(tmp_path: Path) -> None:  # GR-09
    backend = LmdbBackend(tmp_path / "store")
    FilledStore(backend).append(created("g:one"), created("g:two"))
    with backend.write() as view:
        wanted = [row for row, _ in view.scan("words", b"", keys.LAST)]
        for row in wanted:
            view.delete("words", row)
        view.put("words", keys.pair("stale", "g:one"), b"")
        view.delete("meta", NOTE)
    assert check(backend).faults == [], "nothing is wrong with a store of before"
    FilledStore(backend)
    with backend.read() as view:
        assert [row for row, _ in view.scan("words", b"", keys.LAST)] == wanted and len(wanted) == 2
        assert view.get("meta", NOTE) == MADE_WITH
    backend.close()
