"""Rotating the signing key (ID-01, ID-08): what is in the files, what is refused, what is good under which key."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from rcim.app.datadir import DataDir, DataDirError, Keys
from rcim.base.errors import RcimError
from rcim.operate import key_rotation
from rcim.session.usersig import mint, verify


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
