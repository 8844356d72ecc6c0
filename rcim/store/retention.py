"""What is to go, in small steps: what dissolved groups have left, and what is older than its kind is kept (ST-02, GT-22).

One sweep goes over everything, from a cursor to the next:

1. `heads`: of each conversation the oldest messages, as long as they are too old for its type. The head then says from
   which SEQ on there are any, so that history says where it begins.
2. `hidden`: what was deleted for oneself of messages that are gone.
3. `altered` and `left`: what somebody that was away that long has to learn. With them it is noted up to which stamp they
   went; who comes with an older cursor is told everything anew (RX-03).
4. `chosen`: what was unpinned of which there was nothing but its pin; the same holds for it.
5. `invited`: invitations that nobody has answered for as long.
6. `applied`, `waiting`, `marks`: applications that nobody has decided for so long, and decisions as old (GR-12).

What is left of temporary conversations goes by the index of their endings (endings.py).

What is damaged, and what stands beside it, stays (ST-03).

With a day's first sweep the notes of days go that are older than any that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from rcim.actor.applications import Application
from rcim.actor.records import UserRestriction
from rcim.actor.user_records import Invitation
from rcim.rules.conversation_kinds import is_channel, parent_of
from rcim.store import keys
from rcim.store.backend import Backend, DamagedError, NoRoom, ReadView, WriteView
from rcim.store.channel_listings import is_listed
from rcim.store.ended_members import Gone, Puts, members_of_ended
from rcim.store.endings import forgotten
from rcim.store.messages import facts_of
from rcim.store.noticing import Noticing
from rcim.store.tables import read_forgotten, read_head, read_profile, read_stamp
from rcim.store.values import Head, ListEntry, Waiting, pack, unpack

DAY_MS = 86_400_000
CONVERSATIONS = 200
"""Looked at in one step: 1.5 ms."""
ROWS = 500
"""Removed in one step: 5 ms of the committing thread."""
LOOKED_AT = 2000
"""Rows of the other tables looked at in one step: 2 ms."""
DAY = b"day:"
"""`meta` keys with the stamp that there was at the beginning of a day's first sweep."""


class Ages(msgspec.Struct, frozen=True):
    """What is too old at `now_ms` (wall clock): messages by the days of their conversation's type, changes by
    `change_days`, applications by `application_days`. Of a type that is not named, and while a group is imported, no
    message goes."""

    now_ms: int
    days: Mapping[str, int]
    change_days: int
    application_days: int = 30
    """For how many days applications and decisions are kept (GR-12)."""

    @property
    def applied_ms(self) -> int:
        """Applications and decisions of then or before are too old."""
        return self.now_ms - self.application_days * DAY_MS


Cursor = tuple[str, bytes]
"""A table, and behind which row."""
BEGIN: Cursor = ("heads", b"")
FOLLOWING = {
    "heads": "hidden",
    "hidden": "altered",
    "altered": "left",
    "left": "chosen",
    "chosen": "invited",
    "invited": "applied",
    "applied": "waiting",
    "waiting": "marks",
    "marks": "",
}


