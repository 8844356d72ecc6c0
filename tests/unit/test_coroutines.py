"""Coroutines that answers carry on (rcim/dispatch/workflows/coroutines.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rcim.dispatch.workflows.coroutines import CoroutineRun, Resume, Wait


class Answers:
    """What is waited for, and how a coroutine has ended."""

    def __init__(self) -> None:
        self.begun: list[Resume[Any]] = []
        self.ended: list[tuple[Any, Exception | None]] = []
        self.log: list[str] = []

    def later(self) -> Wait[Any]:
        return Wait(self.begun.append)

    def run(self, make: Callable[[], Any]) -> CoroutineRun[Any]:
        run: CoroutineRun[Any] = CoroutineRun(make(), lambda result, error: self.ended.append((result, error)))
        run.start()
        return run


def test_what_is_there_at_once_and_what_comes_later() -> None:
    answers = Answers()

    async def adds() -> int:
        first: int = await Wait(lambda resume: resume(1))
        second: int = await answers.later()
        return first + second

    answers.run(adds)
    assert answers.ended == []
    answers.begun[0](41)
    assert answers.ended == [(42, None)]
    answers.begun[0](7)
    assert len(answers.ended) == 1, "who says it twice is not heard"


def test_very_many_answers_at_once_are_no_deep_call() -> None:
    answers = Answers()

    async def counts() -> int:
        return sum([await Wait[int](lambda resume: resume(1)) for _ in range(10_000)])

    answers.run(counts)
    assert answers.ended == [(10_000, None)]


def test_what_beginning_raises_is_the_coroutines() -> None:
    answers, fault = Answers(), ValueError("no such thing")

    def failing(resume: Resume[None]) -> None:
        raise fault

    async def catches() -> str:
        try:
            await Wait(failing)
        except ValueError:
            return "caught"
        return "not"

    async def does_not() -> None:
        await Wait(failing)

    answers.run(catches)
    answers.run(does_not)
    assert answers.ended == [("caught", None), (None, fault)]


def test_who_is_cancelled_cleans_up_and_hears_nothing_more() -> None:
    answers, over = Answers(), RuntimeError("over")

    async def cleans_up() -> None:
        try:
            await answers.later()
        finally:
            answers.log.append("cleaned up")

    answers.run(cleans_up).cancel(over)
    answers.begun[0](1)
    assert answers.log == ["cleaned up"] and answers.ended == [(None, over)] and answers.begun[0].over


def test_who_is_cancelled_can_wait_for_nothing_more() -> None:
    answers, over = Answers(), RuntimeError("over")

    async def waits_on() -> None:
        try:
            await answers.later()
        finally:
            await answers.later()

    answers.run(waits_on).cancel(over)
    assert answers.ended == [(None, over)] and len(answers.begun) == 1


def test_who_is_cancelled_may_return_something() -> None:
    answers = Answers()

    async def returns() -> str:
        try:
            await answers.later()
        except RuntimeError:
            return "some of it"
        return "all of it"

    answers.run(returns).cancel(RuntimeError("over"))
    assert answers.ended == [("some of it", None)]
