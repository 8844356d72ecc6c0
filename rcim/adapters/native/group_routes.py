"""Routes of groups, their members, rooms, channels, and groups that are brought over."""

from __future__ import annotations

from rcim.adapters.native import pages
from rcim.adapters.native.routes import Route
from rcim.service import requests

GROUP = "/v1/groups/{group_id}"
BY_USER = {"user_id": "users"}

PROFILES = (
    Route("POST", "/v1/groups", requests.AdminGroupCreate, defaults={"group_id": ""}, status=201),
    Route("GET", "/v1/groups", requests.AdminGroups, pages=pages.by_cursor("groups")),
    Route("GET", "/v1/found-groups", requests.GroupFind, pages=pages.by_cursor("groups")),
    Route("GET", GROUP, requests.GroupInfo),
    Route("PATCH", GROUP, requests.GroupSet),
    Route("DELETE", GROUP, requests.GroupDissolve),
    Route("PUT", GROUP + "/owner", requests.GroupOwnerSet),
    Route("PUT", GROUP + "/mute-all", requests.GroupMuteAll),
    Route("POST", GROUP + "/notices", requests.AdminNotice, defaults={"users": ()}),
    Route("POST", GROUP + "/trim", requests.HistoryTrim),
)
MEMBERS = (
    Route("GET", GROUP + "/members", requests.GroupMembers, pages=pages.by_cursor("rows")),
    Route("POST", GROUP + "/members", requests.GroupInvite, pages=pages.whole("results")),
    Route("DELETE", GROUP + "/members", requests.GroupKick),
    Route(
        "GET",
        GROUP + "/members/{user_id}",
        requests.GroupMemberGet,
        one_of=BY_USER,
        pages=pages.whole("rows"),
    ),
    Route("PATCH", GROUP + "/members/{user_id}", requests.GroupMemberSet),
    Route("POST", GROUP + "/mutes", requests.GroupMute),
    Route("GET", GROUP + "/mutes", requests.GroupMuted, pages=pages.by_cursor("marks")),
    Route("POST", GROUP + "/blocks", requests.GroupBlock),
    Route("GET", GROUP + "/blocks", requests.GroupBlocked, pages=pages.by_cursor("marks")),
    Route("GET", GROUP + "/applications", requests.GroupApplications, pages=pages.by_cursor("marks")),
    Route("POST", GROUP + "/applications/{user_id}", requests.GroupApplicationDecide),
)
OF_USERS = (
    Route("GET", "/v1/users/{user_id}/groups", requests.GroupsJoined, pages=pages.by_cursor("groups")),
    Route("PUT", "/v1/users/{user_id}/groups", requests.AdminGroupsSync, pages=pages.whole("results", "more")),
    Route("POST", "/v1/users/{user_id}/groups", requests.GroupJoin, acts=True),
    Route("DELETE", "/v1/users/{user_id}/groups/{group_id}", requests.GroupLeave, acts=True),
    Route(
        "POST",
        "/v1/users/{user_id}/groups/{group_id}/invitations",
        requests.GroupInvite,
        acts=True,
        pages=pages.whole("results", "name"),
    ),
    Route("GET", "/v1/users/{user_id}/groups/{group_id}/push-level", requests.PushLevelGet, acts=True),
    Route("PUT", "/v1/users/{user_id}/groups/{group_id}/push-level", requests.PushLevelSet, acts=True),
    Route("GET", "/v1/users/{user_id}/applications", requests.ApplicationsOwn, pages=pages.by_cursor("rows")),
    Route(
        "GET", "/v1/users/{user_id}/invitations", requests.GroupInvitations, acts=True, pages=pages.by_cursor("rows")
    ),
    Route("POST", "/v1/users/{user_id}/invitations/{group_id}", requests.GroupInvitationAnswer, acts=True),
)
ROOMS = (
    Route("GET", GROUP + "/attributes", requests.RoomAttributes, pages=pages.ATTRIBUTES),
    Route("PUT", GROUP + "/attributes", requests.RoomAttributesSet),
    Route("DELETE", GROUP + "/attributes", requests.RoomAttributesDelete),
    Route("GET", "/v1/rooms", requests.AdminRooms, pages=pages.whole("groups")),
    Route("GET", "/v1/kept-rooms", requests.AdminRoomsKept, pages=pages.by_cursor("groups")),
    Route("PATCH", "/v1/rooms/{group_id}", requests.AdminRoomSet),
    Route("GET", "/v1/rooms/{group_id}/protected-users", requests.AdminRoomProtected, pages=pages.whole("entries")),
)
CHANNELS = (
    Route("POST", GROUP + "/channels", requests.ChannelCreate, status=201),
    Route("GET", GROUP + "/channels", requests.Channels, pages=pages.whole("rows")),
    Route("GET", "/v1/channels/{group_id}/users", requests.ChannelUsers, pages=pages.by_cursor("entries")),
    Route("PATCH", "/v1/channels/{group_id}/users", requests.ChannelUsersChange),
    Route("PUT", "/v1/channels/{group_id}/private", requests.ChannelPrivateSet),
    Route("PUT", GROUP + "/push-level", requests.PushLevelSet),
)
IMPORTS = (
    Route("POST", "/v1/imports", requests.AdminGroupImport, defaults={"group_id": "", "owner": ""}, status=201),
    Route("POST", "/v1/imports/{group_id}/members", requests.AdminMembersImport, pages=pages.whole("results")),
    Route("POST", "/v1/imports/{group_id}/messages", requests.AdminMessagesImport),
    Route("POST", "/v1/imports/{group_id}/finish", requests.AdminImportFinish),
)
ROUTES = (*PROFILES, *MEMBERS, *OF_USERS, *ROOMS, *CHANNELS, *IMPORTS)
