"""Who may do what in a group: one table, one function that asks it (GR-02, SC-01, RX-06).

RIGHTS says for each operation which least standing a row of the type table asks for. `verdict` adds what no order of
standings can say: guests, joining what one is in, leaving what one is not in or owns.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from rcim.base.errors import ALREADY_MEMBER, NOT_PERMITTED, OWNER_MAY_NOT_LEAVE, ErrorCode, RcimError
from rcim.rules.group_types import GroupType, MemberList, Search
from rcim.rules.roles import Standing


class Operation(Enum):
    """What can be done with a group."""

    CREATE = "create"
    SEND = "send"
    MENTION_ALL = "mention all"
    HISTORY = "read history"
    INFO = "read the profile"
    EDIT_PROFILE = "edit the profile"
    EDIT_SETTINGS = "edit the settings"
    JOIN = "join or apply"
    LEAVE = "leave"
    INVITE = "invite"
    DECIDE = "decide on applications"
    KICK = "kick"
    BLOCK = "block"
    MEMBERS = "list members"
    OWN_MEMBER = "read and edit one's own membership"
    EDIT_MEMBER = "edit another's name card"
    APPOINT = "appoint admins"
    GIVE = "change the owner"
    CHANNELS = "add and end channels"
    MUTE = "mute"
    DISSOLVE = "dissolve"
    ALTER = "recall and delete others' messages"
    RECEIPTS = "read receipts"
    NOTICE = "give a system notice"
    IMPORT = "import"
    ATTRIBUTES = "read the attributes of the room"
    SET_ATTRIBUTES = "set attributes of the room"


RIGHTS: dict[Operation, Callable[[GroupType], Standing]] = {
    Operation.CREATE: lambda t: Standing.ANYONE if t.has_owner else Standing.APP_ADMIN,
    Operation.SEND: lambda t: t.send,  # SC-01
    Operation.MENTION_ALL: lambda t: t.mention_all,  # GT-28
    Operation.HISTORY: lambda t: Standing.MEMBER,  # RX-06
    Operation.INFO: lambda t: Standing.ANYONE if t.search is Search.ON else Standing.MEMBER,  # GT-01
    Operation.EDIT_PROFILE: lambda t: t.edit_profile,  # GT-02
    Operation.EDIT_SETTINGS: lambda t: t.edit_settings,
    Operation.JOIN: lambda t: Standing.ANYONE if t.apply else Standing.NOBODY,  # GT-05
    Operation.LEAVE: lambda t: Standing.MEMBER,
    Operation.INVITE: lambda t: t.invite,  # GT-07
    Operation.DECIDE: lambda t: t.decide,
    Operation.KICK: lambda t: t.kick,  # GT-10
    Operation.BLOCK: lambda t: t.block,  # GR-11
    Operation.MEMBERS: lambda t: Standing.APP_ADMIN if t.member_list is MemberList.NONE else Standing.MEMBER,  # GT-03
    Operation.OWN_MEMBER: lambda t: Standing.MEMBER,
    Operation.EDIT_MEMBER: lambda t: Standing.ADMIN if t.has_owner else Standing.APP_ADMIN,
    Operation.APPOINT: lambda t: t.appoint,  # GT-09
    Operation.GIVE: lambda t: Standing.OWNER if t.has_owner else Standing.NOBODY,  # GR-01
    Operation.CHANNELS: lambda t: t.edit_profile,  # UG-02
    Operation.MUTE: lambda t: t.mute,  # GT-17
    Operation.DISSOLVE: lambda t: t.dissolve,  # GT-04
    Operation.ALTER: lambda t: Standing.ADMIN if t.has_owner else Standing.APP_ADMIN,  # MS-10
    Operation.RECEIPTS: lambda t: (
        Standing.APP_ADMIN if t.member_list is MemberList.NONE else Standing.MEMBER
    ),  # MS-11
    Operation.NOTICE: lambda t: Standing.APP_ADMIN,  # MS-05
    Operation.IMPORT: lambda t: Standing.APP_ADMIN if t.importable else Standing.NOBODY,  # GT-23
    Operation.ATTRIBUTES: lambda t: Standing.MEMBER if t.room_attributes else Standing.NOBODY,  # CR-03
    Operation.SET_ATTRIBUTES: lambda t: Standing.MEMBER if t.room_attributes else Standing.NOBODY,
}
GUESTS_MAY = frozenset({Operation.JOIN, Operation.LEAVE, Operation.INFO, Operation.HISTORY, Operation.ATTRIBUTES})
"""ID-06, in types whose guests may receive (GT-21)."""
GUESTS_ALWAYS = frozenset({Operation.JOIN, Operation.LEAVE})
"""Those of them that a guest may before the group has let it in; for the others it has to be in."""
IN_THE_GROUP = (Standing.MEMBER, Standing.ADMIN, Standing.OWNER)


def verdict(operation: Operation, who: Standing, group_type: GroupType) -> ErrorCode | None:
    """None if `who` may; else the code of the refusal."""
    if who is Standing.GUEST:
        return None if group_type.guests and operation in GUESTS_MAY else NOT_PERMITTED
    if operation is Operation.JOIN and who in IN_THE_GROUP:
        return ALREADY_MEMBER
    if operation is Operation.LEAVE and who is Standing.APP_ADMIN:
        return NOT_PERMITTED  # being one gives no right to leave; who is a member too is asked about as that
    if operation is Operation.LEAVE and who is Standing.OWNER and not group_type.owner_may_leave:
        return OWNER_MAY_NOT_LEAVE  # GT-08
    return None if who >= RIGHTS[operation](group_type) else NOT_PERMITTED


def check_right(operation: Operation, who: Standing, group_type: GroupType) -> None:
    """Returns if `who` may. Raises RcimError with the code of `verdict`."""
    code = verdict(operation, who, group_type)
    if code is NOT_PERMITTED:
        least = RIGHTS[operation](group_type)
        reason = "not a member" if who is Standing.ANYONE else f"needs {least.name}, is {who.name}"
        raise RcimError(code, f"may not {operation.value} in a {group_type.name} group: {reason}")
    if code is not None:
        raise RcimError(code)
