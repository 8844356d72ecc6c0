"""The part `guests` of `rcim-bench groups`, and what it has in common with `joins`: rooms as large as they get.

A ChatRoom full of members and an AVChatRoom full of guests are on one server; what coming in, lists and messages cost
there. Requests are made in a small room and in a large one, by turns.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from rcim_bench.asking import Times, all_pages, by_figure, compared
from rcim_bench.crowd import Crowd, join_all
from rcim_bench.fanout import send_paced
from rcim_bench.latency import percentiles_ms
from rcim_bench.rig import Rig, Usage, rig

from rcim.base.terms import AddResult, ApplyJoinOption
from rcim.client.trust import client_context
from rcim.load.swarm import Swarm, SwarmMember
from rcim.wire import frames

Say = Callable[[str], None]

GUESTS = "guests"
NOTICE_S = 1.5
"""Changes in a room are told after a second at the most; then it is quiet."""
ROUNDS = 100
"""How often each request is made in the small room and in the large one, by turns."""
SMALL_ROOM = 100
"""Members of the small ChatRoom: a page of them is full."""
RATE = 10.0
PAYLOAD = 200
SENDING_S_MAX = 5.0
WARM_UP_S = 1.0
FILES_RESERVE = 400
"""Open files of a process that are no connections of members."""
INVITED_AT_ONCE = 300


def create(group_id: str, type_: str, members: Sequence[str] = ()) -> frames.GroupCreate:
    """The request that makes a room anyone may join."""
    return frames.GroupCreate(group_id, type_, group_id, "", "", "", ApplyJoinOption.FREE_ACCESS, list(members))


def share_of(before: Usage, after: Usage) -> float:
    """Of one core, between the two."""
    wall_s = max(after.at - before.at, 1e-9)
    return round((after.cpu_s - before.cpu_s) / wall_s, 3)


class Room:
    """A room with `members` members, and how long requests in it took."""

    def __init__(self, group_id: str, name: str, members: int) -> None:
        self.group_id = group_id
        self.name = name
        self.members = members
        self.times: dict[str, Times] = {}

    def timed(self, request: str) -> Times:
        """The times of a kind of request."""
        return self.times.setdefault(request, Times())

    async def ask(self, reader: SwarmMember, visitor: SwarmMember) -> None:
        """`visitor` comes and goes, `reader` asks. Raises RcimError."""
        group_id = self.group_id
        await self.timed("GROUP_JOIN").ask(visitor, frames.GroupJoin(group_id, ""), frames.GroupJoinOk)
        await self.timed("GROUP_LEAVE").ask(visitor, frames.GroupLeave(group_id), frames.GroupLeaveOk)
        await self.timed("GROUP_INFO").ask(reader, frames.GroupInfo(group_id), frames.GroupInfoOk)
        page = frames.GroupMembers(group_id, "", 0)
        await self.timed("GROUP_MEMBERS").ask(reader, page, frames.GroupMembersOk)

    async def check_list(self, reader: SwarmMember) -> list[str]:
        """Read the whole list, page by page; returns what is wrong with it. Raises RcimError."""

        async def page(cursor: str) -> tuple[list[str], str]:
            frame = frames.GroupMembers(self.group_id, cursor, 0)
            found = await self.timed(EACH_PAGE).ask(reader, frame, frames.GroupMembersOk)
            return [member.user_id for member in found.members], found.next

        listed = await all_pages(page)
        info = await reader.ask(frames.GroupInfo(self.group_id))
        assert isinstance(info, frames.GroupInfoOk)
        if len(set(listed)) == len(listed) == info.member_num == self.members:
            return []
        return [f"{self.name}: {len(listed)} in its list, {info.member_num} in its profile, not {self.members}"]


EACH_PAGE = "GROUP_MEMBERS, all pages"


async def ask_rooms(
    part: str, reader: SwarmMember, visitor: SwarmMember, rooms: Sequence[Room]
) -> list[dict[str, Any]]:
    """Ask in a small room and a large one by turns: rows. Raises RcimError."""
    small, large = rooms
    for _ in range(ROUNDS):
        await small.ask(reader, visitor)
        await large.ask(reader, visitor)
    return [
        row
        for request in large.times
        for row in compared(part, request, (small.name, small.times[request]), (large.name, large.times[request]))
    ]


# -------------------------------------------------------------------------------------------------- guests


def guest_swarm(made: Rig) -> Swarm:
    """Connections where who has no name is a guest."""
    tls = client_context(made.data.certificate) if made.process.tls else None
    process = made.process
    return Swarm(process.host, process.port, tls, lambda user: made.sign(user) if user else "")


def online_of(members: int, guests: int) -> int:
    """How many of `members` can be connected beside `guests`, by the files that a process may open."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    room = members if most == resource.RLIM_INFINITY else most - FILES_RESERVE - guests
    if room < 2:
        raise ValueError(f"{guests} guests: this process may open only {most} files")
    return min(members, room)


async def invite(admin: SwarmMember, group_id: str, users: Sequence[str]) -> int:
    """Bring in who is not online; returns how many did not come in. Raises RcimError."""
    failed = 0
    for at in range(0, len(users), INVITED_AT_ONCE):
        answer = await admin.ask(frames.GroupInvite(group_id, list(users[at : at + INVITED_AT_ONCE])))
        assert isinstance(answer, frames.GroupInviteOk)
        failed += sum(row.result is not AddResult.ADDED for row in answer.results)
    return failed


