"""`rcim-bench sync`: what it costs to tell a user that comes back what has changed (RX-03, RX-04).

A user is in many groups and has synced; then it is away, and some of them get messages. Beside it, in the same run, a
user in a hundredth of the groups, with as many that have changed: the ratio of the two says whether the size counts.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

from rcim_bench.asking import Times
from rcim_bench.rig import Rig, facts, rig

from rcim.actor.records import GroupCreated, Member, Message, MessageKept, Profile
from rcim.base import clock
from rcim.base.ids import message_id, shard_of
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority, Role, group_conversation
from rcim.content.elements import Text, encode_body
from rcim.load.swarm import SwarmMember
from rcim.store.backend import LmdbBackend
from rcim.store.filling import Filling
from rcim.store.store import Store
from rcim.wire import frames

REPEATS = 200
"""Syncs of which one row is made; fewer if one takes long."""
ROW_S = 3.0
IN_ONE_COMMIT = 1000
SMALL_SHARE = 100
USERS = ("many", "few")
WRITER = "writer"


class Kept:
    """A store while no server uses it: records in, durable."""

    def __init__(self, made: Rig) -> None:
        self._store = Store(LmdbBackend(made.data.store), DEFAULTS)
        self._filling = Filling(self._store)
        self.position = self._filling.position
        self.flush = self._filling.commit

    def put(self, key: str, record: Any) -> None:
        """One more record of the conversation `key`."""
        self._filling.put(key, record)
        if self._filling.waiting == IN_ONE_COMMIT:
            self.flush()

    def close(self) -> None:
        """Keep it all, and give the files back."""
        self.flush()
        self._store.close()


def group_of(user: str, number: int) -> str:
    """The id of a user's group."""
    return f"{user}{number:06d}"


def make_groups(made: Rig, counts: dict[str, int], now_ms: int) -> None:
    """So many groups for each user, with one other member."""
    kept = Kept(made)
    for user, count in counts.items():
        for number in range(count):
            name = group_of(user, number)
            key = group_conversation(name)
            members = [Member(WRITER, Role.OWNER, now_ms, 0, ""), Member(user, Role.MEMBER, now_ms, 0, "")]
            option = ApplyJoinOption.FREE_ACCESS
            profile = Profile(name, "Public", f"Group {number}", "", "", "", WRITER, now_ms, option, 0, 1)
            kept.put(key, GroupCreated(key, profile, members, now_ms))
    kept.close()


def write_messages(
    made: Rig, counts: dict[str, int], changed: int, messages: int, span_ms: int, rng: random.Random
) -> None:
    """`messages` for each user, in `changed` of its groups, their times spread over the last `span_ms`."""
    kept = Kept(made)
    now_ms = clock.wall_ms()
    for user, count in counts.items():
        touched = rng.sample(range(count), min(changed, count))
        seqs = dict.fromkeys(touched, 0)
        for at in range(messages):
            number = touched[at] if at < len(touched) else rng.choice(touched)
            seqs[number] += 1
            key = group_conversation(group_of(user, number))
            body = encode_body([Text(f"message {at} " + "x" * 100)])
            time_ms = now_ms - span_ms + span_ms * at // messages
            kept.put(
                key,
                MessageKept(
                    key,
                    Message(
                        seqs[number],
                        time_ms,
                        message_id(shard_of(key), kept.position(key)),
                        Priority.NORMAL,
                        WRITER,
                        "Writer",
                        "",
                        "",
                        f"m{at}",
                        body,
                    ),
                ),
            )
    kept.close()


class Told:
    """What one sync said, and what it took."""

    def __init__(self) -> None:
        self.conversations = self.unread = self.messages = self.frames = self.bytes = 0
        self.cursor = b""


async def sync(member: SwarmMember, cursor: bytes, messages: int) -> Told:
    """A whole sync, page by page. Raises RcimError."""
    told = Told()
    while True:
        page = await member.ask(frames.Sync(cursor, 0, messages))
        assert isinstance(page, frames.SyncOk) and not page.reset
        told.frames += 1
        told.bytes += len(page.encode(1))
        told.conversations += len(page.conversations)
        told.unread += sum(row.unread for row in page.conversations)
        told.messages += sum(len(row.messages) for row in page.conversations)
        cursor = told.cursor = page.cursor
        if not page.more:
            return told


