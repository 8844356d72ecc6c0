"""The client's side of one connection, without its socket; the mirror of `server.py`.

`receive` what came, `next_frame` until None, write `data_to_send`, stop when `closed`. Heartbeats and the check
that the server still lives are done by `on_timer` at `deadline_ms`.
"""

from __future__ import annotations

from enum import Enum

from rcim.base.errors import (
    BAD_BODY,
    BAD_PARAMETER,
    HEARTBEAT_TIMEOUT,
    LOGIN_TIMEOUT,
    UNEXPECTED_FRAME,
    RcimError,
    code_of,
)
from rcim.base.limits import DEFAULTS
from rcim.wire.frames import Error, Hello, HelloOk, Login, LoginOk, Ping, Pong
from rcim.wire.header import PROTOCOL_VERSION, PROTOCOL_VERSION_MIN
from rcim.wire.schema import Frame
from rcim.wire.stream import RawFrame, StreamSplitter

FRAME_BYTES_CEILING = 1 << 20
"""No server sends more in one frame; what claims to is not an rcim server."""


class ClientState(Enum):
    """Where the client's side of a connection is."""

    HELLO_SENT = "HELLO_SENT"
    LOGIN_SENT = "LOGIN_SENT"
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class ClientSession:
    """Says HELLO and LOGIN at once, then hands out replies and pushes.

    `error` is why it closed, if it did. Times are steady milliseconds.
    """

    __slots__ = (
        "_heard_ms",
        "_last_id",
        "_login",
        "_out",
        "_pinged_ms",
        "_said_ms",
        "_splitter",
        "error",
        "hello_ok",
        "login_ok",
        "state",
    )

    def __init__(self, login: Login, now_ms: int, *, heartbeat_ms: int = 0, agent: str = "rcim-python") -> None:
        self._login = login
        self._splitter = StreamSplitter(FRAME_BYTES_CEILING)
        self._last_id = 0
        self._heard_ms = self._said_ms = now_ms
        self._pinged_ms = 0
        self.state = ClientState.HELLO_SENT
        self.error: RcimError | None = None
        self.hello_ok: HelloOk | None = None
        self.login_ok: LoginOk | None = None
        hello = Hello(
            version_min=PROTOCOL_VERSION_MIN,
            version_max=PROTOCOL_VERSION,
            heartbeat_ms=heartbeat_ms,
            features=[],
            agent=agent,
        )
        self._out: list[bytes] = [hello.encode(self._next_id())]

    def _next_id(self) -> int:
        self._last_id = self._last_id % 0xFFFFFFFF + 1
        return self._last_id

    # -- bytes

    def receive(self, data: bytes, now_ms: int) -> None:
        """Take bytes from the transport."""
        self._heard_ms = now_ms
        self._pinged_ms = 0
        self._splitter.feed(data)

    def data_to_send(self) -> bytes:
        """What is to be written; empty when nothing is."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    @property
    def closed(self) -> bool:
        """True when nothing more will come of it."""
        return self.state is ClientState.CLOSED

    # -- frames

    def request(self, frame: Frame, now_ms: int) -> int:
        """Send a request; returns the id that its reply will carry. Allowed before LOGIN_OK too.

        Raises RcimError(BAD_PARAMETER) for a value out of its bounds: nothing is sent then.
        """
        request_id = self._next_id()
        data = frame.encode(request_id)
        if self.login_ok is not None and len(data) > self.login_ok.frame_bytes_max:
            raise RcimError(BAD_PARAMETER, f"a frame of {len(data)} bytes, at most {self.login_ok.frame_bytes_max}")
        self._out.append(data)
        self._said_ms = now_ms
        return request_id

    def next_raw(self) -> RawFrame | None:
        """The next frame that is not the session's own business, undecoded; None until more is received."""
        while self.state is not ClientState.CLOSED:
            try:
                raw = self._splitter.take()
            except RcimError as error:
                self._close(error)
                return None
            if raw is None:
                return None
            if self._mine(raw):
                continue
            return raw
        return None

    def _mine(self, raw: RawFrame) -> bool:
        """Deal with a frame of the session; False if it is the caller's."""
        try:
            if raw.type == Error.TYPE and (raw.request_id == 0 or self.state is not ClientState.OPEN):
                found = Error.decode(raw.body)
                self._close(RcimError(code_of(found.code), found.text, found.retry_after_ms))
            elif raw.type == Ping.TYPE:
                self._out.append(Pong(Ping.decode(raw.body).token).encode(raw.request_id))
            elif raw.type == Pong.TYPE:
                pass
            elif raw.type == HelloOk.TYPE and self.state is ClientState.HELLO_SENT:
                self.hello_ok = HelloOk.decode(raw.body)
                self.state = ClientState.LOGIN_SENT
                self._out.append(self._login.encode(self._next_id()))
            elif raw.type == LoginOk.TYPE and self.state is ClientState.LOGIN_SENT:
                self.login_ok = LoginOk.decode(raw.body)
                self.state = ClientState.OPEN
            elif self.state is not ClientState.OPEN:
                self._close(RcimError(UNEXPECTED_FRAME, f"frame type {raw.type:#06x} before login"))
            else:
                return False
        except RcimError as error:
            self._close(RcimError(BAD_BODY, error.detail))
        return True

    def _close(self, error: RcimError) -> None:
        self.error = error
        self.state = ClientState.CLOSED

    def lost(self, error: RcimError | None = None) -> None:
        """The transport is gone."""
        if not self.closed:
            self.error = self.error or error
            self.state = ClientState.CLOSED

    # -- time

    @property
    def deadline_ms(self) -> int:
        """When `on_timer` has something to do, at the earliest."""
        if self.hello_ok is None or self.login_ok is None:
            return self._said_ms + DEFAULTS.handshake_ms + DEFAULTS.login_ms
        if self._pinged_ms:
            return self._pinged_ms + self.hello_ok.heartbeat_ms
        return min(self._said_ms, self._heard_ms) + self.hello_ok.heartbeat_ms

    def on_timer(self, now_ms: int) -> None:
        """Send a PING when it is time, and give up on a server that does not answer one."""
        if self.closed or now_ms < self.deadline_ms:
            return
        if self.hello_ok is None or self.login_ok is None:
            self._close(RcimError(LOGIN_TIMEOUT, "the server did not answer HELLO and LOGIN in time"))
        elif self._pinged_ms:
            self._close(RcimError(HEARTBEAT_TIMEOUT, "the server did not answer a PING in time"))
        else:
            self._pinged_ms = self._said_ms = now_ms
            self._out.append(Ping(now_ms).encode(self._next_id()))
