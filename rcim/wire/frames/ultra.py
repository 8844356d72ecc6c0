"""Frames of ultra groups: channels (UG-02, UG-05), push levels (UG-03), deleting by time (UG-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.ids import USER_ID_BYTES_MAX
from rcim.base.terms import PushLevel
from rcim.wire.frames.kinds import CONVERSATION, GROUP, PAGE_CURSOR
from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U16, U64, Bool, Enum, StrList, StructList, str8, str16

USERS = StrList(str16(USER_ID_BYTES_MAX, 1, one_line=True), 500)


@frame(
    0x0260,
    "CHANNEL_CREATE",
    "client",
    "request",
    reply="CHANNEL_CREATE_OK",
    rules=(
        "The owner and the admins of the ultra group and app administrators create channels.",
        "The channel's group id is that of the ultra group, `@TOPIC#_`, and `name_id`. With it all frames of groups and "
        "messages work, but those about who is a member: members are those of the ultra group (ultra-groups.md).",
        "The creator is put on the channel's own list. All members of the ultra group who are online get GROUP_ENTERED; "
        "of a private channel, only the creator.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "TOO_MANY_CHANNELS", "GROUP_ID_TAKEN", "BAD_PARAMETER", "DIRTY_WORD"),
)
class ChannelCreate(Frame, frozen=True, gc=False):
    """Makes a channel of an ultra group (UG-02)."""

    group_id: A[str, GROUP, "The ultra group."]
    name_id: A[str, str8(20, 1), "1 to 20 of A-Z, a-z, 0-9, `_` and `-`; unique in the ultra group."]
    name: A[str, str8(30, 1), "Its name."]
    introduction: A[str, str8(120), "Its introduction."]
    private: A[bool, Bool(), "Only users on its own list see it (UG-05)."]


@frame(0x8260, "CHANNEL_CREATE_OK", "server", "reply")
class ChannelCreateOk(Frame, frozen=True, gc=False):
    """The channel is there."""

    group_id: A[str, GROUP, "The channel's group id."]


@row("Channel")
class Channel(Struct, frozen=True, gc=False):
    """A channel of an ultra group."""

    group_id: A[str, GROUP, "The channel's group id."]
    name: A[str, str8(30, 1), "Its name."]
    private: A[bool, Bool(), "Only users on its own list see it."]
    newest_seq: A[int, U64, "The SEQ of its newest message; 0: there is none."]


@frame(
    0x0261,
    "CHANNELS",
    "client",
    "request",
    reply="CHANNELS_OK",
    rules=(
        "Members of the ultra group and app administrators may ask. Private channels are listed for users who are on "
        "their lists, and for app administrators.",
        "The rows of SYNC say what is unread.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class Channels(Frame, frozen=True, gc=False):
    """Lists the channels of an ultra group (UG-02)."""

    group_id: A[str, GROUP, "The ultra group."]


@frame(0x8261, "CHANNELS_OK", "server", "reply")
class ChannelsOk(Frame, frozen=True, gc=False):
    """The channels, by id."""

    channels: A[list[Channel], StructList(Channel, 50), "The channels."]


@frame(
    0x0262,
    "CHANNEL_USERS_CHANGE",
    "client",
    "request",
    reply="CHANNEL_USERS_CHANGE_OK",
    rules=(
        "The list matters while the channel is private, and is kept while it is public. Only members of the ultra group "
        "can be on it; users who leave that are taken off.",
        "The owner of the ultra group, its admins who are on the list, and app administrators change it. All of it is "
        "done, or nothing.",
        "Users who are put on the list of a private channel get GROUP_ENTERED, users who are taken off GROUP_GONE.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER", "TOO_MANY_ENTRIES", "BAD_PARAMETER"),
)
class ChannelUsersChange(Frame, frozen=True, gc=False):
    """Puts users on a channel's own list, and takes others off (UG-05)."""

    group_id: A[str, GROUP, "The channel's group id."]
    add: A[Sequence[str], USERS, "Users to put on the list."]
    remove: A[Sequence[str], USERS, "Users to take off."]


@frame(0x8262, "CHANNEL_USERS_CHANGE_OK", "server", "reply")
class ChannelUsersChangeOk(Frame, frozen=True, gc=False):
    """The list is as wanted."""


