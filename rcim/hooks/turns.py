"""Turns of users for questions to the app: a few places at a time, given to one user after the other.

1. AT_ONCE questions are unanswered, at most OF_USER of one user: a user with slow answers delays no other.
2. When a place is free, the user whose turn it is gets it, for the question that has waited longest; then it is the next
   user's turn.
3. At most WAITING_OF_USER questions of one user, and WAITING_MAX of all, wait or are unanswered: more are not taken.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque

AT_ONCE, OF_USER = 100, 20
WAITING_MAX, WAITING_OF_USER = 1000, 200


class Turns:
    """See the module's text. `take`, then `wait`, and always `leave` at the end."""

    def __init__(self) -> None:
        self._there: Counter[str] = Counter()
        """By user, questions that were taken and have not left."""
        self._under_way: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """By user; the one whose turn is next stands first."""

    def take(self, user_id: str) -> bool:
        """Let a question of the user in; False if there are too many."""
        if self._there.total() >= WAITING_MAX or self._there[user_id] >= WAITING_OF_USER:
            return False
        self._there[user_id] += 1
        return True

    async def wait(self, user_id: str) -> None:
        """Wait for a place; `done` gives it back. Cancelled, it holds none."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user_id, deque()).append(turn)
        self._give()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.done(user_id)
            raise

    def done(self, user_id: str) -> None:
        """A question has been answered: its place is free."""
        _less(self._under_way, user_id)
        self._give()

    def leave(self, user_id: str) -> None:
        """A question that was taken is over."""
        _less(self._there, user_id)

    def _give(self) -> None:
        """Give out the places that are free, each to another user."""
        for user_id in list(self._waiting):
            if self._under_way.total() >= AT_ONCE:
                return
            if self._under_way[user_id] < OF_USER:
                self._next_of(user_id)

    def _next_of(self, user_id: str) -> None:
        """Start the user's oldest question; the user's next one waits after those of the other users."""
        waiting = self._waiting.pop(user_id)
        while waiting:
            turn = waiting.popleft()
            if not turn.done():  # it may have been cancelled
                turn.set_result(None)
                self._under_way[user_id] += 1
                break
        if waiting:
            self._waiting[user_id] = waiting


def _less(counts: Counter[str], user_id: str) -> None:
    counts[user_id] -= 1
    if not counts[user_id]:
        del counts[user_id]
