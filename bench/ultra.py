"""`rcim-bench ultra`: what an ultra group with very many members costs, beside one with 10,000 (UG-01, UG-02).

Two servers run on stores filled before, one with each group. Both have the same number of members online and of
channels, and are asked the same by turns. Whatever differs is the price of members who are only kept.

A machine is faster at one time than at another, so both are measured alike: every round starts both servers, each first
as often as the other, and lets them work by turns, in small portions. A figure is the median of the rounds, and a ratio
the median of the ratios within the rounds. Beside times stands how much processor time the server has used (`cpu_ms`),
which does not count what waits for the disk. The first round is not counted: whatever has to be read from the disk once
is read in it, of both.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from rcim_bench.asking import Times
from rcim_bench.rig import Rig, facts, rig

from rcim.actor.records import ChannelListed, GroupChanged, GroupCreated, Member, Profile
from rcim.base import clock
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority, Role, group_conversation
from rcim.load.swarm import stamped
from rcim.rules.conversation_kinds import GROUP, channel_key
from rcim.store.backend import LmdbBackend
from rcim.store.filling import Filling
from rcim.store.store import Store
from rcim.wire import frames

GROUP_ID = "@TGS#_bench"
KEY = group_conversation(GROUP_ID)
BESIDE = 10_000
"""Members of the group that the large one is compared with."""
IN_ONE_COMMIT = 5000
ROUNDS = 6
"""How often both are measured. An even number: each is first as often as the other."""
LOGINS_AT_ONCE = 100
"""Users who log in on one server before it is the other's turn."""
SYNCS = 50
"""In each round."""


def user_of(number: int) -> str:
    """The id of a member."""
    return f"m{number:07d}"


def channel_of(number: int) -> str:
    """The conversation id of a channel."""
    return channel_key(KEY, f"c{number}")


def fill(path: Path, members: int, channels: int) -> None:
    """Put the group, its members and its channels into the store at `path`, which no server uses. Raises StoreError."""
    store = Store(LmdbBackend(path), DEFAULTS)
    try:
        filling, now_ms = Filling(store), clock.wall_ms() - 3_600_000
        owner = Member(user_of(0), Role.OWNER, now_ms, 0, "")
        filling.put(KEY, GroupCreated(KEY, _profile(GROUP_ID, "UltraGroup", user_of(0), now_ms), [owner], now_ms))
        for number in range(channels):
            key = channel_of(number)
            filling.put(KEY, ChannelListed(KEY, f"c{number}", True))
            filling.put(key, GroupCreated(key, _profile(GROUP.inner_id(key), "Channel", "", now_ms), [], now_ms))
        filling.commit()
        for first in range(1, members, IN_ONE_COMMIT):
            numbers = range(first, min(first + IN_ONE_COMMIT, members))
            put = [Member(user_of(n), Role.MEMBER, now_ms, 0, "") for n in numbers]
            filling.put(KEY, GroupChanged(KEY, now_ms, False, None, put, [], [], None))
            filling.commit()
    finally:
        store.close()


def _profile(group_id: str, type_: str, owner: str, now_ms: int) -> Profile:
    return Profile(group_id, type_, "bench", "", "", "", owner, now_ms, ApplyJoinOption.FREE_ACCESS, 0, 1)


