"""Commands on a data directory of which any one call of the system fails: they say so, nothing is lost, and the next run
does it (ST-03, ST-04)."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.settings.all_settings import Settings
from rcim.operate import backup as b
from rcim.operate import key_rotation
from rcim.operate import restore as restore_module
from rcim.operate.copy_check import check_copy
from rcim.operate.exporting import export
from rcim.operate.faults import BackupError
from rcim.operate.importing import import_
from rcim.operate.restore import restore
from rcim.store.disk import DiskReserve
from tests.unit.test_backup import FAST, at, rows, settings, usable

__all__ = ["settings"]
CALLS = ("open", "listdir", "mkdir", "rename", "unlink", "rmdir", "fsync", "fdatasync", "pwrite", "ftruncate")
REASON = os.strerror(errno.EIO)


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[Callable[[], bool]]:
    """Meanwhile the `number`th of these calls fails. Gives what says whether one has."""
    made = 0

    def faulty(call: Callable[..., Any]) -> Callable[..., Any]:
        def fails(*args: Any, **options: Any) -> Any:
            nonlocal made
            made += 1
            if made == number:
                raise OSError(errno.EIO, REASON, *(str(one) for one in args[:1] if isinstance(one, str | Path)))
            return call(*args, **options)

        return fails

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, faulty(getattr(os, name)))
        patch.setattr(fcntl, "flock", faulty(fcntl.flock))
        yield lambda: made >= number


def outcome(work: Callable[[], object]) -> str:
    """Do it: what is wrong, said with its place, or nothing. Any error but a command's own fails the test."""
    try:
        work()
        return ""
    except (BackupError, DataDirError) as error:
        assert REASON in str(error) and "None" not in str(error)
        return str(error)


def test_a_restore(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Path(b.back_up(settings, tmp_path / "backups", FAST).folder)
    expected, target, failures = rows(tmp_path / "data" / "store"), tmp_path / "new", 0
    facts = check_copy(place / "store", look=True)
    monkeypatch.setattr(restore_module, "check_copy", lambda *_, **__: facts)  # a process of its own, each time
    for number in count(1):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(tmp_path / "data", target)
        (target / "mine").write_text("x", encoding="utf-8")
        with failing(monkeypatch, number) as one_has:
            wrong = outcome(lambda: restore(at(target), place, replace=True))
        if wrong:
            failures += 1
            restore(at(target), place, replace=True)
        assert rows(target / "store") == expected
        assert len(list(target.glob("replaced-*"))) == 1 == len(list(target.rglob("mine")))
        usable(target)
        if not one_has():
            break
    assert failures > 20


def test_a_backup(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, failures = tmp_path / "backups", 0
    for number in count(1):
        with failing(monkeypatch, number) as one_has:
            failures += bool(outcome(lambda: b.back_up(settings, folder, FAST)))
        if not one_has():
            break
    assert failures > 15


def test_an_export_and_an_import(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, target, failures = tmp_path / "lines", tmp_path / "new", 0
    for number in count(1):
        with failing(monkeypatch, number) as one_has:
            wrong = outcome(lambda: export(settings, str(file)))
        assert file.exists() != bool(wrong) and not (tmp_path / "lines.incomplete").exists()
        file.unlink(missing_ok=True)
        if not one_has():
            break
    export(settings, str(file))
    for number in count(1):
        shutil.rmtree(target, ignore_errors=True)
        with failing(monkeypatch, number) as one_has:
            wrong = outcome(lambda: import_(at(target), str(file)))
        failures += bool(wrong)
        if wrong and "run it again" in wrong:
            import_(at(target), str(file))
            wrong = ""
        assert (target / "store").exists() != bool(wrong)
        if not wrong:
            assert len(rows(target / "store")["messages"]) == 300
        if not one_has():
            break
    assert failures > 15


def test_an_import_onto_a_full_disk(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(settings, str(tmp_path / "lines"))
    monkeypatch.setattr(os, "posix_fallocate", raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    with pytest.raises(BackupError, match="the disk is full: "):
        import_(at(tmp_path / "new"), str(tmp_path / "lines"))
    assert not (tmp_path / "new" / "store").exists()
    usable(tmp_path / "new")


def test_a_rotation(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, failures = DataDir(tmp_path / "data"), 0
    for number in count(1):
        before = data.key()
        with failing(monkeypatch, number) as one_has:
            wrong = outcome(lambda: key_rotation.rotate(data))
        if wrong:
            failures += 1
            found = data.keys()
            assert before in (found.current, found.previous)
        else:
            assert data.keys().previous == before
        if data.keys().previous:
            key_rotation.drop_previous(data)
        if not one_has():
            break
    assert failures > 5


def test_a_store_that_can_not_open_its_file_once_more_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All file descriptors are in use: commits go on, and room is reserved as soon as one is free."""
    file = tmp_path / "data.mdb"
    file.write_bytes(bytes(4096))
    reserve = DiskReserve(file, 1 << 20)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", raising(OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(file))))
        reserve.keep(4096, 1 << 30)
    assert not reserve.short and file.stat().st_size == 4096
    reserve.keep(4096, 1 << 30)
    assert file.stat().st_size >= 4096 + (1 << 20)


def raising(error: OSError) -> Callable[..., Any]:
    """A call that fails in this way."""

    def fails(*_: Any, **__: Any) -> Any:
        raise error

    return fails
