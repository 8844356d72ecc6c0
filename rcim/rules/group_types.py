"""The policy table of group types (GT): a type is a row, a rule is a column, and nothing asks for a type by name.
One-to-one conversations are a row too (C2-01), which no group can have.

BUILT_IN at the end is section 3 of the requirements. A type of the app's own (GT-20) is one more row, made by
policies.py from a base and what differs; so is a changed built-in one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from rcim.base.terms import ApplyJoinOption, MsgFlag
from rcim.rules.custom_fields import FieldRule
from rcim.rules.standing import Who


class Search(Enum):
    """GT-01. NEVER can't be changed in types made from it."""

    NEVER = "never"
    OFF = "off"
    ON = "on"


class MemberList(Enum):
    """GT-03: how much of the member list clients see."""

    ALL = "all"
    PART = "part"
    NONE = "none"


class ChangeNotice(Enum):
    """GT-15: how members hear of changes."""

    NONE = "none"
    WEAK = "weak"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class GroupType:
    """One row. What each column means, and from which rule it comes, is told in policies.py."""

    name: str
    search: Search
    edit_profile: Who
    edit_settings: Who
    member_list: MemberList
    has_owner: bool
    dissolve: Who
    apply: bool
    decide: Who
    join_option: ApplyJoinOption
    invite: Who
    members_at_creation: bool
    owner_may_leave: bool
    appoint: Who
    kick: Who
    block: Who
    drop_offline: bool
    member_cap: int
    group_cap: int
    history_before_joining: bool
    notice: ChangeNotice
    needs_first_message: bool
    mute: Who
    send: Who
    mention_all: Who
    msg_flag: MsgFlag
    unread: bool
    guests: bool
    roaming_days: int
    importable: bool
    idle_days: int
    kept_when_empty: bool
    chat_room: bool
    has_member_fields: bool
    messages_per_s: int = 40  # FC-02
    normal_per_s: int = 40  # FC-04
    low_per_s: int = 40
    lowest_per_s: int = 40
    recall_s: int = 120  # MS-10
    edit_s: int = 120
    offline_days: int = 0
    listed: bool = True  # GT-27
    group_fields: tuple[FieldRule, ...] = ()
    member_fields: tuple[FieldRule, ...] = ()
    base: str = ""

    @property
    def stored(self) -> bool:
        """True if messages are kept on disk (GT-22)."""
        return self.roaming_days > 0


PRIVATE = GroupType(
    name="Private",
    search=Search.NEVER,  # GT-01
    edit_profile=Who.MEMBER,  # GT-02
    edit_settings=Who.OWNER,  # it has no admins
    member_list=MemberList.ALL,  # GT-03
    has_owner=True,
    dissolve=Who.APP_ADMIN,  # GT-04
    apply=False,  # GT-05
    decide=Who.NOBODY,
    join_option=ApplyJoinOption.DISABLE_APPLY,  # GT-06 does not apply
    invite=Who.MEMBER,  # GT-07
    members_at_creation=True,
    owner_may_leave=True,  # GT-08
    appoint=Who.NOBODY,  # GT-09
    kick=Who.OWNER,  # GT-10
    block=Who.OWNER,  # GR-11
    drop_offline=False,  # GT-11
    member_cap=200,  # GT-12
    group_cap=0,  # GT-13
    history_before_joining=False,  # GT-14
    notice=ChangeNotice.STRONG,  # GT-15
    needs_first_message=True,  # GT-16
    mute=Who.NOBODY,  # GT-17
    send=Who.MEMBER,  # SC-01
    mention_all=Who.MEMBER,  # GT-28
    msg_flag=MsgFlag.ACCEPT_AND_NOTIFY,  # GT-18
    unread=True,  # GT-19
    guests=False,  # GT-21
    roaming_days=7,  # GT-22
    importable=True,  # GT-23
    idle_days=30,  # GT-24
    kept_when_empty=False,
    chat_room=False,  # SC-04
    has_member_fields=True,  # GR-06
)

PUBLIC = GroupType(
    name="Public",
    search=Search.OFF,
    edit_profile=Who.ADMIN,
    edit_settings=Who.ADMIN,
    member_list=MemberList.ALL,
    has_owner=True,
    dissolve=Who.OWNER,
    apply=True,
    decide=Who.ADMIN,
    join_option=ApplyJoinOption.NEED_PERMISSION,
    invite=Who.APP_ADMIN,
    members_at_creation=True,
    owner_may_leave=False,
    appoint=Who.OWNER,
    kick=Who.ADMIN,
    block=Who.ADMIN,
    drop_offline=False,
    member_cap=2000,
    group_cap=0,
    history_before_joining=False,
    notice=ChangeNotice.STRONG,
    needs_first_message=False,
    mute=Who.ADMIN,
    send=Who.MEMBER,
    mention_all=Who.ADMIN,
    msg_flag=MsgFlag.ACCEPT_AND_NOTIFY,
    unread=True,
    guests=False,
    roaming_days=7,
    importable=True,
    idle_days=0,
    kept_when_empty=False,
    chat_room=False,
    has_member_fields=True,
)