class Side:
    """A server with one of the two groups, and what was found of it: a row of figures for each round."""

    def __init__(self, members: int, online: int, channels: int, made: Rig) -> None:
        self.members = members
        self.channels = channels
        self.users = [user_of(i * members // online) for i in range(online)]
        self._rig = made
        self._swarm = made.swarm()
        self.fill_s = 0.0
        self.rounds: list[dict[str, float]] = []
        self.wrong: list[str] = []
        self._now: dict[str, float] = {}
        self._times: dict[str, Times] = {}
        self._sent = 0

    async def fill(self) -> None:
        """Stop the server and fill its store."""
        await self._rig.process.stop()
        began = time.monotonic()
        await asyncio.to_thread(fill, self._rig.data.store, self.members, self.channels)
        self.fill_s = round(time.monotonic() - began, 1)

    async def start(self) -> None:
        """Start it again, up to its first answer about the group."""
        process = self._rig.process
        process.port = 0
        self._now, self._times = {}, {name: Times() for name in ("delivery", "sync")}
        began = time.monotonic()
        await process.start()
        self._rig.server_pid = process.pid
        self._swarm = self._rig.swarm()
        admin = await self._rig.admin()
        found = await admin.ask(frames.GroupInfo(GROUP_ID))
        self._now["start_s"] = time.monotonic() - began
        self._now["start_cpu_ms"] = self._rig.usage().cpu_s * 1000
        assert isinstance(found, frames.GroupInfoOk)
        if found.member_num != self.members:
            self.wrong.append(f"{found.member_num} members, not {self.members}")
        admin.link.close()

    @asynccontextmanager
    async def _measured(self, name: str, each: int) -> AsyncIterator[None]:
        """Add to the round how long the block takes, and how much processor time the server uses for it, divided by
        `each`."""
        cpu_s, began = self._rig.usage().cpu_s, time.perf_counter()
        yield
        took_s = time.perf_counter() - began
        spent_s = self._rig.usage().cpu_s - cpu_s
        for figure, seconds in ((f"{name}_ms", took_s), (f"{name}_cpu_ms", spent_s)):
            self._now[figure] = self._now.get(figure, 0.0) + seconds * 1000 / each

    async def log_in(self, first: int) -> None:
        """Let some of those who are to be online log in, from the one with this number on."""
        async with self._measured("login", len(self.users)):
            await self._swarm.connect(self.users[first : first + LOGINS_AT_ONCE])

    async def send(self, number: int) -> None:
        """A message into a channel, until all who are online have it."""
        self._sent += 1
        tally = self._swarm.tally
        wanted = tally.delivered + len(self.users)
        body = stamped(time.monotonic_ns(), number, 100)
        sender = self._swarm.members[number % len(self.users)]
        async with self._measured("send", self.channels):
            began = time.perf_counter()
            await sender.ask(frames.Send(channel_of(number), f"n{self._sent}", Priority.NORMAL, body))
            async with asyncio.timeout(30):
                while tally.delivered < wanted:
                    await asyncio.sleep(0)
            self._times["delivery"].add(time.perf_counter() - began)

    async def sync(self, number: int) -> None:
        """What a device is told that knows nothing yet."""
        member = self._swarm.members[number % len(self.users)]
        async with self._measured("syncs", SYNCS):
            found = await self._times["sync"].ask(member, frames.Sync(b"", 0, 0), frames.SyncOk)
        if len(found.conversations) != self.channels + 1:
            self.wrong.append(f"a sync of {len(found.conversations)} conversations")

    async def end_round(self) -> None:
        """Keep what was found, and how much memory the server has; then it stops."""
        now, delivery = self._now, self._times["delivery"]
        self.rounds.append(
            {
                "start_s": now["start_s"],
                "rss_mib": self._rig.usage().rss_kib / 1024,
                "login_ms": now["login_ms"],
                "delivery_p50": delivery.percentile_ms(50),
                "delivery_p99": delivery.percentile_ms(99),
                "sync_ms": self._times["sync"].percentile_ms(50),
                "cpu_start": now["start_cpu_ms"],
                "cpu_login": now["login_cpu_ms"],
                "cpu_send": now["send_cpu_ms"],
                "cpu_sync": now["syncs_cpu_ms"],
            }
        )
        self.close()
        await self._rig.process.stop()

    def close(self) -> None:
        """Close all connections."""
        self._swarm.close()


async def run(
    members: int,
    online: int,
    channels: int,
    plain: bool,
    note: Callable[[str], None],
    *,
    beside: int = BESIDE,
    rounds: int = ROUNDS,
) -> dict[str, Any]:
    """Measure both, and compare them. Raises ServerFailed, RcimError or OSError."""
    async with AsyncExitStack() as stack:
        sides: list[Side] = []
        for count in (min(beside, members), members):
            made = await stack.enter_async_context(rig(plain=plain, pin=False))
            sides.append(Side(count, min(online, count), channels, made))
            stack.callback(sides[-1].close)
        for side in sides:
            await side.fill()
            note(f"{side.members} members put in {side.fill_s} s")
        os.sync()  # the system is writing what was filled, and commits would wait for it
        for number in range(rounds + 1):
            await _round(sides if number % 2 else sides[::-1])
            note(f"round {number} of {rounds}" if number else "a round that is not counted")
        return _report(*sides)


async def _round(sides: list[Side]) -> None:
    """Start both and let them work by turns; stop them."""
    for side in sides:
        await side.start()
    for first in range(0, len(sides[0].users), LOGINS_AT_ONCE):
        for side in sides:
            await side.log_in(first)
    for channel in range(sides[0].channels):
        for side in sides:
            await side.send(channel)
    for number in range(SYNCS):
        for side in sides:
            await side.sync(number)
    for side in sides:
        await side.end_round()


def _report(small: Side, large: Side) -> dict[str, Any]:
    pairs = list(zip(large.rounds[1:], small.rounds[1:], strict=True))
    names = list(large.rounds[0])
    medians = {name: round(statistics.median(one[name] for one, _ in pairs), 3) for name in names}
    ratios = {
        name: round(statistics.median(one[name] / other[name] if other[name] else 1.0 for one, other in pairs), 2)
        for name in names
    }
    return {
        "bench": "ultra",
        **facts(),
        "members": large.members,
        "online": len(large.users),
        "channels": large.channels,
        "rounds": len(pairs),
        "fill_s": large.fill_s,
        **_arranged(medians),
        "ratio_to_10000_members": _arranged(ratios),
        "wrong": [*small.wrong, *large.wrong],
        "rows": [],
    }


def _arranged(figures: dict[str, float]) -> dict[str, Any]:
    """The figures as the report has them. `cpu_ms` is the server's: of a start, and of one login, message and sync."""
    return {
        "start_s": figures["start_s"],
        "rss_mib": figures["rss_mib"],
        "login_ms": figures["login_ms"],
        "send_to_delivery_ms": {"p50": figures["delivery_p50"], "p99": figures["delivery_p99"]},
        "sync_ms": figures["sync_ms"],
        "cpu_ms": {name: figures[f"cpu_{name}"] for name in ("start", "login", "send", "sync")},
    }


def failures(report: dict[str, Any]) -> list[str]:
    """What in the report may not be. Times vary with what else a machine does: they are shown, and not judged."""
    return list(report["wrong"])
