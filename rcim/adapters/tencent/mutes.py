"""Who may not send into a group, and who may not be in it (SC-02, GR-11)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.group_fields import group_of, until_s
from rcim.adapters.tencent.paging import Fetch, all_rows, page_at
from rcim.service import requests
from rcim.service.results import Done, Marks

MUTED_AT_ONCE, BANNED_AT_ONCE = 500, 100
LISTED_MAX = 10_000
TOO_MANY_ACCOUNTS = 10005
Until = tuple[str, int]
"""A user, and until when; ms."""


@command(GROUP, "group_open_http_svc/forbid_send_msg")
async def forbid_send_msg(call: Call) -> Json:
    """Mutes up to 500 users for a time; 0 ends it (SC-02)."""
    fields = call.fields
    users = fields.accounts("Members_Account", MUTED_AT_ONCE, code_of_many=TOO_MANY_ACCOUNTS)
    seconds = fields.number("MuteTime" if "MuteTime" in fields else "ShutUpTime")
    await call.ask(requests.GroupMute(group_of(fields), users, seconds), Done)
    return {}


@command(GROUP, "group_open_http_svc/get_group_muted_account")
async def get_group_muted_account(call: Call) -> Json:
    """Who is muted in a group, and until when (SC-02)."""
    muted = await _muted(call)
    return {
        "GroupId": call.fields.text("GroupId"),
        "MutedAccountList": [{"Member_Account": user, "MutedUntil": until_s(until)} for user, until in muted],
    }


@command(GROUP, "group_open_http_svc/get_group_shutted_uin")
async def get_group_shutted_uin(call: Call) -> Json:
    """As get_group_muted_account, under the names that the vendor had before."""
    muted = await _muted(call)
    return {
        "GroupId": call.fields.text("GroupId"),
        "ShuttedUinList": [{"Member_Account": user, "ShuttedUntil": until_s(until)} for user, until in muted],
    }


async def _muted(call: Call) -> list[Until]:
    group_id = group_of(call.fields)

    async def fetch(cursor: str, count: int) -> tuple[list[Until], str]:
        page = await call.ask(requests.GroupMuted(group_id, cursor, count), Marks)
        return [(mark.user_id, mark.muted_until_ms) for mark in page.marks], page.next

    return await all_rows(fetch, LISTED_MAX)


@command(GROUP, "group_open_http_svc/ban_group_member")
async def ban_group_member(call: Call) -> Json:
    """Removes users from a group and keeps them out for a time (GR-11)."""
    fields = call.fields
    users = fields.accounts("Members_Account", BANNED_AT_ONCE, code_of_many=TOO_MANY_ACCOUNTS)
    seconds = fields.number("Duration")
    if not seconds:
        raise fields.refuse("Duration", "has to be at least 1 second; unban_group_member ends it")
    await call.ask(requests.GroupBlock(fields.text("GroupId"), users, seconds, fields.text("Description", "")), Done)
    return {}


@command(GROUP, "group_open_http_svc/unban_group_member")
async def unban_group_member(call: Call) -> Json:
    """Lets users in again (GR-11)."""
    fields = call.fields
    users = fields.accounts("Members_Account", BANNED_AT_ONCE, code_of_many=TOO_MANY_ACCOUNTS)
    await call.ask(requests.GroupBlock(fields.text("GroupId"), users, 0), Done)
    return {}


@command(GROUP, "group_open_http_svc/get_group_ban_member")
async def get_group_ban_member(call: Call) -> Json:
    """Who is kept out of a group, page by page; `NextOffset` 0 ends the list (GR-11)."""
    fields = call.fields
    group_id = fields.text("GroupId")
    limit = fields.number("Limit", BANNED_AT_ONCE, most=BANNED_AT_ONCE) or BANNED_AT_ONCE
    found, following = await page_at(
        call.places,
        f"banned {group_id}",
        _banned(call, group_id),
        fields.number("Offset", 0),
        limit,
        wrong=call.family.parameter,
    )
    rows = [{"Member_Account": user, "BannedUntil": until_s(until)} for user, until in found]
    return {"BannedAccountList": rows, "NextOffset": following}


def _banned(call: Call, group_id: str) -> Fetch[Until]:
    async def fetch(cursor: str, count: int) -> tuple[list[Until], str]:
        page = await call.ask(requests.GroupBlocked(group_id, cursor, count), Marks)
        return [(mark.user_id, mark.blocked_until_ms) for mark in page.marks], page.next

    return fetch
