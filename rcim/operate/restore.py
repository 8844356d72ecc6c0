"""`rcim restore`: a backup becomes a data directory, with a history of its own (ST-03, RX-03)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from rcim.app.settings.all_settings import Settings
from rcim.operate import manifest as m
from rcim.operate.copy_check import check_copy
from rcim.operate.faults import BackupError
from rcim.operate.page_copy import Pace, copy_file
from rcim.operate.placing import Placing, placing


class Restored(msgspec.Struct, frozen=True):
    """What was done."""

    manifest: m.Manifest
    history: int
    """The id of the history that begins."""
    aside: str
    """The folder in the data directory that what was there before is in; empty: nothing was there."""
    went_on: bool
    """An earlier restore had been broken off, and was finished."""


def restore(settings: Settings, backup: Path, *, replace: bool = False, with_keys: bool = True) -> Restored:
    """Restore a backup into the data directory of the settings. Raises BackupError; then what was there is as it was."""
    manifest = m.read(backup)
    source = f"{backup.resolve()} {manifest.at_ms} {manifest.files[m.STORE_FILE].sha256}"
    with placing(Path(settings.server.data)) as place:
        plan = place.broken_off()
        if plan is not None:
            aside = place.go_on(plan)
            if plan.source != source:
                raise BackupError(
                    f"{place.data.path}: the restore of {plan.source.partition(' ')[0]}, which was broken off, is "
                    "finished now. To put this one in its place: --replace"
                )
            return Restored(manifest, plan.history, aside, went_on=True)
        place.begin(replace=replace)
        try:
            _copy(backup, manifest, place, with_keys=with_keys)
            facts = check_copy(place.new / "store", look=True)
            if (facts.schema, facts.history, facts.commit) != (manifest.schema, manifest.history, manifest.commit):
                raise BackupError(
                    f"{backup / m.MANIFEST}: it is damaged: it says of the store what the store does not"
                )
            history = place.begin_history(settings.store.map_bytes, settings.store.map_bytes_max)
        except BackupError:
            place.give_up()
            raise
        except OSError as error:  # of folders and names; those of files are told above
            place.give_up()
            raise BackupError(f"{error.filename or place.new}: {error.strerror}") from None
        return Restored(manifest, history, place.finish(source, history), went_on=False)


def _copy(backup: Path, manifest: m.Manifest, place: Placing, *, with_keys: bool) -> None:
    """All files, each compared with what the manifest says. Raises BackupError."""
    pace = Pace(0, float("inf"), place.new)
    pace.check_room(place.new, manifest.bytes)
    for name, entry in _wanted(manifest, with_keys):
        source, target = backup / name, place.new / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not source.is_file():
            raise BackupError(f"{source}: the backup is damaged: the file is missing")
        size, digest = copy_file(source, target, pace)
        if (size, digest) != (entry.bytes, entry.sha256):
            raise BackupError(f"{source}: the backup is damaged: the file is not what the manifest says")


def _wanted(manifest: m.Manifest, with_keys: bool) -> Iterator[tuple[str, m.FileEntry]]:
    for name, entry in manifest.files.items():
        if with_keys or entry.part != m.KEY:
            yield name, entry
