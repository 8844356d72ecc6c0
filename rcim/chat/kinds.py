"""What `rcim chat` does by the kind of a conversation: how a user enters it, what it is called, what is said of it."""

from __future__ import annotations

import time

from rcim.base.errors import ALREADY_MEMBER, NO_SUCH_GROUP, RcimError
from rcim.base.terminal import printable as clean
from rcim.base.terms import ApplyJoinOption, GoneReason, JoinStatus, group_conversation
from rcim.client import Broadcasts, Client, Conversation, GroupEvent, User, Where
from rcim.rules.conversation_kinds import (
    CHANNEL,
    GROUP,
    SYSTEM,
    ULTRA,
    ConversationKind,
    channel_key,
    channel_name,
    kind_of,
    parent_of,
)
from rcim.wire.frames import Channel, RoomAttribute

MADE_AS = {GROUP.name: "ChatRoom", ULTRA.name: "UltraGroup"}
"""Of which type a conversation is made that somebody wants to enter and that is not there, by its kind."""


class ChatError(Exception):
    """The chat can't go on, or not do something; the text says why."""


def kind_named(group: str) -> ConversationKind:
    """The kind of conversation that a group id is of."""
    return kind_of(group_conversation(group)) or GROUP


def parent_group(group: str) -> str:
    """The group id of the ultra group that a channel belongs to; of an ultra group its own."""
    return parent_of(group)


def channel_of(group: str, name: str) -> str:
    """The group id of the channel `name` of the ultra group in which the user is, or of which this is a channel. Raises
    ChatError if it is neither."""
    if kind_named(group) not in (ULTRA, CHANNEL):
        raise ChatError("channels are in ultra groups: open one first")
    return channel_key(parent_group(group), name)


async def enter(client: Client, group: str) -> str:
    """Be a member of the group, which is made if there is none; returns what is to be said of it. Of a channel: of its
    ultra group. Raises ChatError and RcimError."""
    kind = kind_named(group)
    if kind is CHANNEL:
        return await _enter_channel(client, group)
    try:
        joined = await client.join(group)
    except RcimError as error:
        if error.code is NO_SUCH_GROUP and kind.name in MADE_AS:
            return await _make(client, group, kind)
        if error.code is not ALREADY_MEMBER:
            raise
        return ""
    if joined.status is JoinStatus.WAITING:
        raise ChatError("the group's admins have been asked; try again once they have approved")
    return "subscribed; what you write goes to the app alone" if kind is SYSTEM else ""


async def _make(client: Client, group: str, kind: ConversationKind) -> str:
    free = ApplyJoinOption.FREE_ACCESS if kind is ULTRA else ApplyJoinOption.BY_TYPE
    name = group.removeprefix(kind.group_prefix)[:30] or group[:30]
    await client.create_group(name, group_id=group, type_=MADE_AS[kind.name], apply_join_option=free)
    return f"made the group {group}"


async def _enter_channel(client: Client, group: str) -> str:
    parent = parent_group(group)
    note = await enter(client, parent)
    if group in {row.group_id for row in await client.channels(parent)}:
        return note
    await client.create_channel(parent, channel_name(group))
    return f"made the channel {channel_name(group)}"


def called(where: Where, row: Conversation | None, above: Conversation | None = None) -> str:
    """What a conversation is called, in a line for a terminal. `row`: what the list of conversations has of it;
    `above`: of the ultra group of a channel, and of the system conversation of an account."""
    if isinstance(where, Broadcasts):
        return "broadcasts"
    if isinstance(where, User):
        if kind_named(where.user_id) is not SYSTEM:
            return clean(where.user_id)
        return clean(f"{above.title if above is not None else where.user_id} and you")
    kind = kind_named(where)
    name = row.title if row is not None else where
    if kind is CHANNEL:
        group = above.title if above is not None else parent_group(where)
        name = f"{group} / {row.title if row is not None else channel_name(where)}"
    if row is not None and row.ends_ms:
        name += time.strftime(" (ends %H:%M)", time.localtime(row.ends_ms / 1000))
    return clean(name)


def gone_text(event: GroupEvent) -> str:
    """That a conversation is not there for the user any more, in words."""
    if event.reason is GoneReason.ENDED:
        return "this conversation has ended, and nothing is left of it (SY-02)"
    return f"the group is gone ({event.reason.name.lower()})"


def attribute_text(row: RoomAttribute) -> str:
    """An attribute of a room that was set or removed, in words (CR-03)."""
    if not row.removed:
        return clean(f"{row.key} is now {row.value} (by {row.by})")
    return clean(f"{row.key} is removed (by {row.by})" if row.by else f"{row.key} went with who had set it")


def channel_text(row: Channel, unread: int) -> str:
    """A channel in a list of them."""
    marks = (" private" if row.private else "") + (f" ({unread})" if unread else "")
    return clean(channel_name(row.group_id) + marks)
