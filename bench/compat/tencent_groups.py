"""Tencent's commands for groups and their members, each called once and looked at from another side (AB-02)."""

from __future__ import annotations

import time

from rcim_bench.compat.case import Found, Json, State, Trial, case, check

from rcim.base.terms import MsgFlag, Role

GROUPS = "group_open_http_svc/"


def rows(*users: str) -> list[Json]:
    """A MemberList."""
    return [{"Member_Account": user} for user in users]


async def group(on: Trial, *members: str, type_: str = "Public", **more: object) -> str:
    """The id of a new group of alice and these members."""
    body = {"Type": type_, "Name": "Lobby", "Owner_Account": "alice", "MemberList": rows(*members), **more}
    return str((await on.tencent_ok(GROUPS + "create_group", body))["GroupId"])


async def refused(on: Trial, command: str, body: Json, code: int) -> None:
    """Raises CaseFailed unless the command is refused with this code."""
    said = await on.tencent(command, body)
    check(said.get("ErrorCode") == code, f"{command}: {said.get('ErrorCode')}, expected {code}")


@case("tencent", GROUPS + "create_group")
async def create(on: Trial) -> Found:
    """Old and new names of types mean the same; the answer has the old ones."""
    made = await group(on, "bob", type_="Work", MaxMemberCount=50, Introduction="intro")
    info = await on.admin.info(made)
    check(
        (info.type_, info.owner, info.max_member_num, info.introduction) == ("Private", "alice", 50, "intro"), "info"
    )
    check({m.user_id for m in await on.admin.members(made)} == {"alice", "bob"}, "members")
    await refused(on, GROUPS + "create_group", {"Type": "Nothing", "Name": "x"}, 10004)
    await on.tencent_ok(GROUPS + "create_group", {"Type": "Community", "Name": "x", "SupportTopic": 0})
    return Found(State.DIFFERS, "SupportTopic is ignored: every community has topics")


@case("tencent", GROUPS + "get_appid_group_list")
async def all_groups(on: Trial) -> None:
    """The list names every group, and ends with Next 0."""
    made = await group(on)
    found = await on.tencent_ok(GROUPS + "get_appid_group_list", {"GroupType": "Public"})
    check({"GroupId": made} in found["GroupIdList"] and found["Next"] == 0, "the group is not listed")
    check(found["TotalCount"] == len(found["GroupIdList"]), "TotalCount")


@case("tencent", GROUPS + "get_joined_group_list")
async def joined_groups(on: Trial) -> Found:
    """A user's groups, with what is asked for of each."""
    user = on.name("user")
    made = await group(on, user)
    wanted = {"GroupBaseInfoFilter": ["Name"], "SelfInfoFilter": ["Role"]}
    found = await on.tencent_ok(
        GROUPS + "get_joined_group_list", {"Member_Account": user, "Limit": 10, "Offset": 0, "ResponseFilter": wanted}
    )
    check(found["TotalCount"] == 1, "TotalCount")
    own = {"GroupId": made, "Name": "Lobby", "SelfInfo": {"Role": "Member"}}
    check(found["GroupIdList"] == [own], "the group is not as it was asked for")
    body = {"Type": "Community", "Name": "x", "Owner_Account": user}
    await on.tencent_ok(GROUPS + "create_group", body)
    found = await on.tencent_ok(GROUPS + "get_joined_group_list", {"Member_Account": user, "SupportTopic": 0})
    check(found["TotalCount"] == 2, "the community is left out")
    return Found(State.DIFFERS, "SupportTopic 0 leaves no community out: every community has topics")


@case("tencent", GROUPS + "destroy_group")
async def destroy(on: Trial) -> None:
    """The group is gone, and stays so."""
    made = await group(on)
    await on.tencent_ok(GROUPS + "destroy_group", {"GroupId": made})
    await refused(on, GROUPS + "destroy_group", {"GroupId": made}, 10010)
    check(made not in {g.group_id for g in await on.admin.all_groups()}, "the group is still there")


@case("tencent", GROUPS + "modify_group_base_info")
async def modify(on: Trial) -> None:
    """The profile, and the mute of all under its old and new name."""
    made = await group(on)
    await on.tencent_ok(GROUPS + "modify_group_base_info", {"GroupId": made, "Name": "Hall", "ShutUpAllMember": "On"})
    info = await on.admin.info(made)
    check((info.name, info.mute_all) == ("Hall", True), "it is not changed")
    await on.tencent_ok(GROUPS + "modify_group_base_info", {"GroupId": made, "MuteAllMember": "Off"})
    check(not (await on.admin.info(made)).mute_all, "the mute goes on")


