"""Texts as short as a push service wants them: in characters, in columns or in bytes, and never cut within a character.

What was cut ends with `…`. Whoever sends a message chooses its texts, and each device gets a push: so a text is measured
as a whole and not by character, whatever it is made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from unicodedata import category

import msgspec

from rcim.outbox.push.provider import Push

MORE = "…"
MORE_BYTES = len(MORE.encode())
JOINER = "\u200d"
"""It belongs to the character before it, and so does the one after it."""
CONTINUING = (("\U0001f3fb", "\U0001f3ff"), ("\U000e0020", "\U000e007f"))
"""The tones of skin, and the tags of flags: they belong to the character before them too."""
FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""Two of them are a flag."""
PARTS_MAX = 32
"""Of what is seen as one character; of more it is cut within."""


class TooLong(Exception):
    """A push does not fit, even without text: its data is too long."""


def of_chars(text: str, chars: int) -> str:
    """At most `chars` characters, which is at least 1."""
    return text if len(text) <= chars else _whole(text, chars - 1) + MORE


def of_columns(text: str, columns: int) -> str:
    """At most `columns`: a character outside of ASCII takes two, `…` too."""
    return _longest(text, columns, lambda char: 1 if char.isascii() else 2)


def of_bytes(text: str, size: int) -> str:
    """At most `size` bytes of UTF-8."""
    data = text[: size + 1].encode(errors="replace")  # more can't fit, and need not be looked at
    if len(data) <= size:
        return text
    if size < MORE_BYTES:
        return ""
    return _whole(text, len(data[: size - MORE_BYTES].decode(errors="ignore"))) + MORE


def fitted(push: Push, size: int, encode: Callable[[str, str], bytes]) -> tuple[str, str]:
    """Title and text of which `encode` makes at most `size` bytes: the text is shortened, and then the title. `encode`
    writes each of them once, as JSON does. Raises TooLong."""
    title, text = push.title, push.text
    if len(encode(title, text)) <= size:
        return title, text
    text = _most(text, size + 1 - len(encode(title, "x")))
    if not text:
        title = _most(title, size + 1 - len(encode("x", "")))
    made = len(encode(title, text))
    if made > size:
        raise TooLong(f"the push has {made} bytes without text, and the service takes {size}")
    return title, text


def _most(text: str, size: int) -> str:
    """As much of the text as has at most `size` bytes in JSON, without quotes; empty if nothing has."""
    low, high = 0, max(0, min(size, _size(text)))
    while low < high:
        middle = (low + high + 1) // 2
        if len(msgspec.json.encode(of_bytes(text, middle))) - len('""') <= size:
            low = middle
        else:
            high = middle - 1
    return of_bytes(text, low)


def both(push: Push) -> tuple[str, str]:
    """Title and text for services that refuse empty ones: the one stands for the other. Raises TooLong if there is
    neither."""
    title, text = push.title.strip(), push.text.strip()
    if not title and not text:
        raise TooLong("the push has neither title nor text")
    return title or text, text or title


def key_of(collapse_key: str, bytes_max: int) -> str:
    """The key, or a digest of it if it is longer than `bytes_max`, at most 64, or can't stand in a header."""
    plain = collapse_key.isascii() and collapse_key.isprintable() and collapse_key == collapse_key.strip()
    if plain and len(collapse_key) <= bytes_max:
        return collapse_key
    return hashlib.sha256(collapse_key.encode(errors="replace")).hexdigest()[:bytes_max]


def number_of(collapse_key: str) -> int:
    """A number from 1 to 2^31 - 1 for the key: the id of the notification that a later one replaces. A checksum would not
    do: with a group of a fitting id its members could replace notifications of other conversations."""
    digest = hashlib.sha256(collapse_key.encode(errors="replace")).digest()
    return (int.from_bytes(digest[:4], "big") & 0x7FFFFFFF) or 1


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _longest(text: str, room: int, cost: Callable[[str], int]) -> str:
    """The longest beginning that fits, with `…` if it is not everything; a character costs at least 1."""
    text = text[: room + 1]  # more can't fit, and need not be looked at
    if sum(map(cost, text)) <= room:
        return text
    left = room - cost(MORE)
    for at, char in enumerate(text):
        left -= cost(char)
        if left < 0:
            return _whole(text, at) + MORE if room >= cost(MORE) else ""
    return ""


def _whole(text: str, at: int) -> str:
    """The text up to `at`, cut before a character that would be split: one that consists of several code points."""
    for end in range(at, max(0, at - PARTS_MAX), -1):
        if end >= len(text) or not (_continues(text[end]) or text[end - 1] == JOINER):
            return text[: end - _is_within_flag(text, end)]
    return text[: at if at > PARTS_MAX else 0]


def _continues(char: str) -> bool:
    return char == JOINER or category(char)[0] == "M" or any(low <= char <= high for low, high in CONTINUING)


def _is_within_flag(text: str, at: int) -> bool:
    """True between the two letters of a flag."""
    before = text[max(0, at - PARTS_MAX) : at]
    letters = len(before) - len(before.rstrip(FLAG_LETTERS))
    return letters % 2 == 1 and at < len(text) and text[at] in FLAG_LETTERS
