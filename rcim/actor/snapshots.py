"""What an actor is loaded from: all that the store has for it, read at one moment."""

from __future__ import annotations

import msgspec

from rcim.actor.api_keys import ApiKey
from rcim.actor.records import Member, Message, Profile, RoomAttribute, UserRestriction
from rcim.actor.user_records import Invitation, UserProfile
from rcim.base.terms import Place, UserList
from rcim.rules.type_table import TypeChange


class RoomSnapshot(msgspec.Struct, frozen=True, gc=False):
    """CR-03: the attributes of a room that has had any."""

    version: int
    floor: int
    attributes: list[RoomAttribute]
    """By version; removed ones are among them."""


class ParentFacts(msgspec.Struct, frozen=True, gc=False):
    """What a channel's actor knows of its ultra group (UG-02, UG-05)."""

    profile: Profile
    muted: dict[str, int]
    """Until when which users are muted: it holds in all channels."""
    blocked: dict[str, int]
    """Until when which users are blocked (GR-11): where others than members may send (GT-26), they may not."""
    member_num: int
    joined_ms: int
    """When somebody joined last."""


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
    """By JoinTime; of a kind whose roster is paged, only the owner and the admins."""
    recent: list[Message]
    """The messages of the dedupe window, oldest first (MS-02)."""
    marks: list[UserRestriction] = []
    reserved: bool = False
    """True if messages were not stored: `next_seq` is where the counter goes on."""
    listed: list[tuple[str, UserList]] = []
    """SC-07, of a one-to-one conversation: who of the two has the other on which list."""
    member_num: int = 0
    """How many members there are, as the head of the conversation counts them."""
    cleared_max: int = 0
    """MS-10: the greatest `cleared_seq` of a member; only where the roster is paged."""
    times: list[int] = []
    """SY-03, of the conversation of broadcasts: when those of the last 24 hours were sent."""
    room: RoomSnapshot | None = None
    joined_ms: int = 0
    """When somebody joined last; only where the roster is not in memory."""
    channels: list[str] = []
    """UG-02, of an ultra group: the names of its channels."""
    ending: bool = False
    """True if members of an earlier group with this id are still being removed: none can be created meanwhile."""
    parent: ParentFacts | None = None
    """UG-02, of a channel: what holds in its ultra group."""
    channel_listed: bool = False
    """UG-02, of a channel: its ultra group has it, so that it may begin."""
    insiders: list[str] = []
    """UG-05, of a channel: who is on its own list."""


class UserSnapshot(msgspec.Struct, frozen=True, gc=False):
    """All that a user's actor needs to begin."""

    key: str
    user_id: str
    profile: UserProfile
    known: bool = False
    """True if anything is kept of the user."""
    lists: list[tuple[UserList, str]] = []
    """The lists of the user that are not empty, and whom they name (SC-07)."""
    pinned: dict[str, int] = {}
    """RX-09: conversations, and when they were."""
    places: dict[str, Place] = {}
    """What the user is in which groups."""
    invitations: list[Invitation] = []
    seen_ms: int = 0
    """SY-03: when the user logged in first, if nothing else is kept of them; 0: it is not known."""


class AppSnapshot(msgspec.Struct, frozen=True, gc=False):
    """What belongs to the whole app (GT-13, GT-20, SC-04)."""

    types: dict[str, TypeChange]
    counts: dict[str, int]
    """Groups by type."""
    muted: dict[str, int]
    lists: dict[int, list[str]] = {}
    """By AppList: what was added at run time."""
    attributes: dict[int, str] = {}
    """SY-04: the names of the attributes that users can have, by number."""
    api_keys: dict[str, ApiKey] = {}
    """ID-08, by id."""
    blocked: dict[str, int] = {}
    """ID-09: until when which users can't log in."""
