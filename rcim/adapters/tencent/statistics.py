"""Figures of the app: what the server counts (OP-04)."""

from __future__ import annotations

from datetime import datetime

from rcim.adapters.tencent.codes import OPERATION
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.message_log import ZONE
from rcim.base import clock
from rcim.service import requests
from rcim.service.results import Counted

FIELDS_MAX = 50


@command(OPERATION, "openconfigsvr/getappinfo")
async def getappinfo(call: Call) -> Json:
    """What is counted of today, in one row: the number of the app, the date, and who is online now. Of days before
    nothing is kept, so the answer has no other rows."""
    fields = call.fields
    wanted = fields.rows("RequestField", FIELDS_MAX)
    if not all(isinstance(name, str) for name in wanted):
        raise fields.refuse("RequestField", "has to be a list of strings")
    counted = (await call.ask(requests.AdminStats(), Counted)).values
    known = {
        "AppId": str(call.service.back_ends.sdkappid),
        "Date": datetime.fromtimestamp(clock.wall_ms() // 1000, ZONE).strftime("%Y%m%d"),
        "MaxOnlineNum": str(counted["users_online"]),
    }
    return {"Result": [{name: value for name, value in known.items() if not wanted or name in wanted}]}
