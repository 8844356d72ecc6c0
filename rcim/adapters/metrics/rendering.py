"""Writes the figures of all metrics in the formats that Prometheus reads, with prometheus-client."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import accumulate, groupby

from prometheus_client import Metric as Family
from prometheus_client import exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from rcim.base.meters import MICROSECONDS
from rcim.base.metrics import BY_NAME, Metric, MetricKind
from rcim.service.results import MetricRow

GZIP_LEVEL = 1
"""The fastest: it makes a tenth of the text, and a higher one takes several times as long for little."""


class Format(Enum):
    """The format of an answer; its value is the content type."""

    TEXT = exposition.CONTENT_TYPE_PLAIN_0_0_4
    OPENMETRICS = openmetrics.CONTENT_TYPE_LATEST


def format_of(accept: str) -> Format:
    """The one that the header `Accept` asks for: OpenMetrics if it names it, else the text format."""
    kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return Format.OPENMETRICS if "application/openmetrics-text" in kinds else Format.TEXT


def takes_gzip(accept_encoding: str) -> bool:
    """True if the header `Accept-Encoding` has gzip, and not to refuse it."""
    for part in accept_encoding.split(","):
        name, _, quality = part.replace(" ", "").lower().partition(";")
        if name == "gzip":
            return quality not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def rendered(rows: Iterable[MetricRow], format_: Format, *, zipped: bool) -> bytes:
    """The rows, which are in the order of their names, as text. It takes some ms: not in the loop's thread."""
    collector = _Rows(rows)
    write = openmetrics.generate_latest if format_ is Format.OPENMETRICS else exposition.generate_latest
    text: bytes = write(collector)
    return gzip.compress(text, GZIP_LEVEL, mtime=0) if zipped else text


class _Rows(Collector):
    """Rows as families. A row whose metric is not in the table, or has other labels than there, is a fault of ours."""

    def __init__(self, rows: Iterable[MetricRow]) -> None:
        self._rows = rows

    def collect(self) -> Iterator[Family]:
        """As prometheus-client asks for them."""
        for name, rows in groupby(self._rows, lambda row: row.name):
            yield _family(BY_NAME[name], rows)


def _family(metric: Metric, rows: Iterable[MetricRow]) -> Family:
    factor = MICROSECONDS if metric.in_seconds else 1
    if metric.kind is MetricKind.HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        bounds = [*map(floatToGoString, metric.bounds), "+Inf"]
        for row in rows:
            buckets = list(zip(bounds, accumulate(row.counts), strict=True))
            histogram.add_metric(_labels(metric, row), buckets, row.value / factor)
        return histogram
    family: CounterMetricFamily | GaugeMetricFamily
    if metric.kind is MetricKind.COUNTER:
        family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    else:
        family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for row in rows:
        family.add_metric(_labels(metric, row), row.value / factor)
    return family


def _labels(metric: Metric, row: MetricRow) -> list[str]:
    return [row.labels[label] for label in metric.labels]
