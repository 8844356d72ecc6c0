"""`rcim-bench codec`: what it costs to build and to parse a frame, for the server's codec and for construct."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rcim_bench.rig import facts

from rcim.base.terms import Priority
from rcim.client.swarm import stamped
from rcim.wire import frames, reference
from rcim.wire.elements import check_body
from rcim.wire.header import HEADER_BYTES


def run(seconds: float) -> dict[str, Any]:
    """Measure; returns the report."""
    body = stamped(1, 2, 200)
    message = frames.Message(7, 8, 9, Priority.NORMAL, "alice", "Alice", "", "", "0123456789abcdef", body)
    send = frames.Send("g:lobby", "0123456789abcdef", Priority.NORMAL, body)
    samples = [send, frames.SendOk(1, 2, 3, False), frames.Deliver("g:lobby", [message])]
    rows = []
    for frame in samples:
        cls, data = type(frame), frame.encode(1)
        plain = reference.to_plain(frame)
        rows.append(
            {
                "frame": cls.NAME,
                "bytes": len(data),
                "build_us": _cost(lambda f=frame: f.encode(1), seconds),
                "parse_us": _cost(lambda c=cls, d=data: c.decode(d[HEADER_BYTES:]), seconds),
                "construct_build_us": _cost(lambda c=cls, p=plain: reference.build(c, p, 1), seconds),
                "construct_parse_us": _cost(lambda d=data: reference.parse(d), seconds),
            }
        )
    check = _cost(lambda: check_body(body, 8192, 64), seconds)
    return {"bench": "codec", "check_body_us": check, "rows": rows, "machine": facts()}


def _cost(call: Callable[[], Any], seconds: float) -> float:
    """Microseconds of CPU for one call: the best of several rounds, which other processes disturb least."""
    count = 1
    while True:
        start = time.process_time()
        for _ in range(count):
            call()
        if time.process_time() - start > seconds / 10:
            break
        count *= 2
    best = float("inf")
    end = time.process_time() + seconds
    while time.process_time() < end:
        start = time.process_time()
        for _ in range(count):
            call()
        best = min(best, (time.process_time() - start) / count)
    return round(best * 1e6, 3)
