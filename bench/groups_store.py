"""The part `store` of `rcim-bench groups`: what groups cost that are only kept.

Two servers are started on stores filled before, one with few groups and one with many, and asked the same by turns, so
that whatever else the machine does disturbs both alike. What is kept may cost disk, but no start-up, memory or time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from rcim_bench.asking import Times, all_pages, compared
from rcim_bench.rig import Rig, rig

from rcim.actor.records import GroupCreated, Member, Profile
from rcim.base import clock
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Role, group_conversation
from rcim.store.backend import LmdbBackend, StoreError
from rcim.store.filling import Filling
from rcim.store.store import Store
from rcim.wire import frames

PART = "store"
MEMBERS = 20
TYPES = ("Private", "Public", "ChatRoom")
SMALL_SHARE = 100
"""The small store holds so many times less."""
TOUCHED = 1000
"""Groups that are asked for one after the other."""
TOUCHED_MORE = 10_000
"""And then as many in all, where there are as many, for memory."""
AT_ONCE = 64
JOINS = 300
PAGES = 100
"""Of the list of all groups."""
GROUPS_IN_ONE_COMMIT = 1000


def group_id(number: int) -> str:
    """The id of the group with this number."""
    return f"s{number:07d}"


def type_of(number: int) -> str:
    """Its type: all that are stored take turns."""
    return TYPES[number % len(TYPES)]


def users_of(number: int, groups: int) -> list[str]:
    """Its members. There are as many users as groups, so each is in MEMBERS groups, spread over all of them."""
    step = max(1, groups // MEMBERS)
    return [f"p{(number + i * step) % max(groups, MEMBERS):07d}" for i in range(MEMBERS)]


def _created(number: int, groups: int, now_ms: int) -> GroupCreated:
    """The record of one group."""
    name = group_id(number)
    users = users_of(number, groups)
    members = [Member(user, Role.MEMBER if i else Role.OWNER, now_ms, 0, "") for i, user in enumerate(users)]
    free = ApplyJoinOption.FREE_ACCESS
    profile = Profile(name, type_of(number), f"Group {number}", "", "", "", users[0], now_ms, free, 0, 1)
    return GroupCreated(group_conversation(name), profile, members, now_ms)


async def fill(path: Path, groups: int) -> None:
    """Put `groups` groups into the store at `path`, which no server uses meanwhile. Raises OSError."""
    try:
        await _append(path, groups)
    except StoreError as error:
        raise OSError(f"{path}: {error}") from None


async def _append(path: Path, groups: int) -> None:
    store = Store(LmdbBackend(path), DEFAULTS)
    try:
        filling = Filling(store)
        now_ms = clock.wall_ms()
        for first in range(0, groups, GROUPS_IN_ONE_COMMIT):
            for number in range(first, min(first + GROUPS_IN_ONE_COMMIT, groups)):
                record = _created(number, groups, now_ms)
                filling.put(record.key, record)
            filling.commit()
            await asyncio.sleep(0)  # whoever wants to end this gets a turn
    finally:
        store.close()


class Stored:
    """A server with so many groups in its store, and what was found of it."""

    def __init__(self, groups: int, made: Rig) -> None:
        self.groups = groups
        self._rig = made
        count = min(TOUCHED, groups)
        self.touched = [i * groups // count for i in range(count)]
        """The numbers of the groups that are asked for, spread over all."""
        self.times: dict[str, Times] = {}
        self.wrong: list[str] = []
        self.rss_kib: dict[int, int] = {}
        """Memory by how many groups are in memory; 0: none, but somebody is logged in."""
        self.fill_s = self.store_mib = self.start_s = 0.0
        self.rss_start_kib = 0

    @property
    def name(self) -> str:
        """For rows."""
        return f"{self.groups} groups"

    async def fill(self) -> None:
        """Stop the server and fill its store. Raises OSError."""
        await self._rig.process.stop()
        began = time.monotonic()
        await fill(self._rig.data.store, self.groups)
        self.fill_s = round(time.monotonic() - began, 2)
        self.store_mib = round((self._rig.data.store / "data.mdb").stat().st_size / (1 << 20), 1)

    async def start(self) -> None:
        """Start it again, and log in. Raises ServerFailed, RcimError or OSError."""
        process = self._rig.process
        process.port = 0
        began = time.monotonic()
        await process.start()
        self.start_s = round(time.monotonic() - began, 3)
        self._rig.server_pid = process.pid
        self.rss_start_kib = self._rig.usage().rss_kib
        self.admin, self.joiner = await self._rig.admin(), await self._rig.swarm().connect_one("joiner")
        for _ in range(20):  # what a server makes anew at its first requests is none of the groups'
            await self._rig.stats(self.admin)
        self.weigh(0)

    def weigh(self, in_memory: int) -> None:
        """Keep how much memory the server has with so many groups in it."""
        self.rss_kib[in_memory] = self._rig.usage().rss_kib

    def close(self) -> None:
        """Close the connections."""
        self.admin.link.close()
        self.joiner.link.close()

    def _timed(self, request: str) -> Times:
        return self.times.setdefault(request, Times())

    def _check(self, what: str, found: Any, expected: Any) -> None:
        if found != expected:
            self.wrong.append(f"{what}, of {self.groups} groups: {found}, not {expected}")

    def kib_of_a_group(self) -> float:
        """How much memory a group takes while it is in use."""
        most = max(self.rss_kib)
        return round((self.rss_kib[most] - self.rss_kib[0]) / most, 2) if most else 0.0

    # -- requests; each raises RcimError

    async def first_info(self, number: int) -> None:
        """GROUP_INFO of a group that is only in the store."""
        await self._info("GROUP_INFO, not in memory", number)

    async def info(self, number: int) -> None:
        """GROUP_INFO of a group that was asked for before."""
        await self._info("GROUP_INFO, in memory", number)

    async def _info(self, request: str, number: int) -> None:
        found = await self._timed(request).ask(self.admin, frames.GroupInfo(group_id(number)), frames.GroupInfoOk)
        self._check(f"members of {group_id(number)}", found.member_num, MEMBERS)

    async def members(self, number: int) -> None:
        """GROUP_MEMBERS, a page with all of them."""
        frame = frames.GroupMembers(group_id(number), "", 0)
        found = await self._timed("GROUP_MEMBERS").ask(self.admin, frame, frames.GroupMembersOk)
        users = [member.user_id for member in found.members]
        self._check(f"list of {group_id(number)}", users, sorted(users_of(number, self.groups)))

    async def joined(self, number: int) -> None:
        """GROUPS_JOINED of a user."""
        frame = frames.GroupsJoined("", 0, users_of(number, self.groups)[0])
        found = await self._timed("GROUPS_JOINED").ask(self.admin, frame, frames.GroupsJoinedOk)
        self._check(f"groups of {frame.user_id}", len(found.groups), MEMBERS)

    async def join(self, number: int) -> None:
        """GROUP_JOIN."""
        frame = frames.GroupJoin(group_id(number), "")
        found = await self._timed("GROUP_JOIN").ask(self.joiner, frame, frames.GroupJoinOk)
        self._check(f"members of {group_id(number)} with a new one", found.member_num, MEMBERS + 1)

    async def list_all(self) -> None:
        """ADMIN_GROUPS, the first PAGES pages."""

        async def page(cursor: str) -> tuple[list[str], str]:
            frame = frames.AdminGroups(cursor, 0)
            found = await self._timed("ADMIN_GROUPS").ask(self.admin, frame, frames.AdminGroupsOk)
            return [row.group_id for row in found.groups], found.next

        listed = await all_pages(page, PAGES)
        self._check("list of all", listed, [group_id(i) for i in range(len(listed))])

    async def touch_more(self) -> None:
        """GROUP_INFO of TOUCHED_MORE groups in all, some at once."""
        count = min(TOUCHED_MORE, self.groups)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with gate:
                await self.admin.ask(frames.GroupInfo(group_id(number)))

        await asyncio.gather(*(one(i * self.groups // count) for i in range(count)))
        self._check("all in memory", (await self._rig.stats(self.admin))["actors_loaded"] >= count, True)
        self.weigh(count)


async def _by_turns(both: tuple[Stored, Stored], ask: Callable[[Stored, int], Awaitable[None]], most: int) -> None:
    """Ask for the groups, one of this server and one of that."""
    for at in range(most):
        for stored in both:
            if at < len(stored.touched):
                await ask(stored, stored.touched[at])


async def _join(stored: Stored, number: int) -> None:
    if type_of(number) != "Private":
        await stored.join(number)


async def _ask_all(both: tuple[Stored, Stored]) -> None:
    await _by_turns(both, Stored.first_info, TOUCHED)
    for stored in both:
        stored.weigh(len(stored.touched))
    for ask in (Stored.info, Stored.members, Stored.joined):
        await _by_turns(both, ask, TOUCHED)
    await _by_turns(both, _join, JOINS)
    for stored in both:
        await stored.list_all()
    for stored in both:
        if stored.groups > len(stored.touched):
            await stored.touch_more()


async def run(groups: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure with `groups` groups and with SMALL_SHARE times less. Raises RcimError, OSError or ServerFailed."""
    async with AsyncExitStack() as stack:
        made = []
        for count in (max(MEMBERS, groups // SMALL_SHARE), groups):
            say(f"filling a store with {count} groups of {MEMBERS}")
            # Not pinned: the servers are started a second time, and must not be held where this process is.
            stored = Stored(count, await stack.enter_async_context(rig(pin=False)))
            await stored.fill()
            made.append(stored)
        few, many = both = made[0], made[1]
        for stored in both:
            say(f"starting a server with {stored.groups} groups")
            await stored.start()
            stack.callback(stored.close)
        say("asking both")
        await _ask_all(both)
        await asyncio.sleep(0)
    return {
        "store_fill_s": {str(s.groups): s.fill_s for s in both},
        "store_mib": {str(s.groups): s.store_mib for s in both},
        "start_s": {str(s.groups): s.start_s for s in both},
        "start_rss_kib": {str(s.groups): s.rss_start_kib for s in both},
        "start_rss_growth_kib": many.rss_start_kib - few.rss_start_kib,
        "rss_kib_by_groups_in_memory": {str(s.groups): s.rss_kib for s in both},
        "kib_of_a_group_in_memory": {str(s.groups): s.kib_of_a_group() for s in both},
        "wrong": few.wrong + many.wrong,
        "rows": [
            row
            for request in many.times
            for row in compared(PART, request, (few.name, few.times[request]), (many.name, many.times[request]))
        ],
    }
