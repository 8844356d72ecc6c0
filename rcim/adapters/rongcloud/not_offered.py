"""Paths of the vendor's API that have no subject here: each answers with the code for a service that is not enabled."""

from __future__ import annotations

from rcim.adapters.rongcloud.codes import NOT_ENABLED, RongError
from rcim.adapters.rongcloud.command import Call, Command, Json

WHY = {
    "friends are the app's own: rcim keeps black and white lists": (
        "/friend/add",
        "/friend/delete",
        "/friend/clean",
        "/friend/profile/set",
        "/friend/get",
        "/friend/check",
        "/friend/permission/set",
        "/friend/permission/get",
    ),
    "what users call each other is the app's own": (
        "/user/remarks/set",
        "/user/remarks/del",
        "/user/remarks/get",
    ),
    "groups of clients' own making are those of group types here": (
        "/entrust/group/create",
        "/entrust/group/profile/update",
        "/entrust/group/query",
        "/entrust/group/profile/query",
        "/entrust/group/quit",
        "/entrust/group/dismiss",
        "/entrust/group/join",
        "/entrust/group/import",
        "/entrust/group/transfer/owner",
        "/entrust/group/member/kick",
        "/entrust/group/member/set",
        "/entrust/group/member/query",
        "/entrust/group/member/specific/query",
        "/entrust/group/member/follow",
        "/entrust/group/member/unfollow",
        "/entrust/group/member/followed/get",
        "/entrust/group/manager/add",
        "/entrust/group/manager/remove",
        "/entrust/group/remarkname/set",
        "/entrust/group/remarkname/delete",
        "/entrust/group/remarkname/query",
        "/entrust/joined/group/query",
    ),
    "profiles have the fields that the settings of the app name": (
        "/user/profile/set",
        "/user/profile/query",
        "/user/profile/batch/query",
        "/user/profile/clean",
        "/user/query",
    ),
    "a deleted account does not come back": (
        "/user/deactivate/query",
        "/user/abandon/query",
        "/user/reactivate",
        "/user/activate",
    ),
    "whether a conversation of a type disturbs, each conversation says itself": (
        "/conversation/type/notification/set",
        "/conversation/type/notification/get",
    ),
    "what a push says, /push says": ("/push/custom",),
    "a room lives for as long as the policy empty_minutes of its type says": ("/chatroom/destroy/set",),
    "groups of users within an ultra group are not offered; channels have their own lists": (
        "/ultragroup/usergroup/add",
        "/ultragroup/usergroup/del",
        "/ultragroup/usergroup/query",
        "/ultragroup/usergroup/user/add",
        "/ultragroup/usergroup/user/del",
        "/ultragroup/user/usergroup/query",
        "/ultragroup/channel/usergroup/bind",
        "/ultragroup/channel/usergroup/unbind",
        "/ultragroup/channel/usergroup/query",
        "/ultragroup/usergroup/channel/query",
    ),
}
"""Why, and the paths that it is said of."""


def _row(path: str, why: str) -> Command:
    async def answer(call: Call) -> Json:
        raise RongError(NOT_ENABLED, f"Not offered: {why}.")

    return Command(path, answer, enabled=False)


NOT_OFFERED: tuple[Command, ...] = tuple(_row(path, why) for why, paths in WHY.items() for path in paths)
