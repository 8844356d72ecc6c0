"""The tables as plain data: what frames.json, errors.json and limits.json hold."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from rcim.base.errors import ALL
from rcim.base.limits import DEFAULTS
from rcim.content.elements import ELEMENTS
from rcim.wire import frames as _frames  # noqa: F401 - importing it declares the frames
from rcim.wire.header import FLAGS_CRITICAL, HEADER_BYTES, LENGTH_MIN, PROTOCOL_VERSION
from rcim.wire.schema import FRAMES, STRUCTS, Field, Struct

HEADER = [
    {"name": "length", "type": "u32", "doc": "Bytes after this field: 8 of header and the body."},
    {"name": "type", "type": "u16", "doc": "Which frame."},
    {"name": "flags", "type": "u16", "doc": "0 in version 1. 0x00FF are critical, 0xFF00 may be ignored."},
    {"name": "request_id", "type": "u32", "doc": "Chosen by who asks, repeated by the answer; 0 in pushes."},
]


def frames() -> dict[str, Any]:
    """All of frames.json."""
    return {
        "protocol_version": PROTOCOL_VERSION,
        "byte_order": "big-endian",
        "header": HEADER,
        "header_bytes": HEADER_BYTES,
        "length_min": LENGTH_MIN,
        "flags_critical": FLAGS_CRITICAL,
        "frames": [_frame(FRAMES[number]) for number in sorted(FRAMES)],
        "structs": [{"name": name, **_struct(cls)} for name, cls in sorted(STRUCTS.items())],
        "elements": [
            {"kind": kind, "name": ELEMENTS[kind].NAME, **_struct(ELEMENTS[kind])} for kind in sorted(ELEMENTS)
        ],
    }


def _frame(cls: Any) -> dict[str, Any]:
    declared = cls.DECLARED
    return {
        "type": cls.TYPE,
        "name": cls.NAME,
        "direction": declared.direction,
        "role": declared.role,
        "reply": declared.reply,
        "admin": declared.admin,
        **_struct(cls),
        "rules": list(declared.rules),
        "errors": list(declared.errors),
    }


def _default(field: Field) -> Any:
    """The value of an absent extension; of bytes in hex, as everywhere in the JSON files."""
    return field.default.hex() if isinstance(field.default, bytes) else field.default


def _struct(cls: type[Struct]) -> dict[str, Any]:
    return {
        "purpose": (cls.__doc__ or "").strip(),
        "fields": [_field(f) for f in cls.FIELDS if not f.tag],
        "extensions": [{"tag": f.tag, **_field(f), "default": _default(f)} for f in cls.FIELDS if f.tag],
    }


def _field(f: Field) -> dict[str, Any]:
    return {"name": f.name.rstrip("_"), **f.type.spec(), "doc": f.doc}


def errors() -> list[dict[str, Any]]:
    """All of errors.json."""
    return [
        {
            "code": code.number,
            "name": code.name,
            "kind": code.kind.value,
            "closes": code.closes,
            "meaning": code.documented,
        }
        for code in ALL
    ]


def limits() -> list[dict[str, Any]]:
    """All of limits.json: the bounds a client can meet, at their defaults."""
    return [
        {"name": f.name, "default": getattr(DEFAULTS, f.name), "why": f.metadata["why"]}
        for f in fields(DEFAULTS)
        if f.metadata["wire"]
    ]
