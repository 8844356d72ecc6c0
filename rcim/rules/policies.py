"""Every policy of a group type: its rule, what it means, how it is written; and how a row is made from a base (GT-20).

1. POLICIES is the list of columns. Settings file, admin frames and the reference page all go by it.
2. `changed` makes a row from a base and what differs, and raises for what does not fit together (CHECKS).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from rcim.base.terms import ApplyJoinOption, MsgFlag
from rcim.rules.conversation_kinds import BY_NAME as KIND_BY_NAME
from rcim.rules.conversation_kinds import KINDS, TEMPORARY, RosterPart
from rcim.rules.custom_fields import GROUP_FIELDS_MAX, MEMBER_FIELDS_MAX, FieldRule, parse
from rcim.rules.group_types import ChangeNotice, GroupType, MemberList, Search
from rcim.rules.roles import Standing

NAME = re.compile(r"[A-Za-z0-9_]{1,32}\Z")
MEMBER_CAP_MAX = 10_000_000
DAYS_MAX = 3650
LIFETIME_MAX_S = 30 * 86_400
SECONDS_MAX = 10 * 366 * 86_400
LEAVE_S_MAX = 86_400
LEAVE_MESSAGES_MAX = 10_000
EMPTY_MINUTES_MAX = 525_600
RATE_MAX = 500
"""More would let one group stop the loop for milliseconds at a time."""
JOIN_OPTIONS = {
    "FreeAccess": ApplyJoinOption.FREE_ACCESS,
    "NeedPermission": ApplyJoinOption.NEED_PERMISSION,
    "DisableApply": ApplyJoinOption.DISABLE_APPLY,
}
MSG_FLAGS = {
    "AcceptAndNotify": MsgFlag.ACCEPT_AND_NOTIFY,
    "AcceptNotNotify": MsgFlag.ACCEPT_NOT_NOTIFY,
    "Discard": MsgFlag.DISCARD,
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A column: `read` makes a value of its text (ValueError if it can't), `show` the text of a value."""

    name: str
    rule: str
    doc: str
    read: Callable[[str], Any]
    show: Callable[[Any], str]
    values: str


def _of(words: Mapping[str, Any]) -> tuple[Callable[[str], Any], Callable[[Any], str], str]:
    def read(text: str) -> Any:
        if text not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(words)}")
        return words[text]

    return read, {value: word for word, value in words.items()}.__getitem__, ", ".join(words)


def _enum(kind: type[Enum]) -> tuple[Callable[[str], Any], Callable[[Any], str], str]:
    return _of({value.value: value for value in kind})


def _least(*who: Standing) -> tuple[Callable[[str], Any], Callable[[Any], str], str]:
    return _of({w.name.lower(): w for w in who})


def _number(low: int, high: int) -> tuple[Callable[[str], Any], Callable[[Any], str], str]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read, str, f"{low} to {high}"


def _fields(most: int) -> tuple[Callable[[str], Any], Callable[[Any], str], str]:
    def show(rules: tuple[FieldRule, ...]) -> str:
        return ", ".join(rule.text() for rule in rules)

    return lambda text: parse(text, most), show, f"up to {most} of `key read write [self_read] [self_write]`"


BOOL = _of({"true": True, "false": False})
_M, _A, _O, _X, _N = Standing.MEMBER, Standing.ADMIN, Standing.OWNER, Standing.APP_ADMIN, Standing.NOBODY
ANY_OF_THEM = _least(_M, _A, _O, _X, _N)
EDITORS = _least(_M, _A, _O, _X)
SENDERS = _least(Standing.ANYONE, _M, _A, _O, _X)

KIND_NAMES = _of({kind.name: kind.name for kind in KINDS})

