"""Pages of lists: `{"items": […], "next": "…"}`. `next` is the `cursor` of the request for the next page, or null.

A cursor says which fields of the request are others on the next page. It is of one form for all lists, and callers return
it unchanged.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from rcim.adapters.native.forms import Json, wrong
from rcim.service import cursors
from rcim.service.requests import Request

CURSOR = "cursor"
CURSOR_CHARS_MAX = 4096
HOT_MAX = 1_000
"""Busy conversations that can be reached (service/live.py)."""


class Pages(NamedTuple):
    """How the pages of a list follow each other."""

    items: str
    """The result's field that has the entries."""
    after: Callable[[Any, Any], Mapping[str, Any] | None]
    """Of a result and its request: the fields of the request for the next page; None after the last one."""
    moves: tuple[str, ...] = ()
    """Fields of the request that `after` sets and callers do not: the cursor stands for them."""
    extras: tuple[str, ...] = ()
    """Further fields of the result that are told."""
    later: Callable[[Any], Mapping[str, Any]] | None = None
    """Of a result: the fields of a later request that asks what has changed since; None: there is no such request."""
    paged: bool = True
    """False: the list comes in one piece, and `next` is always null."""


def whole(items: str, *extras: str) -> Pages:
    """A list that comes in one piece."""
    return Pages(items, lambda result, request: None, (), extras, paged=False)


def by_cursor(items: str, *extras: str) -> Pages:
    """A list whose result has a `next` for the request's `cursor`."""
    return Pages(items, lambda result, request: {CURSOR: result.next} if result.next else None, (CURSOR,), extras)


def by_next(items: str, field: str, *extras: str) -> Pages:
    """A list whose result has a `next` for another field of the request."""
    return Pages(items, lambda result, request: {field: result.next} if result.next else None, (field,), extras)


def _after_messages(result: Any, request: Any) -> Mapping[str, Any] | None:
    if not result.more or not result.messages or request.seqs:
        return None
    if request.backwards:
        least = min(one.seq for one in result.messages)
        return {"to_seq": least - 1} if least > 1 else None
    return {"from_seq": max(one.seq for one in result.messages) + 1, "to_seq": request.to_seq or result.newest_seq}


def _after_broadcasts(result: Any, request: Any) -> Mapping[str, Any] | None:
    return {"before_seq": min(one.seq for one in result.messages)} if result.more and result.messages else None


def _after_rows(result: Any, request: Any) -> Mapping[str, Any] | None:
    """Of a query over conversations: the part that was looked at, and then the next part."""
    if result.more and result.rows:
        return {"skip": request.skip + len(result.rows), CURSOR: request.cursor}
    return {"skip": 0, CURSOR: result.next} if result.next else None


def _after_hot(result: Any, request: Any) -> Mapping[str, Any] | None:
    skip = request.skip + len(result.rows)
    return {"skip": skip} if result.rows and skip < min(result.found, HOT_MAX) else None


def _after_files(result: Any, request: Any) -> Mapping[str, Any] | None:
    return {"hour": result.rows[-1].hour, "kind": result.rows[-1].kind} if result.more and result.rows else None


def _after_attributes(result: Any, request: Any) -> Mapping[str, Any] | None:
    return {"after": result.rows[-1].version} if result.more and result.rows and not request.keys else None


MESSAGES = Pages("messages", _after_messages, (), ("newest_seq", "first_seq"))
BROADCASTS = Pages("messages", _after_broadcasts, ("before_seq",))
QUERIED = Pages("rows", _after_rows, (CURSOR,), ("count",))
HOT = Pages("rows", _after_hot, ("skip",), ("found",))
RECEIPTS = by_cursor("users", "read_num", "unread_num")
LOG_FILES = Pages("rows", _after_files)
ATTRIBUTES = Pages("rows", _after_attributes, ("after",), ("version", "reset"))
FOUND = Pages(
    "found", lambda result, request: {CURSOR: cursors.of_search(result)} if result.more else None, (CURSOR,)
)
SYNC = Pages(
    "rows",
    lambda result, request: {CURSOR: cursors.of_sync(result)} if result.more else None,
    (CURSOR,),
    ("gone", "reset"),
    lambda result: {CURSOR: cursors.of_sync(result)},
)


def write_cursor(name: str, after: Mapping[str, Any]) -> str:
    """The cursor of the next page of this operation's list."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode([name, dict(after)])).decode().rstrip("=")


def read_cursor(name: str, request: type[Request], text: str) -> Json:
    """The fields that a cursor stands for. Raises RcimError(BAD_PARAMETER)."""
    try:
        if len(text) > CURSOR_CHARS_MAX:
            raise ValueError
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        owner, fields = msgspec.msgpack.decode(packed, type=tuple[str, dict[str, Any]])
        hints = {name: _plain(one.type) for name, one in _fields_of(request).items()}
        if owner != name or not fields.keys() <= hints.keys():
            raise ValueError
        if not all(type(value) is hints[field] for field, value in fields.items()):
            raise ValueError
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise wrong(CURSOR, "not a cursor of this list; start again without one") from None
    return fields


def _fields_of(request: type[Request]) -> dict[str, msgspec.structs.FieldInfo]:
    return {one.name: one for one in msgspec.structs.fields(request)}


def _plain(hint: Any) -> Any:
    """The type within an annotation."""
    return getattr(hint, "__origin__", hint) if hasattr(hint, "__metadata__") else hint
