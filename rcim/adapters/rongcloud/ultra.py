"""Ultra groups and their channels (UG-01, UG-02, UG-05): made, joined, muted, and the levels of their pushes (UG-03).

A back end chooses the id of an ultra group; here it has `@TGS#_` in front, which answers leave off.
"""

from __future__ import annotations

from rcim.adapters.rongcloud import group_mutes
from rcim.adapters.rongcloud.codes import WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, choice, command, page_of
from rcim.adapters.rongcloud.form import Form
from rcim.adapters.rongcloud.group_mutes import change_speakers, mute, speakers_of
from rcim.adapters.rongcloud.groups import add, create_group, group_name, remove
from rcim.adapters.rongcloud.targets import (
    DEFAULT_CHANNEL,
    LEVELS,
    SHOWN_LEVELS,
    channel_id,
    facts_of,
    marked,
    present,
    ultra_id,
)
from rcim.base.terms import CHANNEL_MARK, PERMANENT_S, PushLevel
from rcim.service import requests
from rcim.service.results import Channels, Created, Done, Edited, Listed

USERS_AT_ONCE = 20
PUBLIC, PRIVATE = 0, 1


def _ultra(form: Form) -> str:
    return ultra_id(form.text("groupId", most=64))


def _channel(form: Form) -> str:
    """A channel that was made. Raises RongError."""
    return channel_id(form.text("groupId", most=64), _channel_name(form))


def _channel_name(form: Form) -> str:
    """Raises RongError for the name of what is in no channel: that is the group, which these commands are not about."""
    name = form.text("busChannel")
    if name == DEFAULT_CHANNEL:
        raise RongError(WRONG_PARAMETER, f"Parameter busChannel must not be {DEFAULT_CHANNEL}.")
    return name


def _either(form: Form) -> str:
    return channel_id(form.text("groupId", most=64), form.text("busChannel", ""))


@command("/ultragroup/create")
async def create(call: Call) -> Json:
    """Makes an ultra group."""
    form = call.form
    name = group_name(form, form.text("groupId", most=64))
    return await create_group(call, _ultra(form), [form.user()], name, ultra=True)


@command("/ultragroup/dis")
async def dissolve(call: Call) -> Json:
    """Dissolves an ultra group with its channels."""
    await call.ask(requests.GroupDissolve(_ultra(call.form)), Done)
    return {}


@command("/ultragroup/join")
async def join(call: Call) -> Json:
    """Adds users to an ultra group."""
    return await add(call, _ultra(call.form), call.form.users(USERS_AT_ONCE))


@command("/ultragroup/quit")
async def quit_(call: Call) -> Json:
    """Removes users from an ultra group."""
    await remove(call, _ultra(call.form), call.form.users(USERS_AT_ONCE))
    return {}


@command("/ultragroup/refresh")
async def refresh(call: Call) -> Json:
    """Renames an ultra group."""
    form = call.form
    form.text("groupName")
    await call.ask(requests.GroupSet(_ultra(form), name=group_name(form, form.text("groupId"))), Edited)
    return {}


@command("/ultragroup/member/exist")
async def exists(call: Call) -> Json:
    """Whether a user is in an ultra group."""
    return {"status": bool(await present(call, _ultra(call.form), [call.form.user()]))}


@command("/ultragroup/channel/create")
async def channel_create(call: Call) -> Json:
    """Makes a channel, public or with `type` 1 private."""
    form = call.form
    name = _channel_name(form)
    request = requests.ChannelCreate(_ultra(form), name, name, private=form.number("type", 0, 0, 1) == PRIVATE)
    await call.ask(request, Created)
    return {}


@command("/ultragroup/channel/del")
async def channel_delete(call: Call) -> Json:
    """Ends a channel."""
    await call.ask(requests.GroupDissolve(_channel(call.form)), Done)
    return {}


@command("/ultragroup/channel/get")
async def channel_list(call: Call) -> Json:
    """A page of the channels of an ultra group."""
    rows = (await call.ask(requests.Channels(_ultra(call.form)), Channels)).rows
    found = [
        {
            "channelId": row.profile.group_id.partition(CHANNEL_MARK)[2],
            "createTime": call.app.shown(row.profile.create_time_ms),
            "type": PRIVATE if row.profile.private else PUBLIC,
        }
        for row in rows
    ]
    return {"channelList": page_of(call.form, found, size="limit", default=20, most=100)}


@command("/ultragroup/channel/type/change")
async def channel_type(call: Call) -> Json:
    """Makes a channel public or private."""
    private = call.form.number("type", least=0, most=1) == PRIVATE
    await call.ask(requests.ChannelPrivateSet(_channel(call.form), private), Done)
    return {}


