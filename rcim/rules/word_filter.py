"""The word filter (SC-05): which texts are refused, and in which words are replaced. Pure.

1. A text is looked at without its case, its width (full or half) and the filler characters that the app has chosen; each
   character by itself, as NFKD and case folding have it: so it does not matter whether an accent or a sound mark is a
   character of its own. Words are taken the same way, and literally.
2. Texts that follow each other are one: a word may go over their ends.
3. A word that is refused refuses all. Otherwise each run of characters that belong to words that are replaced becomes
   `***`, in the text in which it begins.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

MASK = "***"
WORD_BYTES_MAX = 64
FILLERS = "*-_.·•~|"
"""What is passed over unless the app says otherwise. No space: two words are not one."""
SAMPLE = ("fuck", "shit", "asshole", "傻逼", "操你妈")
"""A small list, off unless the app wants it: what is forbidden is the app's business."""


FOLDED_MAX = 30_000
"""Characters remembered: 3 MB; more than any language's texts have."""


def _plain(char: str) -> str:
    """A character without its case and its width, taken apart into letters and marks."""
    return unicodedata.normalize("NFKD", char).casefold()


class _Folded(dict[int, str]):
    """From a character to how it is looked at; filled as characters come."""

    def __init__(self, fillers: str) -> None:
        super().__init__()
        self._fillers = {part for filler in fillers for part in _plain(filler)}
        self.uneven: set[str] = set()
        """Characters that become none, or more than one."""

    def __missing__(self, code: int) -> str:
        folded = "".join(part for part in _plain(chr(code)) if part not in self._fillers)
        if len(folded) != 1:
            self.uneven.add(chr(code))
        if len(self) < FOLDED_MAX:
            self[code] = folded
        return folded


class WordFilter:
    """For one set of words. `check` costs about a microsecond for ten characters, however many words there are."""

    def __init__(self, refused: Iterable[str], replaced: Iterable[str], fillers: str = FILLERS) -> None:
        self._folded = _Folded(fillers)
        words = {self.folded(word): False for word in replaced}
        words |= {self.folded(word): True for word in refused}
        words.pop("", None)
        self._refuses = list(words.values())
        self._words = list(words)
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
        return text.translate(self._folded)

    def check(self, texts: Sequence[str]) -> list[str] | str | None:
        """None: nothing is wrong. A string: the word for which they are refused. Else what they become."""
        if self._found is None:
            return None
        whole = texts[0] if len(texts) == 1 else "".join(texts)
        matches = self._found.find_matches_as_indexes(self.folded(whole), overlapping=True)
        if not matches:
            return None
        for number, _, _ in matches:
            if self._refuses[number]:
                return self._words[number]
        return self._masked(texts, whole, [(start, end) for _, start, end in matches])

    def _masked(self, texts: Sequence[str], whole: str, spans: list[tuple[int, int]]) -> list[str]:
        origin: Sequence[int] = range(len(whole))  # of each folded character
        if not self._folded.uneven.isdisjoint(whole):
            origin = [at for at, char in enumerate(whole) for _ in self._folded[ord(char)]]
        runs: list[list[int]] = []
        for first, last in sorted((origin[start], origin[end - 1] + 1) for start, end in spans):
            if runs and first <= runs[-1][1]:
                runs[-1][1] = max(runs[-1][1], last)
            else:
                runs.append([first, last])
        ends = [0]
        for text in texts:
            ends.append(ends[-1] + len(text))
        return [_cut(whole, start, end, runs) for start, end in pairwise(ends)]


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
