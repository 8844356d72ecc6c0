"""Decoders for classes, made by one thread at a time.

msgspec keeps what it knows of a class in the class itself, and puts it there before it is complete. A thread that makes
a decoder of that class meanwhile, or of one that has it as a field, gets the incomplete knowledge, and decoding with it
ends the process (seen with msgspec 0.22; ADR 0038). So every decoder of a class, and every conversion to one, is made
here. A decoder that has been made may be used by any number of threads.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_making = threading.RLock()


def msgpack_decoder(type_: type[T]) -> msgspec.msgpack.Decoder[T]:
    """Make a decoder of msgpack for `type_`. Raises TypeError for a type that msgspec can't decode."""
    with _making:
        return msgspec.msgpack.Decoder(type_)


def json_decoder(type_: type[T]) -> msgspec.json.Decoder[T]:
    """Make a decoder of JSON for `type_`. Raises TypeError for a type that msgspec can't decode."""
    with _making:
        return msgspec.json.Decoder(type_)


def converted(value: Any, type_: type[T], *, from_attributes: bool = False) -> T:
    """`value`, made of built-in values, as a `type_`; `from_attributes`: or made of objects with the same attributes.
    Raises msgspec.ValidationError if it is none."""
    with _making:
        return msgspec.convert(value, type_, from_attributes=from_attributes)