@case("tencent", GROUPS + "get_group_info")
async def info_of(on: Trial) -> Found:
    """Each group has a code of its own; members are named up to a bound."""
    users = [f"u{number}" for number in range(501)]
    made = await group(on)
    for at in range(0, len(users), 300):
        await on.tencent_ok(GROUPS + "add_group_member", {"GroupId": made, "MemberList": rows(*users[at : at + 300])})
    found = (await on.tencent_ok(GROUPS + "get_group_info", {"GroupIdList": [made, "nothing"]}))["GroupInfo"]
    check([one["ErrorCode"] for one in found] == [0, 10010], "codes")
    check(found[0]["MemberNum"] == 502 and len(found[0]["MemberList"]) == 500, "members")
    return Found(State.DIFFERS, "MemberList has the first 500 members; get_group_member_info has all")


@case("tencent", GROUPS + "get_group_member_info")
async def members(on: Trial) -> None:
    """Page by page, by Offset."""
    made = await group(on, "bob", "carol")
    seen: list[str] = []
    for offset in (0, 2):
        page = await on.tencent_ok(
            GROUPS + "get_group_member_info", {"GroupId": made, "Limit": 2, "Offset": offset, "MemberInfoFilter": []}
        )
        seen += [one["Member_Account"] for one in page["MemberList"]]
    check(seen == ["alice", "bob", "carol"] and page["MemberNum"] == 3, f"{seen}")


@case("tencent", GROUPS + "get_specified_group_member_info")
async def some_members(on: Trial) -> None:
    """Those that are named and are members."""
    made = await group(on, "bob", "carol")
    body = {"GroupId": made, "Member_List_Account": ["carol", "nobody"]}
    page = await on.tencent_ok(GROUPS + "get_specified_group_member_info", body)
    check([one["Member_Account"] for one in page["MemberList"]] == ["carol"], "members")


@case("tencent", GROUPS + "add_group_member")
async def add(on: Trial) -> None:
    """A result for each, and with Silence no notice."""
    made = await group(on)
    body = {"GroupId": made, "MemberList": rows("alice", "bob"), "Silence": 1}
    added = await on.tencent_ok(GROUPS + "add_group_member", body)
    check([one["Result"] for one in added["MemberList"]] == [2, 1], "results")
    check((await on.admin.info(made)).next_msg_seq == 1, "there is a notice")
    check(len(await on.admin.members(made)) == 2, "nobody was added")


@case("tencent", GROUPS + "delete_group_member")
async def delete(on: Trial) -> Found:
    """All of them, or none if one is no member."""
    made = await group(on, "bob", "carol")
    body: Json = {"GroupId": made, "MemberToDel_Account": ["bob", "nobody"]}
    await refused(on, GROUPS + "delete_group_member", body, 10004)
    check(len(await on.admin.members(made)) == 3, "one was removed")
    await on.tencent_ok(
        GROUPS + "delete_group_member", {"GroupId": made, "MemberToDel_Account": ["bob"], "Silence": 1}
    )
    check(len(await on.admin.members(made)) == 2, "nobody was removed")
    return Found(State.DIFFERS, "if one of the users is no member, the code is 10004 and nobody is removed")


@case("tencent", GROUPS + "modify_group_member_info")
async def modify_member(on: Trial) -> None:
    """Role, MsgFlag, name card and mute, under old and new names."""
    made = await group(on, "bob")
    body = {"GroupId": made, "Member_Account": "bob", "Role": "Admin", "MsgFlag": "Discard", "NameCard": "Bobby"}
    await on.tencent_ok(GROUPS + "modify_group_member_info", body)
    bob = (await on.admin.some_members(made, ["bob"]))["bob"]
    check((bob.role, bob.msg_flag, bob.name_card) == (Role.ADMIN, MsgFlag.DISCARD, "Bobby"), "it is not changed")
    body = {"GroupId": made, "Member_Account": "bob", "Role": "Member", "ShutUpTime": 60}
    await on.tencent_ok(GROUPS + "modify_group_member_info", body)
    check("bob" in await on.admin.muted(made), "the member is not muted")


@case("tencent", GROUPS + "change_group_owner")
async def change_owner(on: Trial) -> None:
    """Another member owns it."""
    made = await group(on, "bob")
    await on.tencent_ok(GROUPS + "change_group_owner", {"GroupId": made, "NewOwner_Account": "bob"})
    check((await on.admin.info(made)).owner == "bob", "the owner is the same")


