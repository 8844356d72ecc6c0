"""What hostile callers of the listener for back ends do in `rcim-bench attack`; each function is one connection."""

from __future__ import annotations

import asyncio
import gzip
from urllib.parse import urlencode

ADMIN = "administrator"
SOURCE = "127.0.0.2"
"""Their address: not that of those who are measured."""
SLOW_BODIES, BIG_JSON = 500, 20
"""How many there are of each."""
MIB = 1 << 20
DRIP_S = 0.2
PATH = "/v4/group_open_http_svc/destroy_group"


def big_json_path(sdkappid: int, user_sig: str) -> str:
    """The path of a command, with the query of a back end that may call it."""
    return f"{PATH}?{urlencode({'sdkappid': sdkappid, 'identifier': ADMIN, 'usersig': user_sig})}"


def _request(path: str, length: int, *lines: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {length}", *lines, "", ""]).encode()


def _filled(begin: bytes, one: bytes, count: int, end: bytes) -> bytes:
    """A list with one value `count` times, as large as it may be: with escapes in a text after it."""
    body = begin + b",".join([one] * count) + b',"'
    return body + b'\\"' * ((MIB - len(body) - len(end) - 1) // 2) + b'"' + end


BODIES = (
    b"{" + b",".join(b'"%05x":1' % i for i in range(MIB // 10 - 1)) + b"}",
    b"{" + b",".join(b'"\\n%022d":"\\n%019d"' % (i, i) for i in range(19_900)) + b"}",
    b'{"a":[' + b",".join([b"1"] * (MIB // 2 - 10)) + b"]}",
    b'{"a":[' + b",".join([b'[""]'] * 20_000 + [b'""'] * 300_000) + b"]}",
    _filled(b'{"a":[', b"[]", 9_900, b"]}"),
    _filled(b'{"a":[', b"2.2250738585072011e-308", 1_000, b"]}"),
    _filled(b'{"a":[', b"2.2250738585072011e-308", MIB // 24 - 10, b"]}"),
    b'{"a":[' + b",".join([b"9" * 309] * (MIB // 310 - 1)) + b"]}",
    b'{"a":[' + b",".join([b"9" * 4_000] * (MIB // 4_001 - 1)) + b"]}",
    _filled(b'{"a":[', b"[" * 62 + b"]" * 62, 150, b"]}"),
    b'{"a":' * 100_000,
    b"[" * (MIB - 10),
)
"""Each the dearest of its kind, within the bounds of what is decoded, or beyond them."""
BOMB = gzip.compress(b"[" * (MIB - 10))


async def slow_body(port: int) -> None:
    """Most of a large body at once, then a byte now and then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(SOURCE, 0))
    try:
        writer.write(_request(PATH, MIB) + bytes(MIB // 2))
        while not reader.at_eof() and not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            try:
                async with asyncio.timeout(DRIP_S):
                    if not await reader.read(4096):
                        return
            except TimeoutError:
                continue
    finally:
        writer.close()


async def big_json(port: int, path: str, number: int) -> None:
    """One request after the other, each as large as it may be; every thirteenth one is a gzip bomb."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(SOURCE, 0))
    try:
        while True:
            number += 1
            if number % (len(BODIES) + 1):
                body = BODIES[number % (len(BODIES) + 1) - 1]
                writer.write(_request(path, len(body)) + body)
            else:
                writer.write(_request(path, len(BOMB), "Content-Encoding: gzip") + BOMB)
            await writer.drain()
            if not await reader.read(4096):
                return
    finally:
        writer.close()
