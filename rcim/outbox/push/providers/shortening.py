"""Texts as short as a push service wants them: in characters, in columns or in bytes, and never cut within a character.

What was cut ends with `…`.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from unicodedata import combining

from rcim.outbox.push.provider import Push

MORE = "…"
JOINERS = "\u200d\ufe0e\ufe0f"
"""The zero-width joiner and the variation selectors: they belong to the character before them."""
BEYOND_BMP = 0x1F3FB, 0x1F3FF
"""The tones of skin, which belong to the character before them too."""


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
    return _longest(text, size, lambda char: len(char.encode(errors="replace")))


def fitted(push: Push, size: int, encode: Callable[[str, str], bytes]) -> tuple[str, str]:
    """Title and text of which `encode` makes at most `size` bytes: the text is shortened, and then the title. Raises
    TooLong."""
    title, text = push.title, push.text
    if len(encode(title, text)) <= size:
        return title, text
    text = _most(text, size, lambda found: len(encode(title, found)))
    if not text:
        title = _most(title, size, lambda found: len(encode(found, "")))
    made = len(encode(title, text))
    if made > size:
        raise TooLong(f"the push has {made} bytes without text, and the service takes {size}")
    return title, text


def _most(text: str, size: int, measure: Callable[[str], int]) -> str:
    """As much of the text as `measure` says has at most `size` bytes; empty if nothing has."""
    low, high = 0, min(size, _size(text))
    while low < high:
        middle = (low + high + 1) // 2
        if measure(of_bytes(text, middle)) <= size:
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
    """A number from 1 to 2^31 - 1 for the key: the id of the notification that a later one replaces."""
    return (zlib.crc32(collapse_key.encode(errors="replace")) & 0x7FFFFFFF) or 1


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
    """Up to `at`, and not within what is seen as one character."""
    while 0 < at < len(text) and (_continues(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    return text[:at]


def _continues(char: str) -> bool:
    return bool(combining(char)) or char in JOINERS or BEYOND_BMP[0] <= ord(char) <= BEYOND_BMP[1]
