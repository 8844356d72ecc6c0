"""Rotating the signing key (ID-01, ID-08): what is in the files, what is refused, what is good under which key."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rcim.app.files import datadir
from rcim.app.files.datadir import ADMIN_CREDENTIALS_MAX, DataDir, DataDirError, Keys
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.operate import key_rotation
from rcim.session.usersig import mint, verify
from tests.unit.test_backup import Killed, kill_points

STEPS = ("open", "fsync", "rename", "unlink")
"""Each function of `os` with which a rotation changes files."""


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "d")
    made.prepare()
    made.release()
    return made


def test_root_changes_nothing_in_the_directory_of_another_user(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:  # ID-08, ST-03: what root makes there the server's user can't read
    if os.geteuid() == 0:
        os.chown(data.path, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    before = sorted((path.name, path.read_bytes()) for path in data.path.iterdir() if path.is_file())
    for change in (data.prepare, data.hold, lambda: key_rotation.rotate(data)):
        with pytest.raises(DataDirError, match=r"belongs to another user.*sudo -u"):
            change()
    assert before == sorted((path.name, path.read_bytes()) for path in data.path.iterdir() if path.is_file())


def test_the_key_before_stays_beside_the_new_one(data: DataDir) -> None:
    first = data.key()
    assert data.keys() == Keys(first)
    key_rotation.rotate(data)
    second = data.key()
    assert second != first and data.keys() == Keys(second, first)
    assert {path.stat().st_mode & 0o777 for path in (data.signing_key, data.previous_key)} == {0o600}
    with pytest.raises(DataDirError, match="a rotation is under way"):
        key_rotation.rotate(data)
    assert data.keys() == Keys(second, first)
    key_rotation.rotate(data, replace=True)
    assert data.keys().previous == second
    key_rotation.drop_previous(data)
    assert data.keys() == Keys(data.key())
    with pytest.raises(DataDirError, match="no rotation is under way"):
        key_rotation.drop_previous(data)


def test_a_rotation_that_was_cut_off_goes_on(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two files both hold the same key: nothing was lost, and nothing is to be replaced."""
    first = data.key()
    written = key_rotation.write_private

    def full(path: Path, text: bytes) -> None:
        if path == data.signing_key:
            raise OSError(28, "No space left on device", str(path))
        written(path, text)

    monkeypatch.setattr(key_rotation, "write_private", full)
    with pytest.raises(DataDirError, match="No space left"):
        key_rotation.rotate(data)
    assert data.keys() == Keys(first), "the same key twice is no rotation"
    monkeypatch.undo()
    key_rotation.rotate(data)
    assert data.keys().previous == first


