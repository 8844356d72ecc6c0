"""`rcim-bench system`: what a message to the subscribers of a system conversation costs (SY-01).

One server has three conversations in its store: with few subscribers and with many, of whom nobody is online, and with
as many of whom some are. The first two are sent to by turns, so that whatever else the machine does disturbs both alike.
Then some users talk in a room, first alone and then while the third is sent to again and again.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

from rcim_bench.fanout import send_paced
from rcim_bench.latency import percentiles_ms
from rcim_bench.rig import Rig, facts, rig
from rcim_bench.sync import Kept

from rcim.actor.records import GroupChanged, GroupCreated, Member, Profile
from rcim.base import clock
from rcim.base.terms import ApplyJoinOption, Priority, Role, group_conversation
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.store import keys
from rcim.store.backend import LmdbBackend, ReadView
from rcim.wire import frames

Say = Callable[[str], None]

FEW, MANY, HEARD = "@SYS#few", "@SYS#many", "@SYS#heard"
FEW_SUBSCRIBERS = 1000
IN_ONE_RECORD = 1000
BATCHES, BATCH = 10, 50
"""Sends of which the CPU is measured, to each of the two by turns."""
MESSAGES = 5
"""Sent to the conversation that is heard, one after the other."""
ROOM, TALKERS, RATE = "others", 20, 40.0
TURNS = 5
LAST_S = 0.5
"""For what is under way when the last message is sent."""
PAYLOAD = 200
OF_SUBSCRIBERS = ("members", "memberships", "users", "chosen", "left")
"""Tables that have a row for each subscriber, or could have one."""
Rows = dict[str, dict[bytes, int]]
"""Fingerprints of rows, by table and key."""
SETTLE_S = 30.0


def user_of(number: int) -> str:
    """The id of a subscriber."""
    return f"s{number:07d}"


def fill(made: Rig, counts: dict[str, int]) -> None:
    """Put the conversations with so many subscribers into the store, which no server uses meanwhile."""
    kept = Kept(made)
    now_ms = clock.wall_ms()
    for name, count in counts.items():
        key, free = group_conversation(name), ApplyJoinOption.FREE_ACCESS
        profile = Profile(name, "System", name, "", "", "", "", now_ms, free, 0, 1)
        kept.put(key, GroupCreated(key, profile, [], now_ms))
        for first in range(0, count, IN_ONE_RECORD):
            numbers = range(first, min(first + IN_ONE_RECORD, count))
            some = [Member(user_of(number), Role.MEMBER, now_ms, 0, "") for number in numbers]
            kept.put(
                key,
                GroupChanged(
                    key=key, time_ms=now_ms, info=True, profile=None, put=some, dropped=[], marks=[], message=None
                ),
            )
            kept.flush()
    kept.close()


def subscriptions(made: Rig) -> Rows:
    """What the store keeps of subscribers, by table. No server uses it meanwhile."""
    backend = LmdbBackend(made.data.store)
    try:
        with backend.read() as view:
            return {table: _fingerprints(view, table) for table in OF_SUBSCRIBERS}
    finally:
        backend.close()


def _fingerprints(view: ReadView, table: str) -> dict[bytes, int]:
    """The rows of subscribers in a table, each as a number."""
    own = (b"s", *(group_conversation(name).encode() for name in (FEW, MANY, HEARD)))
    return {row: hash(value) for row, value in view.scan(table, b"", keys.LAST) if row.startswith(own)}


def written(before: Rows, after: Rows) -> int:
    """How many rows of subscribers are new or others than before."""
    return sum(value != before[table].get(row) for table, rows in after.items() for row, value in rows.items())


async def send(admin: SwarmMember, name: str, tag: str) -> None:
    """One message to all subscribers. Raises RcimError."""
    body = stamped(time.monotonic_ns(), 0, PAYLOAD)
    found = await admin.ask(frames.Send(group_conversation(name), tag, Priority.NORMAL, body))
    assert isinstance(found, frames.SendOk)


async def cpu_us(made: Rig, admin: SwarmMember) -> dict[str, float]:
    """The server's CPU for each send to few and to many, in microseconds. Raises RcimError."""
    spent = dict.fromkeys((FEW, MANY), 0.0)
    for name in spent:
        await send(admin, name, "first")  # it loads the actor
    for batch in range(BATCHES):
        for name in spent:
            before = made.usage().cpu_s
            for number in range(BATCH):
                await send(admin, name, f"c{batch}-{number}")
            spent[name] += made.usage().cpu_s - before
    return {name: value * 1e6 / (BATCHES * BATCH) for name, value in spent.items()}


