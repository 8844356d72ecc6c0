"""What users do: online, in the background, offline (ID-07)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import ONE_TO_ONE, USER_UNKNOWN
from rcim.adapters.tencent.command import Call, Json, batches, command
from rcim.base.terms import Platform, Presence
from rcim.service import requests
from rcim.service.results import PresencePage, PresenceRow

AT_ONCE = 500
TOO_MANY = 90011
STATES = {Presence.ONLINE: "Online", Presence.BACKGROUND: "PushOnline", Presence.OFFLINE: "Offline"}
PLATFORMS = {
    Platform.WEB: "Web",
    Platform.DESKTOP: "Windows",
    Platform.MOBILE: "Android",
    Platform.PAD: "iPad",
    Platform.SERVER: "RESTAPI",
}


@command(ONE_TO_ONE, "openim/query_online_status")
async def query_online_status(call: Call) -> Json:
    """What users do; `Status`, and with `IsNeedDetail` 1 of each device (ID-07)."""
    return await _states(call, "Status")


@command(ONE_TO_ONE, "openim/querystate")
async def querystate(call: Call) -> Json:
    """The same by its old name, with `State`."""
    return await _states(call, "State")


async def _states(call: Call, name: str) -> Json:
    """The state of each user under this name; users without an account stand in ErrorList."""
    users = call.fields.accounts("To_Account", AT_ONCE, code_of_many=TOO_MANY)
    detailed = call.fields.number("IsNeedDetail", 0, most=1) == 1
    known = await call.known(users)
    rows: dict[str, PresenceRow] = {}
    for some in batches(users):
        page = await call.ask(requests.PresenceGet(some), PresencePage)
        rows |= {row.user_id: row for row in page.rows}
    found = [_row(rows[user], name, detailed=detailed) for user in users if user in known]
    unknown = [{"To_Account": user, "ErrorCode": USER_UNKNOWN} for user in users if user not in known]
    return {"QueryResult": found} | ({"ErrorList": unknown} if unknown else {})


def _row(row: PresenceRow, name: str, *, detailed: bool) -> Json:
    said: Json = {"To_Account": row.user_id, name: STATES[row.state]}
    if detailed and row.devices:
        said["Detail"] = [{"Platform": PLATFORMS[on], "Status": STATES[state]} for on, state in row.devices]
    return said
