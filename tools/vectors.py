"""Test vectors in JSON that other languages can read: frames, what is wrong with frames, streams, whole sessions."""

from __future__ import annotations

import json
import zlib
from typing import Any

from rcim_tools.examples import EXAMPLES, HELLO_TEXT, KEY, SDKAPPID, all_examples, least

from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, Platform, Priority
from rcim.session import usersig
from rcim.wire import frames as f
from rcim.wire.elements import ELEMENTS, Text, decode_body, encode_body, spans
from rcim.wire.header import HEADER, LENGTH_MIN
from rcim.wire.reference import to_plain
from rcim.wire.schema import FRAMES, Frame, Struct
from rcim.wire.types import Bytes, Elements, StructList

SIGNED_AT = 1_700_000_000
"""When the UserSigs of the session vectors were made, in seconds since 1970."""
GOOD_FOR = 4_000_000_000
"""For so many seconds they are good: the vectors do not age."""


def jsonable(value: Any) -> Any:
    """A plain value as JSON can hold it: bytes as hex, enums as numbers, names without Python's underscores."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name.rstrip("_"): jsonable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [jsonable(item) for item in value]
    return value if isinstance(value, bool | str) else int(value)


def frames() -> dict[str, Any]:
    """Good frames and bad ones."""
    return {
        "about": "Good: `hex` decodes to `fields` and `fields` encode to `hex`. Bytes are hex, enums numbers. Bad: "
        "`hex` is refused with `error`. A body of elements is hex in `fields` and taken apart in elements.json.",
        "good": [_good(name, frame, i + 1) for i, (name, frame) in enumerate(all_examples())],
        "skipped": [_with_unknown_extension(frame) for frame in EXAMPLES],
        "bad": [row for cls in FRAMES.values() for row in _bad(cls)] + _bad_more(),
    }


def _good(name: str, frame: Frame, number: int) -> dict[str, Any]:
    request_id = 0 if frame.DECLARED.role == "push" else number
    return {
        "name": name,
        "frame": frame.NAME,
        "request_id": request_id,
        "fields": jsonable(to_plain(frame)),
        "hex": frame.encode(request_id).hex(),
    }


def _with_unknown_extension(frame: Frame) -> dict[str, Any]:
    body = frame.encode()[12:] + bytes.fromhex("fffe0003aabbcc")
    return {
        "name": f"{frame.NAME} with an extension nobody knows",
        "frame": frame.NAME,
        "fields": jsonable(to_plain(frame)),
        "hex": (HEADER.pack(len(body) + LENGTH_MIN, frame.TYPE, 0, 1) + body).hex(),
    }


def _bad(cls: type[Frame]) -> list[dict[str, Any]]:
    """Cut short by a byte, a byte left over, and every bound passed by one."""
    body = least(cls).encode()[12:]
    rows = [("one byte left over", body + b"\0"), ("an extension cut short", body + b"\0\1\0\5abc")]
    if body:
        rows.append(("cut short by one byte", body[:-1]))
    at = 0
    for x in cls.FIELDS:
        if x.tag:
            continue
        size = len(_piece(cls, x.name))
        if isinstance(x.type, Bytes) and not isinstance(x.type, Elements):
            width = 1 if x.type.prefix == "u8" else 2
            if x.type.high < 256**width - 1:
                over = (x.type.high + 1).to_bytes(width, "big") + b"a" * (x.type.high + 1)
                rows.append((f"{x.name} one byte too long", body[:at] + over + body[at + size :]))
            if x.type.low:
                rows.append((f"{x.name} empty", body[:at] + bytes(width) + body[at + size :]))
            if x.type.kind == "str":
                wrong = (1).to_bytes(width, "big") + b"\xff"
                rows.append((f"{x.name} not UTF-8", body[:at] + wrong + body[at + size :]))
        if x.type.spec()["type"] in ("bool", "enum8"):
            rows.append((f"{x.name} not one of its values", body[:at] + b"\xee" + body[at + size :]))
        at += size
    return [_refused(cls, what, wrong) for what, wrong in rows]


def _bad_more() -> list[dict[str, Any]]:
    """Wrong in ways that only some frames can be: lists that are too long, known extensions of another length."""
    hello = f.Hello(1, 1, 0, [], "").encode()[12:-3]
    history = f.History("g:lobby", 0, 0, 0, False).encode()[12:]
    good = f.History("g:lobby", 0, 0, 0, False, 1).encode()[len(history) + 12 :]
    rows: list[tuple[type[Frame], str, bytes]] = [
        (f.Hello, "33 features", hello + b"\0\x21" + b"\1a" * 33 + b"\0"),
        (f.Hello, "an empty feature", hello + b"\0\1\0" + b"\0"),
        (f.History, "a known extension one byte short", history + good[:3] + b"\7" + good[4:-1]),
        (f.History, "a known extension one byte long", history + good[:3] + b"\x09" + good[4:] + b"\0"),
        (f.History, "a known extension twice, the first one wrong", history + b"\0\1\0\0" + good),
    ]
    return [_refused(cls, what, body) for cls, what, body in rows]


def _refused(cls: type[Frame], what: str, body: bytes) -> dict[str, Any]:
    """The vector of a body that is refused."""
    try:
        cls.decode(body)
    except RcimError as error:
        data = HEADER.pack(len(body) + LENGTH_MIN, cls.TYPE, 0, 1) + body
        return {"name": f"{cls.NAME}: {what}", "frame": cls.NAME, "hex": data.hex(), "error": error.code.name}
    raise AssertionError(f"{cls.NAME}: {what} was taken")


def _piece(cls: type[Struct], name: str) -> bytes:
    """The bytes of one field at its least value."""
    from rcim_tools.examples import _least

    kind = next(x.type for x in cls.FIELDS if x.name == name)
    value = [] if isinstance(kind, StructList) else _least(kind)
    made: bytes = kind.reference().build(value)
    return made


def elements() -> list[dict[str, Any]]:
    """Bodies and what is in them."""
    rows = []
    seen: set[bytes] = set()
    for _, frame in all_examples():
        for body in _bodies(frame):
            if body in seen or not body:
                continue
            seen.add(body)
            try:
                found = decode_body(body)
            except RcimError:
                continue
            kinds = [kind for kind, _, _ in spans(body)]
            if len(found) == len(kinds):
                parts = zip(kinds, found, strict=True)
                rows.append(
                    {
                        "hex": body.hex(),
                        "elements": [
                            {"kind": kind, "name": ELEMENTS[kind].NAME, "fields": jsonable(to_plain(part))}
                            for kind, part in parts
                        ],
                    }
                )
    return rows


def _bodies(frame: Struct) -> list[bytes]:
    found = []
    for x in frame.FIELDS:
        value = getattr(frame, x.name)
        if isinstance(x.type, Elements):
            found.append(value)
        if isinstance(x.type, StructList):
            for item in value:
                found += _bodies(item)
    return found


def streams() -> list[dict[str, Any]]:
    """Byte streams: what comes out whole, and where it ends with an error. Cut them anywhere: the same comes out."""
    send = f.Send("g:lobby", "c-0001", Priority.NORMAL, HELLO_TEXT)
    three = [f.Ping(1).encode(1), send.encode(2), f.Logout().encode(3)]
    limit = len(three[1])
    empty = f.Logout().encode(9)

    def row(name: str, data: bytes, limit_: int, parts: list[bytes], error: str = "") -> dict[str, Any]:
        taken = []
        for part in parts:
            _, type_, flags, request_id = HEADER.unpack_from(part)
            taken.append({"type": type_, "flags": flags, "request_id": request_id, "body": part[12:].hex()})
        return {"name": name, "limit": limit_, "hex": data.hex(), "frames": taken, "error": error}

    def head(length: int, flags: int = 0) -> bytes:
        return HEADER.pack(length, f.Ping.TYPE, flags, 1)

    return [
        row("three frames", b"".join(three), 4096, three),
        row("a frame exactly at the limit", three[1], limit, [three[1]]),
        row("a frame one byte over the limit", three[1], limit - 1, [], "FRAME_TOO_LONG"),
        row("good frames before one that is too long", three[0] + head(4093), 4096, [three[0]], "FRAME_TOO_LONG"),
        row("a last frame that is not whole", three[0] + three[1][:-1], 4096, [three[0]]),
        row("a frame without a body", empty, 4096, [empty]),
        row("length 0", head(0), 4096, [], "BAD_HEADER"),
        row("length 1", head(1), 4096, [], "BAD_HEADER"),
        row("length 7", head(7), 4096, [], "BAD_HEADER"),
        row("length 2^31", head(1 << 31), 65536, [], "FRAME_TOO_LONG"),
        row("length 2^32 - 1", head((1 << 32) - 1), 65536, [], "FRAME_TOO_LONG"),
        row("a critical flag", head(8, 0x0001), 4096, [], "BAD_HEADER"),
        row("a flag that may be ignored", head(8, 0x0100), 4096, [head(8, 0x0100)]),
        row("HTTP on the plain port", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 4096, [], "FRAME_TOO_LONG"),
        row("a TLS hello on the plain port", bytes.fromhex("160301020001"), 4096, []),
        row("a TLS hello, longer", bytes.fromhex("16030102000100"), 4096, []),
        row("a TLS hello, a whole header", bytes.fromhex("160301020001000001fc0303"), 4096, [], "FRAME_TOO_LONG"),
    ]


# ------------------------------------------------------------------------------------------------- sessions


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
LOGIN_OK = f.LoginOk(1, 1_795_000_000_000, 65536, 8192, False, "", "")

VOLATILE = {
    "HELLO_OK": ["server_time_ms"],
    "LOGIN_OK": ["server_time_ms", "connection_id"],
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
        "volatile": VOLATILE,
        "sessions": [
            {"name": name, "closes": closes, "steps": [_step(*step) for step in steps]}
            for name, closes, steps in _sessions()
        ],
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
        ("server", HELLO_OK, 1, "Version 1. Send PING when you have been quiet for 30 s."),
        ("client", f.Login("alice", ALICE, Platform.MOBILE, "phone-1"), 2, "I am alice, and here is the proof."),
        ("server", LOGIN_OK, 2, "The session is open."),
        ("client", f.GroupsJoined("", 0), 3, "Which groups am I in?"),
        ("server", f.GroupsJoinedOk([], ""), 3, "None."),
        ("client", f.GroupCreate("lobby", "Public", "Lobby", "", "", "", free, []), 4, "Make a group."),
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
        ("client", f.Logout(), 9, "Goodbye."),
        ("server", f.LogoutOk(), 9, "Goodbye. The server closes the connection."),
    ]


def _sessions() -> list[tuple[str, bool, list[Step]]]:
    hello: list[Step] = [("client", HELLO, 1, ""), ("server", HELLO_OK, 1, "")]
    opened: list[Step] = [
        *hello,
        ("client", f.Login("alice", ALICE, Platform.MOBILE, ""), 2, ""),
        ("server", LOGIN_OK, 2, ""),
    ]

    def error(number: int, request_id: int, about: int, closes: bool, note: str = "") -> Step:
        return ("server", f.Error(number, closes, about, ""), request_id, note)

    def login(sig: str, number: int, note: str, user: str = "alice") -> tuple[str, bool, list[Step]]:
        step: Step = ("client", f.Login(user, sig, Platform.WEB, ""), 2, note)
        return (f"login: {note}", True, [*hello, step, error(number, 2, f.Login.TYPE, True)])

    send = f.Send("g:nowhere", "c", Priority.NORMAL, HELLO_TEXT)
    return [
        ("a complete session", True, complete()),
        login(mint(SDKAPPID, KEY, "alice", SIGNED_AT, 1), 70001, "an expired UserSig"),
        login("", 70002, "an empty UserSig"),
        login("not base64!", 70003, "a UserSig that is not base64"),
        login(_token(bomb()), 70003, "a zlib bomb"),
        login(_token(zlib.compress(b"[]", 0)), 70003, "a UserSig that is no JSON object"),
        login(mint(SDKAPPID, "0" * 64, "alice", SIGNED_AT, GOOD_FOR), 70009, "another app's key"),
        login(mint(SDKAPPID, KEY, "bob", SIGNED_AT, GOOD_FOR), 70013, "another user's UserSig"),
        login(mint(SDKAPPID + 1, KEY, "alice", SIGNED_AT, GOOD_FOR), 70014, "another sdkappid"),
        login(mint(SDKAPPID, KEY, "alice", 4_000_000_000, 1000), 300008, "a UserSig from the future"),
        login(mint(SDKAPPID, KEY, "a\nb", SIGNED_AT, GOOD_FOR), 10004, "a user id with a control character", "a\nb"),
        (
            "login before hello",
            True,
            [("client", f.Login("alice", ALICE, Platform.WEB, ""), 1, ""), error(300003, 1, 2, True)],
        ),
        ("a request before login", True, [*hello, ("client", send, 2, ""), error(300005, 2, send.TYPE, True)]),
        (
            "no common version",
            True,
            [("client", f.Hello(90, 99, 0, [], "new"), 1, ""), error(300004, 1, 1, True)],
        ),
        (
            "an unknown frame before login",
            True,
            [*hello, ("client", HEADER.pack(8, 0x0FEE, 0, 2), 0, "type 0x0FEE"), error(300005, 2, 0x0FEE, True)],
        ),
        (
            "an unknown frame after login is answered and the session goes on",
            False,
            [
                *opened,
                ("client", HEADER.pack(8, 0x0FEE, 0, 3), 0, "type 0x0FEE"),
                error(10003, 3, 0x0FEE, False),
                ("client", f.Ping(7), 4, ""),
                ("server", f.Pong(7), 4, ""),
            ],
        ),
        (
            "a second hello",
            False,
            [*opened, ("client", HELLO, 3, ""), error(300006, 3, 1, False)],
        ),
        (
            "a request with id 0",
            False,
            [*opened, ("client", send.encode(0), 0, ""), error(300014, 0, send.TYPE, False)],
        ),
        (
            "a body cut short",
            False,
            [
                *opened,
                ("client", HEADER.pack(9, send.TYPE, 0, 3) + b"\x05", 0, ""),
                error(300007, 3, send.TYPE, False),
            ],
        ),
        ("a group that is not there", False, [*opened, ("client", send, 3, ""), error(10010, 3, send.TYPE, False)]),
        (
            "a frame that is too long before login",
            True,
            [*hello, ("client", HEADER.pack(5000, f.Login.TYPE, 0, 2), 0, ""), error(300002, 0, 0, True)],
        ),
        ("HTTP", True, [("client", b"GET / HTTP/1.1\r\n\r\n", 0, ""), error(300002, 0, 0, True)]),
        (
            "an administrator's request by another",
            False,
            [*opened, ("client", f.AdminStats(), 3, ""), error(60010, 3, f.AdminStats.TYPE, False)],
        ),
    ]


def _token(packed: bytes) -> str:
    import base64

    return base64.b64encode(packed).translate(bytes.maketrans(b"+/=", b"*-_")).decode()


def dump(value: Any) -> str:
    """JSON as it stands in the repository: one row a line where rows are short."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
