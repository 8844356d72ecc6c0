"""What is measured of commits (OP-02): once for each commit, and for each command in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from time import perf_counter
from typing import NamedTuple

from rcim.actor.commands import SendMessage
from rcim.actor.outcomes import Sent
from rcim.base import metrics
from rcim.base.histogram import Histogram
from rcim.base.meters import Meters
from rcim.dispatch.known_kinds import known_kind_name
from rcim.dispatch.shard_state import Commit
from rcim.rules.conversation_kinds import KINDS


class CommitTimes(NamedTuple):
    """Where it is counted; times in seconds."""

    append: Histogram
    """Counted in the committing thread; the others in the loop's."""
    records: Histogram
    send: Mapping[str, Histogram]
    """By the kind of the conversation: all kinds are there."""
    wait: Histogram

    @classmethod
    def of(cls, meters: Meters) -> CommitTimes | None:
        """None: nothing is measured."""
        append, records = meters.histogram(metrics.APPEND), meters.histogram(metrics.COMMIT_RECORDS)
        wait = meters.histogram(metrics.MAILBOX_WAIT)
        if append is None or records is None or wait is None:
            return None
        send = meters.histograms(metrics.SEND_DURABLE, [kind.name for kind in KINDS])
        return cls(append, records, send, wait)

    def durable(self, commit: Commit) -> None:
        """All of the commit is durable now."""
        now_s, turn_s = perf_counter(), commit.turn_s
        self.records.observe(commit.records)
        self.wait.observe_all(
            [turn_s - one.came_s for one, outcome in commit.batch if outcome.record is not None and one.came_s]
        )
        sends: dict[str, list[float]] = defaultdict(list)
        for one, outcome in commit.batch:
            if type(outcome.result) is Sent and type(one.body) is SendMessage and one.came_s:
                sends[one.key].append(now_s - one.came_s)
        for key, times in sends.items():
            self.send[known_kind_name(key)].observe_all(times)
