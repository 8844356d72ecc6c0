"""Frames of the session: HELLO, LOGIN, LOGOUT, PING, ERROR, GOING_AWAY."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import Platform
from rcim.wire.frames.kinds import FACE_URL, NICKNAME, USER_OR_NONE
from rcim.wire.schema import Ext, Frame, frame
from rcim.wire.types import U16, U32, U64, Bool, Enum, StrList, str8, str16


@frame(
    0x0001,
    "HELLO",
    "client",
    "request",
    reply="HELLO_OK",
    rules=(
        "It is the first frame of a connection; any other first frame is HELLO_EXPECTED.",
        "The server chooses the highest version that both sides know, and the features that both name.",
    ),
    errors=("VERSION_UNSUPPORTED",),
)
class Hello(Frame, frozen=True, gc=False):
    """Opens the connection and agrees on version and features (WI-02)."""

    version_min: A[int, U16, "The oldest protocol version the client speaks."]
    version_max: A[int, U16, "The newest protocol version the client speaks."]
    heartbeat_ms: A[
        int,
        U32,
        "How often the client would like to send PING: from 1,000 to `heartbeat_ms_max` (other values are "
        "adjusted to these); 0 leaves it to the server.",
    ]
    features: A[list[str], StrList(str8(32, 1), 32), "Features the client can use. Version 1 defines none."]
    agent: A[str, str8(64), "Name and version of the client, for the operator."]


@frame(0x8001, "HELLO_OK", "server", "reply")
class HelloOk(Frame, frozen=True, gc=False):
    """The version, the features and the bounds that are agreed."""

    version: A[int, U16, "The version that both sides speak from now on."]
    heartbeat_ms: A[int, U32, "How often the client sends PING, also while it is busy."]
    silence_ms_max: A[
        int, U32, "After this long without a byte from the client the server drops it; it follows `heartbeat_ms`."
    ]
    server_time_ms: A[int, U64, "The server's clock, milliseconds since 1970."]
    frame_bytes_before_login: A[
        int, U32, "The longest frame that the server accepts before login, including its header."
    ]
    features: A[list[str], StrList(str8(32, 1), 32), "The features in force: those that both sides named."]
    agent: A[str, str8(64), "Name and version of the server."]


@frame(
    0x0002,
    "LOGIN",
    "client",
    "request",
    reply="LOGIN_OK",
    rules=(
        "After LOGIN the client may send requests at once; the server answers them after LOGIN_OK.",
        "A refused login closes the connection.",
        "From LOGIN_OK on, messages of every group the user is in come as DELIVER.",
        "With an empty `user_id` and an empty `user_sig` it is a guest's login (ID-06), if the server accepts "
        "guests: LOGIN_OK then has the guest's id, which is valid until the connection ends. session.md lists "
        "what a guest may request.",
        "A session begins with a login without `began_ms`. A client that reconnects sends the one that the "
        "session's first LOGIN_OK had: the session goes on. On each platform one session of a user goes on at a "
        "time (the app's settings may allow more; of SERVER any number), and of those with the same `device_tag` "
        "one: of two the one that began later. The other gets KICKED_BY_OTHER_DEVICE and is closed. If that is "
        "the one that is just logging in, this happens right after LOGIN_OK.",
        "`@SYSTEM`, and ids that begin with `@GUEST#`, are the server's own: BAD_PARAMETER.",
        "System senders, and ids that begin with `@SYS#`, cannot log in: SYSTEM_SENDER (system-conversations.md).",
    ),
    errors=(
        "USERSIG_EMPTY",
        "USERSIG_MALFORMED",
        "USERSIG_BAD_KEY",
        "USERSIG_OTHER_APP",
        "USERSIG_OTHER_USER",
        "USERSIG_EXPIRED",
        "USERSIG_FROM_FUTURE",
        "BAD_PARAMETER",
        "USERSIG_INVALIDATED",
        "SYSTEM_SENDER",
        "LOGIN_BLOCKED",
        "LOGIN_REFUSED",
        "CALLBACK_FAILED",
        "OVERLOADED",
        "COMMAND_DISABLED",
        "TOO_MANY_CONNECTIONS",
    ),
)
class Login(Frame, frozen=True, gc=False):
    """Says who the user is and proves it by a UserSig (ID-02)."""

    user_id: A[str, USER_OR_NONE, "1 to 64 characters (ID-01, session.md); empty for a guest."]
    user_sig: A[str, str16(3500), "A UserSig made for this user with the app's key (session.md)."]
    platform: A[Platform, Enum(Platform), "The platform that the client runs on (ID-04)."]
    device_tag: A[str, str8(64), "The app's name for this device; may be empty."]
    began_ms: A[
        int,
        Ext(1, U64),
        "`began_ms` of the session that continues; absent: this login begins one. A time in the future counts as "
        "now, unless the server itself has begun such a session.",
    ] = 0


@frame(0x8002, "LOGIN_OK", "server", "reply")
class LoginOk(Frame, frozen=True, gc=False):
    """The session is open."""

    connection_id: A[int, U64, "The server's number for this connection, as the operator sees it."]
    server_time_ms: A[int, U64, "The server's clock, milliseconds since 1970."]
    frame_bytes_max: A[int, U32, "The longest frame, including its header, that either side sends from now on."]
    body_bytes_max: A[int, U32, "The longest message body that the server accepts."]
    is_admin: A[bool, Bool(), "True for an app administrator (ID-08)."]
    nickname: A[str, NICKNAME, "The user's nickname as the server has it; may be empty."]
    face_url: A[str, FACE_URL, "The user's face URL as the server has it; may be empty."]
    user_id: A[str, Ext(1, USER_OR_NONE), "The id given to a guest; absent for users."] = ""
    began_ms: A[
        int,
        Ext(2, U64),
        "Names the session (ID-04): send it in LOGIN to continue the session. It orders the user's sessions and "
        "is no clock time (devices.md). Absent for a guest.",
    ] = 0
    dedupe_ms: A[int, Ext(3, U32), "How long the server recognises a repeated client message id (MS-02)."] = 0
    history_id: A[
        int,
        Ext(4, U64),
        "Identifies the history in the server's store. Every position that a client keeps - SEQ, cursor - belongs "
        "to a history: if the id is not the previous one, discard all positions (seq.md).",
    ] = 0


@frame(
    0x0003,
    "LOGOUT",
    "client",
    "request",
    reply="LOGOUT_OK",
    rules=("The server answers what it has accepted, then LOGOUT_OK, then closes.",),
)
class Logout(Frame, frozen=True, gc=False):
    """Ends the session in an orderly way."""


@frame(0x8003, "LOGOUT_OK", "server", "reply")
class LogoutOk(Frame, frozen=True, gc=False):
    """The session is over; the server closes the connection."""


@frame(
    0x0004,
    "PING",
    "both",
    "request",
    reply="PONG",
    rules=(
        "Either side may send it at any time after HELLO_OK; the other answers with PONG and the same `token`.",
        "A client sends it every `heartbeat_ms` of HELLO_OK, also while it is busy: HEADS comes with the answer.",
        "A client's PING is a request and needs a request id other than 0. A PING by the server has request id 0, "
        "and "
        "so has its PONG.",
    ),
)
class Ping(Frame, frozen=True, gc=False):
    """Heartbeat (WI-05)."""

    token: A[int, U64, "Any number; the PONG repeats it."]


@frame(0x8004, "PONG", "both", "reply")
class Pong(Frame, frozen=True, gc=False):
    """Answer to PING."""

    token: A[int, U64, "The number from the PING."]


@frame(
    0x8000,
    "ERROR",
    "server",
    "error",
    rules=(
        "It takes the place of the reply and has the request id of the request. With request id 0 it is about the "
        "connection as a whole.",
        "If `closes` is true the server closes the connection after this frame.",
    ),
)
class Error(Frame, frozen=True, gc=False):
    """Says that a request was refused or failed, or why the connection ends (errors.md)."""

    code: A[int, U32, "The number of the error (errors.json)."]
    closes: A[bool, Bool(), "True if the connection ends with this frame."]
    about: A[
        int,
        U16,
        "The type of the frame that caused it; 0 if none did, or if its header was wrong (BAD_HEADER, FRAME_TOO_LONG).",
    ]
    text: A[str, str16(1024), "The exact cause, in English, for a developer."]
    retry_after_ms: A[int, Ext(1, U32), "Try again after this time; absent: no advice."] = 0


@frame(
    0x4003,
    "GOING_AWAY",
    "server",
    "push",
    rules=(
        "The client sends no new request on this connection, waits for the answers it is owed, and closes.",
        "It waits for `reconnect_after_ms`, during which the server can't be back yet, and then for a random time "
        "between 0 and `reconnect_within_ms`, which is longer the more clients the server has.",
    ),
)
class GoingAway(Frame, frozen=True, gc=False):
    """The server is about to stop, or wants this client to connect elsewhere (WI-07)."""

    grace_ms: A[int, U32, "The server closes the connection after this long at the latest."]
    reconnect_within_ms: A[int, U32, "Reconnect at a random moment within this time."]
    host: A[str, str8(255), "Where to connect; empty: the same host as now."]
    port: A[int, U16, "Where to connect; 0: the same port as now."]
    reconnect_after_ms: A[int, Ext(1, U32), "How long to wait before that time begins; absent: no wait."] = 0