async def _timed_in(done: Awaitable[None]) -> float:
    """How many seconds it took."""
    started = time.monotonic()
    await done
    return round(time.monotonic() - started, 2)


async def _messages(made: Rig, crowd: Crowd, seconds: float) -> dict[str, Any]:
    """The owner sends RATE messages a second; what became of them."""
    warm = await send_paced(crowd.sender, crowd.conversation, RATE, WARM_UP_S, PAYLOAD, "warm-")
    await crowd.settle(warm.accepted)
    warm_lost = crowd.account(warm.accepted).lost
    crowd.mark()
    before = made.usage()
    counts = await send_paced(crowd.sender, crowd.conversation, RATE, seconds, PAYLOAD, "m-")
    await crowd.settle(counts.accepted)
    after = made.usage()
    found = crowd.account(counts.accepted)
    return {
        "online": crowd.checked + crowd.counted,
        **crowd.facts(),
        "per_s": RATE,
        "accepted": counts.accepted,
        "refused": counts.refused + warm.refused,
        "delivered": found.delivered,
        "lost": found.lost + warm_lost,
        "duplicated": found.duplicated,
        "reordered": found.reordered,
        "server_cpu_us_per_delivery": round((after.cpu_s - before.cpu_s) * 1e6 / max(1, found.delivered), 3),
        "server_cpu_share": share_of(before, after),
        "latency_ms": percentiles_ms(crowd.tally.latency),
        "send_lag_ms_max": round(counts.lag_ns_max / 1e6, 3),
    }


async def _fill_rooms(made: Rig, admin: SwarmMember, members: int, say: Say) -> tuple[Crowd, Crowd, dict[str, Any]]:
    """The ChatRoom and the AVChatRoom, full; and what that took."""
    online = online_of(members, members)
    chat, av = Crowd(made, "chat"), Crowd(made, "av")
    av.swarm = guest_swarm(made)
    say(f"connecting {online} members")
    empty = made.usage().rss_kib
    users = [f"c{i:05d}" for i in range(members)]
    connect_s = [await _timed_in(chat.swarm.connect(users[:online]))]
    join_s = [await _timed_in(join_all(chat.swarm.members, "chat"))]
    invite_failed = await invite(admin, "chat", users[online:])
    half = made.usage().rss_kib
    say(f"connecting {members} guests")
    connect_s.append(await _timed_in(av.swarm.connect(["av-owner", *[""] * members])))
    join_s.append(await _timed_in(join_all(av.swarm.members, "av", "AVChatRoom")))
    full = made.usage().rss_kib
    await admin.ask(create("small-chat", "ChatRoom", users[1:SMALL_ROOM]))
    await admin.ask(create("small-av", "AVChatRoom"))
    filled = {
        "connect_s": dict(zip(("members", "guests"), connect_s, strict=True)),
        "join_200_at_once_s": dict(zip(("members", "guests"), join_s, strict=True)),
        "rss_kib_per_connection": {
            "members": round((half - empty) / online, 2),
            "guests": round((full - half) / members, 2),
        },
        "members_offline": members - online,
        "wrong": [f"{invite_failed} members could not be invited"] if invite_failed else [],
    }
    return chat, av, filled


async def run_guests(members: int, seconds: float, say: Say) -> dict[str, Any]:
    """A ChatRoom of `members` and an AVChatRoom of as many guests. Raises RcimError, OSError, ServerFailed or
    ValueError."""
    async with rig(("app.guests=true",)) as made:
        admin, visitor = await made.admin(), await made.swarm().connect_one("visitor")
        guest = await guest_swarm(made).connect_one("")
        chat, av, filled = await _fill_rooms(made, admin, members, say)
        say("asking the rooms")
        small_members = min(SMALL_ROOM, members)
        chats = [
            Room("small-chat", f"ChatRoom of {small_members}", small_members),
            Room("chat", f"ChatRoom of {members}", members),
        ]
        avs = [
            Room("small-av", "AVChatRoom, no guests", 1),
            Room("av", f"AVChatRoom, {members} guests", 1),
        ]
        rows = await ask_rooms(GUESTS, admin, visitor, chats)
        rows += await ask_rooms(GUESTS, admin, guest, avs)
        wrong = filled.pop("wrong")
        for room in (*chats, *avs):
            wrong += await room.check_list(admin)
        pages = [room.times[EACH_PAGE] for room in chats]
        rows += compared(GUESTS, EACH_PAGE, (chats[0].name, pages[0]), (chats[1].name, pages[1]))
        guests = (await made.stats(admin))["guests"]
        if guests != members + 1:
            wrong.append(f"{guests} guests by the server's count, not {members + 1}")
        await asyncio.sleep(NOTICE_S)
        sent = {}
        for name, crowd in (("members", chat), ("guests", av)):
            crowd.hand_over()
            say(f"sending to {len(crowd.swarm.members) + crowd.counted} {name}")
            sent[name] = await _messages(made, crowd, min(seconds, SENDING_S_MAX))
        closed = sum(sum(crowd.tally.closed.values()) for crowd in (chat, av))
        closed += sum(crowd.counting.ended for crowd in (chat, av) if crowd.counting)
        for one in (admin, visitor, guest):
            one.link.close()
        for crowd in (chat, av):
            await crowd.close()
    return {
        **{f"rooms_{key}": value for key, value in filled.items()},
        **by_figure("messages", sent),
        **{key: sum(row[key] for row in sent.values()) for key in ("refused", "duplicated", "reordered")},
        "lost": sum(row["lost"] for row in sent.values()) + closed,
        "wrong": wrong,
        "rows": rows,
    }
