"""Lines of the message log: a message as JSON with the vendor's fields (AB-03; docs/how-to/keep-a-message-log.md).

While an hour is open, a line has its place before it, with a tab between: what the lines are sorted by, and what doubles
are recognised by.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from rcim.actor.events import BroadcastSent, MessagePassed
from rcim.actor.records import Message
from rcim.base.terms import other_of, pair_of
from rcim.content.vendor_json import Json
from rcim.hooks.profiles.tencent_fields import opt_platform
from rcim.hooks.struct_json import as_elements
from rcim.outbox.message_log.sorting import TAB, place_of
from rcim.rules.conversation_kinds import kind_name
from rcim.vendors.tencent_ids import random_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_MS = 3_600_000
HOUR_FORM = "%Y%m%d%H"


class Line(NamedTuple):
    """A line, and the file that it belongs to."""

    hour: str
    kind: str
    data: bytes
    """Place, tab, JSON, line feed."""


def hour_of(time_ms: int) -> str:
    """The hour in UTC in which something happened, YYYYMMDDHH."""
    return (EPOCH + timedelta(milliseconds=time_ms)).strftime(HOUR_FORM)


def begin_ms(hour: str) -> int:
    """When an hour began, in milliseconds since 1970. Raises ValueError for what is no hour."""
    return (datetime.strptime(hour, HOUR_FORM).replace(tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)


def log_kind(kind: str) -> str:
    """A kind of conversations as the names of files have it."""
    return kind.replace(" ", "-") or "other"


def line_of(event: MessagePassed | BroadcastSent) -> Line:
    """The line of a message that was sent."""
    key, message = event.where.key, event.message
    made = fields_of(key, message)
    if isinstance(event, MessagePassed):
        if event.platform is not None:
            made["MsgFromPlatform"] = opt_platform(event.platform)
        if event.address:
            made["ClientIP"] = event.address
    data = place_of(made) + TAB + msgspec.json.encode(made) + b"\n"
    return Line(hour_of(message.time_ms), log_kind(kind_name(key)), data)


def fields_of(key: str, message: Message) -> Json:
    """A message of this conversation with the vendor's fields, and those of ours that it has none for."""
    extra = message.extra
    pair = pair_of(key)
    made: Json = {"From_Account": message.sender}
    if pair is not None:
        made["To_Account"] = other_of(pair, message.sender)
    else:
        made["GroupId"] = key.partition(":")[2]
    made |= {
        "MsgTimestamp": message.time_ms // 1000,
        "MsgSeq": message.seq,
        "MsgRandom": random_of(message.client_msg_id),
        "MsgId": message.client_msg_id,
        "MsgBody": as_elements(message.body),
        "Conversation": key,
        "MsgTimestampMs": message.time_ms,
        "MessageId": str(message.message_id),
        "MsgPriority": message.priority.name.capitalize(),
    }
    if extra is not None:
        if extra.cloud_data:
            made |= _text("CloudCustomData", extra.cloud_data)
        if extra.type_name:
            made["MsgTypeName"] = extra.type_name
        if extra.to and pair is None:
            made["To_Account"] = list(extra.to)
    return made


def _text(name: str, data: bytes) -> Json:
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        return {f"{name}Base64": base64.b64encode(data).decode()}
