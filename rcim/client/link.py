"""One connection to a server: transport, TLS and client session put together; callbacks, no tasks.

Cheap enough for thousands in one process: no timer of its own (call `on_timer` now and then), no future per request.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from typing import Any

from rcim.base import clock
from rcim.base.errors import RcimError, code_of
from rcim.base.hosts import naming
from rcim.session.client import ClientSession, ClientState
from rcim.session.tls import TlsCore
from rcim.wire.frames import Error, Login, LoginOk
from rcim.wire.header import REPLY_BIT
from rcim.wire.schema import FRAMES, Frame
from rcim.wire.stream import RawFrame

Answer = Callable[[Frame | RcimError], None]
"""Called once with the reply, or with why there is none."""


async def connect(link: Link, host: str, port: int, source: tuple[str, int] | None = None) -> None:
    """Give the link its transport. Raises OSError, which names the host if it can't be resolved."""
    with naming(host):
        await asyncio.get_running_loop().create_connection(lambda: link, host, port, local_addr=source)


class ConnectionGone(Exception):
    """The connection ended before there was an answer; the request may or may not have been carried out."""


class Link(asyncio.Protocol):
    """Connect with `connect(link, host, port)`.

    `on_open(login_ok)`, `on_push(raw_frame)` and `on_closed(error)` are set by the user; `on_closed` is called once,
    with why it closed if that is known. Requests that are unanswered then get it too.
    """

    def __init__(
        self,
        login: Login,
        tls: ssl.SSLContext | None,
        server_hostname: str,
        *,
        heartbeat_ms: int = 0,
        agent: str = "rcim-python",
    ) -> None:
        self._tls = TlsCore(tls, server_side=False, server_hostname=server_hostname) if tls else None
        self.session = ClientSession(login, clock.steady_ms(), heartbeat_ms=heartbeat_ms, agent=agent)
        self._transport: Any = None
        self._waiting: dict[int, Answer] = {}
        self._closed = False
        self.on_open: Callable[[LoginOk], None] = _nothing
        self.on_push: Callable[[RawFrame], None] = _nothing
        self.on_closed: Callable[[RcimError | Exception | None], None] = _nothing

    # -- transport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._flush()

    def data_received(self, data: bytes) -> None:
        if self._tls is not None:
            try:
                data = self._tls.receive(data)
            except ssl.SSLError as error:
                self._transport.write(self._tls.data_to_send())
                self._end(error)
                return
            self._flush()
        if data:
            self._read(data)
        if self._tls is not None and self._tls.eof:
            self._end(None)

    def _read(self, data: bytes) -> None:
        session = self.session
        session.receive(data, clock.steady_ms())
        opened = session.state is ClientState.OPEN
        while (raw := session.next_raw()) is not None:
            if not opened:
                opened = self._opened()
            self._take(raw)
        if not opened and session.state is ClientState.OPEN:
            self._opened()
        self._flush()

    def _opened(self) -> bool:
        assert self.session.login_ok is not None
        self.on_open(self.session.login_ok)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def pause_reading(self) -> None:
        """Stop taking from the server: what it then does is RX-07."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on taking."""
        self._transport.resume_reading()

    # -- frames

    def request(self, frame: Frame, answer: Answer) -> None:
        """Send `frame`; `answer` is called with its reply or an RcimError. Raises RcimError for a bad value and
        ConnectionGone if the link is closed: nothing is sent then."""
        if self._closed:
            raise ConnectionGone
        self._waiting[self.session.request(frame, clock.steady_ms())] = answer
        self._flush()

    def request_all(self, frames: Iterable[Frame], answer: Answer) -> None:
        """As `request` for each of `frames`, written together: what is said at once travels at once."""
        if self._closed:
            raise ConnectionGone
        for frame in frames:
            self._waiting[self.session.request(frame, clock.steady_ms())] = answer
        self._flush()

    def hand_over(self) -> Any:
        """Stop reading and give the transport away: what comes from now on is someone else's to read."""
        self._transport.pause_reading()
        self._tls = None
        self._closed = True
        return self._transport

    @property
    def local_port(self) -> int:
        """The port of this end; 0 if it is not connected."""
        name = self._transport.get_extra_info("sockname") if self._transport is not None else None
        return int(name[1]) if name else 0

    @property
    def unanswered(self) -> int:
        """Requests without an answer so far."""
        return len(self._waiting)

    def _take(self, raw: RawFrame) -> None:
        if raw.type == Error.TYPE or raw.type & REPLY_BIT:
            answer = self._waiting.pop(raw.request_id, None)
            if answer is not None:
                answer(decode(raw))
        else:
            self.on_push(raw)

    def _flush(self) -> None:
        tls = self._tls
        if self._transport is None:
            return
        if tls is not None:
            if tls.ready:
                data = self.session.data_to_send()
                if data:
                    tls.send(data)
            data = tls.data_to_send()
        else:
            data = self.session.data_to_send()
        if data:
            self._transport.write(data)
        if self.session.closed:
            self._end(self.session.error)

    # -- time and the end

    def on_timer(self, now_ms: int) -> None:
        """Heartbeats and deadlines; call about every second."""
        if not self._closed:
            self.session.on_timer(now_ms)
            self._flush()

    def close(self) -> None:
        """Close in order, without waiting for answers."""
        if not self._closed and self._tls is not None and self._tls.ready and self._transport is not None:
            self._tls.close()
            self._transport.write(self._tls.data_to_send())
        self._end(None)

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()
        self._end(None)

    @property
    def closed(self) -> bool:
        """True once nothing more comes or goes."""
        return self._closed

    def _end(self, error: Exception | None) -> None:
        if self._closed:
            return
        self._closed = True
        if self._transport is not None:
            self._transport.close()
        self.session.lost(error if isinstance(error, RcimError) else None)
        waiting, self._waiting = self._waiting, {}
        why = self.session.error or error
        for answer in waiting.values():
            answer(_gone(why))
        self.on_closed(why)


def _gone(why: Exception | None) -> RcimError:
    """What a request without an answer gets: it may have been carried out."""
    return RcimError(code_of(0), f"the connection ended before there was an answer ({why or 'closed'})")


def decode(raw: RawFrame) -> Frame | RcimError:
    """A raw frame as a typed one; an ERROR, and a frame that can't be read, as an RcimError."""
    try:
        cls = FRAMES.get(raw.type)
        frame: Frame | None = cls.decode(raw.body) if cls is not None else None
    except RcimError as error:
        return error
    if frame is None:
        return RcimError(code_of(0), f"a frame of unknown type {raw.type:#06x}")
    if isinstance(frame, Error):
        return RcimError(code_of(frame.code), frame.text, frame.retry_after_ms)
    return frame


def _nothing(*_: Any) -> None:
    """What is called where nobody listens."""
