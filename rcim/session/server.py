"""The server's side of one connection, without its socket.

Feed it what came (`receive`), take requests out (`next_request`) until None, write what it has to say
(`data_to_send`), and stop when `closed`. Time is an argument; `deadline_ms` is when `on_timer` wants to be called.
What it does by itself: HELLO, PING, refusing what the state table or the frame table does not allow.
What it leaves to the caller: checking a LOGIN (then `accept_login` or `refuse`), and every other request.
"""

from __future__ import annotations

from collections.abc import Callable

from rcim.base.errors import (
    BAD_REQUEST_ID,
    HEARTBEAT_TIMEOUT,
    LOGIN_TIMEOUT,
    SHUTTING_DOWN,
    TOO_FREQUENT,
    UNKNOWN_FRAME,
    VERSION_UNSUPPORTED,
    ErrorCode,
    RcimError,
)
from rcim.base.limits import Limits
from rcim.session.states import NOT_IN_TABLE, SERVER_TABLE, TAKES_FRAMES, Input, State
from rcim.wire.frames import Error, GoingAway, Hello, HelloOk, Login, LoginOk, Logout, LogoutOk, Ping, Pong
from rcim.wire.header import PROTOCOL_VERSION, PROTOCOL_VERSION_MIN
from rcim.wire.schema import FRAMES, Frame
from rcim.wire.stream import RawFrame, StreamSplitter

HEARTBEAT_MS_MIN = 1000
"""A client may ask for quicker heartbeats, but not quicker than this."""
FEATURES: frozenset[str] = frozenset()
"""Features of the protocol that this server can use. Version 1 defines none."""

INPUT_OF: dict[type[Frame], Input] = {
    Hello: Input.HELLO,
    Login: Input.LOGIN,
    Logout: Input.LOGOUT,
    Ping: Input.PING,
    Pong: Input.PONG,
}


ERROR_TEXT_BYTES = 600
"""What is said of an error at the most: it fits its field, whatever it is made of."""


