"""What is measured of commits (OP-02): once for each commit, and for each command in it."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

from rcim.actor.commands import SendMessage
from rcim.actor.outcomes import Sent
from rcim.base import metrics
from rcim.base.histogram import Histogram
from rcim.base.meters import Meters
from rcim.dispatch.shard_state import Commit


class CommitTimes(NamedTuple):
    """Where it is counted; times in seconds."""

    append: Histogram
    """Counted in the committing thread; the others in the loop's."""
    records: Histogram
    send: Histogram
    wait: Histogram

    @classmethod
    def of(cls, meters: Meters) -> CommitTimes | None:
        """None: nothing is measured."""
        append, records = meters.histogram(metrics.APPEND), meters.histogram(metrics.COMMIT_RECORDS)
        send, wait = meters.histogram(metrics.SEND_DURABLE), meters.histogram(metrics.MAILBOX_WAIT)
        if append is None or records is None or send is None or wait is None:
            return None
        return cls(append, records, send, wait)

    def durable(self, commit: Commit) -> None:
        """All of the commit is durable now."""
        now_s, turn_s = perf_counter(), commit.turn_s
        self.records.observe(commit.records)
        self.wait.observe_all(
            [turn_s - one.came_s for one, outcome in commit.batch if outcome.record is not None and one.came_s]
        )
        self.send.observe_all(
            [
                now_s - one.came_s
                for one, outcome in commit.batch
                if type(outcome.result) is Sent and type(one.body) is SendMessage and one.came_s
            ]
        )
