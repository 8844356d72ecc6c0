"""`rcim-bench outbox`: what a receiver of callbacks that is slow, dead or flapping costs those who send (CB-04).

Two servers, one with an after-callback for each message and one without callbacks, take the same sends by turns; the one
whose turn it is not is stopped, so that it takes nothing from the other. At the end the receiver is good, an
administrator resumes the consumer, and everything has to arrive: what was acknowledged and never arrived is lost.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psutil
from rcim_bench.latency import percentiles_ms
from rcim_bench.outbox_receiver import GOOD, Controlled, receiver
from rcim_bench.rig import Rig, facts, rig

from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, Priority
from rcim.load.swarm import LATENCY_STEP_NS, SwarmMember, stamped
from rcim.wire import frames
from rcim.wire.schema import Frame

Say = Callable[[str], None]

AFTER = "Group.CallbackAfterSendMsg"
CONSUMER = "callbacks"
GROUPS, SENDERS = 50, 10
ROUND_S = 5.0
WARM_S = 1.0
"""Of each round, not measured: a server that was stopped finds its requests timed out, and connects anew."""
ANSWERS_S = 20.0
ARRIVE_S = 120.0
"""For what waits when the receiver is good again."""
PAYLOAD = 200
RATIO_MAX = 1.1


class Side:
    """A server, its senders, and what they have measured."""

    def __init__(self, made: Rig, senders: list[SwarmMember]) -> None:
        self.made = made
        self.senders = senders
        self.acked: dict[str, set[int]] = {}
        """By group, the SEQs that were acknowledged."""
        self.p99_ms: list[float] = []
        self.sent = self.refused = 0

    async def round(self, rate: float, seconds: float, *, measured: bool = True) -> None:
        """Send at a steady rate, whatever the server does, and measure each send from when it was due."""
        counts: Counter[int] = Counter()
        count, began_s = round(rate * seconds), time.monotonic()
        left = count
        done = asyncio.Event()

        def sent(group: str, due_s: float) -> Callable[[Frame | RcimError], None]:
            def answered(found: Frame | RcimError) -> None:
                nonlocal left
                left -= 1
                counts[int((time.monotonic() - due_s) * 1e9) // LATENCY_STEP_NS] += 1
                if isinstance(found, frames.SendOk):
                    self.acked.setdefault(group, set()).add(found.seq)
                else:
                    self.refused += 1
                if not left:
                    done.set()

            return answered

        for number in range(count):
            due_s = began_s + number / rate
            if (wait_s := due_s - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            group = f"g{number % GROUPS}"
            self.sent += 1
            frame = frames.Send(f"g:{group}", f"m{self.sent}", Priority.NORMAL, stamped(0, 0, PAYLOAD))
            self.senders[number % SENDERS].link.request(frame, sent(group, due_s))
        async with asyncio.timeout(ANSWERS_S):
            await done.wait()
        if measured:
            self.p99_ms.append(percentiles_ms(counts)["p99"])

    @contextmanager
    def running(self) -> Iterator[None]:
        """The server runs meanwhile; before and afterwards it is stopped."""
        process = psutil.Process(self.made.server_pid)
        process.resume()
        try:
            yield
        finally:
            process.suspend()


@asynccontextmanager
async def side(flags: list[str]) -> AsyncIterator[Side]:
    """A server with groups, and senders in all of them."""
    async with rig(flags, plain=True, pin=False) as made:
        swarm = made.swarm()
        users = [f"u{n}" for n in range(SENDERS)]
        await swarm.connect(users)
        for number in range(GROUPS):
            create = frames.GroupCreate(
                f"g{number}", "Public", "bench", "", "", "", ApplyJoinOption.BY_TYPE, users[1:]
            )
            await swarm.members[0].ask(create)
        made_side = Side(made, swarm.members)
        try:
            yield made_side
        finally:
            psutil.Process(made.server_pid).resume()
            swarm.drop()


@contextmanager
def apart(receiver_pid: int) -> Iterator[Callable[[], None]]:
    """What is started before the function is called has the first processor; the receiver, and afterwards this process,
    have the others, and the senders come before the receiver: what it uses would count as the server's."""
    cpus = os.sched_getaffinity(0)
    first, *others = sorted(cpus)
    if others:
        os.sched_setaffinity(receiver_pid, others)
        os.sched_setscheduler(receiver_pid, os.SCHED_BATCH, os.sched_param(0))
        os.sched_setaffinity(0, {first})
    try:
        yield lambda: os.sched_setaffinity(0, others or cpus)
    finally:
        os.sched_setaffinity(0, cpus)


