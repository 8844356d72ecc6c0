"""The members of one group, all in this process: some decrypt and check every delivery, the others only count.

Who checks is spread evenly over the order of joining, which is the order of a pass, so that their latencies are those
of all. The messages of a run are all of one size, so those of who counts (counting.py) follow from its bytes and frames:
R bytes for each message and F for each frame, as the checkers see them. A report says how many did which.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rcim_bench.counting import FRAMES, RECORDS, Counting
from rcim_bench.rig import Rig

from rcim.adapters.frames.codec import CODEC
from rcim.base.terms import ApplyJoinOption, group_conversation
from rcim.load.swarm import Swarm, SwarmMember, Tally
from rcim.wire import frames
from rcim.wire.rows import frame_of_rows

JOINS_AT_ONCE = 200
SETTLE_S = 30.0
"""How long after the last send the last delivery may come."""
QUIET_S = 5.0
"""If nothing has come for so long, nothing comes any more: the machine may be busy with something else for a while."""
ALL_CHECK_MAX = 1000
"""Up to so many members all of them check, unless it is said how many."""
CHECK_SHARE = 20
"""Of more members, one in so many checks."""
CONNECTIONS_PER_SOURCE = 20_000
"""More need a further source address (127.0.0.x): one has 28,000 ports."""


def checked_of(members: int, asked: int | None) -> int:
    """How many of `members` check: `asked`, or the default."""
    if asked is not None:
        return max(1, min(asked, members))
    return members if members <= ALL_CHECK_MAX else max(ALL_CHECK_MAX // CHECK_SHARE, members // CHECK_SHARE)


@dataclass(frozen=True)
class Account:
    """What became of the messages of a run."""

    delivered: int
    lost: int
    duplicated: int
    reordered: int


async def join_all(members: Sequence[SwarmMember], group_id: str, type_: str = "ChatRoom") -> None:
    """The first of `members` makes the group, all others join it. Raises RcimError."""
    create = frames.GroupCreate(group_id, type_, group_id[:30], "", "", "", ApplyJoinOption.FREE_ACCESS, [])
    await members[0].ask(create)
    gate = asyncio.Semaphore(JOINS_AT_ONCE)

    async def join(member: SwarmMember) -> None:
        async with gate:
            await member.ask(frames.GroupJoin(group_id, ""))

    await asyncio.gather(*(join(member) for member in members[1:]))


class Crowd:
    """`gather` brings the members in; `mark` begins to count; `settle` and `account` tell what became of it."""

    def __init__(self, rig: Rig, group_id: str) -> None:
        self._rig = rig
        self._group_id = group_id
        self.conversation = group_conversation(group_id)
        self.swarm: Swarm = rig.swarm()
        self.counting: Counting | None = None
        self.checked = self.counted = 0
        self._frame_bytes = len(frame_of_rows(frames.Deliver.TYPE, CODEC.stem(self.conversation), []))
        """F: what a DELIVER takes besides its messages."""
        self.connect_s = 0.0

    @property
    def sender(self) -> SwarmMember:
        """The first member; it checks."""
        return self.swarm.members[0]

    @property
    def tally(self) -> Tally:
        """What those who check have got."""
        return self.swarm.tally

    async def gather(self, members: int, asked: int | None = None, prefix: str = "m") -> None:
        """Connect `members`, join them, hand over those who only count. Raises RcimError or OSError."""
        started = time.monotonic()
        await self.swarm.connect([f"{prefix}{i:05d}" for i in range(members)])
        self.connect_s = time.monotonic() - started
        await join_all(self.swarm.members, self._group_id)
        self.hand_over(asked)

    def hand_over(self, asked: int | None = None) -> None:
        """All members of the swarm are in: hand over those who only count."""
        everyone = self.swarm.members
        members = len(everyone)
        self.checked = checked_of(members, asked)
        self.counted = members - self.checked
        if self.counted:
            checks = {i * members // self.checked for i in range(self.checked)}
            # TLS hides the frames; but a visit of the fan-out is one frame and one write.
            self.counting = Counting(asyncio.get_running_loop(), RECORDS if self._rig.process.tls else FRAMES)
            self.swarm.members = [m for i, m in enumerate(everyone) if i in checks]
            for i, member in enumerate(everyone):
                if i not in checks:
                    self.counting.take(member.link.hand_over())

    def mark(self) -> None:
        """What came so far does not count."""
        tally = self.tally
        tally.delivered, tally.latency = 0, Counter()
        for member in self.swarm.members:
            member.messages = member.pushes = member.push_bytes = 0
        if self.counting is not None:
            self.counting.reset()

    def _messages(self, got: int, units: int) -> float:
        """How many messages these bytes in so many frames are, by what the sender has got."""
        sender = self.sender
        row = sender.push_bytes - sender.pushes * self._frame_bytes
        return (got - units * self._frame_bytes) * sender.messages / row if row else 0.0

    def _complete(self, accepted: int) -> bool:
        if self.tally.delivered < accepted * self.checked:
            return False
        if self.counting is None:
            return True
        return all(self._messages(*one) >= accepted for one in self.counting.all())

    async def settle(self, accepted: int) -> None:
        """Wait until everyone has got `accepted` messages, or nothing has come for QUIET_S; SETTLE_S at the most."""
        end = time.monotonic() + SETTLE_S
        last, since = (-1, -1), time.monotonic()
        while not self._complete(accepted) and time.monotonic() < end:
            now = (self.tally.delivered, self.counting.total if self.counting else 0)
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > QUIET_S:
                return
            await asyncio.sleep(0.02)

    def account(self, accepted: int) -> Account:
        """What became of `accepted` messages since `mark`."""
        tally = self.tally
        delivered, duplicated = tally.delivered, tally.duplicated
        # What came twice at one of those who check does not make good what another has not got.
        lost = max(tally.gaps, sum(max(0, accepted - member.messages) for member in self.swarm.members))
        if self.counting is not None and accepted:
            for got, units in self.counting.all():
                exact = self._messages(got, units)
                messages = int(exact)
                delivered += messages
                lost += max(0, accepted - messages)
                # What is no whole number of messages is something that should not have come.
                duplicated += max(0, messages - accepted) + (exact != messages)
        return Account(delivered, lost, duplicated, tally.reordered)

    def facts(self) -> dict[str, int]:
        """Who checked and who counted, for the report."""
        return {"members_checking": self.checked, "members_counting": self.counted}

    async def close(self) -> None:
        """Close all connections."""
        if self.counting is not None:
            self.counting.close()
        self.swarm.close()
        await asyncio.sleep(0)
