"""What queries are answered with."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Member, Message, Profile, UserProfile


class MessagesPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """RX-06. `more`: messages of the asked range are left."""

    newest_seq: int
    first_seq: int
    more: bool
    messages: list[Message]


class MembersPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-05. `next` is empty on the last page."""

    members: list[Member]
    next: str


class GroupRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A group in a list; `member` is the asking user's row in it, if it has one."""

    profile: Profile
    member_num: int
    newest_seq: int
    member: Member | None


class GroupsPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-05. `next` is empty on the last page."""

    groups: list[GroupRow]
    next: str


class UserFacts(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A user's profile."""

    profile: UserProfile


class LoginFacts(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """What a login needs: the profile, and the keys of all conversations that the user is in."""

    profile: UserProfile
    conversations: list[str]


class Heads(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """The newest SEQ by conversation; 0 where there is no message."""

    newest: dict[str, int]


class ConnectionRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A connection, for administrators."""

    connection_id: int
    user_id: str
    platform: int
    device_tag: str
    address: str
    age_ms: int
    queued_bytes: int
    agent: str


class ConnectionsPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Connections by id. `next` is 0 on the last page."""

    rows: list[ConnectionRow]
    next: int


class Counted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Counters by name."""

    values: dict[str, int]


Answer = ConnectionsPage | Counted | Heads | MessagesPage | MembersPage | GroupsPage | UserFacts | LoginFacts
