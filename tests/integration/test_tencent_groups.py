"""Tencent's commands for groups and members: what they leave behind, and what is refused (AB-02, GR-01 to GR-06)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rcim.base.terms import MsgFlag, Role
from rcim.http.rates import Rates
from tests.kit_http import ADMINISTRATOR, BackEnd, back_end

GROUPS = "group_open_http_svc/"
FIELDS = (
    "types.Public.group_fields=Rank member app_admin,Motto member admin",
    "types.Public.member_fields=Title member admin",
)


async def ok(app: BackEnd, command: str, **body: Any) -> dict[str, Any]:
    """What a command answers that has to succeed."""
    found = await app.tencent(command if "/" in command else GROUPS + command, body)
    assert (found["ActionStatus"], found["ErrorCode"]) == ("OK", 0), (command, found)
    return found


async def code(app: BackEnd, command: str, **body: Any) -> int:
    """The code with which a command is refused."""
    found = await app.tencent(command if "/" in command else GROUPS + command, body)
    assert found["ActionStatus"] == "FAIL" and found["ErrorInfo"], found
    refused: int = found["ErrorCode"]
    return refused


def rows(*users: str) -> list[dict[str, str]]:
    return [{"Member_Account": user} for user in users]


async def test_a_group_from_its_creation_to_its_end(tmp_path: Path) -> None:
    async with back_end(tmp_path, *FIELDS) as app, app.server.client(ADMINISTRATOR) as admin:
        made = await ok(
            app,
            "create_group",
            Type="Public",
            Name="Lobby",
            Owner_Account="alice",
            Introduction="intro",
            ApplyJoinOption="FreeAccess",
            MaxMemberCount=50,
            AppDefinedData=[{"Key": "Rank", "Value": "first"}],
            MemberList=[
                {
                    "Member_Account": "bob",
                    "Role": "Admin",
                    "AppMemberDefinedData": [{"Key": "Title", "Value": "sir"}],
                },
                {"Member_Account": "carol"},
            ],
        )
        group = made["GroupId"]
        members = {m.user_id: m for m in await admin.members(group)}
        assert {user: m.role for user, m in members.items()} == {
            "alice": Role.OWNER,
            "bob": Role.ADMIN,
            "carol": Role.MEMBER,
        }
        assert [(f.key, f.value) for f in members["bob"].fields] == [("Title", b"sir")]

        await ok(
            app,
            "modify_group_base_info",
            GroupId=group,
            Name="Hall",
            Notification="news",
            MaxMemberNum=60,
            ShutUpAllMember="On",
            AppDefinedData=[{"Key": "Motto", "Value": "on"}],
        )
        info = await admin.info(group)
        assert (info.name, info.notification, info.max_member_num, info.mute_all) == ("Hall", "news", 60, True)
        assert {f.key: f.value for f in info.fields} == {"Rank": b"first", "Motto": b"on"}
        assert await code(app, "modify_group_base_info", GroupId=group, Name="x" * 31, MuteAllMember="Off") == 10004
        assert (await admin.info(group)).mute_all, "all of it or nothing"
        await ok(app, "modify_group_base_info", GroupId=group, MuteAllMember="Off")
        assert not (await admin.info(group)).mute_all

        await ok(app, "change_group_owner", GroupId=group, NewOwner_Account="bob")
        assert (await admin.info(group)).owner == "bob"
        await ok(app, "destroy_group", GroupId=group)
        assert await code(app, "destroy_group", GroupId=group) == 10010


async def test_what_is_wrong_with_a_creation(tmp_path: Path) -> None:
    async with back_end(tmp_path, *FIELDS) as app:
        for wanted, body in (
            (10004, {"Type": "Public"}),
            (10004, {"Name": "x"}),
            (10004, {"Type": "Nothing", "Name": "x"}),
            (10004, {"Type": "Public", "Name": 7}),
            (10004, {"Type": "Public", "Name": "x" * 31}),
            (10004, {"Type": "Public", "Name": "x", "ApplyJoinOption": "Perhaps"}),
            (10004, {"Type": "Public", "Name": "x", "MaxMemberCount": "50"}),
            (10004, {"Type": "Public", "Name": "x", "AppDefinedData": [{"Key": "Nothing", "Value": "x"}]}),
            (10004, {"Type": "Public", "Name": "x", "MemberList": [{"Member_Account": "bob", "Role": "Owner"}]}),
            (10004, {"Type": "Work", "Name": "x", "MemberList": [{"Member_Account": "bob", "Role": "Admin"}]}),
            (60015, {"Type": "Public", "Name": "x", "MemberList": [{"Member_Account": 7}]}),
            (10005, {"Type": "Public", "Name": "x", "MemberList": rows(*(f"u{n}" for n in range(101)))}),
            (10007, {"Type": "AVChatRoom", "Name": "x", "MemberList": rows("bob")}),
            (10015, {"Type": "Public", "Name": "x", "GroupId": "@TGS#x"}),
        ):
            assert await code(app, "create_group", **{"GroupId": "g", **body}) == wanted, body
        assert await code(app, "destroy_group", GroupId="g") == 10010, "nothing was made"
        await ok(app, "create_group", Type="Public", Name="x", GroupId="g", Owner_Account="alice")
        assert await code(app, "create_group", Type="Public", Name="x", GroupId="g", Owner_Account="alice") == 10025
        assert await code(app, "create_group", Type="Public", Name="x", GroupId="g", Owner_Account="bob") == 10021


async def test_what_there_is_of_groups(tmp_path: Path) -> None:
    async with back_end(tmp_path, *FIELDS) as app:
        for name, type_ in (("w", "Work"), ("m", "Meeting"), ("a", "AVChatRoom"), ("p", "Public")):
            await ok(app, "create_group", Type=type_, Name=name, GroupId=name, Owner_Account="alice")
        await ok(app, "create_group", Type="Community", Name="c", GroupId="@TGS#_c", Owner_Account="alice")
        found = (await ok(app, "get_group_info", GroupIdList=["w", "nothing", "@TGS#_c"]))["GroupInfo"]
        assert [(one["GroupId"], one["ErrorCode"]) for one in found] == [("w", 0), ("nothing", 10010), ("@TGS#_c", 0)]
        assert (found[0]["Type"], found[2]["Type"]) == ("Private", "Community")
        assert found[0]["MemberList"][0]["Role"] == "Owner" and found[0]["ShutUpAllMember"] == "Off"
        assert (found[0]["MemberNum"], found[0]["NextMsgSeq"], found[0]["Owner_Account"]) == (1, 1, "alice")

        filters = {"GroupBaseInfoFilter": ["Name"], "MemberInfoFilter": ["Role"]}
        one = (await ok(app, "get_group_info", GroupIdList=["p"], ResponseFilter=filters))["GroupInfo"][0]
        member = {"Member_Account": "alice", "Role": "Owner"}
        assert one == {"GroupId": "p", "ErrorCode": 0, "ErrorInfo": "", "Name": "p", "MemberList": [member]}
        filters = {"GroupBaseInfoFilter": ["ShutUpAllMember"], "AppDefinedDataFilter_Group": ["Rank"]}
        one = (await ok(app, "get_group_info", GroupIdList=["p"], ResponseFilter=filters))["GroupInfo"][0]
        assert "MemberList" not in one and one["MuteAllMember"] == "Off" and one["AppDefinedData"] == []

        listed = await ok(app, "get_appid_group_list", Limit=2)
        assert listed["TotalCount"] == 5 and len(listed["GroupIdList"]) == 2 and listed["Next"]
        joined = await ok(app, "get_joined_group_list", Member_Account="alice")
        assert {one["GroupId"] for one in joined["GroupIdList"]} == {"m", "p", "@TGS#_c"}
        joined = await ok(
            app, "get_joined_group_list", Member_Account="alice", WithHugeGroups=1, WithNoActiveGroups=1
        )
        assert joined["TotalCount"] == 5
        filters = {"GroupBaseInfoFilter": ["Name", "LastMsgTime"], "SelfInfoFilter": ["Role", "UnreadMsgNum"]}
        joined = await ok(
            app,
            "get_joined_group_list",
            Member_Account="alice",
            GroupType="Public",
            Limit=1,
            Offset=0,
            ResponseFilter=filters,
        )
        own = {"Role": "Owner", "UnreadMsgNum": 0}
        assert joined["GroupIdList"] == [{"GroupId": "p", "Name": "p", "LastMsgTime": 0, "SelfInfo": own}]
        assert (await ok(app, "get_joined_group_list", Member_Account="nobody"))["TotalCount"] == 0
        assert await code(app, "get_group_info", GroupIdList=[7]) == 10004
        assert await code(app, "get_group_info", GroupIdList=["g"] * 51) == 10004
        assert await code(app, "get_joined_group_list", Member_Account=7) == 60015
        assert (await ok(app, "get_online_member_num", GroupId="p"))["OnlineMemberNum"] == 0
        async with app.server.client("alice"):
            assert (await ok(app, "get_online_member_num", GroupId="p"))["OnlineMemberNum"] == 1


async def test_all_groups_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rates, "take", lambda *_: 0)  # the vendor allows one request a second
    async with back_end(tmp_path) as app:
        for number in range(7):
            await ok(app, "create_group", Type="Public", Name="x", GroupId=f"g{number}")
        seen: list[str] = []
        following = 0
        while True:
            page = await ok(app, "get_appid_group_list", Limit=3, Next=following, GroupType="Public")
            seen += [one["GroupId"] for one in page["GroupIdList"]]
            following = page["Next"]
            if not following:
                break
            if len(seen) == 3:
                await ok(app, "destroy_group", GroupId=seen[0])
        assert seen == [f"g{number}" for number in range(7)], "what is gone before a place moves nothing"
        await ok(app, "create_group", Type="Work", Name="x", GroupId="a@TOPIC#_b")
        page = await ok(app, "get_appid_group_list", GroupType="Work")
        assert page["GroupIdList"] == [{"GroupId": "a@TOPIC#_b"}], "only communities have topics"


async def test_members_come_change_and_go(tmp_path: Path) -> None:
    async with back_end(tmp_path, *FIELDS) as app, app.server.client(ADMINISTRATOR) as admin:
        await ok(app, "create_group", Type="Public", Name="x", GroupId="g", Owner_Account="alice")
        await ok(app, "ban_group_member", GroupId="g", Members_Account=["eve"], Duration=1000)
        added = await ok(app, "add_group_member", GroupId="g", MemberList=rows("alice", "bob", "eve", "carol"))
        assert {one["Member_Account"]: one["Result"] for one in added["MemberList"]} == {
            "alice": 2,
            "bob": 1,
            "eve": 0,
            "carol": 1,
        }
        newest = (await admin.info("g")).next_msg_seq
        assert newest > 1, "the others are told"
        await ok(app, "add_group_member", GroupId="g", MemberList=rows("dave"), Silence=1)
        await ok(app, "delete_group_member", GroupId="g", MemberToDel_Account=["dave"], Silence=1)
        assert (await admin.info("g")).next_msg_seq == newest, "nobody is told"
        await ok(app, "delete_group_member", GroupId="g", MemberToDel_Account=["carol"], Reason="spam")
        assert (await admin.info("g")).next_msg_seq == newest + 1

        await ok(
            app,
            "modify_group_member_info",
            GroupId="g",
            Member_Account="bob",
            Role="Admin",
            MsgFlag="Discard",
            NameCard="Bobby",
            AppMemberDefinedData=[{"Key": "Title", "Value": "sir"}],
        )
        bob = (await admin.some_members("g", ["bob"]))["bob"]
        assert (bob.role, bob.msg_flag, bob.name_card) == (Role.ADMIN, MsgFlag.DISCARD, "Bobby")
        assert [(f.key, f.value) for f in bob.fields] == [("Title", b"sir")]
        await ok(app, "modify_group_member_info", GroupId="g", Member_Account="bob", Role="Member", ShutUpTime=60)
        bob = (await admin.some_members("g", ["bob"]))["bob"]
        assert bob.role is Role.MEMBER and bob.muted_until_ms
        wrong = {"GroupId": "g", "Member_Account": "bob", "MuteTime": 0, "NameCard": "x" * 51}
        assert await code(app, "modify_group_member_info", **wrong) == 10004
        assert "bob" in await admin.muted("g"), "all of it or nothing"
        await ok(app, "modify_group_member_info", GroupId="g", Member_Account="bob", MuteTime=0)
        assert await admin.muted("g") == {}

        roles = await ok(app, "get_role_in_group", GroupId="g", User_Account=["alice", "bob", "eve"])
        assert [one["Role"] for one in roles["UserIdList"]] == ["Owner", "Member", "NotMember"]
        for wanted, command, body in (
            (10004, "delete_group_member", {"MemberToDel_Account": ["bob", "nobody"]}),
            (10004, "delete_group_member", {"MemberToDel_Account": []}),
            (10005, "delete_group_member", {"MemberToDel_Account": [f"u{n}" for n in range(101)]}),
            (10005, "add_group_member", {"MemberList": rows(*(f"u{n}" for n in range(301)))}),
            (10004, "add_group_member", {"MemberList": rows("x"), "Silence": 2}),
            (10004, "modify_group_member_info", {"Member_Account": "nobody", "NameCard": "x"}),
            (10004, "modify_group_member_info", {"Member_Account": "bob", "Role": "King"}),
            (60015, "modify_group_member_info", {"Member_Account": 7}),
            (10004, "change_group_owner", {"NewOwner_Account": "nobody"}),
            (10005, "get_role_in_group", {"User_Account": [f"u{n}" for n in range(501)]}),
        ):
            assert await code(app, command, GroupId="g", **body) == wanted, (command, body)
        assert len(await admin.members("g")) == 2
        await ok(app, "create_group", Type="AVChatRoom", Name="x", GroupId="room", Owner_Account="alice")
        assert await code(app, "add_group_member", GroupId="room", MemberList=rows("bob")) == 10007
        assert await code(app, "delete_group_member", GroupId="room", MemberToDel_Account=["alice"]) == 10004
        assert await code(app, "delete_group_member", GroupId="g", MemberToDel_Account=["alice"]) == 10007


async def test_lists_of_members(tmp_path: Path) -> None:
    async with back_end(tmp_path, *FIELDS) as app:
        users = [f"u{number:03}" for number in range(120)]
        await ok(app, "create_group", Type="Public", Name="x", GroupId="g", Owner_Account="u000")
        await ok(app, "add_group_member", GroupId="g", MemberList=rows(*users[1:]))
        everyone = await ok(app, "get_group_member_info", GroupId="g")
        assert everyone["MemberNum"] == 120 and [m["Member_Account"] for m in everyone["MemberList"]] == users
        seen: list[str] = []
        for offset in range(0, 120, 50):
            page = await ok(
                app, "get_group_member_info", GroupId="g", Limit=50, Offset=offset, MemberInfoFilter=["Role"]
            )
            seen += [m["Member_Account"] for m in page["MemberList"]]
        assert seen == users and page["MemberList"][0].keys() == {"Member_Account", "Role"}
        far = await ok(app, "get_group_member_info", GroupId="g", Limit=7, Offset=111)
        assert [m["Member_Account"] for m in far["MemberList"]] == users[111:118], (
            "an offset that no page has ended at"
        )
        assert (await ok(app, "get_group_member_info", GroupId="g", Offset=500))["MemberList"] == []
        only = await ok(app, "get_group_member_info", GroupId="g", MemberRoleFilter=["Owner", "Admin"])
        assert [m["Member_Account"] for m in only["MemberList"]] == ["u000"]
        some = await ok(app, "get_specified_group_member_info", GroupId="g", Member_List_Account=["u007", "x"])
        assert [m["Member_Account"] for m in some["MemberList"]] == ["u007"]
        assert await code(app, "get_group_member_info", GroupId="g", MemberRoleFilter=["King"]) == 10004
        assert await code(app, "get_group_member_info", GroupId="g", Limit="50") == 10004
        assert await code(app, "get_group_member_info", GroupId="g", Offset=1_000_000) == 10004

        await ok(app, "create_group", Type="Community", Name="x", GroupId="@TGS#_c", Owner_Account="u000")
        await ok(app, "add_group_member", GroupId="@TGS#_c", MemberList=rows(*users[1:]))
        seen, following = [], ""
        while True:
            page = await ok(app, "get_group_member_info", GroupId="@TGS#_c", Limit=50, Next=following)
            seen += [m["Member_Account"] for m in page["MemberList"]]
            following = page["Next"]
            if not following:
                break
        assert seen == users


async def test_mutes_and_bans(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app, app.server.client(ADMINISTRATOR) as admin:
        await ok(app, "create_group", Type="Public", Name="x", GroupId="g", Owner_Account="alice")
        await ok(app, "add_group_member", GroupId="g", MemberList=rows("bob", "carol"))
        await ok(app, "forbid_send_msg", GroupId="g", Members_Account=["bob"], ShutUpTime=4294967295)
        await ok(app, "forbid_send_msg", GroupId="g", Members_Account=["carol"], MuteTime=60)
        assert set(await admin.muted("g")) == {"bob", "carol"}
        muted = (await ok(app, "get_group_muted_account", GroupId="g"))["MutedAccountList"]
        assert muted[0] == {"Member_Account": "bob", "MutedUntil": 4294967295} and len(muted) == 2
        old = (await ok(app, "get_group_shutted_uin", GroupId="g"))["ShuttedUinList"]
        assert old[0] == {"Member_Account": "bob", "ShuttedUntil": 4294967295}
        await ok(app, "forbid_send_msg", GroupId="g", Members_Account=["bob", "carol"], MuteTime=0)
        assert await admin.muted("g") == {}

        await ok(
            app, "ban_group_member", GroupId="g", Members_Account=["bob", "eve"], Duration=60, Description="spam"
        )
        assert [m.user_id for m in await admin.members("g")] == ["alice", "carol"]
        page = await ok(app, "get_group_ban_member", GroupId="g", Limit=1, Offset=0)
        assert page["BannedAccountList"][0]["Member_Account"] == "bob" and page["NextOffset"] == 1
        page = await ok(app, "get_group_ban_member", GroupId="g", Limit=1, Offset=1)
        assert [one["Member_Account"] for one in page["BannedAccountList"]] == ["eve"] and page["NextOffset"] == 0
        await ok(app, "unban_group_member", GroupId="g", Members_Account=["bob", "eve"])
        assert await admin.blocked("g") == {}
        for wanted, command, body in (
            (10004, "forbid_send_msg", {"Members_Account": ["bob"]}),
            (10004, "forbid_send_msg", {"Members_Account": ["bob"], "MuteTime": -1}),
            (10005, "forbid_send_msg", {"Members_Account": [f"u{n}" for n in range(501)], "MuteTime": 1}),
            (10007, "forbid_send_msg", {"Members_Account": ["carol", "alice"], "MuteTime": 1}),
            (10004, "ban_group_member", {"Members_Account": ["bob"], "Duration": 0}),
            (10007, "ban_group_member", {"Members_Account": ["alice"], "Duration": 1}),
        ):
            assert await code(app, command, GroupId="g", **body) == wanted, (command, body)
        assert await admin.muted("g") == {}
        assert await code(app, "get_group_muted_account", GroupId="nothing") == 10010