@command("/ultragroup/channel/private/users/add")
async def insiders_add(call: Call) -> Json:
    """Members see a private channel."""
    users = call.form.users(USERS_AT_ONCE, "userIds")
    await call.ask(requests.ChannelUsersChange(_channel(call.form), add=users), Done)
    return {}


@command("/ultragroup/channel/private/users/del")
async def insiders_remove(call: Call) -> Json:
    """Members see a private channel no more."""
    users = call.form.users(USERS_AT_ONCE, "userIds")
    await call.ask(requests.ChannelUsersChange(_channel(call.form), remove=users), Done)
    return {}


@command("/ultragroup/channel/private/users/get")
async def insiders(call: Call) -> Json:
    """A page of the members who see a private channel. An official client asks for 200 at a time, and shows 1,000 in an
    example; the documents say 100."""
    return {"users": page_of(call.form, await _insiders(call, _channel(call.form)), most=1000)}


async def _insiders(call: Call, channel: str) -> list[str]:
    """All who are on a channel's list. Raises RcimError."""
    found: list[str] = []
    cursor = ""
    while True:
        answer = await call.ask(requests.ChannelUsers(channel, cursor), Listed)
        found += answer.entries
        cursor = answer.next
        if not cursor:
            return found


@command("/ultragroup/user/channel/query")
async def channels_of_user(call: Call) -> Json:
    """A page of the private channels that a user sees, by their names."""
    form, user = call.form, call.form.user()
    rows = (await call.ask(requests.Channels(_ultra(form)), Channels)).rows
    private = [row.profile.group_id for row in rows if row.profile.private]
    found = [one.partition(CHANNEL_MARK)[2] for one in private if user in await _insiders(call, one)]
    return {"data": page_of(form, found, default=10, most=50)}


# ---------------------------------------------------------------------------------------------------------- mutes


@command("/ultragroup/userbanned/add")
async def muted_add(call: Call) -> Json:
    """Members may not speak in an ultra group, or in one channel."""
    return await mute(call, _either(call.form), call.form.users(USERS_AT_ONCE, "userIds"), PERMANENT_S)


@command("/ultragroup/userbanned/del")
async def muted_remove(call: Call) -> Json:
    """Members may speak again."""
    return await mute(call, _either(call.form), call.form.users(USERS_AT_ONCE, "userIds"), 0)


@command("/ultragroup/userbanned/get")
async def muted(call: Call) -> Json:
    """A page of who may not speak."""
    rows = await marked(call, _either(call.form), blocked=False)
    return {"users": page_of(call.form, [{"id": row["userId"], "time": row["time"]} for row in rows])}


@command("/ultragroup/banned/whitelist/add")
async def speakers_add(call: Call) -> Json:
    """Members may speak although all are muted."""
    await change_speakers(call, _either(call.form), call.form.users(USERS_AT_ONCE, "userIds"), add=True)
    return {}


@command("/ultragroup/banned/whitelist/del")
async def speakers_remove(call: Call) -> Json:
    """Members may not speak while all are muted."""
    await change_speakers(call, _either(call.form), call.form.users(USERS_AT_ONCE, "userIds"), add=False)
    return {}


@command("/ultragroup/banned/whitelist/get")
async def speakers(call: Call) -> Json:
    """A page of who may speak although all are muted."""
    rows = [{"id": user} for user in (await speakers_of(call, _either(call.form)))[1]]
    return {"users": page_of(call.form, rows)}


@command("/ultragroup/globalbanned/set")
async def mute_all(call: Call) -> Json:
    """Mutes all of an ultra group, or of one channel, or ends that."""
    await group_mutes.mute_all(call, [_either(call.form)], on=call.form.flag("status"))
    return {}


@command("/ultragroup/globalbanned/get")
async def is_muted(call: Call) -> Json:
    """Whether all are muted."""
    return {"status": (await speakers_of(call, _either(call.form)))[0]}


# ------------------------------------------------------------------------------------------------- push levels


@command("/ultragroup/notdisturb/set")
async def level_set(call: Call) -> Json:
    """Sets of which messages members get a push who have set nothing themselves (UG-03)."""
    level = choice(call.form, "unpushLevel", LEVELS)
    await call.ask(requests.PushLevelSet(_either(call.form), level, True), Done)
    return {}


@command("/ultragroup/notdisturb/get")
async def level(call: Call) -> Json:
    """Of which messages members get a push who have set nothing themselves."""
    form = call.form
    found = (await facts_of(call, _either(form))).info.profile.push_level
    answer = {"groupId": form.text("groupId"), "unpushLevel": SHOWN_LEVELS[PushLevel(found)]}
    return {**answer, "busChannel": form.text("busChannel", "")}
