"""`rcim-bench codec`: what it costs to build and to parse a frame, for the server's codec and for construct."""

from __future__ import annotations

from typing import Any

from rcim_bench.cost import cost_us
from rcim_bench.rig import facts

from rcim.base.terms import Priority
from rcim.content.elements import check_body
from rcim.load.swarm import stamped
from rcim.wire import frames, reference
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
                "build_us": cost_us(lambda f=frame: f.encode(1), seconds),
                "parse_us": cost_us(lambda c=cls, d=data: c.decode(d[HEADER_BYTES:]), seconds),
                "construct_build_us": cost_us(lambda c=cls, p=plain: reference.build(c, p, 1), seconds),
                "construct_parse_us": cost_us(lambda d=data: reference.parse(d), seconds),
            }
        )
    check = cost_us(lambda: check_body(body, 8192, 64), seconds)
    return {"bench": "codec", "check_body_us": check, "rows": rows, "machine": facts()}
