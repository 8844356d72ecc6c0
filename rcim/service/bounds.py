"""Bounds of request fields, checked for the requests of every adapter.

A request class declares them as annotations: `name: Annotated[str, Text(30, 1)]`. `check(request)` raises
RcimError(BAD_PARAMETER) and names the first field that is out of its bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, get_args, get_type_hints

import msgspec

from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import has_control


class Bound(Protocol):
    """The values that a field may have."""

    def check(self, name: str, value: Any) -> None:
        """Raises RcimError(BAD_PARAMETER)."""


def out_of_bounds(name: str, got: int, least: int, most: int) -> RcimError:
    """The error for a number, a size in bytes or a count out of bounds."""
    return RcimError(BAD_PARAMETER, f"{name}: {got}, must be {least} to {most}")


@dataclass(frozen=True, slots=True)
class Text:
    """Text of `least` to `most` UTF-8 bytes; `one_line`: without control characters."""

    most: int
    least: int = 0
    one_line: bool = False

    def check(self, name: str, value: str) -> None:
        """Raises RcimError(BAD_PARAMETER)."""
        size = len(value) if value.isascii() else _size(name, value)
        if not self.least <= size <= self.most:
            raise out_of_bounds(name, size, self.least, self.most)
        if self.one_line and has_control(value):
            raise RcimError(BAD_PARAMETER, f"{name}: control characters are not allowed")


def _size(name: str, value: str) -> int:
    try:
        return len(value.encode())
    except UnicodeEncodeError:
        raise RcimError(BAD_PARAMETER, f"{name}: not text that UTF-8 can hold") from None


@dataclass(frozen=True, slots=True)
class Data:
    """Up to `most` bytes."""

    most: int

    def check(self, name: str, value: bytes) -> None:
        """Raises RcimError(BAD_PARAMETER)."""
        if len(value) > self.most:
            raise out_of_bounds(name, len(value), 0, self.most)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from `least` to `most`."""

    most: int
    least: int = 0

    def check(self, name: str, value: int) -> None:
        """Raises RcimError(BAD_PARAMETER)."""
        if not self.least <= value <= self.most:
            raise out_of_bounds(name, value, self.least, self.most)


@dataclass(frozen=True, slots=True)
class Items:
    """`least` to `most` items, each within `each` if that is given, and a struct within its own bounds."""

    most: int
    least: int = 0
    each: Text | Number | None = None

    def check(self, name: str, value: Sequence[Any]) -> None:
        """Raises RcimError(BAD_PARAMETER)."""
        if not self.least <= len(value) <= self.most:
            raise out_of_bounds(name, len(value), self.least, self.most)
        for at, item in enumerate(value):
            if self.each is not None:
                self.each.check(f"{name}[{at}]", item)
            elif isinstance(item, msgspec.Struct):
                check(item, f"{name}[{at}].")


U8, U16, U32, U64 = (Number((1 << bits) - 1) for bits in (8, 16, 32, 64))


@cache
def _checks(type_: type[msgspec.Struct]) -> tuple[tuple[str, Callable[[str, Any], None]], ...]:
    """The fields of a request class that have bounds, each with its check."""
    hints = get_type_hints(type_, include_extras=True)
    return tuple(
        (name, bound.check)
        for name in type_.__struct_fields__
        for bound in get_args(hints[name])[1:]
        if hasattr(bound, "check")
    )


def check(request: msgspec.Struct, prefix: str = "") -> None:
    """Return if every field is within its bounds; a field that may be absent is None. Raises
    RcimError(BAD_PARAMETER)."""
    for name, check_field in _checks(type(request)):
        value = getattr(request, name)
        if value is not None:
            check_field(prefix + name, value)