POLICIES: tuple[Policy, ...] = (
    Policy("search", "GT-01", "Found by exact id or by words of the name; its profile is open then.", *_enum(Search)),
    Policy("edit_profile", "GT-02", "Who may edit name, introduction, notification, face URL.", *EDITORS),
    Policy("edit_settings", "GR-02", "Who may edit ApplyJoinOption and MaxMemberNum.", *EDITORS),
    Policy("member_list", "GT-03", "How much of the member list clients see.", *_enum(MemberList)),
    Policy("has_owner", "GT-04", "Whether a group has an owner; can't be changed.", *BOOL),
    Policy("dissolve", "GT-04", "Who may dissolve.", *_least(Standing.ADMIN, _O, _X)),
    Policy("apply", "GT-05", "Whether anyone may apply to join at all.", *BOOL),
    Policy("decide", "GR-02", "Who approves and refuses applications.", *ANY_OF_THEM),
    Policy("join_option", "GT-06", "ApplyJoinOption of a new group.", *_of(JOIN_OPTIONS)),
    Policy("invite", "GT-07", "Who may invite.", *ANY_OF_THEM),
    Policy("members_at_creation", "GT-07", "Whether members may be named at creation.", *BOOL),
    Policy("owner_may_leave", "GT-08", "Whether the owner may leave; the group goes on without.", *BOOL),
    Policy("appoint", "GT-09", "Who appoints and removes admins.", *_least(_O, _X, _N)),
    Policy("kick", "GT-10", "Who may kick those with a lower role.", *ANY_OF_THEM),
    Policy("block", "GR-11", "Who may block those with a lower role.", *ANY_OF_THEM),
    Policy("drop_offline", "GT-11", "Drop ordinary members that are offline, every 5 minutes.", *BOOL),
    Policy("member_cap", "GT-12", "Members of one group at the most; 0: no cap.", *_number(0, MEMBER_CAP_MAX)),
    Policy("group_cap", "GT-13", "Groups of the type in the app; 0: no cap.", *_number(0, MEMBER_CAP_MAX)),
    Policy("history_before_joining", "GT-14", "Whether members see what was before they joined.", *BOOL),
    Policy("notice", "GT-15", "How members hear of changes.", *_enum(ChangeNotice)),
    Policy("needs_first_message", "GT-16", "Hidden from others until its owner has sent a message.", *BOOL),
    Policy("mute", "GT-17", "Who may mute those with a lower role, and the whole group.", *ANY_OF_THEM),
    Policy("send", "GT-26", "Who may send; anyone: every user who is logged in, but no guest.", *SENDERS),
    Policy("mention_all", "GT-28", "Who may mention all, in a message or by an edit of it.", *EDITORS),
    Policy("msg_flag", "GT-18", "MsgFlag of a new member.", *_of(MSG_FLAGS)),
    Policy("unread", "GT-19", "Whether unread messages are counted.", *BOOL),
    Policy("guests", "GT-21", "Whether guests may receive.", *BOOL),
    Policy(
        "roaming_days",
        "GT-22",
        "Days for which members can read history; 0: not stored, the last 20 are in memory.",
        *_number(0, DAYS_MAX),
    ),
    Policy("importable", "GT-23", "Whether groups, members, messages can be imported.", *BOOL),
    Policy(
        "idle_days",
        "GT-24",
        "Reclaimed after so many days without message or change; 0: never.",
        *_number(0, DAYS_MAX),
    ),
    Policy("kept_when_empty", "GT-24", "Whether it stays when the last member leaves.", *BOOL),
    Policy("chat_room", "SC-04", "Whether a mute in all chat rooms holds here.", *BOOL),
    Policy("has_member_fields", "GR-06", "Whether members can have custom fields; can't be changed.", *BOOL),
    Policy(
        "messages_per_s",
        "FC-02",
        "Ordinary messages of one group a second, on average over 5 s, and what else goes to all members because of a "
        "request; 0: no limit.",
        *_number(0, RATE_MAX),
    ),
    Policy("normal_per_s", "FC-04", "Of them with priority NORMAL; 0: no limit.", *_number(0, RATE_MAX)),
    Policy("low_per_s", "FC-04", "Of them with priority LOW; 0: no limit.", *_number(0, RATE_MAX)),
    Policy("lowest_per_s", "FC-04", "Of them with priority LOWEST; 0: no limit.", *_number(0, RATE_MAX)),
    Policy(
        "recall_s",
        "MS-10",
        "Seconds in which who has sent a message may recall it; 0: not at all.",
        *_number(0, SECONDS_MAX),
    ),
    Policy("edit_s", "MS-10", "The same of editing it.", *_number(0, SECONDS_MAX)),
    Policy(
        "offline_days",
        "C2-01",
        "Days for which what was not read counts as unread; 0: for as long as it can be read.",
        *_number(0, DAYS_MAX),
    ),
    Policy(
        "listed",
        "GT-27",
        "Whether a group is in its members' lists of recent conversations and in SYNC's rows.",
        *BOOL,
    ),
    Policy("group_fields", "GR-06", "Custom fields of the group.", *_fields(GROUP_FIELDS_MAX)),
    Policy("member_fields", "GR-06", "Custom fields of a member.", *_fields(MEMBER_FIELDS_MAX)),
    Policy(
        "leave_after_s",
        "CR-01",
        "A member who is offline leaves so many seconds after the first message that comes then; 0: never for that.",
        *_number(0, LEAVE_S_MAX),
    ),
    Policy(
        "leave_after_messages",
        "CR-01",
        "A member who is offline leaves after so many messages; 0: never for that.",
        *_number(0, LEAVE_MESSAGES_MAX),
    ),
    Policy(
        "one_room",
        "CR-02",
        "A user is in one room of such types at a time: joining another leaves the first, and so does a lost connection.",
        *BOOL,
    ),
    Policy("room_attributes", "CR-03", "Whether members may set attributes of the room.", *BOOL),
    Policy(
        "empty_minutes",
        "CR-04",
        "Destroyed after so many minutes without members, if it stays then (kept_when_empty); 0: never for that.",
        *_number(0, EMPTY_MINUTES_MAX),
    ),
    Policy(
        "lifetime_s",
        "SY-02",
        "Seconds after which a conversation ends by itself, at the most and by default; 0: it does not.",
        *_number(0, LIFETIME_MAX_S),
    ),
    Policy("pushed", "PU-01", "Whether members who are not there get a push of messages.", *BOOL),
    Policy("kind", "GT-25", "The kind of conversation, which the id says; can't be changed.", *KIND_NAMES),
)
BY_NAME = {policy.name: policy for policy in POLICIES}
RATES = ("messages_per_s", "normal_per_s", "low_per_s", "lowest_per_s")
"""The policies of frequency control; all of them 0 switch it off."""
LOCKED = ("has_owner", "has_member_fields", "kind")
"""What a type has from its base, and no setting changes."""

