"""Lists of groups: all of the app, and those of a user (GR-05)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.group_fields import (
    FLAG_NAMES,
    ROLE_NAMES,
    Names,
    base_info,
    chosen,
    filters_of,
    group_fields_json,
    names_in,
    row_info,
)
from rcim.adapters.tencent.paging import all_rows, page_at
from rcim.service import requests
from rcim.service.results import GroupFacts, GroupRow, GroupsPage, Types
from rcim.vendors.tencent_ids import TOPIC_TYPE, TYPES, type_of

ALL_GROUPS_MAX = 10_000
JOINED_MAX = 5000
"""Groups in one answer, and groups of a user that are looked at."""
TIMES = frozenset({"LastInfoTime", "LastMsgTime"})
COMMUNITY = TYPES["Community"]


@command(GROUP, "group_open_http_svc/get_appid_group_list", per_s=1)
async def get_appid_group_list(call: Call) -> Json:
    """The ids of all groups of the app, page by page; `Next` 0 ends the list."""
    fields = call.fields
    wanted = type_of(fields.text("GroupType", ""))
    limit = fields.number("Limit", ALL_GROUPS_MAX, most=ALL_GROUPS_MAX) or ALL_GROUPS_MAX

    async def fetch(cursor: str, count: int) -> tuple[list[GroupRow], str]:
        page = await call.ask(requests.AdminGroups(cursor, count), GroupsPage)
        return [row for row in page.groups if _is_listed(row, wanted)], page.next

    offset = fields.number("Next", 0)
    rows, following = await page_at(
        call.places, f"groups {wanted}", fetch, offset, limit, wrong=call.family.parameter
    )
    found = [{"GroupId": row.profile.group_id} for row in rows]
    return {"TotalCount": await _count(call, wanted), "GroupIdList": found, "Next": following}


def _is_listed(row: GroupRow, wanted: str) -> bool:
    """A topic is no group of its own. `wanted`: the type that is asked for; empty: any."""
    return row.profile.type != TOPIC_TYPE and wanted in ("", row.profile.type)


async def _count(call: Call, wanted: str) -> int:
    """How many groups there are of this type, or of all."""
    total, cursor = 0, ""
    while True:
        page = await call.ask(requests.AdminTypes(cursor), Types)
        total += sum(row.groups for row in page.rows if wanted == row.name or (not wanted and row.name != TOPIC_TYPE))
        cursor = page.next
        if not cursor:
            return total


@command(GROUP, "group_open_http_svc/get_joined_group_list")
async def get_joined_group_list(call: Call) -> Json:
    """The groups that a user is in: without those that nobody has written in yet and those without a history, unless
    they are asked for; with SupportTopic 1 those with topics alone."""
    fields = call.fields
    user_id = fields.account("Member_Account")
    limit = fields.number("Limit", JOINED_MAX, most=JOINED_MAX) or JOINED_MAX
    offset = fields.number("Offset", 0)

    async def fetch(cursor: str, count: int) -> tuple[list[GroupRow], str]:
        page = await call.ask(requests.GroupsJoined(cursor, count, user_id), GroupsPage)
        return [row for row in page.groups if _is_wanted(call, row)], page.next

    rows = await all_rows(fetch, JOINED_MAX)
    filters = filters_of(fields)
    inner = fields.within("ResponseFilter")
    own = names_in(inner, "SelfInfoFilter")
    found: list[Json] = []
    for row in rows[offset : offset + limit]:
        made: Json = {"GroupId": row.profile.group_id}
        if filters.base is not None:
            made |= chosen(await _facts(call, row, filters.base), filters.base)
        if filters.group_fields is not None:
            made |= group_fields_json(row.profile.fields, filters.group_fields)
        if own is not None:
            made["SelfInfo"] = chosen(_self_info(row), own)
        found.append(made)
    return {"TotalCount": len(rows), "GroupIdList": found}


def _is_wanted(call: Call, row: GroupRow) -> bool:
    fields = call.fields
    if not _is_listed(row, type_of(fields.text("GroupType", ""))):
        return False
    if row.unstored and not fields.number("WithHugeGroups", 0, most=1):
        return False
    if fields.number("SupportTopic", 0, most=1) and row.profile.type != COMMUNITY:
        return False
    return row.profile.active or bool(fields.number("WithNoActiveGroups", 0, most=1))


async def _facts(call: Call, row: GroupRow, names: Names) -> Json:
    """The base information of a group; its times are looked up only if they are asked for."""
    if names is not None and TIMES.isdisjoint(names):
        return row_info(row)
    return base_info(call, (await call.ask(requests.GroupInfo(row.profile.group_id), GroupFacts)).info)


def _self_info(row: GroupRow) -> Json:
    """What the user is in the group."""
    member = row.member
    if member is None:
        return {}
    return {
        "Role": ROLE_NAMES[member.role],
        "JoinTime": member.join_time_ms // 1000,
        "MsgFlag": FLAG_NAMES[member.msg_flag],
        "MsgSeq": member.read_seq,
        "UnreadMsgNum": row.unread,
    }
