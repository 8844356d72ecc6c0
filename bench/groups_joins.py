"""The part `joins` of `rcim-bench groups`: members join an AVChatRoom, evenly spread over some seconds; how many
GROUP_CHANGES each of them is sent for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rcim_bench.asking import Times, by_figure
from rcim_bench.crowd import SETTLE_S
from rcim_bench.groups_rooms import Room, Say, ask_rooms, create, share_of
from rcim_bench.rig import Rig, rig

from rcim.base.errors import RcimError, code_of
from rcim.base.terms import ChangeKind
from rcim.client.link import ConnectionGone
from rcim.load.swarm import SwarmMember
from rcim.wire import frames
from rcim.wire.header import HEADER_BYTES
from rcim.wire.schema import Frame
from rcim.wire.stream import RawFrame

JOINS = "joins"
JOINS_SHARE = 4
"""Joining is measured with so many times fewer members too."""
MORE_FRAMES_MAX = 1.5
"""A member of the large room may get so many times the frames of one of the small room, for chance; were every join a
frame of its own, it would be JOINS_SHARE times."""
TOLD_AT_ONCE = 50
"""In a room of so many each join is a frame of its own: where the small room is no larger, that is not looked at."""


class Notices:
    """Counts the GROUP_CHANGES that members get. The first of the members reads them: it is told of each who joins."""

    def __init__(self, members: Sequence[SwarmMember]) -> None:
        self.frames = self.bytes = self.announced = 0
        for member in members:
            member.link.on_push = self._count
        members[0].link.on_push = self._read

    def _count(self, raw: RawFrame) -> None:
        if raw.type == frames.GroupChanges.TYPE:
            self.frames += 1
            self.bytes += HEADER_BYTES + len(raw.body)

    def _read(self, raw: RawFrame) -> None:
        self._count(raw)
        if raw.type == frames.GroupChanges.TYPE:
            changes = frames.GroupChanges.decode(raw.body).changes
            self.announced += sum(change.count for change in changes if change.kind is ChangeKind.JOINED)


@dataclass
class Joins:
    """What became of members that joined one after the other."""

    times: Times = field(default_factory=Times)
    """From when each was due."""
    refused: int = 0
    lag_s_max: float = 0.0


async def join_paced(members: Sequence[SwarmMember], group_id: str, seconds: float) -> Joins:
    """All of `members` join, evenly spread over `seconds`; returns when all are answered, or SETTLE_S later."""
    found = Joins()
    done = asyncio.Event()
    start = time.perf_counter() + 0.01

    def join(member: SwarmMember, due: float) -> None:
        def answered(answer: Frame | RcimError) -> None:
            found.times.add(time.perf_counter() - due)
            found.refused += isinstance(answer, RcimError)
            if len(found.times) == len(members):
                done.set()

        try:
            member.link.request(frames.GroupJoin(group_id, ""), answered)
        except ConnectionGone as error:
            answered(RcimError(code_of(0), str(error)))

    for number, member in enumerate(members):
        due = start + number * seconds / len(members)
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        found.lag_s_max = max(found.lag_s_max, time.perf_counter() - due)
        join(member, due)
    try:
        async with asyncio.timeout(SETTLE_S):
            await done.wait()
    except TimeoutError:
        found.refused += len(members) - len(found.times)
    return found


async def _storm(
    made: Rig, admin: SwarmMember, members: Sequence[SwarmMember], group_id: str, seconds: float
) -> tuple[dict[str, Any], list[str]]:
    """The first member makes an AVChatRoom, the others join: the figures, and what is wrong."""
    await members[0].ask(create(group_id, "AVChatRoom"))
    notices = Notices(members)
    stats, before = await made.stats(admin), made.usage()
    joins = await join_paced(members[1:], group_id, seconds)
    after = made.usage()
    end = time.monotonic() + SETTLE_S
    while notices.announced < len(members) - 1 and time.monotonic() < end:
        await asyncio.sleep(0.1)
    told, left_out = 0, 0
    while time.monotonic() < end:  # what the server counts as given out is on its way for a moment
        now = await made.stats(admin)
        told = now["change_notices"] - stats["change_notices"]
        left_out = now["left_out"] - stats["left_out"]
        if notices.frames == told - left_out:
            break
        await asyncio.sleep(0.1)
    joined = len(members) - 1
    wrong = []
    if joins.refused:
        wrong.append(f"{joins.refused} of {joined} joins were refused or not answered")
    if notices.announced != joined:
        wrong.append(f"{notices.announced} joins of {joined} were announced")
    row = {
        "frames": notices.frames,
        "frames_by_server": told,
        "frames_left_out": left_out,
        "frames_lost": abs(told - left_out - notices.frames),
        "frames_if_told_singly": joined * (joined + 1) // 2,
        "frames_per_member": round(notices.frames / len(members), 2),
        "bytes_per_member": round(notices.bytes / len(members)),
        "per_s": round(joined / seconds, 1),
        "p50_ms": round(joins.times.percentile_ms(50), 3),
        "p99_ms": round(joins.times.percentile_ms(99), 3),
        "send_lag_ms_max": round(joins.lag_s_max * 1000, 3),
        "server_cpu_share": share_of(before, after),
    }
    return row, wrong


async def run_joins(members: int, seconds: float, say: Say) -> dict[str, Any]:
    """Joins with `members` and with a part of them. Raises RcimError, OSError or ServerFailed."""
    sizes = (max(2, members // JOINS_SHARE), members)
    async with rig() as made:
        swarm = made.swarm()
        say(f"connecting {members} members")
        await swarm.connect([f"j{i:05d}" for i in range(members)])
        admin, visitor = await made.admin(), await made.swarm().connect_one("visitor")
        storms: dict[str, dict[str, Any]] = {}
        wrong: list[str] = []
        for size in sizes:
            say(f"{size} members join an AVChatRoom within {seconds:g} s")
            row, bad = await _storm(made, admin, swarm.members[:size], f"joins-{size}", seconds)
            storms[str(size)] = row
            wrong += bad
        small, large = (storms[str(size)]["frames_per_member"] for size in sizes)
        if sizes[0] > TOLD_AT_ONCE and large > MORE_FRAMES_MAX * small:
            wrong.append(
                f"{large} frames for each of {members} members and {small} for each of {sizes[0]}: not linear"
            )
        say("asking both rooms")
        rooms = [Room(f"joins-{size}", f"AVChatRoom of {size}", size) for size in sizes]
        rows = await ask_rooms(JOINS, admin, visitor, rooms)
        wrong += [text for room in rooms for text in await room.check_list(admin)]
        closed = sum(swarm.tally.closed.values())
        for one in (swarm, admin.link, visitor.link):
            one.close()
        await asyncio.sleep(0)
    return {
        **by_figure(JOINS, storms),
        "lost": sum(row["frames_lost"] for row in storms.values()) + closed,
        "wrong": wrong,
        "rows": rows,
    }
