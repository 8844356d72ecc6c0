"""A connection that speaks our frames: the session core, and requests translated for the service."""

from __future__ import annotations

import ssl

from rcim.adapters.frames.codec import CODEC
from rcim.adapters.frames.table import RATES, ROUTES
from rcim.base import clock
from rcim.base.errors import (
    HEARTBEAT_TIMEOUT,
    KICKED_BY_OTHER_DEVICE,
    LOGGED_OUT,
    TOO_SLOW,
    ErrorCode,
    RcimError,
)
from rcim.base.ids import is_guest
from rcim.base.terms import DeviceEnd
from rcim.service.connection import Connection, Taken
from rcim.service.deliveries import GoingAway
from rcim.service.login import LoginRequest
from rcim.service.rates import RateClass
from rcim.service.results import Result
from rcim.service.service import Service
from rcim.session.server import ServerSession
from rcim.session.states import TAKES_FRAMES, State
from rcim.wire import frames as f
from rcim.wire.peeking import is_transient
from rcim.wire.schema import FRAMES, Frame

FRAMES_PER_TURN = 64
"""Frames taken from one connection before the others have their turn: at most a few milliseconds of work."""
TOKEN_TYPE_SHIFT = 32
"""A request's token is its frame type above its request id."""
IS_USER = frozenset({State.OPEN, State.DRAINING, State.LOGGING_OUT})


class FrameConnection(Connection):
    """See the module's text. Everything runs in the loop's thread."""

    __slots__ = ("_logout_id", "_wall_ms", "session")

    def __init__(self, service: Service, tls: ssl.SSLContext | None) -> None:
        super().__init__(service, CODEC, tls)
        self.session = ServerSession(service.limits, clock.steady_ms())
        self._logout_id = 0
        self._wall_ms = 0
        """The clock at the beginning of the turn."""

    # -- input

    @property
    def is_user(self) -> bool:
        state = self.session.state
        return state is State.OPEN or state in IS_USER

    def received(self, data: bytes) -> None:
        self.session.receive(data, clock.steady_ms())

    @property
    def has_input(self) -> bool:
        return self.session.pending_bytes > 0

    def begin_turn(self) -> None:
        self.session.budget = FRAMES_PER_TURN
        self._wall_ms = clock.wall_ms()

    def take(self) -> Taken:
        session = self.session
        found = session.next_request(self._wall_ms)
        if found is not None:
            self._take(found[0], found[1])
            return Taken.ONE
        if session.budget == 0 and not session.closed:
            return Taken.TURN_OVER
        return Taken.NONE if session.state in TAKES_FRAMES else Taken.CLOSED

    def _take(self, frame: Frame, request_id: int) -> None:
        route = ROUTES.get(frame.TYPE)
        if route is not None:
            self.submit(route.request(frame), frame.TYPE << TOKEN_TYPE_SHIFT | request_id)
        elif isinstance(frame, f.Login):
            login = LoginRequest(
                user_id=frame.user_id,
                user_sig=frame.user_sig,
                platform=frame.platform,
                device_tag=frame.device_tag,
                began_ms=frame.began_ms,
            )
            self.login(login, request_id)
        elif isinstance(frame, f.Logout):
            self._logout_id = request_id
            if not self.in_flight:
                self.all_answered()

    def turn_done(self) -> None:
        self._flush_session()
        if self.session.pinged:
            self.session.pinged = False
            self.service.tell_heads(self)

    def _charge(self, type_: int, body: bytes) -> None:
        """LI-01: a SEND with `transient` set is counted as such. Raises RcimError."""
        frame = FRAMES.get(type_)
        rate = RATES.get(type_, RateClass.CONTROL if frame is None else RateClass.OTHER)
        what = frame.NAME if frame is not None else f"frame type {type_:#06x}"
        if rate is RateClass.SEND and is_transient(body):
            rate, what = RateClass.TRANSIENT, what + ", transient"
        self.charge(rate, what)

    # -- output

    def reply(self, token: int, result: Result) -> None:
        answer = ROUTES[token >> TOKEN_TYPE_SHIFT].answer(result)
        self.write(answer.encode(token & 0xFFFFFFFF))

    def refuse(self, token: int, error: RcimError) -> None:
        type_, request_id = token >> TOKEN_TYPE_SHIFT, token & 0xFFFFFFFF
        self.session.refuse(error.code, request_id, type_, error.detail, error.retry_after_ms)
        self._flush_session()

    def refuse_all(self, code: ErrorCode, text: str = "") -> None:
        self.session.refuse(code, 0, 0, text)
        self._flush_session()

    def _flush_session(self) -> None:
        """Send the output of the session; close if the session has ended."""
        data = self.session.data_to_send()
        if data:
            self.write(data)
        if self.session.closed:
            self.close()

    # -- log-in and log-out

    @property
    def agent(self) -> str:
        return self.session.agent

    @property
    def expects_login(self) -> bool:
        return self.session.state is State.LOGIN_CHECK

    def logged_in(self, token: int, history_id: int) -> None:
        principal, limits = self.principal, self.service.limits
        assert principal is not None, "whoever is logged in is set"
        guest = is_guest(principal.user_id)
        answer = f.LoginOk(
            connection_id=self.id,
            server_time_ms=clock.wall_ms(),
            frame_bytes_max=limits.frame_bytes_max,
            body_bytes_max=limits.body_bytes_max,
            is_admin=principal.admin,
            nickname=principal.nickname,
            face_url=principal.face_url,
            user_id=principal.user_id if guest else "",
            began_ms=0 if guest else self.device.began_ms,
            dedupe_ms=limits.dedupe_window_ms,
            history_id=history_id,
        )
        self.session.accept_login(token, answer)
        self.opened()
        self._flush_session()

    def count_frames(self) -> None:
        super().count_frames()
        self.session.charge = self._charge if self.limited else None

    def login_refused(self, token: int, error: RcimError) -> None:
        self.session.refuse(error.code, token, f.Login.TYPE, error.detail, error.retry_after_ms)
        self._flush_session()

    def all_answered(self) -> None:
        if self._logout_id and self.session.state is State.LOGGING_OUT:
            self.session.answered(self._logout_id)
            self._flush_session()

    @property
    def end(self) -> DeviceEnd:
        by = self.session.closed_by
        if self._logout_id:
            return DeviceEnd.LOGOUT
        if by is LOGGED_OUT:
            return DeviceEnd.LOGGED_OUT
        if by is KICKED_BY_OTHER_DEVICE:
            return DeviceEnd.REPLACED
        return DeviceEnd.TIME_OUT if by in (HEARTBEAT_TIMEOUT, TOO_SLOW) else DeviceEnd.LINK_CLOSE

    # -- time and the end

    @property
    def next_deadline_ms(self) -> int:
        return self.session.deadline_ms

    def on_deadline(self, now_ms: int) -> None:
        self.session.on_timer(now_ms)
        self._flush_session()

    def lost(self) -> None:
        self.session.lost()

    def going_away(self, notice: GoingAway) -> None:
        self.session.going_away(
            f.GoingAway(
                grace_ms=notice.grace_ms,
                reconnect_within_ms=notice.spread_ms,
                host="",
                port=0,
                reconnect_after_ms=notice.return_ms,
            )
        )
        self._flush_session()

    def drained(self) -> None:
        if self.session.state is State.DRAINING:
            self.session.answered()
        else:
            self.session.lost()
        self._flush_session()
