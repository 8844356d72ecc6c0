"""Reads a request's body: bounded in bytes before and after its content encoding, and in time."""

from __future__ import annotations

import asyncio
import zlib

from aiohttp import StreamReader

from rcim.http.api import Fault

PIECE = 64 * 1024
"""Bytes that one step of inflating makes at most: some 0.2 ms."""
WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""zlib's `wbits` by content encoding."""


class FaultError(Exception):
    """A request that no API gets to see."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail


async def read_body(content: StreamReader, encoding: str, bytes_max: int, within_s: float) -> bytes:
    """The whole body, inflated. Raises FaultError(TOO_LARGE, SLOW, ENCODING or MALFORMED); nothing more is read then."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", *WINDOWS):
        raise FaultError(Fault.ENCODING)
    found = bytearray()
    try:
        async with asyncio.timeout(within_s):
            while not content.at_eof():
                found += await content.readany()
                if len(found) > bytes_max:
                    raise FaultError(Fault.TOO_LARGE, f"at most {bytes_max} bytes")
    except TimeoutError:
        raise FaultError(Fault.SLOW, f"the body has to arrive within {within_s:g} s") from None
    if encoding in WINDOWS and found:
        return await _inflated(bytes(found), WINDOWS[encoding], bytes_max)
    return bytes(found)


async def _inflated(packed: bytes, window: int, bytes_max: int) -> bytes:
    """Raises FaultError(TOO_LARGE or MALFORMED). Gives the loop a turn after each piece."""
    inflater = zlib.decompressobj(window)
    found = bytearray()
    left = packed
    try:
        while left and not inflater.eof:
            found += inflater.decompress(left, PIECE)
            if len(found) > bytes_max:
                raise FaultError(Fault.TOO_LARGE, f"at most {bytes_max} bytes, inflated")
            left = inflater.unconsumed_tail
            await asyncio.sleep(0)
    except zlib.error:
        raise FaultError(Fault.MALFORMED, "the body is not in its content encoding") from None
    if not inflater.eof or inflater.unused_data:
        raise FaultError(Fault.MALFORMED, "the body is cut short, or goes on after its end")
    return bytes(found)
