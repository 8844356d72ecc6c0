"""What users have set of a conversation: whether it disturbs them (RX-01, UG-03), and whether it is on top (RX-09).

Where users have a push level (everything with a group id), the vendor's levels are levels here. In a one-to-one
conversation, where nobody is mentioned, each level but those of all messages means that no message disturbs.
"""

from __future__ import annotations

from rcim.adapters.rongcloud.codes import WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, choice, command
from rcim.adapters.rongcloud.targets import LEVELS, SHOWN_LEVELS, conversation_of
from rcim.base.terms import CHANNEL_MARK, MsgFlag, PushLevel, is_group
from rcim.service import cursors, requests
from rcim.service.results import Done, Members, PushLevels, SyncPage

MUTED = 1


@command("/conversation/notification/set")
async def notification_set(call: Call) -> Json:
    """Says of which messages of a conversation a user gets pushes: `unpushLevel`. Where it says nothing, absent or 0,
    all, or with `isMuted` none: an official client sends both, and 0 unless it is told otherwise."""
    form = call.form
    user = form.user("requestId")
    key = conversation_of(call, user)
    level = choice(form, "unpushLevel", LEVELS) if "unpushLevel" in form else PushLevel.AS_ABOVE
    if level is PushLevel.AS_ABOVE:
        disturbs = not form.flag("isMuted")
    else:
        disturbs = is_group(key) or level is PushLevel.ALL
    principal = call.acting_for(user)
    flag = MsgFlag.ACCEPT_AND_NOTIFY if disturbs else MsgFlag.ACCEPT_NOT_NOTIFY
    await call.ask(requests.ConversationFlag(key, flag), Done, principal)
    if is_group(key):
        await call.ask(requests.PushLevelSet(key.partition(":")[2], level), Done, principal)
    return {}


@command("/conversation/notification/get")
async def notification_get(call: Call) -> Json:
    """Of which messages of a conversation a user gets pushes: `isMuted` is the level, or 1 for none at all."""
    user = call.form.user("requestId")
    key = conversation_of(call, user)
    flag = await (_in_group(call, key, user) if is_group(key) else _in_pair(call, key, user))
    if flag is not MsgFlag.ACCEPT_AND_NOTIFY:
        return {"isMuted": MUTED}
    if not is_group(key):
        return {"isMuted": 0}
    levels = await call.ask(requests.PushLevelGet(key.partition(":")[2]), PushLevels, call.acting_for(user))
    return {"isMuted": SHOWN_LEVELS[levels.user_in_channel if CHANNEL_MARK in key else levels.user_in_group]}


@command("/conversation/top/set")
async def top_set(call: Call) -> Json:
    """Puts a conversation on top of a user's list, or no longer."""
    user = call.form.user()
    request = requests.ConversationPin(conversation_of(call, user), call.form.flag("setTop"))
    await call.ask(request, Done, call.acting_for(user))
    return {}


async def _in_group(call: Call, key: str, user: str) -> MsgFlag:
    """Raises RongError or RcimError."""
    page = await call.ask(requests.GroupMemberGet(key.partition(":")[2], [user]), Members)
    if not page.rows:
        raise RongError(WRONG_PARAMETER, f"{user} is not in the conversation.")
    return MsgFlag(page.rows[0].member.msg_flag)


async def _in_pair(call: Call, key: str, user: str) -> MsgFlag:
    """A conversation that nobody has written into disturbs. Raises RcimError."""
    cursor = b""
    while True:
        page = await call.ask(requests.Sync(cursor, 100), SyncPage, call.acting_for(user))
        for row in page.rows:
            if row.key == key:
                return MsgFlag(row.member.msg_flag)
        if not page.more:
            return MsgFlag.ACCEPT_AND_NOTIFY
        cursor = cursors.of_sync(page)
