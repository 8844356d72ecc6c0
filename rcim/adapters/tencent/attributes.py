"""Attributes of groups, which rooms have (CR-03)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.service import requests
from rcim.service.results import AttributesPage, AttributesSet

ATTRIBUTES_MAX = 16
TOO_MANY = 10047


def _wanted(call: Call, least: int) -> list[requests.AttributeToSet]:
    """The attributes of a request; the vendor writes `key` and `value` small. Raises TencentError."""
    rows = call.fields.objects("GroupAttr", ATTRIBUTES_MAX, least, code_of_many=TOO_MANY)
    return [requests.AttributeToSet(row.text("key"), row.text("value")) for row in rows]


async def _set(call: Call, attributes: list[requests.AttributeToSet], *, replace: bool) -> Json:
    group_id = call.fields.text("GroupId")
    wanted = requests.RoomAttributesSet(group_id, attributes, forced=True, replace=replace)
    await call.ask(wanted, AttributesSet)
    return {}


@command(GROUP, "group_open_http_svc/modify_group_attr")
async def modify_group_attr(call: Call) -> Json:
    """Sets attributes, whoever has set them before; others stay (CR-03)."""
    return await _set(call, _wanted(call, 1), replace=False)


@command(GROUP, "group_open_http_svc/set_group_attr")
async def set_group_attr(call: Call) -> Json:
    """Sets attributes, and removes all others (CR-03)."""
    return await _set(call, _wanted(call, 1), replace=True)


@command(GROUP, "group_open_http_svc/clear_group_attr")
async def clear_group_attr(call: Call) -> Json:
    """Removes all attributes (CR-03)."""
    return await _set(call, [], replace=True)


@command(GROUP, "group_open_attr_http_svc/get_group_attr", "group_open_http_svc/get_group_attr")
async def get_group_attr(call: Call) -> Json:
    """All attributes of a group; the vendor's Java client looks for it where its companions are (CR-03)."""
    group_id, after, more = call.fields.text("GroupId"), 0, True
    found: dict[str, str] = {}
    while more:
        page = await call.ask(requests.RoomAttributes(group_id, after=after), AttributesPage)
        for row in page.rows:
            if row.removed:
                found.pop(row.key, None)
            else:
                found[row.key] = row.value
            after = row.version
        more = page.more
    return {"GroupAttrAry": [{"key": key, "value": value} for key, value in found.items()]}
