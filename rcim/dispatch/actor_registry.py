"""Which actors are in memory: one is loaded when a command comes for it, and forgotten when it has had nothing to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from rcim.actor.commands import Command
from rcim.actor.group import GroupActor
from rcim.actor.outcomes import Refused
from rcim.actor.user import USER_PREFIX
from rcim.base.ids import shard_of
from rcim.base.limited_log import LimitedLog
from rcim.base.limits import Limits
from rcim.dispatch.effect_runner import contained
from rcim.dispatch.loading import Loader
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.reader import Reader, refusal
from rcim.dispatch.requests import CommandRequest, ReplyTo, Request
from rcim.dispatch.trusted_time import TrustedTime

log = LimitedLog("rcim.dispatch")


class Queue(Protocol):
    """The dispatcher's list of mailboxes to look at."""

    def add(self, mailbox: Mailbox) -> None:
        """It has something to do."""

    def remove(self, mailbox: Mailbox) -> None:
        """It has nothing to do any more."""


class ActorRegistry:
    """The mailboxes in memory, by conversation, and the actors in them. In the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        reader: Reader,
        loader: Loader,
        limits: Limits,
        queue: Queue,
        time: TrustedTime,
    ) -> None:
        self._loop = loop
        self._reader = reader
        self._loader = loader
        self._limits = limits
        self._queue = queue
        self._time = time
        self.mailboxes: dict[str, Mailbox] = {}
        self.loads = 0
        """Since the start."""

    def new(self, key: str) -> Mailbox:
        """A mailbox for a conversation that has none."""
        mailbox = self.mailboxes[key] = Mailbox(key, shard_of(key))
        return mailbox

    def tell(self, key: str, command: Command, reply_to: ReplyTo) -> bool:
        """Put a command of our own into a mailbox, where there is always room for it: at most a few for each request that
        is under way. False: there is no such mailbox, and its actor, once loaded, knows it from the store."""
        mailbox = self.mailboxes.get(key)
        if mailbox is None:
            return False
        mailbox.queue.append(Request(key, command, reply_to, 0))
        self._queue.add(mailbox)
        return True

    def users_there(self) -> list[str]:
        """The keys of the mailboxes of users."""
        return [key for key in self.mailboxes if key.startswith(USER_PREFIX)]

    def remembering(self, sender: str) -> list[str]:
        """The keys of the conversations that have messages of this user in memory alone (GT-22)."""
        there = self.mailboxes.items()
        return [key for key, one in there if isinstance(one.actor, GroupActor) and one.actor.remembers(sender)]

    def has(self, mailbox: Mailbox) -> bool:
        """True if it is still the one of its conversation."""
        return self.mailboxes.get(mailbox.key) is mailbox

    def drop(self, mailbox: Mailbox) -> None:
        """Out of memory with it, unless another one has taken its place."""
        if self.has(mailbox):
            del self.mailboxes[mailbox.key]

    def load(self, mailbox: Mailbox) -> None:
        """Load its actor from the store; then it is to be looked at again. If the store fails, all that waits in it is
        refused."""
        if mailbox.loading:
            return
        mailbox.loading = True
        mailbox.missing = None
        self.loads += 1
        now_ms = self._time.now_ms()

        def done(actor: Any, error: BaseException | None) -> None:
            mailbox.loading = False
            if error is not None:
                self._failed(mailbox, error)
                return
            mailbox.actor = actor
            if isinstance(actor, GroupActor):
                actor.begin()
            mailbox.used_ms = now_ms
            if mailbox.queue:
                self._queue.add(mailbox)

        self._reader.load(lambda: self._loader.actor(mailbox.key, mailbox.shard, now_ms), done)

    def _failed(self, mailbox: Mailbox, error: BaseException) -> None:
        log.error("loading a conversation failed", conversation=mailbox.key, error=error)
        self.refuse_all(mailbox, refusal(error))

    def refuse_all(self, mailbox: Mailbox, refused: Refused) -> None:
        """Out of memory with it, and all that waits in it is refused."""
        # Out of the map first: who is woken and asks again gets a mailbox of its own, not this one.
        self.drop(mailbox)
        self._queue.remove(mailbox)
        while mailbox.queue:
            refuse(mailbox.queue.popleft(), refused)
        self._loop.call_soon(mailbox.wake, self._limits.mailbox_max)

    def put_back(self, requests: Sequence[CommandRequest]) -> None:
        """They were not done, and stand before what waits in their mailboxes again, in their order."""
        for request in reversed(requests):
            mailbox = self.mailboxes.get(request.key) or self.new(request.key)
            mailbox.queue.appendleft(request)
            self._queue.add(mailbox)

    def forget_idle(self, settled: Callable[[int], bool]) -> None:
        """Forget actors that had nothing to do for `actor_idle_ms`; they are in the store. Only those of shards that are
        `settled`: no commit of them is under way."""
        now_ms = self._time.now_ms()
        oldest = now_ms - self._limits.actor_idle_ms
        idle = [
            m
            for m in self.mailboxes.values()
            if not (m.queue or m.waits)
            and not m.loading
            and m.used_ms < oldest
            and settled(m.shard)
            and (m.actor is None or m.actor.forgettable(now_ms - m.used_ms))
        ]
        for mailbox in idle:
            del self.mailboxes[mailbox.key]


def refuse(request: CommandRequest, refused: Refused) -> None:
    """Answer it so; a fault of who asked stays with it."""
    with contained("answer", request.key):
        request.refuse(refused)
