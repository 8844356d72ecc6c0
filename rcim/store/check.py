"""The consistency check (`rcim check`): does what is kept agree with itself? It only reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from rcim.actor.records import Member, Message, Profile
from rcim.base.ids import POSITION_BITS, shard_of
from rcim.base.terms import Role
from rcim.rules.conversation_kinds import BROADCAST, PAIR, is_channel, is_paged, kind_of, parent_of
from rcim.rules.folding import words_of
from rcim.store import dead_letters, endings, event_log, keys, room_rows, table_log
from rcim.store.backend import Backend, ReadView, StoreError
from rcim.store.channel_listings import is_listed
from rcim.store.channel_rows import insiders_of, parent_member
from rcim.store.name_index import is_current
from rcim.store.upgrade import SCHEMA_VERSION, schema_of
from rcim.store.values import Head, unpack


class Report(msgspec.Struct):
    """How much was read, and each thing that is wrong, in words."""

    schema: int = SCHEMA_VERSION
    groups: int = 0
    pairs: int = 0
    """One-to-one conversations."""
    members: int = 0
    messages: int = 0
    faults: list[str] = msgspec.field(default_factory=list)


COUNTED_SINCE = 2
"""The schema version from which on groups are counted by type, and found by their words."""
FAULTS_MAX = 1000
"""A report stops growing here: more says nothing new."""


def check(backend: Backend) -> Report:
    """Read everything and compare: checksums, SEQ without gap (MS-01), counts, both directions of membership,
    message ids against the shard's running number, groups by type, the words by which groups are found. A store of an
    earlier version is compared as far as it has that. Raises StoreError if the version is not known."""
    report = Report()
    with backend.read(around=True) as view:
        report.schema = schema_of(view) or SCHEMA_VERSION
        for fault in _faults(view, report):
            if len(report.faults) < FAULTS_MAX:
                report.faults.append(fault)
    return report


def _faults(view: ReadView, report: Report) -> Iterator[str]:
    types: Counter[str] = Counter()
    for row, data in view.scan("profiles", b"", keys.LAST):
        key = row.decode()
        kind = kind_of(key)
        report.groups += kind is not None and kind.created
        report.pairs += kind is PAIR
        try:
            profile = unpack(data, Profile)
            if kind is not BROADCAST:  # there is one, and nobody counts it
                types[profile.type] += 1
            head_data = view.get("heads", row)
            if head_data is None:
                yield f"{key}: it has no head"
                continue
            head = unpack(head_data, Head)
        except StoreError as error:
            yield f"{key}: {error}"
            continue
        yield from _said(key, _members(view, report, key, head))
        yield from _said(key, _messages(view=view, report=report, key=key, profile=profile, head=head))
        if report.schema >= COUNTED_SINCE:
            yield from _said(key, _words(view, key, profile))
    if report.schema >= COUNTED_SINCE:
        yield from _said("counts", _counts(view, types))
    yield from _said("epochs", table_log.faults(view))
    yield from _said("events", event_log.faults(view))
    yield from _said("dead letters", dead_letters.faults(view))
    yield from _said("rooms", room_rows.faults(view))
    yield from _said("endings", endings.faults(view))
    for row, _ in view.scan("memberships", b"", keys.LAST):
        user, key = row.partition(keys.SEP)[0].decode(), keys.second(row)
        yield from _said(key, _membership(view, user, key))


def _said(key: str, faults: Iterator[str]) -> Iterator[str]:
    """The faults; where something can't be read, that, and on with the next."""
    try:
        yield from faults
    except StoreError as error:
        yield f"{key}: {error}"


def _membership(view: ReadView, user: str, key: str) -> Iterator[str]:
    if view.get("members", keys.pair(key, user)) is None:
        yield f"{key}: {user} has it in the list of groups but is not a member"


