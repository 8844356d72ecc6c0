"""The listening socket: TLS (or plain, for a trusted wire and for measuring) on one port (WI-01).

It accepts by itself, and not by the loop's own server, for two reasons: without a file descriptor left, connections
wait in the kernel for a while, where the loop would try again at once or close them without a word; and the certificate
for new connections can be changed (OP-03). Of connections that a proxy hands on, the header is read first (proxies.py).
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from rcim.base.hosts import naming
from rcim.base.limited_log import LimitedLog
from rcim.base.networks import Network
from rcim.connect.outgoing import Outgoing
from rcim.connect.proxies import Peer, Proxies

log = LimitedLog("rcim.connect")

BACKLOG = 512
"""Connections that the kernel holds for us while a storm of them comes in; who finds no room tries again within a second
by itself."""
ACCEPTED_AT_ONCE, ACCEPTING_S = 64, 0.002
"""Connections taken in one turn of the loop, and the time after which no other one is taken. 64 of clients take less than
1 ms, and twice as long in the next turns, when their protocols are made; of a hostile proxy, 64 took 10 ms."""
HANDSHAKE_S = 10.0
"""For a TLS handshake that the loop makes."""
PAUSE_S = 1.0
"""So long nothing is accepted when the system gives no socket for it: what is short is not there again at once."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer with this certificate chain. Raises OSError or ssl.SSLError if the files are no good."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    # No tickets: resumption saves little with ECDSA, and each ticket costs a write and memory.
    # `num_tickets` speaks of TLS 1.3 alone, OP_NO_TICKET of TLS 1.2.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    return context


MakeConnection = Callable[[ssl.SSLContext | None], asyncio.BaseProtocol]
"""Makes the protocol of a connection that was accepted; with TLS, of this certificate."""


class Admitted(NamedTuple):
    """A connection that may be made: `make` makes its protocol; `failed` is called if it is not made in the end."""

    make: MakeConnection
    failed: Callable[[], None]


Admit = Callable[[Peer], Admitted | None]
"""Asked with the peer that was accepted, before its TLS handshake. None: the connection is closed."""


def every(make: Callable[[ssl.SSLContext | None], Outgoing]) -> Admit:
    """Admits all peers; `make` makes the connection of each."""
    admitted = Admitted(make, _nothing)

    def admit(peer: Peer) -> Admitted:
        if not (peer.by_proxy or peer.is_proxy):
            return admitted

        def handed_on(tls: ssl.SSLContext | None) -> Outgoing:
            made = make(tls)
            made.comes_from(peer)
            return made

        return Admitted(handed_on, _nothing)

    return admit


def _nothing() -> None:
    """A connection that is not made gives nothing back."""


class ProxySettings(NamedTuple):
    """Where proxies are, none by default; `refused` is called for each connection that is closed for its header."""

    networks: Sequence[Network] = ()
    refused: Callable[[], None] = _nothing


class Listener:
    """Accepts connections on these sockets until `close`; `admit` says who makes the protocol of each. `tls` is for the
    next connection; it may be set. `tls_by_loop`: the protocol gets plain bytes, and the loop speaks TLS."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        admit: Admit,
        sockets: list[socket.socket],
        tls: ssl.SSLContext | None,
        *,
        tls_by_loop: bool = False,
        proxies: ProxySettings | None = None,
    ) -> None:
        self._admit = admit
        self._proxies = Proxies(loop, *proxies) if proxies is not None and proxies.networks else None
        self._tls_by_loop = tls_by_loop
        self._loop = loop
        self._sockets = sockets
        self.tls = tls
        self.port: int = sockets[0].getsockname()[1]
        self._pause: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._go_on()

    def _go_on(self) -> None:
        self._pause = None
        for one in self._sockets:
            self._loop.add_reader(one, self._accept, one)

    def _accept(self, listening: socket.socket) -> None:
        """Take what waits, within the bounds of a turn: what is left makes the socket ready in the next one."""
        until_s = perf_counter() + ACCEPTING_S
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                made, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(error)
                return
            made.setblocking(False)
            if self._proxies is not None and self._proxies.holds(address[0]):
                self._proxies.read(made, address[:2], self._begin)
            else:
                self._begin(made, Peer(*address[:2]))
            if perf_counter() >= until_s:
                return

    def _begin(self, made: socket.socket, peer: Peer) -> None:
        """Make the connection of this peer, if it may be made."""
        admitted = self._admit(peer)
        if admitted is None:
            made.close()
            log.warning("connections are closed: there are too many from this address", address=peer.host)
            return
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._take(made, admitted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, made: socket.socket, admitted: Admitted) -> None:
        tls = self.tls
        by_loop = tls if self._tls_by_loop else None
        within_s = HANDSHAKE_S if by_loop is not None else None
        try:
            await self._loop.connect_accepted_socket(
                lambda: admitted.make(tls), made, ssl=by_loop, ssl_handshake_timeout=within_s
            )
        except OSError as error:  # it is gone already, or has made no handshake
            made.close()
            admitted.failed()
            log.info("a connection could not be accepted", error=error)

    def _rest(self, error: OSError) -> None:
        """The system gives no socket: whoever connects waits in the kernel meanwhile."""
        for one in self._sockets:
            self._loop.remove_reader(one)
        self._pause = self._loop.call_later(PAUSE_S, self._go_on)
        remedy = (
            "raise the limit (systemd: LimitNOFILE=, a shell: ulimit -n)" if error.errno == errno.EMFILE else None
        )
        log.error("no connection can be accepted: new ones wait", error=error.strerror, remedy=remedy)

    def close(self) -> None:
        """Accept no more; who has not been accepted is refused."""
        if self._pause is not None:
            self._pause.cancel()
        for one in self._sockets:
            self._loop.remove_reader(one)
            one.close()
        self._sockets = []
        if self._proxies is not None:
            self._proxies.close()


async def listen(
    admit: Admit,
    host: str,
    port: int,
    tls: ssl.SSLContext | None,
    *,
    shared: bool = False,
    tls_by_loop: bool = False,
    receive_bytes: int = 0,
    proxies: ProxySettings | None = None,
) -> Listener:
    """Accept connections on `host`:`port` (0: any free one); `shared`: beside other processes. The kernel holds up to
    twice `receive_bytes` of each connection that nobody has read; 0: as much as it likes. Raises OSError."""
    loop = asyncio.get_running_loop()
    with naming(host):
        found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((row[0], row[4]) for row in found):
            sockets.append(_bound(family, address, shared=shared, receive_bytes=receive_bytes))
    except OSError:
        for one in sockets:
            one.close()
        raise
    return Listener(loop, admit, sockets, tls, tls_by_loop=tls_by_loop, proxies=proxies)


def _bound(family: int, address: tuple[object, ...], *, shared: bool, receive_bytes: int) -> socket.socket:
    """A socket that listens there. Raises OSError."""
    made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_bytes:  # its connections inherit it
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:  # or it would take the place of the IPv4 address of the same port
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        text = os.strerror(error.errno or 0).lower()
        raise OSError(error.errno, f"{address[0]}:{address[1]} can't be listened on: {text}") from None
    return made
