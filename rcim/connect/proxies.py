"""Connections that a proxy hands on: their PROXY header is read before anything else is (OP-01).

1. Only who comes from one of the networks of the settings is a proxy, and such a connection has to begin with a header.
   From everybody else a header is what it would be without this module: no TLS, and the end of the connection.
2. Nothing beyond the header is read, so that whoever gets the socket then, also the loop's own TLS, finds the rest there.
3. A header has HEADER_S to come: a proxy sends it at once. At most WAITING_MAX connections wait for theirs; if there are
   more, the one that has waited longest is closed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from typing import NamedTuple

from rcim.base.limited_log import LimitedLog
from rcim.base.networks import Network, in_one_of
from rcim.session.proxy_header import ProxyHeaderError, ProxyHeaderReader, Source

log = LimitedLog("rcim.connect")

HEADER_S = 5.0
"""Long enough for a lost packet, of which the specification warns, and the time of a handshake by default."""
WAITING_MAX = 1024
"""Sockets without a header that one listener holds: each is a file descriptor and 2 KiB at most."""


class Peer(NamedTuple):
    """Who is at the other end of a connection."""

    host: str
    port: int
    by_proxy: bool = False
    """A header of a proxy has said so."""
    is_proxy: bool = False
    """It is a proxy itself, whose header names nobody: no bound per address is meant for it."""


Took = Callable[[socket.socket, Peer], None]
"""Gets a socket, not blocking, whose header was read, and who it comes from."""


class Proxies:
    """Reads the headers of connections from `networks`; `refused` is called for each one that is closed for its header.
    In the loop's thread; `close` once, at the end."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, networks: Iterable[Network], refused: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._networks = tuple(networks)
        self._refused = refused
        self._waiting: dict[_Waiting, None] = {}
        """In the order in which they came."""

    def __len__(self) -> int:
        """How many connections wait for their header."""
        return len(self._waiting)

    def holds(self, host: str) -> bool:
        """True if a proxy may be at this address."""
        return in_one_of(self._networks, host)

    def read(self, made: socket.socket, address: tuple[str, int], took: Took) -> None:
        """Read the header of a socket that does not block, accepted from this address; then `took` has the socket. It is
        closed if there is no header, or not in time."""
        if len(self._waiting) >= WAITING_MAX:
            next(iter(self._waiting)).end("too many connections of proxies wait for their header")
        waiting = _Waiting(self, made, address, took)
        waiting.receive()
        if not waiting.over:
            waiting.wait(self._loop)
            self._waiting[waiting] = None

    def over(self, waiting: _Waiting, wrong: str) -> None:
        """Its header is there, or it is closed; `wrong` says why, if that is to be told."""
        self._waiting.pop(waiting, None)
        if wrong:
            self._refused()
            log.warning("a connection of a proxy is closed", address=waiting.address[0], error=wrong)

    def close(self) -> None:
        """Close all that wait."""
        for waiting in list(self._waiting):
            waiting.end("")


class _Waiting:
    """One connection whose header has not come in whole."""

    def __init__(self, proxies: Proxies, made: socket.socket, address: tuple[str, int], took: Took) -> None:
        self._proxies = proxies
        self._socket = made
        self.address = address
        self._took = took
        self._reader = ProxyHeaderReader()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.over = False

    def wait(self, loop: asyncio.AbstractEventLoop) -> None:
        """Go on when more comes; no longer than HEADER_S."""
        self._loop = loop
        loop.add_reader(self._socket, self.receive)
        self._timer = loop.call_later(HEADER_S, self.end, f"no PROXY protocol header within {HEADER_S:g} s")

    def receive(self) -> None:
        """Take what has come, a bounded number of bytes."""
        try:
            found = self._received()
        except (BlockingIOError, InterruptedError):
            return
        except ProxyHeaderError as error:
            self.end(str(error))
        except OSError:
            self.end("")
        else:
            self._found(found)

    def _received(self) -> Source | None:
        """The source, when the header is whole; None at the end of what is sent. Raises BlockingIOError if more has to
        come, ProxyHeaderError and OSError."""
        while True:
            data = self._socket.recv(self._reader.wanted)
            if not data:
                return None
            found = self._reader.receive(data)
            if found is not None:
                return found

    def _found(self, found: Source | None) -> None:
        if found is None:  # a check whether the port is open, or a client that has given up
            self.end("")
            return
        self._leave("")
        named = Peer(found.host, found.port, by_proxy=True)
        self._took(self._socket, named if found.host else Peer(*self.address, is_proxy=True))

    def end(self, wrong: str) -> None:
        """Close it; `wrong` says why, if that is to be told."""
        self._leave(wrong)
        self._socket.close()

    def _leave(self, wrong: str) -> None:
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is not None:
            self._loop.remove_reader(self._socket)
        self._proxies.over(self, wrong)