CHECKS: tuple[tuple[Callable[[GroupType], bool], str], ...] = (
    (lambda t: t.stored or not t.importable, "importable needs stored messages (roaming_days)"),
    (
        lambda t: t.stored or t.notice is not ChangeNotice.STRONG,
        "a strong notice needs stored messages (roaming_days)",
    ),
    (lambda t: t.stored or not t.needs_first_message, "needs_first_message needs stored messages (roaming_days)"),
    (lambda t: t.stored or not t.unread, "unread needs stored messages (roaming_days)"),
    (lambda t: t.has_owner or t.dissolve is Standing.APP_ADMIN, "a type without owners is dissolved by app_admin"),
    (lambda t: t.has_owner or t.appoint is Standing.NOBODY, "a type without owners has no admins: appoint is nobody"),
    (lambda t: t.has_owner or not t.members_at_creation, "a type without owners has no members at creation"),
    (lambda t: t.has_owner or not t.owner_may_leave, "a type without owners has none to leave"),
    (lambda t: t.has_owner or not t.needs_first_message, "a type without owners has none to send the first message"),
    (
        lambda t: t.apply or t.join_option is ApplyJoinOption.DISABLE_APPLY,
        "without applications join_option is DisableApply",
    ),
    (
        lambda t: t.join_option is not ApplyJoinOption.NEED_PERMISSION or t.decide is not Standing.NOBODY,
        "with NeedPermission somebody has to decide",
    ),
    (
        lambda t: not t.drops_absent or KIND_BY_NAME[t.kind].roster is RosterPart.MEMORY,
        "leave_after_s, leave_after_messages and one_room need members in memory (kind)",
    ),
    (
        lambda t: not t.drop_offline or KIND_BY_NAME[t.kind].roster is RosterPart.MEMORY,
        "drop_offline needs members in memory (kind)",
    ),
    (
        lambda t: t.member_list is not MemberList.PART or KIND_BY_NAME[t.kind].roster is RosterPart.MEMORY,
        "member_list part needs members in memory (kind)",
    ),
    (lambda t: t.has_member_fields or not t.member_fields, "members of this type have no custom fields"),
    (
        lambda t: (t.lifetime_s > 0) == (t.kind == TEMPORARY.name),
        "temporary conversations have a lifetime_s, and no others",
    ),
    (
        lambda t: not t.lifetime_s or not (t.apply or t.importable or t.invite is not Standing.NOBODY),
        "nobody enters a temporary conversation after its creation: no apply, importable or invite",
    ),
    (
        lambda t: not t.lifetime_s or not (t.kept_when_empty or t.needs_first_message or t.guests),
        "a temporary conversation has no kept_when_empty, needs_first_message or guests",
    ),
    (
        lambda t: not t.lifetime_s or t.roaming_days * 86_400 >= t.lifetime_s,
        "messages of a temporary conversation are stored while it lives (roaming_days)",
    ),
)


def changed(base: GroupType, name: str, policies: Mapping[str, str]) -> GroupType:
    """The row of type `name`: `base` with `policies` (name to text) in it. Raises ValueError that says what is wrong."""
    if not NAME.match(name):
        raise ValueError(f"group type {name!r}: a name is 1 to 32 of A-Z, a-z, 0-9 and _")
    values: dict[str, Any] = {}
    for key, text in policies.items():
        policy = BY_NAME.get(key)
        if policy is None:
            raise ValueError(f"policy {key!r} is not known; known are {', '.join(BY_NAME)}")
        try:
            values[key] = policy.read(text)
        except ValueError as error:
            raise ValueError(f"policy {key}: {error}") from None
    for key in LOCKED:
        if values.get(key, getattr(base, key)) != getattr(base, key):
            raise ValueError(f"policy {key} can't be changed from that of {base.name}")
    if base.search is Search.NEVER and values.get("search", Search.NEVER) is not Search.NEVER:
        raise ValueError(f"policy search: {base.name} is never found, and no type made from it")  # GT-01
    made = replace(base, name=name, base=base.base if name == base.name else base.name, **values)
    for good, text in CHECKS:
        if not good(made):
            raise ValueError(text)
    return made


def shown(row: GroupType) -> dict[str, str]:
    """All policies of a row as text, by name."""
    return {policy.name: policy.show(getattr(row, policy.name)) for policy in POLICIES}
