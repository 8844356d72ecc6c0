"""What users have of others and of themselves: black and white lists (SC-07), hours of quiet (RX-02), tags (SY-04)."""

from __future__ import annotations

from rcim.adapters.rongcloud.codes import WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, check_all, chunks, command
from rcim.base.terms import DAY_MIN, UserList
from rcim.service import requests
from rcim.service.results import Added, Done, Listed, Profiles, UserFacts

LISTED_AT_ONCE, TAGGED_AT_ONCE, TAGS_MAX = 20, 1000, 20
TAG_CHARS_MAX = 40
LABELLED_AT_ONCE = 100


async def _change(call: Call, which: UserList, name: str, *, add: bool) -> Json:
    user, others = call.form.user(), call.form.users(LISTED_AT_ONCE, name)
    change = {"add": others} if add else {"remove": others}
    await call.ask(requests.UserListChange(which, user_id=user, **change), Done)
    return {}


async def _list(call: Call, which: UserList) -> Json:
    user, found, cursor = call.form.user(), [], ""
    while True:
        page = await call.ask(requests.UserListGet(which, cursor, user_id=user), Listed)
        found += page.entries
        cursor = page.next
        if not cursor:
            return {"users": found}


@command("/user/blacklist/add")
async def blacklist_add(call: Call) -> Json:
    """Who is on a user's black list does not write to them."""
    return await _change(call, UserList.BLACK, "blackUserId", add=True)


@command("/user/blacklist/remove")
async def blacklist_remove(call: Call) -> Json:
    """Takes users off a black list."""
    return await _change(call, UserList.BLACK, "blackUserId", add=False)


@command("/user/blacklist/query")
async def blacklist_query(call: Call) -> Json:
    """Who is on a user's black list."""
    return await _list(call, UserList.BLACK)


@command("/user/whitelist/add")
async def whitelist_add(call: Call) -> Json:
    """Who is on a user's white list may write to them, where the app goes by white lists."""
    return await _change(call, UserList.WHITE, "whiteUserId", add=True)


@command("/user/whitelist/remove")
async def whitelist_remove(call: Call) -> Json:
    """Takes users off a white list."""
    return await _change(call, UserList.WHITE, "whiteUserId", add=False)


@command("/user/whitelist/query")
async def whitelist_query(call: Call) -> Json:
    """Who is on a user's white list."""
    return await _list(call, UserList.WHITE)


@command("/user/blockPushPeriod/set")
async def quiet_set(call: Call) -> Json:
    """Hours in which a user gets no push: `startTime` HH:MM:SS by the clock of the app, for `period` minutes."""
    start_min, period = _minute_of_day(call), call.form.number("period", least=1, most=DAY_MIN - 1)
    request = requests.QuietHoursSet(start_min, (start_min + period) % DAY_MIN, call.app.offset_min, call.form.user())
    await call.ask(request, Done)
    return {}


def _minute_of_day(call: Call) -> int:
    """Raises RongError."""
    parts = call.form.text("startTime").split(":")
    try:
        hour, minute = int(parts[0]), int(parts[1])
    except (ValueError, IndexError):
        hour, minute = -1, -1
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise RongError(WRONG_PARAMETER, "Parameter startTime has to be HH:MM:SS.")
    return hour * 60 + minute


@command("/user/blockPushPeriod/get")
async def quiet_get(call: Call) -> Json:
    """The hours in which a user gets no push; without any, `data` is empty."""
    quiet = (await call.ask(requests.QuietHoursGet(call.form.user()), UserFacts)).profile.quiet
    if quiet.start_min == quiet.end_min:
        return {"data": {}}
    period = (quiet.end_min - quiet.start_min) % DAY_MIN
    start_min = (quiet.start_min - quiet.offset_min + call.app.offset_min) % DAY_MIN
    start = f"{start_min // 60:02}:{start_min % 60:02}:00"
    return {"data": {"startTime": start, "period": period, "unPushLevel": 1}}


@command("/user/blockPushPeriod/delete")
async def quiet_delete(call: Call) -> Json:
    """A user has no hours of quiet any more."""
    await call.ask(requests.QuietHoursSet(0, 0, 0, call.form.user()), Done)
    return {}


@command("/user/tag/set")
async def tag_set(call: Call) -> Json:
    """A user has these tags from now on, and no others."""
    return await _tag(call, [call.form.user()])


@command("/user/tag/batch/set")
async def tag_batch_set(call: Call) -> Json:
    """Users have these tags from now on, and no others."""
    return await _tag(call, call.form.users(TAGGED_AT_ONCE, "userIds"))


async def _tag(call: Call, users: list[str]) -> Json:
    tags = call.form.texts("tags", TAGS_MAX, 0)
    for tag in tags:
        if len(tag) > TAG_CHARS_MAX:
            raise RongError(WRONG_PARAMETER, f"A tag has {len(tag)} characters, at most {TAG_CHARS_MAX}.")
    changes = [
        requests.AdminTagsChange(list(some), add=tags, remove_all=True) for some in chunks(users, LABELLED_AT_ONCE)
    ]
    async for made in call.ask_each(changes, Added):
        check_all(made)
    return {}


@command("/user/tags/get")
async def tags_get(call: Call) -> Json:
    """The tags of users, by user id."""
    users = call.form.users(50, "userIds")
    rows = (await call.ask(requests.AdminLabels(users), Profiles)).rows
    return {"result": {row.user_id: list(row.profile.labels.tags) for row in rows}}
