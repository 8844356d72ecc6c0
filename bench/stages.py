"""`rcim-bench stages`: where the server's time goes, stage by stage, measured in a running server and not guessed.

The server runs with a clock around the methods of STAGES: CPU time of the thread, nested calls taken out, so that each
microsecond belongs to one stage. What the clock itself costs is measured at the start and taken off. The whole is
measured without the clock, on a server under the same load just before; what of it is in no stage is the loop itself,
the kernel's part of receiving, and timers: `rest`.

Run as a module it is that server: the arguments are those of `rcim`. SIGUSR1 makes it write its counts to a file.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcim_bench.crowd import Account, Crowd
from rcim_bench.fanout import send_paced
from rcim_bench.load import Load, stop_all
from rcim_bench.rig import Rig, facts, rig

from rcim.base.terms import ApplyJoinOption, group_conversation
from rcim.load.swarm import stamped
from rcim.service.connection import Connection
from rcim.wire import frames

STAGES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "receive": (
        ("rcim.connect.incoming", "Incoming", "buffer_updated"),
        ("rcim.connect.incoming", "Incoming", "take_turn"),
    ),
    "TLS in": (("rcim.session.tls", "TlsCore", "receive"),),
    "parse": (
        ("rcim.session.server", "ServerSession", "receive"),
        ("rcim.session.server", "ServerSession", "next_request"),
    ),
    "check": (("rcim.service.service", "Service", "submit"),),
    "mailbox": (
        ("rcim.dispatch.dispatcher", "Dispatcher", "submit"),
        ("rcim.dispatch.dispatcher", "Dispatcher", "_turn"),
        ("rcim.dispatch.effect_runner", "EffectRunner", "all"),
    ),
    "actor": (("rcim.actor.group", "GroupActor", "handle"),),
    "commit": (("rcim.store.store", "Store", "append"),),
    "reply": (("rcim.service.connection", "Connection", "answer"),),
    "encode": (
        ("rcim.dispatch.effect_runner", "EffectRunner", "_deliver"),
        ("rcim.connect.audience", "Audience", "_made"),
    ),
    "fan-out": (
        ("rcim.connect.fanout", "Fanout", "deliver"),
        ("rcim.connect.fanout", "Fanout", "_begin"),
        ("rcim.connect.fanout", "Fanout", "_chunk"),
        ("rcim.connect.fanout", "Fanout", "_gather"),
    ),
    "TLS out": (("rcim.session.tls", "TlsCore", "seal"),),
    "write": (
        ("rcim.connect.outgoing", "Outgoing", "_put_sealed"),
        ("rcim.connect.outgoing", "Outgoing", "write_now"),
        ("rcim.connect.table", "ConnectionTable", "_flush"),
    ),
}
"""Stage to the methods (module, class, name) whose own time it is, in the order of a message's way."""
COUNTS_FILE = "stages.json"
SENDERS, WINDOW = 8, 8
CALIBRATION = 20_000
WAIT_S = 60.0


