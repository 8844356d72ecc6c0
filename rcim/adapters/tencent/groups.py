"""Groups: create, dissolve (GR-01, GR-03)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.base.terms import ApplyJoinOption
from rcim.service import requests
from rcim.service.results import Created, Done

MEMBERS_AT_CREATION_MAX = 100
JOIN_OPTIONS = {
    "FreeAccess": ApplyJoinOption.FREE_ACCESS,
    "NeedPermission": ApplyJoinOption.NEED_PERMISSION,
    "DisableApply": ApplyJoinOption.DISABLE_APPLY,
}


@command(GROUP, "group_open_http_svc/create_group")
async def create_group(call: Call) -> Json:
    """Creates a group, of up to 100 members beside its owner (GR-01)."""
    fields = call.fields
    members = [row.account("Member_Account") for row in fields.objects("MemberList", MEMBERS_AT_CREATION_MAX)]
    made = await call.ask(
        requests.GroupCreate(
            group_id=fields.text("GroupId", ""),
            type=fields.text("Type"),
            name=fields.text("Name"),
            introduction=fields.text("Introduction", ""),
            notification=fields.text("Notification", ""),
            face_url=fields.text("FaceUrl", ""),
            apply_join_option=fields.choice("ApplyJoinOption", JOIN_OPTIONS, ApplyJoinOption.BY_TYPE),
            members=members,
            owner=fields.account("Owner_Account", ""),
            max_member_num=fields.number("MaxMemberCount", 0),
        ),
        Created,
    )
    return {"GroupId": made.group_id}


@command(GROUP, "group_open_http_svc/destroy_group")
async def destroy_group(call: Call) -> Json:
    """Dissolves a group (GR-01)."""
    await call.ask(requests.GroupDissolve(call.fields.text("GroupId")), Done)
    return {}
