"""Texts that come from outside the program: files, which are UTF-8 whatever the locale says, and arguments."""

from __future__ import annotations

from pathlib import Path

from rcim.base.errors import BAD_PARAMETER, RcimError


def read_text(path: Path | str) -> str:
    """The text of a UTF-8 file, without the byte order mark that some editors put in front.

    Raises OSError, and UnicodeDecodeError if it is no UTF-8.
    """
    return Path(path).read_text(encoding="utf-8-sig")


def write_text(path: Path | str, text: str) -> None:
    """Write a UTF-8 file. Raises OSError."""
    Path(path).write_text(text, encoding="utf-8")


def is_text(text: str) -> bool:
    """True if UTF-8 has all of its characters: it has no half of one, as of bytes of a command line that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_text(what: str, text: str) -> str:
    """`text`, of which UTF-8 has all characters. `what` names it. Raises RcimError(BAD_PARAMETER)."""
    if not is_text(text):
        raise RcimError(BAD_PARAMETER, f"{what}: not UTF-8")
    return text
