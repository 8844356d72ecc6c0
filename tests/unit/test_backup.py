"""Backups and restores of a store on which no server runs; tests/e2e/test_backup.py has the others (ST-03, ST-04)."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import random
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.settings.all_settings import Settings
from rcim.app.settings.sources import load
from rcim.base import clock
from rcim.operate import backup as b
from rcim.operate import manifest as m
from rcim.operate import page_copy
from rcim.operate.checking import check_file
from rcim.operate.faults import BackupError
from rcim.operate.restore import restore
from rcim.store.backend import TABLES, LmdbBackend
from rcim.store.event_rows import AFTER_ALL
from rcim.store.tables import read_store_id
from rcim.store.trail import Trail
from tests.amount import some
from tests.kit_damage import SIZE
from tests.unit.test_store import KEY, Kit, created, kept

EACH = some(3, of=1)
"""A kill at every third place in an ordinary run, at all of them in a thorough one."""
FAST = b.Wanted(mib_per_s=0)
OF_THIS_PLACE = {b"id", b"place"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a data directory with keys and a store with a group and 300 messages."""
    data = DataDir(tmp_path / "data")
    data.prepare()
    data.release()
    backend = LmdbBackend(data.store)
    kit = Kit(backend)
    kit.append(created(KEY, "bob"), *(kept(seq) for seq in range(1, 301)))
    backend.close()
    return at(tmp_path / "data")


def at(folder: Path) -> Settings:
    return load(None, {}, [f"server.data={folder}"])


def rows(store: Path) -> dict[str, dict[bytes, bytes]]:
    """What is in a store, but for what says which one it is."""
    backend = LmdbBackend(store, readonly=True)
    with backend.read() as view:
        found = {table: dict(view.scan(table, b"", AFTER_ALL)) for table in TABLES}
    backend.close()
    found["meta"] = {key: value for key, value in found["meta"].items() if key not in OF_THIS_PLACE}
    return found


def history(store: Path) -> int:
    backend = LmdbBackend(store, readonly=True)
    with backend.read() as view:
        found = read_store_id(view)
    backend.close()
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != b.LOCK)


