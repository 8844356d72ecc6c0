"""The log of the shards, and the view of its records: the dispatcher's interface to the store (ST-01).

1. A conversation belongs to a shard. A shard has one writer at a time, who has claimed it; its records have running
   numbers without a gap, the first one is 1.
2. At most one append of a shard is under way. It is stored whole or not at all, and it is durable when it is reported.
3. A log may answer shard by shard. Callers must not assume that one shard waits for another.
4. Claiming a shard fences its previous writer: appends with an older epoch are Fenced.

`Store` is both on one machine: the append and its application are one transaction (docs/adr/0022).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from rcim.actor.events import AnyEvent
from rcim.actor.queries import Query
from rcim.actor.records import GroupChanged, GroupDissolved, Member, Record, RoomAttributesChanged
from rcim.actor.snapshots import AppSnapshot, GroupSnapshot, UserSnapshot
from rcim.actor.user_records import UserListed, UserSaved
from rcim.store.answers import Answer
from rcim.store.faults import FullError as Full
from rcim.store.faults import StoreError
from rcim.store.scan import Scan


class Unavailable(StoreError):
    """The log did not store the append, or can't say whether it did: to append again, claim the shard first."""


class Fenced(StoreError):
    """Another writer has claimed the shard since: nothing was stored, and nothing will be under this epoch."""


class Claim(NamedTuple):
    """The result of claiming a shard."""

    epoch: int
    """Rises with each new writer; 0: the shard has never been claimed."""
    position: int
    """The running number of the shard's next record."""


class ShardAppend(msgspec.Struct, frozen=True, gc=False):
    """Records for one shard. They take the running numbers from `expected` on."""

    shard: int
    epoch: int
    expected: int
    records: Sequence[Record]
    events: Sequence[AnyEvent] = ()
    """Events, stored with the records; there may be events without records."""


class Appended(msgspec.Struct, frozen=True, gc=False):
    """The append of this shard is durable."""

    shard: int
    position: int
    """The running number of the shard's next record."""


class AppendFailed(NamedTuple):
    """The append of this shard was not stored. With Unavailable it may have been: `claim` tells."""

    shard: int
    error: BaseException
    """Fenced, Full (there is room only for writes that free space), Unavailable, or another StoreError."""


AppendResult = Appended | AppendFailed
Done = Callable[[Sequence[AppendResult]], None]
"""Called with the results for some of the shards of an append, in any thread, once for each shard in all."""


class ShardLog(Protocol):
    """The log of records. Called in one thread, in which it may block."""

    appends_together: bool
    """True: appends of several shards share one commit. The next call waits for the end of the last one, so that what
    arrives meanwhile is committed together. False: shards are independent; others may be appended to meanwhile."""

    def claim(self, shards: Iterable[int]) -> Mapping[int, Claim]:
        """Make the caller the only writer of these shards. Claiming a shard again that is still one's own changes
        nothing, and returns its position. Raises Fenced if another one has claimed one of them since, and
        StoreError if that is unknown."""

    def append(self, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int, done: Done) -> None:
        """Store these, at most one for each shard, and report each shard to `done`. `now_ms` is the trusted time,
        `doubted_ms` since when it is in doubt; 0: it is not."""


class View(Protocol):
    """The state that results from the durable records. All methods block."""

    def newest_ms(self) -> int:
        """The newest time that is known, in milliseconds since 1970; 0 if nothing has happened yet. Raises StoreError."""

    def load_group(self, key: str, now_ms: int) -> GroupSnapshot:
        """Everything that the group's actor needs; with `profile` None if there is no such group. Raises StoreError."""

    def load_members(self, key: str, user_ids: Iterable[str]) -> dict[str, Member | None]:
        """The rows of these users in the conversation; None: the user is no member. Raises StoreError."""

    def load_member_page(self, key: str, after: str, limit: int) -> list[Member]:
        """The first `limit` members of the conversation by user id, behind the user `after`; "": from the first one.
        Empty: there are no more. Raises StoreError."""

    def load_user(self, key: str, user_id: str) -> UserSnapshot:
        """Everything that the user's actor needs. Raises StoreError."""

    def load_app(self) -> AppSnapshot:
        """The data of the whole app. Raises StoreError."""

    def answer_some(
        self, queries: Sequence[Query | Scan], for_s: float
    ) -> list[tuple[Answer | Scan | StoreError, float]]:
        """The answers to the first of these queries, as many as take about `for_s` seconds, with the time of each."""


def makes_room(record: Record) -> bool:
    """True for records that are accepted when the store is full (ST-04), because they remove something for good.
    What such a record adds, as a tip that a member has left, is less than what it removes."""
    if isinstance(record, GroupChanged):
        return bool(record.dropped) and not record.put
    if isinstance(record, UserSaved):
        return record.profile.deleted
    if isinstance(record, UserListed):
        return not record.add
    if isinstance(record, RoomAttributesChanged):
        return all(attribute.removed for attribute in record.put)
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
