"""The policy table of group types (GT): a type is a row, a rule is a column, and nothing asks for a type by name."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.terms import ApplyJoinOption


@dataclass(frozen=True, slots=True)
class GroupType:
    """One row. Each column is named in the requirements by the id in its comment."""

    name: str
    owner_may_dissolve: bool  # GT-04
    join_options: frozenset[ApplyJoinOption]  # GT-05
    members_at_creation: bool  # GT-07
    owner_may_leave: bool  # GT-08
    member_cap: int  # GT-12
    history_before_joining: bool  # GT-14


PUBLIC = GroupType(
    name="Public",
    owner_may_dissolve=True,
    join_options=frozenset({ApplyJoinOption.FREE_ACCESS, ApplyJoinOption.DISABLE_APPLY}),
    members_at_creation=True,
    owner_may_leave=False,
    member_cap=2000,
    history_before_joining=False,
)

BUILT_IN: dict[str, GroupType] = {PUBLIC.name: PUBLIC}


def type_named(types: dict[str, GroupType], name: str) -> GroupType:
    """The row of `name`. Raises RcimError(BAD_PARAMETER)."""
    found = types.get(name)
    if found is None:
        raise RcimError(BAD_PARAMETER, f"group type {name!r}: must be one of {', '.join(sorted(types))}")
    return found