CHAT_ROOM = GroupType(
    name="ChatRoom",
    search=Search.OFF,
    edit_profile=Who.ADMIN,
    edit_settings=Who.ADMIN,
    member_list=MemberList.ALL,
    has_owner=True,
    dissolve=Who.OWNER,
    apply=True,
    decide=Who.ADMIN,
    join_option=ApplyJoinOption.FREE_ACCESS,
    invite=Who.APP_ADMIN,
    members_at_creation=True,
    owner_may_leave=False,
    appoint=Who.OWNER,
    kick=Who.ADMIN,
    block=Who.ADMIN,
    drop_offline=False,
    member_cap=10_000,
    group_cap=0,
    history_before_joining=True,
    notice=ChangeNotice.NONE,
    needs_first_message=False,
    mute=Who.ADMIN,
    send=Who.MEMBER,
    mention_all=Who.ADMIN,
    msg_flag=MsgFlag.ACCEPT_NOT_NOTIFY,
    unread=False,
    guests=False,
    roaming_days=7,
    importable=True,
    idle_days=0,
    kept_when_empty=False,
    chat_room=True,
    has_member_fields=True,
)

AV_CHAT_ROOM = GroupType(
    name="AVChatRoom",
    search=Search.OFF,
    edit_profile=Who.ADMIN,
    edit_settings=Who.ADMIN,
    member_list=MemberList.PART,
    has_owner=True,
    dissolve=Who.OWNER,
    apply=True,
    decide=Who.ADMIN,
    join_option=ApplyJoinOption.FREE_ACCESS,
    invite=Who.NOBODY,
    members_at_creation=False,
    owner_may_leave=False,
    appoint=Who.APP_ADMIN,
    kick=Who.NOBODY,
    block=Who.ADMIN,
    drop_offline=False,
    member_cap=0,
    group_cap=0,
    history_before_joining=True,
    notice=ChangeNotice.WEAK,
    needs_first_message=False,
    mute=Who.ADMIN,
    send=Who.MEMBER,
    mention_all=Who.ADMIN,
    msg_flag=MsgFlag.ACCEPT_NOT_NOTIFY,
    unread=False,
    guests=True,
    roaming_days=0,
    importable=False,
    idle_days=0,
    kept_when_empty=False,
    chat_room=True,
    has_member_fields=False,
    listed=False,
)

B_CHAT_ROOM = GroupType(
    name="BChatRoom",
    search=Search.NEVER,
    edit_profile=Who.APP_ADMIN,
    edit_settings=Who.APP_ADMIN,
    member_list=MemberList.NONE,
    has_owner=False,
    dissolve=Who.APP_ADMIN,
    apply=True,
    decide=Who.APP_ADMIN,
    join_option=ApplyJoinOption.FREE_ACCESS,
    invite=Who.NOBODY,
    members_at_creation=False,
    owner_may_leave=False,
    appoint=Who.NOBODY,
    kick=Who.NOBODY,
    block=Who.APP_ADMIN,
    drop_offline=False,
    member_cap=0,
    group_cap=5,
    history_before_joining=False,
    notice=ChangeNotice.WEAK,
    needs_first_message=False,
    mute=Who.NOBODY,
    send=Who.APP_ADMIN,
    mention_all=Who.APP_ADMIN,
    msg_flag=MsgFlag.ACCEPT_NOT_NOTIFY,
    unread=False,
    guests=True,
    roaming_days=0,
    importable=False,
    idle_days=0,
    kept_when_empty=True,
    chat_room=True,
    has_member_fields=False,
    listed=False,
)

BUILT_IN: dict[str, GroupType] = {t.name: t for t in (PRIVATE, PUBLIC, CHAT_ROOM, AV_CHAT_ROOM, B_CHAT_ROOM)}

PAIR = replace(
    PRIVATE,
    name="C2C",
    edit_profile=Who.NOBODY,
    edit_settings=Who.NOBODY,
    has_owner=False,
    dissolve=Who.NOBODY,
    invite=Who.NOBODY,
    kick=Who.NOBODY,
    block=Who.NOBODY,
    member_cap=2,
    notice=ChangeNotice.NONE,
    needs_first_message=False,
    roaming_days=180,  # C2-01
    offline_days=7,
    importable=False,
    idle_days=0,
    kept_when_empty=True,
    has_member_fields=False,
    messages_per_s=0,  # section 6 is about groups
    normal_per_s=0,
    low_per_s=0,
    lowest_per_s=0,
)
"""C2-01: a one-to-one conversation, as the two in it find it."""

CLOSED = replace(
    PRIVATE,
    name="(gone)",
    edit_profile=Who.APP_ADMIN,
    edit_settings=Who.APP_ADMIN,
    invite=Who.APP_ADMIN,
    kick=Who.APP_ADMIN,
    block=Who.APP_ADMIN,
    send=Who.APP_ADMIN,
    notice=ChangeNotice.NONE,
    needs_first_message=False,
    importable=False,
    idle_days=0,
)
"""What a group is whose type was taken out of the settings: members may read and leave, app administrators dissolve."""
