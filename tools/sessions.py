"""The session vectors: whole sessions, good and bad, as what is sent and what comes back."""

from __future__ import annotations

import base64
import zlib
from typing import Any

from rcim_tools.example_values import HELLO_TEXT, KEY, SDKAPPID
from rcim_tools.vectors import jsonable

from rcim.base.terms import ApplyJoinOption, Platform, Priority
from rcim.content.elements import Text, encode_body
from rcim.session import usersig
from rcim.wire import frames as f
from rcim.wire.header import HEADER
from rcim.wire.reference import to_plain
from rcim.wire.schema import Frame

SIGNED_AT = 1_700_000_000
"""When the UserSigs of the session vectors were made, in seconds since 1970."""
GOOD_FOR = 4_000_000_000
"""For so many seconds they are good: the vectors do not age."""


def mint(sdkappid: int, key: str, user: str, time_s: int, expire_s: int) -> str:
    """A UserSig whose bytes are the same on every machine."""
    return usersig.mint(sdkappid, key, user, time_s, expire_s, level=0)


def bomb() -> bytes:
    """Zlib data of about 2,600 bytes that expand to 400 KiB, made bit by bit so that it is the same everywhere.

    One block with fixed codes: a space, then 1,590 times "the last byte, 258 times again", then the end.
    """
    bits = "1" + "10" + format(0x30 + ord(" "), "08b") + ("11000101" + "00000") * 1590 + "0000000"
    bits += "0" * (-len(bits) % 8)
    block = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    data = b"\x78\x01" + block + zlib.adler32(b" " * (1 + 1590 * 258)).to_bytes(4, "big")
    assert zlib.decompress(data) == b" " * (1 + 1590 * 258)
    return data


ALICE = mint(SDKAPPID, KEY, "alice", SIGNED_AT, GOOD_FOR)
HELLO = f.Hello(1, 1, 0, [], "example/1.0")
HELLO_OK = f.HelloOk(1, 30000, 75000, 1_795_000_000_000, 4096, [], "rcim")
LOGIN_OK = f.LoginOk(1, 1_795_000_000_000, 65536, 8192, False, "", "", "", 1_795_000_000_000, 600_000)

VOLATILE = {
    "HELLO_OK": ["server_time_ms"],
    "LOGIN_OK": ["server_time_ms", "connection_id", "began_ms", "history_id"],
    "GROUP_ENTERED": ["time_ms"],
    "SYNC_OK": ["cursor"],
    "SEND_OK": ["time_ms", "message_id"],
    "DELIVER": ["messages.time_ms", "messages.message_id"],
    "HISTORY_OK": ["messages.time_ms", "messages.message_id"],
    "ERROR": ["text"],
}
"""Fields that differ from run to run: a replay compares all others."""

Step = tuple[str, Frame | bytes, int, str]
"""(who sends, a frame or raw bytes, request id, note)"""


def sessions() -> dict[str, Any]:
    """Whole sessions with one server whose data directory is empty at the beginning of each."""
    return {
        "about": "Each session is what one client sends to a server with an empty store, and what comes back. Within "
        "one step the server may send its frames in several pieces. Fields in `volatile` differ from run to run.",
        "sdkappid": SDKAPPID,
        "key": KEY,
        "user_sig": _user_sig(),
        "volatile": VOLATILE,
        "sessions": [
            {"name": name, "closes": closes, "steps": [_step(*step) for step in steps]}
            for name, closes, steps in _sessions()
        ],
    }


def _user_sig() -> dict[str, Any]:
    """How alice's UserSig comes about, step by step (ID-02)."""
    return {
        "user_id": "alice",
        "time": SIGNED_AT,
        "expire": GOOD_FOR,
        "content": f"TLS.identifier:alice\nTLS.sdkappid:{SDKAPPID}\nTLS.time:{SIGNED_AT}\nTLS.expire:{GOOD_FOR}\n",
        "sig": usersig.read(ALICE)["TLS.sig"],
        "user_sig": ALICE,
    }


def _step(who: str, what: Frame | bytes, request_id: int, note: str) -> dict[str, Any]:
    if isinstance(what, bytes):
        return {"from": who, "note": note, "hex": what.hex()}
    data = what.encode(request_id)
    return {
        "from": who,
        "note": note,
        "frame": what.NAME,
        "request_id": request_id,
        "fields": jsonable(to_plain(what)),
        "hex": data.hex(),
    }