def test_a_backup_is_restored_with_a_history_of_its_own(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    before = rows(tmp_path / "data" / "store")
    made = b.back_up(settings, folder, FAST)
    place = Path(made.folder)
    assert [place] == m.complete(folder) and m.read(place) == made.manifest
    assert made.manifest.checked and (made.manifest.schema, made.manifest.history) != (0, 0)
    for path in [place, *place.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    done = restore(at(tmp_path / "new"), place)
    new = DataDir(tmp_path / "new")
    assert rows(new.store) == before and check_file(new.store, 1 << 30).faults == []
    assert history(new.store) == done.history != made.manifest.history
    seen = Trail(new.trail).read()
    assert seen is not None and seen.store_id == done.history, "the server does not take it for another one"
    assert new.key() == DataDir(tmp_path / "data").key()
    assert new.prepare() == [], "nothing is made anew"
    new.release()


def test_keys_can_be_left_out(settings: Settings, tmp_path: Path) -> None:
    made = b.back_up(settings, tmp_path / "backups", FAST)
    restore(at(tmp_path / "new"), Path(made.folder), with_keys=False)
    new = DataDir(tmp_path / "new")
    assert not new.signing_key.exists() and not new.private_key.exists()
    assert len(new.prepare()) == 2
    new.release()


def test_settings_and_logs_go_along_if_they_are_asked_for(settings: Settings, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for path in (data / "audit" / "a.jsonl", data / "message-log" / "day" / "b.jsonl"):
        path.parent.mkdir(parents=True)
        path.write_text(path.name, encoding="utf-8")
    config = tmp_path / "rcim.toml"
    config.write_text("[log]\nlevel = 'error'\n", encoding="utf-8")
    plain = b.back_up(settings, tmp_path / "backups", FAST)
    assert {entry.part for entry in plain.manifest.files.values()} == {m.STORE, m.KEY}
    wanted = msgspec.structs.replace(FAST, with_logs=True, config=str(config))
    made = b.back_up(settings, tmp_path / "backups", wanted)
    restore(at(tmp_path / "new"), Path(made.folder))
    assert (tmp_path / "new" / "message-log" / "day" / "b.jsonl").read_text(encoding="utf-8") == "b.jsonl"
    assert (tmp_path / "new" / "settings.toml").read_text(encoding="utf-8") == config.read_text(encoding="utf-8")


def test_the_data_directory_says_when_its_last_backup_was(settings: Settings, tmp_path: Path) -> None:
    made = b.back_up(settings, tmp_path / "backups", FAST)
    said = json.loads((tmp_path / "data" / "last-backup").read_text(encoding="utf-8"))
    assert said == {"at_ms": made.manifest.at_ms, "folder": str(Path(made.folder)), "bytes": made.manifest.bytes}


def test_older_backups_go_once_a_newer_one_is_complete(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    first, second = (b.back_up(settings, folder, FAST).folder for _ in range(2))
    (folder / "notes").mkdir()
    (folder / "20200101T000000.000Z.incomplete" / "store").mkdir(parents=True)
    made = b.back_up(settings, folder, msgspec.structs.replace(FAST, keep=2))
    assert made.removed == ["20200101T000000.000Z", Path(first).name]
    assert names(folder) == [Path(second).name, Path(made.folder).name, "notes"]


def test_names_follow_each_other_when_the_clock_is_set_back(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    now_ms = 1_700_000_000_500
    monkeypatch.setattr(clock, "wall_ms", lambda: now_ms)
    made = [Path(b.back_up(settings, folder, FAST).folder).name]
    now_ms -= 300
    made.append(Path(b.back_up(settings, folder, FAST).folder).name)
    assert made == ["20231114T221320.500Z", "20231114T221320.501Z"]
    now_ms -= 5000
    with pytest.raises(BackupError, match="is the clock right"):
        b.back_up(settings, folder, FAST)


def test_one_at_a_time_in_a_folder(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    fd = os.open(folder / b.LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    with pytest.raises(BackupError, match="another backup is being made there"):
        b.back_up(settings, folder, FAST)
    os.close(fd)
    assert b.back_up(settings, folder, FAST)


def test_a_full_disk_leaves_what_was_there(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # ST-04
    folder = tmp_path / "backups"
    first = b.back_up(settings, folder, FAST).folder
    noted = (tmp_path / "data" / "last-backup").read_bytes()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(page_copy.os, "pwrite", full)
        with pytest.raises(BackupError, match="the disk is full"):
            b.back_up(settings, folder, msgspec.structs.replace(FAST, keep=1))
    with monkeypatch.context() as patch:
        patch.setattr(page_copy, "SPARE_BYTES", 1 << 60)
        with pytest.raises(BackupError, match=r"the disk is full: .* are left to the store"):
            b.back_up(settings, folder, FAST)
    assert names(folder) == [Path(first).name]
    assert (tmp_path / "data" / "last-backup").read_bytes() == noted


def test_one_that_takes_too_long_is_given_up(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    with pytest.raises(BackupError, match="takes longer than 2 s"):
        b.back_up(settings, folder, b.Wanted(mib_per_s=0.0001, within_s=2))
    assert names(folder) == []


def test_a_damaged_store_is_said_and_older_backups_stay(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    first = b.back_up(settings, folder, FAST).folder
    for number in range(2, 12):
        damage_page(tmp_path / "data" / "store" / "data.mdb", number)
    with pytest.raises(BackupError, match="the store is damaged"):
        b.back_up(settings, folder, msgspec.structs.replace(FAST, keep=1))
    assert names(folder) == [Path(first).name]


def damage_page(file: Path, number: int) -> None:
    with file.open("r+b") as there:
        there.seek(number * SIZE)
        there.write(random.Random(number).randbytes(SIZE))


def test_a_copy_that_was_not_looked_at_is_when_it_is_restored(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "data" / "store" / "data.mdb"
    pages = range(file.stat().st_size // SIZE)
    damage_page(file, next(number for number in pages if b"c200" in page(file, number)))
    wanted = msgspec.structs.replace(FAST, check=False)
    made = b.back_up(settings, tmp_path / "backups", wanted)
    assert not made.manifest.checked
    with pytest.raises(BackupError, match="the store is damaged"):
        restore(at(tmp_path / "new"), Path(made.folder))
    assert empty(tmp_path / "new")


def page(file: Path, number: int) -> bytes:
    return file.read_bytes()[number * SIZE : (number + 1) * SIZE]


def usable(folder: Path) -> None:
    """A server could start there."""
    data = DataDir(folder)
    data.hold()
    data.release()


def empty(folder: Path) -> bool:
    """Nothing is there but the lock, and a server could start."""
    usable(folder)
    return {path.name for path in folder.iterdir()} == {"lock"}


def changed(place: Path, **values: Any) -> None:
    found = json.loads((place / m.MANIFEST).read_text(encoding="utf-8"))
    (place / m.MANIFEST).write_text(json.dumps(found | values), encoding="utf-8")


def flip(place: Path) -> None:
    file = place / m.STORE_FILE
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def outside(place: Path) -> None:
    found = json.loads((place / m.MANIFEST).read_text(encoding="utf-8"))
    changed(place, files=found["files"] | {"../../evil": found["files"]["signing.key"]})


def named(place: Path, name: str) -> None:
    """The manifest has one more file."""
    found = json.loads((place / m.MANIFEST).read_text(encoding="utf-8"))
    changed(place, files=found["files"] | {name: found["files"]["signing.key"]})


def first_key(place: Path, data: bytes) -> None:
    """The name of the first value of the manifest begins with these bytes."""
    file = place / m.MANIFEST
    file.write_bytes(file.read_bytes().replace(b'"', b'"' + data, 1))


BAD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "another byte": (flip, "is not what the manifest says"),
    "cut off": (lambda place: os.truncate(place / m.STORE_FILE, 9000), "is not what the manifest says"),
    "a file is missing": (lambda place: (place / "signing.key").unlink(), "the file is missing"),
    "no manifest": (lambda place: (place / m.MANIFEST).unlink(), "it has no manifest.json"),
    "no JSON": (lambda place: (place / m.MANIFEST).write_text("{", encoding="utf-8"), "it is damaged"),
    "no store": (lambda place: changed(place, files={}), "it has no store"),
    "other fields": (lambda place: changed(place, files=3), "it is damaged"),
    "newer format": (lambda place: changed(place, format=2, rcim="9.0"), "knows format 1. Restore it with rcim 9.0"),
    "newer schema": (lambda place: changed(place, schema=99, rcim="9.0"), "schema version 99; .* with rcim 9.0"),
    "a file elsewhere": (outside, "is no file of a backup"),
    "a file in a file": (lambda place: named(place, m.STORE_FILE + "/x"), "File exists|Not a directory"),
    "a name too long": (lambda place: named(place, "x" * 300), "File name too long"),
    "no UTF-8": (lambda place: first_key(place, b"\xff"), "it is damaged"),
    "a time of no calendar": (lambda place: changed(place, at_ms=10**30), "it is damaged"),
    "a commit below zero": (lambda place: changed(place, commit=-1), "it is damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_whole_backup_is_not_restored(name: str, settings: Settings, tmp_path: Path) -> None:
    spoil, says = BAD[name]
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    spoil(place)
    with pytest.raises(BackupError, match=says):
        restore(at(tmp_path / "new"), place)
    assert not (tmp_path / "new").exists() or empty(tmp_path / "new")
    before = rows(tmp_path / "data" / "store")
    with pytest.raises(BackupError, match=says):
        restore(settings, place, replace=True)
    assert rows(tmp_path / "data" / "store") == before
    usable(tmp_path / "data")


def test_a_folder_that_is_another_thing_is_named(settings: Settings, tmp_path: Path) -> None:
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    with pytest.raises(BackupError, match=f"it holds 1 backups; name one of them, such as .*{place.name}"):
        restore(at(tmp_path / "new"), place.parent)
    unfinished = place.rename(place.with_name(place.name + m.INCOMPLETE))
    (unfinished / m.MANIFEST).unlink()
    with pytest.raises(BackupError, match="it was broken off"):
        restore(at(tmp_path / "new"), unfinished)
    with pytest.raises(BackupError, match="there is no such folder"):
        restore(at(tmp_path / "new"), tmp_path / "nowhere")


def test_not_over_what_is_there_and_not_under_a_server(settings: Settings, tmp_path: Path) -> None:
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    before = rows(tmp_path / "data" / "store")
    with pytest.raises(BackupError, match=r"it is not empty .*--replace"):
        restore(settings, place)
    running = DataDir(tmp_path / "data")
    running.hold()
    with pytest.raises(BackupError, match="in use by another rcim server"):
        restore(settings, place, replace=True)
    running.release()
    assert rows(tmp_path / "data" / "store") == before


def test_what_was_there_is_put_aside(settings: Settings, tmp_path: Path) -> None:
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    (tmp_path / "data" / "own-notes").write_text("keep me", encoding="utf-8")
    before = rows(tmp_path / "data" / "store")
    done = restore(settings, place, replace=True)
    aside = tmp_path / "data" / done.aside
    assert (aside / "own-notes").read_text(encoding="utf-8") == "keep me" and rows(aside / "store") == before
    again = restore(settings, place, replace=True)
    assert aside.is_dir() and again.history != done.history, "what was put aside before stays where it is"


class Killed(BaseException):
    """In place of SIGKILL: nothing is tidied up by what catches exceptions of this program."""


STEPS = ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync", "ftruncate", "pwrite")


def kill_points(monkeypatch: pytest.MonkeyPatch, number: int, steps: Sequence[str] = ("rename",)) -> Iterator[None]:
    """The process ends at the `number`th call of one of these functions of `os`, before it is done."""
    count = 0

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def dies(*args: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count >= number:
                raise Killed
            return call(*args, **options)

        return dies

    with monkeypatch.context() as patch:
        for step in steps:
            patch.setattr(os, step, dying(getattr(os, step)))
        yield


def whole(folder: Path) -> None:
    """Each folder that has a manifest has all that the manifest names."""
    for file in folder.rglob(m.MANIFEST):
        for name, entry in m.read(file.parent).files.items():
            assert hashlib.sha256((file.parent / name).read_bytes()).hexdigest() == entry.sha256, (file, name)


def one_fault(patch: pytest.MonkeyPatch, number: int) -> Callable[[], int]:
    """The `number`th call that writes, syncs or renames fails. Returns what tells how many have failed, 0 or 1."""
    count = 0

    def faulty(call: Callable[..., Any]) -> Callable[..., Any]:
        def fails(*args: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                raise OSError(errno.EIO, "Input/output error")
            return call(*args, **options)

        return fails

    for step in ("fsync", "fdatasync", "pwrite", "ftruncate", "rename"):
        patch.setattr(os, step, faulty(getattr(os, step)))
    return lambda: int(count >= number)


def test_what_the_disk_refuses_anywhere_is_no_backup(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any one call fails, also the last sync of the folder: the backup is complete, or it is not there."""
    folder = tmp_path / "backups"
    expected = [Path(b.back_up(settings, folder, FAST).folder).name]
    number, failures, more = 0, 0, True
    while more:
        number += 1
        with monkeypatch.context() as patch:
            faults = one_fault(patch, number)
            try:
                expected.append(Path(b.back_up(settings, folder, FAST).folder).name)
            except BackupError as error:
                failures += 1
                assert "Input/output error" in str(error)
            more = faults() > 0
        assert names(folder) == expected
        whole(folder)
    assert failures > 15


def test_a_backup_that_is_killed_anywhere_leaves_nothing_that_looks_complete(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while it removes an older one."""
    folder = tmp_path / "backups"
    wanted = msgspec.structs.replace(FAST, keep=1)
    number, killed = 0, True
    while killed:
        number += EACH
        b.back_up(settings, folder, wanted)
        points = kill_points(monkeypatch, number, STEPS)
        next(points)
        killed = False
        try:
            b.back_up(settings, folder, wanted)
        except Killed:
            killed = True
        next(points, None)
        whole(folder)
        assert m.complete(folder)
    assert len(names(folder)) == 1
    assert number > 30


def test_a_system_that_writes_less_than_it_was_asked_to(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwrite = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, bytes(data[:1000]), at))
        made = b.back_up(settings, tmp_path / "backups", FAST)
    assert rows(Path(made.folder) / "store") == rows(tmp_path / "data" / "store")
    whole(tmp_path / "backups")


def test_older_backups_that_can_not_be_removed_make_a_complete_one_no_failure(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    older = [Path(b.back_up(settings, folder, FAST).folder).name for _ in range(3)]
    rename = os.rename

    def refusing(source: Any, target: Any, **options: Any) -> None:
        if Path(source).name == older[1]:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(source))
        rename(source, target, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", refusing)
        made = b.back_up(settings, folder, msgspec.structs.replace(FAST, keep=1))
    assert names(folder) == [older[1], Path(made.folder).name]
    assert made.removed == [older[0], older[2]]
    assert made.not_removed == [f"{folder / older[1]}: it can't be removed: Operation not permitted"]


def test_of_a_backup_that_is_a_symlink_the_link_is_removed(settings: Settings, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "backups", tmp_path / "elsewhere"
    old = Path(b.back_up(settings, folder, FAST).folder)
    old.rename(elsewhere)
    old.symlink_to(elsewhere)
    broken_off = folder / "20200101T000000.000Z.incomplete"
    broken_off.symlink_to(tmp_path / "data")
    made = b.back_up(settings, folder, msgspec.structs.replace(FAST, keep=1))
    assert names(folder) == [Path(made.folder).name] and made.not_removed == []
    assert m.read(elsewhere) and (tmp_path / "data" / "store").is_dir()


@pytest.mark.parametrize("name", ["with spaces", "with\na line", "-x", "ünï"])
def test_a_folder_of_any_name(name: str, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    folder = tmp_path / name
    folder.symlink_to(tmp_path / "real")
    made = b.back_up(settings, folder, FAST)
    restore(at(tmp_path / "new"), Path(made.folder))
    assert rows(tmp_path / "new" / "store") == rows(tmp_path / "data" / "store")


@pytest.mark.parametrize("replace", [False, True])
def test_a_restore_that_is_killed_anywhere_leaves_the_old_or_goes_on(
    replace: bool, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each change of files: a server starts on what was there before, or on all that is new, or not at all until the
    next run has finished."""
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    expected = rows(tmp_path / "data" / "store")
    number, killed = 0, True
    while killed:
        number += EACH
        target = tmp_path / f"new{number}"
        if replace:
            shutil.copytree(tmp_path / "data", target)
            (target / "mine").write_text("x", encoding="utf-8")
        killed = False
        points = kill_points(monkeypatch, number, STEPS)
        next(points)
        try:
            restore(at(target), place, replace=replace)
        except Killed:
            killed = True
        next(points, None)
        as_before = (target / "mine").exists() if replace else not (target / "store").exists()
        target.mkdir(exist_ok=True, mode=0o700)
        try:
            usable(target)
        except DataDirError as error:
            assert "broken off: run it again" in str(error)
            restore(at(target), place, replace=replace)
        else:
            assert as_before or (target / "store").exists()
            if as_before:
                restore(at(target), place, replace=replace)
        assert rows(target / "store") == expected
        assert len(list(target.rglob("mine"))) == replace
        usable(target)
        assert not (target / "restoring").exists()
        shutil.rmtree(target)
    assert number > 30


@pytest.mark.parametrize("replace", [False, True])
def test_a_restore_that_is_killed_is_finished_by_the_next_one(
    replace: bool, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each rename, and none of the states in between is taken for a data directory."""
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    expected = rows(tmp_path / "data" / "store")
    number = 0
    while True:
        number += 1
        target = tmp_path / f"new{number}"
        if replace:
            shutil.copytree(tmp_path / "data", target)
            (target / "mine").write_text("x", encoding="utf-8")
        killed = False
        points = kill_points(monkeypatch, number)
        next(points)
        try:
            restore(at(target), place, replace=replace)
        except Killed:
            killed = True
        next(points, None)
        if not killed:
            break
        for ready in (DataDir(target).prepare, DataDir(target).hold):
            with pytest.raises(DataDirError, match="broken off: run it again"):
                ready()
        done = restore(at(target), place, replace=replace)
        assert rows(target / "store") == expected and history(target / "store") == done.history
        assert not (target / "restoring").exists()
        found = list(target.rglob("mine"))
        assert len(found) == replace and all(path.parent.name.startswith("replaced-") for path in found)
        usable(target)
    assert number > 5


def test_another_backup_does_not_go_on_where_one_was_killed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Path(b.back_up(settings, tmp_path / "backups", FAST).folder) for _ in range(2))
    points = kill_points(monkeypatch, 4)
    next(points)
    with pytest.raises(Killed):
        restore(at(tmp_path / "new"), first)
    next(points, None)
    with pytest.raises(BackupError, match=f"{first.name}, which was broken off, is finished now"):
        restore(at(tmp_path / "new"), second)
    assert check_file(tmp_path / "new" / "store", 1 << 30).faults == []
    assert restore(at(tmp_path / "new"), second, replace=True).aside
