"""A mistake in one entry of a vendor's request keeps all of its entries from being done (AB-02)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.kit_http import back_end, rong_flags

LONG = "y" * 300


async def test_labels_of_tencent(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data") as app:
        await app.tencent("all_member_push/im_set_attr_name", {"AttrNames": {"0": "sex"}})
        alice = {"To_Account": "alice", "Tags": ["one"]}
        for other in ({"To_Account": "bob", "Tags": [LONG]}, {"To_Account": LONG, "Tags": ["one"]}):
            found = await app.tencent("all_member_push/im_add_tag", {"UserTags": [alice, other]})
            assert found["ErrorCode"] == 90001, found
        found = await app.tencent("all_member_push/im_get_tag", {"To_Account": ["alice"]})
        assert found["UserTags"] == [{"To_Account": "alice", "Tags": []}]

        alice = {"To_Account": "alice", "Attrs": {"sex": "f"}}
        for attrs in ({"height": "180"}, {"sex": LONG}):
            rows = [alice, {"To_Account": "bob", "Attrs": attrs}]
            found = await app.tencent("all_member_push/im_set_attr", {"UserAttrs": rows})
            assert found["ErrorCode"] == 90001, found
        found = await app.tencent("all_member_push/im_get_attr", {"To_Account": ["alice"]})
        assert found["UserAttrs"] == [{"To_Account": "alice", "Attrs": {}}]


async def test_users_of_rongcloud(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data", *rong_flags(tmp_path)) as app:
        users = [f"u{number}" for number in range(150)]
        wrong = [*users, "with a\nline"]
        assert (await app.rong("/user/tag/batch/set", {"userIds": wrong, "tags": ["vip"]}))["code"] == 1002
        found = await app.rong_ok("/user/tags/get", userIds=["u0", "u149"])
        assert found["result"] == {"u0": [], "u149": []}


async def test_tags_of_several_users_are_given_to_all_or_none(tmp_path: Path) -> None:
    """The vendor keeps 100 tags of a user; what one user has no room for is given to none (SY-04)."""
    async with back_end(tmp_path / "data") as app:

        async def add(**tags: list[str]) -> int:
            rows = [{"To_Account": user, "Tags": some} for user, some in tags.items()]
            return int((await app.tencent("all_member_push/im_add_tag", {"UserTags": rows}))["ErrorCode"])

        async def counts() -> list[int]:
            found = await app.tencent("all_member_push/im_get_tag", {"To_Account": ["alice", "bob", "carol"]})
            return [len(row["Tags"]) for row in found["UserTags"]]

        assert await add(bob=[f"t{number}" for number in range(100)]) == 0
        assert await add(alice=["one"], bob=["one"], carol=["one"]) == 90033
        assert await counts() == [0, 100, 0]
        assert await add(alice=["one"], bob=["t7"], carol=["one"]) == 0, "one that bob has takes no room"
        assert await counts() == [1, 100, 1]
        rows = [{"To_Account": "carol", "Tags": [f"{part}{n}" for n in range(60)]} for part in "ab"]
        found = await app.tencent("all_member_push/im_add_tag", {"UserTags": rows})
        assert found["ErrorCode"] == 90033, "two rows of one user count together"
        assert await counts() == [1, 100, 1]


async def test_two_requests_for_the_last_room_of_a_user(tmp_path: Path) -> None:
    """They take turns: one is carried out for all of its users, the other for none."""
    async with back_end(tmp_path / "data") as app:
        rows = [{"To_Account": "bob", "Tags": [f"t{number}" for number in range(99)]}]
        await app.tencent("all_member_push/im_add_tag", {"UserTags": rows})
        users = [f"u{number}" for number in range(8)]
        wanted = [[{"To_Account": user, "Tags": [user]}, {"To_Account": "bob", "Tags": [user]}] for user in users]
        answers = await asyncio.gather(
            *(app.tencent("all_member_push/im_add_tag", {"UserTags": one}) for one in wanted)
        )
        assert sorted(one["ErrorCode"] for one in answers) == [0, *[90033] * 7]
        found = await app.tencent("all_member_push/im_get_tag", {"To_Account": users})
        tagged = [row["To_Account"] for row in found["UserTags"] if row["Tags"]]
        assert tagged == [user for user, one in zip(users, answers, strict=True) if one["ErrorCode"] == 0]


async def test_a_topic_whose_profile_is_wrong_is_not_made(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data") as app:
        made = await app.tencent(
            "group_open_http_svc/create_group", {"Type": "Community", "Name": "c", "Owner_Account": "alice"}
        )
        topic = {"GroupId": made["GroupId"], "TopicName": "t", "From_Account": "alice"}
        for name in ("CustomString", "Notification", "FaceUrl"):
            found = await app.tencent("million_group_open_http_svc/create_topic", topic | {name: 1})
            assert found["ErrorCode"] == 10004, found
        asked = {"GroupId": made["GroupId"], "From_Account": "alice"}
        assert (await app.tencent("million_group_open_http_svc/get_topic", asked))["TopicAndSelfInfo"] == []
        await app.tencent("million_group_open_http_svc/create_topic", topic | {"CustomString": "x", "FaceUrl": "f"})
        [found] = (await app.tencent("million_group_open_http_svc/get_topic", asked))["TopicAndSelfInfo"]
        assert (found["TopicInfo"]["CustomString"], found["TopicInfo"]["FaceUrl"]) == ("x", "f")


def failed(found: dict[str, Any], name: str) -> list[tuple[str, int]]:
    """Which entries an answer with the code 200 says have failed, with the code of each."""
    assert found["code"] == 200, found
    return [(one[name], one["code"]) for one in found["failed"]]


async def test_who_can_not_enter_a_room_keeps_nobody_out(tmp_path: Path) -> None:
    """Each user is tried, whatever becomes of others, and the answer says who is not there (CR-01)."""
    async with back_end(tmp_path / "data", *rong_flags(tmp_path)) as app:
        await app.rong_ok("/chatroom/create", **{"chatroom[r]": "room"})
        await app.rong_ok("/chatroom/user/block/add", chatroomId="r", userId=["bob", "dave"], minute=10)
        found = await app.rong("/chatroom/join", chatroomId="r", userId=["alice", "bob", "carol"])
        assert failed(found, "userId") == [("bob", 1002)]
        there = await app.rong_ok("/chatroom/users/exist", chatroomId="r", userId=["alice", "bob", "carol"])
        assert [one["isInChrm"] for one in there["result"]] == [1, 0, 1]
        assert (await app.rong("/chatroom/join", chatroomId="r", userId=["bob", "dave"]))["code"] == 1002
        assert (await app.rong("/chatroom/join", chatroomId="none", userId=["alice", "bob"]))["code"] == 1002
        await app.rong_ok("/chatroom/join", chatroomId="r", userId=["alice", "erin"])


async def test_a_room_that_can_not_be_made_or_destroyed(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data", *rong_flags(tmp_path)) as app:
        for bad in ("@TGS#x", "\u623f", "y" * 60):
            fields = {"chatroom[r1]": "one", f"chatroom[{bad}]": "bad", "chatroom[r2]": "two"}
            assert (await app.rong("/chatroom/create", **fields))["code"] == 1002, bad
        assert (await app.rong_ok("/chatroom/query", chatroomId=["r1", "r2"]))["chatRooms"] == []
        await app.rong_ok("/chatroom/create", **{"chatroom[r1]": "one", "chatroom[r2]": "two"})
        assert (await app.rong("/chatroom/destroy", chatroomId=["r1", "y" * 300, "r2"]))["code"] == 1002
        assert len((await app.rong_ok("/chatroom/query", chatroomId=["r1", "r2"]))["chatRooms"]) == 2
        await app.rong_ok("/chatroom/destroy", chatroomId=["r1", "none", "r2"])
        assert (await app.rong_ok("/chatroom/query", chatroomId=["r1", "r2"]))["chatRooms"] == []

        new = {"chatroomId": "n", "isBan": 1, "entryOwnerId": "alice", "entryInfo": '{"bad key!":"v"}'}
        assert (await app.rong("/chatroom/create_new", **new))["code"] != 200
        assert (await app.rong_ok("/chatroom/query", chatroomId=["n"]))["chatRooms"] == []
        await app.rong_ok("/chatroom/create_new", **(new | {"entryInfo": '{"key":"v"}'}))
        assert (await app.rong_ok("/chatroom/get", chatroomId="n"))["isBan"] is True


async def test_who_can_not_enter_a_group_keeps_nobody_out(tmp_path: Path) -> None:
    """Each user is tried, and the answer says who is not in it (GR-05). A group that nobody came into is not there."""
    flags = (*rong_flags(tmp_path), "limits.groups_per_user_max=1")
    async with back_end(tmp_path / "data", *flags) as app:
        await app.rong_ok("/group/create", groupId="first", groupName="first", userId="bob")
        made = await app.rong("/group/create", groupId="second", groupName="s", userId=["alice", "bob"])
        assert failed(made, "userId") == [("bob", 1002)]
        assert (await app.rong_ok("/group/user/query", groupId="second"))["users"] == [{"id": "alice"}]
        joined = await app.rong("/group/join", groupId="second", groupName="s", userId=["bob", "carol"])
        assert failed(joined, "userId") == [("bob", 1002)]
        users = (await app.rong_ok("/group/user/query", groupId="second"))["users"]
        assert users == [{"id": "alice"}, {"id": "carol"}]
        assert (await app.rong("/group/create", groupId="third", groupName="t", userId=["alice", "bob"]))[
            "code"
        ] == 1002
        assert (await app.rong("/group/info", groupId="third"))["code"] == 1002, "it was not made"


async def test_a_group_that_is_full_keeps_a_user_out_of_no_other(tmp_path: Path) -> None:
    """GR-10: each group of a sync is tried, and the answer says where the user is not."""
    async with back_end(tmp_path / "data", *rong_flags(tmp_path)) as app:
        await app.rong_ok("/group/create", groupId="full", groupName="f", userId="bob")
        changed = {"GroupId": "full", "MaxMemberNum": 1}
        assert (await app.tencent("group_open_http_svc/modify_group_base_info", changed))["ErrorCode"] == 0
        groups = {"group[full]": "f", "group[new]": "n"}
        assert failed(await app.rong("/group/sync", userId="dave", **groups), "groupId") == [("full", 1002)]
        assert [one["id"] for one in (await app.rong_ok("/user/group/query", userId="dave"))["groups"]] == ["new"]


async def test_mutes_everywhere_that_there_is_no_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app keeps a number of them (SC-04): what goes beyond is refused for all users, and for both kinds."""
    monkeypatch.setattr("rcim.actor.app.MUTED_MAX", 700)
    async with back_end(tmp_path / "data", *rong_flags(tmp_path)) as app:

        async def muted() -> int:
            return int((await app.rong_ok("/user/chat/fb/querylist", type="PERSON"))["total"])

        some = {"state": 1, "type": "PERSON"}
        await app.rong_ok("/user/chat/fb/set", userId=["u1", "u2"], **some)
        users = [f"u{number}" for number in range(800)]
        assert (await app.rong("/user/chat/fb/set", userId=users, **some))["code"] == 1002
        assert await muted() == 2, "who was muted before still is"
        await app.rong_ok("/user/chat/fb/set", userId=users[:699], **some)
        both = {"Set_Account": "eve", "C2CmsgNospeakingTime": 60, "GroupmsgNospeakingTime": 60}
        assert (await app.tencent("openconfigsvr/setnospeaking", both))["ErrorCode"] != 0
        found = await app.tencent("openconfigsvr/getnospeaking", {"Get_Account": "eve"})
        assert (found["C2CmsgNospeakingTime"], found["GroupmsgNospeakingTime"]) == (0, 0)
        await app.rong_ok("/user/chat/fb/set", userId=users[500:699], **(some | {"state": 0}))
        assert (await app.tencent("openconfigsvr/setnospeaking", both))["ErrorCode"] == 0


async def test_a_mute_of_several_groups_holds_in_all_or_none(tmp_path: Path) -> None:
    """A group whose type has no mute refuses it, after the first was muted (SC-03)."""
    async with back_end(tmp_path / "data", *rong_flags(tmp_path)) as app:
        await app.rong_ok("/group/create", groupId="g", groupName="g", userId=["alice"])
        work = {"Type": "Private", "Name": "w", "GroupId": "work", "Owner_Account": "alice"}
        assert (await app.tencent("group_open_http_svc/create_group", work))["ErrorCode"] == 0
        assert (await app.rong("/group/ban/add", groupId=["g", "work"]))["code"] == 1002
        found = await app.rong_ok("/group/ban/query", groupId=["g", "work"])
        assert [one["stat"] for one in found["groupinfo"]] == [0, 0]