def complete() -> list[Step]:
    """The session of the overview: hello, login, a group, a message, history, heartbeat, goodbye."""
    body = encode_body([Text("hello")])
    message = f.Message(1, 1_795_000_000_005, 14636698788954113, Priority.NORMAL, "alice", "", "", "", "c-0001", body)
    free = ApplyJoinOption.FREE_ACCESS
    return [
        ("client", HELLO, 1, "I speak version 1; the server may choose the heartbeat."),
        ("server", HELLO_OK, 1, "Version 1. Send PING every 30 s."),
        ("client", f.Login("alice", ALICE, Platform.MOBILE, "phone-1"), 2, "I am alice, and here is the proof."),
        ("server", LOGIN_OK, 2, "The session is open."),
        ("client", f.GroupsJoined("", 0), 3, "Which groups am I in?"),
        ("server", f.GroupsJoinedOk([], ""), 3, "None."),
        ("client", f.GroupCreate("lobby", "Public", "Lobby", "", "", "", free, []), 4, "Make a group."),
        (
            "server",
            f.GroupEntered("lobby", "Public", "Lobby", "", 0, "alice", 1_795_000_000_000),
            0,
            "A push: alice is in it from now on, on all her devices.",
        ),
        ("server", f.GroupCreateOk("lobby"), 4, "It exists, and alice is its owner."),
        ("client", f.Send("g:lobby", "c-0001", Priority.NORMAL, body), 5, "Say hello to the group."),
        ("server", f.SendOk(1, message.time_ms, message.message_id, False), 5, "It is durable and has SEQ 1."),
        ("server", f.Deliver("g:lobby", [message]), 0, "Everyone in the group gets it, the sender too."),
        ("client", f.Send("g:lobby", "c-0001", Priority.NORMAL, body), 6, "The same again, as after a lost answer."),
        (
            "server",
            f.SendOk(1, message.time_ms, message.message_id, True),
            6,
            "The first result; nothing sent twice.",
        ),
        ("client", f.History("g:lobby", 1, 0, 20, False), 7, "What was said?"),
        ("server", f.HistoryOk(1, 1, False, [message]), 7, "One message."),
        ("client", f.Ping(99), 8, "Are you there?"),
        ("server", f.Pong(99), 8, "Yes."),
        (
            "server",
            f.Heads([f.HeadEntry("g:lobby", 1)]),
            0,
            "And the lobby is at SEQ 1: nothing is missing at the end.",
        ),
        ("client", f.Logout(), 9, "Goodbye."),
        ("server", f.LogoutOk(), 9, "Goodbye. The server closes the connection."),
    ]


Session = tuple[str, bool, list[Step]]
"""(name, whether the server closes at the end, steps)"""


def _in_one_flight() -> Session:
    """HELLO, LOGIN and SYNC without waiting in between (WI-10)."""
    login = f.Login("alice", ALICE, Platform.MOBILE, "phone-1")
    return (
        "hello, login and sync in one flight",
        False,
        [
            ("client", HELLO.encode(1) + login.encode(2) + f.Sync(b"", 0, 0).encode(3), 0, "three frames"),
            ("server", HELLO_OK, 1, ""),
            ("server", LOGIN_OK, 2, ""),
            ("server", f.SyncOk([], [], b"", False, False), 3, "Alice is in no conversation."),
        ],
    )


def _sessions() -> list[Session]:
    return [
        ("a complete session", True, complete()),
        _in_one_flight(),
        *_refused_logins(),
        *_before_login(),
        *_after_login(),
    ]


def _error(number: int, request_id: int, about: int, closes: bool, note: str = "") -> Step:
    return ("server", f.Error(number, closes, about, ""), request_id, note)


HELLO_STEPS: list[Step] = [("client", HELLO, 1, ""), ("server", HELLO_OK, 1, "")]
OPENED: list[Step] = [
    *HELLO_STEPS,
    ("client", f.Login("alice", ALICE, Platform.MOBILE, ""), 2, ""),
    ("server", LOGIN_OK, 2, ""),
]
SEND = f.Send("g:nowhere", "c", Priority.NORMAL, HELLO_TEXT)


def _refused_logins() -> list[Session]:
    def login(sig: str, number: int, note: str, user: str = "alice") -> tuple[str, bool, list[Step]]:
        step: Step = ("client", f.Login(user, sig, Platform.WEB, ""), 2, note)
        return (f"login: {note}", True, [*HELLO_STEPS, step, _error(number, 2, f.Login.TYPE, True)])

    return [
        login(mint(SDKAPPID, KEY, "alice", SIGNED_AT, 1), 70001, "an expired UserSig"),
        login("", 70002, "an empty UserSig"),
        login("not base64!", 70003, "a UserSig that is not base64"),
        login(_token(bomb()), 70003, "a zlib bomb"),
        login(_token(zlib.compress(b"[]", 0)), 70003, "a UserSig that is no JSON object"),
        login(mint(SDKAPPID, "0" * 64, "alice", SIGNED_AT, GOOD_FOR), 70009, "another app's key"),
        login(mint(SDKAPPID, KEY, "bob", SIGNED_AT, GOOD_FOR), 70013, "another user's UserSig"),
        login(mint(SDKAPPID + 1, KEY, "alice", SIGNED_AT, GOOD_FOR), 70014, "another sdkappid"),
        login(mint(SDKAPPID, KEY, "alice", 4_000_000_000, 1000), 300008, "a UserSig from the future"),
        login(mint(SDKAPPID, KEY, "@SYSTEM", SIGNED_AT, GOOD_FOR), 10004, "an id of the server's own", "@SYSTEM"),
        login(mint(SDKAPPID, KEY, "a\nb", SIGNED_AT, GOOD_FOR), 10004, "a user id with a control character", "a\nb"),
    ]


