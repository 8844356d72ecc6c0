"""What is measured on one server that runs: connecting, messages on a schedule, and as many as it takes.

1. The schedule is made before; a latency counts from the moment a message was due, whenever it was sent.
2. A phase ends when everyone has got everything, or when nothing has come for STALL_S from a server that is idle.
3. CPU is that of all processes and threads of the server, from before the first message to the end of the phase.
4. What others do on the machine meanwhile is in the row (`elsewhere_cpu`): above some hundredths, measure again.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil
from rcim_bench.latency import percentiles_ms
from rcim_bench.peers.driver import HOST, Driver, Running
from rcim_bench.peers.receivers import Checker, Fleet, PeerFailed, Wire, discard, marked
from rcim_bench.rig import usage

CONNECT_S = 180.0
QUIET_S = 0.3
"""Everyone is in when nobody has got anything for so long."""
WARM_UP_S = 1.0
CLOSING_S = 0.01
"""Turns of the loop that closing takes."""
STALL_S = 10.0
STALL_SHARE = 0.05
"""Of a processor: a server that uses more is still at work, even if nothing comes (some read much, then write)."""
DRAIN_S = 120.0
"""The longest that what was sent may take to arrive: a server at a third of the rate gets there."""
POLL_S = 0.002
"""How often it is looked whether everything has arrived."""
SATURATED_AT_MOST = 1_000_000
"""Messages of one saturated phase."""


@dataclass(frozen=True)
class Load:
    """What is sent, and to how many."""

    members: int
    rate: float
    seconds: float
    payload: int
    window: int


async def measure(driver: Driver, running: Running, load: Load) -> dict[str, Any]:
    """All figures of one server. Raises PeerFailed or OSError."""
    await asyncio.sleep(driver.rest_s)
    _, rss_before = running.used()
    sender, receivers = Wire(running.context), [Wire(running.context) for _ in range(_receivers(driver, load))]
    fleet: Fleet | None = None
    try:
        async with asyncio.timeout(CONNECT_S):
            await _connect(driver, running, sender, receivers)
        _, rss = running.used()
        tls, echo = running.context is not None, driver.sender_receives
        fleet = Fleet(sender, receivers, echo=echo, tls=tls, frame_bytes=driver.frame_bytes)
        fleet.hand_over(lambda wire: driver.answering(wire, load.payload))
        return await _phases(driver, running, fleet, load) | {
            "kib_per_connection": round((rss - rss_before) / load.members, 2),
            "checked": fleet.checked,
            "counted": fleet.counted,
        }
    except TimeoutError:
        raise PeerFailed(f"{load.members} members were not in after {CONNECT_S:g} s") from None
    finally:
        gc.unfreeze()
        if fleet is not None:
            fleet.close()
        for wire in (sender, *receivers):
            if wire.transport is not None:
                wire.transport.abort()
        await asyncio.sleep(CLOSING_S)


def _receivers(driver: Driver, load: Load) -> int:
    return load.members - 1 if driver.sender_receives else load.members


async def _connect(driver: Driver, running: Running, sender: Wire, receivers: list[Wire]) -> None:
    """Bring all in, in order as far as several at once can be; returns when all is quiet. Raises PeerFailed."""
    gate = asyncio.Semaphore(driver.connecting_at_once)

    async def one(wire: Wire, number: int) -> None:
        async with gate:
            await asyncio.get_running_loop().create_connection(lambda: wire, HOST, running.port)
            if driver.tls_first:
                await wire.secure()
            await driver.join(wire, number)

    await one(sender, 0)
    jobs = [asyncio.ensure_future(one(wire, number)) for number, wire in enumerate(receivers, 1)]
    try:
        await asyncio.gather(*jobs)
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
    wires = [sender, *receivers]
    await driver.ripen(wires)
    for wire in wires:
        wire.take = discard
    while time.monotonic() - max(wire.heard for wire in wires) < QUIET_S:
        await asyncio.sleep(QUIET_S / 4)


async def _phases(driver: Driver, running: Running, fleet: Fleet, load: Load) -> dict[str, Any]:
    sending = _Sending(fleet, driver.publisher(fleet.sender), load.payload)
    gc.collect()
    gc.freeze()  # thousands of connections that stay: a collection among them would be a late message
    fleet.mark(timed=False)
    await settle(running, fleet, await _send_paced(sending, load.rate, min(WARM_UP_S, load.seconds)))
    found: dict[str, Any] = {}
    phase = _Phase(running, fleet, timed=True)
    sent = await _send_paced(sending, load.rate, load.seconds)
    seen = phase.end(sent, await settle(running, fleet, sent))
    latency = percentiles_ms(fleet.tally.latency)
    found |= {"paced_us_per_delivery": seen["us"], "p50_ms": latency["p50"], "p99_ms": latency["p99"]}
    found |= {"lost": seen["lost"], "duplicated": seen["duplicated"], "reordered": seen["reordered"]}
    found |= {"server_cpu": seen["server_share"], "generator_cpu": seen["own_share"]}
    found |= {"elsewhere_cpu": seen["elsewhere"]}
    found |= {"send_lag_ms_max": round(sending.lag_ns_max / 1e6, 3), "paced_messages": sent, "latency_ms": latency}
    phase = _Phase(running, fleet, timed=False)
    sent = await _send_saturated(sending, load.window, load.seconds)
    seen = phase.end(sent, await settle(running, fleet, sent))
    found |= {"deliveries_per_s": seen["per_s"], "saturated_us_per_delivery": seen["us"]}
    found |= {"server_cpu_saturated": seen["server_share"], "generator_cpu_saturated": seen["own_share"]}
    found["elsewhere_cpu"] = max(found["elsewhere_cpu"], seen["elsewhere"])
    for name in ("lost", "duplicated", "reordered"):
        found[name] += seen[name]
    _, rss = running.used()
    return found | {"saturated_messages": sent, "rss_kib_after": rss, "closed_connections": fleet.lost_connections}


class _Phase:
    """What was used and delivered between its making and its end."""

    def __init__(self, running: Running, fleet: Fleet, *, timed: bool) -> None:
        self._running, self._fleet = running, fleet
        fleet.mark(timed=timed)
        self._cpu_s, _ = running.used()
        self._own = usage(os.getpid())
        self._busy_s = busy_s()

    def end(self, sent: int, last_at: float) -> dict[str, Any]:
        """The figures, when `sent` messages were sent and the last arrived at `last_at`. Raises PeerFailed."""
        elsewhere_s = busy_s() - self._busy_s
        own = usage(os.getpid())
        cpu_s, _ = self._running.used()
        wall_s = own.at - self._own.at
        elsewhere_s -= own.cpu_s - self._own.cpu_s + cpu_s - self._cpu_s
        deliveries, lost, duplicated = self._fleet.deliveries(sent)
        return {
            "deliveries": deliveries,
            "per_s": round(deliveries / max(0.001, last_at - self._own.at)),
            "lost": lost,
            "duplicated": duplicated,
            "reordered": self._fleet.tally.reordered,
            "us": round((cpu_s - self._cpu_s) * 1e6 / max(1, deliveries), 3),
            "server_share": round((cpu_s - self._cpu_s) / wall_s, 3),
            "own_share": round((own.cpu_s - self._own.cpu_s) / wall_s, 3),
            "elsewhere": round(max(0.0, elsewhere_s / wall_s), 3),
        }


def busy_s() -> float:
    """Processor seconds that this machine has spent, or that its host has taken from it, so far."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


