"""The attributes of a room (CR-03): a few keys with values that everyone in the room has.

1. Each change gives an attribute the room's next version; versions only grow, also when the room ends and another one is
   made with its id, since they begin at the time.
2. Removed attributes are remembered, REMOVED_MAX of them. Whoever knows an older version than the floor is told all.
3. Changes are told at once after quiet; those of the rest of a slice are told together at its end. Each news says which
   version it follows: whoever has another one has missed something, and asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rcim.actor.effects import Effect, Notify, RoomAttributesNews
from rcim.actor.records import RoomAttribute, RoomAttributesChanged
from rcim.actor.room_commands import AttributeEntry
from rcim.actor.snapshots import RoomSnapshot
from rcim.base.errors import ATTRIBUTE_CONFLICT, NO_SUCH_ATTRIBUTE, TOO_MANY_ATTRIBUTES, RcimError

ATTRIBUTES_MAX = 100
"""RongCloud's."""
BYTES_MAX = 256 << 10
"""Of keys and values of one room: some pages of a client that joins."""
REMOVED_MAX = 200
NEWS_BYTES_MAX = 32 << 10
"""From which on changes wait no longer: with the next batch a frame is still within its bound."""
ROW_BYTES = 64
"""What a row has besides key, value, setter and notice, at the most."""


def size_of(attribute: RoomAttribute) -> int:
    """What it takes in a frame, at the most, in bytes."""
    texts = len(attribute.key) + len(attribute.value.encode()) + len(attribute.by.encode())
    return ROW_BYTES + texts + len(attribute.notice)


