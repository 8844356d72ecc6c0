"""A decoder that knows nothing but frames.json: what a client's author would write from the specification alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SPEC = Path(__file__).parents[2] / "protocol-spec"
TABLE = json.loads((SPEC / "frames.json").read_text(encoding="utf-8"))
BY_TYPE = {row["type"]: row for row in TABLE["frames"]}
STRUCTS = {row["name"]: row for row in TABLE["structs"]}
ELEMENTS = {row["kind"]: row for row in TABLE["elements"]}
WIDTHS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "i32": 4, "bool": 1, "enum8": 1}
PREFIXES = {"str8": 1, "str16": 2, "bytes8": 1, "bytes16": 2, "elements16": 2}


class Bad(Exception):
    """The bytes are refused; `args[0]` is the name of the error."""


def integer(data: bytes, at: int, width: int, end: int) -> tuple[int, int]:
    if at + width > end:
        raise Bad("BAD_BODY")
    return int.from_bytes(data[at : at + width], "big"), at + width


def field(spec: dict[str, Any], data: bytes, at: int, end: int) -> tuple[Any, int]:
    kind = spec["type"]
    if kind in WIDTHS:
        value, at = integer(data, at, WIDTHS[kind], end)
        if kind == "bool":
            if value > 1:
                raise Bad("BAD_PARAMETER")
            return value == 1, at
        if kind == "enum8" and value not in spec["values"].values():
            raise Bad("BAD_PARAMETER")
        value = value - (1 << 32) if kind == "i32" and value >> 31 else value
        if "min" in spec and not spec["min"] <= value <= spec["max"]:
            raise Bad("BAD_PARAMETER")
        return value, at
    if kind in PREFIXES:
        size, at = integer(data, at, PREFIXES[kind], end)
        if at + size > end:
            raise Bad("BAD_BODY")
        if not spec["min_bytes"] <= size <= spec["max_bytes"]:
            raise Bad("BAD_PARAMETER")
        raw = data[at : at + size]
        if not kind.startswith("str"):
            return raw.hex(), at + size
        try:
            return raw.decode(), at + size
        except UnicodeDecodeError:
            raise Bad("BAD_BODY") from None
    assert kind == "list16", kind
    count, at = integer(data, at, 2, end)
    if not spec["min_items"] <= count <= spec["max_items"]:
        raise Bad("BAD_PARAMETER")
    items = []
    for _ in range(count):
        if spec["item"]["type"] == "struct16":
            size, at = integer(data, at, 2, end)
            if at + size > end:
                raise Bad("BAD_BODY")
            items.append(struct(STRUCTS[spec["item"]["struct"]], data, at, at + size))
            at += size
        else:
            item, at = field(spec["item"], data, at, end)
            items.append(item)
    return items, at


def struct(spec: dict[str, Any], data: bytes, at: int, end: int) -> dict[str, Any]:
    found = {}
    for one in spec["fields"]:
        found[one["name"]], at = field(one, data, at, end)
    known = {one["tag"]: one for one in spec["extensions"]}
    while at < end:
        tag, at = integer(data, at, 2, end)
        size, at = integer(data, at, 2, end)
        if at + size > end:
            raise Bad("BAD_BODY")
        if tag in known:
            found[known[tag]["name"]], after = field(known[tag], data, at, at + size)
            if after != at + size:
                raise Bad("BAD_BODY")
        at += size
    return found


def at_its_default(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """The fields of a frame without the extensions that have the value of an absent one."""
    (spec,) = (row for row in TABLE["frames"] if row["name"] == name)
    absent = {one["name"]: one["default"] for one in spec["extensions"]}
    return {key: value for key, value in fields.items() if key not in absent or value != absent[key]}


def frame(data: bytes) -> tuple[str, int, dict[str, Any]]:
    """(name, request id, fields) of one whole frame. Raises Bad."""
    length, _ = integer(data, 0, 4, len(data))
    assert length + 4 == len(data)
    spec = BY_TYPE[int.from_bytes(data[4:6], "big")]
    return spec["name"], int.from_bytes(data[8:12], "big"), struct(spec, data, 12, len(data))


def body(data: bytes) -> list[dict[str, Any]]:
    """The elements of a message body, in the form of elements.json."""
    found, at = [], 0
    while at < len(data):
        kind, at = integer(data, at, 2, len(data))
        size, at = integer(data, at, 2, len(data))
        if at + size > len(data):
            raise Bad("BAD_ELEMENT")
        spec = ELEMENTS[kind]
        found.append({"kind": kind, "name": spec["name"], "fields": struct(spec, data, at, at + size)})
        at += size
    return found
