"""Applying the records of users and of the app (apply.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rcim.actor.api_keys import KeySaved
from rcim.actor.applications import Application
from rcim.actor.push_records import PushTokenRemoved, PushTokenSaved
from rcim.actor.records import AttributeNamesSaved, ListChanged, LoginsBlocked, TypeSaved, UsersMuted
from rcim.actor.user_records import ConversationChosen, InvitationsChanged, UserListed, UserSaved, UserSeen
from rcim.base.terms import BROADCAST_ALL, ApplicationState
from rcim.rules.conversation_kinds import is_channel, is_created, parent_of
from rcim.store import keys, push_tokens
from rcim.store.backend import DamagedError, WriteView
from rcim.store.tables import read_head
from rcim.store.values import ListEntry, pack, unpack

UNPINNED_MAX = 50
"""Conversations of a user without anything but that they were pinned once: so many rows does a sync look at in vain."""


def _user_saved(view: WriteView, stamp: int, record: UserSaved) -> None:
    view.put("users", record.user_id.encode(), pack(record.profile))
    view.delete("seen", record.user_id.encode())  # the profile says it from now on
    if record.profile.deleted or record.profile.invalidated_ms:
        push_tokens.forget(view, record.user_id, record.profile)
    if record.profile.deleted:
        low, high = record.user_id.encode() + keys.SEP, record.user_id.encode() + keys.AFTER_SEP
        for table in ("chosen", "left", "invited"):
            for row in [row for row, _ in view.scan(table, low, high)]:
                view.delete(table, row)
        for row in [row for row, data in view.scan("applied", low, high) if not _waits(data)]:
            view.delete("applied", row)


def _user_seen(view: WriteView, stamp: int, record: UserSeen) -> None:
    view.put("seen", record.user_id.encode(), keys.U64.pack(record.time_ms))


def _attributes_saved(view: WriteView, stamp: int, record: AttributeNamesSaved) -> None:
    view.put("app", b"attributes:", pack(record.names))


def _key_saved(view: WriteView, stamp: int, record: KeySaved) -> None:
    row = b"key:" + record.key_id.encode()
    if record.key is None:
        view.delete("app", row)
    else:
        view.put("app", row, pack(record.key))


def _user_listed(view: WriteView, stamp: int, record: UserListed) -> None:
    for other in record.remove:
        view.delete("lists", keys.listed(record.user_id, record.which, other))
    for other in record.add:
        view.put("lists", keys.listed(record.user_id, record.which, other), b"")


def _conversation_chosen(view: WriteView, stamp: int, record: ConversationChosen) -> None:
    row = keys.pair(record.user_id, record.conversation)
    whose = parent_of(record.conversation) if is_channel(record.conversation) else record.conversation
    there = whose == BROADCAST_ALL or view.get("memberships", keys.pair(record.user_id, whose)) is not None
    if not there and (is_created(record.conversation) or not (record.pinned_ms or view.get("chosen", row))):
        return
    # A one-to-one conversation of which there is nothing is in the list for its pin alone.
    removed = stamp if record.removed or not (there or record.pinned_ms) else 0
    removed_seq = read_head(view, whose).next_seq - 1 if removed and whose == BROADCAST_ALL else 0
    view.put("chosen", row, pack(ListEntry(stamp, record.pinned_ms, removed, removed_seq)))
    if not (there or record.pinned_ms):
        _bound_unpinned(view, record.user_id)


def _bound_unpinned(view: WriteView, user_id: str) -> None:
    """RX-09: what is not pinned any more and was in the list for its pin alone is remembered for the user's other
    devices, UNPINNED_MAX of them; a device that has not heard of one that was forgotten is told everything anew."""
    low, high = keys.after_none(user_id), user_id.encode() + keys.AFTER_SEP
    gone: list[tuple[int, bytes]] = []
    for row, data in view.scan("chosen", low, high):
        try:
            said = unpack(data, ListEntry)
        except DamagedError:  # it stays, as all that is damaged
            continue
        if not said.pinned_ms and view.get("memberships", row) is None:
            gone.append((said.stamp, row))
    gone.sort()
    for stamp, row in gone[: max(len(gone) - UNPINNED_MAX, 0)]:
        view.delete("chosen", row)
        view.put("chosen", keys.pair(user_id, ""), pack(ListEntry(stamp)))


def _invitations_changed(view: WriteView, stamp: int, record: InvitationsChanged) -> None:
    for invitation in record.put:
        view.put("invited", keys.pair(record.user_id, invitation.key), pack(invitation))
    for key in record.dropped:
        view.delete("invited", keys.pair(record.user_id, key))


def _type_saved(view: WriteView, stamp: int, record: TypeSaved) -> None:
    row = b"type:" + record.name.encode()
    if record.change is None:
        view.delete("app", row)
    else:
        view.put("app", row, pack(record.change))


def _users_muted(view: WriteView, stamp: int, record: UsersMuted) -> None:
    _put_ends(view, b"muted:", record.until_ms)


def _logins_blocked(view: WriteView, stamp: int, record: LoginsBlocked) -> None:
    _put_ends(view, b"blocked:", record.until_ms)


def _put_ends(view: WriteView, prefix: bytes, ends_ms: Mapping[str, int]) -> None:
    """Keep for each user when something ends; 0: it has ended."""
    for user_id, until_ms in ends_ms.items():
        row = prefix + user_id.encode()
        if until_ms:
            view.put("app", row, keys.U64.pack(until_ms))
        else:
            view.delete("app", row)


def _list_changed(view: WriteView, stamp: int, record: ListChanged) -> None:
    for entry in record.remove:
        view.delete("app", f"list:{record.which:d}:{entry}".encode())
    for entry in record.add:
        view.put("app", f"list:{record.which:d}:{entry}".encode(), b"")


def _waits(data: bytes) -> bool:
    """True for an application that is not decided: of a deleted account its group withdraws it (GR-12)."""
    try:
        return unpack(data, Application).state is ApplicationState.WAITING
    except DamagedError:
        return False


OF_USERS: dict[type, Callable[[WriteView, int, Any], None]] = {
    UserSaved: _user_saved,
    UserSeen: _user_seen,
    AttributeNamesSaved: _attributes_saved,
    UserListed: _user_listed,
    ConversationChosen: _conversation_chosen,
    InvitationsChanged: _invitations_changed,
    TypeSaved: _type_saved,
    UsersMuted: _users_muted,
    LoginsBlocked: _logins_blocked,
    ListChanged: _list_changed,
    KeySaved: _key_saved,
    PushTokenSaved: push_tokens.save,
    PushTokenRemoved: push_tokens.remove,
}
"""By the type of the record; called with the view, the number of the commit, and the record."""
