"""What the server said, shown: a table for people, JSON for programs.

JSON has the names and numbers of the frames (protocol-spec/frames.md); enumerations are their names, bytes are text, or
`0x` and hex where they are not UTF-8. Tables have titles and times as people read them (tables.py), and leave columns
out.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any

import msgspec
from rcim_tools.admin import calls
from rcim_tools.admin.reading import cell, title
from rcim_tools.admin.table import encodable, lines_of

from rcim.base.terms import AddResult

Row = dict[str, Any]


ADDED = {result: result.name for result in AddResult}
DELETED = {AddResult.FAILED: "FAILED", AddResult.ADDED: "DELETED", AddResult.ALREADY: "ABSENT"}
"""What became of users that were to be added or deleted."""


def row_of(struct: msgspec.Struct) -> Row:
    """The fields of a frame, or of a row in one, by name, as JSON has them."""
    return {name.rstrip("_"): _plain(name, getattr(struct, name)) for name in struct.__struct_fields__}


def _plain(name: str, value: Any) -> Any:
    if name.endswith("fields"):
        return {field.key: text_of(field.value) for field in value}
    if name == "attributes":
        return msgspec.json.decode(value) if value else {}
    if isinstance(value, IntEnum):
        return value.name
    return list(value) if isinstance(value, tuple) else value


def rows_of(structs: Iterable[msgspec.Struct]) -> list[Row]:
    """`row_of` each."""
    return [row_of(struct) for struct in structs]


def text_of(value: bytes) -> str:
    """Bytes as text, or as `0x` and hex where they are not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"0x{value.hex()}"


def show(rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
    """Rows as a table of `columns` (all, if none are named) or as JSON."""
    if calls.target.json:
        print(json.dumps(list(rows), indent=2))
        return
    wanted = list(columns or (rows[0] if rows else ()))
    _table([title(name) for name in wanted], [[cell(name, row[name]) for name in wanted] for row in rows])


def show_one(found: Row) -> None:
    """Named values as a table of two columns or as a JSON object."""
    _show_values(found, "Name", title)


def show_counters(found: Row) -> None:
    """As `show_one`, of counters: they keep the names by which the pages tell what they count."""
    _show_values(found, "Counter", lambda name: name.removesuffix("_ms"))


def _show_values(found: Row, head: str, named: Callable[[str], str]) -> None:
    if calls.target.json:
        print(json.dumps(found, indent=2))
    else:
        _table([head, "Value"], [[named(name), cell(name, value)] for name, value in found.items()])


def show_results(results: Mapping[str, AddResult], words: Mapping[AddResult, str] = ADDED) -> None:
    """What became of each user; exit status 1 if it failed for one."""
    show([{"user_id": user_id, "result": words[result]} for user_id, result in results.items()])
    failed = sum(result in (AddResult.FAILED, AddResult.FULL) for result in results.values())
    if failed:
        raise calls.fail(f"{failed} of {len(results)} failed", calls.REFUSED)


def show_until(until_ms: Mapping[str, int]) -> None:
    """Users, and until when it is so."""
    show([{"user_id": user_id, "until_ms": value} for user_id, value in until_ms.items()], ("user_id", "until_ms"))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """In a terminal as wide as it is; a row that goes into a pipe or a file stays in one line."""
    most = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in lines_of(head or ["Nothing found"], rows, most):
        print(encodable(line, sys.stdout.encoding or "utf-8"))
