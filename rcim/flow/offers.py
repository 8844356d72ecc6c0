"""What frequency control (flow/frequency.py) is told and says: offers, ranks, limits, verdicts, figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from rcim.base.terms import Priority


class Rank(IntEnum):
    """Who passes before whom: what the app protects (FC-07), then the priorities (FC-01)."""

    PROTECTED = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3
    LOWEST = 4


RANKS = {priority: Rank(priority) for priority in Priority}
"""Of a message that the app does not protect."""


class OfferVerdict(Enum):
    """What becomes of an offered message."""

    PASS = "pass"
    WAIT = "wait"
    HELD = "held"


class Rule(Enum):
    """Which limit held a message back."""

    TOTAL = "total"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True)
class FlowLimits:
    """Messages a second; 0: no limit. `slice_ms`: how often places are given out near the limit."""

    per_s: int = 40
    normal_per_s: int = 40
    low_per_s: int = 40
    lowest_per_s: int = 40
    slice_ms: int = 100

    def of_rank(self, rank: Rank) -> int:
        """FC-04; 0 for those that have none."""
        return (0, 0, self.normal_per_s, self.low_per_s, self.lowest_per_s)[rank]


class Figures:
    """FC-08: what was offered, what passed, what each rule held back, by priority."""

    __slots__ = ("held_by_priority", "held_by_total", "offered", "passed")

    def __init__(self) -> None:
        self.offered = [0] * (len(Priority) + 1)
        """By the number of the priority; so are the others."""
        self.passed = [0] * (len(Priority) + 1)
        self.held_by_total = [0] * (len(Priority) + 1)
        self.held_by_priority = [0] * (len(Priority) + 1)

    def held(self, rule: Rule) -> list[int]:
        """Those that `rule` held back."""
        return self.held_by_total if rule is Rule.TOTAL else self.held_by_priority


class Offer:
    """A message that wants to pass. `exempt`: it is free of the limit of its priority (FC-04). `lot` is drawn by who
    offers it, from 0 to 1: the smaller goes first. `patient`: it is never held back, but waits until there is room; of
    those one at a time, with a lot below all others. `item` is the offerer's own."""

    __slots__ = ("exempt", "item", "lot", "number", "offered_ms", "patient", "priority", "rank", "rule", "sender")

    def __init__(
        self,
        item: Any,
        sender: str,
        priority: Priority,
        lot: float,
        *,
        exempt: bool = False,
        protected: bool = False,
        patient: bool = False,
    ) -> None:
        self.item = item
        self.sender = sender
        self.priority = priority
        self.rank = Rank.PROTECTED if protected else Rank(priority)
        self.lot = lot
        self.exempt = exempt
        self.patient = patient
        self.number = 0
        """The how manieth offer it is."""
        self.offered_ms = 0
        self.rule = Rule.TOTAL
        """Why it was held back, if it was: PRIORITY if it was passed over although the group as such had room."""

    def __lt__(self, other: Offer) -> bool:
        return (self.lot, self.number) < (other.lot, other.number)
