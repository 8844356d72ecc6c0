"""Putting a whole store into a data directory, so that at each moment it has the old one, the new one, or says that it
is not finished (ST-03).

1. Everything is made in DIR/restoring/new. As long as DIR/restoring is there, no server starts on DIR.
2. When all of it is there and durable, restoring/plan.json says so. Until then a second run begins again.
3. Then what was in DIR is moved to the folder that the plan names, and the new files take its place. Each is one rename.
   A second run goes on where the first one was ended.

It all happens within DIR, because DIR may be the root of a volume.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from rcim.app.files.datadir import DataDir, DataDirError, write_private
from rcim.base import clock
from rcim.operate.faults import BackupError
from rcim.store.backend import LmdbBackend, StoreError
from rcim.store.decoders import json_decoder
from rcim.store.tables import read_stamp
from rcim.store.trail import Trail, begin_history

ASIDE = re.compile(r"replaced-\d{8}T\d{6}\.\d{3}Z\Z")
HELD = ("lock", "lost+found")
"""What says nothing of whether the directory is in use: `lost+found` is in the root of a volume."""


class Plan(msgspec.Struct, frozen=True):
    """What is left to be done once everything new is there."""

    source: str
    """Of what it was made, so that a second run knows whether it is the same."""
    history: int
    aside: str
    """The folder that what was there goes to; empty: nothing was there."""
    cleared: bool = False
    """What was there is in it by now."""


class Placing:
    """A data directory that is being filled; see the module's text. From `placing`."""

    def __init__(self, data: DataDir) -> None:
        self.data = data
        self.new = data.restoring / "new"
        self._plan = data.restoring / "plan.json"

    def broken_off(self) -> Plan | None:
        """The plan of an earlier run that was ended when only moving was left. Raises BackupError."""
        try:
            return json_decoder(Plan).decode(self._plan.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BackupError(f"{self._plan}: {error}") from None

    def begin(self, *, replace: bool) -> None:
        """Make room for what is new. Raises BackupError if something is there and must not be replaced."""
        there = [path.name for path in self._old()]
        if there and not replace:
            more = ", …" if len(there) > 3 else ""
            raise BackupError(
                f"{self.data.path}: it is not empty ({', '.join(there[:3])}{more}): with --replace what is there is put "
                "aside"
            )
        self.give_up()
        try:
            (self.new / "store").mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise BackupError(f"{error.filename or self.new}: {error.strerror}") from None

    def give_up(self) -> None:
        """Remove what is new. The data directory is as it was before."""
        shutil.rmtree(self.data.restoring, ignore_errors=True)

    def begin_history(self, map_bytes: int, map_bytes_max: int) -> int:
        """The store begins a new history; returns its id. Raises BackupError."""
        try:
            backend = LmdbBackend(self.new / "store", map_bytes, map_bytes_max)
            try:
                found = begin_history(backend, backend.place(), new=True)
                with backend.read() as view:
                    stamp, noted = read_stamp(view), view.get("meta", b"id")
            finally:
                backend.close()
        except StoreError as error:
            raise BackupError(str(error)) from None
        if noted is None or int.from_bytes(noted) != found:
            raise BackupError(f"{self.new}: the new history can't be noted: is the disk full?")
        (self.new / "store" / "lock.mdb").unlink(missing_ok=True)
        trail = Trail(self.new / self.data.trail.name)
        try:
            trail.note(found, stamp)
        finally:
            trail.close()
        return found

    def finish(self, source: str, history: int) -> str:
        """Put everything in place, once it is complete. Returns the folder that has the old contents, or nothing if
        there were none. Raises BackupError."""
        aside = self._aside() if self._old() else ""
        try:
            for folder in [self.new, *(path for path in self.new.rglob("*") if path.is_dir())]:
                _sync(folder)
            plan = Plan(source, history, aside)
            self._write(plan)
        except OSError as error:
            raise BackupError(f"{error.filename or self.new}: {error.strerror}") from None
        return self.go_on(plan)

    def go_on(self, plan: Plan) -> str:
        """Carry out the rest of the plan. Raises BackupError."""
        try:
            if not plan.cleared:
                if plan.aside:
                    aside = self.data.path / plan.aside
                    aside.mkdir(mode=0o700, exist_ok=True)
                    for path in self._old():
                        path.rename(aside / path.name)
                    _sync(aside)
                _sync(self.data.path)
                self._write(msgspec.structs.replace(plan, cleared=True))
            if self.new.exists():
                for path in sorted(self.new.iterdir()):
                    path.rename(self.data.path / path.name)
                _sync(self.data.path)
                self.new.rmdir()
            self._plan.unlink()  # last: without it nothing says that all is there
        except OSError as error:
            raise BackupError(f"{error.filename or self.data.path}: {error.strerror}; run it again") from None
        with suppress(OSError):  # it is done: an empty folder that stays goes with the next start
            self.data.restoring.rmdir()
            _sync(self.data.path)
        return plan.aside

    def _write(self, plan: Plan) -> None:
        write_private(self._plan, msgspec.json.encode(plan))
        _sync(self.data.restoring)

    def _aside(self) -> str:
        """A name that no folder has yet."""
        now_ms = clock.wall_ms()
        while True:
            second = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now_ms // 1000))
            name = f"replaced-{second}.{now_ms % 1000:03d}Z"
            if not (self.data.path / name).exists():
                return name
            now_ms += 1

    def _old(self) -> list[Path]:
        """What is in the directory and is neither new nor put aside. Raises BackupError."""
        kept = (*HELD, self.data.restoring.name)
        try:
            there = sorted(self.data.path.iterdir())
        except OSError as error:
            raise BackupError(f"{self.data.path}: {error.strerror}") from None
        return [path for path in there if path.name not in kept and not ASIDE.match(path.name)]


@contextmanager
def placing(path: Path) -> Iterator[Placing]:
    """The data directory at `path`, made if there is none, for this process alone. Raises BackupError if a server runs on
    it."""
    data = DataDir(path)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        data.hold(whole=False)
    except DataDirError as error:
        raise BackupError(str(error)) from None
    except OSError as error:
        raise BackupError(f"{error.filename or path}: {error.strerror}") from None
    try:
        yield Placing(data)
    finally:
        data.release()


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
