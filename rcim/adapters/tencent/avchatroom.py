"""What the vendor has of AVChatRooms alone: their members (CR-05)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.members import members_of
from rcim.adapters.tencent.paging import page_at
from rcim.service import requests
from rcim.service.results import Profiles

MEMBERS_AT_ONCE, PROFILES_AT_ONCE = 500, 100


@command(GROUP, "group_open_avchatroom_http_svc/get_members")
async def get_members(call: Call) -> Json:
    """The members of a room, 500 at once. `Timestamp` is the `NextTimestamp` of the answer before; 0: the first ones."""
    fields = call.fields
    group_id, offset = fields.text("GroupId"), fields.number("Timestamp")
    what = f"members {group_id} []"
    rows, following = await page_at(
        call.places, what, members_of(call, group_id), offset, MEMBERS_AT_ONCE, wrong=call.family.parameter
    )
    names = await _names(call, [row.member.user_id for row in rows])
    found = [
        {
            "Member_Account": row.member.user_id,
            "JoinTime": row.member.join_time_ms // 1000,
            "NickName": names[row.member.user_id][0],
            "Avatar": names[row.member.user_id][1],
        }
        for row in rows
    ]
    return {"MemberList": found, "NextTimestamp": following}


async def _names(call: Call, users: list[str]) -> dict[str, tuple[str, str]]:
    """The nickname and the face of each of these users."""
    found: dict[str, tuple[str, str]] = dict.fromkeys(users, ("", ""))
    while users:
        page = await call.ask(requests.ProfilesGet(users[:PROFILES_AT_ONCE]), Profiles)
        found |= {row.user_id: (row.profile.nickname, row.profile.face_url) for row in page.rows}
        users = users[page.taken :]
    return found
