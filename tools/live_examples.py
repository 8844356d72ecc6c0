"""Examples of frames about what the server does now (OP-02)."""

from __future__ import annotations

from rcim.base.terms import HotSort, Platform, SlowSort
from rcim.wire import frames as f

TIME = 1_750_000_000_000
BUSY = f.HotEntry(
    conversation="g:lobby",
    kind="group",
    type_="Public",
    members=180,
    online=120,
    in_10s=85,
    in_60s=431,
    seq=9_001,
    offered=512,
    withheld=4,
    waiting=2,
    deliveries=61_440,
    last_msg_time_ms=TIME,
)
LIVE_EXAMPLES = (
    f.AdminHot(HotSort.WITHHELD, False, "lobby", 0, 50),
    f.AdminHotOk([BUSY], 1),
    f.AdminActivity("g:lobby"),
    f.AdminActivityOk([BUSY], [f.SenderEntry("alice", 300), f.SenderEntry("bob", 131)], True),
    f.AdminSlow(SlowSort.QUEUED, False, "", "al", 20),
    f.AdminSlowOk(
        [
            f.SlowEntry(
                connection_id=1,
                user_id="alice",
                platform=Platform.MOBILE,
                device_tag="phone-1",
                address="127.0.0.1:50000",
                connected_ms=1200,
                queued_bytes=131_072,
                slow_ms=800,
                resyncs=1,
                dropped=17,
                in_flight=0,
                agent="example/1.0",
            )
        ],
        1,
    ),
    f.AdminProcesses(),
    f.AdminProcessesOk([f.ProcessEntry("server", 4242, 91_000, 96 << 20, 1_031, 1_800, 1_000, 950, 3_600_000)]),
)
