"""Room on the disk that is taken in advance, so that removing goes through where sending finds no room (ST-04).

Removing needs room before it gives any back: LMDB copies each page that it changes. So the store's file is always longer
by `reserve` bytes than what is in it, with blocks that the disk has set aside. Once the disk gives none, only what makes
room may use them: other commits are refused as long as the pages in use leave less than `reserve` of the file.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from rcim.base.limited_log import LimitedLog

log = LimitedLog("rcim.store")

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a disk says that gives no more."""
NO_FILES = frozenset({errno.EMFILE, errno.ENFILE})
"""Connections have all file descriptors now: the next commit tries again."""


class DiskReserve:
    """See the module's text; `file` exists. Called from the one writing thread."""

    def __init__(self, file: Path, reserve: int) -> None:
        self._file = file
        self._reserve = reserve
        self._end = file.stat().st_size
        self.short = False
        """True as long as the disk gives no more."""

    def keep(self, used: int, bound: int) -> None:
        """See to it that `reserve` bytes lie beyond the `used` ones, up to `bound`; costs nothing if they do."""
        if self._end >= min(used + self._reserve, bound):
            self.short = False
            return
        error = self._lengthen(min(used + 2 * self._reserve, bound))
        if error is not None and error.errno not in NO_ROOM:  # the disk takes nothing in advance
            log.warning("no disk space can be reserved", file=self._file, error=error.strerror)
            if error.errno not in NO_FILES:
                self._end = 1 << 62
            error = None
        if error is not None and not self.short:
            log.error("the disk is full", file=self._file, error=error.strerror)
        self.short = error is not None

    def _lengthen(self, end: int) -> OSError | None:
        try:
            fd = os.open(self._file, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            return error
        try:
            os.posix_fallocate(fd, self._end, end - self._end)
            self._end = end
            return None
        except OSError as error:
            self._end = os.fstat(fd).st_size  # a part may have been given
            return error
        finally:
            os.close(fd)

    @property
    def capacity(self) -> int:
        """While it is short: how many bytes may be in use after a commit that makes no room."""
        return max(self._end - self._reserve, 0)
