"""Looking through many things in the loop's thread, some at a time, with the loop's other work between them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush, heapreplace
from itertools import islice
from typing import Any, Generic, TypeVar

from rcim.base.limited_log import LimitedLog

log = LimitedLog("rcim.dispatch")

STEP_S = 0.002
"""How long it goes on in one turn of the loop."""
PAUSE_S = 0.002
"""From one turn to the next: it takes at most half of the thread's time."""
AT_ONCE = 32
"""After so many it looks at the clock, unless it is told otherwise."""

T = TypeVar("T")


def in_steps(
    loop: asyncio.AbstractEventLoop,
    items: Iterable[T],
    look: Callable[[T], object],
    done: Callable[[], None],
    at_once: int = AT_ONCE,
) -> None:
    """Call `look` with each item; a few microseconds each for `at_once` of them, between two looks at the clock. Then
    `done`, which is called once, also after a fault in `look` or `items`, which is logged and ends it. Nothing is called
    in this turn if there are many."""
    left = iter(items)

    def step() -> None:
        end = time.perf_counter() + STEP_S
        try:
            while True:
                some = list(islice(left, at_once))
                for item in some:
                    look(item)
                if len(some) < at_once:
                    break
                if time.perf_counter() >= end:
                    loop.call_later(PAUSE_S, step)
                    return
        except Exception:
            log.exception("looking through what there is failed")
        done()

    step()


class _Turned:
    """A value that is the less the larger it is."""

    __slots__ = ("value",)

    def __init__(self, value: int | str) -> None:
        self.value = value

    def __lt__(self, other: _Turned) -> bool:
        return other.value < self.value  # type: ignore[operator]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Turned) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]


class Largest(Generic[T]):
    """The `most` items with the largest value, or with `smallest` the smallest, of all that `add` was given. Items with
    equal values stay in their order. What is added costs a few microseconds, and is never more than one step of a heap:
    a page far down the list holds up nothing."""

    __slots__ = ("_added", "_heap", "_most", "_smallest")

    def __init__(self, most: int, *, smallest: bool = False) -> None:
        self._most = most
        self._smallest = smallest
        self._added = 0
        self._heap: list[tuple[Any, int, int | str, T]] = []
        """(order, minus the place, value, item): what goes next is first."""

    def add(self, value: int | str, item: T) -> None:
        """One more."""
        self._added -= 1
        order = _Turned(value) if self._smallest else value
        if len(self._heap) < self._most:
            heappush(self._heap, (order, self._added, value, item))
        elif self._heap and self._heap[0][0] < order:  # an equal one comes later, and is left out
            heapreplace(self._heap, (order, self._added, value, item))

    def take(self, skip: int = 0) -> list[tuple[int | str, T]]:
        """(value, item) of each after the first `skip`, in order. It costs a few microseconds for each that is returned;
        once, because it empties this."""
        heap, found = self._heap, list[tuple[int | str, T]]()
        while len(heap) > skip:
            _, _, value, item = heappop(heap)
            found.append((value, item))
        found.reverse()
        return found

    def all(self) -> Iterator[tuple[int | str, T]]:
        """(value, item) of each, in no order."""
        return ((value, item) for _, _, value, item in self._heap)
