"""What comes out of an actor: a result for who asked, a record to commit, effects to carry out once it is durable,
or a query that the store answers."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Message, Profile, Record
from rcim.base.errors import ErrorCode

# ------------------------------------------------------------------------------------------------- results


class Refused(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """The request was refused or failed; nothing was done."""

    code: ErrorCode
    detail: str
    retry_after_ms: int = 0


class Sent(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """MS-02."""

    seq: int
    time_ms: int
    message_id: int
    duplicate: bool


class Created(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-01."""

    group_id: str


class Dissolved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-01."""


class Joined(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-05."""

    newest_seq: int
    member_num: int


class Left(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-05."""


class Info(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-03."""

    key: str
    profile: Profile
    info_seq: int
    last_info_time_ms: int
    last_msg_time_ms: int
    next_seq: int
    member_num: int


class ProfileSaved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """AB-05."""


Result = Refused | Sent | Created | Dissolved | Joined | Left | Info | ProfileSaved

# ------------------------------------------------------------------------------------------------- queries


class MessagesQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of messages, the right to which has been checked: from_seq <= SEQ <= to_seq."""

    key: str
    from_seq: int
    to_seq: int
    limit: int
    backwards: bool
    from_time_ms: int
    to_time_ms: int
    newest_seq: int
    first_seq: int


class MembersQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of members after `cursor`, by user id."""

    key: str
    cursor: str
    limit: int


class JoinedGroupsQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of the groups of `user_id` after `cursor`, by key."""

    user_id: str
    cursor: str
    limit: int


class AllGroupsQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of all groups after `cursor`, by key."""

    cursor: str
    limit: int


class UserQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """The profile of a user."""

    user_id: str


class ConnectionsQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Connections with ids above `after_id`, up to `limit`, by id; only those of `user_id` unless empty."""

    after_id: int
    limit: int
    user_id: str


class OnlineQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Which users are online in the conversation."""

    key: str


class HeadsQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """The newest SEQ of each of these conversations."""

    keys: list[str]


class CountersQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """All counters of the server."""


class LoginQuery(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """What a login needs: the user's profile and the keys of all its conversations."""

    user_id: str


Look = ConnectionsQuery | CountersQuery | OnlineQuery
"""Answered by who holds connections; the others by the store."""
Query = MessagesQuery | MembersQuery | JoinedGroupsQuery | AllGroupsQuery | UserQuery | LoginQuery | HeadsQuery | Look

# ------------------------------------------------------------------------------------------------- effects


class Deliver(msgspec.Struct, frozen=True, gc=False):
    """Give the message to all who are online in the conversation."""

    message: Message


class MembersAdded(msgspec.Struct, frozen=True, gc=False):
    """From now on these users get what the conversation delivers."""

    user_ids: list[str]


class MemberGone(msgspec.Struct, frozen=True, gc=False):
    """From now on this user gets nothing more of the conversation."""

    user_id: str


class ConversationGone(msgspec.Struct, frozen=True, gc=False):
    """The conversation has ended for everyone."""


class UserProfileChanged(msgspec.Struct, frozen=True, gc=False):
    """Sessions of the user send with this from now on."""

    user_id: str
    nickname: str
    face_url: str


Effect = Deliver | MembersAdded | MemberGone | ConversationGone | UserProfileChanged


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What one command led to. With a record, nothing else of it counts before the record is durable."""

    result: Result | Query
    record: Record | None = None
    effects: tuple[Effect, ...] = ()
