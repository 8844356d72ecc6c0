"""The word filter (SC-05, SC-08): which texts are refused, and in which words are replaced. Pure.

1. A text is looked at folded (folding.py): without its case, its width (full or half), its marks and what shows nothing;
   besides without control characters, without the filler characters that the app has chosen, and, if it wants that,
   without white space. Words are taken the same way, and literally.
2. Marks that a word has itself count: `café` is found in `café` and not in `cafe`, and `cafe` in both. A sound mark of
   kana makes another letter: `カス` is not found in `ガス`.
3. Texts that follow each other are one: a word may go over their ends.
4. A word that is refused refuses all. Otherwise each run of characters that belong to words that are replaced becomes
   `***`, in the text in which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple
from unicodedata import normalize

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from rcim.rules.folding import INVISIBLE, JAMO, NEEDS_JOINING, Table, fold, is_mark, parts_of

MASK = "***"
WORD_BYTES_MAX = 64
FILLERS = "*-_.·•~|"
"""What is passed over unless the app says otherwise. No space: two words are not one."""
SAMPLE = ("fuck", "shit", "asshole", "傻逼", "操你妈")
"""A small list, off unless the app wants it: what is forbidden is the app's business."""


CONTROLS = "".join(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if not chr(code).isspace())
"""They show nothing, and may stand in a text."""
WHITE_SPACE = " "
"""What all of it becomes."""
MAY_HAVE_MARKS = re.compile("[^\x00-\x7f\u4e00-\u9fff\uac00-\ud7a3]")
VOICED = frozenset("\u3099\u309a")
"""Sound marks of kana."""


class _Letter(NamedTuple):
    """A character of a text as it is looked at: from where to where it stands in the text, and the marks on it."""

    start: int
    end: int
    marks: frozenset[str]


class WordFilter:
    """For one set of words. `check` costs about a microsecond for ten characters, however many words there are."""

    def __init__(
        self, refused: Iterable[str], replaced: Iterable[str], fillers: str = FILLERS, *, spaces: bool = False
    ) -> None:
        """`spaces`: white space is passed over."""
        self._table = Table(fillers + CONTROLS + (WHITE_SPACE if spaces else ""))
        words = {(self.folded(word), self._marks(word)): False for word in replaced}
        words |= {(self.folded(word), self._marks(word)): True for word in refused}
        words = {word: refuses for word, refuses in words.items() if word[0]}
        self._refuses = list(words.values())
        self._words = [word for word, _ in words]
        self._marked = [marks for _, marks in words]
        self._found = (
            AhoCorasick(self._words, matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA)
            if words
            else None
        )

    @property
    def active(self) -> bool:
        """False if there are no words."""
        return self._found is not None

    def folded(self, text: str) -> str:
        """The text as it is looked at."""
        return fold(text, self._table)

    def _letters(self, text: str) -> list[_Letter]:
        """One for each character of `folded(text)`."""
        found: list[_Letter] = []
        chars: list[str] = []
        for at, char in enumerate(text):
            for part in parts_of(char):
                if is_mark(part):
                    if found and INVISIBLE.match(part) is None:
                        found[-1] = found[-1]._replace(end=at + 1, marks=found[-1].marks | {part})
                elif part in self._table[ord(part)]:
                    found.append(_Letter(at, at + 1, frozenset()))
                    chars.append(part)
        folded = "".join(chars)
        if NEEDS_JOINING.search(folded) is None:
            return found
        joined: list[_Letter] = []
        at = 0
        for match in JAMO.finditer(folded):
            first, end = match.span()
            size = len(normalize("NFC", match[0]))
            joined += found[at:first]
            joined += [found[first]._replace(end=found[end - 1].end)] * size
            at = end
        return joined + found[at:]

    def _marks(self, word: str) -> tuple[frozenset[str], ...] | None:
        """The marks of each of its characters; None if it has none, and no kana that could have one."""
        if MAY_HAVE_MARKS.search(word) is None or not any(
            is_mark(c) or "\u3041" <= c <= "\u30ff" for c in normalize("NFKD", word)
        ):
            return None
        return tuple(letter.marks for letter in self._letters(word))

    def check(self, texts: Sequence[str]) -> list[str] | str | None:
        """None: nothing is wrong. A string: the word for which they are refused. Else what they become."""
        if self._found is None:
            return None
        whole = texts[0] if len(texts) == 1 else "".join(texts)
        matches = self._found.find_matches_as_indexes(self.folded(whole), overlapping=True)
        if matches and any(self._marked[number] is not None for number, _, _ in matches):
            letters = self._letters(whole)
            matches = [match for match in matches if self._has_its_marks(match, letters)]
        if not matches:
            return None
        for number, _, _ in matches:
            if self._refuses[number]:
                return self._words[number]
        return self._masked(texts, whole, self._spans(whole, matches))

    def _spans(self, whole: str, matches: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
        """Where the matches stand in the text itself."""
        if NEEDS_JOINING.search(whole.translate(self._table)) is not None:
            letters = self._letters(whole)
            return [(letters[start].start, letters[end - 1].end) for _, start, end in matches]
        reply_to: Sequence[int] = range(len(whole))  # of each folded character
        if not self._table.uneven.isdisjoint(whole):
            reply_to = [at for at, char in enumerate(whole) for _ in self._table[ord(char)]]
        return [(reply_to[start], _with_marks(whole, reply_to[end - 1] + 1)) for _, start, end in matches]

    def _has_its_marks(self, match: tuple[int, int, int], letters: list[_Letter]) -> bool:
        """Rule 2."""
        number, start, end = match
        wanted = self._marked[number]
        return wanted is None or all(
            marks <= letter.marks and (letter.marks - marks).isdisjoint(VOICED)
            for marks, letter in zip(wanted, letters[start:end], strict=True)
        )

    def _masked(self, texts: Sequence[str], whole: str, spans: list[tuple[int, int]]) -> list[str]:
        runs: list[list[int]] = []
        for first, last in sorted(spans):
            if runs and first <= runs[-1][1]:
                runs[-1][1] = max(runs[-1][1], last)
            else:
                runs.append([first, last])
        ends = [0]
        for text in texts:
            ends.append(ends[-1] + len(text))
        return [_cut(whole, start, end, runs) for start, end in pairwise(ends)]


def _with_marks(text: str, end: int) -> int:
    """The end of what ends at `end`, with the marks that follow."""
    while end < len(text) and is_mark(text[end]):
        end += 1
    return end


def _cut(whole: str, start: int, end: int, runs: list[list[int]]) -> str:
    """What is left of `whole` from `start` to `end`, with a mask where a run begins."""
    parts: list[str] = []
    at = start
    for first, last in runs:
        if last <= at or first >= end:
            continue
        parts.append(whole[at : max(at, first)])
        if first >= start:
            parts.append(MASK)
        at = min(last, end)
    parts.append(whole[at:end])
    return "".join(parts)
