"""What connections cost that do nothing, what they leave in memory, and what their coming back costs."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from typing import Any

from rcim_bench.crowd import JOINS_AT_ONCE, Crowd, join_all
from rcim_bench.rig import rig, usage
from rcim_bench.scenario import Say, Scene, Size, Target

from rcim.base.errors import RcimError
from rcim.base.terms import Priority, group_conversation
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.wire import frames

REAL_HEARTBEATS = ("limits.idle_ms=60000",)
LARGE = 8000
"""Bytes of a large message: as large as a body may be."""
DOWN, UP = 64, 8
"""Large messages that each member gets of the common group, and that it sends: to a group that there is not, so that
nothing of them is kept but what the connection itself keeps."""
STORM_PER_S = 10.0
BACK_AT_ONCE = 64
"""Handshakes that the clients of the storm have under way at once: one machine plays all of them."""


async def idle(size: Size, say: Say) -> dict[str, Any]:
    """5,000 connections for a minute, with their heartbeats: CPU a second and memory of each, plain and TLS."""
    count, seconds = size.count(5000, 20), size.seconds(60, 1)
    rows = []
    for plain in (True, False):
        async with rig(REAL_HEARTBEATS, plain=plain) as made:
            empty = made.usage()
            swarm = made.swarm()
            say(f"{count} connections, {'plain' if plain else 'TLS'}")
            await swarm.connect([f"i{i:05d}" for i in range(count)])
            await asyncio.sleep(1)
            before = made.usage()
            await asyncio.sleep(seconds)
            after = made.usage()
            rows.append(
                {
                    "tls": not plain,
                    "connections": count,
                    "still_open": count - sum(swarm.tally.closed.values()),
                    "cpu_us_per_connection_and_second": round(
                        (after.cpu_s - before.cpu_s) * 1e6 / count / (after.at - before.at), 3
                    ),
                    "kib_per_connection": round((after.rss_kib - empty.rss_kib) / count, 2),
                }
            )
            swarm.close()
            await asyncio.sleep(0)
    plain_row, tls_row = rows
    return {
        "seconds": seconds,
        "lost": sum(row["connections"] - row["still_open"] for row in rows),
        "cpu_us_plain": plain_row["cpu_us_per_connection_and_second"],
        "cpu_us_tls": tls_row["cpu_us_per_connection_and_second"],
        "kib_plain": plain_row["kib_per_connection"],
        "kib_tls": tls_row["kib_per_connection"],
        "rows": rows,
    }


async def memory(size: Size, say: Say) -> dict[str, Any]:
    """3,000 connections that each get 64 messages of 8,000 bytes at once and send 8: memory of each afterwards."""
    count = size.count(3000, 10)
    rows = []
    for plain in (True, False):
        async with rig(plain=plain) as made:
            empty = made.usage()
            swarm = made.swarm()
            say(f"{count} connections, {'plain' if plain else 'TLS'}")
            await swarm.connect([f"t{i:05d}" for i in range(count)])
            await join_all(swarm.members, "large")
            connected = made.usage()
            lost = await _transfer(swarm)
            peak = made.usage()
            await asyncio.sleep(2)
            after = made.usage()
            rows.append(
                {
                    "tls": not plain,
                    "kib_connected": round((connected.rss_kib - empty.rss_kib) / count, 2),
                    "kib_at_the_end": round((peak.rss_kib - empty.rss_kib) / count, 2),
                    "kib_after": round((after.rss_kib - empty.rss_kib) / count, 2),
                    "lost": lost,
                }
            )
            swarm.close()
            await asyncio.sleep(0)
    plain_row, tls_row = rows
    return {
        "connections": count,
        "lost": plain_row["lost"] + tls_row["lost"],
        "kib_plain": plain_row["kib_after"],
        "kib_tls": tls_row["kib_after"],
        "rows": rows,
    }


async def _transfer(swarm: Swarm) -> int:
    """Large messages to all, then from each; returns how many deliveries did not come."""
    tally = swarm.tally
    common, body = group_conversation("large"), stamped(0, 0, LARGE)
    start, members = tally.delivered, swarm.members
    for number in range(DOWN):
        await members[0].ask(frames.Send(common, f"d-{number}", Priority.NORMAL, body))
    gate = asyncio.Semaphore(JOINS_AT_ONCE)

    def refused(_: object) -> None:
        """There is no such group."""

    async def up(member: SwarmMember) -> None:
        async with gate:
            messages = [(f"u-{number}", body) for number in range(UP)]
            member.send_together(group_conversation("there-is-none"), messages, refused)
            while member.link.unanswered:
                await asyncio.sleep(0.01)

    await asyncio.gather(*(up(member) for member in members))
    expected = len(members) * DOWN
    end = time.monotonic() + 30
    while tally.delivered - start < expected and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return expected - (tally.delivered - start)


@dataclass
class _Storm:
    """What the clients that came back have got."""

    times: list[float] = field(default_factory=list)
    pulled: int = 0
    pulled_to: dict[str, int] = field(default_factory=dict)
    """By user: the SEQ behind the last one that history gave."""
    lost: int = 0
    failed: int = 0


async def storm(size: Size, say: Say) -> dict[str, Any]:
    """5,000 members of a group lose their connections at once, while it goes on; time until all are in sync."""
    count = size.count(5000, 20)
    async with rig() as made:
        crowd = Crowd(made, "storm")
        say(f"connecting {count} members")
        await crowd.gather(count, count)
        stop, sender = asyncio.Event(), await made.admin()
        sending = asyncio.create_task(_keep_sending(sender, crowd.conversation, stop))
        await asyncio.sleep(1)
        say("all connections are cut")
        have = {m.user_id: m.expected.get(crowd.conversation, 1) for m in crowd.swarm.members}
        before_tally = crowd.tally
        crowd.swarm.drop()
        back = made.swarm()
        before, own, started = made.usage(), usage(os.getpid()), time.monotonic()
        found = await _come_back(back, have, crowd.conversation, started)
        after, used = made.usage(), usage(os.getpid())
        stop.set()
        sent, refused = await sending
        await asyncio.sleep(1)
        for member in back.members:
            found.lost += _never_came(member, crowd.conversation, found.pulled_to[member.user_id], sent)
        tally = back.tally
        report = {
            "members": count,
            "messages": sent,
            "refused": refused,
            "all_in_sync_s": round(max(found.times), 2),
            "half_in_sync_s": round(sorted(found.times)[len(found.times) // 2], 2),
            "pulled": found.pulled,
            "failed": found.failed,
            "lost": found.lost + before_tally.gaps + found.failed,
            "duplicated": tally.duplicated + before_tally.duplicated,
            "reordered": tally.reordered + before_tally.reordered,
            "server_cpu_ms_per_client": round((after.cpu_s - before.cpu_s) * 1000 / count, 3),
            "server_cpu_share": round((after.cpu_s - before.cpu_s) / (after.at - before.at), 3),
            "generator_cpu_share": round((used.cpu_s - own.cpu_s) / (used.at - own.at), 3),
        }
        back.close()
        sender.link.close()
        await asyncio.sleep(0)
        return report


async def _keep_sending(sender: SwarmMember, conversation: str, stop: asyncio.Event) -> tuple[int, int]:
    """A message now and then until `stop`; returns (accepted, refused)."""
    accepted = refused = number = 0
    while not stop.is_set():
        number += 1
        try:
            await sender.ask(frames.Send(conversation, f"n-{number}", Priority.NORMAL, stamped(0, number, 200)))
            accepted += 1
        except RcimError:
            refused += 1
        try:
            async with asyncio.timeout(1 / STORM_PER_S):
                await stop.wait()
        except TimeoutError:
            pass
    return accepted, refused


async def _come_back(back: Swarm, have: dict[str, int], conversation: str, started: float) -> _Storm:
    """Connect everyone again and let each pull what it missed."""
    found = _Storm()
    gate = asyncio.Semaphore(BACK_AT_ONCE)

    async def one(user_id: str, expected: int) -> None:
        async with gate:
            try:
                member = await back.connect_one(user_id)
                member.expected[conversation] = expected
                back.members.append(member)
                await _pull(member, conversation, expected, found)
            except (RcimError, OSError):
                found.failed += 1
            found.times.append(time.monotonic() - started)

    await asyncio.gather(*(one(user_id, expected) for user_id, expected in have.items()))
    return found


async def _pull(member: SwarmMember, conversation: str, have: int, found: _Storm) -> None:
    """History from `have` on, until there is no more. What comes live meanwhile is seen twice, on purpose."""
    while True:
        page = await member.ask(frames.History(conversation, have, 0, 100, False))
        assert isinstance(page, frames.HistoryOk)
        for message in page.messages:
            found.lost += message.seq - have
            found.pulled += 1
            have = message.seq + 1
        if not page.more:
            break
    found.pulled_to[member.user_id] = have


def _never_came(member: SwarmMember, conversation: str, pulled_to: int, sent: int) -> int:
    """Messages up to SEQ `sent` that came neither by history, which reached to before `pulled_to`, nor live."""
    skipped = sum(seq >= pulled_to for _, seq in member.missing)
    return skipped + max(0, sent + 1 - max(pulled_to, member.expected[conversation]))


SCENES = (
    Scene(
        "idle",
        "idle connections for a minute, heartbeats included: CPU a second and memory of each",
        idle,
        (Target("cpu_us_tls", 2.5), Target("cpu_us_plain", 2.5), Target("kib_tls", 30), Target("kib_plain", 5)),
    ),
    Scene(
        "memory",
        "memory of a connection after a large transfer",
        memory,
        (Target("kib_tls", 30), Target("kib_plain", 5)),
    ),
    Scene("storm", "5,000 clients come back at once: time until all are in sync", storm, ()),
)
