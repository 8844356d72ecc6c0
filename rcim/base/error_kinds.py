"""The kinds of errors, and what a row of the table of errors (errors.py) says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

REQUIREMENTS = re.compile(r" \((?:[^()]*, )?[A-Z0-9]{2}-\d\d[^()]*\)")
"""Ids of requirements in brackets. They are for who reads the code or the specification, and nobody else."""


class ErrorKind(Enum):
    """Whose fault an error is, and so how to react to it."""

    MISTAKE = "mistake"
    VIOLATION = "violation"
    OVERLOAD = "overload"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One row of the table: what goes into an ERROR frame, and whether the connection goes on after it.

    `documented` is its meaning as the specification has it, with the ids of its requirements; `meaning`, which callers
    and users are told, is without.
    """

    number: int
    name: str
    kind: ErrorKind
    closes: bool
    documented: str
    meaning: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "meaning", REQUIREMENTS.sub("", self.documented))
