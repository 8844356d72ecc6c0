"""The policy table of group types (GT): a type is a row, a rule is a column, and nothing asks for a type by name.
One-to-one conversations are a row too (C2-01), which no group can have.

BUILT_IN at the end is section 3 of the requirements. A type of the app's own (GT-20) is one more row, made by
policies.py from a base and what differs; so is a changed built-in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rcim.base.terms import ApplyJoinOption, MsgFlag
from rcim.rules.conversation_kinds import GROUP
from rcim.rules.custom_fields import FieldRule
from rcim.rules.roles import Standing


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
    edit_profile: Standing
    edit_settings: Standing
    member_list: MemberList
    has_owner: bool
    dissolve: Standing
    apply: bool
    decide: Standing
    join_option: ApplyJoinOption
    invite: Standing
    members_at_creation: bool
    owner_may_leave: bool
    appoint: Standing
    kick: Standing
    block: Standing
    drop_offline: bool
    member_cap: int
    group_cap: int
    history_before_joining: bool
    notice: ChangeNotice
    needs_first_message: bool
    mute: Standing
    send: Standing
    mention_all: Standing
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
    leave_after_s: int = 0  # CR-01
    leave_after_messages: int = 0
    one_room: bool = False  # CR-02
    room_attributes: bool = False  # CR-03
    empty_minutes: int = 0  # CR-04
    lifetime_s: int = 0  # SY-02
    pushed: bool = True  # PU-01
    kind: str = GROUP.name
    base: str = ""

    @property
    def stored(self) -> bool:
        """True if messages are kept on disk (GT-22)."""
        return self.roaming_days > 0

    @property
    def drops_absent(self) -> bool:
        """True if members who are not online leave by themselves (CR-01, CR-02)."""
        return self.leave_after_s > 0 or self.leave_after_messages > 0 or self.one_room
