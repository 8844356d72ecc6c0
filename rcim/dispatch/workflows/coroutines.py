"""Coroutines that answers carry on: no task, no future, no turn of the loop between an answer and what follows it.

A coroutine awaits a Wait. Whoever has what it waits for calls the Resume that the Wait was begun with, and the coroutine
runs on at once, within that call. So the first command of a workflow is in its mailbox before the next request of the
same connection is looked at, and what follows an answer stands before whatever comes later: an asyncio task would begin
a turn later, and change that order (docs/adr/0021-workflows.md).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Resume(Generic[T]):
    """Carries a coroutine on; to be called once, with what it waits for. `over` is True when it waits for that no more:
    it has it, or was cancelled."""

    __slots__ = ("_begun", "_run", "_value", "over")

    def __init__(self, run: CoroutineRun[Any]) -> None:
        self._run = run
        self._begun = False
        self._value: tuple[T, ...] = ()
        self.over = False

    def __call__(self, value: T) -> None:
        if self.over:
            return
        self.over = True
        if self._begun:
            self._run._step(value, None)
        else:
            self._value = (value,)

    def _begin(self, wait: Wait[T]) -> tuple[T, ...]:
        """Begin to wait; returns what was there at once, if it was. Raises what beginning raises."""
        wait.begin(self)
        self._begun = True
        return self._value


class Wait(Generic[T]):
    """What a coroutine awaits. `begin` sees to it that the Resume it is given is called, now or later."""

    __slots__ = ("begin",)

    def __init__(self, begin: Callable[[Resume[T]], None]) -> None:
        self.begin = begin

    def __await__(self) -> Generator[Wait[T], T, T]:
        return (yield self)


class CoroutineRun(Generic[T]):
    """One coroutine under way. `ended(result, error)` is called once, when it has returned or raised: `error` is None, or
    what it raised. `start` once; it may have ended by then."""

    __slots__ = ("_coroutine", "_ended", "_resume")

    def __init__(
        self, coroutine: Coroutine[Wait[Any], Any, T], ended: Callable[[T | None, Exception | None], None]
    ) -> None:
        self._coroutine = coroutine
        self._ended = ended
        self._resume: Resume[Any] | None = None

    def start(self) -> None:
        """Run to where it waits for the first time, or to its end."""
        self._step(None, None)

    def _step(self, value: Any, error: Exception | None) -> None:
        """Run on with what it has waited for, until it waits for something that is not there yet."""
        while True:
            try:
                wait = self._coroutine.send(value) if error is None else self._coroutine.throw(error)
            except StopIteration as end:
                self._ended(end.value, None)
                return
            except Exception as raised:  # its result: whoever has started it decides what becomes of it
                self._ended(None, raised)
                return
            value, error = None, None
            self._resume = resume = Resume[Any](self)
            try:
                found = resume._begin(wait)
            except Exception as raised:  # it is the coroutine's to handle
                resume.over = True
                error = raised
                continue
            if not found:
                return
            (value,) = found

    def cancel(self, error: Exception) -> None:
        """Have it end now: `error` is raised where it waits. It can clean up, but wait for nothing more."""
        if self._resume is not None:
            self._resume.over = True
        try:
            self._coroutine.throw(error)
        except StopIteration as end:
            self._ended(end.value, None)
            return
        except Exception as raised:
            self._ended(None, raised)
            return
        self._coroutine.close()
        self._ended(None, error)
