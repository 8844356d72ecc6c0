"""The broadcasts of the app as a user finds them in the store (SY-03, SY-04, SY-06): nothing is written for a user when a
broadcast is sent, so what is new for them is found when they sync. rules/broadcasts.py decides; here is only read."""

from __future__ import annotations

from typing import NamedTuple

from rcim.actor.broadcast_roster import as_everybody
from rcim.actor.records import Member, Message, MessageOptions
from rcim.actor.user_records import UserProfile
from rcim.base.terms import BROADCAST_ALL
from rcim.rules.broadcasts import DAY_MS, KEPT_MS, TIMES_MAX, Viewer, is_offline_message, is_shown, is_welcome
from rcim.rules.targets import Target
from rcim.rules.visibility import Sight
from rcim.store import keys
from rcim.store.backend import ReadView
from rcim.store.member_view import MemberView
from rcim.store.messages import SPEAKS, Facts, facts_of
from rcim.store.tables import read_head, seq_at
from rcim.store.values import HEAD, Head, ListEntry, unpack

LOOKED_AT_MAX = 1000
"""Broadcasts of before a new user that are looked at for the one that they get: of a month, at the usual bound."""

KNOWN_MAX = 2048
"""Broadcasts whose terms are remembered: 10 MB at the most, with the largest targets."""

ROOM = 1 << 20
"""Bytes: any message has room."""


class BroadcastView(MemberView):
    """As MemberView, of the conversation of broadcasts."""

    viewer = Viewer()
    now_ms = 0

    def look_as(self, viewer: Viewer, now_ms: int) -> BroadcastView:
        """Itself, with the eyes of this user; without `now_ms` nothing has expired."""
        self.viewer, self.now_ms = viewer, now_ms
        self.first = max(self.first, viewer.first_seq)
        return self

    def sight(self, message: Message) -> Sight:
        """What the user sees of the broadcast."""
        if not is_shown(message.seq, message.time_ms, target_of(message), self.viewer):
            return Sight.NOT_FOR_USER
        return super().sight(message)

    def _passes(self, seq: int, facts: Facts, data: bytes) -> bool:
        """SY-06: only what is an offline message counts, and is shown in a list of conversations."""
        terms = terms_of(seq, data)
        return is_offline_message(
            seq, facts.time_ms, terms.target, self.viewer, expires_ms=terms.expires_ms, now_ms=self.now_ms
        )

    def has_come_since(self, chosen: ListEntry, head: Head) -> bool:
        """RX-09, SY-04: a broadcast for others brings nothing back. Of what has come since, as many are looked at as for
        the last message."""
        if not super().has_come_since(chosen, head):
            return False
        return any(message.seq > chosen.removed_seq for message in self.last(ROOM))

    def _counts(self, seq: int, facts: Facts, data: bytes) -> bool:
        return super()._counts(seq, facts, data) and self._passes(seq, facts, data)


class Terms(NamedTuple):
    """What a broadcast keeps for ever, whatever becomes of what it says."""

    target: Target | None
    """Whom it is for; None: everybody."""
    expires_ms: int


_known: dict[tuple[int, bytes], Terms] = {}


def terms_of(seq: int, data: bytes) -> Terms:
    """The terms of the broadcast `seq`, which is kept so. Decoding one takes ten times as long as looking at it, and
    every user who comes looks at the same ones: so those that were looked at last are remembered, by SEQ and checksum.
    Raises StoreError."""
    key = seq, data[: HEAD.size]
    found = _known.get(key)
    if found is None:
        extra = unpack(data, Message).extra or MessageOptions()
        found = Terms(extra.target, extra.expires_ms)
        if len(_known) >= KNOWN_MAX:
            _known.clear()
        _known[key] = found
    return found


def target_of(message: Message) -> Target | None:
    """Whom the broadcast is for; None: everybody."""
    return message.extra.target if message.extra is not None else None


def own_row(view: ReadView, user_id: str) -> Member:
    """The user in the conversation of broadcasts, whether anything is kept of them there or not. Raises StoreError."""
    data = view.get("members", keys.pair(BROADCAST_ALL, user_id))
    return unpack(data, Member) if data is not None else as_everybody(user_id)


def read_viewer(view: ReadView, user_id: str) -> Viewer:
    """The user as one who looks at broadcasts. Raises StoreError."""
    data = view.get("users", user_id.encode())
    profile = unpack(data, UserProfile) if data is not None else UserProfile(deleted=True)
    created_ms = profile.created_ms or (read_seen(view, user_id) if profile.deleted else 0)
    viewer = Viewer(created_ms, profile.labels)
    return viewer._replace(first_seq=_first_seen(view, viewer)) if created_ms else viewer


def read_seen(view: ReadView, user_id: str) -> int:
    """When the user logged in first, of whom nothing else is kept; 0: it is not known."""
    data = view.get("seen", user_id.encode())
    return int(keys.U64.unpack(data)[0]) if data is not None else 0


def is_unseen(view: ReadView, user_id: str, profile: UserProfile | None) -> bool:
    """True if it is not known that the user was ever here; `profile` is what is kept of them. Raises StoreError."""
    if profile is not None and not profile.deleted:
        return False
    if view.get("seen", user_id.encode()) is not None:
        return False
    low, high = user_id.encode() + keys.SEP, user_id.encode() + keys.AFTER_SEP
    return next(iter(view.scan("memberships", low, high)), None) is None


def _first_seen(view: ReadView, viewer: Viewer) -> int:
    """The SEQ of the newest broadcast of before the user that they get all the same; else of the first one since."""
    head = read_head(view, BROADCAST_ALL)
    first = max(1, head.kept_seq)
    since = seq_at(view, BROADCAST_ALL, first, head.next_seq - 1, viewer.created_ms)
    low, high = keys.message(BROADCAST_ALL, first), keys.message(BROADCAST_ALL, since)
    for looked_at, (row, data) in enumerate(view.scan("messages", low, high, reverse=True)):
        facts = facts_of(data)
        if looked_at == LOOKED_AT_MAX or facts.time_ms <= viewer.created_ms - KEPT_MS:
            break
        seq = keys.U64.unpack(row[-8:])[0]
        terms = terms_of(seq, data)
        if facts.flags & SPEAKS and is_welcome(terms.expires_ms, terms.target, viewer):
            return int(seq)
    return since


def read_times(view: ReadView, now_ms: int) -> list[int]:
    """When the broadcasts of the 24 hours up to `now_ms` were sent, oldest first. Raises StoreError."""
    found: list[int] = []
    low, high = keys.message(BROADCAST_ALL, 0), BROADCAST_ALL.encode() + keys.AFTER_SEP
    for _, data in view.scan("messages", low, high, reverse=True):
        time_ms = facts_of(data).time_ms
        if time_ms <= now_ms - DAY_MS or len(found) == TIMES_MAX:
            break
        found.append(time_ms)
    found.reverse()
    return found
