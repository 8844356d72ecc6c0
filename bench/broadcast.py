"""`rcim-bench broadcast`: a broadcast to many users, few of them online (SY-03).

All accounts are in the store; some users are online, and others talk in small groups. The talking is measured for a while
without broadcasts, and for as long with one broadcast a second. Then users who were offline log in and sync. Each user
has to get each broadcast once, and nothing may be written for those who were offline.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from rcim_bench.crowd import join_all
from rcim_bench.fanout import send_paced
from rcim_bench.latency import percentiles_ms
from rcim_bench.rig import Rig, facts, rig
from rcim_bench.sync import Kept

from rcim.actor.user import user_key
from rcim.actor.user_records import UserProfile, UserSaved
from rcim.base import clock
from rcim.base.terms import BROADCAST_ALL, Priority, group_conversation
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.wire import frames

DAY_MS = 86_400_000
PAYLOAD = 200
TALK_PER_S = 10.0
"""Messages a second in each of the groups."""
TALKERS = 5
"""Members of each."""
LATER_AT_ONCE = 50
SYNC_MESSAGES = 20
"""As many unread messages as a sync brings of a conversation, and so as many broadcasts as can be checked."""
SETTLE_S = 30.0
RATIO_MAX = 2.0
"""How much slower the 99th percentile of the groups may be while there are broadcasts."""
FLAGS = ("app.administrators=administrator", "limits.broadcasts_per_day=0")


def user_of(number: int) -> str:
    """The id of an account."""
    return f"u{number:07d}"


def fill(made: Rig, users: int) -> None:
    """Accounts of yesterday."""
    kept = Kept(made)
    profile = UserProfile(nickname="Somebody", created_ms=clock.wall_ms() - DAY_MS)
    for number in range(users):
        key = user_key(user_of(number))
        kept.put(key, UserSaved(key, user_of(number), profile))
    kept.close()


class Talk:
    """Users who talk in small groups."""

    def __init__(self, made: Rig, groups: int) -> None:
        self.swarm: Swarm = made.swarm()
        self._groups = groups

    async def gather(self) -> None:
        """Connect them, and make their groups. Raises RcimError or OSError."""
        names = [f"talker{group:03d}-{n}" for group in range(self._groups) for n in range(TALKERS)]
        await self.swarm.connect(names)
        await asyncio.gather(*(join_all(self._members(n), f"talk{n}") for n in range(self._groups)))

    def _members(self, group: int) -> Sequence[SwarmMember]:
        return self.swarm.members[group * TALKERS : (group + 1) * TALKERS]

    async def talk(self, seconds: float, tag: str) -> dict[str, float]:
        """All groups talk for a while; percentiles of what their members got."""
        self.swarm.tally.latency = Counter()
        await asyncio.gather(
            *(
                send_paced(self._members(n)[0], group_conversation(f"talk{n}"), TALK_PER_S, seconds, PAYLOAD, tag)
                for n in range(self._groups)
            )
        )
        await asyncio.sleep(0.5)
        return percentiles_ms(self.swarm.tally.latency)


async def _broadcast(admin: SwarmMember, count: int) -> list[int]:
    """One each second; returns their SEQs. Raises RcimError."""
    found = []
    for number in range(count):
        body = stamped(0, number, PAYLOAD)
        ok = await admin.ask(frames.AdminBroadcast(uuid.uuid4().hex, Priority.NORMAL, body))
        assert isinstance(ok, frames.AdminBroadcastOk)
        found.append(ok.seq)
        await asyncio.sleep(1.0)
    return found


async def _settle(swarm: Swarm, each: int) -> None:
    """Wait until everybody has as many messages, SETTLE_S at the most."""
    for _ in range(int(SETTLE_S * 20)):
        if all(member.messages >= each for member in swarm.members):
            return
        await asyncio.sleep(0.05)


async def _later(made: Rig, users: Sequence[str], seqs: Sequence[int]) -> tuple[int, int]:
    """Users who were offline log in and sync: how many got each broadcast once, and how many got one twice."""
    swarm, gate = made.swarm(), asyncio.Semaphore(LATER_AT_ONCE)
    got = doubled = 0

    async def one(user: str) -> None:
        nonlocal got, doubled
        async with gate:
            member = await swarm.connect_one(user)
            page = await member.ask(frames.Sync(b"", 0, SYNC_MESSAGES))
            assert isinstance(page, frames.SyncOk)
            rows = [row for row in page.conversations if row.conversation == BROADCAST_ALL]
            found = [message.seq for row in rows for message in row.messages]
            found += [member.messages] if member.messages else []
            got += sorted(found) == list(seqs)
            doubled += len(set(found)) < len(found)
            member.link.on_closed = lambda _: None
            member.link.close()

    await asyncio.gather(*(one(user) for user in users))
    return got, doubled


async def run(
    users: int,
    online: int,
    later: int,
    seconds: int,
    groups: int,
    say: Callable[[str], None],
    *,
    plain: bool = True,
) -> dict[str, Any]:
    """Measure; returns the report. Raises ServerFailed, RcimError or OSError."""
    later = min(later or users - online, users - online)
    async with rig(FLAGS, plain=plain) as made:
        say(f"making {users} accounts")
        await made.process.stop()
        await asyncio.to_thread(fill, made, users)
        made.process.port = 0
        await made.process.start()
        made.server_pid = made.process.pid
        say(f"connecting {online} of them")
        swarm, talk, admin = made.swarm(), Talk(made, groups), await made.admin()
        await swarm.connect([user_of(number) for number in range(online)])
        await talk.gather()
        await talk.talk(1.0, "warm")
        say(f"{groups} groups talk for {seconds} s, and again with {seconds} broadcasts")
        without = await talk.talk(seconds, "without")
        before = made.usage()
        seqs, during = await asyncio.gather(_broadcast(admin, seconds), talk.talk(seconds, "with"))
        after = made.usage()
        await _settle(swarm, len(seqs))
        say(f"{later} of the others come back")
        records = (await made.stats(admin))["records"]
        later_received, later_doubled = await _later(made, [user_of(online + n) for n in range(later)], seqs)
        written = (await made.stats(admin))["records"] - records
        report = {
            "bench": "broadcast",
            "users": users,
            "online": online,
            "later": later,
            "broadcasts": len(seqs),
            "tls": made.process.tls,
            "online_received": sum(member.messages == len(seqs) for member in swarm.members),
            "later_received": later_received,
            "doubled": swarm.tally.duplicated + later_doubled,
            "writes_per_offline_user": written / max(later, 1),
            "others_p99_ratio": round(during["p99"] / max(without["p99"], 0.05), 3),
            "others_without_ms": without,
            "others_with_ms": during,
            "server_cpu_share": round((after.cpu_s - before.cpu_s) / max(after.at - before.at, 1e-9), 3),
            "pinned": made.pinned,
            "machine": facts(),
        }
        for one in (swarm, talk.swarm):
            one.close()
        admin.link.close()
    return report


def failures(report: dict[str, Any]) -> list[str]:
    """What may not be: a user without a broadcast, or with one twice; a write for a user; others kept waiting."""
    wrong = []
    for name in ("online", "later"):
        if report[f"{name}_received"] != report[name]:
            wrong.append(f"{report[f'{name}_received']} of {report[name]} users ({name}) got each broadcast once")
    for name in ("doubled", "writes_per_offline_user"):
        if report[name]:
            wrong.append(f"{name} {report[name]}")
    if report["others_p99_ratio"] > RATIO_MAX:
        wrong.append(f"others_p99_ratio {report['others_p99_ratio']}, at most {RATIO_MAX}")
    return wrong
