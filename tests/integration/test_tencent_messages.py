"""Tencent's API: one-to-one messages and recent contacts (AB-02), with the state read back by another way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from rcim.base import clock
from rcim.client import User
from rcim.client.client import Client
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from tests.integration.test_tencent_users import TEXT, code, ok, refused
from tests.kit import until
from tests.kit_http import back_end

Json = dict[str, Any]
HELLO = encode_body([Text("hello")])


def letter(sender: str, receiver: Any, random: int = 7, **more: Any) -> Json:
    """The body of a sendmsg."""
    return {"From_Account": sender, "To_Account": receiver, "MsgRandom": random, "MsgBody": TEXT, **more}


async def texts(client: Client, other: str) -> list[str]:
    """What a client finds in its history with another user."""
    return [message.text for message in await client.history(User(other))]


async def test_sending(tmp_path: Path) -> None:  # C2-01, MS-02, MS-06, MS-08
    async with back_end(tmp_path) as app, app.server.client("bob") as bob:
        more = {
            "SyncOtherMachine": 2,
            "MsgSeq": 93847636,
            "MsgTimeStamp": 1557387418,
            "ForbidCallbackControl": ["ForbidBeforeSendMsgCallback"],
            "IsNeedReadReceipt": 1,
            "CloudCustomData": "data",
            "OfflinePushInfo": {"PushFlag": 0, "Title": "T", "AndroidInfo": {"Sound": "s"}},
        }
        said = await ok(app, "openim/sendmsg", letter("alice", "bob", **more))
        assert said["MsgKey"] == f"1_7_{said['MsgTime']}" and abs(said["MsgTime"] - clock.wall_ms() / 1000) < 60
        again = await ok(app, "openim/sendmsg", letter("alice", "bob", MsgSeq=93847636))
        assert again["MsgKey"] == said["MsgKey"], "the same MsgRandom, MsgSeq and body are the same message"
        [message] = await bob.history(User("alice"))
        assert (message.sender, message.text, message.cloud_data) == ("alice", "hello", b"data")
        body = letter("x", "bob", 8)
        del body["From_Account"]
        await ok(app, "openim/sendmsg", body)
        assert await texts(bob, "administrator") == ["hello"]
        said = await ok(app, "openim/sendmsg", letter("alice", "bob", 9, MsgLifeTime=0))
        assert said["MsgKey"].startswith("0_9_") and len(await bob.history(User("alice"))) == 1, "online only"
        await ok(app, "openim/sendmsg", letter("carol", "bob", 10, SendMsgControl=["NoUnread", "NoLastMsg"]))
        rows = {row.conversation: row.unread for row in (await bob.sync_page()).conversations}
        assert rows == {"c:5:alice:bob": 1, "c:13:administrator:bob": 1, "c:3:bob:carol": 0}
        for wrong, expected in (
            ({"To_Account": None}, 90003),
            ({"To_Account": 7}, 90003),
            ({"To_Account": "alice"}, 90003),
            ({"From_Account": 7}, 90008),
            ({"MsgRandom": None}, 90005),
            ({"MsgRandom": "8"}, 90005),
            ({"MsgRandom": 1 << 32}, 90005),
            ({"MsgBody": None}, 90002),
            ({"MsgBody": []}, 90002),
            ({"MsgBody": {}}, 90002),
            ({"MsgBody": [{"MsgType": "TIMTextElem"}]}, 90010),
            ({"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": 7}}]}, 90010),
            ({"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "x" * 13_000}}]}, 93000),
            ({"MsgLifeTime": 604_801}, 90026),
            ({"SyncOtherMachine": 3}, 90031),
            ({"SyncOtherMachine": 0}, 90031),
            ({"OfflinePushInfo": {"PushFlag": "x"}}, 90043),
            ({"OfflinePushInfo": "x"}, 90043),
            ({"SendMsgControl": ["Nothing"]}, 90001),
            ({"CloudCustomData": "x" * 9000}, 90001),
        ):
            assert await code(app, "openim/sendmsg", letter("alice", "bob", 11) | wrong) == expected, wrong
        assert len(await bob.history(User("alice"))) == 1, "nothing half done"


async def test_a_random_that_is_used_again(tmp_path: Path) -> None:  # MS-02
    other = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "other"}}]
    async with back_end(tmp_path) as app, app.server.client("bob") as bob:
        bodies: list[Json] = [{}, {"MsgBody": other}, {"MsgSeq": 1}, {"MsgSeq": 2}]
        keys = [(await ok(app, "openim/sendmsg", letter("alice", "bob", **more)))["MsgKey"] for more in bodies]
        again = [(await ok(app, "openim/sendmsg", letter("alice", "bob", **more)))["MsgKey"] for more in bodies]
        assert keys == again and [key.split("_")[:2] for key in keys] == [[f"{seq}", "7"] for seq in (1, 2, 3, 4)]
        assert await texts(bob, "alice") == ["hello", "other", "hello", "hello"]
        key = f"2_7_{keys[0].split('_')[2]}"
        await ok(app, "openim/admin_msgwithdraw", {"From_Account": "alice", "To_Account": "bob", "MsgKey": key})
        states = [message.state.name for message in await bob.history(User("alice"))]
        assert states.index("RECALLED") == 1, "the SEQ says which"
        old_s = clock.wall_ms() // 1000 - 1000
        for seq, time_s in ((1, old_s), (2, old_s), (2, old_s + 1), (2, old_s)):
            body = letter("alice", "carol", MsgSeq=seq, MsgTimeStamp=time_s, SyncFromOldSystem=2)
            await ok(app, "openim/importmsg", body)
        async with app.server.client("carol") as carol:
            ids = [message.client_msg_id for message in await carol.history(User("alice"))]
        assert ids == [f"7.1.{old_s}", f"7.2.{old_s}", f"7.2.{old_s + 1}"], "one that is there is not imported again"


async def test_batches(tmp_path: Path) -> None:  # C2-01
    async with back_end(tmp_path) as app, app.server.client("bob") as bob, app.server.client("carol") as carol:
        said = await ok(app, "openim/batchsendmsg", letter("alice", ["bob", "carol", "bob"]))
        assert await texts(bob, "alice") == await texts(carol, "alice") == ["hello"]
        key = said["MsgKey"]
        for name, client in (("bob", bob), ("carol", carol)):
            await ok(app, "openim/admin_msgwithdraw", {"From_Account": "alice", "To_Account": name, "MsgKey": key})
            assert (await client.history(User("alice")))[0].state.name == "RECALLED", "one key for all receivers"
        said = await app.tencent("openim/batchsendmsg", letter("alice", ["bob", "alice"], 8))
        assert (said["ActionStatus"], said["ErrorCode"]) == ("SomeError", 0)
        assert said["ErrorList"] == [{"To_Account": "alice", "ErrorCode": 90003}]
        assert len(await texts(bob, "alice")) == 2
        many = [f"u{n}" for n in range(501)]
        assert await code(app, "openim/batchsendmsg", letter("alice", many, 9)) == 90011
        assert await code(app, "openim/batchsendmsg", letter("alice", ["bob", 7], 9)) == 90003
        assert await code(app, "openim/batchsendmsg", letter("alice", "bob", 9)) == 90003
        assert await code(app, "openim/batchsendmsg", letter("alice", ["bob"], 9, MsgBody=[])) == 90002
        assert len(await texts(bob, "alice")) == 2
        said = await ok(app, "openim/batchsendmsg", letter("alice", many[:500], 10))
        async with app.server.client("u499") as last:
            assert await texts(last, "alice") == ["hello"]


async def test_importing(tmp_path: Path) -> None:  # GR-08
    async with back_end(tmp_path) as app, app.server.client("bob") as bob:
        now_s = clock.wall_ms() // 1000
        old = letter("alice", "bob", 5, MsgSeq=9, MsgTimeStamp=now_s - 1000, SyncFromOldSystem=2)
        await ok(app, "openim/importmsg", old | {"CloudCustomData": "c"})
        await ok(app, "openim/importmsg", old)
        await ok(app, "openim/importmsg", letter("bob", "alice", 6, MsgTimeStamp=now_s - 999, SyncFromOldSystem=1))
        await ok(app, "openim/importmsg", letter("alice", "bob", 7, MsgTimeStamp=now_s - 998, SyncFromOldSystem=1))
        found = await bob.history(User("alice"))
        assert [(m.sender, m.client_msg_id, m.time_ms // 1000 - now_s) for m in found] == [
            ("alice", f"5.9.{now_s - 1000}", -1000),
            ("bob", f"6.0.{now_s - 999}", -999),
            ("alice", f"7.0.{now_s - 998}", -998),
        ]
        assert found[0].cloud_data == b"c"
        [row] = (await bob.sync_page()).conversations
        assert row.unread == 1, "what is brought over as history is not unread, nor is one's own"
        late = letter("alice", "bob", 8, MsgTimeStamp=now_s - 5000, SyncFromOldSystem=1)
        await asyncio.gather(*(ok(app, "openim/importmsg", late) for _ in range(3)))
        assert (await bob.history(User("alice")))[-1].time_ms // 1000 == now_s - 998, "time never falls"
        key = {"From_Account": "alice", "To_Account": "bob", "MsgKey": f"9_5_{now_s - 1000}"}
        await ok(app, "openim/admin_msgwithdraw", key)
        assert (await bob.history(User("alice")))[0].state.name == "RECALLED", "by the key of the other service"
        for wrong, expected in (
            ({"MsgTimeStamp": now_s + 5000}, 90001),
            ({"MsgTimeStamp": None}, 90006),
            ({"MsgTimeStamp": "x"}, 90006),
            ({"SyncFromOldSystem": None}, 90030),
            ({"SyncFromOldSystem": 6}, 90030),
            ({"To_Account": "alice"}, 90003),
            ({"From_Account": None}, 90008),
            ({"MsgBody": [{}]}, 90010),
        ):
            assert await code(app, "openim/importmsg", old | {"MsgRandom": 99} | wrong) == expected, wrong
        assert len(await bob.history(User("alice"))) == 4


async def test_recalling_and_editing(tmp_path: Path) -> None:  # MS-10, MS-17
    async with back_end(tmp_path) as app, app.server.client("bob") as bob:
        first = await ok(app, "openim/sendmsg", letter("alice", "bob", 1, CloudCustomData="a"))
        ids = {"From_Account": "alice", "To_Account": "bob", "MsgKey": first["MsgKey"]}
        new = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "new"}}]
        await ok(app, "openim/modify_c2c_msg", ids | {"MsgBody": new})
        [message] = await bob.history(User("alice"))
        assert (message.text, message.state.name, message.cloud_data) == ("new", "EDITED", b"a")
        await ok(app, "openim/modify_c2c_msg", ids | {"CloudCustomData": "b"})
        [message] = await bob.history(User("alice"))
        assert (message.text, message.cloud_data) == ("new", b"b")
        for wrong, expected in (
            ({}, 90002),
            ({"MsgBody": []}, 90002),
            ({"MsgBody": new, "MsgKey": "1_2"}, 90054),
            ({"MsgBody": new, "MsgKey": None}, 90054),
            ({"MsgBody": new, "MsgKey": "1_2_3"}, 20022),
            ({"MsgBody": new, "From_Account": "bob", "To_Account": "alice"}, 20022),
        ):
            assert await code(app, "openim/modify_c2c_msg", ids | wrong) == expected, wrong
        await ok(app, "openim/admin_msgwithdraw", ids)
        [message] = await bob.history(User("alice"))
        assert (message.state.name, message.text) == ("RECALLED", "")
        assert await code(app, "openim/admin_msgwithdraw", ids) == 20023
        assert await code(app, "openim/admin_msgwithdraw", ids | {"MsgKey": "99999999999999999999_1_1"}) == 90054
        assert await code(app, "openim/admin_msgwithdraw", ids | {"To_Account": None}) == 90003


async def test_history_and_what_is_read(tmp_path: Path) -> None:  # RX-06, AB-04, AB-07, GR-04, MS-11
    async with back_end(tmp_path) as app, app.server.client("alice") as alice, app.server.client("bob") as bob:
        for number in range(5):
            await alice.send(User("bob"), f"a{number}")
        await bob.send(User("alice"), "b0")
        await alice.send(User("bob"), "a5", cloud_data=b"x")
        await alice.send(User("bob"), "a6")
        await alice.recall(User("bob"), 8)
        unread = {"To_Account": "bob"}
        assert (await ok(app, "openim/get_c2c_unread_msg_num", unread))["AllC2CUnreadMsgNum"] == 1
        now_s = clock.wall_ms() // 1000
        ask = {"Operator_Account": "alice", "Peer_Account": "bob", "MaxCnt": 5, "MinTime": 1, "MaxTime": now_s + 60}
        said = await ok(app, "openim/admin_getroammsg", ask)
        assert (said["Complete"], said["MsgCnt"]) == (0, 5)
        assert [row["MsgSeq"] for row in said["MsgList"]] == [4, 5, 6, 7, 8]
        assert [row["IsPeerRead"] for row in said["MsgList"]] == [1, 1, 0, 0, 0], "bob has answered"
        assert [row["MsgFlagBits"] for row in said["MsgList"]] == [0, 0, 0, 0, 8]
        assert said["MsgList"][-1]["MsgBody"] == [] and said["MsgList"][3]["CloudCustomData"] == "x"
        assert said["MsgList"][2] | {"MsgKey": "", "MsgRandom": 0, "MsgTimeStamp": 0} == {
            "From_Account": "bob",
            "To_Account": "alice",
            "MsgSeq": 6,
            "MsgRandom": 0,
            "MsgTimeStamp": 0,
            "MsgFlagBits": 0,
            "IsPeerRead": 0,
            "MsgKey": "",
            "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "b0"}}],
        }
        old = {
            "From_Account": "alice",
            "To_Account": "bob",
            "MaxCnt": 5,
            "MinTime": 1,
            "MaxTime": said["LastMsgTime"],
        }
        said = await ok(app, "openim/admin_getroammsg", old | {"LastMsgKey": said["LastMsgKey"]})
        assert (said["Complete"], [row["MsgSeq"] for row in said["MsgList"]]) == (1, [1, 2, 3])
        said = await ok(app, "openim/admin_getroammsg", ask | {"LastMsgKey": said["LastMsgKey"]})
        assert (said["Complete"], said["MsgList"]) == (1, [])
        said = await ok(app, "openim/admin_getroammsg", ask | {"MinTime": now_s + 50})
        assert (said["Complete"], said["MsgList"]) == (1, [])
        await ok(app, "openim/admin_set_msg_read", {"Report_Account": "bob", "Peer_Account": "alice"})
        said = await ok(app, "openim/get_c2c_unread_msg_num", unread | {"Peer_Account": ["alice", "carol"]})
        assert said["C2CUnreadMsgNumList"] == [
            {"Peer_Account": "alice", "C2CUnreadMsgNum": 0},
            {"Peer_Account": "carol", "C2CUnreadMsgNum": 0},
        ]
        assert await alice.receipts(User("bob"), 7) == (["bob"], [])
        body = {"Report_Account": "alice", "Peer_Account": "bob", "MsgReadTime": 5}
        await ok(app, "openim/admin_set_msg_read", body)
        await ok(app, "openim/admin_set_msg_read", body | {"MsgReadTime": "5"})
        await ok(app, "openim/admin_set_msg_read", {"Report_Account": "eve", "Peer_Account": "mallory"})
        for command, wrong, expected in (
            ("admin_getroammsg", ask | {"MaxCnt": 0}, 90001),
            ("admin_getroammsg", ask | {"LastMsgKey": "x"}, 90054),
            ("admin_getroammsg", ask | {"MinTime": "1"}, 90001),
            ("admin_getroammsg", ask | {"Peer_Account": None}, 90003),
            ("admin_getroammsg", {}, 90008),
            ("get_c2c_unread_msg_num", {}, 90003),
            ("get_c2c_unread_msg_num", unread | {"Peer_Account": "alice"}, 90003),
            ("get_c2c_unread_msg_num", unread | {"Peer_Account": ["bob"]}, 90003),
            ("admin_set_msg_read", {"Report_Account": "bob"}, 90003),
            ("admin_set_msg_read", body | {"MsgReadTime": -1}, 90001),
            ("admin_set_msg_read", body | {"MsgReadTime": "5s"}, 90001),
            ("admin_set_msg_read", body | {"MsgReadTime": "9" * 21}, 90001),
        ):
            assert await code(app, f"openim/{command}", wrong) == expected, (command, wrong)


async def test_recent_contacts(tmp_path: Path) -> None:  # RX-03, RX-09
    async with back_end(tmp_path) as app, app.server.client("alice") as alice:
        await alice.create_group("Lobby", group_id="lobby")
        await alice.create_group("Empty", group_id="empty")
        made_ms = clock.wall_ms()
        await until(lambda: clock.wall_ms() > made_ms, "what comes now is younger")
        await alice.send("lobby", "x")
        for number in range(105):
            await alice.send(User(f"u{number:03}"), "x")
        await alice.pin(User("u003"))
        page = {
            "From_Account": "alice",
            "TimeStamp": 0,
            "StartIndex": 0,
            "TopTimeStamp": 0,
            "TopStartIndex": 0,
            "AssistFlags": 5,
        }
        said = await ok(app, "recentcontact/get_list", page)
        first = said["SessionItem"][0]
        assert (first["Type"], first["To_Account"], first["TopFlag"]) == (1, "u003", 1) and first["MsgTime"] > 0
        assert (said["CompleteFlag"], len(said["SessionItem"])) == (0, 100)
        more = {name: said[name] for name in ("TimeStamp", "StartIndex", "TopTimeStamp", "TopStartIndex")}
        rest = await ok(app, "recentcontact/get_list", page | more)
        assert rest["CompleteFlag"] == 1
        everyone = [row.get("To_Account", row.get("GroupId")) for row in said["SessionItem"] + rest["SessionItem"]]
        assert len(everyone) == 106 == len(set(everyone)) and "lobby" in everyone and "empty" not in everyone
        everything = await ok(app, "recentcontact/get_list", page | more | {"AssistFlags": 7})
        assert {"Type": 2, "GroupId": "empty"}.items() <= everything["SessionItem"][-1].items()
        gone = {"From_Account": "alice", "Type": 1, "To_Account": "u003", "ClearRamble": 1}
        await ok(app, "recentcontact/delete", gone)
        await ok(app, "recentcontact/delete", {"From_Account": "alice", "Type": 2, "ToGroupid": "lobby"})
        said = await ok(app, "recentcontact/get_list", page)
        assert all(row.get("To_Account") != "u003" and row.get("GroupId") != "lobby" for row in said["SessionItem"])
        assert await alice.history(User("u003")) == [] and len(await alice.history("lobby")) == 1
        for command, body, expected in (
            ("delete", {"From_Account": "alice", "Type": 3, "To_Account": "u004"}, 50001),
            ("delete", {"From_Account": "alice", "Type": 0, "To_Account": "u004"}, 50001),
            ("delete", {"From_Account": "alice", "Type": 1}, 50001),
            ("delete", {"From_Account": "alice", "Type": 2}, 50001),
            ("get_list", {"From_Account": "alice"}, 50001),
            ("get_list", page | {"StartIndex": "0"}, 50001),
        ):
            assert await code(app, f"recentcontact/{command}", body) == expected, body


async def test_only_administrators_act_for_others(tmp_path: Path) -> None:  # ID-08
    async with back_end(tmp_path) as app, app.server.client("alice") as alice:
        await alice.send(User("bob"), "x")
        pair = "c:5:alice:bob"
        for frame, answer in (
            (f.ConversationRead(pair, 1, "bob"), f.ConversationReadOk),
            (f.ConversationClear(pair, "bob"), f.ConversationClearOk),
            (f.ConversationRemove(pair, "bob"), f.ConversationRemoveOk),
            (f.Sync(b"", 0, 0, "bob"), f.SyncOk),
            (f.AdminPairImport(pair, "alice", 1, "x", b"", True), f.AdminPairImportOk),
        ):
            assert await refused(alice.request(frame, answer)) == "ADMIN_REQUIRED", frame
        async with app.server.client("administrator") as root:
            for frame, name in (
                (f.AdminPairImport(pair, "eve", 1, "x", HELLO, True), "NOT_PERMITTED"),
                (f.AdminPairImport("g:lobby", "alice", 1, "x", HELLO, True), "BAD_PARAMETER"),
                (f.AdminPairImport(pair, "alice", 1 << 50, "x", HELLO, True), "BAD_PARAMETER"),
                (f.AdminPairImport(pair, "alice", 1, "x", b"nothing", True), "BAD_ELEMENT"),
            ):
                assert await refused(root.import_pair_message(frame)) == name, frame
            await root.request(f.ConversationRead(pair, 1, "bob"), f.ConversationReadOk)
            assert (await root.unread_of("bob")).total == 0
            assert await root.import_pair_message(f.AdminPairImport(pair, "alice", 1, "x", HELLO, True)) == 2
        assert len(await alice.history(User("bob"))) == 2
