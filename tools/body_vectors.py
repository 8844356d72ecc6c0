"""Test vectors of message bodies: what is in good ones, and what a server refuses in a SEND (MS-03)."""

from __future__ import annotations

from typing import Any

from rcim_tools.example_values import HELLO_TEXT, MEDIA, TIP, WHERE
from rcim_tools.examples import all_examples
from rcim_tools.vectors import BAD_TEXTS, jsonable

from rcim.base.errors import RcimError
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ImageFormat, ImageKind
from rcim.content.elements import (
    ELEMENTS,
    MEDIA_BYTES_MAX,
    Element,
    Image,
    ImageVariant,
    Location,
    Merged,
    MergedMessage,
    Text,
    check_body,
    decode_body,
    encode_body,
    spans,
)
from rcim.wire.reference import to_plain
from rcim.wire.schema import Struct
from rcim.wire.types import Elements, StructList


def elements() -> dict[str, Any]:
    """All of elements.json."""
    return {
        "about": "Good: `hex` is a message body, `elements` what is in it, in order. Bad: a SEND with this body is "
        "refused with `error`.",
        "good": _good(),
        "bad": [_refused(what, body) for what, body in _wrong()],
    }


def _good() -> list[dict[str, Any]]:
    """Bodies and what is in them: those of all examples, and values at their bounds."""
    found = [body for _, frame in all_examples() for body in _bodies(frame)]
    found += [
        encode_body([Location("", latitude, longitude)])
        for latitude, longitude in ((-90_000_000, -180_000_000), (90_000_000, 180_000_000), (-1, 1), (0, 0))
    ]
    found.append(encode_body([Text("\ufeffa\U0001f600\u007f\U0010ffff")]))
    return [_taken_apart(body) for body in dict.fromkeys(found) if body and _known(body)]


def _known(body: bytes) -> bool:
    """True if all of its elements can be read."""
    try:
        return len(decode_body(body)) == len(spans(body))
    except RcimError:
        return False


def _taken_apart(body: bytes) -> dict[str, Any]:
    parts = zip((kind for kind, _, _ in spans(body)), decode_body(body), strict=True)
    return {
        "hex": body.hex(),
        "elements": [
            {"kind": kind, "name": ELEMENTS[kind].NAME, "fields": jsonable(to_plain(part))} for kind, part in parts
        ],
    }


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


def _wrong() -> list[tuple[str, bytes]]:
    """(what is wrong, body)"""
    merged = Merged("Chess", [], "", [MergedMessage("bob", "", 1, HELLO_TEXT)])
    within = Merged("Chess", [], "", [MergedMessage("bob", "", 1, encode_body([merged]))])
    tip_within = Merged("Chess", [], "", [MergedMessage("bob", "", 1, TIP)])
    return [
        ("no element", b""),
        ("65 elements", encode_body([Text("a")]) * 65),
        ("an unknown kind", bytes.fromhex("7777000161")),
        ("kind 0", bytes.fromhex("0000000161")),
        ("the head of an element cut short", HELLO_TEXT + b"\0\1\0"),
        ("an element cut short", HELLO_TEXT[:-1]),
        ("a text longer than its element", _raw(Text, "0002", "61")),
        ("bytes left over in an element", _raw(Text, "0001", "61", "ff")),
        ("an extension of an element cut short", _raw(Text, "0001", "61", "00010005aa")),
        ("a GroupTip, which only the server makes", TIP),
        *((f"a text that is not UTF-8: {what}", _text(bytes.fromhex(text))) for what, text in BAD_TEXTS.items()),
        ("Bytes without a type name", bytes.fromhex("0003000400000161")),
        *((f"a place at {north}, {east}", _place(north, east)) for north, east in _NOWHERE),
        ("an image without variants", _image("0000")),
        ("an image with four variants", _image("0004" + _variant(1) * 4)),
        ("an image with a kind twice", _image("0002" + _variant(1) * 2)),
        ("an image of an unknown kind", _image("0001" + _variant(0xEE))),
        ("a file that is too large", _large_file()),
        ("Merged without messages", encode_body([merged])[:2] + bytes.fromhex("0007000000000000" + "00")),
        ("Merged in Merged", encode_body([within])),
        ("a GroupTip in Merged", encode_body([tip_within])),
        ("one byte too long", encode_body([Text("a" * (DEFAULTS.body_bytes_max - 5))])),
    ]


_NOWHERE = (
    (90_000_001, 0),
    (-90_000_001, 0),
    (0, 180_000_001),
    (0, -180_000_001),
    (-(1 << 31), 0),
    ((1 << 31) - 1, 0),
    (0, -(1 << 31)),
    (0, (1 << 31) - 1),
)
"""Latitudes and longitudes that are no place: next to the bounds, and the extremes of i32."""


def _raw(cls: type[Element], *parts: str) -> bytes:
    """One element with the given payload, in hex."""
    payload = bytes.fromhex("".join(parts))
    return cls.KIND.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload


def _text(text: bytes) -> bytes:
    return _raw(Text, f"{len(text):04x}", text.hex())


def _place(north: int, east: int) -> bytes:
    at = north.to_bytes(4, "big", signed=True) + east.to_bytes(4, "big", signed=True)
    return _raw(Location, "0000", at.hex())


def _variant(kind: int) -> str:
    """A variant of an image with its length, in hex."""
    made = ImageVariant.encode_struct(ImageVariant(ImageKind.ORIGINAL, 1, 1, 1, WHERE))
    made = bytes([kind]) + made[1:]
    return f"{len(made):04x}{made.hex()}"


def _image(variants: str) -> bytes:
    return _raw(Image, "00", f"{ImageFormat.PNG:02x}", variants)


def _large_file() -> bytes:
    """The file of the examples, with one byte more than a file may have."""
    start, end = next((start, end) for kind, start, end in spans(MEDIA) if ELEMENTS[kind].NAME == "File")
    size = MEDIA.index((56_789).to_bytes(4, "big"), start, end)
    return MEDIA[start - 4 : size] + (MEDIA_BYTES_MAX + 1).to_bytes(4, "big") + MEDIA[size + 4 : end]


def _refused(what: str, body: bytes) -> dict[str, Any]:
    """The vector of a body that is refused."""
    try:
        check_body(body, DEFAULTS.body_bytes_max, DEFAULTS.elements_max)
    except RcimError as error:
        return {"name": what, "hex": body.hex(), "error": error.code.name}
    raise AssertionError(f"a body with {what} was taken")
