"""What the dispatcher has done, for the operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rcim.base import clock
from rcim.base.error_kinds import ErrorKind
from rcim.dispatch.committing import Committer


class Counters:
    """What the dispatcher has done since the start."""

    __slots__ = ("_committer", "commands", "refused", "refused_by")

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self.commands = self.refused = 0
        self.refused_by = dict.fromkeys(ErrorKind, 0)

    @property
    def commits(self) -> int:
        """Commits that are durable."""
        return self._committer.commits

    @property
    def records(self) -> int:
        """Records in them."""
        return self._committer.records

    @property
    def failed_commits(self) -> int:
        """Commits that failed, or of which a shard did."""
        return self._committer.failed_commits

    @property
    def commit_error(self) -> tuple[str, int]:
        """Why the last commit failed, and how many milliseconds ago; empty: it did not."""
        return self._committer.last_error, clock.steady_ms() - self._committer.last_error_ms

    def by_name(self) -> dict[str, int]:
        """For the operator."""
        return {
            "commands": self.commands,
            "commits": self.commits,
            "events_lost": self._committer.untold.lost,
            "events_written": self._committer.events,
            "failed_commits": self.failed_commits,
            "records": self.records,
            "refused": self.refused,
        }


def summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counters of several processes, by name: what several have counted is added up."""
    total: dict[str, int] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, 0) + value
    return total
