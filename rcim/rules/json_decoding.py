"""Decodes JSON that others have written."""

from __future__ import annotations

import math
from typing import Any

import msgspec


def finite(text: str) -> float:
    """The number that a JSON literal with a fraction or an exponent is. Raises ValueError if no double is that large."""
    found = float(text)
    if not math.isfinite(found):
        raise ValueError("Number out of range")
    return found


_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=finite)
"""Python reads any such literal in about 1 µs. msgspec itself takes up to 25 µs for those whose last digit is hard to
tell, such as 2.2250738585072011e-308: half a second for 500 KB of them."""


def decode_json(data: bytes | str) -> Any:
    """As msgspec.json.decode: dicts, lists, texts, numbers, booleans and None; of a key that an object has twice the last
    one counts. Raises msgspec.DecodeError, UnicodeError, or RecursionError for what is nested hundreds of levels deep."""
    return _decoder.decode(data)
