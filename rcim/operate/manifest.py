"""The manifest of a backup: what is in its folder. A folder is a complete backup exactly if it has one (ST-03)."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import msgspec

from rcim.app.files.datadir import write_private
from rcim.operate.faults import BackupError
from rcim.store.decoders import json_decoder
from rcim.store.upgrade import SCHEMA_VERSION

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 64 << 20
INCOMPLETE = ".incomplete"
NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z\Z")
STORE_FILE = "store/data.mdb"
Part = Literal["store", "key", "settings", "log"]
KEY: Part = "key"
SETTINGS: Part = "settings"
LOG: Part = "log"
STORE: Part = "store"


Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
HistoryId = Annotated[int, msgspec.Meta(ge=0)]
Time = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
"""Milliseconds since 1970, up to the year 9999."""


class FileEntry(msgspec.Struct, frozen=True):
    """A file of the backup."""

    bytes: Count
    sha256: str
    part: Part
    """What it belongs to."""


class Manifest(msgspec.Struct, frozen=True):
    """What `manifest.json` says. Times are in milliseconds since 1970."""

    format: int
    rcim: str
    """The version of the program that made it."""
    schema: Count
    history: HistoryId
    commit: Count
    """The number of the last commit that is in it."""
    at_ms: Time
    """When the copy began: what was acknowledged before is in it."""
    seconds: Annotated[float, msgspec.Meta(ge=0)]
    """How long it took."""
    checked: bool
    """Its pages were looked at after copying."""
    files: dict[str, FileEntry]
    """By their path within the folder."""

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(entry.bytes for entry in self.files.values())


class _Versions(msgspec.Struct):
    format: int
    rcim: str = "?"


def write(folder: Path, manifest: Manifest) -> None:
    """Put it there, whole or not at all. Raises OSError."""
    write_private(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def read(folder: Path) -> Manifest:
    """The manifest of a complete backup that this program can restore. Raises BackupError."""
    file = folder / MANIFEST
    try:
        if file.stat().st_size > MANIFEST_BYTES_MAX:
            raise BackupError(f"{file}: it is larger than any manifest")
        data = file.read_bytes()
    except FileNotFoundError:
        raise BackupError(_no_backup(folder)) from None
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}") from None
    try:
        versions = json_decoder(_Versions).decode(data)
        if versions.format != FORMAT:
            raise BackupError(
                f"{folder}: rcim {versions.rcim} has made this backup, in format {versions.format}; this program knows "
                f"format {FORMAT}. Restore it with rcim {versions.rcim} or later"
            )
        manifest = json_decoder(Manifest).decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupError(f"{file}: it is damaged: {error}") from None
    if manifest.schema > SCHEMA_VERSION:
        raise BackupError(
            f"{folder}: its store has schema version {manifest.schema}; this program knows {SCHEMA_VERSION}. Restore it "
            f"with rcim {manifest.rcim} or later"
        )
    for name in manifest.files:
        path = PurePosixPath(name)
        if path.is_absolute() or not path.parts or any(part in ("..", "") for part in path.parts) or "\0" in name:
            raise BackupError(f"{file}: it is damaged: {name!r} is no file of a backup")
    if STORE_FILE not in manifest.files:
        raise BackupError(f"{file}: it is damaged: it has no store")
    return manifest


def _no_backup(folder: Path) -> str:
    if not folder.is_dir():
        return f"{folder}: there is no such folder"
    if folder.name.endswith(INCOMPLETE):
        return f"{folder}: this backup is incomplete: it was broken off"
    newest = complete(folder)
    if newest:
        return f"{folder}: it holds {len(newest)} backups; name one of them, such as {newest[-1]}"
    return f"{folder}: it is no complete backup: it has no {MANIFEST}"


def complete(folder: Path) -> list[Path]:
    """The complete backups in `folder`, the oldest first. Raises BackupError."""
    return [path for path in _named(folder) if NAME.match(path.name) and (path / MANIFEST).is_file()]


def incomplete(folder: Path) -> list[Path]:
    """What was broken off, or is being made. Raises BackupError."""
    found = _named(folder)
    return [
        path
        for path in found
        if NAME.match(path.name.removesuffix(INCOMPLETE))
        and not (NAME.match(path.name) and (path / MANIFEST).is_file())
    ]


def _named(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror}") from None
