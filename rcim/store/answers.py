"""What queries are answered with."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Member, Message, Profile, UserProfile


class MessagesPage(msgspec.Struct, frozen=True, gc=False):
    """RX-06. `more`: messages of the asked range are left."""

    newest_seq: int
    first_seq: int
    more: bool
    messages: list[Message]


class MembersPage(msgspec.Struct, frozen=True, gc=False):
    """GR-05. `next` is empty on the last page."""

    members: list[Member]
    next: str


class GroupRow(msgspec.Struct, frozen=True, gc=False):
    """A group in a list; `member` is the asking user's row in it, if it has one."""

    profile: Profile
    member_num: int
    newest_seq: int
    member: Member | None


class GroupsPage(msgspec.Struct, frozen=True, gc=False):
    """GR-05. `next` is empty on the last page."""

    groups: list[GroupRow]
    next: str


class UserFacts(msgspec.Struct, frozen=True, gc=False):
    """A user's profile."""

    profile: UserProfile


class LoginFacts(msgspec.Struct, frozen=True, gc=False):
    """What a login needs: the profile, and the keys of all conversations that the user is in."""

    profile: UserProfile
    conversations: list[str]


class ConnectionRow(msgspec.Struct, frozen=True, gc=False):
    """A connection, for administrators."""

    connection_id: int
    user_id: str
    platform: int
    device_tag: str
    address: str
    age_ms: int
    queued_bytes: int
    agent: str


class ConnectionsPage(msgspec.Struct, frozen=True, gc=False):
    """Connections by id. `next` is 0 on the last page."""

    rows: list[ConnectionRow]
    next: int


class Counted(msgspec.Struct, frozen=True, gc=False):
    """Counters by name."""

    values: dict[str, int]


Answer = ConnectionsPage | Counted | MessagesPage | MembersPage | GroupsPage | UserFacts | LoginFacts
