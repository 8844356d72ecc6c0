"""RongCloud's commands that have no subject here: each says so with the vendor's code (AB-02)."""

from __future__ import annotations

from rcim_bench.compat.case import Found, Run, State, Trial, case, check

from rcim.adapters.rongcloud.codes import NOT_ENABLED
from rcim.adapters.rongcloud.not_offered import WHY


def _case(path: str, why: str) -> Run:
    async def run(on: Trial) -> Found:
        said = await on.rongcloud(path, userId="ann", groupId="group")
        check(said["code"] == NOT_ENABLED, f"{path}: {said['code']}")
        return Found(State.NOT_OFFERED, why)

    return run


for _why, _paths in WHY.items():
    for _path in _paths:
        case("rongcloud", _path)(_case(_path, _why))