async def run(seconds: float, rate: float, mode: str, say: Say, round_s: float = ROUND_S) -> dict[str, Any]:
    """Rounds without and with callbacks by turns, `seconds` of sending in all; then what has arrived. Raises
    ServerFailed, RcimError or TimeoutError."""
    async with receiver() as told:
        flags = [f"callbacks.url={told.url}", f"callbacks.commands={AFTER}", "callbacks.allow_private=true"]
        with apart(told.pid) as move:
            async with side([]) as without, side(flags) as with_:
                move()
                return await _measure(without, with_, told, seconds, rate, mode, say, round_s)


async def _measure(
    without: Side,
    with_: Side,
    told: Controlled,
    seconds: float,
    rate: float,
    mode: str,
    say: Say,
    round_s: float,
) -> dict[str, Any]:
    for one in (without, with_):
        await one.round(rate, min(1.0, round_s))  # it loads actors and opens connections
        one.p99_ms.clear()
    await told.be(mode)
    for one in (without, with_):
        psutil.Process(one.made.server_pid).suspend()
    pairs = max(1, round(seconds / 2 / round_s))
    for number in range(pairs):
        for one in (without, with_) if number % 2 == 0 else (with_, without):
            with one.running():
                await one.round(rate, min(WARM_S, round_s), measured=False)
                await one.round(rate, round_s)
        say(
            f"round {number + 1} of {pairs}: p99 {without.p99_ms[-1]} ms without, {with_.p99_ms[-1]} ms with callbacks"
        )
    psutil.Process(with_.made.server_pid).resume()
    tried = (await told.report())["requests"]
    await told.be(GOOD)
    arrived = await _arrived(with_, told)
    plain, asked = statistics.median(without.p99_ms), statistics.median(with_.p99_ms)
    missing = {group: seqs - set(arrived["seqs"].get(group, ())) for group, seqs in with_.acked.items()}
    return {
        "bench": "outbox",
        "receiver": mode,
        "rate": rate,
        "rounds": pairs,
        "send_p99_ms": {"without": plain, "with": asked},
        "send_p99_ratio": round(asked / plain, 3) if plain else 0.0,
        "refused": without.refused + with_.refused,
        "events": sum(map(len, with_.acked.values())),
        "delivered": sum(map(len, arrived["seqs"].values())),
        "doubled": arrived["doubled"],
        "lost": sum(map(len, missing.values())),
        "out_of_order": arrived["out_of_order"],
        "requests_while_away": tried,
        "max_lag_s": round(arrived["max_lag_ms"] / 1000, 1),
        "arrive_s": arrived["seconds"],
        "machine": facts(),
    }


async def _arrived(with_: Side, told: Controlled) -> dict[str, Any]:
    """Resume the consumer, and wait until everything has arrived, or for ARRIVE_S."""
    admin = await with_.made.admin()
    await admin.ask(frames.OutboxResume(CONSUMER))
    began_s = time.monotonic()
    while True:
        found = await told.report()
        waits = any(seqs - set(found["seqs"].get(group, ())) for group, seqs in with_.acked.items())
        if not waits or time.monotonic() - began_s > ARRIVE_S:
            return found | {"seconds": round(time.monotonic() - began_s, 1)}
        await asyncio.sleep(0.2)


def failures(report: dict[str, Any]) -> list[str]:
    """What is wrong with a run, in words."""
    found = []
    if report["send_p99_ratio"] > RATIO_MAX:
        found.append(f"with callbacks the p99 of sends is {report['send_p99_ratio']} times as long")
    for name in ("lost", "out_of_order", "refused"):
        if report[name]:
            found.append(f"{name}: {report[name]}")
    return found
