"""Work that is done in steps, so that the loop can do something else between two of them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""A step ends at each `yield`, and takes 3 ms at most; the result is returned."""


def at_once(steps: Steps[T]) -> T:
    """The result, of all steps without a pause: for what is small. Raises what a step raises."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found
