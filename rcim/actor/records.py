"""Records: what an actor commits. Applying records to the store is one function (store/apply.py), and an actor's own
state follows from the same records. They are kept and, beyond one machine, sent: fields are only ever added at the
end, with a default.
"""

from __future__ import annotations

import msgspec

from rcim.base.terms import ApplyJoinOption, Priority, Role


class Message(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An ordinary message as it is kept (MS-01, MS-04)."""

    seq: int
    time_ms: int
    message_id: int
    priority: Priority
    sender: str
    nickname: str
    face_url: str
    name_card: str
    client_msg_id: str
    body: bytes


class Profile(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What belongs to the group as such (GR-03)."""

    group_id: str
    type: str
    name: str
    introduction: str
    notification: str
    face_url: str
    owner: str
    create_time_ms: int
    apply_join_option: ApplyJoinOption
    max_member_num: int
    first_seq: int
    """The SEQ of the group's first message: 1, or more where a dissolved group had the id before."""


class Member(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A member of a group (GR-04)."""

    user_id: str
    role: Role
    join_time_ms: int
    joined_seq: int
    """The newest SEQ at the moment of joining: what came after it may be seen (GT-14)."""
    name_card: str


class UserProfile(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A user's own fields that go with its messages (MS-04)."""

    nickname: str = ""
    face_url: str = ""


class GroupCreated(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=1):
    """GR-01."""

    key: str
    profile: Profile
    members: list[Member]


class GroupDissolved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=2):
    """GR-01. The SEQ counter stays, so that an id and a SEQ name one message for ever (MS-01)."""

    key: str


class MemberJoined(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=3):
    """GR-05."""

    key: str
    member: Member
    time_ms: int


class MemberLeft(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=4):
    """GR-05."""

    key: str
    user_id: str
    time_ms: int


class MessageKept(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=5):
    """MS-01: the message has its SEQ, and the counter stands one higher."""

    key: str
    message: Message


class UserProfileSet(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=6):
    """AB-05, nickname and face URL."""

    key: str
    user_id: str
    profile: UserProfile


Record = GroupCreated | GroupDissolved | MemberJoined | MemberLeft | MessageKept | UserProfileSet


class GroupSnapshot(msgspec.Struct, frozen=True, gc=False):
    """All that a group's actor needs to begin; read from the store."""

    key: str
    profile: Profile | None
    """None: there is no such group (there may have been one)."""
    next_seq: int
    last_msg_time_ms: int
    info_seq: int
    last_info_time_ms: int
    members: list[Member]
    recent: list[Message]
    """The messages of the dedupe window, oldest first (MS-02)."""


class UserSnapshot(msgspec.Struct, frozen=True, gc=False):
    """All that a user's actor needs to begin."""

    key: str
    user_id: str
    profile: UserProfile
