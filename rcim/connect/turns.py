"""Input in turns: what connections have sent is worked on within a budget of time for each turn of the loop.

1. Input is worked on as it arrives, as long as the turn has time for it (`has_time`). What a busy turn has no time for
   waits in a line, and its connection is not read meanwhile.
2. There are two lines, each with a budget of its own: strangers (TLS handshakes, HELLO, LOGIN) and users. A storm of
   strangers delays no user, and the other way round.
3. In a line keys take turns: addresses among strangers, users among users. Each turn of a key is one piece of work of one
   of its connections: a handshake step, a chunk of ciphertext, or some frames. Somebody with a thousand connections gets
   as much as somebody with one.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Protocol


class Waiting(Protocol):
    """A connection with input to be worked on."""

    def take_turn(self) -> None:
        """Work on one piece of it; ask again if there is more."""


class Line:
    """Connections that wait, by key; the key that has waited longest is first. One turn of the loop works on them for
    `budget_s` seconds."""

    def __init__(self, budget_s: float) -> None:
        self.budget_s = budget_s
        self._keys: OrderedDict[str, deque[Waiting]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._keys.values()))

    def __bool__(self) -> bool:
        return bool(self._keys)

    def add(self, key: str, who: Waiting) -> None:
        """`who` waits for its turn among those of `key`."""
        waiting = self._keys.get(key)
        if waiting is None:
            self._keys[key] = deque((who,))
        else:
            waiting.append(who)

    def run(self, now: Callable[[], float]) -> None:
        """Give turns until the budget is used up, one at least. Raises what a turn raises; the line is good then."""
        if not self._keys:
            return
        end = now() + self.budget_s
        keys = self._keys
        while keys:
            key, waiting = keys.popitem(last=False)
            who = waiting.popleft()
            if waiting:
                keys[key] = waiting
            who.take_turn()
            if now() >= end:
                return


class Turns:
    """See the module's text. `call_soon` runs a function in the loop's next turn; `now` is a steady clock in seconds."""

    def __init__(
        self,
        input_s: float,
        strangers_s: float,
        call_soon: Callable[[Callable[[], None]], Any],
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.now = now
        self._call_soon = call_soon
        self._input_s = input_s
        self._left_s = input_s
        self._due = False
        self.users = Line(input_s)
        self.strangers = Line(strangers_s)

    def set_budgets(self, input_s: float, strangers_s: float) -> None:
        """So much time is there in one turn of the loop, beginning with this one."""
        self._input_s = self._left_s = self.users.budget_s = input_s
        self.strangers.budget_s = strangers_s

    @property
    def has_time(self) -> bool:
        """False if this turn of the loop has spent its time for input that is worked on as it arrives."""
        return self._left_s > 0

    def spent(self, seconds: float) -> None:
        """So much of it was used. The budget is whole again in the next turn; as long as half of it is left that waits,
        so that a quiet turn costs nothing for it."""
        self._left_s -= seconds
        if self._left_s < self._input_s / 2:
            self._arm()

    def ask(self, line: Line, key: str, who: Waiting) -> None:
        """`who` gets its `take_turn`, at the earliest in the loop's next turn."""
        line.add(key, who)
        self._arm()

    def _arm(self) -> None:
        if not self._due:
            self._due = True
            self._call_soon(self._turn)

    def _turn(self) -> None:
        self._due = False
        self._left_s = self._input_s
        try:
            self.users.run(self.now)
        finally:
            try:
                self.strangers.run(self.now)
            finally:
                if self.users or self.strangers:
                    self._arm()

    @property
    def waiting(self) -> int:
        """How many connections are in line."""
        return len(self.users) + len(self.strangers)
