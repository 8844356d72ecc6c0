"""Members of groups: add, remove, change, list (GR-02, GR-04, GR-05, GR-06)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.fields import Fields
from rcim.adapters.tencent.group_fields import (
    FLAGS,
    ROLE_NAMES,
    ROLES,
    Filters,
    custom_fields,
    member_json,
    names_in,
)
from rcim.adapters.tencent.paging import Fetch, page_at
from rcim.base.errors import NOT_PERMITTED, RcimError
from rcim.base.terms import AddResult, Role
from rcim.service import requests
from rcim.service.results import Added, Done, GroupFacts, Info, MemberRow, Members
from rcim.vendors.tencent_ids import TYPES

ADDED_MAX, REMOVED_MAX, ROLES_ASKED_MAX = 300, 100, 500
LISTED_MAX = 6000
"""Members in one answer."""
ASKED_AT_ONCE = 100
TOO_MANY_ACCOUNTS = 10005
RESULTS = {AddResult.ADDED: 1, AddResult.ALREADY: 2, AddResult.WAITING: 3}
"""The vendor's numbers; 0: the user was not added, for whatever reason."""
COMMUNITY, ROOM = TYPES["Community"], "AVChatRoom"


def members_of(call: Call, group_id: str, roles: frozenset[Role] = frozenset()) -> Fetch[MemberRow]:
    """Reads the members of a group page by page, those with one of these roles; none: all."""
    role = next(iter(roles)) if len(roles) == 1 else None

    async def fetch(cursor: str, count: int) -> tuple[list[MemberRow], str]:
        page = await call.ask(requests.GroupMembers(group_id, cursor, count, role), Members)
        return [row for row in page.rows if not roles or row.member.role in roles], page.next

    return fetch


def silence(fields: Fields) -> bool:
    """Whether the others get no notice of it. Raises TencentError."""
    return fields.number("Silence", 0, most=1) == 1


def results_json(added: Added) -> list[Json]:
    """What became of each user."""
    return [{"Member_Account": user, "Result": RESULTS.get(result, 0)} for user, result in added.results]


@command(GROUP, "group_open_http_svc/add_group_member")
async def add_group_member(call: Call) -> Json:
    """Adds up to 300 users to a group; with `Silence` 1 the others get no notice (GR-05, GT-07)."""
    fields = call.fields
    rows = fields.objects("MemberList", ADDED_MAX, least=1, code_of_many=TOO_MANY_ACCOUNTS)
    users = list(dict.fromkeys(row.account("Member_Account") for row in rows))
    added = await call.ask(requests.GroupInvite(fields.text("GroupId"), users, silence(fields)), Added)
    return {"MemberList": results_json(added)}


@command(GROUP, "group_open_http_svc/delete_group_member")
async def delete_group_member(call: Call) -> Json:
    """Removes up to 100 members, all of them or none (GR-05). The vendor refuses it in AVChatRooms with the code of a
    wrong parameter."""
    fields = call.fields
    group_id = fields.text("GroupId")
    users = fields.accounts("MemberToDel_Account", REMOVED_MAX, code_of_many=TOO_MANY_ACCOUNTS)
    kick = requests.GroupKick(group_id, users, fields.text("Reason", ""), silence(fields))
    try:
        await call.ask(kick, Done)
    except RcimError as error:
        if error.code != NOT_PERMITTED or (await _info(call, group_id)).profile.type != ROOM:
            raise
        raise fields.refuse("GroupId", "names an AVChatRoom: nobody removes members of one") from None
    return {}


@command(GROUP, "group_open_http_svc/modify_group_member_info")
async def modify_group_member_info(call: Call) -> Json:
    """Changes what a group keeps of a member, and mutes it, all of it or nothing (GR-04, SC-02)."""
    fields = call.fields
    mute = "MuteTime" if "MuteTime" in fields else "ShutUpTime"
    await call.ask(
        requests.GroupMemberSet(
            group_id=fields.text("GroupId"),
            user_id=fields.account("Member_Account"),
            name_card=fields.text("NameCard") if "NameCard" in fields else None,
            msg_flag=fields.choice("MsgFlag", FLAGS, None),
            role=fields.choice("Role", ROLES, None),
            fields=custom_fields(fields, "AppMemberDefinedData"),
            mute_s=fields.number(mute) if mute in fields else None,
        ),
        Done,
    )
    return {}