class ServerSession:
    """See the module's text. `now_ms` is steady time, `wall_ms` the clock's, both in milliseconds."""

    __slots__ = (
        "_early_frames",
        "_heard_ms",
        "_limits",
        "_out",
        "_silence_ms",
        "_splitter",
        "_started_ms",
        "agent",
        "budget",
        "charge",
        "closed_by",
        "pinged",
        "state",
    )

    def __init__(self, limits: Limits, now_ms: int) -> None:
        self._limits = limits
        self._splitter = StreamSplitter(limits.frame_bytes_before_login)
        self._out: list[bytes] = []
        self._started_ms = now_ms
        self._heard_ms = now_ms
        self._silence_ms = limits.silence_ms_max
        self.state = State.HELLO_WAIT
        self.agent = ""
        self.pinged = False
        """True if a PING was answered; the caller sets it back."""
        self.closed_by: ErrorCode | None = None
        """The error that it was closed with."""
        self._early_frames = 0
        """Frames taken before the login."""
        self.charge: Callable[[int, bytes], None] | None = None
        """Called with the type of each frame of an open session before it is decoded, whatever becomes of it (LI-01);
        raises RcimError: it is refused with that. Set by the caller."""
        self.budget = 1 << 30
        """So many frames are still taken; the caller sets it for each of its turns. At 0 the rest waits."""

    # -- bytes

    def receive(self, data: bytes, now_ms: int) -> None:
        """Take bytes from the transport. Call `next_request` afterwards."""
        self._heard_ms = now_ms
        if self.state is not State.CLOSED:
            self._splitter.feed(data)

    def data_to_send(self) -> bytes:
        """What the session itself wants written; empty when nothing is."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    @property
    def closed(self) -> bool:
        """True when the transport has to be closed after `data_to_send`."""
        return self.state is State.CLOSED

    @property
    def pending_bytes(self) -> int:
        """Bytes received and not yet taken."""
        return self._splitter.pending_bytes

    # -- frames

    def next_request(self, wall_ms: int) -> tuple[Frame, int] | None:
        """The next request for the caller and its request id; None until more is received or allowed.

        Never raises: what the peer does wrong is answered here (WI-02, WI-04).
        """
        while self.state in TAKES_FRAMES and self.budget > 0:
            try:
                raw = self._splitter.take()
            except RcimError as error:
                self.refuse(error.code, 0, 0, error.detail)
                return None
            if raw is None:
                return None
            self.budget -= 1
            found = self._look(raw, wall_ms)
            if found is not None:
                return found
        return None

    def _look(self, raw: RawFrame, wall_ms: int) -> tuple[Frame, int] | None:
        cls = FRAMES.get(raw.type)
        state = self.state
        try:
            if state is State.HELLO_WAIT or state is State.LOGIN_WAIT:
                self._count_early()
            elif self.charge is not None:
                self.charge(raw.type, raw.body)
        except RcimError as error:
            self.refuse(
                code=error.code,
                request_id=raw.request_id,
                about=raw.type,
                detail=error.detail,
                retry_after_ms=error.retry_after_ms,
            )
            return None
        if cls is None or cls.DECLARED.direction == "server":
            strict = state is State.HELLO_WAIT or state is State.LOGIN_WAIT
            code = NOT_IN_TABLE[state] if strict else UNKNOWN_FRAME
            self.refuse(code, raw.request_id, raw.type, f"frame type {raw.type:#06x}")
            return None
        input_ = INPUT_OF.get(cls, Input.REQUEST)
        after = SERVER_TABLE.get((state, input_))
        if after is None:
            self.refuse(NOT_IN_TABLE[state], raw.request_id, raw.type, f"{cls.NAME} in {state.value}")
            return None
        if raw.request_id == 0 and input_ is not Input.PONG:
            self.refuse(BAD_REQUEST_ID, 0, raw.type)
            return None
        try:
            frame = cls.decode(raw.body)
        except RcimError as error:
            answers = (
                raw.request_id if input_ is not Input.PONG else 0
            )  # a PONG is no request: its id may be that of one
            self.refuse(error.code, answers, raw.type, error.detail)
            return None
        if state is State.DRAINING and input_ is Input.REQUEST:
            self.refuse(SHUTTING_DOWN, raw.request_id, raw.type)
            return None
        self.state = after
        if input_ is Input.REQUEST or input_ is Input.LOGIN or input_ is Input.LOGOUT:
            return frame, raw.request_id
        if isinstance(frame, Hello):
            self._hello(frame, raw.request_id, wall_ms)
        elif isinstance(frame, Ping):
            self._out.append(Pong(frame.token).encode(raw.request_id))
            self.pinged = True
        return None

    def _count_early(self) -> None:
        """A frame before login. Raises RcimError for one too many."""
        self._early_frames += 1
        if self._early_frames > self._limits.frames_before_login_max:
            raise RcimError(TOO_FREQUENT, f"more than {self._limits.frames_before_login_max} frames before login")

    def _hello(self, hello: Hello, request_id: int, wall_ms: int) -> None:
        version = min(hello.version_max, PROTOCOL_VERSION)
        if version < max(hello.version_min, PROTOCOL_VERSION_MIN):
            text = f"this server speaks versions {PROTOCOL_VERSION_MIN} to {PROTOCOL_VERSION}"
            self.refuse(VERSION_UNSUPPORTED, request_id, Hello.TYPE, text)
            return
        self.agent = hello.agent
        limits = self._limits
        usual = limits.heartbeat_ms
        wanted = hello.heartbeat_ms or usual
        heartbeat_ms = max(min(wanted, max(limits.heartbeat_ms_max, usual)), min(HEARTBEAT_MS_MIN, usual))
        self._silence_ms = limits.silence_ms(heartbeat_ms)  # WI-10: it follows what was agreed on
        answer = HelloOk(
            version=version,
            heartbeat_ms=heartbeat_ms,
            silence_ms_max=self._silence_ms,
            server_time_ms=wall_ms,
            frame_bytes_before_login=self._limits.frame_bytes_before_login,
            features=sorted(FEATURES.intersection(hello.features)),
            agent="rcim",
        )
        self._out.append(answer.encode(request_id))

    # -- what the caller decides

    def accept_login(self, request_id: int, answer: LoginOk) -> None:
        """The login was good: the session is open and takes longer frames."""
        self._move(Input.LOGIN_ACCEPTED)
        self._splitter.limit = self._limits.frame_bytes_max
        self._out.append(answer.encode(request_id))

    def refuse(
        self, code: ErrorCode, request_id: int, about: int = 0, detail: str = "", retry_after_ms: int = 0
    ) -> None:
        """Answer with an ERROR. It closes if the code says so, and always before the session is open."""
        closes = code.closes or self.state in (State.HELLO_WAIT, State.LOGIN_WAIT, State.LOGIN_CHECK)
        text = (detail or code.meaning).encode("utf-8", "replace")[:ERROR_TEXT_BYTES].decode("utf-8", "ignore")
        self._out.append(
            Error(code=code.number, closes=closes, about=about, text=text, retry_after_ms=retry_after_ms).encode(
                request_id
            )
        )
        if closes and self.state is not State.CLOSED:
            self.closed_by = code
            self._move(Input.LOGIN_REFUSED if self.state is State.LOGIN_CHECK else Input.FATAL)

    def going_away(self, push: GoingAway) -> None:
        """The server is stopping (WI-07): tell an open session; close one that is not open yet."""
        if self.state is State.OPEN:
            self._move(Input.GOING_AWAY)
            self._out.append(push.encode())
        elif self.state in (State.HELLO_WAIT, State.LOGIN_WAIT, State.LOGIN_CHECK):
            self.refuse(SHUTTING_DOWN, 0)

    def answered(self, logout_request_id: int = 0) -> None:
        """All that was accepted is answered: a session that is logging out or draining is over."""
        if logout_request_id:
            self._out.append(LogoutOk().encode(logout_request_id))
        self._move(Input.ANSWERED)

    def lost(self) -> None:
        """The transport is gone."""
        if self.state is not State.CLOSED:
            self._move(Input.FATAL)
        self._out.clear()

    def _move(self, input_: Input) -> None:
        self.state = SERVER_TABLE[(self.state, input_)]

    # -- time

    @property
    def deadline_ms(self) -> int:
        """When `on_timer` has something to do, at the earliest (steady time). It moves to later times only, but for the
        login, after which the caller looks at it again: so no earlier one is missed."""
        if self.state is State.HELLO_WAIT:
            return self._started_ms + min(self._limits.handshake_ms, self._limits.login_ms)
        if self.state in (State.LOGIN_WAIT, State.LOGIN_CHECK):
            return self._started_ms + self._limits.login_ms
        return self._heard_ms + self._silence_ms

    def on_timer(self, now_ms: int) -> None:
        """Close what has passed its deadline (WI-05)."""
        if self.closed or now_ms < self.deadline_ms:
            return
        if self.state in (State.HELLO_WAIT, State.LOGIN_WAIT, State.LOGIN_CHECK):
            self.refuse(LOGIN_TIMEOUT, 0)
        else:
            self.refuse(HEARTBEAT_TIMEOUT, 0)
