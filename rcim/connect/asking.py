"""Queries and workflows of this process's own, whose answer a function takes."""

from __future__ import annotations

from collections.abc import Callable

from rcim.actor.outcomes import AnyResult
from rcim.actor.queries import Query
from rcim.actor.workflows import AnyWorkflow
from rcim.dispatch.requests import Engine, Request
from rcim.store.answers import Answer


class _Once:
    """The ReplyTo of one query or workflow."""

    __slots__ = ("_done",)

    def __init__(self, done: Callable[[AnyResult | Answer], None]) -> None:
        self._done = done

    def answer(self, token: int, result: AnyResult | Answer) -> None:
        """Hand the result on."""
        self._done(result)

    def mailbox_drained(self, key: str) -> None:
        """Neither needs a mailbox."""


def ask(engine: Engine, query: Query, done: Callable[[AnyResult | Answer], None]) -> None:
    """Ask the engine; `done` is called once, with the answer or a Refused."""
    engine.ask(Request("", query, _Once(done), 0))


def run(engine: Engine, workflow: AnyWorkflow, done: Callable[[AnyResult | Answer], None]) -> None:
    """Have the engine carry it out; `done` is called once, with the result or a Refused."""
    engine.run(Request("", workflow, _Once(done), 0))
