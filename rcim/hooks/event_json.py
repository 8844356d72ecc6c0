"""The server's own form of events: what the profile `rcim`, streams and other consumers send (protocol-spec/events.md).

    {"id": "6a1f03-12-345", "type": "message.sent", "time": "2026-11-27T19:31:12.345Z", "key": "g:lobby", "data": {…}}

1. The id is the history of the store, the shard and the number of the event there. It is the same each time the event is
   sent, and no other event has it. The number grows among the events of one key.
2. The form is stable: names stay, fields may be added. A receiver skips what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from rcim.actor.events import AnyEvent, EventKind, InConversation, key_of, kind_of
from rcim.content.vendor_json import Json
from rcim.hooks.struct_json import as_object
from rcim.rules.conversation_kinds import kind_name
from rcim.store.event_log import KeptEvent

TYPES: Mapping[EventKind, str] = {
    EventKind.MESSAGE_PASSED: "message.sent",
    EventKind.MESSAGE_WITHHELD: "message.withheld",
    EventKind.MESSAGE_RECALLED: "message.recalled",
    EventKind.MESSAGE_EDITED: "message.edited",
    EventKind.MESSAGE_DELETED: "message.deleted",
    EventKind.GROUP_CREATED: "group.created",
    EventKind.GROUP_DISSOLVED: "group.dissolved",
    EventKind.GROUP_CHANGED: "group.changed",
    EventKind.GROUP_FULL: "group.full",
    EventKind.MEMBERS_ENTERED: "members.entered",
    EventKind.MEMBERS_GONE: "members.gone",
    EventKind.APPLICATION_MADE: "application.made",
    EventKind.APPLICATION_DECIDED: "application.decided",
    EventKind.PROFILE_CHANGED: "profile.changed",
    EventKind.SESSION_CHANGED: "session.changed",
    EventKind.BROADCAST_SENT: "broadcast.sent",
    EventKind.BROADCAST_RECALLED: "broadcast.recalled",
}
"""The type of each kind of event. Receivers know these: never change one."""
KINDS = {name: kind for kind, name in TYPES.items()}
"""The kinds by their types: what settings name."""
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
