"""Messages of groups: send (MS-02, MS-06)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.base.terms import HeldBack, Priority, group_conversation
from rcim.content.elements import encode_body
from rcim.content.vendor_json import from_json
from rcim.service import requests
from rcim.service.results import Sent

PRIORITIES = {
    "High": Priority.HIGH,
    "Normal": Priority.NORMAL,
    "Low": Priority.LOW,
    "Lowest": Priority.LOWEST,
}


@command(GROUP, "group_open_http_svc/send_group_msg")
async def send_group_msg(call: Call) -> Json:
    """Sends a message; the same `Random` again within five minutes is the same message (MS-02)."""
    fields = call.fields
    sent = await call.ask(
        requests.Send(
            conversation=group_conversation(fields.text("GroupId")),
            client_msg_id=str(fields.number("Random")),
            priority=fields.choice("MsgPriority", PRIORITIES, Priority.NORMAL),
            body=encode_body(from_json(fields.raw("MsgBody"))),
            as_user=fields.account("From_Account", ""),
            transient=fields.number("OnlineOnlyFlag", 0, most=1) == 1,
            cloud_data=fields.text("CloudCustomData", "").encode(),
        ),
        Sent,
    )
    said: Json = {"MsgTime": sent.time_ms // 1000, "MsgSeq": sent.seq}
    if sent.held_back is not HeldBack.NO:
        said["MsgDropReason"] = "MsgFreqCtrl"
    return said
