"""One-to-one messages: send, to one and to many, and bring over (C2-01, MS-02, MS-06)."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from rcim.adapters.tencent.codes import ONE_TO_ONE
from rcim.adapters.tencent.command import Call, Fields, Json, command
from rcim.adapters.tencent.group_messages import FORBIDDEN, push_info, words
from rcim.adapters.tencent.message_keys import PAGE, MessageKey, find_message, key_text
from rcim.base.errors import RcimError
from rcim.base.terms import Priority, pair_conversation
from rcim.content.elements import encode_body
from rcim.content.vendor_json import from_json
from rcim.service import requests
from rcim.service.results import Imported, Page, Sent
from rcim.service.results import Message as Stored
from rcim.vendors.tencent_ids import imported_id, sent_id

RECEIVERS_MAX = 500
AT_ONCE = 50
"""Messages of a batch that are under way at a time, so that they are committed together."""
TOO_MANY = 90011
LIFE_S_MAX = 604_800
SEQ_MAX = (1 << 32) - 1
CONTROLS = ("NoUnread", "NoLastMsg", "WithMuteNotifications", "NoMsgCheck")
NOT_PUSHED = b'{"PushFlag":1}'
"""What stands for a message that nobody gets a push of (PU-02)."""


class Message(NamedTuple):
    """What a request says of a message, whoever it is for. `asked`: the app is asked before; `told`: it is told after."""

    sender: str
    random: int
    seq: int
    body: bytes
    transient: bool
    counted: bool
    asked: bool
    told: bool
    cloud_data: bytes
    push: bytes

    def to(self, user_id: str) -> requests.AdminSend:
        """The request that sends it to this user."""
        return requests.AdminSend(
            conversation=pair_conversation(self.sender, user_id),
            client_msg_id=sent_id(self.random, self.seq, self.body),
            priority=Priority.NORMAL,
            body=self.body,
            as_user=self.sender,
            transient=self.transient,
            cloud_data=self.cloud_data,
            push=self.push,
            uncounted=not self.counted,
            unasked=not self.asked,
            untold=not self.told,
        )


@command(ONE_TO_ONE, "openim/sendmsg")
async def sendmsg(call: Call) -> Json:
    """Sends a message to one user, as any user or as the administrator; the same `MsgRandom`, `MsgSeq` and body again
    are the same message, for ten minutes (MS-02, MS-06)."""
    receiver = call.fields.account("To_Account")
    message = read_message(call)
    sent = await call.ask(message.to(receiver), Sent)
    return {"MsgTime": sent.time_ms // 1000, "MsgKey": key_text(sent.seq, message.random, sent.time_ms)}


@command(ONE_TO_ONE, "openim/batchsendmsg")
async def batchsendmsg(call: Call) -> Json:
    """Sends a message to up to 500 users, each in their own conversation with the sender. Whom it cannot be sent to
    stands in ErrorList, and has nothing of it."""
    receivers = call.fields.accounts("To_Account", RECEIVERS_MAX, code_of_many=TOO_MANY)
    message = read_message(call)
    key, failed = "", list[Json]()
    for at in range(0, len(receivers), AT_ONCE):
        some = receivers[at : at + AT_ONCE]
        results = await asyncio.gather(*(_sent(call, message.to(receiver)) for receiver in some))
        for receiver, result in zip(some, results, strict=True):
            if isinstance(result, RcimError):
                failed.append({"To_Account": receiver, "ErrorCode": call.code_of(result)})
            else:
                key = key or key_text(result.seq, message.random, result.time_ms)
    said: Json = {"MsgKey": key} if key else {}
    return said | ({"ActionStatus": "SomeError", "ErrorList": failed} if failed else {})


async def _sent(call: Call, request: requests.AdminSend) -> Sent | RcimError:
    """What became of one message of many."""
    try:
        return await call.ask(request, Sent)
    except RcimError as error:
        return error


@command(ONE_TO_ONE, "openim/importmsg")
async def importmsg(call: Call) -> Json:
    """Brings a message over from another service, with the time at which it was sent; nobody is told of it (GR-08). One
    that is there already, with this time, Random and MsgSeq, is not brought over again."""
    fields = call.fields
    counted = fields.number("SyncFromOldSystem", most=5) != 2
    sender, receiver = fields.account("From_Account"), fields.account("To_Account")
    key = MessageKey(
        fields.number("MsgSeq", 0, most=SEQ_MAX), fields.number("MsgRandom"), fields.number("MsgTimeStamp")
    )
    message = requests.AdminPairImport(
        conversation=pair_conversation(sender, receiver),
        sender=sender,
        time_ms=key.time_s * 1000,
        client_msg_id=imported_id(key.random, key.seq, key.time_s),
        body=read_body(fields),
        counted=counted,
        cloud_data=fields.text("CloudCustomData", "").encode(),
    )
    async with call.turns.of(message.conversation):
        there = await find_message(call, sender, receiver, key, message.client_msg_id) is not None
        if not there and not await _came_late(call, message):
            await call.ask(message, Imported)
    return {}


async def _came_late(call: Call, message: requests.AdminPairImport) -> bool:
    """True if the message was brought over before when it was older than the newest one, and so has got that one's time:
    it is among the last ones, which have that time, and says the same."""

    async def last(count: int) -> list[Stored]:
        asked = requests.History(message.conversation, backwards=True, limit=count)
        return list((await call.ask(asked, Page)).messages)

    newest = await last(1)
    if not newest or newest[0].time_ms <= message.time_ms:
        return False
    wanted = (newest[0].time_ms, message.sender, message.client_msg_id, message.body)
    return wanted in [(one.time_ms, one.sender, one.client_msg_id, one.body) for one in await last(PAGE)]


def read_message(call: Call) -> Message:
    """The message of sendmsg and batchsendmsg. Raises TencentError or RcimError."""
    fields = call.fields
    controls = words(fields, "SendMsgControl", CONTROLS)
    forbidden = words(fields, "ForbidCallbackControl", FORBIDDEN)
    if fields.number("SyncOtherMachine", 1, most=2) == 0:
        raise fields.refuse("SyncOtherMachine", "has to be 1 or 2")
    for name in ("MsgTimeStamp", "IsNeedReadReceipt", "SupportMessageExtension"):
        fields.number(name, 0, most=SEQ_MAX)
    push = push_info(fields)
    if "WithMuteNotifications" in controls:
        push = NOT_PUSHED
    return Message(
        sender=fields.account("From_Account", "") or call.principal.user_id,
        random=fields.number("MsgRandom"),
        seq=fields.number("MsgSeq", 0, most=SEQ_MAX),
        body=read_body(fields),
        transient=fields.number("MsgLifeTime", LIFE_S_MAX, most=LIFE_S_MAX) == 0,
        counted="NoUnread" not in controls,
        asked=FORBIDDEN[0] not in forbidden,
        told=FORBIDDEN[1] not in forbidden,
        cloud_data=fields.text("CloudCustomData", "").encode(),
        push=push,
    )


def read_body(fields: Fields) -> bytes:
    """The body in `MsgBody`. Raises TencentError or RcimError."""
    if not fields.rows("MsgBody", SEQ_MAX):
        raise fields.refuse("MsgBody", "has to have at least one element")
    return encode_body(from_json(fields.raw("MsgBody")))
