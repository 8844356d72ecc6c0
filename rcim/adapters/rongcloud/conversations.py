"""Whether users are disturbed by a conversation (RX-01)."""

from __future__ import annotations

from rcim.adapters.rongcloud.codes import WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, command
from rcim.adapters.rongcloud.targets import conversation_of
from rcim.base.terms import MsgFlag, is_group
from rcim.service import cursors, requests
from rcim.service.results import Done, Members, SyncPage


@command("/conversation/notification/set")
async def notification_set(call: Call) -> Json:
    """A user gets pushes of a conversation, or with `isMuted` none."""
    form = call.form
    user = form.user("requestId")
    flag = MsgFlag.ACCEPT_NOT_NOTIFY if form.flag("isMuted") else MsgFlag.ACCEPT_AND_NOTIFY
    request = requests.ConversationFlag(conversation_of(call, user), flag)
    await call.ask(request, Done, call.acting_for(user))
    return {}


@command("/conversation/notification/get")
async def notification_get(call: Call) -> Json:
    """Whether a user gets no pushes of a conversation, `isMuted` 1."""
    user = call.form.user("requestId")
    key = conversation_of(call, user)
    flag = await (_in_group(call, key, user) if is_group(key) else _in_pair(call, key, user))
    return {"isMuted": int(flag is not MsgFlag.ACCEPT_AND_NOTIFY)}


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
