"""Text that may reach a terminal or a log: what would steer it is not passed on.

Texts of a peer (of errors, names, messages) and of files go through `printable` before they are shown.
"""

from __future__ import annotations

import re

STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters (C0, DEL, C1), those that break lines or turn their direction around, and halves of characters,
which no terminal takes."""
STEERING_IN_LINES = re.compile(STEERING.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def printable(text: str, *, lines: bool = False) -> str:
    """The text with `?` in place of each character that would steer a terminal. `lines`: it may have several lines."""
    return (STEERING_IN_LINES if lines else STEERING).sub("?", text)


def reason_of(error: BaseException) -> str:
    """What an error says, printable; of one that says nothing, such as TimeoutError, its name."""
    return printable(str(error) or type(error).__name__, lines=True)


def printable_json(text: str) -> str:
    """JSON with such characters escaped: it stays JSON, and says the same."""
    return STEERING_IN_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