class _Sending:
    """The sender: numbers run on from phase to phase."""

    def __init__(self, fleet: Fleet, publish: Callable[[bytes], bytes], payload: int) -> None:
        self.fleet = fleet
        self._publish = publish
        self._payload = payload
        self._number = 0
        self.lag_ns_max = 0

    def send(self, due_ns: Sequence[int]) -> None:
        """Send a message for each of the moments, in one write."""
        number, self._number = self._number, self._number + len(due_ns)
        made = [self._publish(marked(due, number + i, self._payload)) for i, due in enumerate(due_ns)]
        self.fleet.sender.write(b"".join(made))


async def _send_paced(sending: _Sending, rate: float, seconds: float) -> int:
    """Send on schedule; returns how many."""
    total = max(1, int(rate * seconds))
    sending.lag_ns_max = 0
    start_ns = time.monotonic_ns() + 10_000_000
    for number in range(total):
        due_ns = start_ns + int(number * 1e9 / rate)
        wait = (due_ns - time.monotonic_ns()) / 1e9
        if wait > 0:
            await asyncio.sleep(wait)
        sending.lag_ns_max = max(sending.lag_ns_max, time.monotonic_ns() - due_ns)
        sending.send([due_ns])
    return total


async def _send_saturated(sending: _Sending, window: int, seconds: float) -> int:
    """Keep `window` messages that one receiver hasn't seen under way; returns how many were sent.

    The middle one by order of joining confirms. Most servers write in that order: if the last one did, they would
    stand still until the sender has answered it; if the first one did, a window would hardly bound what is under way.
    """
    checkers = sending.fleet.checkers
    confirming: Checker = checkers[len(checkers) // 2][1]
    end = time.monotonic() + seconds
    sent = window
    seen = 0

    def on_seen(count: int) -> None:
        nonlocal sent, seen
        seen += count
        room = window - (sent - seen)
        if room > 0 and sent < SATURATED_AT_MOST and time.monotonic() < end:
            sent += room
            sending.send([0] * room)

    confirming.on_seen = on_seen
    sending.send([0] * window)
    await asyncio.sleep(seconds)
    confirming.on_seen = None
    return sent


async def settle(running: Running, fleet: Fleet, messages: int) -> float:
    """Wait until everyone has got `messages`, or nothing has come for STALL_S while the server did nothing either: what
    is missing then is lost. Returns when the last thing came, by the steady clock.

    Raises PeerFailed if the server ends, or isn't through after DRAIN_S: what comes later would be taken for doubled.
    """
    started = since = looked = time.monotonic()
    last = -1
    cpu_s, _ = running.used()
    while not fleet.complete(messages):
        now, progress = time.monotonic(), fleet.progress()
        if now - started > DRAIN_S:
            raise PeerFailed(f"too slow: had not delivered everything {DRAIN_S:g} s after the last message")
        if progress != last:
            last, since, looked = progress, now, now
        elif now - looked > STALL_S:
            used_s, _ = running.used()
            if used_s - cpu_s < STALL_SHARE * (now - looked):
                return since
            looked, cpu_s = now, used_s
        why = running.gone()
        if why:
            raise PeerFailed(why)
        await asyncio.sleep(POLL_S)
    return time.monotonic()
