"""`rcim-bench push`: how fast pushes are decided and sent, what one costs, and whether senders notice (PU-01).

First the provider for APNs alone sends to a stand-in in a process of its own. Then a server whose store has this many
devices, one of each user, gets messages to groups and pairs: once without push, once with it. Last comes a burst of
messages to groups: the time until all members were decided about.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

from rcim_bench import push_apns
from rcim_bench.rig import Rig, facts, rig
from rcim_bench.sync import Kept

from rcim.actor.push_records import PushToken, PushTokenSaved
from rcim.actor.records import GroupCreated, Member, Profile
from rcim.actor.user import user_key
from rcim.base import clock
from rcim.base.terms import ApplyJoinOption, Priority, Role, group_conversation, pair_conversation
from rcim.load.swarm import SwarmMember, stamped
from rcim.wire import frames

Say = Callable[[str], None]

MEMBERS = 200
GROUPS_MAX = 100
"""Groups in the store, of MEMBERS each; the other users are told one to one."""
SENDER = "sender"
PAYLOAD = 200
GROUP_RATE, PAIR_RATE = 1.0, 20.0
"""Messages a second while senders are measured: 220 pushes a second."""
BURST_MAX = 20
"""Messages to groups at once: 4,000 pushes."""
SETTLE_S = 120.0


class Talk(NamedTuple):
    """How long sends took, in milliseconds, and how many pushes they make."""

    p50_ms: float
    p99_ms: float
    pushes: int


def user_of(number: int) -> str:
    """The user whose device has this number."""
    return f"d{number:07d}"


def group_name(number: int) -> str:
    """The id of the group with this number."""
    return f"push{number:04d}"


def groups_of(devices: int) -> int:
    """How many groups there are."""
    return max(1, min(GROUPS_MAX, devices // MEMBERS))


def fill(made: Rig, devices: int) -> None:
    """Put users with a device each, and groups of the first of them, into the store, which no server uses meanwhile."""
    kept, now_ms = Kept(made), clock.wall_ms()
    for number in range(devices):
        token = PushToken(f"phone-{number}", "apns", push_apns.token_of(number), time_ms=now_ms)
        kept.put(user_key(user_of(number)), PushTokenSaved(user_key(user_of(number)), user_of(number), token))
    for group in range(groups_of(devices)):
        first = group * MEMBERS
        users = [user_of(number) for number in range(first, min(first + MEMBERS, devices))]
        members = [Member(SENDER, Role.OWNER, now_ms, 0, "")]
        members += [Member(user, Role.MEMBER, now_ms, 0, "") for user in users]
        name, free = group_name(group), ApplyJoinOption.FREE_ACCESS
        profile = Profile(name, "Public", f"Group {group}", "", "", "", SENDER, now_ms, free, 0, 1)
        key = group_conversation(name)
        kept.put(key, GroupCreated(key, profile, members, now_ms))
    kept.close()


async def send(sender: SwarmMember, conversation: str, number: int) -> None:
    """One message. Raises RcimError."""
    body = stamped(time.monotonic_ns(), number, PAYLOAD)
    found = await sender.ask(frames.Send(conversation, f"p{number:08d}", Priority.NORMAL, body))
    assert isinstance(found, frames.SendOk)


async def talk(sender: SwarmMember, devices: int, seconds: float, first: int) -> Talk:
    """Send to groups and to users by turns, on schedule. `first` numbers the messages. Raises RcimError."""
    rate = GROUP_RATE + PAIR_RATE
    every, groups, took = round(rate / GROUP_RATE), groups_of(devices), []
    total = max(1, int(rate * seconds))
    to_groups = len(range(0, total, every))
    begun = time.monotonic()

    async def one(number: int) -> None:
        to_group = number % every == 0
        conversation = (
            group_conversation(group_name(number // every % groups))
            if to_group
            else pair_conversation(SENDER, user_of(number % devices))
        )
        start = time.perf_counter()
        await send(sender, conversation, first + number)
        took.append(time.perf_counter() - start)

    async with asyncio.TaskGroup() as tasks:
        for number in range(total):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            tasks.create_task(one(number))
    took.sort()
    pushes = to_groups * min(MEMBERS, devices) + total - to_groups
    return Talk(round(took[len(took) // 2] * 1e3, 2), round(took[int(len(took) * 0.99)] * 1e3, 2), pushes)


async def _counted(made: Rig, admin: SwarmMember, name: str) -> int:
    return (await made.stats(admin)).get(f"{name}.apns", 0)


async def _until(made: Rig, admin: SwarmMember, name: str, wanted: int) -> None:
    """Wait until the counter has come so far, or SETTLE_S have passed."""
    until = time.monotonic() + SETTLE_S
    while await _counted(made, admin, name) < wanted and time.monotonic() < until:
        await asyncio.sleep(0.02)


async def burst(made: Rig, admin: SwarmMember, sender: SwarmMember, devices: int, first: int) -> dict[str, Any]:
    """Messages to groups at once: how fast it is decided, and what a push costs the server. Raises RcimError."""
    count = min(BURST_MAX, groups_of(devices))
    expected = count * min(MEMBERS, devices)
    decided, sent = await _counted(made, admin, "push_decided"), await _counted(made, admin, "push_sent")
    cpu, begun = made.usage().cpu_s, time.monotonic()
    for number in range(count):
        await send(sender, group_conversation(group_name(number)), first + number)
    await _until(made, admin, "push_decided", decided + expected)
    decided_s = time.monotonic() - begun
    await _until(made, admin, "push_sent", sent + expected)
    sent_s, spent = time.monotonic() - begun, made.usage().cpu_s - cpu
    pushes = await _counted(made, admin, "push_sent") - sent
    return {
        "decisions": await _counted(made, admin, "push_decided") - decided,
        "decisions_per_s": round(expected / decided_s),
        "pushes": pushes,
        "pushes_lost": expected - pushes,
        "pushes_per_s": round(pushes / sent_s),
        "server_cpu_us_per_push": round(spent / max(1, pushes) * 1e6),
    }


async def _served(flags: Sequence[str], devices: int, seconds: float, say: Say, *, push: bool) -> dict[str, Any]:
    """What a server with this many devices does, with push or without."""
    async with rig((*flags, f"push.on={str(push).lower()}")) as made:
        await made.process.stop()
        say(f"filling the store with {devices} devices")
        fill(made, devices)
        made.process.port = 0
        await made.process.start()
        made.server_pid = made.process.pid
        async with AsyncExitStack() as stack:
            admin, sender = await made.admin(), await made.swarm().connect_one(SENDER)
            for one in (admin, sender):
                stack.callback(one.link.close)
            first = await talk(sender, devices, min(1.0, seconds), 0)  # what is loaded at first
            say(f"sending to groups and users, {'with' if push else 'without'} push")
            found = await talk(sender, devices, seconds, 1_000_000)
            report: dict[str, Any] = {"p50_ms": found.p50_ms, "p99_ms": found.p99_ms}
            if push:
                await _until(made, admin, "push_sent", first.pushes + found.pushes)
                say("sending to groups at once")
                report |= await burst(made, admin, sender, devices, 2_000_000)
        await made.process.stop()
    return report


async def run(devices: int, pushes: int, seconds: float, say: Say) -> dict[str, Any]:
    """Measure it. Raises ServerFailed, RcimError, OSError, TimeoutError, and ValueError without the extra rcim[push]."""
    with tempfile.TemporaryDirectory(prefix="rcim-bench-push-") as folder:
        say(f"sending {pushes} pushes to APNs")
        async with push_apns.standin(Path(folder)) as standin:
            alone = await push_apns.sent_by_a_provider(standin, pushes)
            without = await _served(standin.settings, devices, seconds, say, push=False)
            served = await _served(standin.settings, devices, seconds, say, push=True)
    senders = {
        "without": {"p50": without["p50_ms"], "p99": without["p99_ms"]},
        "with": {"p50": served.pop("p50_ms"), "p99": served.pop("p99_ms")},
    }
    return {
        "bench": "push",
        **facts(),
        "devices": devices,
        **alone,
        **served,
        "senders_ms": senders,
        "senders_p50_ratio": round(senders["with"]["p50"] / senders["without"]["p50"], 2),
    }


def failures(report: dict[str, Any]) -> list[str]:
    """What may not be."""
    return [f"{name} {report[name]}" for name in ("apns_wrong", "pushes_lost") if report[name]]
