"""The built-in rows of the policy table (group_types.py): section 3 of the requirements, the other kinds of
conversations, and the rows that no group can have."""

from __future__ import annotations

from dataclasses import replace

from rcim.base.terms import ApplyJoinOption, MsgFlag
from rcim.rules.conversation_kinds import BROADCAST as BROADCAST_KIND
from rcim.rules.conversation_kinds import CHANNEL as CHANNEL_KIND
from rcim.rules.conversation_kinds import SYSTEM as SYSTEM_KIND
from rcim.rules.conversation_kinds import TEMPORARY as TEMPORARY_KIND
from rcim.rules.conversation_kinds import ULTRA
from rcim.rules.group_types import ChangeNotice, GroupType, MemberList, Search
from rcim.rules.roles import Standing

PRIVATE = GroupType(
    name="Private",
    search=Search.NEVER,  # GT-01
    edit_profile=Standing.MEMBER,  # GT-02
    edit_settings=Standing.OWNER,  # it has no admins
    member_list=MemberList.ALL,  # GT-03
    has_owner=True,
    dissolve=Standing.APP_ADMIN,  # GT-04
    apply=False,  # GT-05
    decide=Standing.NOBODY,
    join_option=ApplyJoinOption.DISABLE_APPLY,  # GT-06 does not apply
    invite=Standing.MEMBER,  # GT-07
    members_at_creation=True,
    owner_may_leave=True,  # GT-08
    appoint=Standing.NOBODY,  # GT-09
    kick=Standing.OWNER,  # GT-10
    block=Standing.OWNER,  # GR-11
    drop_offline=False,  # GT-11
    member_cap=200,  # GT-12
    group_cap=0,  # GT-13
    history_before_joining=False,  # GT-14
    notice=ChangeNotice.STRONG,  # GT-15
    needs_first_message=True,  # GT-16
    mute=Standing.NOBODY,  # GT-17
    send=Standing.MEMBER,  # SC-01
    mention_all=Standing.MEMBER,  # GT-28
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
    edit_profile=Standing.ADMIN,
    edit_settings=Standing.ADMIN,
    member_list=MemberList.ALL,
    has_owner=True,
    dissolve=Standing.OWNER,
    apply=True,
    decide=Standing.ADMIN,
    join_option=ApplyJoinOption.NEED_PERMISSION,
    invite=Standing.APP_ADMIN,
    members_at_creation=True,
    owner_may_leave=False,
    appoint=Standing.OWNER,
    kick=Standing.ADMIN,
    block=Standing.ADMIN,
    drop_offline=False,
    member_cap=2000,
    group_cap=0,
    history_before_joining=False,
    notice=ChangeNotice.STRONG,
    needs_first_message=False,
    mute=Standing.ADMIN,
    send=Standing.MEMBER,
    mention_all=Standing.ADMIN,
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
    edit_profile=Standing.ADMIN,
    edit_settings=Standing.ADMIN,
    member_list=MemberList.ALL,
    has_owner=True,
    dissolve=Standing.OWNER,
    apply=True,
    decide=Standing.ADMIN,
    join_option=ApplyJoinOption.FREE_ACCESS,
    invite=Standing.APP_ADMIN,
    members_at_creation=True,
    owner_may_leave=False,
    appoint=Standing.OWNER,
    kick=Standing.ADMIN,
    block=Standing.ADMIN,
    drop_offline=False,
    member_cap=10_000,
    group_cap=0,
    history_before_joining=True,
    notice=ChangeNotice.NONE,
    needs_first_message=False,
    mute=Standing.ADMIN,
    send=Standing.MEMBER,
    mention_all=Standing.ADMIN,
    msg_flag=MsgFlag.ACCEPT_NOT_NOTIFY,
    unread=False,
    guests=False,
    roaming_days=7,
    importable=True,
    idle_days=0,
    kept_when_empty=True,
    chat_room=True,
    has_member_fields=True,
    room_attributes=True,
    empty_minutes=60,
)

AV_CHAT_ROOM = GroupType(
    name="AVChatRoom",
    search=Search.OFF,
    edit_profile=Standing.ADMIN,
    edit_settings=Standing.ADMIN,
    member_list=MemberList.PART,
    has_owner=True,
    dissolve=Standing.OWNER,
    apply=True,
    decide=Standing.ADMIN,
    join_option=ApplyJoinOption.FREE_ACCESS,
    invite=Standing.NOBODY,
    members_at_creation=False,
    owner_may_leave=False,
    appoint=Standing.APP_ADMIN,
    kick=Standing.NOBODY,
    block=Standing.ADMIN,
    drop_offline=False,
    member_cap=0,
    group_cap=0,
    history_before_joining=True,
    notice=ChangeNotice.WEAK,
    needs_first_message=False,
    mute=Standing.ADMIN,
    send=Standing.MEMBER,
    mention_all=Standing.ADMIN,
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
    leave_after_s=30,
    leave_after_messages=30,
    room_attributes=True,
    empty_minutes=60,
    pushed=False,
)

