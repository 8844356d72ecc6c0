"""What a log line about an event names, so that it leads to the message: `rcim-admin message trace` takes it (OP-02)."""

from __future__ import annotations

from rcim.actor.events import AnyEvent, InConversation, kind_of
from rcim.actor.records import Message
from rcim.store.event_log import KeptEvent


def ids_of(one: KeptEvent) -> dict[str, object]:
    """The fields of a line about this event: its place in the event log, its kind, and what it is about."""
    return {"shard": one.shard, "event_number": one.number, "event_kind": kind_of(one.event).name, **about(one.event)}


def about(event: AnyEvent) -> dict[str, object]:
    """The conversation and the message, or the user, of an event. Never what a message says."""
    if not isinstance(event, InConversation):
        return {"user": event.user_id}
    message = getattr(event, "message", None)
    if not isinstance(message, Message):
        return {
            "conversation": event.where.key,
            "seq": getattr(event, "seq", None),
            "user": getattr(event, "sender", None),
            "client_msg_id": getattr(event, "client_msg_id", None),
        }
    return {"conversation": event.where.key, **ids_of_message(message)}


def ids_of_message(message: Message) -> dict[str, object]:
    """SEQ and ids of a message, and its sender."""
    return {
        "seq": message.seq or None,
        "message_id": message.message_id or None,
        "user": message.sender,
        "client_msg_id": message.client_msg_id,
    }