@case("tencent", GROUPS + "get_role_in_group")
async def role(on: Trial) -> None:
    """Also of who is no member."""
    made = await group(on, "bob")
    found = await on.tencent_ok(
        GROUPS + "get_role_in_group", {"GroupId": made, "User_Account": ["alice", "bob", "x"]}
    )
    check([one["Role"] for one in found["UserIdList"]] == ["Owner", "Member", "NotMember"], "roles")


@case("tencent", GROUPS + "forbid_send_msg", GROUPS + "get_group_muted_account", GROUPS + "get_group_shutted_uin")
async def mutes(on: Trial) -> None:
    """A mute without an end, as both lists have it."""
    made = await group(on, "bob")
    body = {"GroupId": made, "Members_Account": ["bob"], "MuteTime": 4294967295}
    await on.tencent_ok(GROUPS + "forbid_send_msg", body)
    check("bob" in await on.admin.muted(made), "the member is not muted")
    new = await on.tencent_ok(GROUPS + "get_group_muted_account", {"GroupId": made})
    check(new["MutedAccountList"] == [{"Member_Account": "bob", "MutedUntil": 4294967295}], "the new list")
    old = await on.tencent_ok(GROUPS + "get_group_shutted_uin", {"GroupId": made})
    check(old["ShuttedUinList"] == [{"Member_Account": "bob", "ShuttedUntil": 4294967295}], "the old list")
    await on.tencent_ok(GROUPS + "forbid_send_msg", {"GroupId": made, "Members_Account": ["bob"], "ShutUpTime": 0})
    check(not await on.admin.muted(made), "the mute goes on")


@case("tencent", GROUPS + "ban_group_member", GROUPS + "unban_group_member", GROUPS + "get_group_ban_member")
async def bans(on: Trial) -> Found:
    """Groups of all types keep users out, not only AVChatRooms."""
    made = await group(on, "bob")
    await on.tencent_ok(GROUPS + "ban_group_member", {"GroupId": made, "Members_Account": ["bob"], "Duration": 60})
    check(len(await on.admin.members(made)) == 1 and "bob" in await on.admin.blocked(made), "the user is not banned")
    page = await on.tencent_ok(GROUPS + "get_group_ban_member", {"GroupId": made, "Limit": 10, "Offset": 0})
    check([one["Member_Account"] for one in page["BannedAccountList"]] == ["bob"] and not page["NextOffset"], "list")
    await on.tencent_ok(GROUPS + "unban_group_member", {"GroupId": made, "Members_Account": ["bob"]})
    check(not await on.admin.blocked(made), "the ban goes on")
    return Found(State.DIFFERS, "groups of all types keep users out, not AVChatRooms alone")


@case("tencent", GROUPS + "import_group", GROUPS + "import_group_member", GROUPS + "import_group_msg")
async def imports(on: Trial) -> Found:
    """The group is open at once; messages are imported until the first one is sent."""
    created = int(time.time()) - 1000
    body: Json = {"Type": "Public", "Name": "old", "Owner_Account": "alice", "CreateTime": created}
    made = (await on.tencent_ok(GROUPS + "import_group", body))["GroupId"]
    check((await on.admin.info(made)).create_time_ms == created * 1000, "CreateTime")
    member = {"Member_Account": "bob", "Role": "Admin", "JoinTime": created + 5}
    await on.tencent_ok(GROUPS + "import_group_member", {"GroupId": made, "MemberList": [member]})
    bob = (await on.admin.some_members(made, ["bob"]))["bob"]
    check((bob.role, bob.join_time_ms) == (Role.ADMIN, (created + 5) * 1000), "the member")
    text = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "x"}}]
    message = {"From_Account": "bob", "SendTime": created + 10, "Random": 1, "MsgBody": text}
    early = {"From_Account": "bob", "SendTime": created + 9, "Random": 2, "MsgBody": text}
    wanted = {"GroupId": made, "MsgList": [message, early], "RecentContactFlag": 1}
    results = (await on.tencent_ok(GROUPS + "import_group_msg", wanted))["ImportMsgResult"]
    check([one["Result"] for one in results] == [0, 10004], "results")
    page = await on.admin.history(made)
    check([(m.sender, m.time_ms) for m in page] == [("bob", (created + 10) * 1000)], "the message")
    await on.admin.send(made, "new")
    late = {"From_Account": "bob", "SendTime": created + 20, "Random": 3, "MsgBody": text}
    await refused(on, GROUPS + "import_group_msg", {"GroupId": made, "MsgList": [late]}, 10007)
    return Found(
        State.DIFFERS,
        "open at once; messages are imported until the first one is sent; RecentContactFlag is ignored",
    )


