"""`rcim import`: a store from the lines of an export, all of it or nothing (OP-03, docs/reference/export-format.md)."""

from __future__ import annotations

import gzip
import hashlib
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from operator import or_
from pathlib import Path
from typing import IO, Any

import msgspec

from rcim.actor.push_records import PushToken
from rcim.actor.records import Profile
from rcim.app.settings.all_settings import Settings
from rcim.operate.exporting import FORMAT, STANDARD, End, Header
from rcim.operate.faults import BackupError
from rcim.operate.line_kinds import BY_NAME, COUNTERS, KINDS, Kind, kind_of_row
from rcim.operate.placing import Placing, placing
from rcim.operate.twins import from_twin
from rcim.rules.conversation_kinds import BROADCAST, kind_of
from rcim.store import keys, name_index
from rcim.store.backend import LmdbBackend, NoRoom, StoreError, WriteView
from rcim.store.channel_rows import put_inside
from rcim.store.check import check
from rcim.store.decoders import json_decoder
from rcim.store.push_tokens import put_back
from rcim.store.upgrade import SCHEMA_VERSION
from rcim.store.values import unpack

LINE_BYTES_MAX = 64 << 20
"""A group with all that it may have has less than a MiB."""
AT_ONCE = 2000
"""Lines in one commit."""
BYTES_AT_ONCE = 8 << 20
SHOWN_MAX = 5


class Imported(msgspec.Struct, frozen=True):
    """What was done."""

    lines: int
    history: int
    """The id of the history that begins."""
    went_on: bool
    """An earlier import had been broken off at its end, and was finished; nothing was read."""


def import_(settings: Settings, source: str) -> Imported:
    """Make a store of the lines of `source`, a file or `-`, in the data directory of the settings, which is empty. Raises
    BackupError; then nothing is there."""
    name = str(Path(source).resolve()) if source != STANDARD else STANDARD
    with placing(Path(settings.server.data)) as place:
        plan = place.broken_off()
        if plan is not None:
            place.go_on(plan)
            if plan.source != name:
                raise BackupError(
                    f"{place.data.path}: what was being put there from {plan.source.partition(' ')[0]}, and was broken "
                    "off, is finished now; nothing of this export was read"
                )
            return Imported(0, plan.history, went_on=True)
        place.begin(replace=False)
        try:
            lines = _fill(settings, place, source)
            history = place.begin_history(settings.store.map_bytes, settings.store.map_bytes_max)
        except BackupError:
            place.give_up()
            raise
        except StoreError as error:
            place.give_up()
            raise BackupError(str(error)) from None
        except OSError as error:
            place.give_up()
            raise BackupError(f"{error.filename or place.new}: {error.strerror}") from None
        place.finish(name, history)
        return Imported(lines, history, went_on=False)


def _fill(settings: Settings, place: Placing, source: str) -> int:
    backend = LmdbBackend(place.new / "store", settings.store.map_bytes, settings.store.map_bytes_max)
    try:
        _write(backend, lambda view: view.put("meta", b"schema", keys.U16.pack(SCHEMA_VERSION)))
        with _reading(source) as file:
            lines = _Reading(file).into(backend)
        _write(backend, _count)
        name_index.make_current(backend)
        faults = check(backend).faults
    finally:
        backend.close()
    if faults:
        more = f"; and {len(faults) - SHOWN_MAX} more" if len(faults) > SHOWN_MAX else ""
        raise BackupError(f"the lines do not agree with each other: {'; '.join(faults[:SHOWN_MAX])}{more}")
    return lines


def _count(view: WriteView) -> None:
    """Count the groups of each type, as the store keeps it (GT-13)."""
    profiles = view.scan("profiles", b"", keys.LAST)
    types = Counter(unpack(data, Profile).type for row, data in profiles if kind_of(row.decode()) is not BROADCAST)
    for name, count in types.items():
        view.put("app", b"count:" + name.encode(), keys.U64.pack(count))


def _write(backend: LmdbBackend, change: Callable[[WriteView], None]) -> None:
    while True:
        try:
            with backend.write() as view:
                change(view)
            return
        except NoRoom:
            backend.grow()


