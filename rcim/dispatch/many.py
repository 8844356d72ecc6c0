"""Several commands of one workflow, some at a time; and one question to the store."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from rcim.actor.queries import Look
from rcim.dispatch.requests import ReplyTo, Request

AT_ONCE = 64
"""Commands of one workflow under way at a time."""


class WorkflowRunner(Protocol):
    """What workflows need of the dispatcher."""

    def submit(self, request: Request) -> bool: ...

    def read(self, request: Request) -> None: ...

    def look(self, query: Look, done: Callable[[Any], None]) -> None: ...


class Users(Protocol):
    """Who keeps the actors of users in memory."""

    def tell(self, key: str, command: Any, reply_to: ReplyTo) -> bool:
        """Put a command of our own into a mailbox, where there is always room for it. False: there is no such mailbox,
        and the actor, once it is loaded, knows it from the store."""


class Many:
    """Commands under way for one workflow, some at a time; the ReplyTo of all of them."""

    def __init__(
        self,
        doer: WorkflowRunner,
        commands: Iterator[tuple[str, Any]],
        each: Callable[[Any, Any], None],
        end: Callable[[], None],
    ) -> None:
        self._doer = doer
        self._commands = commands
        self._each = each
        self._end = end
        self._under_way: dict[int, Any] = {}
        self._held: deque[Request] = deque()
        self._last = 0
        self._going = False
        self._over = False

    def go(self) -> None:
        """Submit as many as may be under way."""
        if self._going:
            return
        self._going = True
        while len(self._under_way) < AT_ONCE and not self._held:
            following = next(self._commands, None)
            if following is None:
                break
            self._last += 1
            key, command = following
            self._under_way[self._last] = command
            request = Request(key, command, self, self._last)
            if not self._doer.submit(request):
                self._held.append(request)
        self._going = False
        if not self._under_way and not self._over:
            self._over = True
            self._end()

    def answer(self, token: int, result: Any) -> None:
        """One of them is done (ReplyTo)."""
        self._each(self._under_way.pop(token), result)
        self.go()

    def mailbox_drained(self, key: str) -> None:
        """There is room again for the one that is held (ReplyTo)."""
        while self._held:
            request = self._held.popleft()
            if not self._doer.submit(request):
                self._held.appendleft(request)
                return
        self.go()


class Once:
    """One question to the store; its Origin."""

    def __init__(self, done: Callable[[Any], None]) -> None:
        self._done = done

    def answer(self, token: int, result: Any) -> None:
        self._done(result)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""