@frame(
    0x0263,
    "CHANNEL_USERS",
    "client",
    "request",
    reply="CHANNEL_USERS_OK",
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class ChannelUsers(Frame, frozen=True, gc=False):
    """Reads a channel's own list (UG-05)."""

    group_id: A[str, GROUP, "The channel's group id."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most users wanted; 0: as many as allowed (limits.md)."]


@frame(0x8263, "CHANNEL_USERS_OK", "server", "reply")
class ChannelUsersOk(Frame, frozen=True, gc=False):
    """A page of the list, by user id."""

    users: A[list[str], StrList(str16(USER_ID_BYTES_MAX, 1, one_line=True), 1000), "The users."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0264,
    "CHANNEL_PRIVATE_SET",
    "client",
    "request",
    reply="CHANNEL_PRIVATE_SET_OK",
    rules=(
        "A channel that becomes public shows its history to all members of the ultra group, as far back as each has "
        "joined. A channel that becomes private is not there any more for users who are not on its list: requests about "
        "it are answered with NO_SUCH_GROUP.",
        "The users who may change the list may do this.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class ChannelPrivateSet(Frame, frozen=True, gc=False):
    """Makes a channel private or public (UG-05)."""

    group_id: A[str, GROUP, "The channel's group id."]
    private: A[bool, Bool(), "Only users on its own list see it from now on."]


@frame(0x8264, "CHANNEL_PRIVATE_SET_OK", "server", "reply")
class ChannelPrivateSetOk(Frame, frozen=True, gc=False):
    """It is as wanted."""


@frame(
    0x0265,
    "PUSH_LEVEL_SET",
    "client",
    "request",
    reply="PUSH_LEVEL_SET_OK",
    rules=(
        "Of four settings the most specific one that is not AS_ABOVE decides: the user's for the channel, the user's for "
        "its ultra group, the channel's, the ultra group's; else ALL.",
        "Members who may edit the settings of the group may set it for the whole group.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER"),
)
class PushLevelSet(Frame, frozen=True, gc=False):
    """Sets of which messages of a group or channel the user, or everyone, gets a push (UG-03)."""

    group_id: A[str, GROUP, "The group or channel."]
    level: A[PushLevel, Enum(PushLevel), "AS_ABOVE: what is less specific decides."]
    whole: A[bool, Bool(), "It is the setting of the group or channel, not the user's own."]


@frame(0x8265, "PUSH_LEVEL_SET_OK", "server", "reply")
class PushLevelSetOk(Frame, frozen=True, gc=False):
    """It is set."""


@frame(
    0x0266,
    "PUSH_LEVEL",
    "client",
    "request",
    reply="PUSH_LEVEL_OK",
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER"),
)
class PushLevelGet(Frame, frozen=True, gc=False):
    """Asks of which messages of a group or channel the user gets a push (UG-03)."""

    group_id: A[str, GROUP, "The group or channel."]


@frame(0x8266, "PUSH_LEVEL_OK", "server", "reply")
class PushLevelOk(Frame, frozen=True, gc=False):
    """What is set, and what is in force. Of a group that is no channel, the two about channels are AS_ABOVE."""

    in_force: A[PushLevel, Enum(PushLevel), "What decides; never AS_ABOVE."]
    user_in_channel: A[PushLevel, Enum(PushLevel), "The user's setting for the channel."]
    user_in_group: A[PushLevel, Enum(PushLevel), "The user's setting for the group."]
    channel: A[PushLevel, Enum(PushLevel), "The channel's setting."]
    group: A[PushLevel, Enum(PushLevel), "The group's setting."]


@frame(
    0x0267,
    "HISTORY_TRIM",
    "client",
    "request",
    reply="HISTORY_TRIM_OK",
    rules=(
        "Users who may dissolve the conversation and delete the messages of others may do this: the owner of a group, "
        "the owner and admins of an ultra group in its channels, and app administrators.",
        "All who are online get HISTORY_TRIMMED; others find `first_seq` in SYNC.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class HistoryTrim(Frame, frozen=True, gc=False):
    """Deletes all messages of a group or channel up to a time, for everyone (UG-04)."""

    group_id: A[str, GROUP, "The group or channel."]
    to_time_ms: A[int, U64, "Messages of then and before are deleted; milliseconds since 1970."]


@frame(0x8267, "HISTORY_TRIM_OK", "server", "reply")
class HistoryTrimOk(Frame, frozen=True, gc=False):
    """They are deleted."""

    first_seq: A[int, U64, "The least SEQ that is left."]


@frame(
    0x4048,
    "HISTORY_TRIMMED",
    "server",
    "push",
    rules=("Clients remove messages below `first_seq` from what they keep.",),
)
class HistoryTrimmed(Frame, frozen=True, gc=False):
    """Messages below a SEQ are deleted for everyone (UG-04)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    first_seq: A[int, U64, "The least SEQ that is left."]
