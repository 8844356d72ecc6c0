"""What is known here of a shard, and of an append that is under way (committing.py)."""

from __future__ import annotations

from rcim.actor.events import AnyEvent
from rcim.actor.outcomes import Outcome
from rcim.actor.records import Record
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.requests import CommandRequest
from rcim.store.shard_log import AppendFailed, Claim

Batch = list[tuple[CommandRequest, Outcome]]
"""What was handled, in order."""


class Shard:
    """What is known here of one shard."""

    __slots__ = ("closed", "commit", "epoch", "events", "fenced", "held", "number", "position", "records")

    def __init__(self, number: int, claim: Claim) -> None:
        self.number = number
        self.epoch = claim.epoch
        self.position = claim.position
        """The running number of the next record that is put."""
        self.records: list[Record] = []
        """What was put in this turn."""
        self.events: list[AnyEvent] = []
        """What has happened in this turn."""
        self.commit: Commit | None = None
        """The one that its append belongs to, while that is under way."""
        self.closed = False
        """True: its mailboxes are not to be looked at now (`held`), or are to be refused (`fenced`)."""
        self.fenced = False
        self.held: dict[Mailbox, None] = {}
        """Those that wait until it is open again."""


class Commit:
    """Outcomes that wait for the same appends."""

    __slots__ = ("batch", "event_count", "events", "failures", "left", "records", "told", "touched", "turn_s")

    def __init__(self, batch: Batch, touched: set[str]) -> None:
        self.batch = batch
        self.touched = touched
        """The keys of the actors that have records in it."""
        self.left = 0
        """Shards of which the log has not told yet."""
        self.records = 0
        self.event_count = 0
        self.events: list[int] = []
        """Shards with events in it."""
        self.told: dict[int, list[AnyEvent]] = {}
        """Events that belong to no outcome, by shard."""
        self.turn_s = 0.0
        """When the turn began that has handled its commands (`time.perf_counter`)."""
        self.failures: list[AppendFailed] = []
