"""A shard log that fails, shard by shard, when it is told to; otherwise it does what the log behind it does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from rcim.store.shard_log import (
    AppendFailed,
    Claim,
    Done,
    Fenced,
    Full,
    ShardAppend,
    ShardLog,
    Unavailable,
)

Fault = Callable[[ShardAppend, int, int, Done], None]


class FaultyLog:
    """See the module's text. Faults are set for a shard: `lose_acknowledgement`, `fill` and `cut_off` for its next
    append, `fence` and `hold` until it is claimed or let go. With `together` all shards share one commit."""

    def __init__(self, inner: ShardLog, *, together: bool = False) -> None:
        self.inner = inner
        self.appends_together = together
        self.appends: list[list[int]] = []
        """The shards of each append so far."""
        self.claims_failing = 0
        """So many claims fail, the next ones."""
        self._faults: dict[int, Fault] = {}
        self._holding: set[int] = set()
        self._held: dict[int, Callable[[], None]] = {}
        self._lock = threading.Lock()

    # -- what goes wrong

    def lose_acknowledgement(self, shard: int) -> None:
        """The next append is kept, and reported as Unavailable."""
        self._faults[shard] = self._lost

    def cut_off(self, shard: int) -> None:
        """The next append is not kept, and reported as Unavailable."""
        self._faults[shard] = lambda append, now_ms, doubted_ms, done: done(
            [AppendFailed(append.shard, Unavailable("no answer"))]
        )

    def fill(self, shard: int) -> None:
        """The next append finds no room."""
        self._faults[shard] = lambda append, now_ms, doubted_ms, done: done(
            [AppendFailed(append.shard, Full("full"))]
        )

    def fence(self, shard: int) -> None:
        """Another writer has claimed it."""
        self._faults[shard] = self._fenced

    def hold(self, shard: int) -> None:
        """Its appends complete only when the test says so."""
        self._holding.add(shard)

    def let_go(self, shard: int) -> None:
        """What was held completes now, in the calling thread."""
        self._holding.discard(shard)
        with self._lock:
            held = self._held.pop(shard, None)
        if held is not None:
            held()

    def is_held(self, shard: int) -> bool:
        """True if an append of this shard waits to be let go."""
        with self._lock:
            return shard in self._held

    # -- the log

    def claim(self, shards: Iterable[int]) -> Mapping[int, Claim]:
        """See ShardLog."""
        shards = list(shards)
        if self.claims_failing:
            self.claims_failing -= 1
            raise Unavailable("no answer")
        for shard in shards:
            if self._faults.get(shard) == self._fenced:
                raise Fenced(f"shard {shard}")
        return self.inner.claim(shards)

    def append(self, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int, done: Done) -> None:
        """See ShardLog. Shards are appended to one after the other, and told of one by one."""
        self.appends.append([append.shard for append in appends])
        for append in appends:
            fault = self._faults.get(append.shard, self._kept)
            if fault != self._fenced:
                self._faults.pop(append.shard, None)
            if append.shard in self._holding:
                with self._lock:
                    self._held[append.shard] = lambda f=fault, a=append: f(a, now_ms, doubted_ms, done)
            else:
                fault(append, now_ms, doubted_ms, done)

    def _kept(self, append: ShardAppend, now_ms: int, doubted_ms: int, done: Done) -> None:
        self.inner.append([append], now_ms, doubted_ms, done)

    def _lost(self, append: ShardAppend, now_ms: int, doubted_ms: int, done: Done) -> None:
        self.inner.append(
            [append], now_ms, doubted_ms, lambda _: done([AppendFailed(append.shard, Unavailable("no answer"))])
        )

    def _fenced(self, append: ShardAppend, now_ms: int, doubted_ms: int, done: Done) -> None:
        done([AppendFailed(append.shard, Fenced(f"shard {append.shard}"))])

    def unfence(self, shard: int) -> None:
        """The other writer is gone."""
        del self._faults[shard]
