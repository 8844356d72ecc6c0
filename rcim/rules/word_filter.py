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
from collections.abc import Callable, Generator, Iterable, Sequence, Set
from copy import copy
from itertools import pairwise
from typing import NamedTuple
from unicodedata import normalize

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from rcim.rules.folding import INVISIBLE, JAMO, NEEDS_JOINING, Table, fold, is_mark, parts_of

MASK = "***"
WORD_BYTES_MAX = 64
NOTED_WORDS = 32
"""Words that are folded at a time: less than 2 ms."""
PART_WORDS = 3000
"""Words that are made ready for looking together while the server runs: 4 ms, in which nothing else runs."""
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


MARKS = "\n"
"""Between a folded word, which has no such character, and its marks."""


def _folded_of(word: str) -> str:
    return word.partition(MARKS)[0]


REFUSED = 1 << 32
"""Added to the number of uses of a word for each refused word, and 1 for each that is replaced."""


class _Part:
    """Words that are looked for together. It does not change. Making one takes about a microsecond for each word, and
    keeps all other threads from running."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.members = frozenset(words)
        self.find = AhoCorasick(
            [_folded_of(word) for word in words],
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
        ).find_matches_as_indexes


class WordFilter:
    """For one set of words. `check` costs about a microsecond for ten characters, however many words there are; after a
    change (`changed`) half a microsecond more for each PART_WORDS words that are new. It does not change."""

    def __init__(
        self, refused: Iterable[str], replaced: Iterable[str], fillers: str = FILLERS, *, spaces: bool = False
    ) -> None:
        """`spaces`: white space is passed over."""
        self.fillers, self.spaces = fillers, spaces
        self._table = self._new_table()
        self._refused: Set[str] = frozenset(refused)
        self._replaced: Set[str] = frozenset(replaced)
        self._uses: dict[str, int] = {}
        """How many of the refused and of the replaced words are looked for as this one (`_word`): see REFUSED. Strings
        and numbers alone: thousands of other objects would call the garbage collector, which keeps all threads from
        running for longer than anything here."""
        for words, more in ((self._refused, REFUSED), (self._replaced, 1)):
            for word in words:
                self._note(word, more)
        self._parts = [_Part(list(self._uses))] if self._uses else []

    def changed(
        self, refused: Set[str], replaced: Set[str], between: Callable[[], None] = lambda: None
    ) -> WordFilter:
        """The filter for these words, made in one call. `between` is called again and again, at the latest after what one
        part of PART_WORDS takes: in a thread beside others it is to let them run."""
        made = WordFilterChange(self, refused, replaced)
        for number, long in enumerate(made.steps(), 1):
            if long or number % NOTED_WORDS == 0:
                between()
        return made.found

    def _begun(self, refused: Set[str], replaced: Set[str]) -> WordFilter:
        """For these words, with none of what is different noted yet."""
        made = copy(self)
        made._table = self._table.copied()  # this one may be in use in another thread
        made._uses = dict(self._uses)
        made._refused, made._replaced = refused, replaced
        return made

    def _change(self, before: WordFilter) -> Generator[bool, None, None]:
        """Note what is different from `before`, in the steps of WordFilterChange."""
        fresh: list[str] = []
        lists = ((self._refused, before._refused, REFUSED), (self._replaced, before._replaced, 1))
        different = [pair for pair in lists if pair[0] is not pair[1]]
        for now, then, more in different:
            yield True
            for word in now - then:
                noted = self._note(word, more)
                if noted:
                    fresh.append(noted)
                yield False
        for now, then, more in different:
            yield True
            for word in then - now:
                self._note(word, -more)
                yield False
        yield from self._arrange([word for word in fresh if word in self._uses])

    def _new_table(self) -> Table:
        return Table(self.fillers + CONTROLS + (WHITE_SPACE if self.spaces else ""))

    def _note(self, text: str, more: int) -> str:
        """Count a word as used so many times more; returns it as it is looked for, if it was not looked for before."""
        word = self._word(text)
        if not word:
            return ""
        uses = self._uses.get(word, 0)
        if uses + more:
            self._uses[word] = uses + more
        else:
            del self._uses[word]
        return "" if uses else word

    def _arrange(self, fresh: Sequence[str]) -> Generator[bool, None, None]:
        """Put new words into parts, and words out of a part that has few left that count; in long steps."""
        loose = [word for word in fresh if not any(word in part.members for part in self._parts)]
        parts = []
        dissolved = False
        for part in self._parts:
            yield True
            left = len(self._uses.keys() & part.members)
            few = left <= min(len(part.words) // 2, PART_WORDS)
            if few and not dissolved and left:
                loose += [word for word in part.words if word in self._uses]
                dissolved = True
            elif left:
                parts.append(part)
        smallest = min(parts, key=lambda part: len(part.words), default=None)
        if loose and smallest is not None and len(smallest.words) + len(loose) <= PART_WORDS:
            parts.remove(smallest)
            loose += [word for word in smallest.words if word in self._uses]
        for at in range(0, len(loose), PART_WORDS):
            yield True
            parts.append(_Part(loose[at : at + PART_WORDS]))
        self._parts = parts

    @property
    def active(self) -> bool:
        """False if there are no words."""
        return bool(self._uses)

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

    def _word(self, text: str) -> str:
        """A word as it is looked for: folded, and if marks matter (rule 2) with those of each of its characters. Empty if
        nothing of it is looked at."""
        folded = self.folded(text)
        if not folded or not _may_have_marks(text):
            return folded
        return folded + "".join(MARKS + "".join(sorted(letter.marks)) for letter in self._letters(text))

    def check(self, texts: Sequence[str]) -> list[str] | str | None:
        """None: nothing is wrong. A string: the word for which they are refused. Else what they become."""
        if not self._parts:
            return None
        whole = texts[0] if len(texts) == 1 else "".join(texts)
        folded = self.folded(whole)
        found = [(part.words, hits) for part in self._parts if (hits := part.find(folded, overlapping=True))]
        return self._verdict(texts, whole, found) if found else None

    def _verdict(self, texts: Sequence[str], whole: str, found: Sequence[_Found]) -> list[str] | str | None:
        """As `check`, of what the parts have found."""
        matches = self._matches(whole, found)
        if not matches:
            return None
        for word, _, _ in matches:
            if self._uses[word] >= REFUSED:
                return _folded_of(word)
        return self._masked(texts, whole, self._spans(whole, matches))

    def _matches(self, whole: str, found: Sequence[_Found]) -> list[_Match]:
        """The words that count, and where they stand in the folded text; those that end first come first."""
        matches = [
            (words[number], start, end)
            for words, hits in found
            for number, start, end in hits
            if words[number] in self._uses
        ]
        if any(MARKS in word for word, _, _ in matches):
            letters = self._letters(whole)
            matches = [match for match in matches if self._has_its_marks(match, letters)]
        if len(found) > 1:
            matches.sort(key=lambda match: (match[2], match[1]))
        return matches

    def _spans(self, whole: str, matches: Sequence[_Match]) -> list[tuple[int, int]]:
        """Where the matches stand in the text itself."""
        if NEEDS_JOINING.search(whole.translate(self._table)) is not None:
            letters = self._letters(whole)
            return [(letters[start].start, letters[end - 1].end) for _, start, end in matches]
        reply_to: Sequence[int] = range(len(whole))  # of each folded character
        if not self._table.uneven.isdisjoint(whole):
            reply_to = [at for at, char in enumerate(whole) for _ in self._table[ord(char)]]
        return [(reply_to[start], _with_marks(whole, reply_to[end - 1] + 1)) for _, start, end in matches]

    def _has_its_marks(self, match: _Match, letters: list[_Letter]) -> bool:
        """Rule 2."""
        word, start, end = match
        return MARKS not in word or all(
            letter.marks.issuperset(marks) and letter.marks.difference(marks).isdisjoint(VOICED)
            for marks, letter in zip(word.split(MARKS)[1:], letters[start:end], strict=True)
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


class WordFilterChange:
    """The filter for other words than those of `before`, which it leaves as it is. What it takes depends on how much is
    different. Nobody else may use `found` before all steps are done."""

    def __init__(self, before: WordFilter, refused: Set[str], replaced: Set[str]) -> None:
        self._before = before
        self._words = refused, replaced
        self.found = before

    def steps(self) -> Generator[bool, None, None]:
        """Make it, a step between one value and the next. True: the next step is a long one, of up to 4 ms; others take
        at most 0.1 ms, as long as one word."""
        yield True
        self.found = self._before._begun(*self._words)
        yield from self.found._change(self._before)


def _may_have_marks(word: str) -> bool:
    """False if it has no marks, and no kana that could have one."""
    return MAY_HAVE_MARKS.search(word) is not None and any(
        is_mark(c) or "\u3041" <= c <= "\u30ff" for c in normalize("NFKD", word)
    )


_Found = tuple[Sequence[str], list[tuple[int, int, int]]]
"""The words of a part, and which of them stand from where to where in the folded text."""
_Match = tuple[str, int, int]
"""A word, and from where to where it stands in the folded text."""


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
