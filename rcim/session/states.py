"""The state machines of a connection as tables; what is not in a table is an error.

The diagram in protocol-spec/session.md is made from SERVER_TABLE by `make spec`.
"""

from __future__ import annotations

from enum import Enum

from rcim.base.errors import HELLO_EXPECTED, LOGIN_REQUIRED, UNEXPECTED_FRAME, ErrorCode


class State(Enum):
    """Where the server's side of a connection is."""

    __hash__ = object.__hash__  # they are looked up for every frame

    HELLO_WAIT = "HELLO_WAIT"
    LOGIN_WAIT = "LOGIN_WAIT"
    LOGIN_CHECK = "LOGIN_CHECK"
    OPEN = "OPEN"
    DRAINING = "DRAINING"
    LOGGING_OUT = "LOGGING_OUT"
    CLOSED = "CLOSED"


class Input(Enum):
    """What can happen to a connection: a frame of the client, or something on the server's side."""

    __hash__ = object.__hash__

    HELLO = "HELLO"
    LOGIN = "LOGIN"
    LOGOUT = "LOGOUT"
    PING = "PING"
    PONG = "PONG"
    REQUEST = "any other request"
    LOGIN_ACCEPTED = "login accepted"
    LOGIN_REFUSED = "login refused"
    GOING_AWAY = "server is stopping"
    ANSWERED = "all answered (draining: or the grace is over)"
    FATAL = "error that closes, deadline, or the transport is gone"


S, I = State, Input  # noqa: E741 - the table reads better with one letter each

SERVER_TABLE: dict[tuple[State, Input], State] = {
    (S.HELLO_WAIT, I.HELLO): S.LOGIN_WAIT,
    (S.HELLO_WAIT, I.FATAL): S.CLOSED,
    (S.LOGIN_WAIT, I.PING): S.LOGIN_WAIT,
    (S.LOGIN_WAIT, I.PONG): S.LOGIN_WAIT,
    (S.LOGIN_WAIT, I.LOGIN): S.LOGIN_CHECK,
    (S.LOGIN_WAIT, I.FATAL): S.CLOSED,
    # In LOGIN_CHECK no frame is taken: what the client has sent already waits for the answer.
    (S.LOGIN_CHECK, I.LOGIN_ACCEPTED): S.OPEN,
    (S.LOGIN_CHECK, I.LOGIN_REFUSED): S.CLOSED,
    (S.LOGIN_CHECK, I.FATAL): S.CLOSED,
    (S.OPEN, I.REQUEST): S.OPEN,
    (S.OPEN, I.PING): S.OPEN,
    (S.OPEN, I.PONG): S.OPEN,
    (S.OPEN, I.LOGOUT): S.LOGGING_OUT,
    (S.OPEN, I.GOING_AWAY): S.DRAINING,
    (S.OPEN, I.FATAL): S.CLOSED,
    (S.DRAINING, I.REQUEST): S.DRAINING,
    (S.DRAINING, I.PING): S.DRAINING,
    (S.DRAINING, I.PONG): S.DRAINING,
    (S.DRAINING, I.LOGOUT): S.LOGGING_OUT,
    (S.DRAINING, I.ANSWERED): S.CLOSED,
    (S.DRAINING, I.FATAL): S.CLOSED,
    # In LOGGING_OUT no frame is taken.
    (S.LOGGING_OUT, I.ANSWERED): S.CLOSED,
    (S.LOGGING_OUT, I.FATAL): S.CLOSED,
}

TAKES_FRAMES = frozenset({S.HELLO_WAIT, S.LOGIN_WAIT, S.OPEN, S.DRAINING})
"""States in which the next frame is read; in the others frames wait in the stream."""

NOT_IN_TABLE: dict[State, ErrorCode] = {
    S.HELLO_WAIT: HELLO_EXPECTED,
    S.LOGIN_WAIT: LOGIN_REQUIRED,
    S.OPEN: UNEXPECTED_FRAME,
    S.DRAINING: UNEXPECTED_FRAME,
}
"""The error for a frame that the table does not have in this state."""