@case("tencent", GROUPS + "get_online_member_num")
async def online(on: Trial) -> None:
    """The administrator, who looks, is the one who is online."""
    made = await group(on, on.admin.user_id, "bob")
    check(
        (await on.tencent_ok(GROUPS + "get_online_member_num", {"GroupId": made}))["OnlineMemberNum"] == 1, "number"
    )


@case("tencent", "group_open_avchatroom_http_svc/get_members")
async def room_members(on: Trial) -> None:
    """With nicknames."""
    made = str(
        (await on.tencent_ok(GROUPS + "create_group", {"Type": "AVChatRoom", "Name": "x", "Owner_Account": "alice"}))[
            "GroupId"
        ]
    )
    page = await on.tencent_ok("group_open_avchatroom_http_svc/get_members", {"GroupId": made, "Timestamp": 0})
    check([one["Member_Account"] for one in page["MemberList"]] == ["alice"] and not page["NextTimestamp"], "members")


@case(
    "tencent",
    "group_open_http_svc/modify_group_attr",
    "group_open_http_svc/set_group_attr",
    "group_open_http_svc/clear_group_attr",
    "group_open_attr_http_svc/get_group_attr",
)
async def attributes(on: Trial) -> Found:
    """Rooms have them; keys have the signs that RongCloud allows."""
    body = {"Type": "Meeting", "Name": "x", "Owner_Account": "alice"}
    made = str((await on.tencent_ok(GROUPS + "create_group", body))["GroupId"])
    one, two = {"key": "one", "value": "1"}, {"key": "two", "value": "2"}
    await on.tencent_ok(GROUPS + "modify_group_attr", {"GroupId": made, "GroupAttr": [one]})
    await on.tencent_ok(GROUPS + "modify_group_attr", {"GroupId": made, "GroupAttr": [two]})
    check(await on.admin.attributes(made) == {"one": "1", "two": "2"}, "modify_group_attr")
    await on.tencent_ok(GROUPS + "set_group_attr", {"GroupId": made, "GroupAttr": [two]})
    check(await on.admin.attributes(made) == {"two": "2"}, "set_group_attr")
    found = await on.tencent_ok("group_open_attr_http_svc/get_group_attr", {"GroupId": made})
    check(found["GroupAttrAry"] == [two], "get_group_attr")
    await on.tencent_ok(GROUPS + "clear_group_attr", {"GroupId": made})
    check(await on.admin.attributes(made) == {}, "clear_group_attr")
    wrong = {"GroupId": made, "GroupAttr": [{"key": "with space", "value": "x"}]}
    await refused(on, GROUPS + "modify_group_attr", wrong, 10045)
    await refused(on, GROUPS + "modify_group_attr", {"GroupId": await group(on), "GroupAttr": [one]}, 10007)
    return Found(State.DIFFERS, "groups of types with room attributes have them; a key has A-Z a-z 0-9 + = - _ alone")


@case(
    "tencent",
    "group_open_http_svc/get_group_counter",
    "group_open_http_svc/update_group_counter",
    "group_open_http_svc/delete_group_counter",
)
async def counters(on: Trial) -> Found:
    """There are none."""
    for name in ("get", "update", "delete"):
        await refused(on, f"{GROUPS}{name}_group_counter", {"GroupId": "g"}, 10026)
    return Found(State.NOT_OFFERED, "groups have no counters")


@case("tencent", "openim_msg_ext_http_svc/group_get_key_values", "openim_msg_ext_http_svc/group_set_key_values")
async def extensions(on: Trial) -> Found:
    """There are none."""
    for name in ("get", "set"):
        await refused(on, f"openim_msg_ext_http_svc/group_{name}_key_values", {"GroupId": "g", "MsgSeq": 1}, 10026)
    return Found(State.NOT_OFFERED, "messages have no extensions")


@case("tencent", "group_open_avchatroom_http_svc/modify_user_info")
async def marks(on: Trial) -> Found:
    """There are none."""
    await refused(on, "group_open_avchatroom_http_svc/modify_user_info", {"GroupId": "g", "CommandType": 1}, 10026)
    return Found(State.NOT_OFFERED, "members of an AVChatRoom have no marks")