class Removal:
    """See the module's text. All of it is called from the one writing thread, blocks, and raises StoreError."""

    def __init__(self, backend: Backend, noticing: Noticing) -> None:
        self._backend = backend
        self._noticing = noticing
        self._stuck: set[tuple[bytes, bytes]] = set()
        """Rows of `purge` of which nothing can be removed any more: they are tried again after the next start."""

    # -- dissolved groups

    def purge_step(self, rows: int = ROWS) -> bool:
        """Remove up to `rows` messages of dissolved groups; True if more are left. What stands beside what is damaged
        stays, and what comes behind it goes."""
        with self._backend.read(around=True) as view:
            todo = next((row for row in view.scan("purge", b"", keys.LAST) if row not in self._stuck), None)
            if todo is None:
                return False
            gone, left = members_of_ended(view, todo[0], todo[1], rows)
            if not (gone or left):
                gone = self._of_dissolved(view, todo[0], todo[1], rows)
        if not (gone or left):
            gone = [("purge", todo[0])]
        if not self._remove(gone, {}, puts=left) and not left:
            self._stuck.add(todo)
            error = DamagedError(f"{len(gone)} rows stay beside what is damaged")
            self._noticing.note(f"removing what {todo[0].decode()} has left", error)
        return True

    @staticmethod
    def _of_dissolved(view: ReadView, conversation: bytes, value: bytes, rows: int) -> Gone:
        key, newest = conversation.decode(), keys.U64.unpack_from(value)[0]
        ended = keys.U64.unpack_from(value, 8)[0] if len(value) == 16 else 0
        span = view.scan("messages", keys.message(key, 0), keys.message(key, newest + 1))
        gone: Gone = [("messages", row) for row, _ in _first(span, rows)]
        if not gone:  # what was done to them goes last
            gone = [("hidden", row) for row in _hidden_upto(view, conversation, newest, rows)]
        if not gone:  # up to its end: a new one with this id may have begun
            span = view.scan("altered", keys.altered(key, 0, 0), keys.altered(key, ended + 1, 0))
            gone = [("altered", row) for row, _ in _first(span, rows)]
        return gone

    # -- temporary conversations

    def forget_ended(self, now_ms: int) -> int:
        """Remove the last that is kept of temporary conversations that ended a day before `now_ms` (SY-02), of some of
        them; returns how many rows went."""
        with self._backend.read(around=True) as view:
            gone = forgotten(view, now_ms)
        return self._remove(gone, {}) if gone else 0

    # -- what is too old

    def trim_step(self, cursor: Cursor, ages: Ages) -> tuple[Cursor | None, int]:
        """A step of a sweep from `cursor`, BEGIN at first. Returns the next one, None at the end; and how much went."""
        table, after = cursor
        with self._backend.read(around=True) as view:
            notes: dict[bytes, bytes] = {}
            days: Gone = []
            if cursor == BEGIN:
                notes, days = self._note_day(view, ages)
            if table == "heads":
                gone, following, heads = self._old_messages(view, after, ages)
            else:
                heads = {}
                gone, following, upto = self._old_rows(view, table, after, ages)
                if gone and upto > read_forgotten(view):
                    notes[b"forgotten"] = keys.U64.pack(upto)
        if gone or notes or heads:
            self._remove([*gone, *days], heads, notes)
        if following is not None:
            return (table, following), len(gone)
        return (FOLLOWING[table], b"") if FOLLOWING[table] else None, len(gone)

    def _old_messages(self, view: ReadView, after: bytes, ages: Ages) -> tuple[Gone, bytes | None, dict[bytes, int]]:
        """Messages that go, behind which conversation to go on, and the least SEQ that stays by conversation."""
        gone: Gone = []
        heads: dict[bytes, int] = {}
        last = after
        rows = view.scan("heads", after + b"\0" if after else b"", keys.LAST)
        for count, (row, data) in enumerate(rows):
            if count == CONVERSATIONS:
                return gone, last, heads
            try:
                found, kept = self._of_conversation(
                    view=view, row=row, head=unpack(data, Head), ages=ages, rows=ROWS - len(gone)
                )
            except DamagedError:
                found, kept = [], 0
            gone += found
            if found:
                heads[row] = kept
            if len(gone) == ROWS:
                return gone, last, heads  # there may be more of this one
            last = row
        return gone, None, heads

    @staticmethod
    def _of_conversation(view: ReadView, row: bytes, head: Head, ages: Ages, rows: int) -> tuple[Gone, int]:
        """Up to `rows` messages that are too old, and the least SEQ that stays."""
        key = row.decode()
        kept = max(head.kept_seq, 1)
        profile = read_profile(view, key)
        days = ages.days.get(profile.type, 0) if profile is not None else 0
        if profile is None or profile.importing or not days or head.next_seq == kept:
            return [], kept
        oldest_ms = ages.now_ms - days * DAY_MS
        gone: Gone = []
        for name, data in view.scan("messages", keys.message(key, kept), keys.message(key, head.next_seq)):
            seq = keys.U64.unpack(name[-8:])[0]
            of_before = seq < profile.first_seq  # of a group that had the id, or whose type stored none meanwhile
            if len(gone) == rows or not (of_before or facts_of(data).time_ms < oldest_ms):
                break
            gone.append(("messages", name))
            kept = seq + 1
        return gone, kept

    def _old_rows(self, view: ReadView, table: str, after: bytes, ages: Ages) -> tuple[Gone, bytes | None, int]:
        """Rows of `table` that go, behind which to go on, and the highest stamp among them."""
        gone: Gone = []
        upto = 0
        old = self._stamp_of_day(view, ages.now_ms // DAY_MS - ages.change_days)
        kept: dict[bytes, int] = {}
        last = after
        for count, (row, value) in enumerate(view.scan(table, after + b"\0" if after else b"", keys.LAST)):
            if count == LOOKED_AT or len(gone) == ROWS:
                return gone, last, upto
            last = row
            if table == "hidden":
                conversation = row.partition(keys.SEP)[0]
                if conversation not in kept:
                    kept[conversation] = _kept_seq(view, conversation.decode())
                if keys.U64.unpack(row[-8:])[0] < kept[conversation]:
                    gone.append((table, row))
                continue
            try:
                if table in _OUTDATED:
                    if _OUTDATED[table](value, ages):
                        gone.append((table, row))
                    continue
                stamp = _stamp_of(view, table, row, value)
            except DamagedError as error:  # it stays
                self._noticing.note(f"{table}: {keys.shown(table, row)}", error)
                continue
            if 0 < stamp <= old:
                gone.append((table, row))
                upto = max(upto, stamp)
        return gone, None, upto

    @staticmethod
    def _note_day(view: ReadView, ages: Ages) -> tuple[dict[bytes, bytes], Gone]:
        """The stamp that there is today, if it is not noted, and with it the notes that nobody will ask for again; and
        how late it is, also when nobody says anything."""
        today = ages.now_ms // DAY_MS
        name = DAY + keys.U64.pack(today)
        notes = {b"time": keys.U64.pack(ages.now_ms)}
        if view.get("meta", name) is not None:
            return notes, []
        oldest = DAY + keys.U64.pack(max(today - ages.change_days, 0))
        noted = [row for row, _ in view.scan("meta", DAY, oldest + b"\0")]
        return notes | {name: keys.U64.pack(read_stamp(view))}, [("meta", row) for row in noted[:-1]]

    @staticmethod
    def _stamp_of_day(view: ReadView, day: int) -> int:
        """A stamp that is not above any of that day or later: the last one noted up to then; 0 if there is none."""
        if day < 0:
            return 0
        noted = view.scan("meta", DAY, DAY + keys.U64.pack(day) + b"\0", reverse=True)
        found = next(iter(noted), None)
        return int(keys.U64.unpack(found[1])[0]) if found is not None else 0

    def _remove(
        self,
        gone: Gone,
        heads: Mapping[bytes, int],
        notes: Mapping[bytes, bytes] | None = None,
        puts: Puts = (),
    ) -> int:
        """All of it or nothing, but for what stands beside damaged pages; returns how many rows went. Nobody but this
        thread writes: what was read still holds."""
        while True:
            try:
                with self._backend.write(makes_room=True) as writable:
                    deleted = sum(_deleted(writable, table, row) for table, row in gone)
                    for table, row, value in puts:
                        writable.put(table, row, value)
                    for row, kept in heads.items():
                        _keep_from(writable, row, kept)
                    for name, value in (notes or {}).items():
                        writable.put("meta", name, value)
                    if b"time" in (notes or {}):
                        writable.delete("meta", b"doubt")  # the clock is believed: no time is to be moved any more
                return deleted
            except NoRoom:
                self._backend.grow(reserve=True)


def _is_outdated(value: bytes, ages: Ages) -> bool:
    return unpack(value, Invitation).time_ms < ages.now_ms - ages.change_days * DAY_MS


def _is_decided_long_ago(value: bytes, ages: Ages) -> bool:
    return unpack(value, Application).last_ms <= ages.applied_ms


def _waits_no_more(value: bytes, ages: Ages) -> bool:
    return unpack(value, Waiting).time_ms <= ages.applied_ms


def _is_outdated_application(value: bytes, ages: Ages) -> bool:
    """It was of an application alone. What else a mark says goes with the next change of marks."""
    mark = unpack(value, UserRestriction)
    return 0 < mark.applied_ms <= ages.applied_ms and not mark.erased_seq and mark.ended(ages.now_ms)


_OUTDATED: dict[str, Callable[[bytes, Ages], bool]] = {
    "invited": _is_outdated,
    "applied": _is_decided_long_ago,
    "waiting": _waits_no_more,
    "marks": _is_outdated_application,
}
"""Tables whose rows say themselves how old they are, and which of them are too old."""


def _deleted(view: WriteView, table: str, row: bytes) -> bool:
    """True if it could be deleted: what stands beside damaged pages stays."""
    try:
        view.delete(table, row)
        return True
    except DamagedError:
        return False


def _kept_seq(view: ReadView, key: str) -> int:
    try:
        return read_head(view, key).kept_seq
    except DamagedError:
        return 0


def _stamp_of(view: ReadView, table: str, row: bytes, value: bytes) -> int:
    """When what the row tells happened; 0 for one that tells what is so now."""
    if table == "altered":
        return int(keys.U64.unpack(row[-16:-8])[0])
    if table == "left":
        return int(keys.U64.unpack_from(value)[0])
    said = unpack(value, ListEntry)
    user_id, key = row.partition(keys.SEP)[0].decode(), keys.second(row)
    if is_channel(key):  # it has no membership; pins of one that has ended, or whose group was left, go too
        there = is_listed(view, key) and view.get("memberships", keys.pair(user_id, parent_of(key))) is not None
        return 0 if there else said.stamp
    return 0 if said.pinned_ms or view.get("memberships", row) is not None else said.stamp


def _keep_from(view: WriteView, row: bytes, seq: int) -> None:
    data = view.get("heads", row)
    assert data is not None  # it was read to know that something goes
    view.put("heads", row, pack(msgspec.structs.replace(unpack(data, Head), kept_seq=seq)))


def _hidden_upto(view: ReadView, conversation: bytes, newest: int, count: int) -> list[bytes]:
    """Up to `count` rows of what users have hidden up to this SEQ; of each user one other is looked at."""
    found: list[bytes] = []
    low, end = conversation + keys.SEP, conversation + keys.AFTER_SEP
    while len(found) < count:
        row = next((name for name, _ in view.scan("hidden", low, end)), None)
        if row is None:
            break
        if keys.U64.unpack(row[-8:])[0] <= newest:
            found.append(row)
            low = row + b"\0"
        else:
            low = row[:-9] + keys.AFTER_SEP  # behind all of this user
    return found


def _first(rows: Iterator[tuple[bytes, bytes]], count: int) -> Iterator[tuple[bytes, bytes]]:
    for _, row in zip(range(count), rows, strict=False):
        yield row
