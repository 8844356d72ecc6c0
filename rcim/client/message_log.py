"""The client's requests about the message log (AB-03), for app administrators."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from rcim.client.requests import Requests
from rcim.wire import frames


class BadChecksum(Exception):
    """A file of the message log is not what the server says it is; it is removed again."""


class MessageLogRequests(Requests):
    """Part of Client. Each raises RcimError with the server's code; others than app administrators get
    ADMIN_REQUIRED."""

    async def log_files(self) -> AsyncIterator[frames.LogFile]:
        """All files of the message log, by hour and kind. They are asked for as they are taken."""
        hour = kind = ""
        while True:
            page = await self.request(frames.MessageLogList(hour, kind, 0), frames.MessageLogListOk)
            for row in page.files:
                yield row
            if not page.more or not page.files:
                return
            hour, kind = page.files[-1].hour, page.files[-1].kind

    async def log_chunk(
        self, hour: str, kind: str, offset: int = 0, *, limit: int = 0, sha256: bytes = b""
    ) -> frames.MessageLogGetOk:
        """Bytes of a file of the message log; with `sha256` only of the file that has this checksum."""
        return await self.request(frames.MessageLogGet(hour, kind, offset, limit, sha256), frames.MessageLogGetOk)

    async def download_log(self, hour: str, kind: str, to: Path) -> frames.MessageLogGetOk:
        """Write a file of the message log to `to`, and check it; returns what the server says of it. A download that was
        broken off goes on where it was, from `to` with `.part` after its name. Raises BadChecksum, OSError."""
        part = to.with_name(f"{to.name}.part")
        there = part.stat().st_size if part.exists() else 0
        found = await self.log_chunk(hour, kind, there, limit=1)
        with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
            at = min(file.seek(0, os.SEEK_END), found.size)
            hashing = hashlib.sha256()
            file.seek(0)
            while piece := file.read(1 << 20):
                hashing.update(piece)
            while at < found.size:
                chunk = await self.log_chunk(hour, kind, at, sha256=found.sha256)
                file.write(chunk.data)
                hashing.update(chunk.data)
                at += len(chunk.data)
            file.flush()
            os.fsync(file.fileno())
        if hashing.digest() != found.sha256:
            part.unlink()
            raise BadChecksum(f"{part}: its checksum is not that of the file; download it again")
        part.rename(to)
        return found

    async def expire_log(self, before: str) -> int:
        """Remove the files of the message log from before this hour, YYYYMMDDHH in UTC; returns how many went."""
        return (await self.request(frames.MessageLogExpire(before), frames.MessageLogExpireOk)).count
