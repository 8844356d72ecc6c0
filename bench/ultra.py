"""`rcim-bench ultra`: what an ultra group with very many members costs, beside one with 10,000 (UG-01, UG-02).

Two servers are started on stores filled before, one with each group. Both have the same number of members online and of
channels, and are asked the same by turns. Whatever differs is the price of members who are only kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
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
ROUNDS = 3
"""How often each channel gets a message."""
SYNCS = 50
RATIO_MAX = 1.1
"""What more members may cost at the most, in each figure."""


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
    """A server with one of the two groups, and what was found of it."""

    def __init__(self, members: int, online: int, channels: int, made: Rig) -> None:
        self.members = members
        self.channels = channels
        self.users = [user_of(i * members // online) for i in range(online)]
        self._rig = made
        self._swarm = made.swarm()
        self.start_s = self.rss_mib = self.login_ms = self.fill_s = 0.0
        self.delivered, self.synced = Times(), Times()
        self.wrong: list[str] = []

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
        began = time.monotonic()
        await process.start()
        self._rig.server_pid = process.pid
        self._swarm = self._rig.swarm()
        admin = await self._rig.admin()
        found = await admin.ask(frames.GroupInfo(GROUP_ID))
        self.start_s = time.monotonic() - began
        assert isinstance(found, frames.GroupInfoOk)
        if found.member_num != self.members:
            self.wrong.append(f"{found.member_num} members, not {self.members}")
        admin.link.close()

    async def log_in(self) -> None:
        """Let all who are to be online log in."""
        began = time.monotonic()
        await self._swarm.connect(self.users)
        self.login_ms = (time.monotonic() - began) * 1000 / len(self.users)

    async def send(self, number: int, name: str) -> None:
        """A message into a channel, until all who are online have it."""
        tally = self._swarm.tally
        wanted, began = tally.delivered + len(self.users), time.perf_counter()
        body = stamped(time.monotonic_ns(), number, 100)
        sender = self._swarm.members[number % len(self.users)]
        await sender.ask(frames.Send(channel_of(number), name, Priority.NORMAL, body))
        async with asyncio.timeout(30):
            while tally.delivered < wanted:
                await asyncio.sleep(0)
        self.delivered.add(time.perf_counter() - began)

    async def sync(self, number: int) -> None:
        """What a device is told that knows nothing yet."""
        member = self._swarm.members[number % len(self.users)]
        found = await self.synced.ask(member, frames.Sync(b"", 0, 0), frames.SyncOk)
        if len(found.conversations) != self.channels + 1:
            self.wrong.append(f"a sync of {len(found.conversations)} conversations")

    def weigh(self) -> None:
        """Keep how much memory the server has."""
        self.rss_mib = self._rig.usage().rss_kib / 1024

    def close(self) -> None:
        """Close all connections."""
        self._swarm.close()

    def found(self) -> dict[str, Any]:
        """The figures."""
        return {
            "start_s": round(self.start_s, 3),
            "rss_mib": round(self.rss_mib, 1),
            "login_ms": round(self.login_ms, 3),
            "send_to_delivery_ms": {
                "p50": round(self.delivered.percentile_ms(50), 3),
                "p99": round(self.delivered.percentile_ms(99), 3),
            },
            "sync_ms": round(self.synced.percentile_ms(50), 3),
        }


async def run(
    members: int, online: int, channels: int, plain: bool, note: Callable[[str], None], beside: int = BESIDE
) -> dict[str, Any]:
    """Measure both, and compare them. Raises ServerFailed, RcimError or OSError."""
    async with AsyncExitStack() as stack:
        sides: list[Side] = []
        for count in (min(beside, members), members):
            made = await stack.enter_async_context(rig(plain=plain, pin=False))
            sides.append(Side(count, min(online, count), channels, made))
        for side in sides:
            await side.fill()
            note(f"{side.members} members put in {side.fill_s} s")
            await side.start()
            await side.log_in()
            stack.callback(side.close)
        for turn in range(ROUNDS):
            for number in range(channels):
                for side in sides:
                    await side.send(number, f"{turn}-{number}")
        for number in range(SYNCS):
            for side in sides:
                await side.sync(number)
        for side in sides:
            side.weigh()
        return _report(*sides)


def _report(small: Side, large: Side) -> dict[str, Any]:
    found, beside = large.found(), small.found()
    ratio = {name: _ratio(found[name], beside[name]) for name in found}
    return {
        "bench": "ultra",
        **facts(),
        "members": large.members,
        "online": len(large.users),
        "channels": large.channels,
        "fill_s": large.fill_s,
        **found,
        "ratio_to_10000_members": ratio,
        "wrong": [*small.wrong, *large.wrong],
        "rows": [],
    }


def _ratio(large: Any, small: Any) -> Any:
    if isinstance(large, dict):
        return {name: _ratio(value, small[name]) for name, value in large.items()}
    return round(large / small, 2) if small else 0.0


def failures(report: dict[str, Any]) -> list[str]:
    """What in the report may not be. Times vary with what else a machine does: they are shown, and not judged."""
    return list(report["wrong"])
