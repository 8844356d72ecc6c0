"""Fields that questions and events of Tencent Cloud IM's form have in common (CB-01)."""

from __future__ import annotations

from collections.abc import Iterable

from rcim.actor.events import InConversation
from rcim.base.terms import Platform
from rcim.hooks.profile import Json
from rcim.rules.conversation_kinds import GROUP, is_channel, parent_of

PLATFORMS = {Platform.WEB: "Web", Platform.SERVER: "RESTAPI"}
"""The vendor's `OptPlatform` where ours says as much. It names operating systems, and ours only kinds of devices."""


def opt_platform(platform: Platform | None) -> str:
    """The vendor's `OptPlatform` of a device; None: it is not known."""
    return PLATFORMS.get(platform, "Unknown") if platform is not None else "Unknown"


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
