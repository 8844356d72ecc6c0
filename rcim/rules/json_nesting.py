"""How deep JSON is nested, told before it is decoded, so that no input makes a decoder recurse too deep."""

from __future__ import annotations

import re

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, or what is left of the text where one does not end: so each byte is looked at once, whatever the text is."""
_BRACKET = re.compile(rb"[\[\]{}]")


def nested_deeper(data: bytes, most: int) -> bool:
    """True if objects and arrays are more than `most` levels within each other. Takes time in proportion to `data`,
    which may be anything; of what is no JSON the answer says nothing."""
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", data)):
        depth += 1 if bracket in b"[{" else -1
        if depth > most:
            return True
    return False
