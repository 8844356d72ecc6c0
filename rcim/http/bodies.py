"""Reads a request's body: bounded in bytes before and after its content encoding, and in time."""

from __future__ import annotations

import asyncio
import zlib

from aiohttp import StreamReader, http_exceptions
from aiohttp.web import RequestPayloadError

from rcim.http.admission import BodyHold
from rcim.http.api import Fault, FaultError

PIECE = 64 * 1024
"""Bytes that one step of inflating makes at most: some 0.2 ms."""
WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""zlib's `wbits` by content encoding."""


async def read_body(content: StreamReader, encoding: str, bytes_max: int, within_s: float, hold: BodyHold) -> bytes:
    """The whole body, inflated; `hold` counts its bytes. Raises FaultError(TOO_LARGE, SLOW, ENCODING, MALFORMED or BUSY);
    nothing more is read then."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", *WINDOWS):
        raise FaultError(Fault.ENCODING)
    found = bytearray()
    try:
        if content.is_eof():  # all of it is there
            found += content.read_nowait()
            _count(len(found), bytes_max, hold)
        else:
            async with asyncio.timeout(within_s):
                while not content.at_eof():
                    found += await content.readany()
                    _count(len(found), bytes_max, hold)
    except TimeoutError:
        raise FaultError(Fault.SLOW, f"the body has to arrive within {within_s:g} s") from None
    except (RequestPayloadError, http_exceptions.PayloadEncodingError, ConnectionError):
        raise FaultError(Fault.MALFORMED, "the body is not framed as it has to be, or is cut short") from None
    if encoding in WINDOWS and found:
        return await _inflated(bytes(found), WINDOWS[encoding], bytes_max, hold)
    return bytes(found)


def _count(size: int, bytes_max: int, hold: BodyHold) -> None:
    """Raises FaultError(TOO_LARGE or BUSY)."""
    if size > bytes_max:
        raise FaultError(Fault.TOO_LARGE, f"at most {bytes_max} bytes")
    hold.grown_to(size)


async def _inflated(packed: bytes, window: int, bytes_max: int, hold: BodyHold) -> bytes:
    """Raises FaultError(TOO_LARGE, MALFORMED or BUSY). Gives the loop a turn after each piece."""
    inflater = zlib.decompressobj(window)
    found = bytearray()
    left = packed
    try:
        while left and not inflater.eof:
            found += inflater.decompress(left, PIECE)
            if len(found) > bytes_max:
                raise FaultError(Fault.TOO_LARGE, f"at most {bytes_max} bytes, inflated")
            hold.grown_to(len(packed) + len(found))
            left = inflater.unconsumed_tail
            if left:
                await hold.turn(PIECE)
    except zlib.error:
        raise FaultError(Fault.MALFORMED, "the body is not in its content encoding") from None
    if not inflater.eof or inflater.unused_data:
        raise FaultError(Fault.MALFORMED, "the body is cut short, or goes on after its end")
    return bytes(found)
