"""Texts that come from outside the program: files, which are UTF-8 whatever the locale says, and arguments."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path

from rcim.base.errors import BAD_PARAMETER, RcimError

PIPE_S = 5.0
PIPE_BYTES_MAX = 64 << 20


def read_text(path: Path | str) -> str:
    """The text of a UTF-8 file, without the byte order mark that some editors put in front.

    Raises OSError as `read_file`, and UnicodeDecodeError if it is no UTF-8.
    """
    return read_file(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def read_file(path: Path | str) -> bytes:
    """All of a file. A pipe, such as `<(command)` of a shell makes, is read as well, and holds up nobody for longer than
    PIPE_S.

    Raises OSError: also if a pipe does not end in time, or has more than PIPE_BYTES_MAX.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            return _read_pipe(fd, str(path))
        with open(fd, "rb", buffering=0, closefd=False) as file:
            return file.readall()
    finally:
        os.close(fd)


def _read_pipe(fd: int, path: str) -> bytes:
    poll, found, end = select.poll(), bytearray(), time.monotonic() + PIPE_S
    poll.register(fd, select.POLLIN)
    while len(found) <= PIPE_BYTES_MAX:
        if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
            raise TimeoutError(errno.ETIMEDOUT, f"it is no file, and did not end within {PIPE_S:g} s", path)
        part = os.read(fd, 65536)
        if not part:
            return bytes(found)
        found += part
    raise OSError(errno.EFBIG, f"it is no file, and has more than {PIPE_BYTES_MAX >> 20} MiB", path)


def write_text(path: Path | str, text: str) -> None:
    """Write a UTF-8 file. Raises OSError."""
    Path(path).write_text(text, encoding="utf-8")


def is_text(text: str) -> bool:
    """True if UTF-8 has all of its characters: it has no half of one, as of bytes of a command line that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_text(what: str, text: str) -> str:
    """`text`, of which UTF-8 has all characters. `what` names it. Raises RcimError(BAD_PARAMETER)."""
    if not is_text(text):
        raise RcimError(BAD_PARAMETER, f"{what}: not UTF-8")
    return text
