"""Fields that questions and events of Tencent Cloud IM's form have in common (CB-01)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from rcim.actor.events import InConversation
from rcim.actor.records import Message
from rcim.base.terms import Platform
from rcim.hooks.profile import Json
from rcim.rules.conversation_kinds import GROUP, is_channel, parent_of

RANDOM_MAX = (1 << 32) - 1
PLATFORMS = {Platform.WEB: "Web", Platform.SERVER: "RESTAPI"}
"""The vendor's `OptPlatform` where ours says as much. It names operating systems, and ours only kinds of devices."""


def opt_platform(platform: int) -> str:
    """The vendor's `OptPlatform` of a device; 0: it is not known."""
    return PLATFORMS.get(Platform(platform), "Unknown") if platform else "Unknown"


def random_of(client_msg_id: str) -> int:
    """The vendor's `Random`, an unsigned number of 32 bits: the client message id if it is one, else a checksum of it.
    `MsgId` beside it has the id itself."""
    if client_msg_id.isascii() and client_msg_id.isdigit() and len(client_msg_id) <= 10:
        number = int(client_msg_id)
        if number <= RANDOM_MAX:
            return number
    return zlib.crc32(client_msg_id.encode())


def message_key(message: Message) -> str:
    """The vendor's `MsgKey` of a message one to one."""
    return f"{message.seq}_{random_of(message.client_msg_id)}_{message.time_ms // 1000}"


def accounts(users: Iterable[str], limit: int | None = None) -> list[Json]:
    """The vendor's list of members."""
    return [{"Member_Account": user} for user in users][:limit]


def place_of(key: str) -> Json:
    """`GroupId`, and in a channel `TopicId`: the vendor calls channels topics of a group."""
    if is_channel(key):
        return {"GroupId": GROUP.inner_id(parent_of(key)), "TopicId": GROUP.inner_id(key)}
    return {"GroupId": GROUP.inner_id(key)}


def base_of(command: str, event: InConversation) -> Json:
    """What every callback about a group begins with."""
    return {
        "CallbackCommand": command,
        **place_of(event.where.key),
        "Type": event.where.type,
        "EventTime": event.time_ms,
    }
