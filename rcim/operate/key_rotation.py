"""Rotating the app's signing key (ID-01, ID-08): a new key, beside which the one before stays good for a while.

1. `rotate` keeps the key as `signing.previous.key`, and then makes a new `signing.key`. Each file is written whole or not
   at all, and the first is on the disk before the second is begun. After a crash between the two both hold the same key,
   and `rotate` goes on from there.
2. `drop_previous` ends it: what the previous key has signed is good no more, also after a power failure.

A running server notices neither before it reloads (docs/operate/keys.md).
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from rcim.app.files.datadir import DataDir, DataDirError, write_private


def rotate(data: DataDir, *, replace: bool = False) -> None:
    """Make a new signing key and keep the one before. `replace`: also if a rotation is under way, whose previous key is
    then good no more. Raises DataDirError: nothing has changed."""
    with _alone(data) as folder:
        current = data.key()
        if data.keys().previous and not replace:
            raise DataDirError(
                f"{data.previous_key}: a rotation is under way; end it with --drop-previous first, or lose this key with "
                "--replace"
            )
        try:
            write_private(data.previous_key, current.encode() + b"\n")
            os.fsync(folder)
            write_private(data.signing_key, secrets.token_hex(32).encode() + b"\n")
            os.fsync(folder)
        except OSError as error:
            raise DataDirError(f"{error.filename or data.path}: {error.strerror}") from None


def drop_previous(data: DataDir) -> None:
    """Remove the previous key. Raises DataDirError: there is none, or it can't be removed."""
    with _alone(data) as folder:
        try:
            data.previous_key.unlink()
            os.fsync(folder)
        except FileNotFoundError:
            raise DataDirError(f"{data.previous_key} is not there: no rotation is under way") from None
        except OSError as error:
            raise DataDirError(f"{data.previous_key}: {error.strerror}") from None


@contextmanager
def _alone(data: DataDir) -> Iterator[int]:
    """Lock the data directory against another rotation, and yield the open folder. A server may be running. Raises
    DataDirError."""
    try:
        data.check_user()
        folder = os.open(data.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise DataDirError(f"{data.path}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirError(f"{data.path}: another rcim rotate-key is at work") from None
        except OSError as error:
            raise DataDirError(f"{data.path}: it can't be locked: {error.strerror}") from None
        yield folder
    finally:
        os.close(folder)
