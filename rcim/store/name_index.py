"""The index of words by which groups are found (GR-09), and how it is made anew when words are folded otherwise.

The store notes with which rules, and which version of Unicode's data, its words were folded (`folding` in the table
meta). A store without the note, or with another, gets a new index when it is opened; if that can't be done, it is used
as it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import partial
from itertools import islice

from rcim.actor.records import Profile
from rcim.base.limited_log import Log
from rcim.rules import folding
from rcim.rules.folding import words_of
from rcim.store import keys
from rcim.store.backend import Backend, DamagedError, NoRoom, ReadView, StoreError, WriteView
from rcim.store.values import unpack

log = Log("rcim.store")

NOTE = b"folding"
MADE_WITH = f"{folding.VERSION} {unicodedata.unidata_version}".encode()
AT_ONCE = 1000
"""Rows changed in one commit."""


def is_current(view: ReadView) -> bool:
    """True if the index was made by the rules in force."""
    return view.get("meta", NOTE) == MADE_WITH


def note(view: WriteView) -> None:
    """Say that it was."""
    view.put("meta", NOTE, MADE_WITH)


def make_current(backend: Backend) -> None:
    """Make the index anew if it was made by other rules. A crash on the way leaves it to the next start."""
    try:
        with backend.read() as view:
            if is_current(view):
                return
        _remove_all(backend)
        _index_all(backend)
        _write(backend, note)
    except StoreError as error:
        log.warning(
            "groups may not be found by all words of their names: the index could not be rebuilt", error=error
        )


def _remove_all(backend: Backend) -> None:
    while True:
        with backend.read(around=True) as view:
            rows = [row for row, _ in islice(view.scan("words", b"", keys.LAST), AT_ONCE)]
        if not rows:
            return
        _write(backend, partial(_delete, rows), makes_room=True)


def _index_all(backend: Backend) -> None:
    low = keys.GROUPS
    while True:
        with backend.read(around=True) as view:
            rows = list(islice(view.scan("profiles", low, keys.LAST), AT_ONCE))
        if not rows:
            return
        _write(backend, partial(_index, rows))
        low = rows[-1][0] + b"\0"


def _write(backend: Backend, change: Callable[[WriteView], None], *, makes_room: bool = False) -> None:
    while True:
        try:
            with backend.write(makes_room=makes_room) as view:
                change(view)
            return
        except NoRoom:
            backend.grow(reserve=makes_room)


def _delete(rows: list[bytes], view: WriteView) -> None:
    for row in rows:
        view.delete("words", row)


def _index(rows: list[tuple[bytes, bytes]], view: WriteView) -> None:
    for row, data in rows:
        _put_words(view, row, data)


def _put_words(view: WriteView, row: bytes, data: bytes) -> None:
    try:
        name = unpack(data, Profile).name
    except DamagedError as error:
        log.warning("a group can't be found by its name", conversation=keys.shown("profiles", row), error=error)
        return
    for word in words_of(name):
        view.put("words", keys.pair(word, row.decode()), b"")
