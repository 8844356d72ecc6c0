"""What becomes of one-to-one messages: history, unread, read, recalled, edited (AB-04, AB-07, MS-10, MS-17)."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.adapters.tencent.codes import ONE_TO_ONE
from rcim.adapters.tencent.command import Call, Json, TencentError, command
from rcim.adapters.tencent.message_keys import message_of, read_key, turn_of
from rcim.adapters.tencent.one_to_one import read_body
from rcim.base.terms import MessageState, other_of, pair_conversation, pair_of
from rcim.content.elements import decode_body
from rcim.content.vendor_json import to_json
from rcim.service import requests
from rcim.service.results import Altered, Message, Page, Read, Receipts, UnreadCounts
from rcim.vendors.tencent_ids import message_key, random_of

HISTORY_MAX = 100
PEERS_MAX = 10
RECALLED_BIT = 8
"""Of MsgFlagBits."""
ALREADY_RECALLED = 20023
GONE = (MessageState.RECALLED, MessageState.DELETED)


@command(ONE_TO_ONE, "openim/admin_msgwithdraw")
async def admin_msgwithdraw(call: Call) -> Json:
    """Recalls a message; both see that it was recalled (MS-10)."""
    message, conversation = await _meant(call)
    if message.state in GONE:
        raise TencentError(ALREADY_RECALLED, "the message was recalled or deleted before")
    await call.ask(requests.MessageRecall(conversation, message.seq), Altered)
    return {}


@command(ONE_TO_ONE, "openim/modify_c2c_msg")
async def modify_c2c_msg(call: Call) -> Json:
    """Gives a message other elements, or other CloudCustomData, or both (MS-17)."""
    fields = call.fields
    if "MsgBody" not in fields and "CloudCustomData" not in fields:
        raise fields.refuse("MsgBody", "and CloudCustomData are both missing")
    body = read_body(fields) if "MsgBody" in fields else None
    cloud_data = fields.text("CloudCustomData").encode() if "CloudCustomData" in fields else None
    message, conversation = await _meant(call)
    async with call.turns.of(turn_of(conversation, message.seq)):
        if body is None:
            message, _ = await _meant(call)  # as it is now that it is its turn
        edit = requests.MessageEdit(
            conversation, message.seq, message.body if body is None else body, cloud_data=cloud_data
        )
        await call.ask(edit, Altered)
    return {}


async def _meant(call: Call) -> tuple[Message, str]:
    """The message that `MsgKey` means, and its conversation. Raises TencentError or RcimError."""
    fields = call.fields
    sender, receiver = fields.account("From_Account"), fields.account("To_Account")
    message = await message_of(call, sender, receiver, read_key(fields, "MsgKey"))
    return message, pair_conversation(sender, receiver)


@command(ONE_TO_ONE, "openim/admin_set_msg_read")
async def admin_set_msg_read(call: Call) -> Json:
    """Says that Report_Account has read what Peer_Account has sent, all or up to `MsgReadTime` (GR-04, MS-11)."""
    fields = call.fields
    reader, peer = fields.account("Report_Account"), fields.account("Peer_Account")
    until_s = fields.number_or_text("MsgReadTime", 0)
    conversation = pair_conversation(reader, peer)
    to_ms = until_s * 1000 + 999 if until_s else 0
    page = await call.ask(requests.History(conversation, backwards=True, limit=1, to_time_ms=to_ms), Page)
    if page.messages:
        await call.ask(requests.ConversationRead(conversation, page.messages[0].seq, reader), Read)
    return {}


@command(ONE_TO_ONE, "openim/get_c2c_unread_msg_num")
async def get_c2c_unread_msg_num(call: Call) -> Json:
    """How many one-to-one messages a user has not read: in all, or of each of up to 10 others (AB-07)."""
    user_id = call.fields.account("To_Account")
    peers = call.fields.accounts("Peer_Account", PEERS_MAX, least=0)
    keys = [pair_conversation(user_id, peer) for peer in peers]
    found = await call.ask(requests.AdminUserUnread(user_id, keys), UnreadCounts)
    if not peers:
        return {"AllC2CUnreadMsgNum": sum(count for key, count in found.counts.items() if pair_of(key) is not None)}
    rows = [
        {"Peer_Account": peer, "C2CUnreadMsgNum": found.counts.get(key, 0)}
        for peer, key in zip(peers, keys, strict=True)
    ]
    return {"C2CUnreadMsgNumList": rows}


@command(ONE_TO_ONE, "openim/admin_getroammsg")
async def admin_getroammsg(call: Call) -> Json:
    """A page of the messages between two users in a range of time, the newest of them last; with `LastMsgKey` and
    `MaxTime` of an answer the page before it (RX-06, AB-04)."""
    fields = call.fields
    old = "Operator_Account" not in fields
    viewer = fields.account("From_Account" if old else "Operator_Account")
    peer = fields.account("To_Account" if old else "Peer_Account")
    conversation = pair_conversation(viewer, peer)
    before = read_key(fields, "LastMsgKey").seq if fields.text("LastMsgKey", "") else 0
    asked = requests.History(
        conversation,
        to_seq=before - 1 if before else 0,
        limit=_count(call),
        backwards=True,
        from_time_ms=fields.number("MinTime") * 1000,
        to_time_ms=fields.number("MaxTime") * 1000 + 999,
    )
    page = Page(0, 0, False, []) if before == 1 else await call.ask(asked, Page)
    messages = sorted(page.messages, key=lambda one: one.seq)
    read_seq = await _read_up_to(call, conversation, [one.seq for one in messages if one.sender == viewer])
    said: Json = {
        "Complete": 0 if page.more else 1,
        "MsgCnt": len(messages),
        "LastMsgTime": 0,
        "LastMsgKey": "",
        "MsgList": [_row(one, conversation, is_read=one.seq <= read_seq) for one in messages],
    }
    if messages:
        said |= {"LastMsgTime": messages[0].time_ms // 1000, "LastMsgKey": message_key(messages[0])}
    return said


def _count(call: Call) -> int:
    """How many messages a page is to have. Raises TencentError."""
    found = call.fields.number("MaxCnt")
    if not found:
        raise call.fields.refuse("MaxCnt", "has to be at least 1")
    return min(found, HISTORY_MAX)


async def _read_up_to(call: Call, conversation: str, seqs: Sequence[int]) -> int:
    """The greatest of these ascending SEQs, of messages of one of the two, that the other has read; 0: none. Reading
    goes on in order, so this is found by halves."""
    low, high = 0, len(seqs)
    while low < high:
        middle = (low + high) // 2
        found = await call.ask(requests.MessageReceipts(conversation, seqs[middle], read=True), Receipts)
        if found.read_num:
            low = middle + 1
        else:
            high = middle
    return seqs[low - 1] if low else 0


def _row(message: Message, conversation: str, *, is_read: bool) -> Json:
    """A message as an entry of MsgList. One that is gone has no elements any more."""
    pair = pair_of(conversation)
    assert pair is not None
    gone = message.state in GONE
    row: Json = {
        "From_Account": message.sender,
        "To_Account": other_of(pair, message.sender),
        "MsgSeq": message.seq,
        "MsgRandom": random_of(message.client_msg_id),
        "MsgTimeStamp": message.time_ms // 1000,
        "MsgFlagBits": RECALLED_BIT if gone else 0,
        "IsPeerRead": int(is_read),
        "MsgKey": message_key(message),
        "MsgBody": [] if gone else to_json(decode_body(message.body)),
    }
    if message.extra is not None and message.extra.cloud_data:
        row["CloudCustomData"] = message.extra.cloud_data.decode(errors="replace")
    return row
