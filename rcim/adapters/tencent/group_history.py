"""Messages that groups have: read, recall, change, delete, and who has read them (RX-06, MS-10, MS-11)."""

from __future__ import annotations

from typing import Any

import msgspec

from rcim.adapters.tencent.codes import GROUP, GROUP_EDIT
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.group_fields import group_of
from rcim.adapters.tencent.message_keys import turn_of
from rcim.base.errors import NO_SUCH_MESSAGE, RcimError
from rcim.base.terms import MessageState, group_conversation
from rcim.content.elements import Custom, GroupTip, decode_body, encode_body
from rcim.content.vendor_json import from_json, to_json
from rcim.service import requests
from rcim.service.results import Altered, Done, Page, Receipts
from rcim.vendors.tencent_ids import random_of

READ_AT_ONCE, RECALLED_AT_ONCE, RECEIPTS_AT_ONCE, READERS_AT_ONCE = 20, 10, 100, 100
SEQ_MAX = (1 << 63) - 1
ALL_RETURNED, NO_MORE = 1, 2
"""IsFinished: as many as were asked for; the history has no more."""
PLACE, RECALLED = 1, 2
"""IsPlaceMsg."""
GONE = (MessageState.DELETED, MessageState.RECALLED, MessageState.NOT_FOR_YOU)


@command(GROUP, "group_open_http_svc/group_msg_get_simple")
async def group_msg_get_simple(call: Call) -> Json:
    """Up to 20 messages of a group, the newest first, from `ReqMsgSeq` back (RX-06)."""
    fields = call.fields
    group_id, wanted = group_of(fields), fields.number("ReqMsgNumber", most=READ_AT_ONCE)
    if not wanted:
        raise fields.refuse("ReqMsgNumber", f"has to be 1 to {READ_AT_ONCE}")
    newest = fields.number("ReqMsgSeq", 0, most=SEQ_MAX)
    recalled = fields.number("WithRecalledMsg", 0, most=1) == 1
    found: list[Any] = []
    more = True
    while more and len(found) < wanted:
        page = await call.ask(
            requests.History(group_conversation(group_id), 0, newest, wanted - len(found), backwards=True), Page
        )
        found += page.messages
        more = page.more and bool(page.messages)
        newest = found[-1].seq - 1 if found else 0
    return {
        "GroupId": fields.text("GroupId"),
        "IsFinished": ALL_RETURNED if len(found) == wanted else NO_MORE,
        "RspMsgList": [_message_json(message, recalled=recalled) for message in found],
    }


def _message_json(message: Any, *, recalled: bool) -> Json:
    """A message as the vendor has it: one that is gone has a place, and no body."""
    place = 0
    if message.state in GONE:
        place = RECALLED if recalled and message.state is MessageState.RECALLED else PLACE
    made: Json = {
        "From_Account": message.sender,
        "IsPlaceMsg": place,
        "MsgBody": [] if place else _body_json(message),
        "MsgPriority": int(message.priority),
        "MsgRandom": random_of(message.client_msg_id),
        "MsgSeq": message.seq,
        "MsgTimeStamp": message.time_ms // 1000,
    }
    if message.tip is not None:
        made["IsSystemMsg"] = 1
    extra = message.extra
    if extra is not None and extra.cloud_data and not place:
        made["CloudCustomData"] = extra.cloud_data.decode(errors="replace")
    if extra is not None and extra.to:
        made["To_Account"] = list(extra.to)
    return made


def _body_json(message: Any) -> list[Json]:
    """The elements of a message. A notice in the history is one of the vendor's custom elements, with what it says as
    JSON in `Data`: the vendor's clients know no other kinds of elements (GT-15)."""
    tip = message.tip
    if tip is None:
        return to_json(decode_body(message.body))
    said = GroupTip(
        kind=tip.kind,
        operator=tip.operator,
        users=tip.users,
        count=tip.count,
        member_num=tip.member_num,
        info_seq=tip.info_seq,
        what=tip.what,
    )
    [element] = to_json([said])
    data = msgspec.json.encode(element["MsgContent"])
    return to_json([Custom(data=data, description="", extension=element["MsgType"])])


