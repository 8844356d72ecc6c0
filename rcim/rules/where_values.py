"""Values of queries over conversations: how they are read from JSON, compared and ordered (conversation-queries.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec

from rcim.rules.custom_attributes import whole_or_double


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A date: milliseconds since 1970."""

    ms: int


class Missing:
    """What a conversation has under a name that it does not have."""


MISSING: Final = Missing()
Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | float | bool | Moment | Missing | None"
ITEMS_MAX = 100
"""Of an array, the first items that conditions are asked of."""
SORTED_CHARS_MAX = 256
"""Conversations are sorted by so many characters of a text."""
_OTHER = 9


def read(value: Value) -> Value:
    """A value of JSON; `{"__type": "Date", "iso": …}` is a Moment. Raises ValueError for one that is no date."""
    if isinstance(value, dict):
        if value.get("__type") == "Date":
            return Moment(_ms_of(value.get("iso")))
        return {key: read(one) for key, one in value.items()}
    if isinstance(value, list):
        return [read(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return whole_or_double(value)
        except OverflowError:
            return value  # it is greater, or less, than any that is kept
    return value


def shown(value: Value) -> Value:
    """As `read`, of what a conversation has: what is no date stays what it is."""
    try:
        return read(value)
    except ValueError:
        return value


def _ms_of(iso: object) -> int:
    if not isinstance(iso, str):
        raise ValueError("iso: must be a date in ISO 8601")
    try:
        moment = datetime.fromisoformat(iso)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError(f"iso: {iso[:40]!r} is not a date in ISO 8601") from None


def equal(one: Value, other: Value) -> bool:
    """True if they are the same; unlike in Python, true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    return one == other


def weight_of(value: Value) -> int:
    """How many values are in it, at any depth, and it itself: what comparing with it costs at the most."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(weight_of, inner))


def compared(one: Value, other: Value) -> int | None:
    """-1, 0 or 1 as `one` is less than, equal to or greater than `other`; None: they have no order, as a number and a
    text have none."""
    if isinstance(one, bool) or isinstance(other, bool):
        return None
    if isinstance(one, int | float) and isinstance(other, int | float):
        return (one > other) - (one < other)
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    if isinstance(one, Moment) and isinstance(other, Moment):
        return (one > other) - (one < other)
    return None


def one_by_one(value: Value) -> list[Value]:
    """The values that a condition is asked of: the value, and of an array its first items too."""
    return [value, *value[:ITEMS_MAX]] if isinstance(value, list) else [value]


def sort_key(value: Value) -> tuple[int, int | float, str]:
    """By what conversations are sorted: what is missing first, then numbers, texts, booleans, dates, all others."""
    match value:
        case None | Missing():
            return 0, 0, ""
        case bool():
            return 3, int(value), ""
        case int() | float():
            return 1, value, ""
        case str():
            return 2, 0, value[:SORTED_CHARS_MAX]
        case Moment():
            return 4, value.ms, ""
    return _OTHER, 0, msgspec.json.encode(value, enc_hook=lambda one: one.ms).decode()[:SORTED_CHARS_MAX]