B_CHAT_ROOM = GroupType(
    name="BChatRoom",
    search=Search.NEVER,
    edit_profile=Standing.APP_ADMIN,
    edit_settings=Standing.APP_ADMIN,
    member_list=MemberList.NONE,
    has_owner=False,
    dissolve=Standing.APP_ADMIN,
    apply=True,
    decide=Standing.APP_ADMIN,
    join_option=ApplyJoinOption.FREE_ACCESS,
    invite=Standing.NOBODY,
    members_at_creation=False,
    owner_may_leave=False,
    appoint=Standing.NOBODY,
    kick=Standing.NOBODY,
    block=Standing.APP_ADMIN,
    drop_offline=False,
    member_cap=0,
    group_cap=5,
    history_before_joining=False,
    notice=ChangeNotice.WEAK,
    needs_first_message=False,
    mute=Standing.NOBODY,
    send=Standing.APP_ADMIN,  # SY-05: it goes to everyone who is online in it
    mention_all=Standing.APP_ADMIN,
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
    leave_after_s=30,
    leave_after_messages=30,
    room_attributes=True,
    pushed=False,
)

TEMPORARY = replace(
    PRIVATE,
    name="Temporary",
    edit_profile=Standing.OWNER,
    dissolve=Standing.OWNER,
    invite=Standing.NOBODY,  # SY-02: who is in it is said at its creation
    kick=Standing.NOBODY,
    block=Standing.NOBODY,
    member_cap=10,
    notice=ChangeNotice.WEAK,
    needs_first_message=False,
    roaming_days=1,
    importable=False,
    idle_days=0,
    lifetime_s=86_400,
    kind=TEMPORARY_KIND.name,
)
"""SY-02: a conversation that ends by itself, of which nothing is left then."""

SYSTEM = replace(
    PUBLIC,
    name="System",
    search=Search.ON,  # who is to subscribe has to find it
    edit_profile=Standing.APP_ADMIN,
    edit_settings=Standing.APP_ADMIN,
    member_list=MemberList.NONE,
    has_owner=False,
    dissolve=Standing.APP_ADMIN,
    decide=Standing.APP_ADMIN,
    join_option=ApplyJoinOption.FREE_ACCESS,
    members_at_creation=False,
    appoint=Standing.NOBODY,
    kick=Standing.APP_ADMIN,
    block=Standing.APP_ADMIN,
    member_cap=0,
    history_before_joining=True,
    notice=ChangeNotice.NONE,
    mute=Standing.NOBODY,
    send=Standing.APP_ADMIN,
    mention_all=Standing.APP_ADMIN,
    roaming_days=180,  # as C2-01
    importable=False,
    kept_when_empty=True,
    has_member_fields=False,
    kind=SYSTEM_KIND.name,
)
"""SY-01: users subscribe by joining; the app alone writes to all of them."""

ULTRA_GROUP = replace(
    PUBLIC,
    name="UltraGroup",
    member_cap=0,  # UG-01
    notice=ChangeNotice.WEAK,  # a message to a million members for each who joins says nothing to anybody
    kind=ULTRA.name,
)
"""UG-01: any number of members, with channels (UG-02)."""

CHANNEL = replace(
    ULTRA_GROUP,
    name="Channel",
    dissolve=Standing.ADMIN,
    apply=False,
    join_option=ApplyJoinOption.DISABLE_APPLY,
    decide=Standing.NOBODY,
    invite=Standing.NOBODY,
    appoint=Standing.NOBODY,
    kick=Standing.NOBODY,
    block=Standing.NOBODY,
    importable=False,
    members_at_creation=False,
    kept_when_empty=True,
    has_member_fields=False,
    kind=CHANNEL_KIND.name,
)
"""UG-02: a channel of an ultra group. Its members, and what they are, are those of the group."""

BUILT_IN: dict[str, GroupType] = {
    t.name: t
    for t in (PRIVATE, PUBLIC, CHAT_ROOM, AV_CHAT_ROOM, B_CHAT_ROOM, ULTRA_GROUP, CHANNEL, SYSTEM, TEMPORARY)
}

PAIR = replace(
    PRIVATE,
    name="C2C",
    edit_profile=Standing.NOBODY,
    edit_settings=Standing.NOBODY,
    has_owner=False,
    dissolve=Standing.NOBODY,
    invite=Standing.NOBODY,
    kick=Standing.NOBODY,
    block=Standing.NOBODY,
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

BROADCAST = replace(
    PAIR,
    name="Broadcast",
    member_list=MemberList.NONE,
    send=Standing.APP_ADMIN,
    mention_all=Standing.APP_ADMIN,
    member_cap=0,
    history_before_joining=True,
    offline_days=0,  # each broadcast has its own expiry
    recall_s=0,
    edit_s=0,
    kind=BROADCAST_KIND.name,
)
"""SY-03: the conversation of the app's broadcasts, as each user finds it; no group can have it."""

CLOSED = replace(
    PRIVATE,
    name="(gone)",
    edit_profile=Standing.APP_ADMIN,
    edit_settings=Standing.APP_ADMIN,
    invite=Standing.APP_ADMIN,
    kick=Standing.APP_ADMIN,
    block=Standing.APP_ADMIN,
    send=Standing.APP_ADMIN,
    notice=ChangeNotice.NONE,
    needs_first_message=False,
    importable=False,
    idle_days=0,
)
"""What a group is whose type was taken out of the settings: members may read and leave, app administrators dissolve."""
