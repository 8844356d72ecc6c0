"""`rcim export`: all that a store holds as JSON lines, as of one commit (OP-03; docs/reference/export-format.md)."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from rcim.actor.push_records import PushToken
from rcim.app.files.datadir import DataDir
from rcim.app.settings.all_settings import Settings
from rcim.base import clock
from rcim.operate.checking import damaged_pages
from rcim.operate.faults import BackupError
from rcim.operate.line_kinds import kind_of_row
from rcim.operate.twins import from_twin
from rcim.store import keys, pages
from rcim.store.backend import TABLES, LmdbBackend, ReadView, StoreError
from rcim.store.event_rows import AFTER_ALL
from rcim.store.push_tokens import is_owner
from rcim.store.tables import read_stamp, read_store_id
from rcim.store.upgrade import SCHEMA_VERSION, schema_of
from rcim.version import __version__

FORMAT = 1
STANDARD = "-"
INCOMPLETE = ".incomplete"


class Header(msgspec.Struct, frozen=True, tag="rcim-export", tag_field="kind"):
    """The first line."""

    format: int
    rcim: str
    """The version of the program that wrote it."""
    history: int
    commit: int
    at_ms: int


class End(msgspec.Struct, frozen=True, tag="end", tag_field="kind"):
    """The last line."""

    lines: dict[str, int]
    """How many there are between the first and this one, by kind."""
    sha256: str
    """Of all of them, each with its line feed."""


def export(settings: Settings, to: str) -> End:
    """Write everything to the file `to`; to a file whose name ends in .gz compressed, to `-` on standard output. A server
    may be running. Raises BackupError."""
    data = DataDir(Path(settings.server.data))
    if not (data.store / "data.mdb").is_file():
        raise BackupError(f"{data.store}: there is no store")
    try:
        damages = damaged_pages(data.store)
        if damages.damages or damages.free_list:
            raise BackupError(f"{data.store}: it is damaged; `rcim check` says how. Restore a backup")
        backend = LmdbBackend(data.store, settings.store.map_bytes, readonly=True)
        try:
            with backend.read() as view, _writing(to) as file:
                return _write_all(view, file)
        finally:
            backend.close()
    except (StoreError, pages.Unreadable) as error:
        raise BackupError(f"{data.store}: {error}") from None


def _write_all(view: ReadView, file: IO[bytes]) -> End:
    schema = schema_of(view) or 0
    if schema != SCHEMA_VERSION:
        raise BackupError(
            f"the store has schema version {schema}, and this program exports {SCHEMA_VERSION}: start the server of this "
            "version on it once"
        )
    header = Header(FORMAT, __version__, read_store_id(view), read_stamp(view), clock.wall_ms())
    encoder = msgspec.json.Encoder()
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    try:
        file.write(encoder.encode(header) + b"\n")
        for name, line in lines_of(view):
            data = encoder.encode(line) + b"\n"
            digest.update(data)
            counts[name] += 1
            file.write(data)
        end = End(dict(counts), digest.hexdigest())
        file.write(encoder.encode(end) + b"\n")
    except OSError as error:
        raise BackupError(f"it can't be written: {error.strerror}") from None
    return end


def lines_of(view: ReadView) -> Iterator[tuple[str, Any]]:
    """Name of the kind and line of every row that is exported, by table and key. Raises StoreError."""
    for table in TABLES:
        for row, data in view.scan(table, b"", AFTER_ALL):
            try:
                kind = kind_of_row(table, row)
                if kind is None:
                    continue
                line = kind.read(row, data)
            except StoreError as error:
                raise StoreError(f"{table}: {keys.shown(table, row)}: {error}; `rcim check` says more") from None
            if table == "push_tokens" and not is_owner(view, line.user, from_twin(line.value, PushToken)):
                continue
            yield kind.name, line


@contextmanager
def _writing(to: str) -> Iterator[IO[bytes]]:
    """Where the lines go. A file is there only when it is whole."""
    if to == STANDARD:
        yield sys.stdout.buffer
        try:
            sys.stdout.buffer.flush()
        except OSError as error:
            raise BackupError(f"it can't be written: {error.strerror}") from None
        return
    path = Path(to)
    unfinished = path.with_name(path.name + INCOMPLETE)
    try:
        fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BackupError(f"{unfinished}: {error.strerror}") from None
    try:
        with os.fdopen(fd, "wb") as raw:
            _take(fd, unfinished)
            raw.truncate()
            if to.endswith(".gz"):
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6) as packed:
                    yield packed  # type: ignore[misc]  # it has what is used of IO[bytes]
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
            unfinished.rename(path)
    except _TakenError:
        raise BackupError(f"{unfinished}: another export is writing it") from None
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise BackupError(f"{unfinished}: {error.strerror}") from None
        raise


class _TakenError(Exception):
    """Somebody else writes the file."""


def _take(fd: int, path: Path) -> None:
    """Nobody else writes this file until it is closed. Raises _TakenError, OSError."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(fd), path.lstat()):  # finished by another one meanwhile
            raise _TakenError
    except (BlockingIOError, FileNotFoundError):
        raise _TakenError from None
