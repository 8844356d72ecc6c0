"""Mutes of groups and chat rooms: of members, of all, and who may speak all the same (SC-02, SC-03)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from rcim.adapters.rongcloud.codes import TOO_MANY, WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, chunks, command, page_of
from rcim.adapters.rongcloud.form import Form
from rcim.adapters.rongcloud.targets import facts_of, marked
from rcim.base.errors import RcimError
from rcim.base.terms import PERMANENT_S, MuteScope
from rcim.http.json_bodies import kept_json
from rcim.service import requests
from rcim.service.results import Done, Edited, GroupsPage, MutedUsers

USERS_AT_ONCE, GROUPS_AT_ONCE = 20, 20
MUTED_AT_ONCE = 500
"""As many as one request of the service takes."""
SPEAKERS = "rongSpeakers"
"""The attribute of a group that names who may speak while all are muted. It is kept while nobody is muted, too."""
SPEAKERS_MAX = 100
GROUPS_LOOKED_AT = 20_000


async def mute(call: Call, group_id: str, users: Sequence[str], seconds: int) -> Json:
    """Mutes users in a group or room; 0 seconds: no longer. Raises RcimError."""
    await call.ask(requests.GroupMute(group_id, list(users), seconds), Done)
    return {}


async def mute_everywhere(call: Call, users: Sequence[str], seconds: int, where: MuteScope) -> Json:
    """Mutes users in all conversations of a kind, all of them or none; 0 seconds: no longer (SC-04). Raises RcimError."""
    parts = chunks(users, MUTED_AT_ONCE)
    before = {user for user, _ in await muted_everywhere(call, where)} if len(parts) > 1 and seconds else set()
    done: list[str] = []
    try:
        async for _ in call.ask_each([requests.AdminUserMute(list(some), seconds, where) for some in parts], Done):
            done += parts[len(done) // MUTED_AT_ONCE]
    except RcimError:
        for some in chunks([user for user in done if seconds and user not in before], MUTED_AT_ONCE):
            await call.ask(requests.AdminUserMute(list(some), 0, where), Done)
        raise
    return {}


async def muted_everywhere(call: Call, where: MuteScope) -> list[tuple[str, int]]:
    """Who is muted in all conversations of a kind, by user id, and until when in ms (SC-04). Raises RcimError."""
    found: list[tuple[str, int]] = []
    cursor = ""
    while True:
        page = await call.ask(requests.AdminUserMuted(cursor, where=where), MutedUsers)
        found += page.until_ms
        cursor = page.next
        if not cursor:
            return found


def _group(call: Call) -> str:
    return call.form.text("groupId", most=64)


@command("/group/user/gag/add")
async def gag_add(call: Call) -> Json:
    """Mutes members of a group, or without `groupId` users in all groups."""
    return await _gag(call, call.seconds())


@command("/group/user/gag/rollback")
async def gag_remove(call: Call) -> Json:
    """Members of a group may speak again; without `groupId` who was muted in all groups."""
    return await _gag(call, 0)


async def _gag(call: Call, seconds: int) -> Json:
    users = call.form.users(USERS_AT_ONCE)
    if "groupId" not in call.form:
        return await mute_everywhere(call, users, seconds, MuteScope.GROUPS)
    return await mute(call, _group(call), users, seconds)


@command("/group/user/gag/list")
async def gag_list(call: Call) -> Json:
    """Who is muted in a group, and until when; without `groupId` who is in all groups."""
    if "groupId" in call.form:
        return {"users": await marked(call, _group(call), blocked=False)}
    rows = await muted_everywhere(call, MuteScope.GROUPS)
    return {"users": [{"userId": user, "time": call.app.shown(until_ms)} for user, until_ms in rows]}


@command("/user/chat/fb/set")
async def pairs_mute(call: Call) -> Json:
    """Users may not write to anybody in one-to-one conversations, `state` 1, or may again, 0 (SC-04)."""
    form = call.form
    _check_type(form)
    seconds = PERMANENT_S if form.number("state", least=0, most=1) else 0
    return await mute_everywhere(call, form.users(1000), seconds, MuteScope.ONE_TO_ONE)


@command("/user/chat/fb/querylist")
async def pairs_muted(call: Call) -> Json:
    """Who may not write in one-to-one conversations: `num` of them from the place `offset`, and how many there are."""
    form = call.form
    _check_type(form)
    num, offset = form.number("num", 100, 1, 200), form.number("offset", 0)
    users = [user for user, _ in await muted_everywhere(call, MuteScope.ONE_TO_ONE)]
    return {"total": len(users), "users": users[offset : offset + num]}


def _check_type(form: Form) -> None:
    """Raises RongError unless it is about one-to-one conversations, of which alone the vendor has such a mute."""
    if form.text("type") != "PERSON":
        raise RongError(WRONG_PARAMETER, "Parameter type has to be PERSON.")


async def speakers_of(call: Call, group_id: str) -> tuple[bool, list[str]]:
    """Whether all of a group or room are muted, and who may speak all the same. Raises RcimError."""
    profile = (await facts_of(call, group_id)).info.profile
    kept = kept_json(profile.attributes or b"{}").get(SPEAKERS, [])
    named = [one for one in kept if isinstance(one, str)] if isinstance(kept, list) else []
    return profile.mute_all, list(dict.fromkeys([*named, *profile.speakers]))


async def mute_all(call: Call, group_ids: Sequence[str], *, on: bool) -> None:
    """Mutes all of each of these groups or rooms but the speakers, or ends that: of all of them or of none. If one is not
    there or refuses, those before it are put back. Raises RcimError."""
    async with call.turns.of_all(map(_turn, group_ids)):
        await _mute_all(call, group_ids, on=on)


def _turn(group_id: str) -> str:
    """What changes the speakers of a group, or mutes all but them, takes turns."""
    return f"speakers {group_id}"


async def _mute_all(call: Call, group_ids: Sequence[str], *, on: bool) -> None:
    before = {group_id: await speakers_of(call, group_id) for group_id in group_ids}
    done: list[str] = []
    for group_id, (_, named) in before.items():
        try:
            await call.ask(requests.GroupMuteAll(group_id, on, named if on else ()), Done)
        except RcimError:
            for other in done:
                muted, speakers = before[other]
                await call.ask(requests.GroupMuteAll(other, muted, speakers if muted else ()), Done)
            raise
        done.append(group_id)


async def change_speakers(call: Call, group_id: str, users: Sequence[str], *, add: bool) -> None:
    """Users may speak while all are muted, or may not. Raises RongError or RcimError."""
    async with call.turns.of(_turn(group_id)):
        await _change_speakers(call, group_id, users, add=add)


async def _change_speakers(call: Call, group_id: str, users: Sequence[str], *, add: bool) -> None:
    muted, before = await speakers_of(call, group_id)
    others = [user for user in before if user not in users]
    after = [*others, *users] if add else others
    if len(after) > SPEAKERS_MAX:
        raise RongError(TOO_MANY, f"{len(after)} users on the list, at most {SPEAKERS_MAX}.")
    change = (SPEAKERS, msgspec.json.encode(after))
    await call.ask(requests.GroupSet(group_id, attribute_changes=[change]), Edited)
    if muted:
        await call.ask(requests.GroupMuteAll(group_id, True, after), Done)


@command("/group/ban/add")
async def ban_add(call: Call) -> Json:
    """Mutes whole groups."""
    await mute_all(call, call.form.texts("groupId", GROUPS_AT_ONCE), on=True)
    return {}


@command("/group/ban/rollback")
async def ban_remove(call: Call) -> Json:
    """Groups are not muted any more."""
    await mute_all(call, call.form.texts("groupId", GROUPS_AT_ONCE), on=False)
    return {}


@command("/group/ban/query")
async def ban_query(call: Call) -> Json:
    """Which of the named groups are muted, `stat` 1; without any name, all groups that are, among the first 20,000, or
    the page of them that `page` names."""
    named = call.form.texts("groupId", GROUPS_AT_ONCE, 0)
    if named and "page" not in call.form:
        rows = [(group_id, (await speakers_of(call, group_id))[0]) for group_id in named]
        return {"groupinfo": [{"groupId": group_id, "stat": int(muted)} for group_id, muted in rows]}
    found = page_of(call.form, await muted_groups(call, rooms=False), size="size", whole=True)
    return {"groupinfo": [{"groupId": group_id, "stat": 1} for group_id in found]}


async def muted_groups(call: Call, *, rooms: bool) -> list[str]:
    """The groups, or chat rooms, all of whose members are muted. Raises RcimError."""
    found: list[str] = []
    async for row in groups_of(call, rooms=rooms):
        if row[1]:
            found.append(row[0])
    return found


async def groups_of(call: Call, *, rooms: bool) -> AsyncIterator[tuple[str, bool]]:
    """Id and mute of each group, or chat room, that this API makes, among the first 20,000. Raises RcimError."""
    cursor, looked_at = "", 0
    while looked_at < GROUPS_LOOKED_AT:
        page = await call.ask(requests.AdminGroups(cursor), GroupsPage)
        for row in page.groups:
            looked_at += 1
            if (row.profile.type == call.app.room_type) is rooms:
                yield row.profile.group_id, row.profile.mute_all
        cursor = page.next
        if not cursor:
            return


@command("/group/user/ban/whitelist/add")
async def whitelist_add(call: Call) -> Json:
    """Members may speak although the group is muted."""
    await change_speakers(call, _group(call), call.form.users(USERS_AT_ONCE), add=True)
    return {}


@command("/group/user/ban/whitelist/rollback")
async def whitelist_remove(call: Call) -> Json:
    """Members may not speak while the group is muted."""
    await change_speakers(call, _group(call), call.form.users(USERS_AT_ONCE), add=False)
    return {}


@command("/group/user/ban/whitelist/query")
async def whitelist_query(call: Call) -> Json:
    """Who may speak while the group is muted."""
    return {"userIds": (await speakers_of(call, _group(call)))[1]}
