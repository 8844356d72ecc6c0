"""Messages of ultra groups: read, edit, expand (UG-02, RX-06, MS-10)."""

from __future__ import annotations

from typing import Any

from rcim.adapters.rongcloud.codes import WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, command
from rcim.adapters.rongcloud.form import Form
from rcim.adapters.rongcloud.messages import said
from rcim.adapters.rongcloud.stored import expand, found, keys_of, shown_expansion, turn_of
from rcim.adapters.rongcloud.targets import channel_id
from rcim.base.terms import MessageState, group_conversation
from rcim.content.elements import decode_body
from rcim.content.rongcloud_json import to_rongcloud
from rcim.service import requests
from rcim.service.results import Altered, Page
from rcim.vendors.rongcloud_ids import message_uid

PAGE_MAX, UIDS_MAX = 100, 20
EXAMINED_MAX = 5000
ULTRA_NUMBER = 10


def _conversation(form: Form) -> str:
    return group_conversation(channel_id(form.text("groupId", most=64), form.text("busChannel", "")))


def _shown(call: Call, message: Any) -> Json:
    """A message as the vendor's answers have it; what was recalled or deleted has no content. The time stands there under
    both names that the vendor's clients read."""
    there = message.state in (MessageState.AS_SENT, MessageState.EDITED) and message.tip is None
    extra = message.extra
    type_name = extra.type_name if extra is not None else ""
    content = to_rongcloud(type_name, decode_body(message.body)) if there else None
    return {
        "groupId": call.form.text("groupId"),
        "busChannel": call.form.text("busChannel", ""),
        "fromUserId": message.sender,
        "msgUID": message_uid(message.message_id),
        "msgTime": message.time_ms,
        "sentTime": message.time_ms,
        "objectName": content.object_name if content is not None else "RC:RcNtf",
        "conversationType": ULTRA_NUMBER,
        "content": content.content if content is not None else "{}",
        "expansion": bool(extra is not None and extra.cloud_data),
    }


@command("/ultragroup/msg/get")
async def get(call: Call) -> Json:
    """Messages by their ids: `msgs` is a JSON list of objects with `msgUID` and `busChannel`."""
    form = call.form
    names = form.values("msgs")
    if len(names) == 1 and isinstance(names[0], str):
        names = Form({"msgs": [f'{{"list":{names[0]}}}']}).object("msgs").get("list", [])
    if (
        not isinstance(names, list)
        or not 1 <= len(names) <= UIDS_MAX
        or not all(isinstance(one, dict) for one in names)
    ):
        raise RongError(WRONG_PARAMETER, f"Parameter msgs has to be a list of 1 to {UIDS_MAX} objects.")
    rows = []
    for one in names:
        group_id = channel_id(form.text("groupId", most=64), str(one.get("busChannel") or ""))
        message = await found(call, group_conversation(group_id), str(one.get("msgUID", "")))
        rows.append(_shown(call, message) | {"busChannel": str(one.get("busChannel") or "")})
    return {"data": rows}


@command("/ultragroup/msg/modify")
async def modify(call: Call) -> Json:
    """Gives a message another content."""
    form = call.form
    conversation, uid = _conversation(form), form.text("msgUID")
    async with call.turns.of(turn_of(uid)):
        message = await found(call, conversation, uid)
        if message.sender != form.user("fromUserId"):
            raise RongError(WRONG_PARAMETER, "The message was sent by somebody else.")
        type_name = message.extra.type_name if message.extra is not None else ""
        body = said(type_name, form.text("content"))["body"]
        await call.ask(requests.MessageEdit(conversation, message.seq, body), Altered)
    return {}


@command("/ultragroup/hismsg/query")
async def history(call: Call) -> Json:
    """The first messages after `startTime` and up to `endTime`, oldest first; of one sender, if `fromUserId` names one,
    who is looked for among EXAMINED_MAX messages."""
    form = call.form
    conversation, sender = _conversation(form), form.text("fromUserId", "")
    size, start, end = form.number("pageSize", 20, 1, PAGE_MAX), form.number("startTime"), form.number("endTime")
    rows: list[Json] = []
    from_seq, examined, more = 0, 0, True
    while more and len(rows) < size and examined < EXAMINED_MAX:
        request = requests.History(conversation, from_seq, limit=PAGE_MAX, from_time_ms=start + 1, to_time_ms=end)
        page = await call.ask(request, Page)
        wanted = [one for one in page.messages if sender in ("", one.sender)]
        more = page.more or len(rows) + len(wanted) > size
        rows += [_shown(call, one) for one in wanted[: size - len(rows)]]
        if not page.messages:
            break
        examined, from_seq = examined + len(page.messages), page.messages[-1].seq + 1
    return {"data": rows, "isRemaining": more}


@command("/ultragroup/hismsg/msgid/query")
async def around(call: Call) -> Json:
    """A message, and up to `prevNum` and `lastNum` before and after it, oldest first."""
    form = call.form
    conversation = _conversation(form)
    message = await found(call, conversation, form.text("msgUID"))
    before, after = form.number("prevNum", 10, 0, 50), form.number("lastNum", 10, 0, 50)
    rows = [message]
    if before and message.seq > 1:
        request = requests.History(conversation, to_seq=message.seq - 1, limit=before, backwards=True)
        rows = [*(await call.ask(request, Page)).messages, *rows]
    if after:
        request = requests.History(conversation, from_seq=message.seq + 1, limit=after)
        rows += (await call.ask(request, Page)).messages
    return {"data": [_shown(call, one) for one in sorted(rows, key=lambda one: one.seq)]}


@command("/ultragroup/message/expansion/set")
async def expansion_set(call: Call) -> Json:
    """Sets keys of a message's expansion."""
    form = call.form
    return await expand(call, _conversation(form), form.text("msgUID"), add=form.object("extraKeyVal"), remove=[])


@command("/ultragroup/message/expansion/delete")
async def expansion_delete(call: Call) -> Json:
    """Removes keys of a message's expansion."""
    form = call.form
    return await expand(call, _conversation(form), form.text("msgUID"), add={}, remove=keys_of(call))


@command("/ultragroup/message/expansion/query")
async def expansion_query(call: Call) -> Json:
    """What a message is expanded with."""
    form = call.form
    return {"extraContent": shown_expansion(await found(call, _conversation(form), form.text("msgUID")))}