@command(GROUP, "group_open_http_svc/set_unread_msg_num")
async def set_unread_msg_num(call: Call) -> Json:
    """Says how many of the newest messages a member has not read (GR-08)."""
    fields = call.fields
    user_id, unread = fields.account("Member_Account"), fields.number("UnreadMsgNum")
    await call.ask(requests.GroupMemberSet(fields.text("GroupId"), user_id, unread=unread), Done)
    return {}


@command(GROUP, "group_open_http_svc/get_group_member_info")
async def get_group_member_info(call: Call) -> Json:
    """The members of a group, page by page: by `Offset`, or by `Next` in a community."""
    fields = call.fields
    group_id = fields.text("GroupId")
    filters = Filters(
        member=names_in(fields, "MemberInfoFilter"),
        member_fields=names_in(fields, "AppDefinedDataFilter_GroupMember"),
    )
    fetch = members_of(call, group_id, _role_filter(fields))
    limit = fields.number("Limit", LISTED_MAX, most=LISTED_MAX) or LISTED_MAX
    offset, cursor = fields.number("Offset", 0), fields.text("Next", "")
    info = await _info(call, group_id)
    if info.profile.type == COMMUNITY or cursor:
        rows, following = await _from_cursor(fetch, cursor, limit)
    else:
        what = f"members {group_id} {sorted(_role_filter(fields))}"
        rows, _ = await page_at(call.places, what, fetch, offset, limit, wrong=call.family.parameter)
        following = ""
    return {
        "MemberNum": info.member_num,
        "MemberList": [member_json(row, filters) for row in rows],
        "Next": following,
    }


async def _info(call: Call, group_id: str) -> Info:
    """Raises RcimError."""
    return (await call.ask(requests.GroupInfo(group_id), GroupFacts)).info


def _role_filter(fields: Fields) -> frozenset[Role]:
    """The roles that are asked for; none: all. Raises TencentError."""
    names = fields.rows("MemberRoleFilter", len(ROLES))
    if not all(isinstance(name, str) and name in ROLES for name in names):
        raise fields.refuse("MemberRoleFilter", f"has to be an array of {', '.join(ROLES)}")
    return frozenset(ROLES[name] for name in names)


async def _from_cursor(fetch: Fetch[MemberRow], cursor: str, limit: int) -> tuple[list[MemberRow], str]:
    """Up to `limit` members behind a cursor, and the next cursor; empty: there are no more."""
    found: list[MemberRow] = []
    while True:
        rows, cursor = await fetch(cursor, min(limit - len(found), ASKED_AT_ONCE))
        found += rows
        if not cursor or len(found) >= limit:
            return found, cursor


@command(GROUP, "group_open_http_svc/get_specified_group_member_info")
async def get_specified_group_member_info(call: Call) -> Json:
    """Some members of a group; who is none is left out (GR-04)."""
    fields = call.fields
    users = fields.accounts("Member_List_Account", ASKED_AT_ONCE, code_of_many=TOO_MANY_ACCOUNTS)
    filters = Filters(
        member=names_in(fields, "MemberInfoFilter"),
        member_fields=names_in(fields, "AppDefinedDataFilter_GroupMember"),
    )
    roles = _role_filter(fields)
    found = await call.ask(requests.GroupMemberGet(fields.text("GroupId"), users), Members)
    rows = [row for row in found.rows if not roles or row.member.role in roles]
    return {"MemberNum": len(rows), "MemberList": [member_json(row, filters) for row in rows]}


@command(GROUP, "group_open_http_svc/get_role_in_group")
async def get_role_in_group(call: Call) -> Json:
    """What up to 500 users are in a group (GR-02)."""
    fields = call.fields
    group_id = fields.text("GroupId")
    users = fields.accounts("User_Account", ROLES_ASKED_MAX, code_of_many=TOO_MANY_ACCOUNTS)
    roles: dict[str, str] = {}
    for at in range(0, len(users), ASKED_AT_ONCE):
        page = await call.ask(requests.GroupMemberGet(group_id, users[at : at + ASKED_AT_ONCE]), Members)
        roles |= {row.member.user_id: ROLE_NAMES[row.member.role] for row in page.rows}
    return {"UserIdList": [{"Member_Account": user, "Role": roles.get(user, "NotMember")} for user in users]}
