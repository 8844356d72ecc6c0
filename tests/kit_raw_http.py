"""HTTP by hand: every byte that goes to the listener for back ends is the test's."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any, NamedTuple

from tests.kit import PATIENCE_S


class Answer(NamedTuple):
    """A response. `code` is that of Tencent's envelope; 0 if the body is none. `version` is that of the status line."""

    status: int
    headers: dict[str, str]
    body: bytes
    version: str = "HTTP/1.1"

    @property
    def code(self) -> int:
        """ErrorCode."""
        if self.headers.get("content-type") != "application/json" or not self.body:
            return 0
        found: dict[str, Any] = json.loads(self.body)
        return int(found["ErrorCode"])


class RawHttp:
    """A connection to the listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def dial(cls, port: int, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> RawHttp:
        """Connect."""
        return cls(*await asyncio.open_connection(host, port, ssl=tls, server_hostname="127.0.0.1" if tls else None))

    def write(self, data: bytes) -> None:
        """Send these bytes."""
        self.writer.write(data)

    async def answer(self, *, bodiless: bool = False) -> Answer:
        """The next response; `bodiless`: to HEAD. Raises IncompleteReadError if the connection ends before, and
        TimeoutError after PATIENCE_S."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._answer(bodiless)

    async def _answer(self, bodiless: bool) -> Answer:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = b"" if bodiless else await self.reader.readexactly(int(headers.get("content-length", 0)))
        version, status, *_ = first.split()
        return Answer(int(status), headers, body, version)

    async def ended(self) -> bool:
        """True when the server has closed the connection, and has said nothing more before. It is closed here, too.
        Raises TimeoutError after PATIENCE_S."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return not await self.reader.read(1)
        except ConnectionError:
            return True
        finally:
            self.close()

    def close(self) -> None:
        """End it."""
        self.writer.close()


def request(path: str = "/v4/x", *lines: str, method: str = "POST", body: bytes = b"", version: str = "1.1") -> bytes:
    """A request with these header lines besides Host and Content-Length."""
    length = () if any("Transfer-Encoding" in line for line in lines) else (f"Content-Length: {len(body)}",)
    head = [f"{method} {path} HTTP/{version}", "Host: rcim", *length, *lines, "", ""]
    return "\r\n".join(head).encode() + body