def test_one_at_a_time(data: DataDir) -> None:
    folder = os.open(data.path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with pytest.raises(DataDirError, match="at work"):
        key_rotation.rotate(data)
    os.close(folder)
    assert not data.previous_key.exists()


def test_files_that_are_no_keys(data: DataDir) -> None:
    with pytest.raises(DataDirError, match="No such file"):
        key_rotation.rotate(DataDir(data.path / "none"))
    for bad in (b"", b"\xff\n"):
        data.previous_key.write_bytes(bad)
        with pytest.raises(DataDirError, match=r"signing\.previous\.key"):
            data.keys()
    data.previous_key.write_bytes(b"k")
    data.previous_key.chmod(0o644)
    with pytest.raises(DataDirError, match="other users can get at it"):
        data.prepare()


def test_signatures_of_both_keys_are_good_until_the_previous_one_is_dropped() -> None:  # ID-02
    old, new = mint(1, "old", "u", 1000, 60), mint(1, "new", "u", 1000, 60)
    for sig in (old, new):
        assert verify(sig, 1, "new", "u", 1001, previous_key="old") == (1000, 1060)
    for sig, keys in ((old, ("new", "")), (mint(1, "other", "u", 1000, 60), ("new", "old")), (new, ("old", ""))):
        with pytest.raises(RcimError) as caught:
            verify(sig, 1, keys[0], "u", 1001, previous_key=keys[1])
        assert caught.value.code.name == "USERSIG_BAD_KEY"
    with pytest.raises(RcimError) as caught:
        verify(mint(1, "", "u", 1000, 60), 1, "new", "u", 1001, previous_key="")
    assert caught.value.code.name == "USERSIG_BAD_KEY", "no previous key is not a key"


@pytest.mark.parametrize(
    ("rotations", "change"),
    [
        (0, key_rotation.rotate),
        (1, lambda data: key_rotation.rotate(data, replace=True)),
        (1, key_rotation.drop_previous),
    ],
    ids=["first", "replace", "drop"],
)
def test_a_change_of_keys_that_is_killed_anywhere_keeps_the_key_in_use(
    rotations: int, change: Callable[[DataDir], None], data: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each step: what the key has signed stays good, a server starts, and the same command ends what was begun."""
    for _ in range(rotations):
        key_rotation.rotate(data)
    used, number, killed = data.key(), 0, True
    while killed:
        number += 1
        here = DataDir(tmp_path / f"d{number}")
        shutil.copytree(data.path, here.path)
        points = kill_points(monkeypatch, number, STEPS)
        next(points)
        try:
            change(here)
            killed = False
        except Killed:
            pass
        next(points, None)
        found = here.keys()
        assert verify(mint(1, used, "u", 1000, 60), 1, found.current, "u", 1001, previous_key=found.previous)
        here.prepare()
        here.release()
        try:
            change(here)
        except DataDirError as error:  # it was done already
            assert "rotation is under way" in str(error)
        ended = here.keys()
        if change is key_rotation.drop_previous:
            assert ended == Keys(used)
        else:
            assert ended.current != used and ended.previous
            assert rotations or ended.previous == used, "the key from before stays good"
        assert not list(here.path.glob("*.new"))
    assert number > (2 if change is key_rotation.drop_previous else 7)


def test_each_change_is_on_the_disk_before_the_next(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """ID-01: a power failure takes back what was renamed or removed and not synced, in any order."""
    lost: list[str] = []

    def changing(call: Callable[..., Any]) -> Callable[..., Any]:
        def changes(path: Any, *others: Any, **options: Any) -> None:
            assert not lost, f"{lost} may be lost, and this one not"
            call(path, *others, **options)
            lost.append(str(path))

        return changes

    synced = os.fsync

    def sync(fd: int) -> None:
        synced(fd)
        if os.path.samestat(os.fstat(fd), data.path.stat()):
            lost.clear()

    monkeypatch.setattr(os, "rename", changing(os.rename))
    monkeypatch.setattr(os, "unlink", changing(os.unlink))
    monkeypatch.setattr(os, "fsync", sync)
    for change in (key_rotation.rotate, key_rotation.drop_previous):
        change(data)
        assert not lost, "what was said to be done stays so"


def test_a_process_that_starts_while_keys_are_rotated_keeps_the_credential_that_all_take(data: DataDir) -> None:
    """ID-08: the gateways do not know the new key before the reload that this credential asks for."""
    data.keep_admin_credential(1, "root")
    made = data.admin_credential.read_bytes()
    key_rotation.rotate(data)
    assert not data.keep_admin_credential(1, "root", starting=True) and data.admin_credential.read_bytes() == made
    assert data.keep_admin_credential(1, "root"), "a reload signs it with the new one"
    verify(data.admin_credential.read_text(encoding="utf-8").strip(), 1, data.key(), "root", _now_s())
    data.admin_credential.write_bytes(made)
    key_rotation.drop_previous(data)
    assert data.keep_admin_credential(1, "root", starting=True), "the new key has none"
    fresh, old = data.admin_credentials()
    verify(fresh, 1, data.key(), "root", _now_s())
    assert old == made.decode().strip(), "a gateway that has not reloaded takes the dropped one, and no other"
    assert not data.keep_admin_credential(1, "root", starting=True) and data.admin_credentials() == [fresh, old]
    for _ in range(5):
        key_rotation.rotate(data)
        key_rotation.drop_previous(data)
        assert data.keep_admin_credential(1, "root", starting=True)
    assert len(data.admin_credentials()) == ADMIN_CREDENTIALS_MAX and data.admin_credentials()[-1] == old
    (newest, *_) = data.admin_credentials()
    assert not data.keep_admin_credential(1, "root") and data.admin_credentials() == [newest], "all have reloaded"
    data.admin_credential.write_text("no token\n", encoding="utf-8")
    assert data.keep_admin_credential(1, "root", starting=True) and len(data.admin_credentials()) == 1


def _now_s() -> int:
    return clock.wall_ms() // 1000


@pytest.mark.parametrize("starting", [True, False])
def test_a_full_disk_costs_no_credential(
    starting: bool, data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:  # ST-04
    """Other processes still take it; and with the user in it `rcim-admin` makes one of the new key."""
    data.keep_admin_credential(1, "root")
    made = data.admin_credential.read_bytes()
    key_rotation.rotate(data)
    key_rotation.drop_previous(data)

    def full(path: Path, _: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(datadir, "write_private", full)
    assert not data.keep_admin_credential(1, "root", starting=starting)
    assert data.admin_credential.read_bytes() == made
    verify(data.minted_for_admin(data.admin_credentials()[0]), 1, data.key(), "root", _now_s())
