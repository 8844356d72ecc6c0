"""Chat rooms: create, destroy, keep alive, and what holds in one room or in all (CR-01, CR-03, CR-04, CR-07)."""

from __future__ import annotations

from rcim.adapters.rongcloud.codes import (
    NO_KEPT_ROOM,
    NO_SUCH_ROOM,
    TOO_LONG,
    TOO_MANY,
    WRONG_PARAMETER,
    RongError,
)
from rcim.adapters.rongcloud.command import Call, Json, chunks, command, each, failures, page_of
from rcim.adapters.rongcloud.form import NAME_CHARS_MAX, Form, as_text, cut
from rcim.adapters.rongcloud.group_mutes import change_speakers, mute_all, muted_groups, speakers_of
from rcim.adapters.rongcloud.targets import facts_of
from rcim.base.errors import GROUP_ID_TAKEN, GROUP_ID_TAKEN_BY_YOU, NO_SUCH_GROUP, RcimError
from rcim.base.terms import AppList
from rcim.service import requests
from rcim.service.results import (
    AttributesPage,
    AttributesSet,
    Created,
    Done,
    GroupsPage,
    ListAltered,
    Listed,
)

ROOMS_AT_ONCE, NAMES_AT_ONCE, USERS_AT_ONCE = 100, 20, 20
NAME_BYTES_MAX = 30
ENTRIES_AT_ONCE = 20
DESTROY_MIN = 60
"""So long the vendor keeps a room that nobody uses, unless it is told otherwise."""


@command("/chatroom/create")
async def create(call: Call) -> Json:
    """Makes rooms: `chatroom[ID]=NAME` for each. One that is there stays as it is. All ids and names are checked before
    the first room is made; then each is tried, and `failed` says which can't be made, and why."""
    named = call.form.indexed("chatroom")
    if not named:
        raise RongError(WRONG_PARAMETER, "Parameter chatroom is required.")
    if len(named) > ROOMS_AT_ONCE:
        raise RongError(TOO_MANY, f"{len(named)} rooms, at most {ROOMS_AT_ONCE}.")
    for room_id, name in named.items():
        if len(name) > NAME_CHARS_MAX:
            raise RongError(TOO_LONG, f"The name of room {room_id} has more than {NAME_CHARS_MAX} characters.")
    wanted = [_creation(call, room_id, name) for room_id, name in named.items()]
    for one in wanted:
        call.service.check(call.principal, one)
    results = await each([lambda to=one: _create(call, to) for one in wanted])  # type: ignore[misc]
    return failures(list(named), results, "chatroomId")


@command("/chatroom/create_new")
async def create_new(call: Call) -> Json:
    """Makes one room; with `isBan` all are muted but `whiteUserIds`, and `entryInfo` are attributes that
    `entryOwnerId` has set. If the rest is refused, there is no room that was not there before."""
    form, room_id = call.form, _room(call)
    muted, speakers = form.flag("isBan"), form.users(USERS_AT_ONCE, "whiteUserIds", 0)
    entries = _entries(form) if "entryInfo" in form else []
    owner = form.user("entryOwnerId") if entries else ""
    made = await _create(call, _creation(call, room_id, form.text("chatroomName", "")))
    try:
        if entries:
            await _set(call, entries, owner)
        if speakers:
            await change_speakers(call, room_id, speakers, add=True)
        if muted:
            await mute_all(call, [room_id], on=True)
    except (RongError, RcimError):
        if made:
            await call.ask(requests.GroupDissolve(room_id), Done)
        raise
    return {}


def _creation(call: Call, room_id: str, name: str) -> requests.GroupCreate:
    return requests.GroupCreate(room_id, call.app.room_type, cut(name or room_id, NAME_BYTES_MAX))


async def _create(call: Call, request: requests.GroupCreate) -> bool:
    """Whether the room was made now; else it was there. Raises RcimError."""
    try:
        await call.ask(request, Created)
    except RcimError as error:
        if error.code not in (GROUP_ID_TAKEN, GROUP_ID_TAKEN_BY_YOU):
            raise
        return False
    return True


def _room(call: Call) -> str:
    return call.form.text("chatroomId", most=64)


@command("/chatroom/destroy")
async def destroy(call: Call) -> Json:
    """Destroys rooms. One that is not there keeps none of the others; if none is there, that is an error. Each of the
    others is tried; `failed` says which can't be destroyed, and why."""
    rooms = call.form.texts("chatroomId", ROOMS_AT_ONCE)
    wanted = [requests.GroupDissolve(room_id) for room_id in rooms]
    for one in wanted:
        call.service.check(call.principal, one)
    results: list[object] = []
    results += await each([lambda to=one: call.ask(to, Done) for one in wanted])  # type: ignore[misc]
    missing = [isinstance(one, RcimError) and one.code == NO_SUCH_GROUP for one in results]
    if not all(missing):
        results = [None if is_missing else one for one, is_missing in zip(results, missing, strict=True)]
    return failures(rooms, results, "chatroomId")


