"""A table of text in a frame of lines, as wide as its cells need or as the terminal is.

Written here rather than taken from rich: to import that takes as long as the call of the server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from unicodedata import category, east_asian_width

NARROWEST = 4
"""Columns are not made narrower than this, however narrow the terminal is."""
PADDING = 3
"""What a column takes besides its text: a line and a space on either side."""


ASCII = str.maketrans("┏┳┓┡╇┩└┴┘━─┃│", "+++++++++=-||")
"""For where lines can't be drawn otherwise."""


def columns_of(text: str) -> int:
    """How many columns of a terminal the text takes: East Asian wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def folded(text: str, width: int) -> list[str]:
    """The lines of the text, none wider than `width`, broken after a space where there is one. Nothing is left out."""
    found = []
    for line in text.split("\n"):
        if columns_of(line) <= width:
            found.append(line)
            continue
        part, used = "", 0
        for character in line:
            takes = _columns(character)
            if used + takes > width:
                end = part.rfind(" ") + 1 or len(part)
                found.append(part[:end])
                part = part[end:]
                used = columns_of(part)
            part, used = part + character, used + takes
        found.append(part)
    return found


def widths_of(rows: Sequence[Sequence[str]], most: int | None) -> list[int]:
    """How wide each column is. With `most` columns for all of it, the widest are made narrower until it fits."""
    found = [
        max(columns_of(line) for cell in column for line in cell.split("\n")) for column in zip(*rows, strict=True)
    ]
    while most is not None and sum(found) + PADDING * len(found) + 1 > most:
        widest = max(found)
        if widest <= NARROWEST:
            break
        found[found.index(widest)] -= 1
    return found


def encodable(line: str, encoding: str) -> str:
    """The line as it can be written in this encoding: lines in ASCII, other characters as `\\u....`."""
    try:
        "┏│".encode(encoding)
    except UnicodeEncodeError:
        line = line.translate(ASCII)
    return line.encode(encoding, "backslashreplace").decode(encoding)


def lines_of(head: Sequence[str], rows: Sequence[Sequence[str]], most: int | None = None) -> Iterator[str]:
    """The lines of the table. `most`: the columns of the terminal; None: as wide as it gets."""
    widths = widths_of([head, *rows], most)
    bars = ["━" * (width + 2) for width in widths]
    yield "┏" + "┳".join(bars) + "┓"
    yield from _row(head, widths, "┃")
    yield "┡" + "╇".join(bars) + "┩"
    for row in rows:
        yield from _row(row, widths, "│")
    yield "└" + "┴".join("─" * (width + 2) for width in widths) + "┘"


def _row(cells: Sequence[str], widths: Sequence[int], bar: str) -> Iterator[str]:
    parts = [folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for line in zip_longest(*parts, fillvalue=""):
        padded = (f" {part}{' ' * (width - columns_of(part))} " for part, width in zip(line, widths, strict=True))
        yield bar + bar.join(padded) + bar