class RoomAttributes:
    """See the module's text."""

    __slots__ = (
        "_bytes",
        "_due_ms",
        "_floor",
        "_key",
        "_news",
        "_news_bytes",
        "_removed",
        "_told",
        "_values",
        "version",
    )

    def __init__(self, key: str, snapshot: RoomSnapshot | None = None) -> None:
        """`snapshot` is what the store has; None: the room has never had an attribute."""
        self._key = key
        self.version = snapshot.version if snapshot is not None else 0
        self._floor = snapshot.floor if snapshot is not None else 0
        rows = snapshot.attributes if snapshot is not None else []
        self._values = {row.key: row for row in rows if not row.removed}
        self._removed = {row.key: row for row in rows if row.removed}
        self._bytes = sum(map(_counted, self._values.values()))
        self._news: dict[str, RoomAttribute] = {}
        """Changes that nobody has been told of."""
        self._news_bytes = 0
        self._told = self.version
        """The version of which everyone has been told."""
        self._due_ms = 0
        """When changes may be told again."""

    # -- changes

    def check_set(
        self, entries: Sequence[AttributeEntry], by: str, *, forced: bool, without: Sequence[str] = ()
    ) -> list[AttributeEntry]:
        """Those of `entries` that change anything. The attributes `without` are to be removed before. Raises
        RcimError(ATTRIBUTE_CONFLICT or TOO_MANY_ATTRIBUTES)."""
        wanted: list[AttributeEntry] = []
        count = len(self._values) - len(without)
        size = self._bytes - sum(_counted(self._values[key]) for key in without)
        for entry in entries:
            there = self._values.get(entry.key)
            if there is not None and there.by != by and not forced:
                raise RcimError(ATTRIBUTE_CONFLICT, f"{entry.key}: {there.by} has set it")
            count += there is None
            size += len(entry.key) + len(entry.value.encode()) - (_counted(there) if there is not None else 0)
            if there is None or (there.value, there.by, there.with_setter) != (entry.value, by, entry.with_setter):
                wanted.append(entry)
        if count > ATTRIBUTES_MAX:
            raise RcimError(TOO_MANY_ATTRIBUTES, f"a room has at most {ATTRIBUTES_MAX} attributes")
        if size > BYTES_MAX:
            raise RcimError(TOO_MANY_ATTRIBUTES, f"the attributes of a room have at most {BYTES_MAX} bytes")
        return wanted

    def check_removal(self, keys: Iterable[str], by: str, *, forced: bool) -> None:
        """Returns if these may be removed. Raises RcimError(NO_SUCH_ATTRIBUTE or ATTRIBUTE_CONFLICT)."""
        for key in keys:
            there = self._values.get(key)
            if there is None:
                raise RcimError(NO_SUCH_ATTRIBUTE, f"the room has no attribute {key}")
            if there.by != by and not forced:
                raise RcimError(ATTRIBUTE_CONFLICT, f"{key}: {there.by} has set it")

    def set(self, entries: Sequence[AttributeEntry], by: str, now_ms: int, notice: bytes) -> RoomAttributesChanged:
        """Set what `check_set` has allowed. Returns the record."""
        put: list[RoomAttribute] = []
        for entry in entries:
            put.append(
                RoomAttribute(
                    key=entry.key,
                    value=entry.value,
                    by=by,
                    time_ms=now_ms,
                    version=self._next(now_ms),
                    with_setter=entry.with_setter,
                    notice=notice if not put else b"",
                )
            )
        return self._changed(put)

    def remove(self, keys: Sequence[str], by: str, now_ms: int, notice: bytes = b"") -> RoomAttributesChanged:
        """Remove what is there. Returns the record."""
        put: list[RoomAttribute] = []
        for key in keys:
            put.append(
                RoomAttribute(
                    key=key,
                    value="",
                    by=by,
                    time_ms=now_ms,
                    version=self._next(now_ms),
                    removed=True,
                    notice=notice if not put else b"",
                )
            )
        return self._changed(put)

    def set_by(self, users: Iterable[str]) -> list[str]:
        """The keys of attributes that go when these users leave."""
        gone = set(users)
        return [key for key, one in self._values.items() if one.with_setter and one.by in gone]

    def _next(self, now_ms: int) -> int:
        if not self.version:  # whoever comes with a version of a room before this one is told all
            self._floor = now_ms - 1
        self.version = max(self.version + 1, now_ms)
        return self.version

    def _changed(self, put: list[RoomAttribute]) -> RoomAttributesChanged:
        for one in put:
            there = self._values.pop(one.key, None)
            self._removed.pop(one.key, None)
            self._bytes -= _counted(there) if there is not None else 0
            if one.removed:
                self._removed[one.key] = one
            else:
                self._values[one.key] = one
                self._bytes += _counted(one)
            before = self._news.pop(one.key, None)
            self._news_bytes += size_of(one) - (size_of(before) if before is not None else 0)
            self._news[one.key] = one
        forgotten: list[str] = []
        while len(self._removed) > REMOVED_MAX:
            oldest = self._removed.pop(next(iter(self._removed)))
            self._floor = max(self._floor, oldest.version)
            forgotten.append(oldest.key)
        return RoomAttributesChanged(self._key, self.version, self._floor, put, forgotten)

    # -- telling

    def news(self, now_ms: int, slice_ms: int) -> tuple[Effect, ...]:
        """What is to be told now: nothing within a slice after the last news, unless there is very much."""
        if not self._news or (now_ms < self._due_ms and self._news_bytes < NEWS_BYTES_MAX):
            return ()
        said = RoomAttributesNews(self._told, self.version, list(self._news.values()))
        self._news, self._news_bytes = {}, 0
        self._told, self._due_ms = self.version, now_ms + slice_ms
        return (Notify(None, said),)

    def due_in_ms(self, now_ms: int) -> int:
        """When `news` is to be asked; -1: everything is told."""
        return max(0, self._due_ms - now_ms) if self._news else -1

    # -- reading

    def named(self, keys: Iterable[str]) -> list[RoomAttribute]:
        """Those with these keys, as far as there are any."""
        return [self._values[key] for key in dict.fromkeys(keys) if key in self._values]

    def is_unknown(self, since: int) -> bool:
        """True if it can't be told what has changed since that version: all is to be told."""
        return since == 0 or since < self._floor or since > self.version

    def since(self, version: int) -> list[RoomAttribute]:
        """What has changed after `version`, removed ones too, in the order of versions."""
        rows = [one for one in (*self._values.values(), *self._removed.values()) if one.version > version]
        return sorted(rows, key=lambda one: one.version)

    def all(self) -> list[RoomAttribute]:
        """What there is, in the order of versions."""
        return sorted(self._values.values(), key=lambda one: one.version)


def bare(attribute: RoomAttribute) -> RoomAttribute:
    """It without what went with the change alone."""
    return msgspec.structs.replace(attribute, notice=b"") if attribute.notice else attribute


def _counted(attribute: RoomAttribute) -> int:
    return len(attribute.key) + len(attribute.value.encode())
