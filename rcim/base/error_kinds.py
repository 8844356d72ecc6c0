"""The kinds of errors, and what a row of the table of errors (errors.py) says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ErrorKind(Enum):
    """Whose fault an error is, and so how to react to it."""

    MISTAKE = "mistake"
    VIOLATION = "violation"
    OVERLOAD = "overload"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One row of the table: what goes into an ERROR frame, and whether the connection goes on after it."""

    number: int
    name: str
    kind: ErrorKind
    closes: bool
    meaning: str
