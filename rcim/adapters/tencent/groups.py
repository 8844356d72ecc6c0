"""Groups: create, change, give, dissolve, and what there is of them (GR-01, GR-03, GR-05, GR-06)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import GROUP, TencentError
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.group_fields import (
    JOIN_OPTIONS,
    ROLES,
    SWITCH,
    Filters,
    base_info,
    chosen,
    custom_fields,
    filters_of,
    group_fields_json,
    member_json,
)
from rcim.adapters.tencent.members import members_of
from rcim.adapters.tencent.paging import all_rows
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, Role
from rcim.service import requests
from rcim.service.results import Created, Done, Edited, GroupFacts
from rcim.vendors.tencent_ids import type_of

MEMBERS_AT_CREATION_MAX = 100
TOO_MANY_ACCOUNTS, ANSWER_TOO_LONG = 10005, 10018
GROUPS_AT_ONCE = 50
MEMBERS_SHOWN = 500
"""Members of one group that get_group_info names; all of them: get_group_member_info."""
MEMBERS_IN_ANSWER = 5000
"""Of all groups of one answer: some 1 MB."""


@command(GROUP, "group_open_http_svc/create_group")
async def create_group(call: Call) -> Json:
    """Creates a group, of up to 100 members beside its owner; some of them may be admins, and have fields (GR-01)."""
    fields = call.fields
    rows = fields.objects("MemberList", MEMBERS_AT_CREATION_MAX, code_of_many=TOO_MANY_ACCOUNTS)
    members = [row.account("Member_Account") for row in rows]
    roles = [row.choice("Role", ROLES, Role.MEMBER) for row in rows]
    if Role.OWNER in roles:
        raise fields.refuse("MemberList", "may not name an owner: Owner_Account does")
    made = await call.ask(
        requests.AdminGroupCreate(
            group_id=fields.text("GroupId", ""),
            type=type_of(fields.text("Type")),
            name=fields.text("Name"),
            introduction=fields.text("Introduction", ""),
            notification=fields.text("Notification", ""),
            face_url=fields.text("FaceUrl", ""),
            apply_join_option=fields.choice("ApplyJoinOption", JOIN_OPTIONS, ApplyJoinOption.BY_TYPE),
            members=members,
            owner=fields.account("Owner_Account", ""),
            max_member_num=fields.number("MaxMemberCount", 0),
            fields=custom_fields(fields, "AppDefinedData"),
            admins=[user for user, role in zip(members, roles, strict=True) if role is Role.ADMIN],
            member_fields={
                user: found
                for user, row in zip(members, rows, strict=True)
                if (found := custom_fields(row, "AppMemberDefinedData"))
            },
        ),
        Created,
    )
    return {"GroupId": made.group_id}


@command(GROUP, "group_open_http_svc/modify_group_base_info")
async def modify_group_base_info(call: Call) -> Json:
    """Changes a group's profile, all of it or nothing; also whether all are muted (GR-03, SC-03)."""
    fields = call.fields
    muted = "MuteAllMember" if "MuteAllMember" in fields else "ShutUpAllMember"
    await call.ask(
        requests.GroupSet(
            group_id=fields.text("GroupId"),
            name=fields.text("Name") if "Name" in fields else None,
            introduction=fields.text("Introduction") if "Introduction" in fields else None,
            notification=fields.text("Notification") if "Notification" in fields else None,
            face_url=fields.text("FaceUrl") if "FaceUrl" in fields else None,
            apply_join_option=fields.choice("ApplyJoinOption", JOIN_OPTIONS, None),
            max_member_num=fields.number("MaxMemberNum") if "MaxMemberNum" in fields else None,
            fields=custom_fields(fields, "AppDefinedData"),
            mute_all=fields.choice(muted, SWITCH, None),
        ),
        Edited,
    )
    return {}


@command(GROUP, "group_open_http_svc/change_group_owner")
async def change_group_owner(call: Call) -> Json:
    """Gives a group to another member (GR-01)."""
    fields = call.fields
    await call.ask(requests.GroupOwnerSet(fields.text("GroupId"), fields.account("NewOwner_Account")), Done)
    return {}


@command(GROUP, "group_open_http_svc/destroy_group")
async def destroy_group(call: Call) -> Json:
    """Dissolves a group (GR-01)."""
    await call.ask(requests.GroupDissolve(call.fields.text("GroupId")), Done)
    return {}


@command(GROUP, "group_open_http_svc/get_group_info")
async def get_group_info(call: Call) -> Json:
    """The profiles of up to 50 groups, each with its first 500 members, or with the code of why it can't be told."""
    groups = call.fields.rows("GroupIdList", GROUPS_AT_ONCE, least=1)
    for at, one in enumerate(groups):
        if not isinstance(one, str):
            raise call.fields.refuse(f"GroupIdList[{at}]", "has to be a string")
    filters = filters_of(call.fields)
    found: list[Json] = []
    shown = 0
    for group_id in groups:
        found.append(await _group_info(call, group_id, filters))
        shown += len(found[-1].get("MemberList", ()))
        if shown > MEMBERS_IN_ANSWER:
            raise TencentError(ANSWER_TOO_LONG, "the answer would have too many members; ask for fewer groups")
    return {"GroupInfo": found}


async def _group_info(call: Call, group_id: str, filters: Filters) -> Json:
    try:
        info = (await call.ask(requests.GroupInfo(group_id), GroupFacts)).info
        made = {"GroupId": group_id, "ErrorCode": 0, "ErrorInfo": "", **chosen(base_info(call, info), filters.base)}
        if filters.base is None or filters.group_fields is not None:
            made |= group_fields_json(info.fields, filters.group_fields)
        if filters.member is None or filters.member:
            rows = await all_rows(members_of(call, group_id), MEMBERS_SHOWN)
            made["MemberList"] = [member_json(row, filters) for row in rows]
        return made
    except RcimError as error:
        return {
            "GroupId": group_id,
            "ErrorCode": call.code_of(error),
            "ErrorInfo": error.detail or error.code.meaning,
        }


@command(GROUP, "group_open_http_svc/get_online_member_num")
async def get_online_member_num(call: Call) -> Json:
    """How many members of a group are online (GR-03)."""
    found = await call.ask(requests.GroupInfo(call.fields.text("GroupId")), GroupFacts)
    return {"OnlineMemberNum": found.online_num}
