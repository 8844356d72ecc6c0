"""The mailbox of one conversation: what waits for its actor, with a bound."""

from __future__ import annotations

from asyncio import TimerHandle
from collections import deque
from typing import Protocol

from rcim.actor.commands import Command
from rcim.actor.outcomes import Outcome
from rcim.actor.paged_roster import NotLoaded
from rcim.dispatch.requests import CommandRequest, ReplyTo


class Actor(Protocol):
    """The machine of one conversation, of one user, or of the app."""

    @property
    def exists(self) -> bool:
        """False if nothing of it is worth keeping in memory."""

    def forgettable(self, idle_ms: int) -> bool:
        """True if it need not stay in memory, after so long without a command."""

    def handle(self, command: Command, now_ms: int, position: int) -> Outcome:
        """Carry out one command to its end. Raises RcimError: refused, and nothing has changed; NotLoaded: the
        same, and it is to be handled again with what is missing."""


class Mailbox:
    """Commands in their order, the actor they are for, and who waits for room."""

    __slots__ = (
        "actor",
        "key",
        "loading",
        "missing",
        "queue",
        "ready",
        "shard",
        "slice_due",
        "slice_timer",
        "tried",
        "used_ms",
        "waiting",
        "waits",
    )

    def __init__(self, key: str, shard: int) -> None:
        self.key = key
        self.shard = shard
        self.queue: deque[CommandRequest] = deque()
        self.actor: Actor | None = None
        self.loading = False
        self.missing: NotLoaded | None = None
        """What the first command in the queue needs before it is handled again (row_loading.py)."""
        self.tried: tuple[CommandRequest, int] | None = None
        """The command that was last found to need something, and how many times it was."""
        self.ready = False
        """True while it stands in the dispatcher's list of mailboxes to look at."""
        self.used_ms = 0
        self.waiting: dict[ReplyTo, None] = {}
        """Who had no room."""
        self.waits: dict[int, list[CommandRequest]] = {}
        """Requests that frequency control lets wait, by the number that their actor gave them (pending_requests.py)."""
        self.slice_timer: TimerHandle | None = None
        self.slice_due = 0.0
        """When it is, by the loop's clock."""

    def wake(self, room: int) -> None:
        """Tell those who wait that there is room, once the queue is at most half of `room`."""
        if self.waiting and len(self.queue) <= room // 2:
            waiting, self.waiting = self.waiting, {}
            for reply_to in waiting:
                reply_to.mailbox_drained(self.key)
