"""Users of chat rooms: who is there, mutes, blocks, and whom a room protects (SC-02, SC-04, GR-11, CR-01)."""

from __future__ import annotations

from typing import Any

from rcim.adapters.rongcloud.command import Call, Json, command, each, failures
from rcim.adapters.rongcloud.group_mutes import mute, mute_everywhere, muted_everywhere
from rcim.adapters.rongcloud.targets import facts_of, marked, present
from rcim.base.errors import ALREADY_MEMBER, RcimError
from rcim.base.terms import MemberOrder, MuteScope
from rcim.service import requests
from rcim.service.results import Done, Joined, Listed, Members

USERS_AT_ONCE, JOINED_AT_ONCE, ASKED_AT_ONCE, SHOWN_MAX = 20, 50, 1000, 500


def _room(call: Call) -> str:
    return call.form.text("chatroomId", most=64)


@command("/chatroom/join")
async def join(call: Call) -> Json:
    """Users enter a room, each as if they did it themselves, which is how it is done since. Who is there stays. Each is
    tried; `failed` says who can't enter, and why."""
    room_id, users = _room(call), call.form.users(JOINED_AT_ONCE)
    for user in users:
        call.service.check(call.acting_for(user), requests.GroupJoin(room_id))
    results = await each([lambda by=user: _enter(call, room_id, by) for user in users])  # type: ignore[misc]
    return failures(users, results, "userId")


async def _enter(call: Call, room_id: str, user: str) -> None:
    """Raises RcimError."""
    try:
        await call.ask(requests.GroupJoin(room_id), Joined, call.acting_for(user))
    except RcimError as error:
        if error.code != ALREADY_MEMBER:
            raise


@command("/chatroom/user/query")
async def query(call: Call) -> Json:
    """Up to 500 members of a room, the earliest first with `order` 1, else the latest; and how many it has. The app
    itself, which owns the room, is none of them."""
    room_id, form = _room(call), call.form
    count = form.number("count", SHOWN_MAX, 1, SHOWN_MAX)
    order = MemberOrder.EARLIEST if form.number("order", 1, 1, 2) == 1 else MemberOrder.LATEST
    info = (await facts_of(call, room_id)).info
    owner, cursor = info.profile.owner, ""
    found: list[Any] = []
    while len(found) < count:
        page = await call.ask(requests.GroupMembers(room_id, cursor, order=order), Members)
        found += [row.member for row in page.rows if row.member.user_id != owner]
        cursor = page.next
        if not cursor:
            break
    users = [{"id": one.user_id, "time": call.app.shown(one.join_time_ms)} for one in found[:count]]
    return {"total": info.member_num - bool(owner), "users": users}


@command("/chatroom/user/exist")
async def exists(call: Call) -> Json:
    """Whether a user is in a room."""
    return {"isInChrm": bool(await present(call, _room(call), [call.form.user()]))}


@command("/chatroom/users/exist")
async def exist(call: Call) -> Json:
    """Which of these users are in a room."""
    users = call.form.users(ASKED_AT_ONCE)
    there = set(await present(call, _room(call), users))
    return {"result": [{"userId": user, "isInChrm": int(user in there)} for user in users]}


@command("/chatroom/user/gag/add")
async def gag_add(call: Call) -> Json:
    """Mutes users in a room."""
    return await mute(call, _room(call), call.form.users(USERS_AT_ONCE), call.seconds())


@command("/chatroom/user/gag/rollback")
async def gag_remove(call: Call) -> Json:
    """Users may speak in a room again."""
    return await mute(call, _room(call), call.form.users(USERS_AT_ONCE), 0)


@command("/chatroom/user/gag/list")
async def gag_list(call: Call) -> Json:
    """Who is muted in a room, and until when."""
    return {"users": await marked(call, _room(call), blocked=False)}


@command("/chatroom/user/block/add")
async def block_add(call: Call) -> Json:
    """Users have to leave a room, and do not get in again for a time."""
    await call.ask(requests.GroupBlock(_room(call), call.form.users(USERS_AT_ONCE), call.seconds()), Done)
    return {}


@command("/chatroom/user/block/rollback")
async def block_remove(call: Call) -> Json:
    """Users may enter a room again."""
    await call.ask(requests.GroupBlock(_room(call), call.form.users(USERS_AT_ONCE), 0), Done)
    return {}


@command("/chatroom/user/block/list")
async def block_list(call: Call) -> Json:
    """Who is blocked from a room, and until when."""
    return {"users": await marked(call, _room(call), blocked=True)}


@command("/chatroom/user/ban/add")
async def ban_add(call: Call) -> Json:
    """Mutes users in all rooms (SC-04)."""
    return await mute_everywhere(call, call.form.users(USERS_AT_ONCE), call.seconds(), MuteScope.CHAT_ROOMS)


@command("/chatroom/user/ban/remove")
async def ban_remove(call: Call) -> Json:
    """Users may speak in all rooms again."""
    return await mute_everywhere(call, call.form.users(USERS_AT_ONCE), 0, MuteScope.CHAT_ROOMS)


@command("/chatroom/user/ban/query")
async def ban_query(call: Call) -> Json:
    """Who is muted in all rooms, and until when."""
    rows = await muted_everywhere(call, MuteScope.CHAT_ROOMS)
    return {"users": [{"userId": user, "time": call.app.shown(until_ms)} for user, until_ms in rows]}


@command("/chatroom/user/whitelist/add")
async def whitelist_add(call: Call) -> Json:
    """Users do not leave a room by themselves when they are absent (CR-01)."""
    await call.ask(requests.AdminRoomSet(_room(call), protect=call.form.users(USERS_AT_ONCE)), Done)
    return {}


@command("/chatroom/user/whitelist/remove")
async def whitelist_remove(call: Call) -> Json:
    """Users leave a room again when they are absent."""
    await call.ask(requests.AdminRoomSet(_room(call), unprotect=call.form.users(USERS_AT_ONCE)), Done)
    return {}


@command("/chatroom/user/whitelist/query")
async def whitelist_query(call: Call) -> Json:
    """Whom a room protects."""
    return {"users": (await call.ask(requests.AdminRoomProtected(_room(call)), Listed)).entries}
