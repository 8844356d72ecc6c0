"""How many groups of each type there are (GT-13): counted by whoever owns the conversations, since the group types
themselves (rules/type_table.py) are configuration."""

from __future__ import annotations

from rcim.base.errors import BAD_PARAMETER, TOO_MANY_OF_TYPE, RcimError
from rcim.rules.group_types import GroupType


class GroupCounts:
    """See the module's text."""

    def __init__(self) -> None:
        self._there: dict[str, int] = {}
        self._about_to_be: dict[str, int] = {}
        """Groups that wait to be durable, by type."""
        self._going: set[str] = set()
        """Types whose removal waits to be durable."""

    def of(self, name: str) -> int:
        """How many groups of type `name` are there."""
        return self._there.get(name, 0)

    def used(self, name: str) -> bool:
        """True if there is a group of type `name`, or one is about to be."""
        return bool(self._there.get(name) or self._about_to_be.get(name))

    def admit(self, policy: GroupType) -> None:
        """Count a group that is about to be made. Raises RcimError(TOO_MANY_OF_TYPE, or BAD_PARAMETER for a type that is
        being removed)."""
        name = policy.name
        if name in self._going:
            raise RcimError(BAD_PARAMETER, f"group type {name} is being removed")
        waiting = self._about_to_be.get(name, 0)
        if policy.group_cap and self.of(name) + waiting >= policy.group_cap:
            raise RcimError(TOO_MANY_OF_TYPE, f"the app may have at most {policy.group_cap} groups of type {name}")
        self._about_to_be[name] = waiting + 1

    def note_going(self, name: str) -> None:
        """The type `name` is about to be removed: no group of it is made any more, until that is settled."""
        self._going.add(name)

    def settled(self) -> None:
        """What was about to be is, and was counted, or never will be."""
        self._about_to_be.clear()
        self._going.clear()

    def count(self, name: str, by: int) -> None:
        """So many groups more of type `name` are there."""
        self._there[name] = self._there.get(name, 0) + by
