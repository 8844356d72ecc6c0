"""Addresses of names, looked up so that a name whose servers do not answer holds up no other.

A lookup takes many seconds then, whatever the time of the request is, and the loop has a few threads for all of them. So
each name has a thread of its own, and one at a time: whoever wants the same name meanwhile waits for the same answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple


class Address(NamedTuple):
    """Where a host is."""

    family: socket.AddressFamily
    proto: int
    host: str
    port: int


Wanted = tuple[str, int, int]


class Names:
    """See the module's text. There are as many threads as names that are asked for. It is used from the loop."""

    def __init__(self) -> None:
        self._under_way: dict[Wanted, asyncio.Future[Sequence[Address]]] = {}

    async def look_up(self, host: str, port: int, family: int = socket.AF_UNSPEC) -> Sequence[Address]:
        """Where the host is. Raises OSError."""
        wanted = host, port, family
        found = self._under_way.get(wanted)
        if found is None:
            loop = asyncio.get_running_loop()
            found = loop.create_future()
            self._under_way[wanted] = found
            found.add_done_callback(lambda done: self._over(wanted, done))
            threading.Thread(target=_look_up, args=(loop, found, wanted), name="rcim-names", daemon=True).start()
        return await asyncio.shield(found)  # others wait for it too

    def _over(self, wanted: Wanted, done: asyncio.Future[Sequence[Address]]) -> None:
        del self._under_way[wanted]
        if not done.cancelled():
            done.exception()  # perhaps nobody waits any more


def _look_up(loop: asyncio.AbstractEventLoop, found: asyncio.Future[Sequence[Address]], wanted: Wanted) -> None:
    """In the thread."""
    answer: Any = None
    try:
        answer = _addresses(*wanted)
    except UnicodeError:
        answer = OSError("it is no name of a host")
    except OSError as error:
        answer = error

    def tell() -> None:
        if not found.done():
            found.set_exception(answer) if isinstance(answer, OSError) else found.set_result(answer)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(tell)


def _addresses(host: str, port: int, family: int) -> Sequence[Address]:
    """Blocks. Raises OSError, UnicodeError."""
    made = []
    flags = socket.AI_ADDRCONFIG
    for kind, _, proto, _, place in socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, flags):
        address = str(place[0])
        if kind == socket.AF_INET6 and place[3:] != (0,):  # with its zone
            address = socket.getnameinfo(place, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
        made.append(Address(kind, proto, address, int(place[1])))
    return made