@command("/chatroom/query")
async def query(call: Call) -> Json:
    """Those of the named rooms that are there."""
    found = []
    for some in chunks(call.form.texts("chatroomId", ROOMS_AT_ONCE), 20):
        page = await call.ask(requests.AdminRooms(list(some)), GroupsPage)
        for row in page.groups:
            profile = row.profile
            time = call.app.shown(profile.create_time_ms)
            found.append(
                {"chatroomId": profile.group_id, "chrmId": profile.group_id, "name": profile.name, "time": time}
            )
    return {"chatRooms": found}


@command("/chatroom/get")
async def get(call: Call) -> Json:
    """One room. When it goes, its type says; the answer has the vendor's default."""
    try:
        info = (await facts_of(call, _room(call))).info
    except RcimError as error:
        raise RongError(NO_SUCH_ROOM, error.detail) if error.code == NO_SUCH_GROUP else error from None
    profile = info.profile
    return {
        "chatroomId": profile.group_id,
        "chatroomName": profile.name,
        "createTime": profile.create_time_ms,
        "memberCount": info.member_num - bool(profile.owner),
        "ban": profile.mute_all,
        "isBan": profile.mute_all,
        "destroyType": 0,
        "destroyTime": DESTROY_MIN,
        "keepalive": profile.keep_alive,
    }


@command("/chatroom/keepalive/add")
async def keep_add(call: Call) -> Json:
    """A room is kept when it is empty (CR-04)."""
    try:
        await call.ask(requests.AdminRoomSet(_room(call), keep_alive=True), Done)
    except RcimError as error:
        raise RongError(NO_KEPT_ROOM, error.detail) if error.code == NO_SUCH_GROUP else error from None
    return {}


@command("/chatroom/keepalive/remove")
async def keep_remove(call: Call) -> Json:
    """A room is not kept any more when it is empty."""
    await call.ask(requests.AdminRoomSet(_room(call), keep_alive=False), Done)
    return {}


@command("/chatroom/keepalive/query")
async def keep_query(call: Call) -> Json:
    """The rooms that are kept."""
    found, cursor = [], ""
    while True:
        page = await call.ask(requests.AdminRoomsKept(cursor), GroupsPage)
        found += [row.profile.group_id for row in page.groups]
        cursor = page.next
        if not cursor:
            return {"chatroomIds": found}


@command("/chatroom/message/stopDistribution")
async def stop(call: Call) -> Json:
    """What users send into a room is accepted, and given to nobody (CR-07)."""
    await call.ask(requests.AdminRoomSet(_room(call), stopped=True), Done)
    return {}


@command("/chatroom/message/resumeDistribution")
async def resume(call: Call) -> Json:
    """What users send into a room is given to all again."""
    await call.ask(requests.AdminRoomSet(_room(call), stopped=False), Done)
    return {}


# ------------------------------------------------------------------------------- types of messages, in all rooms


async def _names(call: Call, which: AppList, name: str, *, add: bool) -> Json:
    named = call.form.texts(name, NAMES_AT_ONCE, commas=True)
    change = {"add": named} if add else {"remove": named}
    await call.ask(requests.AdminListChange(which, **change), ListAltered)
    return {}


async def list_of(call: Call, which: AppList) -> list[str]:
    """All entries of one of the app's lists. Raises RcimError."""
    found: list[str] = []
    cursor = ""
    while True:
        page = await call.ask(requests.AdminList(which, cursor), Listed)
        found += page.entries
        cursor = page.next
        if not cursor:
            return found


@command("/chatroom/message/priority/add")
async def low_add(call: Call) -> Json:
    """Messages of these types are dropped first where there are too many (FC-07)."""
    return await _names(call, AppList.LOW_TYPES, "objectName", add=True)


@command("/chatroom/message/priority/remove")
async def low_remove(call: Call) -> Json:
    """Messages of these types are as important as others."""
    return await _names(call, AppList.LOW_TYPES, "objectName", add=False)


@command("/chatroom/message/priority/query")
async def low_query(call: Call) -> Json:
    """The types whose messages are dropped first."""
    return {"objectNames": await list_of(call, AppList.LOW_TYPES)}


@command("/chatroom/whitelist/add")
async def protected_add(call: Call) -> Json:
    """Messages of these types are never dropped (FC-07)."""
    return await _names(call, AppList.PROTECTED_TYPES, "objectnames", add=True)


