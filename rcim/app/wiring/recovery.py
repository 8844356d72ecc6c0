"""Opening a store that may be damaged: what is damaged is named and kept away from, and the rest is served (ST-03).

LMDB ends the process when it meets a damaged page, by SIGABRT, SIGBUS or SIGSEGV, and nothing in the process can prevent
it. So the process leaves a note when it ends so, and the next start looks at every page before it goes to any. Without a
note only the pages that lead to others are looked at: a hundredth of the time.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
from pathlib import Path
from typing import IO

from rcim.app.files.datadir import DataDir
from rcim.app.settings.all_settings import Settings
from rcim.base.limited_log import Log
from rcim.store import pages
from rcim.store.backend import LmdbBackend, StoreError

log = Log("rcim.server")

NOTE_BYTES = 16384
"""Room for what a dying process writes, taken in advance: the disk may be full by then."""
SHOWN_BYTES = 2000
NAMED_MAX = 50
"""So many damages are named in the log; `rcim check` names them all."""
DAMAGED = b"damaged pages were found\n"


class CrashNote:
    """The file `crash` of a data directory. It says something if the last run ended by a signal, or met damaged pages."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def read(self) -> str:
        """What it says; empty if all was well, or if there is none."""
        with contextlib.suppress(OSError):
            return self._path.read_bytes()[:SHOWN_BYTES].strip(b"\n\0").decode(errors="replace")
        return ""

    def write(self, text: bytes) -> None:
        """Let it say this from now on. On a full disk it stays as it is."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(text.ljust(NOTE_BYTES, b"\n"))
        except OSError as error:
            log.error("the crash note can't be written", file=self._path, error=error.strerror)

    def arm(self) -> None:
        """From now on it says so if a fault ends this process by a signal. Once in a process, which is there for that."""
        try:
            self._file = self._path.open("r+b", buffering=0)
            self._file.seek(len(DAMAGED))
            faulthandler.enable(self._file)
        except OSError as error:
            log.error("the crash note can't be opened", file=self._path, error=error.strerror)


def note_of(data: DataDir) -> CrashNote:
    """The note of a data directory."""
    return CrashNote(data.path / "crash")


def open_store(data: DataDir, settings: Settings, *, notes_faults: bool = False) -> LmdbBackend:
    """The store's tables, without what is damaged; with `notes_faults`, the note is armed before LMDB goes to any page.
    Takes 10 s for each GiB if the last run ended by a signal. Raises StoreError if nothing of it can be read."""
    file, note = data.store / "data.mdb", note_of(data)
    said = note.read()
    if said:
        log.error("the last run crashed, so the whole store is examined", file=file, note=said)
    found = examined(file, thorough=bool(said))
    for one in found.damages[:NAMED_MAX]:
        log.error("the store is damaged", damage=one)
    if len(found.damages) > NAMED_MAX:
        log.error(
            "the store is damaged in more places; `rcim check` names all", places=len(found.damages) - NAMED_MAX
        )
    if found.free_list:
        log.error("nothing can be written to the store", error=found.free_list)
    note.write(DAMAGED if found.damages or found.free_list else b"")
    if notes_faults:
        note.arm()
    store = settings.store
    return LmdbBackend(
        data.store, store.map_bytes, store.map_bytes_max, damages=found.damages, unwritable=found.free_list
    )


def examined(file: Path, *, thorough: bool) -> pages.Found:
    """What is damaged of a store's file that nobody writes. What is found at a glance is looked at in full. Raises
    StoreError."""
    nothing = pages.Found([], "", 0)
    try:
        if not file.exists() or not file.stat().st_size:
            return nothing
        found = pages.look(file, leaves=False)
        if thorough or found.damages or found.free_list or pages.is_cut_off(file):
            found = pages.look(file)
        return found
    except pages.Unreadable as error:
        raise StoreError(f"{file} can't be read: {error}; put a back-up in its place") from None
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}") from None
