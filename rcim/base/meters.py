"""What one process measures (OP-02): its distributions, and whom to ask for its counters (base/metrics.py is the table).

Measuring takes no lock. A histogram is counted by one thread; whoever reads it may miss the value of this moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from rcim.base.histogram import Histogram
from rcim.base.loop_lag import LoopLag
from rcim.base.metrics import LOOP_LAG, Metric, MetricKind
from rcim.base.process_use import ProcessMeter

MICROSECONDS = 1_000_000


class Figure(NamedTuple):
    """A figure of a metric with these values of its labels."""

    metric: Metric
    labels: tuple[str, ...]
    value: int
    """Of a histogram the sum of all values; of what is in seconds in microseconds."""
    counts: tuple[int, ...] = ()
    """Of a histogram: how many values are in each bucket, and beyond the last."""


Source = Callable[[], Iterable[Figure]]


def figure(metric: Metric, value: float, *labels: str) -> Figure:
    """A counter or a gauge; `value` in the metric's own unit. Raises ValueError for labels that it does not have."""
    if len(labels) != len(metric.labels):
        raise ValueError(f"{metric.name} has the labels {metric.labels}, not {labels}")
    return Figure(metric, labels, round(value * MICROSECONDS) if metric.in_seconds else int(value))


class Meters:
    """See the module's text. `process` is the name of this one; `on`: distributions are counted, else `histogram` gives
    none and nothing is measured."""

    def __init__(self, process: str = "server", *, on: bool = False) -> None:
        self.process = process
        self.on = on
        self._histograms: dict[tuple[Metric, tuple[str, ...]], Histogram] = {}
        self._sources: list[Source] = []
        self.lag = LoopLag(self.histogram(LOOP_LAG, process))
        """How late the loop is: measured from its `start` on, also if nothing else is."""
        self.process_meter = ProcessMeter()
        """Says what the process uses."""

    def histogram(self, metric: Metric, *labels: str) -> Histogram | None:
        """The distribution of a metric for these values of its labels, always the same; None: nothing is measured. The
        values have to be of a bounded set. Raises ValueError for labels that it does not have."""
        if not self.on:
            return None
        found = self._histograms.get((metric, labels))
        if found is None:
            if metric.kind is not MetricKind.HISTOGRAM or len(labels) != len(metric.labels):
                raise ValueError(f"{metric.name} has the labels {metric.labels}, not {labels}")
            found = self._histograms[metric, labels] = Histogram(metric.bounds)
        return found

    def histograms(self, metric: Metric, values: Iterable[str]) -> dict[str, Histogram]:
        """The distributions of a metric with one label, for each of these values; none of them: nothing is measured."""
        found = {value: self.histogram(metric, value) for value in values}
        return {value: histogram for value, histogram in found.items() if histogram is not None}

    def add(self, source: Source) -> None:
        """Ask `source` for its counters and gauges whenever figures are wanted; in the loop's thread."""
        self._sources.append(source)

    def figures(self) -> list[Figure]:
        """All that this process has to say."""
        found = [one for source in self._sources for one in source()]
        # The copy is made at once: another thread may add a histogram meanwhile. A list of the items would not be.
        for (metric, labels), histogram in self._histograms.copy().items():
            factor = MICROSECONDS if metric.in_seconds else 1
            found.append(Figure(metric, labels, round(histogram.total * factor), tuple(histogram.counts)))
        return found
