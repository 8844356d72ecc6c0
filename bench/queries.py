"""`rcim-bench query`: what a query over conversations costs (GR-13), by how the server finds what to look at, and what
others notice of a user who queries all the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
from rcim_bench.asking import Times
from rcim_bench.rig import Rig, facts, rig
from rcim_bench.sync import Kept

from rcim.actor.records import GroupCreated, Member, Profile
from rcim.base import clock
from rcim.base.terms import ApplyJoinOption, Priority, Role, group_conversation
from rcim.content.elements import Text, encode_body
from rcim.load.swarm import SwarmMember
from rcim.wire import frames

READER, OWNER, OTHER = "reader", "owner", "other"
OWN = 500
"""Conversations that the reader is in."""
ROW_S, REPEATS = 3.0, 300
BESIDE_S = 5.0
"""For so long others are measured, without and with the user who queries."""
FLAGS = ("app.administrators=administrator", "types.Public.search=on")

QUERIES: tuple[tuple[str, str, str], ...] = (
    ("one id", '{"objectId":"q000003"}', ""),
    ("ten ids", '{"objectId":{"$in":[' + ",".join(f'"q{n:06d}"' for n in range(10)) + "]}}", ""),
    ("members exactly", f'{{"m":{{"$all":["{READER}","{OWNER}"],"$size":2}}}}', ""),
    ("own, by an attribute", f'{{"m":"{READER}","rank":{{"$lt":5}}}}', "-rank"),
    ("own, by an expression", f'{{"m":"{READER}","topic":{{"$regex":"^(a+)+$"}}}}', ""),
    ("all, the first page", "", ""),
    ("all, by an attribute, 5,000 looked at", '{"rank":1000}', ""),
    ("all, sorted, 5,000 looked at", "", "-rank"),
)


def fill(made: Rig, conversations: int, now_ms: int) -> None:
    """The conversations, with attributes; the reader is in the first OWN of them."""
    kept = Kept(made)
    for number in range(conversations):
        name = f"q{number:06d}"
        members = [Member(OWNER, Role.OWNER, now_ms, 0, "")]
        if number < OWN:
            members.append(Member(READER, Role.MEMBER, now_ms, 0, ""))
        if number < 2:
            members.append(Member(OTHER, Role.MEMBER, now_ms, 0, ""))
        profile = Profile(
            group_id=name,
            type="Public",
            name=f"Group {number}",
            introduction="",
            notification="",
            face_url="",
            owner=OWNER,
            create_time_ms=now_ms,
            apply_join_option=ApplyJoinOption.FREE_ACCESS,
            max_member_num=0,
            first_seq=1,
            creator=OWNER,
            attributes=msgspec.json.encode({"rank": number % 1000, "topic": "a" * 60 + "b"}),
        )
        key = group_conversation(name)
        kept.put(key, GroupCreated(key, profile, members, now_ms))
    kept.close()


async def row(made: Rig, member: SwarmMember, what: str, where: str, sort: str) -> dict[str, Any]:
    """The same query again and again: its time, and the server's CPU for it."""
    times = Times()
    page = frames.ConversationsQueryOk([], 0, False, "")
    before, began = made.usage(), time.monotonic()
    while len(times) < REPEATS and time.monotonic() - began < ROW_S:
        request = frames.ConversationsQuery(where, sort, 0, 20, compact=True)
        page = await times.ask(member, request, frames.ConversationsQueryOk)
    after = made.usage()
    return {
        "what": what,
        "rows": len(page.rows),
        "count": page.count,
        "queries": len(times),
        "p50_ms": round(times.percentile_ms(50), 3),
        "p99_ms": round(times.percentile_ms(99), 3),
        "server_cpu_ms": round((after.cpu_s - before.cpu_s) / len(times) * 1000, 3),
    }


async def others(member: SwarmMember) -> dict[str, Times]:
    """Sends, and pages of history, of another user, one after the other."""
    times = {"send": Times(), "history": Times()}
    began, serial = time.monotonic(), 0
    key, body = group_conversation("q000000"), encode_body([Text("beside")])
    while time.monotonic() - began < BESIDE_S:
        serial += 1
        request = frames.Send(key, f"{began}-{serial}", Priority.NORMAL, body)
        await times["send"].ask(member, request, frames.SendOk)
        await times["history"].ask(member, frames.History(key, 0, 0, 20, True), frames.HistoryOk)
    return times


async def beside(other: SwarmMember, querying: SwarmMember) -> list[dict[str, Any]]:
    """What another user notices of one who queries all the time."""
    calm = await others(other)
    asked = Times()

    async def query_on() -> None:
        while True:
            request = frames.ConversationsQuery("", "-rank,name", 0, 100)
            await asked.ask(querying, request, frames.ConversationsQueryOk)

    task = asyncio.create_task(query_on())
    busy = await others(other)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return [
        {
            "what": f"{what} of another user, beside",
            "requests": len(busy[what]),
            "queries": len(asked),
            "p50_ms": round(busy[what].percentile_ms(50), 3),
            "p99_ms": round(busy[what].percentile_ms(99), 3),
            "p99_ratio_to_calm": round(busy[what].percentile_ms(99) / (calm[what].percentile_ms(99) or 1), 2),
        }
        for what in busy
    ]


async def run(conversations: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure; returns the report. Raises ServerFailed, RcimError or OSError."""
    async with rig(FLAGS) as made:
        say(f"making {conversations} conversations")
        await made.process.stop()
        await asyncio.to_thread(fill, made, conversations, clock.wall_ms())
        made.process.port = 0
        await made.process.start()
        made.server_pid = made.process.pid
        swarm = made.swarm()
        reader, other = await swarm.connect_one(READER), await swarm.connect_one(OTHER)
        rows = [await row(made, reader, *query) for query in QUERIES]
        rows += await beside(other, reader)
        machine = {"pinned": made.pinned, "machine": facts()}
    return {"bench": "query", "conversations": conversations, "rows": rows, **machine}


def failures(report: dict[str, Any]) -> list[str]:
    """What may not be: a query that finds something else than there is."""
    found = {one["what"]: one.get("count") for one in report["rows"]}
    own = min(OWN, report["conversations"])
    wanted = {"one id": 1, "ten ids": 10, "own, by an attribute": 5, "own, by an expression": 0}
    wanted["members exactly"] = own - 2
    return [f"{what}: {found[what]} found, not {count}" for what, count in wanted.items() if found[what] != count]
