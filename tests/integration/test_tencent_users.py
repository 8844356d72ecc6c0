"""Tencent's API: accounts, presence, profiles, lists, mutes, pushes to all, the message log (AB-02), with the state read
back by another way."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rcim.adapters.tencent import friends
from rcim.adapters.tencent.command import rows_of
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import Gender, MuteScope, Platform, Presence, UserList
from rcim.client import User
from rcim.outbox.message_log import message_log
from rcim.outbox.message_log.lines import HOUR_MS
from rcim.service import message_log as service_log
from rcim.vendors.tencent_ids import PROFILE_NUMBERS, PROFILE_OF_APP, PROFILE_TEXTS
from tests.kit import SDKAPPID, travel
from tests.kit_http import BackEnd, back_end

TEXT = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]
FIELDS = ("app.user_fields=Level anyone app_admin, BirthDay anyone app_admin",)


async def ok(app: BackEnd, command: str, body: Any = None) -> dict[str, Any]:
    """The answer to a command that has to succeed."""
    said = await app.tencent(command, body)
    assert said["ErrorCode"] == 0 and said.get("ActionStatus", "OK") == "OK", (command, said)
    return said


async def code(app: BackEnd, command: str, body: Any = None) -> int:
    """The code with which a command is refused."""
    said = await app.tencent(command, body)
    found: int = said["ErrorCode"]
    assert found and said["ErrorInfo"], (command, said)
    return found


async def refused(asked: Awaitable[Any]) -> str:
    """The name of the error with which a request of a client is refused."""
    with pytest.raises(RcimError) as caught:
        await asked
    return caught.value.code.name


async def people(app: BackEnd, *users: str) -> None:
    await ok(app, "im_open_login_svc/multiaccount_import", {"AccountList": [{"UserID": user} for user in users]})


async def test_accounts(tmp_path: Path) -> None:  # ID-09, AB-02
    svc = "im_open_login_svc"
    async with back_end(tmp_path) as app:
        await ok(app, f"{svc}/account_import", {"Identifier": "alice", "Nick": "Al", "FaceUrl": "https://f/a"})
        said = await ok(app, f"{svc}/multiaccount_import", {"Accounts": ["bob", "carol"]})
        assert said == {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "FailAccounts": []}, "nothing else"
        await ok(app, f"{svc}/multiaccount_import", {"AccountList": [{"UserID": "dora", "Nick": "Do"}]})
        async with app.server.client("administrator") as root:
            assert (await root.profile("alice")).nickname == "Al"
            assert (await root.profile("dora")).nickname == "Do"
        said = await ok(app, f"{svc}/account_check", {"CheckItem": [{"UserID": "bob"}, {"UserID": "nobody"}]})
        assert [(row["UserID"], row["AccountStatus"]) for row in said["ResultItem"]] == [
            ("bob", "Imported"),
            ("nobody", "NotImported"),
        ]
        said = await ok(app, f"{svc}/account_delete", {"DeleteItem": [{"UserID": "bob"}, {"UserID": "nobody"}]})
        assert [row["ResultCode"] for row in said["ResultItem"]] == [0, 70107]
        said = await ok(app, f"{svc}/account_check", {"CheckItem": [{"UserID": "bob"}]})
        assert said["ResultItem"][0]["AccountStatus"] == "NotImported"
        async with app.server.client("carol"), app.server.client("administrator") as root:
            assert len(await root.devices("carol")) == 1
            await ok(app, f"{svc}/kick", {"UserID": "carol"})
            assert await root.devices("carol") == []
            assert (await root.query_accounts(["carol"]))[0].valid_from_ms > 0
        for wrong, body, expected in (
            ("account_import", {}, 70402),
            ("account_import", {"UserID": 7}, 60015),
            ("account_import", {"UserID": "x" * 200}, 70402),
            ("multiaccount_import", {"AccountList": [{"UserID": "new"}, {"UserID": ""}]}, 70402),
            ("multiaccount_import", {"Accounts": [f"u{n}" for n in range(101)]}, 70402),
            ("account_delete", {"DeleteItem": []}, 70402),
            ("account_delete", {"DeleteItem": [{"UserID": "dora"}, {"UserID": "administrator"}]}, 70402),
            ("account_check", {"CheckItem": "dora"}, 70402),
            ("kick", {"UserID": "nobody"}, 70107),
        ):
            assert await code(app, f"{svc}/{wrong}", body) == expected, (wrong, body)
        said = await ok(app, f"{svc}/account_check", {"CheckItem": [{"UserID": "new"}, {"UserID": "dora"}]})
        assert [row["AccountStatus"] for row in said["ResultItem"]] == ["NotImported", "Imported"], (
            "nothing half done"
        )


async def test_presence(tmp_path: Path) -> None:  # ID-07
    async with back_end(tmp_path) as app, app.server.client("alice", platform=Platform.MOBILE) as alice:
        await people(app, "alice", "bob")
        await alice.set_presence(Presence.BACKGROUND)
        asked = {"To_Account": ["alice", "bob", "nobody"], "IsNeedDetail": 1}
        said = await ok(app, "openim/query_online_status", asked)
        assert said["QueryResult"] == [
            {
                "To_Account": "alice",
                "Status": "PushOnline",
                "Detail": [{"Platform": "Android", "Status": "PushOnline"}],
            },
            {"To_Account": "bob", "Status": "Offline"},
        ]
        assert said["ErrorList"] == [{"To_Account": "nobody", "ErrorCode": 70107}]
        await alice.set_presence(Presence.ONLINE)
        said = await ok(app, "openim/querystate", {"To_Account": ["alice"] + [f"u{n}" for n in range(150)]})
        assert said["QueryResult"] == [{"To_Account": "alice", "State": "Online"}] and len(said["ErrorList"]) == 150
        for body, expected in (
            ({}, 90003),
            ({"To_Account": "alice"}, 90003),
            ({"To_Account": [7]}, 90003),
            ({"To_Account": [f"u{n}" for n in range(501)]}, 90011),
        ):
            assert await code(app, "openim/query_online_status", body) == expected, body


async def test_profiles(tmp_path: Path) -> None:  # AB-05
    async with back_end(tmp_path, *FIELDS) as app, app.server.client("administrator") as root:
        await people(app, "alice", "bob")
        items = {
            "Tag_Profile_IM_Nick": "Al",
            "Tag_Profile_IM_Gender": "Gender_Type_Female",
            "Tag_Profile_IM_Image": "https://f/a",
            "Tag_Profile_IM_SelfSignature": "hi",
            "Tag_Profile_IM_BirthDay": 20000229,
            "Tag_Profile_Custom_Level": "7",
        }
        item = [{"Tag": tag, "Value": value} for tag, value in items.items()]
        await ok(app, "profile/portrait_set", {"From_Account": "alice", "ProfileItem": item})
        found = await root.profile("alice")
        assert (found.nickname, found.gender, found.face_url, found.signature) == (
            "Al",
            Gender.FEMALE,
            "https://f/a",
            "hi",
        )
        assert {row.key: row.value for row in found.fields} == {"Level": b"7", "BirthDay": b"20000229"}
        tags = [*items, "Tag_Profile_IM_Location"]
        said = await ok(app, "profile/portrait_get", {"To_Account": ["alice", "bob", "nobody"], "TagList": tags})
        alice, bob, nobody = said["UserProfileItem"]
        assert {row["Tag"]: row["Value"] for row in alice["ProfileItem"]} == items
        assert bob["ProfileItem"] == [] and bob["ResultCode"] == 0
        assert nobody["ResultCode"] == 40003 and said["Fail_Account"] == ["nobody"] and said["ErrorDisplay"] == ""
        nick = {"Tag": "Tag_Profile_IM_Nick", "Value": "Alice"}
        for more, expected in (
            ({"Tag": "Nick", "Value": "x"}, 40009),
            ({"Tag": "Tag_Profile_Custom_Other", "Value": "x"}, 40001),
            ({"Tag": "Tag_Profile_IM_Gender", "Value": "Both"}, 40605),
            ({"Tag": "Tag_Profile_IM_Image", "Value": 7}, 40610),
            ({"Tag": "Tag_Profile_IM_SelfSignature", "Value": "x" * 501}, 40001),
        ):
            body = {"From_Account": "alice", "ProfileItem": [nick, more]}
            assert await code(app, "profile/portrait_set", body) == expected, more
        assert (await root.profile("alice")).nickname == "Al", "all of them or none"
        odd = {"Tag": "Tag_Profile_IM_BirthDay", "Value": "²"}
        await ok(app, "profile/portrait_set", {"From_Account": "bob", "ProfileItem": [odd]})
        said = await ok(app, "profile/portrait_get", {"To_Account": ["bob"], "TagList": [odd["Tag"]]})
        assert said["UserProfileItem"][0]["ProfileItem"] == [odd], "what is no number stays text"
        body = {"From_Account": "nobody", "ProfileItem": [nick]}
        assert await code(app, "profile/portrait_set", body) == 40003
        assert await code(app, "profile/portrait_get", {"To_Account": ["alice"], "TagList": ["Nick"]}) == 40009
        assert await code(app, "profile/portrait_get", {"To_Account": [], "TagList": tags}) == 40001


async def test_standard_fields_of_profiles_need_no_setting(tmp_path: Path) -> None:  # AB-05
    values = dict.fromkeys(PROFILE_NUMBERS, 3) | dict.fromkeys((*PROFILE_TEXTS, PROFILE_OF_APP), "x")
    items = [{"Tag": f"Tag_Profile_IM_{name}", "Value": value} for name, value in values.items()]
    async with back_end(tmp_path) as app:
        await people(app, "alice")
        await ok(app, "profile/portrait_set", {"From_Account": "alice", "ProfileItem": items})
        tags = [item["Tag"] for item in items]
        said = await ok(app, "profile/portrait_get", {"To_Account": ["alice"], "TagList": tags})
        assert said["UserProfileItem"][0]["ProfileItem"] == items


async def test_black_lists(tmp_path: Path) -> None:  # SC-07
    async with back_end(tmp_path) as app, app.server.client("administrator") as root:
        many = [f"u{n:03}" for n in range(120)]
        await people(app, "alice")
        said = await ok(app, "sns/black_list_add", {"From_Account": "alice", "To_Account": ["bob", *many]})
        assert {row["ResultCode"] for row in said["ResultItem"]} == {0} and "Fail_Account" not in said
        assert len(await root.user_list(UserList.BLACK, user_id="alice")) == 121
        async with app.server.client("bob") as bob:
            assert await refused(bob.send(User("alice"), "x")) == "BLACKLISTED"
        said = await ok(app, "sns/black_list_delete", {"From_Account": "alice", "To_Account": many})
        assert await root.user_list(UserList.BLACK, user_id="alice") == ["bob"]
        await ok(app, "sns/black_list_add", {"From_Account": "alice", "To_Account": ["carol", "dora"]})
        await ok(app, "sns/black_list_add", {"From_Account": "carol", "To_Account": ["alice"]})
        page = {"From_Account": "alice", "StartIndex": 0, "MaxLimited": 2, "LastSequence": 0}
        said = await ok(app, "sns/black_list_get", page)
        assert [row["To_Account"] for row in said["BlackListItem"]] == ["bob", "carol"] and said["StartIndex"] == 2
        said = await ok(app, "sns/black_list_get", page | {"StartIndex": 2})
        assert [row["To_Account"] for row in said["BlackListItem"]] == ["dora"] and said["StartIndex"] == 0
        ask = {"From_Account": "alice", "To_Account": ["bob", "carol", "eve"]}
        for kind, expected in (
            ("Single", ["AWithB", "AWithB", "NO"]),
            ("Both", ["AWithB", "BOTH", "NO"]),
        ):
            said = await ok(app, "sns/black_list_check", ask | {"CheckType": f"BlackCheckResult_Type_{kind}"})
            found = [row["Relation"].removeprefix("BlackCheckResult_Type_") for row in said["BlackListCheckItem"]]
            assert found == expected
        said = await app.tencent("sns/black_list_add", {"From_Account": "alice", "To_Account": ["alice"]})
        assert said["ResultItem"][0]["ResultCode"] == 30001 and said["Fail_Account"] == ["alice"]
        assert await code(app, "sns/black_list_add", {"From_Account": "alice"}) == 30001
        assert await code(app, "sns/black_list_check", ask | {"CheckType": "None"}) == 30001
        assert await code(app, "sns/black_list_get", page | {"MaxLimited": 0}) == 30001


async def test_friends_have_no_subject(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        off = [name for row in rows_of(friends) for name in row.names]
        assert len(off) == 23
        for name in off:
            assert await code(app, name, {"From_Account": "alice"}) == 10026, name


async def test_mutes(tmp_path: Path) -> None:  # SC-04
    set_, get = "openconfigsvr/setnospeaking", "openconfigsvr/getnospeaking"
    async with back_end(tmp_path) as app, app.server.client("administrator") as root, app.server.client("al") as al:
        await al.create_group("Lobby", group_id="lobby")
        said = await app.tencent(set_, {"Set_Account": "al", "GroupmsgNospeakingTime": 60})
        assert said == {"ErrorCode": 0, "ErrorInfo": ""}
        assert await refused(al.send("lobby", "x")) == "SENDER_MUTED"
        await al.send(User("bob"), "x")
        await ok(app, set_, {"Set_Account": "al", "C2CmsgNospeakingTime": 4294967295, "GroupmsgNospeakingTime": 0})
        assert await refused(al.send(User("bob"), "x")) == "SENDER_MUTED"
        await al.send("lobby", "x")
        said = await ok(app, get, {"Get_Account": "al"})
        assert (said["C2CmsgNospeakingTime"], said["GroupmsgNospeakingTime"]) == (4294967295, 0)
        assert list(await root.muted_everywhere(MuteScope.ONE_TO_ONE)) == ["al"]
        assert await root.muted_everywhere() == await root.muted_everywhere(MuteScope.GROUPS) == {}
        await ok(app, set_, {"Set_Account": "al", "C2CmsgNospeakingTime": 3000})
        assert 2990 < (await ok(app, get, {"Get_Account": "al"}))["C2CmsgNospeakingTime"] <= 3000
        await ok(app, set_, {"Set_Account": "al", "C2CmsgNospeakingTime": 0})
        await al.send(User("bob"), "x")
        for body in (
            {"Set_Account": "al"},
            {"C2CmsgNospeakingTime": 1},
            {"Set_Account": "al", "C2CmsgNospeakingTime": "1"},
        ):
            assert await code(app, set_, body) == 130001
        assert await code(app, get, {}) == 130001


async def test_a_mute_outlives_the_server(tmp_path: Path) -> None:  # SC-04
    async with back_end(tmp_path) as app:
        await ok(app, "openconfigsvr/setnospeaking", {"Set_Account": "al", "C2CmsgNospeakingTime": 3000})
    async with back_end(tmp_path) as app, app.server.client("al") as al:
        assert await refused(al.send(User("bob"), "x")) == "SENDER_MUTED"


async def test_pushes_to_all(tmp_path: Path) -> None:  # SY-03, SY-04
    svc = "all_member_push"
    async with back_end(tmp_path) as app, app.server.client("administrator") as root:
        await people(app, "alice", "bob")
        await ok(app, f"{svc}/im_set_attr_name", {"AttrNames": {"0": "city", "1": "level"}})
        assert (await ok(app, f"{svc}/im_get_attr_name"))["AttrNames"] == {"0": "city", "1": "level"}
        assert await root.attribute_names() == {0: "city", 1: "level"}
        attrs = [{"To_Account": "alice", "Attrs": {"city": "Basel", "level": "1"}}]
        await ok(app, f"{svc}/im_set_attr", {"UserAttrs": attrs})
        await ok(app, f"{svc}/im_remove_attr", {"UserAttrs": [{"To_Account": "alice", "Attrs": ["level"]}]})
        said = await ok(app, f"{svc}/im_get_attr", {"To_Account": ["alice", "bob"]})
        assert said["UserAttrs"] == [
            {"To_Account": "alice", "Attrs": {"city": "Basel"}},
            {"To_Account": "bob", "Attrs": {}},
        ]
        tags = [{"To_Account": user, "Tags": ["beta", "x"]} for user in ("alice", "bob")]
        await ok(app, f"{svc}/im_add_tag", {"UserTags": tags})
        await ok(
            app, f"{svc}/im_add_tag", {"To_Account": "alice", "Tags": ["y"]}
        )  # as the vendor's Java client has it
        await ok(app, f"{svc}/im_remove_tag", {"UserTags": [{"To_Account": "alice", "Tags": ["x", "y"]}]})
        said = await ok(app, f"{svc}/im_get_tag", {"To_Account": ["alice", "bob"]})
        assert [row["Tags"] for row in said["UserTags"]] == [["beta"], ["beta", "x"]]
        await ok(app, f"{svc}/im_remove_all_tags", {"To_Account": ["bob"]})
        labels = await root.labels(["alice", "bob"])
        assert [list(labels[user].tags) for user in ("alice", "bob")] == [["beta"], []]
        push = {"MsgRandom": 7, "MsgBody": TEXT, "MsgLifeTime": 60, "From_Account": "alice"}
        said = await ok(
            app, f"{svc}/im_push", push | {"Condition": {"TagsOr": ["beta"], "AttrsAnd": {"city": "Basel"}}}
        )
        again = await ok(app, f"{svc}/im_push", push)
        assert said["TaskId"] and said["TaskId"] == again["TaskId"], "the same MsgRandom is the same push"
        [sent] = await root.broadcasts()
        assert (sent.sender, list(sent.tags_any)) == ("alice", ["beta"])
        for command, body, expected in (
            ("im_push", {"MsgRandom": 8}, 90002),
            ("im_push", {"MsgBody": TEXT}, 90005),
            ("im_push", push | {"MsgRandom": 8, "MsgLifeTime": 604801}, 90026),
            ("im_push", push | {"MsgRandom": 8, "Condition": {"TagsOr": "beta"}}, 90001),
            ("im_push", push | {"MsgRandom": 8, "MsgBody": [{"MsgType": "TIMNoElem", "MsgContent": {}}]}, 90010),
            ("im_push", push | {"MsgRandom": 8, "OfflinePushInfo": {"PushFlag": 9}}, 90043),
            ("im_set_attr_name", {"AttrNames": {"10": "x"}}, 90001),
            ("im_set_attr_name", {"AttrNames": {"3": "city"}}, 90001),
            ("im_set_attr", {"UserAttrs": [{"To_Account": "bob", "Attrs": {"height": "2"}}]}, 90001),
            ("im_add_tag", {"UserTags": [{"To_Account": "bob", "Tags": ["y"]}, {"Tags": ["y"]}]}, 90018),
            ("im_get_tag", {"To_Account": [f"u{n}" for n in range(101)]}, 90018),
        ):
            assert await code(app, f"{svc}/{command}", body) == expected, (command, body)
        assert list((await root.labels(["bob"]))["bob"].tags) == [], "nothing half done"
        assert len(await root.broadcasts()) == 1


async def test_the_message_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # AB-03
    async with back_end(tmp_path, "message_log.enabled=true") as app, app.server.client("alice") as alice:
        await alice.send(User("bob"), "in the log")
        monkeypatch.setattr(message_log, "AFTER_MS", -HOUR_MS)  # the hour is over
        monkeypatch.setattr(service_log, "CHUNK_BYTES_MAX", 100)
        node: Any = app.server.server._back
        async with app.server.client("administrator") as root:
            files: list[Any] = []
            while not files:
                (consumer,) = node.consumers.outbox._consumers.values()
                await consumer.commit()
                await node.consumers.message_log._log.look()
                files = [file async for file in root.log_files()]
        begin = datetime.strptime(files[0].hour, "%Y%m%d%H").replace(tzinfo=UTC)
        hour = (begin + timedelta(hours=8)).strftime("%Y%m%d%H")
        said = await ok(app, "open_msg_svc/get_history", {"ChatType": "C2C", "MsgTime": hour})
        [file] = said["File"]
        async with app.session.get(file["URL"]) as response:
            data = await response.read()
            assert response.status == 200 and len(data) == file["GzipSize"] > 100
            assert hashlib.sha256(data).hexdigest() == file["GzipSHA256"]
        [line] = gzip.decompress(data).splitlines()
        assert json.loads(line)["MsgBody"][0]["MsgContent"]["Text"] == "in the log"
        for url, expected in (
            (file["URL"].replace("kind=pair", "kind=group"), 1005),
            (file["URL"].partition("&sign")[0], 1005),
            (file["URL"].partition("?")[0], 1005),
        ):
            async with app.session.get(url) as response:
                assert (await response.json(content_type=None))["ErrorCode"] == expected
        for body, expected in (
            ({"ChatType": "Group", "MsgTime": hour}, 1004),
            ({"ChatType": "C2C", "MsgTime": "2020010100"}, 1004),
            ({"ChatType": "C2C", "MsgTime": "2020019900"}, 1001),
            ({"ChatType": "C2C", "MsgTime": "0001010100"}, 1001),
            ({"ChatType": "Room", "MsgTime": hour}, 1001),
            ({"MsgTime": hour}, 1001),
        ):
            assert await code(app, "open_msg_svc/get_history", body) == expected, body
        travel(monkeypatch, clock.wall_ms() + 8 * 86_400_000)
        async with app.session.get(file["URL"]) as response:
            assert (await response.json(content_type=None))["ErrorCode"] == 1005, "it has expired"


async def test_figures(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app, app.server.client("alice"):
        [row] = (await ok(app, "openconfigsvr/getappinfo"))["Result"]
        assert row["MaxOnlineNum"] == "1" and row["AppId"] == str(SDKAPPID) and len(row["Date"]) == 8
        said = await ok(app, "openconfigsvr/getappinfo", {"RequestField": ["MaxOnlineNum", "ActiveUserNum"]})
        assert said["Result"] == [{"MaxOnlineNum": "1"}]
        assert await code(app, "openconfigsvr/getappinfo", {"RequestField": [7]}) == 130001
