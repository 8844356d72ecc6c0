"""How texts are compared where people look for words: the word filter (SC-05, SC-08), searching in messages (RX-10) and
in names of groups (GR-09), and names that may not look like another's. Pure; docs/explanation/folding.md shows it.

Two texts that look the same to somebody who searches become the same. In this order, for each character:

1. compatible forms become the plain one (NFKD): full and half width, ligatures, superscripts, enclosed letters;
2. upper and lower case become one (Unicode's case folding); the dotted and the dotless I of Turkish are both `i`;
3. white space of any kind becomes a space;
4. what shows nothing by itself is left out: format characters (Cf), those that Unicode calls ignorable by default, and
   the blank of Braille;
5. marks over, under and around letters (Mn, Me) are left out, so it does not matter whether an accent is a character of
   its own (NFC, NFD), or there at all;
6. letters of Hangul that make up a syllable become the syllable.

Everything else, emoji among it, stays as it is. Folding what is folded changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

VERSION = 1
"""Of these rules and of Unicode's data: an index made with another one is made anew (store/upgrade.py)."""
REMEMBERED_MAX = 30_000
"""Characters of which a table remembers what becomes of them: 3 MB; more than any language's texts have."""
PARTS_REMEMBERED_MAX = 10_000
"""Characters of which `parts_of` remembers what it has said: 2 MB."""
MARKS = frozenset({"Mn", "Me"})
INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
"""Ignorable by default, or blank, and not of the class Cf alone."""
JAMO = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\uac00-\ud7a3][\u11a8-\u11c2]")
"""Letters that make up one syllable of Hangul."""
NEEDS_JOINING = re.compile("[\u1161-\u1175\u11a8-\u11c2]")
BEFORE_CASES = {"\u0130": "i", "\u0131": "i", "\u0345": ""}
"""The I of Turkish (rule 2), and the iota under Greek letters, which is a mark and has a case."""


def shows_nothing_itself(char: str) -> bool:
    """Rule 4."""
    return unicodedata.category(char) == "Cf" or INVISIBLE.match(char) is not None


@lru_cache(PARTS_REMEMBERED_MAX)
def parts_of(char: str) -> str:
    """A character after the rules 1 to 4: letters, and the marks that belong to them."""
    if "\u4e00" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3":
        return char
    before, now = "", BEFORE_CASES.get(char, char)
    while now != before:
        before = now
        now = "".join(BEFORE_CASES.get(c, c) for c in unicodedata.normalize("NFKD", now)).casefold()
    return "".join(
        " " if part.isspace() else part for part in now if part.isspace() or not shows_nothing_itself(part)
    )


def is_mark(char: str) -> bool:
    """Rule 5."""
    return unicodedata.category(char) in MARKS


class Table(dict[int, str]):
    """From a character to what becomes of it by the rules 1 to 5, without `left_out`; filled as characters come."""

    def __init__(self, left_out: str = "") -> None:
        super().__init__()
        self.uneven: set[str] = set()
        """Characters that become none, or more than one, of those that are remembered."""
        self._left_out = {part for char in left_out for part in parts_of(char)}

    def copied(self) -> Table:
        """Another one, with all that this one remembers. This one may be in use in another thread."""
        made = Table()
        made._left_out = self._left_out
        made.update(self)
        made.uneven = {chr(code) for code, folded in made.items() if len(folded) != 1}
        return made

    def __missing__(self, code: int) -> str:
        folded = "".join(c for c in parts_of(chr(code)) if not is_mark(c) and c not in self._left_out)
        if len(self) >= REMEMBERED_MAX:
            self.clear()
            self.uneven.clear()
        if len(folded) != 1:
            self.uneven.add(chr(code))
        self[code] = folded
        return folded


_TABLE = Table()


def fold(text: str, table: Table = _TABLE) -> str:
    """The text as it is compared; about a microsecond for a hundred characters."""
    folded = text.translate(table)
    if folded.isascii() or NEEDS_JOINING.search(folded) is None:
        return folded
    return JAMO.sub(lambda found: unicodedata.normalize("NFC", found[0]), folded)


WORD = re.compile(r"[^\W_]+")
SYMBOLS = ("Sm", "Sc", "Sk", "So")
SINGLE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003134f]")


def words_of(text: str) -> list[str]:
    """The words of a name, as they are looked for (GR-09): folded; of Chinese, Japanese and Korean each character, and
    each symbol, as an emoji."""
    found: list[str] = []
    folded = fold(text)
    for run in WORD.findall(folded):
        at = 0
        for match in SINGLE.finditer(run):
            found += [run[at : match.start()], match.group()]
            at = match.end()
        found.append(run[at:])
    found += [char for char in folded if not char.isascii() and unicodedata.category(char) in SYMBOLS]
    return list(dict.fromkeys(word for word in found if word))


# ---------------------------------------------------------------------------------------------------- names

LOOK_ALIKE = str.maketrans("ѕуѵтемеυτεμ", "syytemeytem")
"""Letters of Cyrillic and Greek, folded, that look like those of SYSTEM and GUEST."""
OF_THE_SERVER = ("@system", "@guest#")
"""How what the server calls itself and its guests begins, folded (base/ids.py)."""


def shows_nothing(text: str) -> bool:
    """True for what has nothing to be seen in it: nothing is left of it but white space, and marks on nothing."""
    return not fold(text).strip()


def looks_like_the_server(name: str) -> bool:
    """True if a name begins as what the server calls itself, or its guests, to the eye: whatever the case, the width,
    white space, what can not be seen, and letters of other scripts that look the same."""
    look = fold(name).replace(" ", "").translate(LOOK_ALIKE)
    return look.startswith(OF_THE_SERVER)
