"""What processes that have ended, or do not answer, had counted (OP-02): so that the figures of all processes together do
not fall when one of them begins at 0 again.

Kept are counters and histograms, which only grow; and no gauges, which are of now. What says of which process it is
(label `process`) is no sum of several, and begins again with its process. What a process had counted after the last
time it was asked is lost. Metrics and the counters of `rcim-admin stats` are kept from the same moment, whichever of
them is asked for: so they say the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from rcim.base.metrics import BY_NAME, STARTED, MetricKind
from rcim.dispatch.counters import summed
from rcim.store.answers import Figures, MetricRow
from rcim.store.metric_rows import added_up

PROCESS = "process"
NOTHING = Figures([], {}, {})


class KeptTotals:
    """See the module's text. It holds the last figures of each process, of which there are as many as the settings say,
    and one sum for each series and counter of those that have ended."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, Figures]] = {}
        """By process: when it started, and what it said last."""
        self._ended = NOTHING

    def with_kept(self, parts: Sequence[Figures]) -> Figures:
        """What these processes have said just now, added up, with what those had said that have ended or said nothing."""
        answered = set()
        for part in parts:
            started = next((row for row in part.rows if row.name == STARTED.name), None)
            if started is None:
                continue
            process = started.labels[PROCESS]
            before = self._last.get(process)
            if before is not None and before[0] != started.value:  # another one, in its place
                self._ended = _together([self._ended, before[1]])
            self._last[process] = started.value, _kept(part)
            answered.add(process)
        silent = [part for process, (_, part) in self._last.items() if process not in answered]
        return _together([*parts, *silent, self._ended])


def _together(parts: Sequence[Figures]) -> Figures:
    return Figures(
        added_up(part.rows for part in parts),
        summed(part.counts for part in parts),
        summed(part.levels for part in parts),
    )


def _kept(part: Figures) -> Figures:
    return Figures([row for row in part.rows if _is_kept(row)], part.counts, {})


def _is_kept(row: MetricRow) -> bool:
    return PROCESS not in row.labels and BY_NAME[row.name].kind is not MetricKind.GAUGE
