"""The log of the shards and the view of what is in it: what the dispatcher needs of whatever keeps the records (ST-01).

1. A conversation belongs to a shard. A shard has one writer at a time, who has claimed it; its records have running
   numbers without a gap, the first one is 1.
2. At most one append of a shard is under way. It is kept whole or not at all, and it is durable when it is reported.
3. A log may answer shard by shard. Nobody may expect that one shard waits for another.
4. Whoever claims a shard shuts out who had it before: appends with an older epoch are Fenced.

`Store` is both on one machine: the append and its application are one transaction (docs/adr/0022).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from rcim.actor.events import AnyEvent
from rcim.actor.queries import Query
from rcim.actor.records import (
    AppSnapshot,
    GroupChanged,
    GroupDissolved,
    GroupSnapshot,
    Member,
    Record,
    UserListed,
    UserSaved,
    UserSnapshot,
)
from rcim.store.answers import Answer
from rcim.store.faults import FullError as Full
from rcim.store.faults import StoreError
from rcim.store.scan import Scan


class Unavailable(StoreError):
    """The log did not keep the append, or could not say whether it did: who asks again has to claim the shard first."""


class Fenced(StoreError):
    """Another one has claimed the shard since: nothing was kept, and nothing will be under this epoch."""


class Claim(NamedTuple):
    """What who claims a shard gets."""

    epoch: int
    """Rises with each other claimant; 0: nobody has claimed the shard yet."""
    position: int
    """The running number of the shard's next record."""


class ShardAppend(msgspec.Struct, frozen=True, gc=False):
    """Records for one shard. They take the running numbers from `expected` on."""

    shard: int
    epoch: int
    expected: int
    records: Sequence[Record]
    events: Sequence[AnyEvent] = ()
    """What has happened, kept with the records; there may be events alone."""


class Appended(msgspec.Struct, frozen=True, gc=False):
    """The append of this shard is durable."""

    shard: int
    position: int
    """The running number of the shard's next record."""


class AppendFailed(NamedTuple):
    """The append of this shard was not kept. With Unavailable it may have been: `claim` tells."""

    shard: int
    error: BaseException
    """Fenced, Full (there is room only for what makes room), Unavailable, or another StoreError."""


AppendResult = Appended | AppendFailed
Done = Callable[[Sequence[AppendResult]], None]
"""Told what became of some of the shards of an append. May be called in any thread, once for each shard in all."""


class ShardLog(Protocol):
    """Where records are kept. Called in one thread, in which it may block."""

    appends_together: bool
    """True: appends of several shards share one commit, and the next call is to wait for the end of the last: what comes
    meanwhile is committed together. False: each shard goes its own way, and other shards may be appended to meanwhile."""

    def claim(self, shards: Iterable[int]) -> Mapping[int, Claim]:
        """Make the caller the only one who may append to these shards. To claim again what is still one's own changes
        nothing, and tells how far the shard has come. Raises Fenced if another one has claimed one of them since, and
        StoreError if that can't be told."""

    def append(self, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int, done: Done) -> None:
        """Keep these, at most one for each shard, and tell `done` of each shard. `now_ms` is the time in force, since
        when it is in doubt `doubted_ms`; 0: it is not."""


class View(Protocol):
    """What the records that are durable amount to. All of it blocks."""

    def newest_ms(self) -> int:
        """The newest time that is known, in milliseconds since 1970; 0 if nothing has happened yet. Raises StoreError."""

    def load_group(self, key: str, now_ms: int) -> GroupSnapshot:
        """All that the group's actor needs; with `profile` None if there is no such group. Raises StoreError."""

    def load_members(self, key: str, user_ids: Iterable[str]) -> dict[str, Member | None]:
        """The rows of these users in the conversation; None: the user is no member. Raises StoreError."""

    def load_member_page(self, key: str, after: str, limit: int) -> list[Member]:
        """The first `limit` members of the conversation by user id, behind the user `after`; "": from the first one.
        Empty: there are no more. Raises StoreError."""

    def load_user(self, key: str, user_id: str) -> UserSnapshot:
        """All that the user's actor needs. Raises StoreError."""

    def load_app(self) -> AppSnapshot:
        """What belongs to the whole app. Raises StoreError."""

    def answer_some(
        self, queries: Sequence[Query | Scan], for_s: float
    ) -> list[tuple[Answer | Scan | StoreError, float]]:
        """The answers to the first of these queries, as many as take about `for_s` seconds, and what each took."""


def makes_room(record: Record) -> bool:
    """True for records that go through where others find no room (ST-04): somebody or something goes for good. What
    such a record adds, as a tip that a member has left, is less than what went."""
    if isinstance(record, GroupChanged):
        return bool(record.dropped) and not record.put
    if isinstance(record, UserSaved):
        return record.profile.deleted
    if isinstance(record, UserListed):
        return not record.add
    return isinstance(record, GroupDissolved)


__all__ = [
    "AppendFailed",
    "AppendResult",
    "Appended",
    "Claim",
    "Done",
    "Fenced",
    "Full",
    "ShardAppend",
    "ShardLog",
    "Unavailable",
    "View",
    "makes_room",
]
