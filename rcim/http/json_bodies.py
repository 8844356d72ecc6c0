"""Reads the JSON of a body: bounded in nesting and in size, so that none takes the loop's thread for long.

Decoding holds the interpreter, so another thread would not help; it is the number of objects and arrays that costs.
Within these bounds a body of 1 MiB takes at most some 20 ms, most of it to look how deep it is nested; an ordinary one of
10 KiB takes 0.1 ms (measured).
"""

from __future__ import annotations

import re

import msgspec

from rcim.rules.json_nesting import nested_deeper

DEPTH_MAX = 64
"""Objects and arrays within each other: no API's requests come near."""
CONTAINERS_MAX = 20_000
"""Objects and arrays in all: 500 entries of a batch with 40 in each."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""As in json_nesting.py: a string, or what is left of the text where one does not end."""


class JsonError(ValueError):
    """The body is no JSON, or more than is allowed; the text says what, and may be shown to the caller."""


def json_body(body: bytes) -> object:
    """What the body says, as dicts, lists, texts, numbers, booleans and None. Of a key that an object has twice the last
    one counts. Raises JsonError."""
    check_json(body)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise JsonError(f"the body is not JSON: {error}") from None


def check_json(body: bytes) -> None:
    """Returns if JSON in the body is within the bounds; of what is no JSON that says nothing. For who decodes it in
    another way. Raises JsonError."""
    if _containers(body) <= DEPTH_MAX:
        return
    bare = _STRING.sub(b"", body)  # once: most of what this costs
    if _containers(bare) > CONTAINERS_MAX:
        raise JsonError(f"the JSON has more than {CONTAINERS_MAX} objects and arrays")
    if nested_deeper(bare, DEPTH_MAX):
        raise JsonError(f"the JSON is nested more than {DEPTH_MAX} levels deep")


def _containers(text: bytes) -> int:
    """How many objects and arrays begin there, at most: in strings they are counted too."""
    return text.count(b"[") + text.count(b"{")
