"""What a request is about: conversations by the vendor's types and ids, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.adapters.rongcloud.codes import WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, chunks
from rcim.base.errors import NO_SUCH_GROUP, RcimError
from rcim.base.terms import CHANNEL_MARK, PushLevel
from rcim.service import requests
from rcim.service.results import GroupFacts, Marks, Members
from rcim.vendors.rongcloud_ids import NUMBERS, RongConversation, key_of_rong

USERS_AT_ONCE = 100
ULTRA_PREFIX = "@TGS#_"
DEFAULT_CHANNEL = "RCDefault"
"""The busChannel of what is in no channel of an ultra group: the conversation of the group itself."""
CHANNEL_TYPES = {number: channel_type for channel_type, number in NUMBERS.items()} | {2: "GROUP"}
"""By conversationType; the vendor's discussions, 2, are groups here."""
LEVELS = {
    -1: PushLevel.ALL,
    0: PushLevel.AS_ABOVE,
    1: PushLevel.MENTIONS,
    2: PushLevel.MENTIONS,
    4: PushLevel.MENTIONS,
    5: PushLevel.NONE,
}
"""By unpushLevel. The vendor tells mentions of the user (2) from those of all (4); here both have a push."""
SHOWN_LEVELS = {PushLevel.ALL: -1, PushLevel.AS_ABOVE: 0, PushLevel.MENTIONS: 1, PushLevel.NONE: 5}


def ultra_id(group_id: str) -> str:
    """The group id of an ultra group that the vendor's back end calls so: an ultra group's begins with `@TGS#_`."""
    return group_id if group_id.startswith(ULTRA_PREFIX) else ULTRA_PREFIX + group_id


def channel_id(group_id: str, bus_channel: str) -> str:
    """The group id of an ultra group, or of a channel of it."""
    return ultra_id(group_id) + (CHANNEL_MARK + bus_channel if bus_channel not in ("", DEFAULT_CHANNEL) else "")


def conversation_of(call: Call, user_id: str) -> str:
    """The id of the conversation that `conversationType`, `targetId` and `busChannel` name, as the user knows it. Raises
    RongError."""
    form = call.form
    number = form.number("conversationType")
    if number not in CHANNEL_TYPES:
        raise RongError(WRONG_PARAMETER, "Parameter conversationType has to be 1, 2, 3, 4, 6 or 10.")
    channel_type, target = CHANNEL_TYPES[number], form.text("targetId", most=160)
    if channel_type == "ULTRAGROUP":
        target = ultra_id(target)
    elif channel_type == "NOTIFY" and not target.startswith("@SYS#"):
        channel_type = "PERSON"  # what an ordinary account sends as a system message (publishing.py)
    channel = form.text("busChannel", "")
    return key_of_rong(RongConversation(channel_type, target, "" if channel == DEFAULT_CHANNEL else channel), user_id)


async def present(call: Call, group_id: str, users: Sequence[str]) -> list[str]:
    """Those of the users who are in the group, in their order. Raises RcimError."""
    found: set[str] = set()
    for some in chunks(users, USERS_AT_ONCE):
        page = await call.ask(requests.GroupMemberGet(group_id, list(some)), Members)
        found.update(row.member.user_id for row in page.rows)
    return [user for user in users if user in found]


async def all_members(call: Call, group_id: str, most: int) -> list[tuple[str, int]]:
    """User id and join time in ms of the group's members, at most so many. Raises RcimError."""
    found: list[tuple[str, int]] = []
    cursor = ""
    while len(found) < most:
        page = await call.ask(requests.GroupMembers(group_id, cursor), Members)
        found += [(row.member.user_id, row.member.join_time_ms) for row in page.rows]
        cursor = page.next
        if not cursor:
            break
    return found[:most]


async def facts_of(call: Call, group_id: str) -> GroupFacts:
    """The profile of a group. Raises RcimError."""
    return await call.ask(requests.GroupInfo(group_id), GroupFacts)


async def is_there(call: Call, group_id: str) -> bool:
    """True if there is a group with this id. Raises RcimError."""
    try:
        await facts_of(call, group_id)
    except RcimError as error:
        if error.code == NO_SUCH_GROUP:
            return False
        raise
    return True


async def marked(call: Call, group_id: str, *, blocked: bool) -> list[Json]:
    """Who is muted in a group, or blocked from it, with the end of it. Raises RcimError."""
    found: list[Json] = []
    cursor = ""
    while True:
        request = requests.GroupBlocked(group_id, cursor) if blocked else requests.GroupMuted(group_id, cursor)
        page = await call.ask(request, Marks)
        for mark in page.marks:
            until_ms = mark.blocked_until_ms if blocked else mark.muted_until_ms
            found.append({"userId": mark.user_id, "time": call.app.shown(until_ms)})
        cursor = page.next
        if not cursor:
            return found