def _words(view: ReadView, key: str, profile: Profile) -> Iterator[str]:
    if not is_current(view):
        return  # the next start makes them anew
    for word in words_of(profile.name):
        if view.get("words", keys.pair(word, key)) is None:
            yield f"{key}: it is not found by {word!r} of its name"


def _counts(view: ReadView, types: Counter[str]) -> Iterator[str]:
    """GT-13: groups by type, as counted and as kept."""
    kept = {row.decode()[6:]: keys.U64.unpack(n)[0] for row, n in view.scan("app", b"count:", b"count;")}
    for name in sorted(kept.keys() | types.keys()):
        if kept.get(name, 0) != types[name]:
            yield f"{types[name]} groups of type {name}, but {kept.get(name, 0)} are counted"


def _members(view: ReadView, report: Report, key: str, head: Head) -> Iterator[str]:
    count, shared = 0, is_channel(key)  # in a channel only what members have of their own is kept (UG-02)
    table = "own" if shared else "memberships"
    for row, data in view.scan("members", key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP):
        count += 1
        try:
            user = unpack(data, Member).user_id
        except StoreError as error:
            yield f"{key}: member {keys.second(row)}: {error}"
            continue
        if view.get(table, keys.pair(user, key)) is None:
            yield f"{key}: member {user} does not have it in the list of groups"
    if shared:
        yield from _channel(view, key)
        return
    report.members += count
    if is_paged(key):
        yield from _admins(view, key)
    if count != head.member_num:
        yield f"{key}: {count} members, but {head.member_num} are counted"


def _channel(view: ReadView, key: str) -> Iterator[str]:
    """UG-02, UG-05: its group has it, and who is on its list is a member of that."""
    if not is_listed(view, key):
        yield f"{key}: its ultra group does not have it"
    for user_id in insiders_of(view, key):
        if parent_member(view, parent_of(key), user_id) is None:
            yield f"{key}: {user_id} is on its list, but not a member of its ultra group"


def _admins(view: ReadView, key: str) -> Iterator[str]:
    """UG-01: the index that the actor is loaded from."""
    for row, _ in view.scan("admins", key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP):
        data = view.get("members", row)
        if data is None or unpack(data, Member).role < Role.ADMIN:
            yield f"{key}: {keys.second(row)} is among its admins, but is none"


def _messages(view: ReadView, report: Report, key: str, profile: Profile, head: Head) -> Iterator[str]:
    shard = shard_of(key)
    position_data = view.get("shards", keys.U16.pack(shard))
    next_position = keys.U64.unpack(position_data)[0] if position_data else 1
    first = max(profile.first_seq, head.kept_seq)
    expected, time_ms, last_id = first, 0, 0
    end = key.encode() + keys.AFTER_SEP
    for row, data in view.scan("messages", keys.message(key, first), end):
        report.messages += 1
        seq = keys.U64.unpack(row[-8:])[0]
        if seq != expected:
            yield f"{key}: SEQ {expected} to {seq - 1} missing"
        expected = seq + 1
        try:
            message = unpack(data, Message)
        except StoreError as error:
            yield f"{key}: SEQ {seq}: {error}"
            continue
        if message.seq != seq:
            yield f"{key}: at SEQ {seq} stands the message with SEQ {message.seq}"
        if message.time_ms < time_ms:
            yield f"{key}: SEQ {seq} is older than the one before"
        if message.message_id <= last_id:
            yield f"{key}: SEQ {seq} has a message id that is not above the one before"
        if message.message_id >> POSITION_BITS != shard or (
            message.message_id & ((1 << POSITION_BITS) - 1) >= next_position
        ):
            yield f"{key}: SEQ {seq} has a message id that its shard has not given out"
        time_ms, last_id = message.time_ms, message.message_id
    if head.reserved:
        if expected > head.next_seq:
            yield f"{key}: SEQ {expected - 1} is kept, but the counter stands at {head.next_seq}"
    elif expected != head.next_seq:
        yield f"{key}: SEQ ends at {expected - 1}, but the counter stands at {head.next_seq}"
