"""group-types.md, made from the tables of rcim/rules: policies by type, rights by operation, role and type (GT-20)."""

from __future__ import annotations

from rcim_tools import tables

from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.custom_fields import GROUP_VALUE_BYTES_MAX, MEMBER_VALUE_BYTES_MAX
from rcim.rules.group_types import GroupType
from rcim.rules.policies import CHECKS, LOCKED, POLICIES
from rcim.rules.rights import Operation, verdict
from rcim.rules.roles import Standing

MADE = "<!-- made by `make spec` from the tables in the code; do not edit -->"
ROLES = {
    Standing.GUEST: "guest",
    Standing.ANYONE: "not a member",
    Standing.MEMBER: "member",
    Standing.ADMIN: "admin",
    Standing.OWNER: "owner",
    Standing.APP_ADMIN: "app administrator",
}


def page() -> str:
    """The whole page."""
    types = list(BUILT_IN.values())
    lines = ["# Group types", "", MADE, ""]
    lines += [
        "A group type is a row of policies. These are built in; an app makes its own from them, or changes them.",
        "Everything that depends on a group's type depends on one of these policies and on nothing else.",
        "",
        "## Policies",
        "",
        "| policy | rule | what it says | values | " + " | ".join(t.name for t in types) + " |",
        "|---|---|---|---|" + "---|" * len(types),
    ]
    for policy in POLICIES:
        values = (policy.show(getattr(t, policy.name)) or "none" for t in types)
        lines.append(tables.row(f"`{policy.name}`", policy.rule, policy.doc, policy.values, *values))
    lines += ["", *_notes(), "", "## Who may do what", ""]
    lines += [
        "Least standing that may, and the error that others get. `owner` and `admin` are roles in the group; an app",
        "administrator need not be a member. Whom one may act on (kick, block, mute, name cards), where one may at all:",
        "members and admins act on ordinary members, the owner and app administrators on admins too, nobody on the owner",
        "or on oneself. Of messages: admins recall and delete nothing of the owner's.",
        "",
        *_restrictions(),
    ]
    for row in types:
        lines += ["", f"### {row.name}", "", *rights(row)]
    lines += ["", *_own_types()]
    return "\n".join(lines).rstrip() + "\n"


def rights(row: GroupType) -> list[str]:
    """The table of one type: operation by role."""
    lines = ["| | " + " | ".join(ROLES.values()) + " |", "|---|" + "---|" * len(ROLES)]
    for operation in Operation:
        codes = (verdict(operation, who, row) for who in ROLES)
        cells = ("yes" if code is None else f"`{code.name}`" for code in codes)
        lines.append(tables.row(operation.value, *cells))
    return lines


def _restrictions() -> list[str]:
    return [
        "Nobody stays muted or blocked whom nobody could let free:",
        "",
        "- Whoever becomes the owner or an admin, in whatever way, is no longer muted (SC-02) or blocked (GR-11) in the",
        "  group: ADMIN_APPOINTED and OWNER_CHANGED say that too. It does not come back when the role ends. An admin is",
        "  muted by the owner and the app; when the role ends, that mute stays, and any admin may lift it.",
        "- App administrators lift any mute and block, and end the mute of the whole group: also the owner's, their own,",
        "  and where the type offers none any more.",
        "- When the whole group is muted (SC-03), the owner, admins and the named speakers may send; a speaker who is",
        "  muted by name may not. A mute in all chat rooms (SC-04) holds for everyone, whatever the role; app",
        "  administrators set and lift it.",
        "- A mute or block is of a user id: it holds through leaving, joining again, and deleting the account (ID-09).",
        "  Of a guest it ends with the connection (ID-06). Who is blocked is not let in by an invitation, a sync, or as",
        "  an ordinary member of an import either.",
    ]


def _notes() -> list[str]:
    return [
        "Roles in policies are the least that may: `member`, `admin`, `owner`, `app_admin`; `nobody` is not even the app",
        "administrator. `search` `never` can't be changed; `off` can be switched on. A notice (`notice`) tells members",
        "of joining, leaving, roles, the owner, mutes and the profile: `none` not at all; `weak` those online, by",
        "GROUP_CHANGES; `strong` by an ordinary message with a GroupTip element, which has a SEQ, is stored and counts",
        "as unread. Its sender is who did it, or `@SYSTEM` if nobody did; its priority is HIGH. Name cards, "
        "MsgFlag and custom fields of",
        "members change without a notice. Where clients get no member list (`member_list` none) a notice names nobody:",
        "it says how many there were.",
        "",
        "A strong notice counts in the group's limit (FC-02). Near it (`messages_per_s`: half as many in the last",
        "second, or messages wait) notices are joined for a tenth of a second and longer, until there is room, and one",
        "message then names several members; who came and went meanwhile is in none. None is held back.",
        "",
        "Where `needs_first_message` is true, everyone but the owner and app administrators gets NO_SUCH_GROUP until the",
        "owner has sent a message. A group whose last member leaves is gone, unless `kept_when_empty`. Where messages",
        "are not stored (`roaming_days` 0), HISTORY has the last 20 from memory, and SEQ goes on higher after a restart.",
        "Otherwise members can read messages of the last `roaming_days` days. Older ones are removed within some hours;",
        "until then app administrators can read them. HISTORY_OK's `first_seq` says where history begins.",
        "",
        "A policy that changes counts for what is asked from then on: no member is put out of a group by it. Guests",
        "are, when the type takes none any more. A group whose type is taken out of the settings file can only be read,",
        "left, and dissolved by an app administrator; the log says so at the start.",
    ]


def _own_types() -> list[str]:
    lines = [
        "## Types of one's own",
        "",
        "In the settings file, checked at start:",
        "",
        "```toml",
        "[types.OAGroup]",
        'base = "Public"',
        'kick = "member"',
        'group_fields = ["Level anyone app_admin", "Motto member admin"]',
        "",
        "[types.Public]",
        "history_before_joining = true",
        "```",
        "",
        "Or at run time, by an app administrator (ADMIN_TYPE_SET), kept across restarts and in force for all groups of",
        "the type at once:",
        "",
        "```sh",
        "rcim-admin type set OAGroup --base Public kick=member",
        "```",
        "",
        "A type follows its base: what is changed in `Public` later counts in `OAGroup` too, where it has no "
        "policy of its",
        "own. Over the wire every value is text; fields are parted by commas (`Level anyone app_admin, Motto "
        "member admin`).",
        "",
        f"{_words(LOCKED)} are those of the base. What does not fit together is refused:",
        "",
        *(f"- {text}" for _, text in CHECKS),
        "- `search` can't be switched on where the base has `never`",
        "",
        "## Custom fields",
        "",
        "`group_fields` and `member_fields` say which fields there are: `key read write`, several parted by "
        "commas; for a",
        "member `key read write [self_read] [self_write]`: `Nick member admin self_write` is read by members and "
        "written by",
        "admins and the member itself. `read`",
        "and `write` are the least that may: `anyone`, `member`, `admin`, `owner`, `app_admin`. A member's key may end",
        "with `self_read` and `self_write`: the member itself may, whatever its role. Reading and writing are "
        "independent:",
        "`Report app_admin member` is written by members and read by the app alone. What `anyone` may read of a group "
        "is read",
        "by GROUP_INFO, also by users whom it tells nothing else of the profile. A key is 1 to 16 of A-Z, a-z,",
        f"0-9 and _; a value is up to {GROUP_VALUE_BYTES_MAX} bytes of a group, {MEMBER_VALUE_BYTES_MAX} of a "
        "member. An "
        "empty value removes the field.",
    ]
    return lines


def _words(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)