async def deliver(admin: SwarmMember, swarm: Swarm) -> tuple[int, float]:
    """Send MESSAGES to the conversation that is heard: deliveries that came, and the seconds until the last of the first
    message. Raises RcimError."""
    online = len(swarm.members)
    began, first_s = time.monotonic(), 0.0
    await send(admin, HEARD, "d0")
    for number in range(1, MESSAGES + 1):
        while swarm.tally.delivered < online * number and time.monotonic() - began < SETTLE_S:
            await asyncio.sleep(0.01)
        first_s = first_s or time.monotonic() - began
        if number < MESSAGES:
            await send(admin, HEARD, f"d{number}")
    return swarm.tally.delivered, first_s


async def others_p99_ms(made: Rig, admin: SwarmMember, seconds: float, room: str, *, busy: bool) -> float:
    """How long messages in a new room take at the 99th percentile; `busy`: while the system conversation is sent to all
    the time. Raises RcimError."""
    swarm = made.swarm()
    await swarm.connect([f"{room}-{number}" for number in range(TALKERS)])
    sender = swarm.members[0]
    await sender.ask(frames.GroupCreate(room, "ChatRoom", room, "", "", "", ApplyJoinOption.FREE_ACCESS, []))
    for member in swarm.members[1:]:
        await member.ask(frames.GroupJoin(room, ""))
    stop = asyncio.Event()

    async def disturb() -> None:
        number = 0
        while not stop.is_set():
            await send(admin, HEARD, f"{room}-{number}")
            number += 1
            await asyncio.sleep(0.2)

    disturbing = asyncio.create_task(disturb()) if busy else None
    await send_paced(sender, group_conversation(room), RATE, seconds, PAYLOAD, "o")
    stop.set()
    if disturbing is not None:
        await disturbing
    await asyncio.sleep(LAST_S)
    swarm.close()
    return percentiles_ms(swarm.tally.latency)["p99"]


async def beside(made: Rig, admin: SwarmMember, seconds: float) -> tuple[float, float]:
    """The medians of `others_p99_ms`, calm and busy by turns. Raises RcimError."""
    found: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(TURNS):
        for busy, values in found.items():
            values.append(await others_p99_ms(made, admin, seconds / TURNS, f"{ROOM}{turn}{int(busy)}", busy=busy))
    return statistics.median(found[False]), statistics.median(found[True])


async def run(subscribers: int, online: int, seconds: float, say: Say) -> dict[str, Any]:
    """Measure it. Raises ServerFailed, RcimError, OSError, and ValueError if more are to be online than subscribe."""
    if online > subscribers:
        raise ValueError(f"--online {online}: there are {subscribers} subscribers")
    async with rig(("limits.requests_in_flight_max=4096",)) as made:
        await made.process.stop()
        say(f"filling the store with {2 * subscribers + FEW_SUBSCRIBERS} subscriptions")
        fill(made, {FEW: FEW_SUBSCRIBERS, MANY: subscribers, HEARD: subscribers})
        before = subscriptions(made)
        made.process.port = 0
        await made.process.start()
        made.server_pid = made.process.pid
        admin = await made.admin()
        say("sending to nobody online")
        cpu = await cpu_us(made, admin)
        swarm = made.swarm()
        await swarm.connect([user_of(number) for number in range(online)])
        say(f"sending to {online} online")
        delivered, first_s = await deliver(admin, swarm)
        say("talking beside it")
        calm, busy = await beside(made, admin, seconds)
        wrong = swarm.tally.duplicated + swarm.tally.reordered
        swarm.close()
        admin.link.close()
        await made.process.stop()
        rows = written(before, subscriptions(made))
    return {
        "bench": "system",
        **facts(),
        "subscribers": subscribers,
        "online": online,
        "writes_per_offline_subscriber": round(rows / (subscribers - online), 6) if online < subscribers else 0.0,
        "online_received": delivered // MESSAGES,
        "online_lost": max(0, online * MESSAGES - delivered),
        "wrong": wrong,
        "first_message_s": round(first_s, 2),
        "send_cpu_us": {"few": round(cpu[FEW], 1), "many": round(cpu[MANY], 1)},
        "send_cpu_us_ratio": round(cpu[MANY] / cpu[FEW], 2) if cpu[FEW] else 0.0,
        "others_p99_ms": {"calm": calm, "busy": busy},
        "others_p99_ratio": round(busy / calm, 2) if calm else 0.0,
    }


def failures(report: dict[str, Any]) -> list[str]:
    """What may not be."""
    wanted = ("writes_per_offline_subscriber", "online_lost", "wrong")
    return [f"{name} {report[name]}" for name in wanted if report[name]]
