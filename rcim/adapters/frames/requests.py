"""Turns our request frames into requests of the service: the field names are the same; only rows of lists differ."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from rcim.service import requests
from rcim.service.operations import BY_NAME
from rcim.service.requests import Request
from rcim.wire import frames
from rcim.wire.schema import Frame
from rcim.wire.types import StructList

Convert = Callable[[Any], Any]


def _fields(rows: list[frames.CustomField]) -> requests.Fields:
    return tuple([(row.key, row.value) for row in rows])


ROWS: dict[type, Convert] = {
    frames.CustomField: _fields,
    frames.AttributeChange: lambda rows: [(row.path, row.value) for row in rows],
    frames.SeqEntry: lambda rows: [row.seq for row in rows],
    frames.UserAttribute: lambda rows: [requests.UserAttribute(row.name, row.value) for row in rows],
    frames.AttributeName: lambda rows: [requests.AttributeName(row.number, row.name) for row in rows],
    frames.DeviceId: lambda rows: [row.connection_id for row in rows],
    frames.Policy: lambda rows: [(row.name, row.value) for row in rows],
    frames.Account: lambda rows: [requests.Account(row.user_id, row.nickname, row.face_url) for row in rows],
    frames.AttributeToSet: lambda rows: [
        requests.AttributeToSet(row.key, row.value, row.with_setter) for row in rows
    ],
    frames.MemberChange: lambda rows: [
        requests.MemberChange(
            conversation=row.conversation,
            user_id=row.user_id,
            msg_flag=row.msg_flag,
            read_seq=row.read_seq,
            name_card=row.name_card,
            fields=_fields(row.fields),
        )
        for row in rows
    ],
    frames.MemberPlace: lambda rows: [requests.MemberPlace(row.conversation, row.user_id) for row in rows],
    frames.ImportedMember: lambda rows: [
        requests.ImportedMember(row.user_id, row.role, row.join_time_ms, row.unread) for row in rows
    ],
    frames.ImportedMessage: lambda rows: [
        requests.ImportedMessage(
            sender=row.sender,
            time_ms=row.time_ms,
            priority=row.priority,
            client_msg_id=row.client_msg_id,
            body=row.body,
        )
        for row in rows
    ],
}
"""The form of a list of rows in a request, by the type of its rows."""


def translator(frame: type[Frame]) -> Callable[[Frame], Request]:
    """A function from frames of this type to requests. Raises KeyError for a frame without an operation, and ValueError
    if the fields of the two are not the same."""
    request = BY_NAME[frame.NAME].request
    names = [field.name for field in frame.FIELDS]
    if [name.rstrip("_") for name in names] != list(request.__struct_fields__):
        raise ValueError(f"{frame.NAME}: its fields are not those of {request.__name__}")
    if not names:
        empty = request()
        return lambda _: empty
    rows = {
        at: ROWS[field.type.struct] for at, field in enumerate(frame.FIELDS) if isinstance(field.type, StructList)
    }
    if len(names) == 1:
        get, convert = attrgetter(names[0]), rows.get(0)
        if convert is None:
            return lambda frame: request(get(frame))
        return lambda frame: request(convert(get(frame)))
    values = attrgetter(*names)
    if not rows:
        return lambda frame: request(*values(frame))

    def translate(frame: Frame) -> Request:
        found = list(values(frame))
        for at, convert in rows.items():
            if found[at]:
                found[at] = convert(found[at])
        return request(*found)

    return translate
