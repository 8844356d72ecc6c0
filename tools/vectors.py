"""Test vectors in JSON that other languages can read: frames, what is wrong with frames, streams, whole sessions."""

from __future__ import annotations

import json
from typing import Any

from rcim_tools.example_values import HELLO_TEXT
from rcim_tools.examples import EXAMPLES, all_examples, least

from rcim.base.errors import RcimError
from rcim.base.terms import Priority
from rcim.wire import frames as f
from rcim.wire.header import HEADER, LENGTH_MIN
from rcim.wire.reference import to_plain
from rcim.wire.schema import FRAMES, Frame, Struct
from rcim.wire.types import INTS, Bytes, Elements, Int, StrList, StructList


def jsonable(value: Any) -> Any:
    """A plain value as JSON can hold it: bytes as hex, enums as numbers, names without Python's underscores."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name.rstrip("_"): jsonable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    return value if isinstance(value, bool | str) else int(value)


def frames() -> dict[str, Any]:
    """Good frames and bad ones."""
    return {
        "about": "Good: `hex` decodes to `fields` and `fields` encode to `hex`. Bytes are hex, enums numbers. Skipped "
        "and repeated: `hex` decodes to `fields`. Bad: `hex` is refused with `error`. A body of elements is hex in "
        "`fields` and taken apart in elements.json.",
        "good": [_good(name, frame, i + 1) for i, (name, frame) in enumerate(all_examples())],
        "skipped": [_with_unknown_extension(frame) for frame in EXAMPLES],
        "repeated": _repeated(),
        "bad": [row for cls in FRAMES.values() for row in _bad(cls)] + _bad_more() + _bad_text(),
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


def _repeated() -> list[dict[str, Any]]:
    """A tag that comes twice: the last one counts, wherever it stands."""
    history = f.History("g:lobby", 0, 0, 0, False).encode()[12:]

    def ext(tag: int, value: int) -> bytes:
        return tag.to_bytes(2, "big") + b"\0\x08" + value.to_bytes(8, "big")

    unknown = bytes.fromhex("fffe0001aa")
    rows = [
        ("twice, one after the other", ext(1, 5) + ext(1, 7), 7, 0),
        ("twice, with others between", ext(1, 9) + ext(2, 8) + unknown + ext(1, 4), 4, 8),
        ("three times, the last one 0", ext(2, 1) + ext(2, 2) + ext(2, 0), 0, 0),
        ("in falling order of tags", ext(2, 6) + ext(1, 3), 3, 6),
    ]
    return [
        {
            "name": f"HISTORY: a known extension {what}",
            "frame": "HISTORY",
            "fields": jsonable(to_plain(f.History("g:lobby", 0, 0, 0, False, from_ms, to_ms))),
            "hex": (HEADER.pack(len(history + more) + LENGTH_MIN, f.History.TYPE, 0, 1) + history + more).hex(),
        }
        for what, more, from_ms, to_ms in rows
    ]


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
        name, size = x.name.rstrip("_"), len(_piece(cls, x.name))
        if isinstance(x.type, Bytes) and not isinstance(x.type, Elements):
            width = 1 if x.type.prefix == "u8" else 2
            if x.type.high < 256**width - 1:
                over = (x.type.high + 1).to_bytes(width, "big") + b"a" * (x.type.high + 1)
                rows.append((f"{name} one byte too long", body[:at] + over + body[at + size :]))
            if x.type.low:
                rows.append((f"{name} empty", body[:at] + bytes(width) + body[at + size :]))
            if x.type.kind == "str":
                wrong = (1).to_bytes(width, "big") + b"\xff"
                rows.append((f"{name} not UTF-8", body[:at] + wrong + body[at + size :]))
        if x.type.spec()["type"] in ("bool", "enum8"):
            rows.append((f"{name} not one of its values", body[:at] + b"\xee" + body[at + size :]))
        if isinstance(x.type, StrList | StructList) and x.type.low:
            rows.append((f"{name} without an item", body[:at] + b"\0\0" + body[at + size :]))
        if isinstance(x.type, Int) and x.type.span:
            for number in _outside(x.type):
                rows.append(
                    (
                        f"{name} {number}",
                        body[:at] + number.to_bytes(size, "big", signed=number < 0) + body[at + size :],
                    )
                )
        at += size
    return [_refused(cls, what, wrong) for what, wrong in rows]


def _outside(kind: Int) -> list[int]:
    """Numbers that a bounded integer may not be: next to its bounds, and the extremes of its type."""
    assert kind.span is not None
    bits = 8 * INTS[kind.name][1]
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.name == "i32" else (0, (1 << bits) - 1)
    return [
        n
        for n in dict.fromkeys((low, kind.span[0] - 1, kind.span[1] + 1, high))
        if low <= n < kind.span[0] or kind.span[1] < n <= high
    ]


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


BAD_TEXTS: dict[str, str] = {
    "a byte that begins nothing": "ff",
    "a continuation alone": "80",
    "a sequence cut short": "e4bda0e5a5",
    "an overlong slash, two bytes": "c0af",
    "an overlong slash, three bytes": "e080af",
    "an overlong slash, four bytes": "f08080af",
    "an overlong NUL": "c080",
    "a high surrogate": "eda080",
    "a low surrogate": "edb080",
    "a pair of surrogates": "eda081edb080",
    "more than U+10FFFF": "f4908080",
    "a sequence of five bytes": "f888808080",
}
"""What no text may be, in hex: not UTF-8 by RFC 3629."""


def _bad_text() -> list[dict[str, Any]]:
    """Text that is not UTF-8 although some decoders take it: in a field, and in an item of a list."""
    rows = []
    for what, text in BAD_TEXTS.items():
        wrong = bytes.fromhex(text)
        one = len(wrong).to_bytes(1, "big") + wrong
        rows.append(_refused(f.Hello, f"agent not UTF-8: {what}", bytes(10) + one))
        rows.append(_refused(f.Hello, f"a feature not UTF-8: {what}", bytes(9) + b"\1" + one + b"\0"))
    return rows


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
    from rcim_tools.example_extremes import least_value

    kind = next(x.type for x in cls.FIELDS if x.name == name)
    if isinstance(kind, StructList):
        item = kind.struct.encode_struct(least(kind.struct))
        return kind.low.to_bytes(2, "big") + (len(item).to_bytes(2, "big") + item) * kind.low
    made: bytes = kind.reference().build(least_value(kind))
    return made


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


def dump(value: Any) -> str:
    """JSON as it stands in the repository: one row a line where rows are short."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
