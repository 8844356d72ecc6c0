"""A conversation in a query over conversations, as the asking user may know it (where_matching.Subject)."""

from __future__ import annotations

from rcim.actor.queries import ConversationsQuery
from rcim.actor.records import Member, Profile
from rcim.base.terms import MsgFlag
from rcim.rules.conversation_kinds import SYSTEM, TEMPORARY, ConversationKind, is_channel, kind_of
from rcim.rules.json_decoding import decode_json
from rcim.rules.where import ID
from rcim.rules.where_values import MISSING, Moment, Value, shown
from rcim.store import keys
from rcim.store.backend import ReadView
from rcim.store.channel_rows import seen_in_channel
from rcim.store.member_view import NO_TYPE
from rcim.store.tables import read_head, read_profile, visible
from rcim.store.values import Head, unpack

ATTRIBUTES_COST = 256
"""Bytes of attributes that cost as much to go through as to look at a conversation: 10 µs."""


class ConversationSubject:
    """See the module's text. What is not in the profile is read when it is asked for."""

    def __init__(self, view: ReadView, query: ConversationsQuery, key: str, profile: Profile) -> None:
        self.key = key
        self.profile = profile
        self.cost = 1.0
        self._view = view
        self._query = query
        self._head: Head | None = None
        self._member: Member | None = None
        self._attributes: Value = MISSING
        self._values: dict[tuple[str, ...], Value] = {}
        self._channel = is_channel(key)
        if query.by and self._channel:
            seen = seen_in_channel(view, key, query.by, self.head)
            self._member = seen[1] if seen is not None else None
        elif query.by:
            data = view.get("members", keys.pair(key, query.by))
            self._member = unpack(data, Member) if data is not None else None

    @property
    def head(self) -> Head:
        """The head, which changes with every message."""
        if self._head is None:
            self._head = read_head(self._view, self.key)
        return self._head

    @property
    def member(self) -> Member | None:
        """The asking user as a member."""
        return self._member

    @property
    def kind(self) -> ConversationKind | None:
        """Its kind."""
        return kind_of(self.key)

    @property
    def unstored(self) -> bool:
        """True if its messages are not stored (GT-22)."""
        return not self._query.types.get(self.profile.type, NO_TYPE).stored

    @property
    def is_known(self) -> bool:
        """True if the asking user may know of it: the app of all, a user of those that they are in, that can be searched
        (GT-01), and of system conversations; of a channel, who sees it (UG-05)."""
        profile, query = self.profile, self._query
        if 0 < profile.ends_ms <= query.now_ms:
            return False
        if not query.by:
            return True
        if self._member is not None:
            return visible(profile, query.by)
        if self._channel:
            return False
        is_open = profile.type in query.open_types or self.kind is SYSTEM
        return is_open and profile.active and not profile.importing

    @property
    def lists_members(self) -> bool:
        """True if the asking user may know who is in it (GT-03). A channel has no members of its own (UG-02)."""
        query = self._query
        if self._channel:
            return False
        return not query.by or (self._member is not None and self.profile.type in query.listing_types)

    @property
    def is_muted(self) -> bool:
        """True if the asking user is a member and wants no push (RX-02)."""
        return self._member is not None and self._member.msg_flag is not MsgFlag.ACCEPT_AND_NOTIFY

    @property
    def member_count(self) -> int | None:
        """See Subject."""
        return self.head.member_num if self.lists_members else None

    def has_member(self, user_id: str) -> bool:
        """See Subject."""
        if user_id == self._query.by:
            return self._member is not None and not self._channel
        return self.lists_members and self._view.get("members", keys.pair(self.key, user_id)) is not None

    def is_muted_by(self, user_id: str) -> bool:
        """See Subject: a user may know it of themself, and the app of everybody."""
        if self._channel:
            return False
        if self._query.by:
            return user_id == self._query.by and self.is_muted
        data = self._view.get("members", keys.pair(self.key, user_id))
        return data is not None and unpack(data, Member).msg_flag is not MsgFlag.ACCEPT_AND_NOTIFY

    def value(self, name: str, path: tuple[str, ...]) -> Value:
        """See Subject."""
        if path:
            return self._attribute(path)
        profile = self.profile
        match name:
            case "name":
                return profile.name
            case "c":
                return profile.creator or MISSING
            case "type":
                return profile.type
            case "unique":
                return profile.unique
            case "sys":
                return self.kind is SYSTEM
            case "temp":
                return self.kind is TEMPORARY
            case "tr":
                return self.unstored
            case "createdAt":
                return Moment(profile.create_time_ms)
            case "updatedAt":
                return Moment(max(self.head.last_info_time_ms, profile.create_time_ms))
            case "lm":
                return Moment(self.head.last_msg_time_ms) if self.head.last_msg_time_ms else MISSING
        return profile.group_id if name == ID else MISSING

    @property
    def _decoding(self) -> float:
        """What it costs to go through all attributes."""
        return len(self.profile.attributes) / ATTRIBUTES_COST

    def _attribute(self, path: tuple[str, ...]) -> Value:
        """The value under a dotted path within the attributes; each is looked up once."""
        if path not in self._values:
            if self._attributes is MISSING:
                self.cost += self._decoding
                self._attributes = decode_json(self.profile.attributes) if self.profile.attributes else {}
            value = self._attributes
            for part in path:
                value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
            self.cost += self._decoding if isinstance(value, dict | list) else 0
            self._values[path] = shown(value)
        return self._values[path]


def subject_of(view: ReadView, query: ConversationsQuery, key: str) -> ConversationSubject | None:
    """The conversation with this key, if the asking user may know of it. Raises StoreError."""
    profile = read_profile(view, key)
    if profile is None:
        return None
    subject = ConversationSubject(view, query, key, profile)
    return subject if subject.is_known else None
