"""Filling a store that no server uses: records in, many in a commit. For tools, measurements and tests."""

from __future__ import annotations

from rcim.actor.records import Record
from rcim.base.ids import SHARDS, shard_of
from rcim.store.shard_log import AppendFailed, AppendResult, ShardAppend, ShardLog


def append_now(log: ShardLog, appends: list[ShardAppend], now_ms: int = 0, doubted_ms: int = 0) -> None:
    """Append to a log that answers before `append` ends, as one in tables does. Raises the first error of a shard; other
    shards may have been kept then."""
    results: list[AppendResult] = []
    log.append(appends, now_ms, doubted_ms, results.extend)
    for result in results:
        if isinstance(result, AppendFailed):
            raise result.error


class Filling:
    """Claims all shards of `log`. A record takes the next running number of its conversation's shard."""

    def __init__(self, log: ShardLog) -> None:
        self._log = log
        self._claims = log.claim(range(SHARDS))
        self._records: dict[int, list[Record]] = {}
        self.waiting = 0
        """Records that were put and are not committed."""

    def position(self, key: str) -> int:
        """The running number that the next record of the conversation `key` will have."""
        shard = shard_of(key)
        return self._claims[shard].position + len(self._records.get(shard, ()))

    def put(self, key: str, record: Record) -> None:
        """One more record of the conversation `key`."""
        self._records.setdefault(shard_of(key), []).append(record)
        self.waiting += 1

    def commit(self) -> None:
        """Keep what was put. Raises StoreError: nothing of it was kept, and it is forgotten."""
        records, self._records, self.waiting = self._records, {}, 0
        if not records:
            return
        try:
            append_now(
                self._log,
                [
                    ShardAppend(shard, self._claims[shard].epoch, self._claims[shard].position, rows)
                    for shard, rows in records.items()
                ],
            )
        finally:
            self._claims = self._log.claim(range(SHARDS))