class _Reading:
    """The lines of an export, with what is checked of them as a whole."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._number = 0
        self._decoder: msgspec.json.Decoder[Any] = json_decoder(reduce(or_, (kind.line for kind in KINDS), End))
        self._kinds = {kind.line: kind for kind in KINDS}
        self._counts: Counter[str] = Counter()
        self._digest = hashlib.sha256()

    def into(self, backend: LmdbBackend) -> int:
        """Write the lines to the store, and return how many there were. Raises BackupError and StoreError."""
        self._header()
        batch: list[tuple[int, Kind, Any]] = []
        size = 0
        while True:
            data = self._line()
            line = self._decoded(data, self._decoder)
            if isinstance(line, End):
                break
            kind = self._kinds[type(line)]
            self._digest.update(data)
            self._counts[kind.name] += 1
            batch.append((self._number, kind, line))
            size += len(data)
            if len(batch) >= AT_ONCE or size >= BYTES_AT_ONCE:
                self._commit(backend, batch)
                batch, size = [], 0
        self._commit(backend, batch)
        if line.lines != dict(self._counts) or line.sha256 != self._digest.hexdigest():
            raise self._wrong("the lines before it are not those that were exported: the file is damaged")
        if self._file.readline(1):
            raise self._wrong("there is more after the last line of the export")
        return sum(self._counts.values())

    def _header(self) -> None:
        try:
            header = json_decoder(Header).decode(self._line())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._wrong("it is no export of rcim: the first line is no header") from None
        if header.format != FORMAT:
            raise self._wrong(
                f"rcim {header.rcim} has made this export, in format {header.format}; this program knows format "
                f"{FORMAT}. Import it with rcim {header.rcim} or later"
            )

    def _line(self) -> bytes:
        self._number += 1
        try:
            data = self._file.readline(LINE_BYTES_MAX + 1)
        except (EOFError, zlib.error, OSError) as error:
            raise self._wrong(f"it can't be read: {error}") from None
        if len(data) > LINE_BYTES_MAX:
            raise self._wrong(f"it is longer than {LINE_BYTES_MAX} bytes")
        if not data.endswith(b"\n"):
            raise self._wrong("the export ends here, without its last line: it was cut off")
        return data

    def _decoded(self, data: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
        try:
            return decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._wrong(str(error)) from None

    def _commit(self, backend: LmdbBackend, batch: list[tuple[int, Kind, Any]]) -> None:
        def put(view: WriteView) -> None:
            for number, kind, line in batch:
                try:
                    _put(view, kind, line)
                except (ValueError, OverflowError, struct.error, TypeError) as error:
                    raise BackupError(f"line {number}: {kind.name}: {error}") from None

        _write(backend, put)

    def _wrong(self, text: str) -> BackupError:
        return BackupError(f"line {self._number}: {text}")


def _put(view: WriteView, kind: Kind, line: Any) -> None:
    """Write the row of a line. Raises ValueError and other errors of decoding if the line is no row."""
    row = kind.key(line)
    if kind_of_row(kind.table, row) is not kind or (kind.name == "counter" and row not in COUNTERS):
        raise ValueError(f"{row.decode(errors='replace')!r} is none")
    if view.get(kind.table, row) is not None:
        raise ValueError("an earlier line says it, too")
    view.put(kind.table, row, kind.form.made(line))
    if kind is BY_NAME["insider"]:
        put_inside(view, line.conversation, line.user)
    elif kind is BY_NAME["push_token"]:
        put_back(view, line.user, from_twin(line.value, PushToken))


@contextmanager
def _reading(source: str) -> Iterator[IO[bytes]]:
    if source == STANDARD:
        yield sys.stdin.buffer
        return
    try:
        with open(source, "rb") as raw:
            if source.endswith(".gz"):
                with gzip.GzipFile(fileobj=raw) as packed:
                    yield packed  # type: ignore[misc]  # it has what is used of IO[bytes]
            else:
                yield raw
    except OSError as error:
        raise BackupError(error.strerror or str(error)) from None
