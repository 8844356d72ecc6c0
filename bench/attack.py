"""`rcim-bench attack`: what users notice of an attack: sends, history and logins of honest users, calm and under attack.

For each attack a server with its ordinary limits is started (TLS, rates, frequency control), and honest users do the same
twice, by a schedule made beforehand: first alone, then while attackers (attackers.py) are at it from another address. The
server has one processor; users and attackers share the other, and attackers give way.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
from rcim_bench.asking import Times
from rcim_bench.attackers import ATTACKS, CALM, READERS, SYNC_GROUPS, SYNCERS
from rcim_bench.attackers_proxy import PROXY_ON
from rcim_bench.http_caller import FLAGS, Caller, Requests, code_of
from rcim_bench.rig import Rig, facts, rig
from rcim_bench.sync import Kept

from rcim.actor.records import GroupCreated, Member, Message, MessageKept, MessageOptions, Profile
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.ids import message_id, shard_of
from rcim.base.terms import ApplyJoinOption, Priority, Role, group_conversation
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.wire import frames

USERS = 20
SENDS_PER_S, READS_PER_S, LOGINS_PER_S, CALLS_PER_S = 15.0, 10.0, 5.0, 10.0
"""Of all honest users together: each stays within LI-01."""
WAIT_S = 5.0
"""What takes longer has failed."""
SETTLE_S = 1.0
"""From the beginning of an attack until it is measured."""
DIRECTED = 1000
"""Messages for somebody else in each group of those who sync: 1,000 in a group."""
FACTOR, SLACK_MS, MOST_MS = 2, 20, 200
"""The target: p99 under attack at most FACTOR times that of calm and SLACK_MS more, nothing over MOST_MS."""

Say = Callable[[str], None]


class Honest:
    """Users who do what users do, and how long it took."""

    def __init__(self, made: Rig, swarm: Swarm, back_end: Caller | None = None) -> None:
        """`back_end`: a caller over HTTP, who is measured too."""
        self._rig = made
        self._swarm = swarm
        self._back_end = back_end
        self._asks = Requests(made)
        self._one_at_a_time = asyncio.Lock()
        self._numbers = 0

    async def measure(self, seconds: float) -> dict[str, dict[str, float]]:
        """Sends, reads and logins for so long; (p50, p99, max in ms, failed) of each."""
        kinds: dict[str, tuple[float, Callable[[int], Awaitable[None]]]] = {
            "send": (SENDS_PER_S, self._send),
            "history": (READS_PER_S, self._history),
            "login": (LOGINS_PER_S, self._login),
        }
        if self._back_end is not None:
            kinds["http"] = (CALLS_PER_S, self._call)
        found = {name: (Times(), [0]) for name in kinds}
        begin = time.monotonic() + 0.05
        jobs = []
        for name, (rate, job) in kinds.items():
            times, failed = found[name]
            for number in range(int(seconds * rate)):
                jobs.append(self._one(begin + number / rate, number, job, times, failed))
        await asyncio.gather(*jobs)
        return {
            name: {
                "p50": round(times.percentile_ms(50), 1),
                "p99": round(times.percentile_ms(99), 1),
                "max": round(times.percentile_ms(100), 1),
                "failed": failed[0],
            }
            for name, (times, failed) in found.items()
        }

    @staticmethod
    async def _one(
        due: float, number: int, job: Callable[[int], Awaitable[None]], times: Times, failed: list[int]
    ) -> None:
        """When it is due; latency counts from then."""
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        try:
            async with asyncio.timeout(WAIT_S):
                await job(number)
        except (RcimError, OSError, TimeoutError):
            failed[0] += 1
        times.add(time.monotonic() - due)

    def _member(self, number: int) -> SwarmMember:
        return self._swarm.members[number % USERS]

    async def _send(self, number: int) -> None:
        self._numbers += 1
        frame = frames.Send(
            group_conversation(CALM), f"m{self._numbers}", Priority.HIGH, stamped(time.monotonic_ns(), number, 200)
        )
        await self._member(number).ask(frame)

    async def _history(self, number: int) -> None:
        await self._member(number).ask(frames.History(group_conversation(CALM), 0, 0, 20, True))

    async def _call(self, number: int) -> None:
        assert self._back_end is not None
        async with self._one_at_a_time:
            code = code_of(await self._back_end.ask(self._asks.send(CALM, str(number))))
        if code:
            raise OSError(f"the call was answered with {code}")

    async def _login(self, number: int) -> None:
        self._numbers += 1
        other = self._rig.swarm()
        member = await other.connect_one(f"late{self._numbers % 100}")
        member.link.on_closed = lambda _: None
        member.link.close()


def _fill(made: Rig, attack: str) -> None:
    """The group of honest users; for `sync-directed`, groups full of messages that are for somebody else."""
    kept = Kept(made)
    now_ms = clock.wall_ms()
    option = ApplyJoinOption.FREE_ACCESS

    def group(name: str, users: list[str]) -> str:
        key = group_conversation(name)
        profile = Profile(
            name, "ChatRoom" if name == CALM else "Public", name, "", "", "", users[0], now_ms, option, 0, 1
        )
        members = [Member(u, Role.OWNER if u == users[0] else Role.MEMBER, now_ms, 0, "") for u in users]
        kept.put(key, GroupCreated(key, profile, members, now_ms))
        return key

    group(CALM, [*(f"honest{i}" for i in range(USERS)), *(f"reader{i}" for i in range(READERS))])
    if attack == "sync-directed":
        for number in range(SYNC_GROUPS):
            key = group(f"full{number}", ["else", *(f"syncer{i}" for i in range(SYNCERS))])
            for seq in range(1, DIRECTED + 1):
                id_ = message_id(shard_of(key), kept.position(key))
                message = Message(
                    seq,
                    now_ms,
                    id_,
                    Priority.NORMAL,
                    "writer",
                    "",
                    "",
                    "",
                    f"m{seq}",
                    b"",
                    extra=MessageOptions(to=("else",)),
                )
                kept.put(key, MessageKept(key, message))
    kept.close()


def _rss_kib(made: Rig) -> int:
    root = psutil.Process(made.server_pid)
    found = 0
    for process in [root, *root.children(recursive=True)]:
        found += process.memory_info().rss // 1024
    return found


async def _attacked(made: Rig, attack: str, seconds: float, honest: Honest) -> dict[str, Any]:
    """What honest users notice while it goes on, how many attackers there are, and what each costs in memory."""
    before = _rss_kib(made)
    arguments = [attack, made.process.host, str(made.process.port), str(made.data.path), str(seconds + SETTLE_S + 1)]
    arguments.append(str(made.process.http_port))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "rcim_bench.attackers", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            attackers = int(await process.stdout.readline() or 0)
        if not attackers:
            raise ValueError(f"{attack}: the attackers did not begin")
        await asyncio.sleep(SETTLE_S)
        measured = asyncio.create_task(honest.measure(seconds))
        most = before
        while not measured.done():
            most = max(most, _rss_kib(made))
            await asyncio.wait([measured], timeout=0.25)
        if process.returncode:
            raise ValueError(f"{attack}: the attackers have failed")
        return {
            "attackers": attackers,
            "honest": await measured,
            "server_rss_kib_per_attacker": round(max(0, most - before) / max(1, attackers), 1),
        }
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def one(attack: str, gateways: int, seconds: float, say: Say) -> dict[str, Any]:
    """The row of one attack."""
    flags = [f"server.gateways={gateways}", "limits.connections_per_address_max=1000"]
    over_http = attack.startswith("http-")
    if over_http:
        flags += FLAGS
    if attack.startswith("proxy-"):
        flags.append(PROXY_ON)
    async with rig(flags, limited=True) as made:
        await made.process.stop()  # its store is filled while nobody uses it
        _fill(made, attack)
        await made.process.start()
        made.server_pid = made.process.pid
        swarm = made.swarm()
        await swarm.connect([f"honest{i}" for i in range(USERS)])
        back_end = await Caller.dial(made.process.http_port) if over_http else None
        honest = Honest(made, swarm, back_end)
        await honest.measure(1.0)  # warm
        calm = await honest.measure(seconds)
        under = await _attacked(made, attack, seconds, honest)
        swarm.close()
        if back_end is not None:
            back_end.close()
    row = {"attack": attack, "gateways": gateways, **under, "calm": calm}
    worst = max(kind["p99"] for kind in row["honest"].values())
    say(f"{attack}: p99 at most {worst} ms, calm {max(kind['p99'] for kind in calm.values())} ms")
    return row


async def run(attacks: list[str], gateways: int, seconds: float, say: Say) -> dict[str, Any]:
    """All of `attacks`, one after the other. Raises ValueError for one that there is not."""
    unknown = [name for name in attacks if name not in ATTACKS]
    if unknown:
        raise ValueError(f"no attack {unknown[0]}; there are {', '.join(ATTACKS)}")
    rows = [await one(name, gateways, seconds, say) for name in attacks or ATTACKS]
    return {"bench": "attack", "seconds_each": seconds, "load_average": os.getloadavg()[0], **facts(), "rows": rows}


def failures(report: dict[str, Any]) -> list[str]:
    """Where an honest user has noticed more than the target allows."""
    found = []
    for row in report["rows"]:
        for kind, honest in row["honest"].items():
            allowed = FACTOR * row["calm"][kind]["p99"] + SLACK_MS
            if honest["failed"]:
                found.append(f"{row['attack']}: {honest['failed']} of {kind} failed")
            if honest["p99"] > allowed:
                found.append(f"{row['attack']}: p99 of {kind} {honest['p99']} ms, {allowed:.1f} allowed")
            if honest["max"] > MOST_MS:
                found.append(f"{row['attack']}: a {kind} took {honest['max']} ms, {MOST_MS} allowed")
    return found
