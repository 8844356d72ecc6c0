"""More messages than a group's limit, offered on schedule by real clients, and what became of each (section 6).

Used by `rcim demo flood`, which shows it, and by `rcim-bench flood`, which judges it.
"""

from __future__ import annotations

import asyncio
import random
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, HeldBack, Priority, group_conversation
from rcim.content.elements import Text, encode_body
from rcim.load.swarm import SwarmMember
from rcim.wire import frames
from rcim.wire.schema import Frame

SETTLE_S = 30.0
SECOND_MS = 1000
CLOCK_MS = 20
"""From when a client sends until the server has it: who came within it of another may not have been there yet."""
BODY = encode_body([Text("hello")])


@dataclass(slots=True)
class Offered:
    """One message. Times are the wall clock's, of this machine's one clock, in milliseconds."""

    priority: Priority
    at_ms: int
    """When it was sent."""
    answered_ms: int = 0
    seq: int = 0
    time_ms: int = 0
    """The server's time of it, if it passed."""
    held_back: bool = False
    refused: str = ""

    @property
    def passed(self) -> bool:
        """True if it got a SEQ."""
        return self.seq > 0


@dataclass
class Flood:
    """`offers` is messages a second by priority; `senders` are members of the group; chance comes from `seed`."""

    senders: Sequence[SwarmMember]
    group_id: str
    offers: Mapping[Priority, float]
    seed: int = 1
    messages: list[Offered] = field(default_factory=list)
    lag_ms_max: float = 0.0

    async def run(self, seconds: float, tag: str = "m") -> None:
        """Offer all of it, evenly spread with some jitter, and wait for the answers."""
        rng = random.Random(self.seed)
        plan = sorted(
            ((i + rng.random()) / rate, priority)
            for priority, rate in self.offers.items()
            if rate
            for i in range(int(rate * seconds))
        )
        start = time.monotonic() + 0.05
        conversation = group_conversation(self.group_id)
        for number, (due, priority) in enumerate(plan):
            wait = start + due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self.lag_ms_max = max(self.lag_ms_max, (time.monotonic() - start - due) * 1000)
            self._offer(conversation, f"{tag}-{number:06d}", priority)
        end = time.monotonic() + SETTLE_S
        while any(not m.answered_ms for m in self.messages) and time.monotonic() < end:
            await asyncio.sleep(0.02)

    def _offer(self, conversation: str, name: str, priority: Priority) -> None:
        message = Offered(priority, clock.wall_ms())
        self.messages.append(message)

        def answered(found: Frame | RcimError) -> None:
            message.answered_ms = clock.wall_ms()
            if isinstance(found, frames.SendOk):
                message.seq, message.time_ms = found.seq, found.time_ms
                message.held_back = found.held_back is HeldBack.FREQUENCY
            else:
                message.refused = str(found)

        sender = self.senders[len(self.messages) % len(self.senders)]
        sender.send(conversation, name, BODY, answered, priority)

    def counts(self, true: Callable[[Offered], bool]) -> Counter[Priority]:
        """How many messages of each priority it is true of."""
        return Counter(m.priority for m in self.messages if true(m))


def inversions(messages: Sequence[Offered]) -> Counter[Priority]:
    """FC-03, by priority: messages that passed in the period of a higher one that was held back, after that one had come.
    A message's period is the second after it came (docs/adr/0012)."""
    held = sorted((m for m in messages if m.held_back), key=lambda m: m.at_ms)
    found: Counter[Priority] = Counter()
    for one in messages:
        if one.passed and any(
            h.priority < one.priority
            for h in held[_first_at(held, one.time_ms - SECOND_MS + 1) : _first_at(held, one.time_ms - CLOCK_MS)]
        ):
            found[one.priority] += 1
    return found


def _first_at(ordered: Sequence[Offered], time_ms: int) -> int:
    """Where those begin that came at `time_ms` or later."""
    return bisect_left(ordered, time_ms, key=lambda m: m.at_ms)


def most_within(times_ms: Sequence[int], window_ms: int) -> int:
    """The most of these times that fall into any window of this length (FC-02)."""
    ordered = sorted(times_ms)
    most = start = 0
    for end, time_ms in enumerate(ordered):
        while ordered[start] <= time_ms - window_ms:
            start += 1
        most = max(most, end - start + 1)
    return most


async def gather(members: Sequence[SwarmMember], group_id: str, type_: str) -> None:
    """The first of `members` makes the group, an ordinary member does the sending of the others. Raises RcimError."""
    create = frames.GroupCreate(
        group_id=group_id,
        type_=type_,
        name=group_id[:30],
        introduction="",
        notification="",
        face_url="",
        apply_join_option=ApplyJoinOption.FREE_ACCESS,
        members=[],
    )
    await members[0].ask(create)
    await asyncio.gather(*(member.ask(frames.GroupJoin(group_id, "")) for member in members[1:]))
