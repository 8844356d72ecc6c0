"""Looking through many things in the loop's thread, some at a time, with the loop's other work between them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Generic, TypeVar

from rcim.base.limited_log import LimitedLog

log = LimitedLog("rcim.dispatch")

STEP_S = 0.002
"""How long it goes on in one turn of the loop."""
PAUSE_S = 0.002
"""From one turn to the next: it takes at most half of the thread's time."""
AT_ONCE = 32
"""After so many it looks at the clock."""

T = TypeVar("T")


def in_steps(
    loop: asyncio.AbstractEventLoop, items: Iterable[T], look: Callable[[T], object], done: Callable[[], None]
) -> None:
    """Call `look` with each item; a few microseconds each. Then `done`, which is called once, also after a fault in
    `look`, which is logged and ends it. Nothing is called in this turn if there are many."""
    left = iter(items)

    def step() -> None:
        end = time.perf_counter() + STEP_S
        try:
            while True:
                some = list(islice(left, AT_ONCE))
                for item in some:
                    look(item)
                if len(some) < AT_ONCE:
                    break
                if time.perf_counter() >= end:
                    loop.call_later(PAUSE_S, step)
                    return
        except Exception:
            log.exception("looking through what there is failed")
        done()

    step()


class Largest(Generic[T]):
    """The `most` items with the largest value, or with `smallest` the smallest, of all that `add` was given. Items with
    equal values stay in their order. It holds up to four times as many: what is added costs 0.3 µs on average."""

    __slots__ = ("_found", "_most", "_smallest")

    def __init__(self, most: int, *, smallest: bool = False) -> None:
        self._most = most
        self._smallest = smallest
        self._found: list[tuple[int | str, T]] = []

    def add(self, value: int | str, item: T) -> None:
        """One more."""
        self._found.append((value, item))
        if len(self._found) >= 4 * self._most + 100:
            self._cut()

    def _cut(self) -> None:
        self._found.sort(key=lambda one: one[0], reverse=not self._smallest)
        del self._found[self._most :]

    def take(self) -> list[tuple[int | str, T]]:
        """(value, item) of each, in order."""
        self._cut()
        return self._found