@command("/chatroom/whitelist/delete")
async def protected_remove(call: Call) -> Json:
    """Messages of these types are as important as others."""
    return await _names(call, AppList.PROTECTED_TYPES, "objectnames", add=False)


@command("/chatroom/whitelist/query")
async def protected_query(call: Call) -> Json:
    """The types whose messages are never dropped; the field is written as the vendor writes it."""
    return {"whitlistMsgType": await list_of(call, AppList.PROTECTED_TYPES)}


# ------------------------------------------------------------------------------------------- mutes of whole rooms


@command("/chatroom/ban/add")
async def ban_add(call: Call) -> Json:
    """Mutes whole rooms."""
    await mute_all(call, call.form.texts("chatroomId", ROOMS_AT_ONCE), on=True)
    return {}


@command("/chatroom/ban/rollback")
async def ban_remove(call: Call) -> Json:
    """Rooms are not muted any more."""
    await mute_all(call, call.form.texts("chatroomId", ROOMS_AT_ONCE), on=False)
    return {}


@command("/chatroom/ban/check")
async def ban_check(call: Call) -> Json:
    """Whether a room is muted."""
    return {"status": int((await speakers_of(call, _room(call)))[0])}


@command("/chatroom/ban/query")
async def ban_query(call: Call) -> Json:
    """The rooms that are muted, a page of them."""
    return {"chatroomIds": page_of(call.form, await muted_groups(call, rooms=True), size="size", most=1000)}


@command("/chatroom/user/ban/whitelist/add")
async def speakers_add(call: Call) -> Json:
    """Users may speak although the room is muted."""
    await change_speakers(call, _room(call), call.form.users(USERS_AT_ONCE), add=True)
    return {}


@command("/chatroom/user/ban/whitelist/rollback")
async def speakers_remove(call: Call) -> Json:
    """Users may not speak while the room is muted."""
    await change_speakers(call, _room(call), call.form.users(USERS_AT_ONCE), add=False)
    return {}


@command("/chatroom/user/ban/whitelist/query")
async def speakers_query(call: Call) -> Json:
    """Who may speak while the room is muted."""
    return {"userIds": (await speakers_of(call, _room(call)))[1]}


# ------------------------------------------------------------------------------------------- attributes (CR-03)


@command("/chatroom/entry/set")
async def entry_set(call: Call) -> Json:
    """Sets an attribute of a room in a user's name; `autoDelete`: it goes when the user leaves."""
    form = call.form
    entry = requests.AttributeToSet(form.text("key"), form.text("value"), form.flag("autoDelete"))
    return await _set(call, [entry], form.user())


@command("/chatroom/entry/batch/set")
async def entries_set(call: Call) -> Json:
    """Sets up to 20 attributes of a room: `entryInfo` is a JSON object of them."""
    return await _set(call, _entries(call.form), call.form.user("entryOwnerId"))


def _entries(form: Form) -> list[requests.AttributeToSet]:
    """The attributes that `entryInfo` has. Raises RongError."""
    info = form.object("entryInfo")
    if not 1 <= len(info) <= ENTRIES_AT_ONCE:
        raise RongError(TOO_MANY, f"Parameter entryInfo has {len(info)} entries, has to have 1 to {ENTRIES_AT_ONCE}.")
    temporary = form.flag("autoDelete")
    return [requests.AttributeToSet(key, as_text(key, value), temporary) for key, value in info.items()]


async def _set(call: Call, entries: list[requests.AttributeToSet], user: str) -> Json:
    request = requests.RoomAttributesSet(_room(call), entries, True, call.form.text("content", "").encode())
    await call.ask(request, AttributesSet, call.under_name_of(user))
    return {}


@command("/chatroom/entry/remove")
async def entry_remove(call: Call) -> Json:
    """Removes an attribute of a room."""
    form = call.form
    request = requests.RoomAttributesDelete(_room(call), [form.text("key")], True, form.text("content", "").encode())
    await call.ask(request, AttributesSet, call.under_name_of(form.user()))
    return {}


@command("/chatroom/entry/query")
async def entry_query(call: Call) -> Json:
    """The attributes of a room; of these keys, if any are named."""
    keys, found, after = call.form.texts("keys", 100, 0, commas=True), [], 0
    while True:
        request = requests.RoomAttributes(_room(call), after=after, keys=keys)
        page = await call.ask(request, AttributesPage)
        for row in page.rows:
            time = call.app.shown(row.time_ms)
            found.append(
                {
                    "key": row.key,
                    "value": row.value,
                    "userId": row.by,
                    "autoDelete": str(int(row.with_setter)),
                    "lastSetTime": time,
                }
            )
        if not page.more or not page.rows:
            return {"keys": found}
        after = page.rows[-1].version
