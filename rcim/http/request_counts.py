"""Counts requests over HTTP by API and class of status, how long their answers took, and connections that were refused
(OP-02)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum

from rcim.base import metrics
from rcim.base.meters import Figure, Meters, figure

NO_API = "none"
"""The label of a path that belongs to no API. Paths themselves are never labels: callers choose them."""
CLASSES = {number: f"{number}xx" for number in range(2, 6)}


class Refusal(StrEnum):
    """Why a connection ended before a request could be read: the label of the metric."""

    LIMIT = "limit"
    ADDRESS = "address"
    HANDSHAKE = "handshake"
    PROXY = "proxy"


class RequestCounts:
    """See the module's text. `levels`: requests that are being answered, and open connections. In the loop's thread."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._counts: Counter[tuple[str, str]] = Counter()
        self._refused = dict.fromkeys(Refusal, 0)
        self.levels: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self.lines_dropped: Callable[[], int] = int
        """Lines of the access log that found no room."""
        meters.add(self._figures)

    def tell(self, api: str, status: int, took_s: float | None = None) -> None:
        """A request to this API (empty: to none) was answered; `took_s`: seconds until the answer was made."""
        labels = api or NO_API, CLASSES.get(status // 100, CLASSES[5])
        self._counts[labels] += 1
        times = self._meters.histogram(metrics.HTTP_TIME, *labels) if took_s is not None else None
        if times is not None and took_s is not None:
            times.observe(took_s)

    def refuse(self, reason: Refusal) -> None:
        """A connection was refused."""
        self._refused[reason] += 1

    def _figures(self) -> Iterator[Figure]:
        for labels, count in self._counts.items():
            yield figure(metrics.HTTP_REQUESTS, count, *labels)
        in_flight, connections = self.levels()
        yield figure(metrics.HTTP_IN_FLIGHT, in_flight)
        yield figure(metrics.HTTP_CONNECTIONS, connections)
        for reason, count in self._refused.items():
            yield figure(metrics.HTTP_REFUSED, count, reason.value)
        yield figure(metrics.ACCESS_LINES_DROPPED, self.lines_dropped())
