"""Who may do what in a group: one table, one function that asks it (GR-02, SC-01, RX-06)."""

from __future__ import annotations

from enum import Enum, IntEnum

from rcim.base.errors import NOT_PERMITTED, OWNER_MAY_NOT_LEAVE, RcimError
from rcim.rules.group_types import GroupType


class Who(IntEnum):
    """A user's standing towards a group; the numbers of Role, with those who have none at the ends."""

    STRANGER = 0
    MEMBER = 1
    ADMIN = 2
    OWNER = 3
    APP_ADMIN = 9


class Operation(Enum):
    """What can be done with a group."""

    SEND = "send"
    HISTORY = "read history"
    INFO = "read the profile"
    MEMBERS = "list members"
    LEAVE = "leave"
    DISSOLVE = "dissolve"


LEAST: dict[Operation, Who] = {
    Operation.SEND: Who.MEMBER,  # SC-01
    Operation.HISTORY: Who.MEMBER,  # RX-06
    Operation.INFO: Who.MEMBER,
    Operation.MEMBERS: Who.MEMBER,  # GT-03 for Public
    Operation.LEAVE: Who.MEMBER,
    Operation.DISSOLVE: Who.OWNER,  # GT-04
}
"""The least standing that may; the app administrator may all of it, except leave what it is not in."""


def check_right(operation: Operation, who: Who, group_type: GroupType) -> None:
    """Returns if `who` may. Raises RcimError(NOT_PERMITTED or OWNER_MAY_NOT_LEAVE)."""
    if who < LEAST[operation]:
        reason = "not a member" if who is Who.STRANGER else f"needs at least {LEAST[operation].name}"
        raise RcimError(NOT_PERMITTED, f"may not {operation.value}: {reason}")
    if operation is Operation.LEAVE and who is Who.OWNER and not group_type.owner_may_leave:
        raise RcimError(OWNER_MAY_NOT_LEAVE)  # GT-08
    if operation is Operation.DISSOLVE and who is Who.OWNER and not group_type.owner_may_dissolve:
        raise RcimError(NOT_PERMITTED, f"the owner may not dissolve a {group_type.name} group")  # GT-04
