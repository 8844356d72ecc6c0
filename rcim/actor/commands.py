"""Commands: what an actor is asked. `by` is the user who asks, `admin` says that it is an app administrator."""

from __future__ import annotations

import msgspec

from rcim.base.terms import ApplyJoinOption, Priority


class SendMessage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """MS-02. The sender's nickname and face URL come with it, so that a send reads nothing (MS-04)."""

    by: str
    admin: bool
    nickname: str
    face_url: str
    client_msg_id: str
    priority: Priority
    body: bytes


class ReadHistory(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """RX-06. Bounds as in the HISTORY frame."""

    by: str
    admin: bool
    from_seq: int
    to_seq: int
    limit: int
    backwards: bool
    from_time_ms: int
    to_time_ms: int


class CreateGroup(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-01. `owner` is empty when an app administrator makes a group that it is not itself in."""

    by: str
    admin: bool
    group_id: str
    type: str
    name: str
    introduction: str
    notification: str
    face_url: str
    apply_join_option: ApplyJoinOption
    members: list[str]


class DissolveGroup(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-01."""

    by: str
    admin: bool


class JoinGroup(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-05."""

    by: str
    admin: bool
    name_card: str


class LeaveGroup(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-05."""

    by: str
    admin: bool


class ReadInfo(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-03."""

    by: str
    admin: bool


class ReadMembers(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """GR-05."""

    by: str
    admin: bool
    cursor: str
    limit: int


class SetUserProfile(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """AB-05, by the user itself."""

    by: str
    admin: bool
    nickname: str
    face_url: str


GroupCommand = (
    SendMessage | ReadHistory | CreateGroup | DissolveGroup | JoinGroup | LeaveGroup | ReadInfo | ReadMembers
)
UserCommand = SetUserProfile
Command = GroupCommand | UserCommand
