"""Backups that are damaged, or of another version, are restored whole or not at all (ST-03)."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rcim.app.files.datadir import DataDir
from rcim.app.settings.all_settings import Settings
from rcim.base.limits import DEFAULTS
from rcim.operate import backup as b
from rcim.operate import manifest as m
from rcim.operate.checking import check_file
from rcim.operate.faults import BackupError
from rcim.operate.restore import restore
from rcim.operate.upkeep import accept, new_history
from rcim.store import keys
from rcim.store.backend import LmdbBackend, StoreError
from rcim.store.store import Store
from rcim.store.upgrade import SCHEMA_VERSION
from tests.integration.test_stores_of_every_schema import VERSIONS, schema, unpacked
from tests.unit.test_backup import FAST, at, changed, empty, rows, settings

__all__ = ["settings"]  # the fixture
PLACES = 30
NEWER = SCHEMA_VERSION + 1


def outcome(backup: Path, folder: Path) -> str:
    """Restore it into a new folder. If it is refused, why: then nothing is there. Else the store has no fault, and the
    program can open it."""
    try:
        restore(at(folder), backup)
    except BackupError as error:
        assert not folder.exists() or empty(folder)
        return str(error)
    assert check_file(folder / "store", 1 << 30).faults == []
    Store(LmdbBackend(folder / "store"), DEFAULTS).close()
    return "restored"


def resealed(place: Path) -> None:
    """The manifest says of the store's file what it is now, as if it had been so when the backup was made."""
    data = (place / m.STORE_FILE).read_bytes()
    files = json.loads((place / m.MANIFEST).read_text(encoding="utf-8"))["files"]
    files[m.STORE_FILE] |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    changed(place, files=files)


@pytest.mark.parametrize("name", [m.STORE_FILE, m.MANIFEST])
def test_single_bytes_and_cuts_anywhere(name: str, settings: Settings, tmp_path: Path) -> None:
    """Of the store's file every one is found. Of the manifest those that change what is put back."""
    rng = random.Random(name)
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    whole = (place / name).read_bytes()
    said: list[str] = []
    for number in range(PLACES):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
        if number % 5 == 4:
            data = bytearray(whole[: rng.randrange(len(whole))])
        (place / name).write_bytes(data)
        said.append(outcome(place, tmp_path / f"new{number}"))
    if name == m.STORE_FILE:
        assert set(said) == {f"{place / name}: the backup is damaged: the file is not what the manifest says"}
    else:
        assert all(one == "restored" or "damaged" in one or "format" in one or "schema" in one for one in said), said
        assert said.count("restored") < PLACES // 3
    (place / name).write_bytes(whole)
    assert outcome(place, tmp_path / "whole") == "restored"


def another_part(place: Path) -> None:
    files = json.loads((place / m.MANIFEST).read_text(encoding="utf-8"))["files"]
    files["signing.key"]["part"] = "kex"
    changed(place, files=files)


def meta(row: bytes, value: bytes) -> Callable[[Path], None]:
    """A backup whose store has this in its table of facts, with a manifest that knows the file so."""

    def spoil(place: Path) -> None:
        backend = LmdbBackend(place / "store")
        with backend.write() as view:
            view.put("meta", row, value)
        backend.close()
        (place / "store" / "lock.mdb").unlink()
        resealed(place)

    return spoil


NOT_AGREED = "it says of the store what the store does not"
SPOILT: dict[str, tuple[Callable[[Path], None], str]] = {
    "an earlier schema in the manifest": (lambda place: changed(place, schema=SCHEMA_VERSION - 1), NOT_AGREED),
    "another history in the manifest": (lambda place: changed(place, history=7), NOT_AGREED),
    "another commit in the manifest": (lambda place: changed(place, commit=7), NOT_AGREED),
    "a part that there is not": (another_part, "it is damaged"),
    "a newer schema in the store": (
        meta(b"schema", keys.U16.pack(NEWER)),
        NOT_AGREED,
    ),
    "schema 0 in the store": (meta(b"schema", keys.U16.pack(0)), "its schema version can't be read"),
    "half a schema in the store": (meta(b"schema", b"x"), "its schema version can't be read"),
    "half a commit in the store": (meta(b"stamp", b"x"), "what it says of itself can't be read"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_manifest_and_store_say_has_to_agree_and_to_be_known(
    name: str, settings: Settings, tmp_path: Path
) -> None:
    spoil, says = SPOILT[name]
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    spoil(place)
    before = rows(tmp_path / "data" / "store")
    with pytest.raises(BackupError, match=says):
        restore(settings, place, replace=True)
    assert rows(tmp_path / "data" / "store") == before
    with pytest.raises(BackupError, match=says):
        restore(at(tmp_path / "new"), place)
    assert not (tmp_path / "new").exists() or empty(tmp_path / "new")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_backup_of_each_schema_is_restored_as_it_was(version: int, tmp_path: Path) -> None:
    """And `rcim check` finds nothing wrong with it, before and after the first start upgrades it."""
    data = DataDir(tmp_path / "data")
    data.prepare()
    data.release()
    shutil.rmtree(data.store, ignore_errors=True)
    unpacked(version, data.store)
    before = rows(data.store)
    place = Path(b.back_up(at(data.path), tmp_path / "backups", FAST).folder)
    restore(at(tmp_path / "new"), place)
    store = tmp_path / "new" / "store"
    assert rows(store) == before and schema(store) == version
    report = check_file(store, 1 << 30)
    assert (report.faults, report.schema) == ([], version)
    assert outcome(place, tmp_path / "again") == "restored"
    assert schema(tmp_path / "again" / "store") == SCHEMA_VERSION


def test_a_newer_store_is_left_as_it_is_and_can_be_copied(settings: Settings, tmp_path: Path) -> None:
    store = tmp_path / "data" / "store"
    backend = LmdbBackend(store)
    with backend.write() as view:
        view.put("meta", b"schema", keys.U16.pack(NEWER))
    backend.close()
    before = (store / "data.mdb").read_bytes()
    says = f"schema version {NEWER}; this program knows {SCHEMA_VERSION}"
    with pytest.raises(StoreError, match=says):
        check_file(store, 1 << 30)
    for change in (new_history, accept):
        with pytest.raises(StoreError, match=says):
            change(settings)
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    assert (store / "data.mdb").read_bytes() == before and rows(place / "store") == rows(store)
    with pytest.raises(BackupError, match=says):
        restore(at(tmp_path / "new"), place)
