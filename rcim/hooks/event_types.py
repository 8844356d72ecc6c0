"""The types of events in the server's own form, by which settings and receivers name them (protocol-spec/events.md)."""

from __future__ import annotations

from collections.abc import Mapping

from rcim.actor.events import EventKind

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
    EventKind.PAIR_READ: "conversation.read",
    EventKind.USER_LIST_CHANGED: "list.changed",
    EventKind.MEMBER_STATE_CHANGED: "members.state",
    EventKind.TRANSIENT_PASSED: "message.transient",
    EventKind.MESSAGE_BLOCKED: "message.blocked",
    EventKind.PUSH_TESTED: "push.tested",
}
"""The type of each kind of event. Receivers know these: never change one."""
KINDS: Mapping[str, EventKind] = {name: kind for kind, name in TYPES.items()}
"""The kinds by their types."""
