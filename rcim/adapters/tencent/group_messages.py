"""Messages to groups: ordinary ones, system notices, broadcasts (MS-02, MS-05, MS-06, MS-07, MS-08, SY-03)."""

from __future__ import annotations

import msgspec

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.fields import Fields
from rcim.adapters.tencent.group_fields import group_of
from rcim.base.terms import HeldBack, Priority, group_conversation
from rcim.content.elements import Text, encode_body
from rcim.content.vendor_json import from_json
from rcim.service import requests
from rcim.service.results import BroadcastSent, Done, Sent

PRIORITIES = {
    "High": Priority.HIGH,
    "Normal": Priority.NORMAL,
    "Low": Priority.LOW,
    "Lowest": Priority.LOWEST,
}
FORBIDDEN = ("ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback")
ONLINE_ONLY = ("OnlineOnlyFlag", "MsgOnlineOnlyFlag")
"""The vendor's table has had both names."""
CONTROLS = ("NoUnread", "NoLastMsg", "WithMuteNotifications")
DIRECTED_MAX, NOTICED_MAX, MENTIONS_MAX = 50, 500, 30
TOO_MANY_MENTIONS = 10053
ONLINE_S = 60
"""For how long a broadcast of send_broadcast_msg is an offline message: as long as a client takes to come back."""


@command(GROUP, "group_open_http_svc/send_group_msg")
async def send_group_msg(call: Call) -> Json:
    """Sends a message; the same `Random` again is the same message, for ten minutes (MS-02)."""
    fields = call.fields
    forbidden = words(fields, "ForbidCallbackControl", FORBIDDEN)
    mentions, mentions_all = _mentions(fields)
    sent = await call.ask(
        requests.AdminSend(
            conversation=group_conversation(group_of(fields)),
            client_msg_id=str(fields.number("Random")),
            priority=fields.choice("MsgPriority", PRIORITIES, Priority.NORMAL),
            body=encode_body(from_json(fields.raw("MsgBody"))),
            as_user=fields.account("From_Account", ""),
            to=fields.accounts("To_Account", DIRECTED_MAX, least=0),
            mentions=mentions,
            mentions_all=mentions_all,
            transient=any(fields.number(name, 0, most=1) for name in ONLINE_ONLY),
            cloud_data=fields.text("CloudCustomData", "").encode(),
            push=push_info(fields),
            uncounted="NoUnread" in words(fields, "SendMsgControl", CONTROLS),
            unasked="ForbidBeforeSendMsgCallback" in forbidden,
            untold="ForbidAfterSendMsgCallback" in forbidden,
        ),
        Sent,
    )
    said: Json = {"MsgTime": sent.time_ms // 1000, "MsgSeq": sent.seq}
    if sent.held_back is not HeldBack.NO:
        said["MsgDropReason"] = "MsgFreqCtrl"
    return said


def words(fields: Fields, name: str, known: tuple[str, ...]) -> list[str]:
    """An array of some of these words. Raises TencentError."""
    found = fields.rows(name, len(known))
    if not all(one in known for one in found):
        raise fields.refuse(name, f"has to be an array of {', '.join(known)}")
    return found


def push_info(fields: Fields) -> bytes:
    """OfflinePushInfo as the service takes it; empty: there is none. Raises TencentError."""
    fields.within("OfflinePushInfo")
    if not fields.raw("OfflinePushInfo"):
        return b""
    return msgspec.json.encode(fields.raw("OfflinePushInfo"))


def _mentions(fields: Fields) -> tuple[list[str], bool]:
    """Whom GroupAtInfo mentions, and whether it is everybody (MS-07). Raises TencentError."""
    if "GroupAtInfo" not in fields:
        return [], False
    rows = fields.objects("GroupAtInfo", MENTIONS_MAX + 1, code_of_many=TOO_MANY_MENTIONS)
    all_of_them = [row.number("GroupAtAllFlag", 0, most=1) == 1 for row in rows]
    named = [row.account("GroupAt_Account") for row, every in zip(rows, all_of_them, strict=True) if not every]
    return list(dict.fromkeys(named)), any(all_of_them)


@command(GROUP, "group_open_http_svc/send_group_system_notification")
async def send_group_system_notification(call: Call) -> Json:
    """Gives a notice to the members of a group who are online, or to some of them (MS-05)."""
    fields = call.fields
    users = fields.accounts("ToMembers_Account", NOTICED_MAX, least=0)
    await call.ask(requests.AdminNotice(group_of(fields), users, encode_body([Text(fields.text("Content"))])), Done)
    return {}


@command(GROUP, "group_open_http_svc/send_broadcast_msg", per_s=1)
async def send_broadcast_msg(call: Call) -> Json:
    """Sends a message to everyone who is online, as a broadcast of the app (SY-03)."""
    fields = call.fields
    if fields.text("CloudCustomData", ""):
        raise fields.refuse("CloudCustomData", "has to be empty: a broadcast has no data beside its body")
    sent = await call.ask(
        requests.AdminBroadcast(
            client_msg_id=str(fields.number("Random")),
            priority=Priority.NORMAL,
            body=encode_body(from_json(fields.raw("MsgBody"))),
            sender=fields.account("From_Account", ""),
            expires_s=ONLINE_S,
        ),
        BroadcastSent,
    )
    return {"MsgSeq": sent.seq}
