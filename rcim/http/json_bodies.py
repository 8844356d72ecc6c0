"""Reads the JSON of a body: bounded in what it may hold, and in steps, so that none takes the loop's thread for long.

Decoding is one step and holds the interpreter, so another thread would not help. What it costs is the number of
values, and for each number the digits; so both are counted before, in what stands outside of strings. Of 1 MiB within
these bounds no step takes more than about 3 ms (measured); an ordinary body of 10 KiB is read in 0.1 ms.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec

from rcim.http.steps import Steps, at_once
from rcim.rules.json_decoding import decode_json

DEPTH_MAX = 64
"""Objects and arrays within each other: no API's requests come near."""
VALUES_MAX = 20_000
"""Values in all, objects and arrays among them: 500 entries of a batch with 40 in each. Decoding takes 0.1 µs of each."""
FRACTIONS_MAX = 2_000
"""Fractions and exponents of numbers: such a number takes 1 µs."""
DIGITS_MAX = 309
"""Of a number: the largest double has so many. The time for more digits grows with their square."""
PIECE_BYTES = 64 * 1024
"""In which strings are looked for in one step."""
SMALL_BYTES = 4 * 1024
"""A body up to this size is within the bounds of what costs, or takes less than 1 ms all the same."""
STRINGS_MAX = 2 * VALUES_MAX
"""Values that are strings, and names: what has more of them has too many values."""

_AS_DIGITS = bytes(ord("0") if chr(byte).isdecimal() and byte < 128 else ord(" ") for byte in range(256))
"""For bytes.translate: every digit is a 0."""
_SPACES = b" \t\r\n"
_TOO_LONG = b"0" * (DIGITS_MAX + 1)


class JsonError(ValueError):
    """The body is no JSON, or more than is allowed; the text says what, and may be shown to the caller."""


def json_steps(body: bytes, *, unique: bool = False) -> Steps[object]:
    """What the body says, as dicts, lists, texts, numbers, booleans and None. Of a name that an object has twice the last
    one counts; with `unique` it is refused. Raises JsonError."""
    names = 0
    if unique or len(body) > SMALL_BYTES:
        bare = yield from _outside_strings(body)
        _check_values(bare)
        if len(body) > SMALL_BYTES:
            yield
        _check_numbers(bare)
        names = bare.count(b":")
        if len(body) > SMALL_BYTES:
            yield
    try:
        found = decode_json(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise JsonError(f"the body is not JSON: {error}") from None
    if len(body) > SMALL_BYTES:
        yield
    if (unique or body.count(b"[") + body.count(b"{") > DEPTH_MAX) and _names_in(found) != names and unique:
        raise JsonError(_twice(body))
    return found


def json_body(body: bytes, *, unique: bool = False) -> object:
    """As json_steps, at once: for what is small. Raises JsonError."""
    return at_once(json_steps(body, unique=unique))


def kept_json(data: bytes) -> Any:
    """What JSON says that the server keeps, such as attributes: it was checked when it came."""
    return decode_json(data)


def _outside_strings(text: bytes) -> Steps[bytes]:
    """What stands outside of strings, without spaces; where the text is no JSON any more, decoding stops too. Raises
    JsonError for too many strings."""
    found: list[bytes] = []
    marks, begun = 0, b""
    for at in range(0, len(text), PIECE_BYTES):
        if at:
            yield
        piece = begun + text[at : at + PIECE_BYTES]
        begun = b""
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"")
            if piece.endswith(b"\\"):  # what it escapes comes with the next piece
                piece, begun = piece[:-1], b"\\"
            piece = piece.replace(b'\\"', b"")
        inside = marks % 2
        marks += piece.count(b'"')
        if marks > 2 * STRINGS_MAX:
            raise JsonError(f"the JSON has more than {VALUES_MAX} values")
        found.append(b"".join(piece.split(b'"')[inside::2]).translate(None, _SPACES))
    return b"".join(found)


def _check_values(bare: bytes) -> None:
    """Raises JsonError if there are too many values."""
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > VALUES_MAX:
        raise JsonError(f"the JSON has more than {VALUES_MAX} values")


def _check_numbers(bare: bytes) -> None:
    """Raises JsonError for numbers that would take long to read."""
    if _TOO_LONG in bare.translate(_AS_DIGITS):
        raise JsonError(f"the JSON has a number of more than {DIGITS_MAX} digits")
    exponents = bare.count(b"e") + bare.count(b"E") - bare.count(b"true") - bare.count(b"false")
    if bare.count(b".") + exponents > FRACTIONS_MAX:
        raise JsonError(f"the JSON has more than {FRACTIONS_MAX} fractions and exponents of numbers")


def _names_in(found: object) -> int:
    """How many names the objects have, together. Raises JsonError for what is nested too deep."""
    names = depth = 0
    level: list[Any] = [found]
    while containers := [one for one in level if type(one) is dict or type(one) is list]:
        depth += 1
        if depth > DEPTH_MAX:
            raise JsonError(f"the JSON is nested more than {DEPTH_MAX} levels deep")
        level = []
        for one in containers:
            if type(one) is dict:
                names += len(one)
                level += one.values()
            else:
                level += one
    return names


def _twice(body: bytes) -> str:
    """What is said of JSON in which an object has a name twice; of a large body without that name, which would take
    long to find."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        counts = Counter(name for name, _ in pairs)
        found.extend(name for name, count in counts.items() if count > 1)

    if len(body) <= SMALL_BYTES:
        json.loads(body, object_pairs_hook=look)
    return f"the name {found[0][:100]!r} stands twice in an object" if found else "a name stands twice in an object"
