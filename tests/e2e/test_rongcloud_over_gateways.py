"""RongCloud's API in gateway processes: what it decides by an error has come from another process (AB-02)."""

from __future__ import annotations

from rcim_bench.compat import rongcloud_groups as groups
from rcim_bench.compat import rongcloud_messages as messages
from rcim_bench.compat import rongcloud_rooms as rooms
from rcim_bench.compat import rongcloud_users as users
from rcim_bench.compat.case import State
from rcim_bench.compat.run import trial

CASES = (groups.life, groups.sync, rooms.life, rooms.entries, users.block, users.notification, messages.recall)
CASES += (messages.history, messages.words)


async def test_the_same_over_gateways() -> None:
    async with trial(["server.gateways=2"]) as on:
        for run in CASES:
            found = await run(on)
            assert found is None or found.state is State.DIFFERS
