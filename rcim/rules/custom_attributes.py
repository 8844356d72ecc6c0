"""The attributes of a conversation: one JSON object of the app's (GR-13), changed whole or key by key.

They are kept as canonical JSON: without spaces, keys in order. The empty object is kept as no bytes. A dotted key names a
value within objects: `a.b.c` is `c` in the object `b` in the object `a`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from rcim.base.errors import ATTRIBUTE_PATH, ATTRIBUTES_TOO_LARGE, BAD_ATTRIBUTES, RcimError
from rcim.rules.json_decoding import decode_json
from rcim.rules.json_nesting import nested_deeper

BYTES_MAX = 8192
"""Of the canonical JSON (GR-13)."""
NESTING_MAX = 10
"""Objects and arrays within each other; the attributes themselves are the first."""
PATH_BYTES_MAX = 255
"""Of one dotted key."""
CHANGES_MAX = 32
"""Dotted keys in one request."""
WHOLE_MIN, WHOLE_MAX = -(1 << 63), (1 << 63) - 1
"""Whole numbers that are kept as such; others become doubles."""

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Changes: TypeAlias = Iterable[tuple[str, bytes]]
"""Dotted keys, each with its new value as JSON; `null` removes."""

_LONG = re.compile(rb"\d{19}")
"""What every whole number of more than 64 bits has in it."""


def canonical(data: bytes) -> bytes:
    """The attributes that the JSON in `data` says, as they are kept.

    Raises RcimError: BAD_ATTRIBUTES if it is no JSON object or is nested too deep, ATTRIBUTES_TOO_LARGE.
    """
    value = _decode("attributes", data)
    if not isinstance(value, dict):
        raise RcimError(BAD_ATTRIBUTES, "attributes: must be a JSON object")
    return _kept(value)


def checked_changes(changes: Changes) -> tuple[tuple[str, bytes], ...]:
    """`changes` whose keys and values are well formed, whatever the attributes are. Raises RcimError: ATTRIBUTE_PATH for
    a key, BAD_ATTRIBUTES for a value that is no JSON or is nested too deep."""
    found = tuple(changes)
    for path, value in found:
        parts = _parts(path)
        _decode(path, value, above=len(parts))
    return found


def changed(attributes: bytes, changes: Changes) -> bytes:
    """`attributes` with `changes` in them, which have been checked, one after the other.

    A key sets the objects on its way that are not there; to remove what is not there changes nothing. Raises
    RcimError: ATTRIBUTE_PATH if a key leads through something that is no object, ATTRIBUTES_TOO_LARGE.
    """
    value = decode_json(attributes) if attributes else {}
    for path, text in changes:
        _change(value, path, _read(text))
    return _kept(value)


def _change(value: dict[str, Json], path: str, new: Json) -> None:
    """Set or remove what `path` names in `value`."""
    *way, last = _parts(path)
    inner = value
    for at, part in enumerate(way):
        if part not in inner and new is None:
            return
        step = inner.setdefault(part, {})
        if not isinstance(step, dict):
            raise RcimError(ATTRIBUTE_PATH, f"{path}: {'.'.join(way[: at + 1])} is no object")
        inner = step
    if new is None:
        inner.pop(last, None)
    else:
        inner[last] = new


def _parts(path: str) -> list[str]:
    parts = path.split(".")
    if not all(parts) or len(path.encode()) > PATH_BYTES_MAX:
        raise RcimError(ATTRIBUTE_PATH, f"{path}: must be up to {PATH_BYTES_MAX} bytes, keys with dots between them")
    if len(parts) > NESTING_MAX:
        raise RcimError(ATTRIBUTE_PATH, f"{path}: must have at most {NESTING_MAX} keys")
    return parts


def _decode(name: str, data: bytes, above: int = 0) -> Json:
    """The JSON in `data`, which is `above` levels deep in the attributes. The nesting is checked before it is decoded."""
    if nested_deeper(data, NESTING_MAX - above):
        raise RcimError(BAD_ATTRIBUTES, f"{name}: nested more than {NESTING_MAX} deep")
    try:
        value: Json = _read(data)
    except (msgspec.DecodeError, UnicodeDecodeError, OverflowError) as error:
        raise RcimError(BAD_ATTRIBUTES, f"{name}: no JSON: {error}") from None
    return value


def _read(data: bytes) -> Json:
    """The value of what is JSON. Raises OverflowError for a number that is too large even for a double."""
    value: Json = decode_json(data)
    return _in_range(value) if _LONG.search(data) is not None else value


def _in_range(value: Json) -> Json:
    """The value, in which whole numbers of more than 64 bits have become doubles."""
    if isinstance(value, dict):
        return {key: _in_range(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_in_range(one) for one in value]
    return whole_or_double(value) if isinstance(value, int) and not isinstance(value, bool) else value


def whole_or_double(value: int) -> int | float:
    """A whole number as it is kept. Raises OverflowError if it is too large even for a double."""
    return value if WHOLE_MIN <= value <= WHOLE_MAX else float(value)


def _kept(value: dict[str, Json]) -> bytes:
    if not value:
        return b""
    data = msgspec.json.encode(value, order="sorted")
    if len(data) > BYTES_MAX:
        raise RcimError(ATTRIBUTES_TOO_LARGE, f"attributes: {len(data)} bytes, must be at most {BYTES_MAX}")
    return data
