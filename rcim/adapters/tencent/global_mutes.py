"""Global mutes: of a user in all groups, and in all one-to-one conversations (SC-04)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import OPERATION
from rcim.adapters.tencent.command import Call, Json, command
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import PERMANENT_S, MuteScope
from rcim.service import requests
from rcim.service.results import Done, MutedUsers

FIELDS = {"C2CmsgNospeakingTime": MuteScope.ONE_TO_ONE, "GroupmsgNospeakingTime": MuteScope.GROUPS}
CENTURY_MS = 100 * 365 * 86_400_000
"""A mute that goes on for longer has no end."""


@command(OPERATION, "openconfigsvr/setnospeaking")
async def setnospeaking(call: Call) -> Json:
    """Mutes a user in all groups, in all one-to-one conversations, or both, for a time in seconds; 0 ends it, 4294967295
    is without an end (SC-04). If the second is refused, the first is put back."""
    fields = call.fields
    user_id = fields.account("Set_Account")
    wanted = {scope: fields.number(name) for name, scope in FIELDS.items() if name in fields}
    if not wanted:
        raise fields.refuse("C2CmsgNospeakingTime", "and GroupmsgNospeakingTime are both missing")
    before = {scope: await _seconds(call, user_id, scope) for scope in wanted} if len(wanted) > 1 else {}
    done: list[MuteScope] = []
    for scope, seconds in wanted.items():
        try:
            await call.ask(requests.AdminUserMute([user_id], seconds, scope), Done)
        except RcimError:
            for other in done:
                await call.ask(requests.AdminUserMute([user_id], before[other], other), Done)
            raise
        done.append(scope)
    return {}


@command(OPERATION, "openconfigsvr/getnospeaking")
async def getnospeaking(call: Call) -> Json:
    """For how many seconds more a user is muted in all groups, and in all one-to-one conversations (SC-04)."""
    user_id = call.fields.account("Get_Account")
    return {name: await _seconds(call, user_id, scope) for name, scope in FIELDS.items()}


async def _seconds(call: Call, user_id: str, scope: MuteScope) -> int:
    """How long the mute goes on; 0: there is none."""
    found = await call.ask(requests.AdminUserMuted(where=scope, user_id=user_id), MutedUsers)
    if not found.until_ms:
        return 0
    left_ms = found.until_ms[0][1] - clock.wall_ms()
    return PERMANENT_S if left_ms > CENTURY_MS else max(0, -(-left_ms // 1000))
