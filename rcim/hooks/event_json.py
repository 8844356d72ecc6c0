"""The server's own form of events: what the profile `rcim`, streams and other consumers send (protocol-spec/events.md).

    {"id": "6a1f03-12-345", "type": "message.sent", "time": "2026-11-27T19:31:12.345Z", "key": "g:lobby", "data": {…}}

1. The id is the history of the store, the shard and the number of the event there. It is the same each time the event is
   sent, and no other event has it. The number grows among the events of one key.
2. The form is stable: names stay, fields may be added. A receiver skips what it does not know.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from rcim.actor.events import AnyEvent, InConversation, key_of, kind_of
from rcim.content.vendor_json import Json
from rcim.hooks.event_types import TYPES
from rcim.hooks.struct_json import as_object
from rcim.rules.conversation_kinds import kind_name
from rcim.store.event_log import KeptEvent

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def event_id(history_id: int, kept: KeptEvent) -> str:
    """The id of an event in the history of this store."""
    return f"{history_id:x}-{kept.shard}-{kept.number}"


def type_of(event: AnyEvent) -> str:
    """The event's type. Raises KeyError for a kind without one."""
    return TYPES[kind_of(event)]


def event_json(event: AnyEvent, id_: str) -> Json:
    """An event as a JSON object; `id_` is that of `event_id`."""
    return {
        "id": id_,
        "type": type_of(event),
        "time": time_text(event.time_ms),
        "key": key_of(event),
        "data": data_of(event),
    }


def encoded(event: AnyEvent, id_: str) -> bytes:
    """The same as UTF-8."""
    return msgspec.json.encode(event_json(event, id_))


def data_of(event: AnyEvent) -> Json:
    """What is particular to the event. That of a conversation has the conversation first."""
    data = as_object(event)
    del data["time_ms"]
    if isinstance(event, InConversation):
        where = data.pop("where")
        place = where.pop("conversation")
        return {"conversation": {"id": place, "kind": kind_name(place), **where}, **data}
    return data


def time_text(time_ms: int) -> str:
    """Milliseconds since 1970 as RFC 3339, in UTC."""
    return f"{(EPOCH + timedelta(milliseconds=time_ms)).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"