@command(GROUP, "group_open_http_svc/group_msg_recall")
async def group_msg_recall(call: Call) -> Json:
    """Recalls up to 10 messages; each has a code of its own (MS-10)."""
    conversation = group_conversation(group_of(call.fields))
    rows = call.fields.objects("MsgSeqList", RECALLED_AT_ONCE, least=1)
    results: list[Json] = []
    for seq in [row.number("MsgSeq", most=SEQ_MAX) for row in rows]:
        code = 0
        try:
            await call.ask(requests.MessageRecall(conversation, seq), Altered)
        except RcimError as error:
            if error.code.name in ("NO_SUCH_GROUP", "BAD_GROUP_ID"):
                raise
            code = call.code_of(error)
        results.append({"MsgSeq": seq, "RetCode": code})
    return {"RecallRetList": results}


@command(GROUP, "group_open_http_svc/delete_group_msg_by_sender")
async def delete_group_msg_by_sender(call: Call) -> Json:
    """Deletes for all what a user has sent into a group so far (MS-10)."""
    fields = call.fields
    sender = fields.account("Sender_Account")
    await call.ask(requests.MessagesErase(group_conversation(group_of(fields)), sender), Done)
    return {}


@command(GROUP_EDIT, "openim/modify_group_msg")
async def modify_group_msg(call: Call) -> Json:
    """Gives a message another body, other data beside it, or both (MS-10, MS-17)."""
    fields = call.fields
    conversation, seq = group_conversation(group_of(fields)), fields.number("MsgSeq", most=SEQ_MAX)
    if "MsgBody" not in fields and "CloudCustomData" not in fields:
        raise fields.refuse("MsgBody", "or CloudCustomData has to be there")
    body = encode_body(from_json(fields.raw("MsgBody"))) if "MsgBody" in fields else b""
    data = fields.text("CloudCustomData").encode() if "CloudCustomData" in fields else None
    async with call.turns.of(turn_of(conversation, seq)):
        if not body:
            page = await call.ask(requests.History(conversation, seqs=[seq]), Page)
            if not page.messages or page.messages[0].state in GONE:
                raise RcimError(NO_SUCH_MESSAGE)
            body = page.messages[0].body
        await call.ask(requests.MessageEdit(conversation, seq, body, cloud_data=data), Altered)
    return {}


@command(GROUP, "group_open_http_svc/get_group_msg_receipt")
async def get_group_msg_receipt(call: Call) -> Json:
    """How many members have read each of some messages, and how many have not (MS-11)."""
    conversation = group_conversation(call.fields.text("GroupId"))
    rows = call.fields.objects("MsgSeqList", RECEIPTS_AT_ONCE, least=1)
    results: list[Json] = []
    for seq in [row.number("MsgSeq", most=SEQ_MAX) for row in rows]:
        try:
            found = await call.ask(requests.MessageReceipts(conversation, seq, True, limit=1), Receipts)
        except RcimError as error:
            if error.code != NO_SUCH_MESSAGE:
                raise
            results.append({"MsgSeq": seq, "Code": call.code_of(error)})
        else:
            counts = {"ReadNum": found.read_num, "UnreadNum": found.unread_num}
            results.append({"MsgSeq": seq, "Code": 0, **counts})
    return {"GroupMsgReceiptList": results}


@command(GROUP, "group_open_http_svc/get_group_msg_receipt_detail")
async def get_group_msg_receipt_detail(call: Call) -> Json:
    """Who has read a message (`Filter` 0), or has not (1), page by page (MS-11)."""
    fields = call.fields
    unread = fields.number("Filter", most=1) == 1
    count = fields.number("Count", READERS_AT_ONCE, most=READERS_AT_ONCE) or READERS_AT_ONCE
    seq = fields.number("MsgSeq", most=SEQ_MAX)
    found = await call.ask(
        requests.MessageReceipts(
            conversation=group_conversation(fields.text("GroupId")),
            seq=seq,
            read=not unread,
            cursor=fields.text("Cursor", ""),
            limit=count,
        ),
        Receipts,
    )
    users = found.users
    return {
        "MsgSeq": seq,
        "Cursor": found.next,
        "IsFinished": 0 if found.next else 1,
        "ReadList": [] if unread else [{"Read_Account": user} for user in users],
        "UnreadList": [{"Unread_Account": user} for user in users] if unread else [],
    }
