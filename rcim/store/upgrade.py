"""The schema's version, and how a store of an earlier one becomes one of this (ST-03). Nothing is ever taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from rcim.actor.applications import Application
from rcim.actor.records import Profile, UserRestriction
from rcim.actor.user_records import UserProfile
from rcim.base.limited_log import Log
from rcim.rules.folding import words_of
from rcim.store import keys
from rcim.store.backend import Backend, DamagedError, NoRoom, ReadView, StoreError, WriteView
from rcim.store.values import Waiting, pack, unpack

log = Log("rcim.store")

SCHEMA_VERSION = 4
"""1: the first. 2: groups are counted by type and found by the words of their names. 3: messages are kept with facts in
front (messages.py); those of before stay as they are. 4: applications are counted, and found by who has applied."""


def schema_of(view: ReadView) -> int | None:
    """The version of a store; None: nothing has been written yet. Raises StoreError if this program does not know it, and
    DamagedError if there is none such."""
    found = view.get("meta", b"schema")
    version = None if found is None else version_of(found)
    if version is not None and version > SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema version {version}; this program knows {SCHEMA_VERSION}. Start the later version of "
            "rcim that wrote it, or restore a backup from before the upgrade"
        )
    return version


def version_of(found: bytes) -> int:
    """The version that the value of a store says, also a later one. Raises DamagedError if there is none such."""
    version = keys.U16.unpack(found)[0] if len(found) == keys.U16.size else 0
    if not version:
        raise DamagedError("the store is damaged: its schema version can't be read")
    return int(version)


def upgrade(backend: Backend, found: int) -> None:
    """Bring a store of version `found`, from `schema_of`, to this one, step by step. Raises StoreError."""
    while found != SCHEMA_VERSION:
        step = _STEPS[found]
        while True:
            try:
                with backend.write() as view:
                    step(view)
                    view.put("meta", b"schema", keys.U16.pack(found + 1))
                break
            except NoRoom:
                backend.grow()
        found += 1
        log.info("the store was upgraded", schema=found)


def _count_and_index(view: WriteView) -> None:
    profiles = [(row, unpack(data, Profile)) for row, data in _all(view)]
    for row, profile in profiles:
        for word in words_of(profile.name):
            view.put("words", keys.pair(word, row.decode()), b"")
    for name, count in Counter(profile.type for _, profile in profiles).items():
        view.put("app", b"count:" + name.encode(), keys.U64.pack(count))


def _all(view: ReadView) -> list[tuple[bytes, bytes]]:
    return list(view.scan("profiles", b"", keys.LAST))


def _note_applications(view: WriteView) -> None:
    """GR-12, of those that wait already."""
    try:
        for row, data in list(view.scan("marks", b"", keys.LAST)):
            mark = unpack(data, UserRestriction)
            if not mark.applied_ms:
                continue
            key = row.partition(keys.SEP)[0].decode()
            view.put("waiting", row, pack(Waiting(mark.applied_ms)))
            user = view.get("users", mark.user_id.encode())
            if user is None or not unpack(user, UserProfile).deleted:
                made = Application(mark.user_id, key, mark.applied_ms, mark.text)
                view.put("applied", keys.pair(mark.user_id, key), pack(made))
    except DamagedError as error:
        log.warning("applications to join may not be counted", error=error)


def _nothing(_: WriteView) -> None:
    """What is there can be read as it is; an earlier program can't read what comes."""


_STEPS: dict[int, Callable[[WriteView], None]] = {1: _count_and_index, 2: _nothing, 3: _note_applications}
