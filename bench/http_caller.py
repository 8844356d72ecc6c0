"""A back end that costs little: keep-alive connections to Tencent's API, one request at a time on each."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any
from urllib.parse import urlencode

from rcim_bench.rig import ADMIN, SDKAPPID, Rig

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CODE = re.compile(rb'"ErrorCode":(\d+)')
FLAGS = (
    "http.on=true",
    "http.port=0",
    "http.tls=false",
    "http.access_log=false",
    "http.connections_per_address_max=4000",
)


class Caller(asyncio.Protocol):
    """One connection. Raises ConnectionError from `ask` if it ends before the answer."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._found = bytearray()
        self._waiter: asyncio.Future[bytes] | None = None

    @classmethod
    async def dial(cls, port: int, source: str = "") -> Caller:
        """Connect, from the address `source` of this machine. Raises OSError."""
        loop = asyncio.get_running_loop()
        local = (source, 0) if source else None
        _, made = await loop.create_connection(cls, "127.0.0.1", port, local_addr=local)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio's."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """As asyncio's."""
        self._found += data
        head, end, body = self._found.partition(b"\r\n\r\n")
        if not end or self._waiter is None:
            return
        length = LENGTH.search(head)
        if length is not None and len(body) >= int(length[1]):
            self._found.clear()
            waiter, self._waiter = self._waiter, None
            if not waiter.done():
                waiter.set_result(bytes(body))

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio's."""
        self._transport = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionResetError("the server has closed the connection"))

    async def ask(self, data: bytes) -> bytes:
        """The body of the answer to this request. Raises ConnectionError."""
        if self._transport is None:
            raise ConnectionResetError("the server has closed the connection")
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return await self._waiter

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()


def code_of(body: bytes) -> int:
    """The ErrorCode of an answer."""
    found = CODE.search(body)
    return int(found[1]) if found is not None else -1


class Requests:
    """Makes requests to Tencent's API, signed by the administrator; the signature is made once."""

    def __init__(self, made: Rig) -> None:
        query = urlencode(
            {"sdkappid": SDKAPPID, "identifier": ADMIN, "usersig": made.sign(ADMIN), "contenttype": "json"}
        )
        self._query = query
        self._random = time.monotonic_ns() % 2**31

    def command(self, name: str, body: bytes) -> bytes:
        """This command with this body."""
        head = f"POST /v4/{name}?{self._query} HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def of(self, name: str, **fields: Any) -> bytes:
        """This command with these fields."""
        return self.command(name, json.dumps(fields).encode())

    def send(self, group_id: str, text: str) -> bytes:
        """A message, different from all others."""
        self._random = (self._random + 1) % 2**32
        body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]
        return self.of("group_open_http_svc/send_group_msg", GroupId=group_id, Random=self._random, MsgBody=body)
