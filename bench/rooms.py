"""`rcim-bench rooms`: what chat rooms do by themselves (CR-01, CR-03).

Some members of a room lose their connections; messages go on, and those members leave. How long after the message that
started their clock, what a leave costs the server, how many frames it costs each member who stays, and the same in a room
of a tenth of the size: the cost of a leave must not grow with the room. Then one member sets attributes as fast as the
server takes them: how many of the changes reach members in a second, and that nobody has missed any in the end.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from rcim_bench.crowd import join_all
from rcim_bench.rig import Rig, rig
from rcim_bench.scenario import Say

from rcim.base.terms import Priority, group_conversation
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.wire import frames
from rcim.wire.stream import RawFrame

TYPE = "AVChatRoom"
TENTH = 10
WATCHERS = 20
"""Members whose frames are looked at."""
PAYLOAD = 200
POLL_S = 0.02
MESSAGES = 5
"""Sent when all have left, to the members who stay."""
BEFORE_S = 0.2
"""So long before the first member can leave, the CPU that leaving costs begins to be counted."""
QUIET_S = 1.5
"""Changes in a room are told after a second at the most; then it is quiet."""
WAIT_S = 30.0
"""How long past the deadline they may take."""
KEYS = 50


class Watcher:
    """One member, with what they are told besides messages."""

    def __init__(self, member: SwarmMember) -> None:
        self.member = member
        self.changes = self.attributes = self.version = 0
        """Frames with changes of the room, and attributes in frames; the newest version of them."""
        self.values: dict[str, str] = {}
        self._before = member.link.on_push
        member.link.on_push = self._on_push

    def _on_push(self, raw: RawFrame) -> None:
        if raw.type == frames.GroupChanges.TYPE:
            self.changes += 1
        elif raw.type == frames.RoomAttributesChanged.TYPE:
            push = frames.RoomAttributesChanged.decode(raw.body)
            self.attributes += len(push.attributes)
            self.version = push.version
            self.values.update((row.key, row.value) for row in push.attributes)
        self._before(raw)


async def run(members: int, leave: int, after: int, seconds: float, say: Say) -> dict[str, Any]:
    """The report. `leave` of `members` lose their connections, and leave `after` seconds after the next message; for so
    many seconds attributes are set. Raises RcimError, OSError and ServerFailed."""
    rows: list[dict[str, Any]] = []
    attributes: dict[str, Any] = {}
    for share in (1, TENTH):
        size, gone = max(4, members // share), max(1, leave // share)
        flags = (f"types.{TYPE}.leave_after_s={after}", f"types.{TYPE}.leave_after_messages=0")
        async with rig(flags) as made:
            room = Absent(made, size, gone, after)
            try:
                say(f"connecting {size} members")
                await room.fill()
                say(f"{gone} of them lose their connections")
                rows.append(await room.measure())
                if share == 1:
                    say("setting attributes")
                    attributes = await room.set_attributes(seconds)
            finally:
                room.close()
    large, small = rows
    return {
        **large,
        **attributes,
        "lost": large["lost"] + small["lost"] + attributes["attributes_lost"],
        "of_a_tenth": small,
        "ratio_of_cost_per_leave": round(
            large["server_cpu_us_per_leave"] / max(small["server_cpu_us_per_leave"], 1e-9), 2
        ),
    }


class Absent:
    """A room with `members` members, of whom `gone` lose their connections."""

    def __init__(self, made: Rig, members: int, gone: int, after: int) -> None:
        self._made = made
        self._members, self._gone, self._after = members, gone, after
        self._swarm: Swarm = made.swarm()
        self._watchers: list[Watcher] = []
        self._sent = 0

    async def fill(self) -> None:
        """Everybody is in the room; the first one owns it."""
        await self._swarm.connect([f"m{n:05d}" for n in range(self._members)])
        await join_all(self._swarm.members, "room", TYPE)
        self._admin = await self._made.admin()
        await asyncio.sleep(QUIET_S)
        staying = self._swarm.members[: self._members - self._gone]
        self._watchers = [Watcher(member) for member in staying[:WATCHERS]]

    async def measure(self) -> dict[str, Any]:
        """Let some go, send on, and wait until they are out."""
        for member in self._swarm.members[self._members - self._gone :]:
            member.link.on_closed = _nothing
            member.link.abort()
        del self._swarm.members[self._members - self._gone :]
        await asyncio.sleep(QUIET_S)
        changes = sum(one.changes for one in self._watchers)
        started = time.monotonic()
        await self._say()
        await asyncio.sleep(min(QUIET_S, self._after / 4))
        idle = (
            self._made.usage()
        )  # nothing happens now but heartbeats, so that what leaving costs can be told from them
        await asyncio.sleep(max(0.0, self._after - BEFORE_S - (time.monotonic() - started)))
        busy = self._made.usage()
        left_after_ms = await self._left(started)
        await asyncio.sleep(QUIET_S)
        done = self._made.usage()
        for _ in range(MESSAGES):
            await self._say()
        await asyncio.sleep(QUIET_S)
        idle_share = (busy.cpu_s - idle.cpu_s) / max(busy.at - idle.at, 1e-9)
        spent_s = max(0.0, done.cpu_s - busy.cpu_s - idle_share * (done.at - busy.at))
        frames_told = sum(one.changes for one in self._watchers) - changes
        return {
            "members": self._members,
            "leave": self._gone,
            "left_after_ms": _spread(left_after_ms),
            "frames_per_member": round(frames_told / max(1, len(self._watchers)), 2),
            "server_cpu_us_per_leave": round(spent_s * 1e6 / self._gone, 2),
            "lost": self._lost() + (self._gone - len(left_after_ms)),
        }

    async def _left(self, started: float) -> list[float]:
        """In how many milliseconds each of them had left."""
        found: list[float] = []
        while len(found) < self._gone and time.monotonic() - started < self._after + WAIT_S:
            answer = await self._admin.ask(frames.AdminRooms(["room"]))
            assert isinstance(answer, frames.AdminRoomsOk)
            out = self._members - answer.rooms[0].member_num
            found += [(time.monotonic() - started) * 1e3] * (out - len(found))
            await asyncio.sleep(POLL_S)
        return found

    async def _say(self) -> None:
        self._sent += 1
        body = stamped(time.monotonic_ns(), self._sent, PAYLOAD)
        await self._swarm.members[0].ask(
            frames.Send(group_conversation("room"), f"s{self._sent}", Priority.NORMAL, body)
        )

    def _lost(self) -> int:
        """Messages that members who were there all the time did not get."""
        return sum(self._sent - member.messages for member in self._swarm.members)

    async def set_attributes(self, seconds: float) -> dict[str, Any]:
        """One member sets attributes, one after the other."""
        setter, started, count = self._swarm.members[0], time.monotonic(), 0
        before = sum(one.attributes for one in self._watchers)
        values: dict[str, str] = {}
        while time.monotonic() - started < seconds:
            values[f"k{count % KEYS}"] = str(count)
            row = frames.AttributeToSet(f"k{count % KEYS}", str(count), False)
            await setter.ask(frames.RoomAttributesSet("room", [row]))
            count += 1
        elapsed = time.monotonic() - started
        for _ in range(int(WAIT_S / POLL_S)):
            if all(one.values == values for one in self._watchers):
                break
            await asyncio.sleep(POLL_S)
        told = (sum(one.attributes for one in self._watchers) - before) / max(1, len(self._watchers))
        return {
            "attribute_changes_per_s": round(count / elapsed, 1),
            "attribute_deliveries_per_s": round(told * len(self._swarm.members) / elapsed, 1),
            "attributes_lost": sum(one.values != values for one in self._watchers),
        }

    def close(self) -> None:
        """Close all connections."""
        self._swarm.close()
        if hasattr(self, "_admin"):
            self._admin.link.close()


def failures(report: dict[str, Any]) -> list[str]:
    """What must not be."""
    return [f"{report['lost']} lost"] if report["lost"] else []


def _spread(times_ms: list[float]) -> dict[str, float]:
    ordered = sorted(times_ms) or [0.0]
    return {"p50": round(ordered[len(ordered) // 2], 1), "max": round(ordered[-1], 1)}


def _nothing(_: object) -> None:
    """It was closed on purpose."""