def _before_login() -> list[Session]:
    return [
        (
            "login before hello",
            True,
            [("client", f.Login("alice", ALICE, Platform.WEB, ""), 1, ""), _error(300003, 1, 2, True)],
        ),
        ("a request before login", True, [*HELLO_STEPS, ("client", SEND, 2, ""), _error(300005, 2, SEND.TYPE, True)]),
        (
            "no common version",
            True,
            [("client", f.Hello(90, 99, 0, [], "new"), 1, ""), _error(300004, 1, 1, True)],
        ),
        (
            "an unknown frame before login",
            True,
            [
                *HELLO_STEPS,
                ("client", HEADER.pack(8, 0x0FEE, 0, 2), 0, "type 0x0FEE"),
                _error(300005, 2, 0x0FEE, True),
            ],
        ),
        (
            "a frame that is too long before login",
            True,
            [*HELLO_STEPS, ("client", HEADER.pack(5000, f.Login.TYPE, 0, 2), 0, ""), _error(300002, 0, 0, True)],
        ),
        ("HTTP", True, [("client", b"GET / HTTP/1.1\r\n\r\n", 0, ""), _error(300002, 0, 0, True)]),
    ]


def _after_login() -> list[Session]:
    return [
        (
            "an unknown frame after login is answered and the session goes on",
            False,
            [
                *OPENED,
                ("client", HEADER.pack(8, 0x0FEE, 0, 3), 0, "type 0x0FEE"),
                _error(10003, 3, 0x0FEE, False),
                ("client", f.Ping(7), 4, ""),
                ("server", f.Pong(7), 4, ""),
            ],
        ),
        (
            "a second hello",
            False,
            [*OPENED, ("client", HELLO, 3, ""), _error(300006, 3, 1, False)],
        ),
        (
            "a request with id 0",
            False,
            [*OPENED, ("client", SEND.encode(0), 0, ""), _error(300014, 0, SEND.TYPE, False)],
        ),
        (
            "a body cut short",
            False,
            [
                *OPENED,
                ("client", HEADER.pack(9, SEND.TYPE, 0, 3) + b"\x05", 0, ""),
                _error(300007, 3, SEND.TYPE, False),
            ],
        ),
        (
            "a PING cut short",
            False,
            [
                *OPENED,
                ("client", HEADER.pack(9, f.Ping.TYPE, 0, 3) + b"\x05", 0, ""),
                _error(300007, 3, f.Ping.TYPE, False),
            ],
        ),
        (
            "a PONG cut short is answered with request id 0",
            False,
            [
                *OPENED,
                ("client", HEADER.pack(9, f.Pong.TYPE, 0, 3) + b"\x05", 0, ""),
                _error(300007, 0, f.Pong.TYPE, False),
            ],
        ),
        (
            "a header that is wrong after login",
            True,
            [*OPENED, ("client", HEADER.pack(7, f.Ping.TYPE, 0, 3), 0, "length 7"), _error(300001, 0, 0, True)],
        ),
        *_refused_sends(),
        ("a group that is not there", False, [*OPENED, ("client", SEND, 3, ""), _error(10010, 3, SEND.TYPE, False)]),
        (
            "an administrator's request by another",
            False,
            [*OPENED, ("client", f.AdminStats(), 3, ""), _error(60010, 3, f.AdminStats.TYPE, False)],
        ),
    ]


def _refused_sends() -> list[Session]:
    """What a SEND is refused for whatever the group is."""

    def refused(name: str, send: f.Send, number: int) -> Session:
        return (name, False, [*OPENED, ("client", send, 3, ""), _error(number, 3, f.Send.TYPE, False)])

    def send(conversation: str = "g:nowhere", **more: Any) -> f.Send:
        return f.Send(conversation, "c", Priority.NORMAL, HELLO_TEXT, **more)

    many = [f"user-{number}" for number in range(51)]
    return [
        refused("a message to oneself", send("c:5:alice:alice"), 10010),
        refused("a message into a conversation of others", send("c:3:bob:carol"), 10007),
        refused("a message to 51 members", send(to=many), 10004),
        refused("a message with 31 mentions", send(mentions=many[:31]), 10053),
        refused("a message with 1,025 bytes of cloud_data", send(cloud_data=bytes(1025)), 80002),
    ]


def _token(packed: bytes) -> str:
    return base64.b64encode(packed).translate(bytes.maketrans(b"+/=", b"*-_")).decode()
