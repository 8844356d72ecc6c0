"""How large the store is, what room there is, and how old the last backup is, as metrics (OP-02)."""

from __future__ import annotations

from collections.abc import Iterator

from rcim.base import metrics as m
from rcim.base.meters import Figure, figure
from rcim.store.backend import Space


def store_figures(space: Space, last_backup_ms: int | None) -> Iterator[Figure]:
    """Each of its fields, and the time of the last backup if one is known."""
    yield figure(m.STORE_USED, space.used_bytes)
    yield figure(m.STORE_FILE, space.file_bytes)
    yield figure(m.STORE_MAP, space.map_bytes)
    yield figure(m.STORE_MAP_MAX, space.map_bytes_max)
    yield figure(m.STORE_READERS, space.readers)
    yield figure(m.STORE_READERS_MAX, space.readers_max)
    yield figure(m.DISK_FREE, space.disk_free_bytes)
    yield figure(m.DISK, space.disk_bytes)
    if last_backup_ms is not None:
        yield figure(m.LAST_BACKUP, last_backup_ms / 1000)
