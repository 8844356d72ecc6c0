"""What an operator says of a store while no server runs on it: that the clock is right, that it was restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.settings.all_settings import Settings
from rcim.base import clock
from rcim.store.backend import Backend, LmdbBackend, StoreError
from rcim.store.mending import Mended, accept_clock
from rcim.store.tables import read_stamp, read_store_id
from rcim.store.trail import Trail, begin_history
from rcim.store.upgrade import schema_of


@contextmanager
def store_of(settings: Settings) -> Iterator[Backend]:
    """The store of a data directory, for this process alone. Raises DataDirError if a server runs on it or there is none,
    and StoreError, also if a later version of the program has written it."""
    data = DataDir(Path(settings.server.data))
    if not data.store.is_dir():
        raise DataDirError(f"{data.store}: there is no store")
    data.hold()
    try:
        backend = LmdbBackend(data.store, settings.store.map_bytes, settings.store.map_bytes_max)
        try:
            with backend.read() as view:
                schema_of(view)
            yield backend
        finally:
            backend.close()
    finally:
        data.release()


def new_history(settings: Settings) -> int:
    """The store was set back in a way that a server can't see; returns the id of the history that begins. Raises
    DataDirError and StoreError."""
    with store_of(settings) as backend:
        found = begin_history(backend, backend.place(), new=True)
        with backend.read() as view:
            if read_store_id(view) != found:
                raise StoreError("it can't be noted in the store")
            stamp = read_stamp(view)
        trail = Trail(DataDir(Path(settings.server.data)).trail)
        trail.note(found, stamp)
        trail.close()
        return found


def accept(settings: Settings) -> Mended:
    """The clock is right, however far it is from what the store knows. Raises DataDirError and StoreError."""
    with store_of(settings) as backend:
        return accept_clock(backend, clock.wall_ms())
