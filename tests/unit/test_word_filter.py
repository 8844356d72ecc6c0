"""The word filter (SC-05), beside one that looks at every place of every text for every word."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence

import pytest
from rcim_bench import filter as bench

from rcim.base.errors import RcimError
from rcim.content.elements import Custom, Merged, MergedMessage, Text, decode_body, encode_body
from rcim.rules import word_filter
from rcim.rules.word_filter import MASK, PART_WORDS, WordFilter
from rcim.service.screening import screening
from tests.amount import some


def plain(text: str, fillers: str) -> list[tuple[int, str]]:
    """The characters that count, with where they stand."""
    found = [(at, c) for at, char in enumerate(text) for c in unicodedata.normalize("NFKD", char).casefold()]
    return [(at, c) for at, c in found if c not in fillers]


def naive(text: str, words: list[str], fillers: str) -> str:
    """The text with words replaced, by looking everywhere."""
    chars = plain(text, fillers)
    hit: set[int] = set()
    for word in words:
        letters = [c for _, c in plain(word, fillers)]
        for start in range(len(chars) - len(letters) + 1):
            if letters and [c for _, c in chars[start : start + len(letters)]] == letters:
                hit.update(range(chars[start][0], chars[start + len(letters) - 1][0] + 1))
    out, at = "", 0
    while at < len(text):
        if at in hit:
            out += MASK
            while at in hit:
                at += 1
        else:
            out += text[at]
            at += 1
    return out


@pytest.mark.parametrize("seed", range(some(75, of=300)))
def test_it_finds_what_looking_everywhere_finds(seed: int) -> None:
    rng = random.Random(seed)
    letters = "aAbBß ﬁＡ*-你好.("
    words = ["".join(rng.choice(letters) for _ in range(rng.randint(1, 4))) for _ in range(rng.randint(1, 5))]
    text = "".join(rng.choice(letters) for _ in range(rng.randint(0, 30)))
    found = WordFilter((), words, "*-").check([text])
    wanted = naive(text, words, "*-")
    assert (text if found is None else found[0]) == wanted, (words, text)


def test_words_are_literal_and_refusing_goes_first() -> None:
    found = WordFilter(["a.c", "(x"], ["abc", "bad"])
    assert found.check(["abc"]) == [MASK]
    assert found.check(["a.c"]) == "ac", "the dot is a filler"
    assert found.check(["bad (x"]) == "(x"
    assert found.check([]) is None and found.check([""]) is None and found.check(["fine"]) is None
    assert WordFilter(["*"], ["--"]).check(["***"]) is None, "a word of fillers is none"


def test_a_word_may_go_over_the_ends_of_texts() -> None:
    found = WordFilter(["evil"], ["bad"])
    assert found.check(["e", "vi", "l"]) == "evil"
    assert found.check(["so b", "a", "d it is"]) == ["so ***", "", " it is"]


def test_only_texts_of_a_body_are_looked_at() -> None:  # SC-06
    words = WordFilter(["evil"], ["bad"])
    screen = screening(lambda: words)
    body = encode_body([Text("a bad day"), Custom(b"evil", "evil", "bad"), Text("fine")])
    assert decode_body(screen(body)) == [Text("a *** day"), Custom(b"evil", "evil", "bad"), Text("fine")]
    untouched = encode_body([Text("fine"), Custom(b"bad", "", "")])
    assert screen(untouched) is untouched
    with pytest.raises(RcimError) as error:
        screen(encode_body([Custom(b"", "", ""), Text("EVIL")]))
    assert error.value.code.name == "DIRTY_WORD" and "evil" not in error.value.detail.lower()


def test_the_bench_small() -> None:
    report = bench.run(50, 40, 0.01, 1)
    assert [row["found"] for row in report["rows"]][-1] and len(report["rows"]) == 4


@pytest.mark.parametrize(
    ("word", "text"),
    [("evil", "e＊v＊i＊l"), ("evil", "e－v－i－l"), ("evil", "e．v｜i～l"), ("バカ", "ﾊﾞｶ"), ("café", "cafe\u0301")],
)
def test_width_and_marks_do_not_count(word: str, text: str) -> None:
    assert WordFilter([word], []).check([text]) is not None


def test_forwarded_texts_are_looked_at_too() -> None:
    words = WordFilter(["evil"], ["bad"])
    screen = screening(lambda: words)
    forwarded = [MergedMessage("bob", "", 1, encode_body([Text("so bad")]))]
    (merged,) = decode_body(screen(encode_body([Merged("t", [], "", forwarded)])))
    assert isinstance(merged, Merged) and decode_body(merged.messages[0].body) == [Text("so ***")]
    with pytest.raises(RcimError):
        screen(encode_body([Merged("t", [], "", [MergedMessage("bob", "", 1, encode_body([Text("evil")]))])]))


def test_what_gets_too_long_by_it_is_refused() -> None:
    words = WordFilter([], ["a"])
    screen = screening(lambda: words, lambda: 1000)
    with pytest.raises(RcimError) as error:
        screen(encode_body([Text("a " * 300)]))
    assert error.value.code.name == "BODY_TOO_LARGE"


def test_what_it_remembers_is_bounded() -> None:
    found = WordFilter([], ["x"])
    for start in range(0x100, 0x20000, 500):
        found.check(["".join(chr(c) for c in range(start, start + 500) if not 0xD800 <= c < 0xE000)])
    assert len(found._table) <= 30_000


@pytest.mark.parametrize("seed", range(some(20, of=80)))
def test_changed_step_by_step_it_finds_what_a_new_one_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_filter, "PART_WORDS", 4)
    rng = random.Random(seed)
    letters = "aAbé*カガ"
    every = ["".join(rng.choice(letters) for _ in range(rng.randint(1, 3))) for _ in range(40)]
    refused: frozenset[str] = frozenset()
    replaced = frozenset(rng.sample(every, rng.randint(0, 20)))
    found = WordFilter(refused, replaced)
    for _ in range(15):
        refused ^= frozenset(rng.sample(every, rng.choice((0, 1, 3))))
        replaced ^= frozenset(rng.sample(every, rng.choice((0, 1, 3, 20))))
        before, found = found, found.changed(refused, replaced)
        wanted = WordFilter(refused, replaced)
        assert found.active == wanted.active
        for _ in range(20):
            texts = ["".join(rng.choice(letters) for _ in range(rng.randint(0, 8))) for _ in range(rng.randint(1, 3))]
            said, due = found.check(texts), wanted.check(texts)
            assert type(said) is type(due)
            assert isinstance(said, str) or said == due, "which of several refused words is named may differ"
        assert before is not found


def test_a_change_makes_only_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps all other threads from running is making a part: only what is new, and no more than PART_WORDS."""
    made: list[int] = []

    class Part(word_filter._Part):
        def __init__(self, words: Sequence[str]) -> None:
            made.append(len(words))
            super().__init__(words)

    monkeypatch.setattr(word_filter, "_Part", Part)
    first = frozenset(f"word {number}" for number in range(3 * PART_WORDS))
    found = WordFilter(first, ())
    made.clear()
    found = found.changed(first | {"another"}, frozenset())
    assert made == [1]
    found = found.changed(frozenset(f"second {number}" for number in range(2 * PART_WORDS + 1)), frozenset())
    assert max(made) <= PART_WORDS
    assert found.check(["word 1"]) is None
    assert found.check(["second 1"]) is not None
    made.clear()
    assert not found.changed(frozenset(), frozenset()).active
    assert not made
    many = frozenset(f"third {number}" for number in range(300))
    one_by_one = WordFilter((), ())
    for number in range(300):
        one_by_one = one_by_one.changed(frozenset(sorted(many)[: number + 1]), frozenset())
    assert len(one_by_one._parts) == 1
    for number in range(299):
        one_by_one = one_by_one.changed(frozenset(sorted(many)[number + 1 :]), frozenset())
    assert sum(len(part.words) for part in one_by_one._parts) <= 4, "words that are gone are not kept for ever"
