"""What a row of the table of operations says (operations.py)."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

from rcim.connect.principal import Principal
from rcim.flow.buckets import RateClass
from rcim.service import requests
from rcim.service.audit import is_audited
from rcim.service.context import RequestContext, Work

R = TypeVar("R", bound=requests.Request)
Made = TypeVar("Made")


class Callers(IntEnum):
    """The callers of an operation."""

    EVERYONE = 0
    USERS = 1
    ADMINISTRATORS = 2


class Repeat(IntEnum):
    """What a repeat does after the first call was carried out."""

    READS = 0
    SAME = 1
    ONCE = 2


class Operation(NamedTuple):
    """A row of the table; operations.py says what its fields mean."""

    name: str
    request: type[requests.Request]
    result: Any
    make: Callable[[Any, Principal, RequestContext], Work]
    callers: Callers
    repeat: Repeat
    rate: RateClass
    hot: bool
    complete: Callable[[Any, RequestContext], Any] | None
    reserves: bool
    audited: bool
    """Of an administrator or a back end it is written to the audit log."""


def operation(
    name: str,
    request: type[R],
    result: Any,
    make: Callable[[R, Principal, RequestContext], Work],
    callers: Callers,
    repeat: Repeat,
    *,
    rate: RateClass = RateClass.OTHER,
    hot: bool = False,
    complete: Callable[[Any, RequestContext], Any] | None = None,
    reserves: bool = False,
) -> Operation:
    """A row; what is not given is the common case."""
    return Operation(
        name,
        request,
        result,
        make,
        callers,
        repeat,
        rate,
        hot,
        complete,
        reserves,
        is_audited(name, repeat is Repeat.READS),
    )