class Clock:
    """Time by stage: calls, own nanoseconds, and how many timed calls were made from it."""

    def __init__(self) -> None:
        self.calls = dict.fromkeys(STAGES, 0)
        self.own_ns = dict.fromkeys(STAGES, 0)
        self.inner = dict.fromkeys(STAGES, 0)
        self._local = threading.local()

    def around(self, stage: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """`method` with the clock of `stage` around it."""
        calls, own_ns, inner = self.calls, self.own_ns, self.inner
        local, now = self._local, time.thread_time_ns
        local.stack = []

        @functools.wraps(method)
        def timed(*args: Any, **kwargs: Any) -> Any:
            try:
                stack = local.stack
            except AttributeError:
                stack = local.stack = []
            at = now()
            if stack:
                above = stack[-1]
                own_ns[above[0]] += at - above[1]
                inner[above[0]] += 1
            frame = [stage, now()]
            stack.append(frame)
            try:
                return method(*args, **kwargs)
            finally:
                end = now()
                own_ns[stage] += end - frame[1]
                calls[stage] += 1
                stack.pop()
                if stack:
                    stack[-1][1] = now()

        return timed

    def cost_ns(self) -> tuple[float, float]:
        """What the clock costs: within a timed call, and within the one that made it."""
        spare = Clock()
        names = list(STAGES)
        nothing = spare.around(names[0], lambda: None)

        def many(call: Callable[[], Any]) -> None:
            for _ in range(CALIBRATION):
                call()

        outer = spare.around(names[1], many)
        outer(nothing)
        inside = spare.own_ns[names[0]] / CALIBRATION
        with_calls = spare.own_ns[names[1]]
        spare.own_ns[names[1]] = 0
        outer(lambda: None)
        return inside, max(0.0, (with_calls - spare.own_ns[names[1]]) / CALIBRATION)

    def counts(self) -> dict[str, Any]:
        """Everything so far."""
        return {"calls": self.calls, "own_ns": self.own_ns, "inner": self.inner}


def install(clock: Clock) -> None:
    """Put the clock around every method of STAGES."""
    for stage, methods in STAGES.items():
        for module, owner, name in methods:
            cls = getattr(importlib.import_module(module), owner)
            setattr(cls, name, clock.around(stage, getattr(cls, name)))
    made = Connection.connection_made

    def connection_made(self: Connection, transport: Any) -> None:
        made(self, transport)
        if self.put == transport.write:  # without TLS the loop's own method is called; it has no class to be put into
            self.put = clock.around("write", self.put)

    Connection.connection_made = connection_made  # type: ignore[method-assign]


def main() -> None:
    """The timed server: the arguments are those of `rcim`."""
    from rcim.cli import main as rcim

    clock = Clock()
    cost = clock.cost_ns()
    install(clock)
    data = Path(sys.argv[sys.argv.index("--data") + 1])

    def write(*_: Any) -> None:
        draft = data / (COUNTS_FILE + ".new")
        draft.write_text(json.dumps({**clock.counts(), "cost": cost}), encoding="utf-8")
        draft.replace(data / COUNTS_FILE)

    signal.signal(signal.SIGUSR1, write)
    rcim()


async def _counts(made: Rig) -> dict[str, Any]:
    """Ask the timed server for its counts. Raises TimeoutError."""
    path = made.data.path / COUNTS_FILE
    path.unlink(missing_ok=True)
    os.kill(made.server_pid, signal.SIGUSR1)
    async with asyncio.timeout(WAIT_S):
        while not path.exists():
            await asyncio.sleep(0.01)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def rows_of(
    load: str, before: dict[str, Any], after: dict[str, Any], messages: int, deliveries: int, whole_us: float
) -> list[dict[str, Any]]:
    """The table of one load: per stage calls, CPU of a call, of a message and of a delivery, and its share.

    `whole_us` is the CPU of a message without a clock.
    """
    inside, outside = after["cost"]
    spent_us = {}
    for stage in STAGES:
        calls, inner, own = (after[k][stage] - before[k][stage] for k in ("calls", "inner", "own_ns"))
        spent_us[stage] = (calls, max(0.0, own - calls * inside - inner * outside) / 1000)
    in_stages = sum(us for _, us in spent_us.values())
    total_us = max(in_stages, whole_us * messages, 1.0)
    spent_us["rest"] = (0, total_us - in_stages)
    return [
        {
            "load": load,
            "stage": stage,
            "calls": calls,
            "us_per_call": round(us / calls, 2) if calls else 0.0,
            "us_per_message": round(us / max(1, messages), 2),
            "us_per_delivery": round(us / deliveries, 3) if deliveries else 0.0,
            "share": round(us / total_us, 3),
        }
        for stage, (calls, us) in spent_us.items()
    ]


@dataclass
class _Seen:
    """A load, measured: the clock's counts around it (none without a clock), CPU of the server, messages."""

    before: dict[str, Any]
    after: dict[str, Any]
    cpu_s: float
    messages: int


async def _fan_out(
    made: Rig, members: int, rate: float, seconds: float, payload: int, timed: bool
) -> tuple[_Seen, Account, dict[str, int]]:
    """One sender, one group, paced."""
    crowd = Crowd(made, "stages")
    await crowd.gather(members, max(1, members // 20))
    warm = await send_paced(crowd.sender, crowd.conversation, rate, 0.5, payload, "w")
    await crowd.settle(warm.accepted)
    crowd.mark()
    before, used_before = await _counts(made) if timed else {}, made.usage()
    counts = await send_paced(crowd.sender, crowd.conversation, rate, seconds, payload, "m")
    await crowd.settle(counts.accepted)
    used_after, after = made.usage(), await _counts(made) if timed else {}
    found = crowd.account(counts.accepted)
    await crowd.close()
    return _Seen(before, after, used_after.cpu_s - used_before.cpu_s, counts.accepted), found, crowd.facts()


async def _sends(made: Rig, seconds: float, payload: int, timed: bool) -> _Seen:
    """A group with nobody online, to which administrators send as fast as they are answered: all but fan-out."""
    admins = [await made.admin() for _ in range(SENDERS)]
    group = frames.GroupCreate("sends", "ChatRoom", "sends", "", "", "", ApplyJoinOption.FREE_ACCESS, [])
    owner = await made.swarm().connect_one("owner")
    await owner.ask(group)
    owner.link.close()
    body = stamped(0, 0, payload)
    loads = [Load(a, [group_conversation("sends")], WINDOW, body, f"s{i}") for i, a in enumerate(admins)]
    before, used_before = await _counts(made) if timed else {}, made.usage()
    for load in loads:
        load.start()
    await asyncio.sleep(seconds)
    await stop_all(loads)
    used_after, after = made.usage(), await _counts(made) if timed else {}
    for admin in admins:
        admin.link.close()
    return _Seen(before, after, used_after.cpu_s - used_before.cpu_s, sum(load.accepted for load in loads))


async def run(
    members: int, rate: float, seconds: float, payload: int, plain: bool, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure a fan-out and a load of sends; returns the report. Raises ServerFailed, RcimError or OSError."""
    whole: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    wrong: Counter[str] = Counter()
    for timed in (False, True):
        async with rig(plain=plain, module="rcim_bench.stages" if timed else "rcim") as made:
            say(f"{'with' if timed else 'without'} the clock: {rate:g} messages a second to {members} members")
            seen, found, who = await _fan_out(made, members, rate, seconds, payload, timed)
            wrong.update(lost=found.lost, duplicated=found.duplicated, reordered=found.reordered)
            say(
                f"{'with' if timed else 'without'} the clock: {SENDERS} connections send as fast as they are answered"
            )
            sends = await _sends(made, seconds, payload, timed)
        for load, one, receivers in (("fan-out", seen, members), ("sends", sends, 0)):
            if timed:
                deliveries = one.messages * receivers
                rows += rows_of(load, one.before, one.after, one.messages, deliveries, whole[load])
            else:
                whole[load] = one.cpu_s * 1e6 / max(1, one.messages)
    return {
        "bench": "stages",
        "members": members,
        "rate": rate,
        "seconds": seconds,
        "payload": payload,
        "tls": not plain,
        **who,
        **{name: wrong[name] for name in ("lost", "duplicated", "reordered")},
        "fan_out_us_per_delivery": round(whole["fan-out"] / members, 3),
        "sends_us_per_message": round(whole["sends"], 2),
        "rows": rows,
        "machine": facts(),
    }


if __name__ == "__main__":
    main()
