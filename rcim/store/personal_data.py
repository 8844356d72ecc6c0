"""What is kept of one person: all of it as lines of JSON, and the messages that the person has sent (AB-06).

There is no index of messages by sender: what is looked at is every kept message, ROWS at a time, so that others have
their turn in between. A million messages take about two seconds of the reading thread.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import islice
from typing import Any

import msgspec

from rcim.actor.applications import Application
from rcim.actor.person_queries import ExportQuery, SentQuery
from rcim.actor.push_records import PushToken
from rcim.actor.records import Member, Message
from rcim.actor.user_records import Invitation, UserProfile
from rcim.base.errors import RcimError
from rcim.base.terms import MessageState, UserList
from rcim.content.elements import decode_body
from rcim.content.vendor_json import to_json
from rcim.store import keys
from rcim.store.backend import DamagedError, ReadView
from rcim.store.messages import facts_of
from rcim.store.person_answers import ExportPage, SentMessage, SentPage
from rcim.store.values import ListEntry, unpack

ROWS = 4000
"""Rows that one page looks at: 5 ms, if nothing is found."""
FOUND_BYTES = 256 << 10
"""Bytes of messages that one page of SentQuery gives."""
TOKEN_SHOWN = 12
"""Characters of a push token that are exported: who has all of them can send to the device."""
Line = dict[str, Any]
Row = tuple[bytes, bytes]


def is_gone(message: Message) -> bool:
    """True if nothing is left of what a message said, or of who its sender was besides the user id."""
    return message.state is MessageState.DELETED and not (
        message.body or message.nickname or message.face_url or message.name_card
    )


def sent_page(view: ReadView, query: SentQuery) -> SentPage:
    """The next messages of the user that are not gone. Raises StoreError."""
    sender, found, size = query.user_id.encode(), list[SentMessage](), 0
    last = query.after
    rows = view.scan("messages", query.after + b"\0" if query.after else b"", keys.LAST)
    for row, data in islice(rows, ROWS):
        message = _sent_by(sender, data)
        if message is not None and not is_gone(message):
            if found and (len(found) == query.limit or size + len(data) > FOUND_BYTES):
                return SentPage(found, last)
            found.append(SentMessage(row[:-9].decode(), message))
            size += len(data)
        last = row
    return SentPage(found, last if next(view.scan("messages", last + b"\0", keys.LAST), None) else b"")


def _sent_by(sender: bytes, data: bytes) -> Message | None:
    """The message, if this user has sent it. One that is damaged is nobody's: no request can read it."""
    try:
        return unpack(data, Message) if facts_of(data).sender == sender else None
    except DamagedError:
        return None


def export_page(view: ReadView, query: ExportQuery) -> ExportPage:
    """The next bytes of the export. `next` is `stage:row in hex:offset in the line after that row`, and empty at the end.
    Raises StoreError, or ValueError for a cursor that is none."""
    stage, row, offset = _place(query.cursor)
    name, lines_of = STAGES[stage]
    made, last = bytearray(), row
    for looked, (last_looked, line) in enumerate(lines_of(view, query.user_id, row), 1):
        if line is not None:
            data = (msgspec.json.encode({"kind": name} | line) + b"\n")[offset:]
            if made and len(made) + len(data) > query.bytes_max:
                return ExportPage(bytes(made), f"{stage}:{last.hex()}:0")
            if len(data) > query.bytes_max:
                return ExportPage(data[: query.bytes_max], f"{stage}:{last.hex()}:{offset + query.bytes_max}")
            made += data
        last, offset = last_looked, 0
        if looked == ROWS:
            return ExportPage(bytes(made), f"{stage}:{last.hex()}:0")
    return ExportPage(bytes(made), f"{stage + 1}::0" if stage + 1 < len(STAGES) else "")


def _place(cursor: str) -> tuple[int, bytes, int]:
    """Raises ValueError."""
    if not cursor:
        return 0, b"", 0
    stage, row, offset = cursor.split(":")
    if not 0 <= int(stage) < len(STAGES) or int(offset) < 0:
        raise ValueError(cursor)
    return int(stage), bytes.fromhex(row), int(offset)


def _shown(value: Any) -> Any:
    """As JSON has it: structs by field, enumerations by name, bytes as text or base64."""
    if isinstance(value, msgspec.Struct):
        return {name: _shown(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {str(key): _shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [_shown(item) for item in value]
    return value


def _own(table: str, line: Callable[[ReadView, str, Row], Line | None]) -> Callable[..., Iterator[tuple[bytes, Any]]]:
    """Lines of a table whose keys begin with the user id."""

    def lines(view: ReadView, user_id: str, after: bytes) -> Iterator[tuple[bytes, Line | None]]:
        low, high = user_id.encode() + keys.SEP, user_id.encode() + keys.AFTER_SEP
        for row in view.scan(table, after + b"\0" if after else low, high):
            yield row[0], line(view, user_id, row)

    return lines


def _profile(view: ReadView, user_id: str, after: bytes) -> Iterator[tuple[bytes, Line | None]]:
    data = view.get("users", user_id.encode()) if not after else None
    if data is not None:
        yield b"\1", {"user_id": user_id} | _shown(unpack(data, UserProfile))


def _messages(view: ReadView, user_id: str, after: bytes) -> Iterator[tuple[bytes, Line | None]]:
    sender = user_id.encode()
    for row, data in view.scan("messages", after + b"\0" if after else b"", keys.LAST):
        message = _sent_by(sender, data)
        yield row, _message(row, message) if message is not None else None


def _message(row: bytes, message: Message) -> Line:
    line: Line = {"conversation": row[:-9].decode()} | _shown(message)
    try:
        line["body"] = to_json(decode_body(message.body)) if message.body else []
    except (RcimError, KeyError):
        line["body"] = {"base64": base64.b64encode(message.body).decode()}
    return line


def _member(view: ReadView, user_id: str, row: Row) -> Line | None:
    key = keys.second(row[0])
    data = view.get("members", keys.pair(key, user_id))
    return {"conversation": key} | (_shown(unpack(data, Member)) if data is not None else {})


def _listed(view: ReadView, user_id: str, row: Row) -> Line:
    rest = row[0][len(user_id.encode()) + 1 :]
    return {"list": UserList(rest[0]).name, "user_id": rest[1:].decode()}


def _chosen(view: ReadView, user_id: str, row: Row) -> Line | None:
    key = keys.second(row[0])
    return {"conversation": key} | _shown(unpack(row[1], ListEntry)) if key else None


def _token(view: ReadView, user_id: str, row: Row) -> Line:
    line: Line = _shown(unpack(row[1], PushToken))
    return line | {"token": line["token"][:TOKEN_SHOWN] + "…"}


STAGES: tuple[tuple[str, Callable[[ReadView, str, bytes], Iterator[tuple[bytes, Line | None]]]], ...] = (
    ("profile", _profile),
    ("list", _own("lists", _listed)),
    ("conversation", _own("chosen", _chosen)),
    ("invitation", _own("invited", lambda view, user_id, row: _shown(unpack(row[1], Invitation)))),
    ("application", _own("applied", lambda view, user_id, row: _shown(unpack(row[1], Application)))),
    ("push_token", _own("push_tokens", _token)),
    ("membership", _own("memberships", _member)),
    ("channel", _own("own", _member)),
    ("message", _messages),
)
"""What is exported, in this order: the kind of the lines, and what makes them after a row."""
