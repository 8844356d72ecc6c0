"""`rcim backup`: a copy of a running server's data in a folder of its own, complete or not there (ST-03, OP-03).

1. FOLDER/NAME.incomplete is filled: the store as of one commit, the keys, what else was asked for. It is checked, its
   manifest is written last, and then it becomes FOLDER/NAME. NAME is the time (UTC), so that names sort by time.
2. One backup at a time in a folder, which a lock sees to. What an earlier one has left incomplete is removed first.
3. A backup that fails leaves everything as it was: older backups are removed only after it is complete.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path

import msgspec

from rcim.app.files.datadir import DataDir, write_hint
from rcim.app.settings.all_settings import Settings
from rcim.base import clock
from rcim.operate import manifest as m
from rcim.operate.copy_check import check_copy
from rcim.operate.faults import BackupError
from rcim.operate.page_copy import Pace, copy_file, copy_pages
from rcim.version import __version__

MIB_PER_S = 25.0
WITHIN_S = 3600.0
LOCK = ".lock"
SETTINGS_FILE = "settings.toml"
KEYS = ("signing.key*", "*.pem")
"""Files of a data directory that go along with the store: keys and certificates. Everything else there says something of
this place alone, or is made again by the server."""


class Wanted(msgspec.Struct, frozen=True):
    """What the operator asks of a backup."""

    mib_per_s: float = MIB_PER_S
    """0: as fast as it can."""
    within_s: float = WITHIN_S
    keep: int = 0
    """So many complete backups stay; 0: all."""
    check: bool = True
    with_logs: bool = False
    config: str = ""
    """The settings file; empty: there is none."""


class Made(msgspec.Struct, frozen=True):
    """A backup that was made."""

    folder: str
    manifest: m.Manifest
    grown_bytes: int
    """By how much the store's file has come into use further meanwhile."""
    removed: list[str]
    """Older backups, and incomplete ones."""
    not_removed: list[str]
    """Why older backups are still there that should not be: this one is complete all the same."""


def back_up(settings: Settings, folder: Path, wanted: Wanted) -> Made:
    """Make a backup. Raises BackupError: then there is no new backup."""
    data = DataDir(Path(settings.server.data))
    if not (data.store / "data.mdb").is_file():
        raise BackupError(f"{data.store}: there is no store")
    with _alone(folder):
        removed = [_remove(path) for path in m.incomplete(folder)]
        at_ms = clock.wall_ms()
        place = _place(folder, at_ms)
        unfinished = folder / (place.name + m.INCOMPLETE)
        try:
            unfinished.mkdir(mode=0o700)
            manifest, grown = _fill(unfinished, settings, data, wanted, at_ms)
            m.write(unfinished, manifest)
            for inner in [unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())]:
                _sync_folder(inner)
            _sync_folder(folder)  # what can't be made durable here is never complete
            unfinished.rename(place)
            _sync_folder(folder)
        except OSError as error:
            with suppress(OSError):
                place.rename(unfinished)
            raise BackupError(f"{error.filename or unfinished}: {error.strerror}") from None
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        note = {"at_ms": at_ms, "folder": str(place.resolve()), "bytes": manifest.bytes}
        kept: list[str] = []
        write_hint(data.last_backup, msgspec.json.encode(note) + b"\n")
        if wanted.keep:
            older, kept = _remove_older(m.complete(folder)[: -wanted.keep])
            removed += older
    return Made(str(place), manifest, grown, removed, kept)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Create the folder of backups if there is none, and lock it for this backup. Raises BackupError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BackupError(f"{error.filename or folder}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"{folder}: another backup is being made there") from None
        except OSError as error:
            raise BackupError(f"{folder}: it can't be locked: {error.strerror}") from None
        yield
    finally:
        os.close(fd)


def _place(folder: Path, at_ms: int) -> Path:
    """Where the backup of this time goes: after all that are there, also if the clock was set back. Raises
    BackupError."""
    try:
        names = {path.name.removesuffix(m.INCOMPLETE) for path in folder.iterdir()}
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror}") from None
    newest = max((name for name in names if m.NAME.match(name)), default="")
    while True:
        second, ms = divmod(at_ms, 1000)
        name = time.strftime("%Y%m%dT%H%M%S", time.gmtime(second)) + f".{ms:03d}Z"
        if name > newest:
            return folder / name
        if name[:15] < newest[:15]:
            raise BackupError(f"{folder}: the newest backup there, {newest}, is of the future: is the clock right?")
        at_ms += 1


def _fill(folder: Path, settings: Settings, data: DataDir, wanted: Wanted, at_ms: int) -> tuple[m.Manifest, int]:
    """Copy everything; the manifest, and by how much the store has grown meanwhile."""
    began = time.monotonic()
    pace = Pace(wanted.mib_per_s, wanted.within_s, data.store)
    (folder / "store").mkdir(mode=0o700)
    copied = copy_pages(data.store, folder / m.STORE_FILE, pace)
    facts = check_copy(folder / "store", look=wanted.check, gently=True)
    files = {m.STORE_FILE: m.FileEntry(copied.bytes, copied.sha256, m.STORE)}
    for source, name, part in _others(settings, data, wanted):
        if part == m.LOG and not source.exists():  # its time was over while others were copied
            continue
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        size, digest = copy_file(source, target, pace)
        files[name] = m.FileEntry(size, digest, part)
    manifest = m.Manifest(
        format=m.FORMAT,
        rcim=__version__,
        schema=facts.schema,
        history=facts.history,
        commit=facts.commit,
        at_ms=at_ms,
        seconds=round(time.monotonic() - began, 3),
        checked=wanted.check,
        files=files,
    )
    return manifest, copied.grown_bytes


def _others(settings: Settings, data: DataDir, wanted: Wanted) -> Iterator[tuple[Path, str, m.Part]]:
    """Files besides the store: where each is, its path in the backup, and what it belongs to."""
    for path in sorted(data.path.iterdir()):
        if _is_file(path) and any(fnmatch(path.name, key) for key in KEYS) and not path.name.endswith(".new"):
            yield path, path.name, m.KEY
    if wanted.config:
        yield Path(wanted.config), SETTINGS_FILE, m.SETTINGS
    if wanted.with_logs:
        yield from _below(data.audit, "audit")
        yield from _below(Path(settings.message_log.folder or data.path / "message-log"), "message-log")


def _below(folder: Path, name: str) -> Iterator[tuple[Path, str, m.Part]]:
    for path in sorted(folder.rglob("*")):
        if _is_file(path):
            yield path, f"{name}/{path.relative_to(folder)}", m.LOG


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _remove(path: Path) -> str:
    """Remove a backup: nobody takes what is left of it for complete meanwhile. Of a symlink only the link goes. Raises
    BackupError."""
    try:
        if path.is_symlink():
            path.unlink()
            return path.name.removesuffix(m.INCOMPLETE)
        if not path.name.endswith(m.INCOMPLETE):
            path = path.rename(path.with_name(path.name + m.INCOMPLETE))
        (path / m.MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(path)
    except OSError as error:
        raise BackupError(f"{error.filename or path}: it can't be removed: {error.strerror}") from None
    return path.name.removesuffix(m.INCOMPLETE)


def _remove_older(paths: list[Path]) -> tuple[list[str], list[str]]:
    """Remove these backups as far as possible. Returns the names of those removed, and why others are still there."""
    removed, errors = [], []
    for path in paths:
        try:
            removed.append(_remove(path))
        except BackupError as error:
            errors.append(str(error))
    return removed, errors


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
