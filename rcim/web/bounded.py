"""What a server may send as an answer, before the HTTP library looks at it: a bound on all bytes, whatever they are.

A server that sends chunks of one byte, or interim answers without end, stays within every bound on bodies, and would cost
a second of the loop.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

RECEIVED_BYTES_MAX = 128 * 1024
"""For one request: twice what is read of a body (client.py), for headers and what divides chunks. 50 ms at the most."""


class BoundedHandler(ResponseHandler):
    """A connection that ends when an answer is beyond the bound."""

    _left = RECEIVED_BYTES_MAX

    def set_response_params(self, **params: Any) -> None:
        """A request begins."""
        self._left = RECEIVED_BYTES_MAX
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Some bytes of the answer."""
        self._left -= len(data)
        if self._left >= 0:
            super().data_received(data)
        elif self.transport is not None:
            if self._payload is not None:  # so that who reads it learns why it ends
                self._payload.set_exception(
                    aiohttp.ClientPayloadError(f"it is longer than {RECEIVED_BYTES_MAX} bytes")
                )
            self.transport.abort()


def bound(connector: aiohttp.TCPConnector) -> aiohttp.TCPConnector:
    """The connector, whose connections are bounded from now on."""
    made: Any = functools.partial(BoundedHandler, loop=asyncio.get_running_loop())
    connector._factory = made  # there is no public way
    return connector