async def row(
    made: Rig, member: SwarmMember, what: str, cursor: bytes, messages: int, repeats: int
) -> dict[str, Any]:
    """The same sync again and again: its size, its time, the server's CPU."""
    times = Times()
    before, began = made.usage(), time.monotonic()
    while len(times) < repeats and time.monotonic() - began < ROW_S:
        start = time.perf_counter()
        told = await sync(member, cursor, messages)
        times.add(time.perf_counter() - start)
    after = made.usage()
    return {
        "what": what,
        "user": member.user_id,
        "conversations": told.conversations,
        "unread": told.unread,
        "messages": told.messages,
        "frames": told.frames,
        "bytes": told.bytes,
        "syncs": len(times),
        "p50_ms": round(times.percentile_ms(50), 3),
        "server_cpu_us": round((after.cpu_s - before.cpu_s) / len(times) * 1e6, 1),
    }


async def run(groups: int, changed: int, away_s: int, messages: int, seed: int, say: Callable[[str], None]) -> Any:
    """Measure; returns the report. Raises ServerFailed, RcimError or OSError."""
    rng = random.Random(seed)
    counts = {"many": groups, "few": max(groups // SMALL_SHARE, min(changed, groups), 1)}
    rows: list[dict[str, Any]] = []
    async with rig(("app.administrators=administrator",)) as made:
        say(f"making {sum(counts.values())} groups")
        await made.process.stop()
        await asyncio.to_thread(make_groups, made, counts, clock.wall_ms() - away_s * 1000)
        members = await _start(made)
        cursors: dict[str, bytes] = {}
        for user in USERS:
            cursors[user] = (await sync(members[user], b"", 0)).cursor
            rows.append(await row(made, members[user], "everything", b"", 0, REPEATS // 10))
            rows.append(await row(made, members[user], "nothing new", cursors[user], 0, REPEATS))
        for member in members.values():
            member.link.close()
        say(f"writing {messages} messages for each, in {changed} of the groups")
        await made.process.stop()
        await asyncio.to_thread(write_messages, made, counts, changed, messages, away_s * 1000, rng)
        members = await _start(made)
        for user in USERS:  # of what was before the start only the store knows
            rows.append(await row(made, members[user], "changed before a restart", cursors[user], 0, REPEATS))
        fresh = {user: (await sync(members[user], cursors[user], 0)).cursor for user in USERS}
        await _say_again(made, counts, changed, rng)
        for user in USERS:
            rows.append(await row(made, members[user], "changed", fresh[user], 0, REPEATS))
            rows.append(await row(made, members[user], "changed, with 20 messages", cursors[user], 20, REPEATS))
        machine = {"pinned": made.pinned, "machine": facts()}
    found = {(one["what"], one["user"]): one for one in rows}
    many, few = found["changed", "many"], found["changed", "few"]
    return {
        "bench": "sync",
        "groups": groups,
        "changed": changed,
        "away_s": away_s,
        "messages": messages,
        "seed": seed,
        "bytes_ratio_to_few_groups": round(many["bytes"] / few["bytes"], 3),
        "cpu_ratio_to_few_groups": round(many["server_cpu_us"] / few["server_cpu_us"], 3),
        "rows": rows,
        **machine,
    }


async def _start(made: Rig) -> dict[str, SwarmMember]:
    made.process.port = 0
    await made.process.start()
    made.server_pid = made.process.pid
    swarm = made.swarm()
    return {user: await swarm.connect_one(user) for user in USERS}


async def _say_again(made: Rig, counts: dict[str, int], changed: int, rng: random.Random) -> None:
    """One message more in `changed` groups of each, through the server."""
    admin = await made.admin()
    body = encode_body([Text("news")])
    for user, count in counts.items():
        for number in rng.sample(range(count), min(changed, count)):
            key = group_conversation(group_of(user, number))
            found = await admin.ask(frames.Send(key, f"n{number}", Priority.NORMAL, body))
            assert isinstance(found, frames.SendOk), found


def failures(report: dict[str, Any]) -> list[str]:
    """What may not be: a sync that tells of more, or of less, than has changed."""
    wrong = []
    for one in report["rows"]:
        expected = {"nothing new": 0, "changed": report["changed"]}.get(one["what"])
        if expected is not None and one["conversations"] != expected:
            wrong.append(f"{one['user']}, {one['what']}: {one['conversations']} conversations, not {expected}")
    return wrong
