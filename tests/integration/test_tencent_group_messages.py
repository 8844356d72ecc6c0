"""Tencent's commands for group messages, attributes, topics and imports: what they leave behind, and what is refused
(AB-02, MS-02 to MS-11, CR-03, UG-02, GR-08)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from rcim.base.terms import MessageState, Role
from rcim.client.model import Message
from rcim.content.elements import Text
from tests.integration.test_tencent_groups import code, ok, rows
from tests.kit import until
from tests.kit_callbacks import PATIENT, Receiver, receiver
from tests.kit_http import ADMINISTRATOR, BackEnd, back_end

__all__ = ["receiver"]  # the fixture


def text(said: str) -> list[dict[str, Any]]:
    return [{"MsgType": "TIMTextElem", "MsgContent": {"Text": said}}]


def said(messages: list[Message]) -> list[str]:
    return ["".join(e.text for e in m.elements if isinstance(e, Text)) for m in messages]


async def room(app: BackEnd, group: str = "g", type_: str = "Public") -> None:
    """A group of alice and bob, of which nobody was told."""
    await ok(app, "create_group", Type=type_, Name="x", GroupId=group, Owner_Account="alice", MemberList=rows("bob"))


async def test_what_is_sent(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app, app.server.client("bob") as bob:
        await room(app)
        send = "send_group_msg"
        first = await ok(
            app, send, GroupId="g", Random=1, MsgBody=text("one"), From_Account="alice", MsgPriority="High"
        )
        again = await ok(app, send, GroupId="g", Random=1, MsgBody=text("one"), From_Account="alice")
        assert first["MsgSeq"] == again["MsgSeq"] == 1 and first["MsgTime"] == again["MsgTime"]
        extra = {
            "CloudCustomData": "data",
            "SendMsgControl": ["NoUnread", "NoLastMsg"],
            "OfflinePushInfo": {"Title": "t"},
        }
        await ok(app, send, GroupId="g", Random=2, MsgBody=text("two"), **extra)
        await ok(app, send, GroupId="g", Random=3, MsgBody=text("three"), To_Account=["bob"], From_Account="eve")
        await ok(app, send, GroupId="g", Random=4, MsgBody=text("four"), GroupAtInfo=[{"GroupAtAllFlag": 1}])
        gone = await ok(app, send, GroupId="g", Random=5, MsgBody=text("five"), OnlineOnlyFlag=1)
        assert gone["MsgSeq"] == 0
        other = {
            "MsgOnlineOnlyFlag": 1,
            "OfflinePushInfo": [],
        }  # the vendor's other name; PHP's object without fields
        assert (await ok(app, send, GroupId="g", Random=6, MsgBody=text("six"), **other))["MsgSeq"] == 0
        page = await bob.history("g")
        assert said(page) == ["one", "two", "three", "four"]
        assert [m.sender for m in page] == ["alice", ADMINISTRATOR, "eve", ADMINISTRATOR]
        assert (page[1].cloud_data, page[2].to, page[3].mentions_all) == (b"data", ("bob",), True)
        entry = next(e for e in await bob.groups() if e.group_id == "g")
        assert entry.unread == 2, "what does not count as unread, and what is for some alone, is left out"
        for wanted, body in (
            (10004, {}),
            (10004, {"Random": "6", "MsgBody": text("x")}),
            (10004, {"Random": 6}),
            (10004, {"Random": 6, "MsgBody": [{"MsgType": "Nothing", "MsgContent": {}}]}),
            (10004, {"Random": 6, "MsgBody": text("x"), "MsgPriority": "Urgent"}),
            (10004, {"Random": 6, "MsgBody": text("x"), "ForbidCallbackControl": ["Nothing"]}),
            (10004, {"Random": 6, "MsgBody": text("x"), "To_Account": ["nobody"]}),
            (10004, {"Random": 6, "MsgBody": text("x"), "To_Account": [f"u{n}" for n in range(51)]}),
            (10004, {"Random": 6, "MsgBody": text("x"), "TopicId": "h@TOPIC#_t"}),
            (80002, {"Random": 6, "MsgBody": text("x" * 9000)}),
            (90043, {"Random": 6, "MsgBody": text("x"), "OfflinePushInfo": {"Title": 7}}),
            (60015, {"Random": 6, "MsgBody": text("x"), "From_Account": 7}),
        ):
            assert await code(app, send, **{"GroupId": "g", **body}) == wanted, body
        assert await code(app, send, GroupId="nothing", Random=6, MsgBody=text("x")) == 10010
        assert len(await bob.history("g")) == 4


async def test_callbacks_that_the_app_forbids(tmp_path: Path, receiver: Receiver) -> None:  # CB-03, CB-04
    commands = "Group.CallbackBeforeSendMsg,Group.CallbackAfterSendMsg"
    own = (f"callbacks.url={receiver.url}", f"callbacks.commands={commands}", "callbacks.allow_private=true", PATIENT)
    async with back_end(tmp_path, *own) as app:
        await room(app)
        send = {"GroupId": "g", "MsgBody": text("x")}
        both = ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]
        await ok(app, "send_group_msg", Random=1, ForbidCallbackControl=both, **send)
        await ok(app, "send_group_msg", Random=2, ForbidCallbackControl=both[:1], **send)
        await ok(app, "send_group_msg", Random=3, ForbidCallbackControl=both[1:], **send)
        await ok(app, "send_group_msg", Random=4, **send)

        def heard() -> set[tuple[str, int]]:
            return {(body["CallbackCommand"], body["Random"]) for _, body in receiver.seen}

        before, after = commands.split(",")
        await until(lambda: (after, 4) in heard(), "the app is told of the last message")
        assert heard() == {(after, 2), (before, 3), (before, 4), (after, 4)}


async def test_notices_and_broadcasts(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app, app.server.client("bob") as bob, app.server.client("eve") as eve:
        await room(app)
        await ok(app, "send_group_system_notification", GroupId="g", Content="to all")
        await ok(app, "send_group_system_notification", GroupId="g", Content="to bob", ToMembers_Account=["bob"])
        await ok(app, "send_group_system_notification", GroupId="g", Content="to alice", ToMembers_Account=["alice"])
        await ok(app, "send_broadcast_msg", Random=1, MsgBody=text("to everybody"), From_Account="alice")
        heard: list[str] = []
        async for event in bob.events():
            body = getattr(event, "elements", None)
            heard += [e.text for e in body or () if isinstance(e, Text)]
            if heard and heard[-1] == "to everybody":
                break
        assert heard == ["to all", "to bob", "to everybody"]
        async for message in eve.messages():
            assert said([message]) == ["to everybody"]
            break
        assert await code(app, "send_broadcast_msg", Random=2, MsgBody=text("x")) == 60007
        assert await code(app, "send_group_system_notification", GroupId="g") == 10004
        assert await code(app, "send_group_system_notification", GroupId="h", Content="x") == 10010


async def test_what_becomes_of_messages(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app, app.server.client("bob") as bob:
        await room(app)
        await ok(app, "add_group_member", GroupId="g", MemberList=rows("carol"), Silence=1)
        for number in range(1, 26):
            sender = "alice" if number % 2 else "bob"
            await ok(
                app, "send_group_msg", GroupId="g", Random=number, MsgBody=text(f"m{number}"), From_Account=sender
            )
        page = await ok(app, "group_msg_get_simple", GroupId="g", ReqMsgNumber=20)
        seqs = [one["MsgSeq"] for one in page["RspMsgList"]]
        assert page["IsFinished"] == 1 and seqs == list(range(25, 5, -1))
        assert page["RspMsgList"][0] == {
            "From_Account": "alice",
            "IsPlaceMsg": 0,
            "MsgBody": text("m25"),
            "MsgPriority": 2,
            "MsgRandom": 25,
            "MsgSeq": 25,
            "MsgTimeStamp": page["RspMsgList"][0]["MsgTimeStamp"],
        }
        page = await ok(app, "group_msg_get_simple", GroupId="g", ReqMsgNumber=20, ReqMsgSeq=5)
        assert page["IsFinished"] == 2 and [one["MsgSeq"] for one in page["RspMsgList"]] == [5, 4, 3, 2, 1]
        assert await code(app, "group_msg_get_simple", GroupId="g", ReqMsgNumber=21) == 10004

        recalled = await ok(app, "group_msg_recall", GroupId="g", MsgSeqList=[{"MsgSeq": 25}, {"MsgSeq": 99}])
        assert recalled["RecallRetList"] == [{"MsgSeq": 25, "RetCode": 0}, {"MsgSeq": 99, "RetCode": 10030}]
        page = await ok(app, "group_msg_get_simple", GroupId="g", ReqMsgNumber=1)
        assert (page["RspMsgList"][0]["IsPlaceMsg"], page["RspMsgList"][0]["MsgBody"]) == (1, [])
        page = await ok(app, "group_msg_get_simple", GroupId="g", ReqMsgNumber=1, WithRecalledMsg=1)
        assert page["RspMsgList"][0]["IsPlaceMsg"] == 2

        modify = "openim/modify_group_msg"
        await ok(app, modify, GroupId="g", MsgSeq=24, MsgBody=text("other"), CloudCustomData="data")
        await ok(app, modify, GroupId="g", MsgSeq=22, CloudCustomData="more")
        found = {m.seq: m for m in await bob.history_of("g", [22, 24, 25])}
        assert (said([found[24]]), found[24].cloud_data) == (["other"], b"data")
        assert (said([found[22]]), found[22].cloud_data) == (["m22"], b"more")
        assert found[25].state is MessageState.RECALLED
        assert await code(app, modify, GroupId="g", MsgSeq=23) == 90002
        assert await code(app, modify, GroupId="g", MsgSeq=99, MsgBody=text("x")) == 10030
        assert await code(app, modify, GroupId="g", MsgSeq=25, CloudCustomData="x") == 10030

        await bob.mark_read("g", 24)
        receipts = await ok(
            app, "get_group_msg_receipt", GroupId="g", MsgSeqList=[{"MsgSeq": 23}, {"MsgSeq": 24}, {"MsgSeq": 99}]
        )
        assert receipts["GroupMsgReceiptList"] == [
            {"MsgSeq": 23, "Code": 0, "ReadNum": 1, "UnreadNum": 1},
            {"MsgSeq": 24, "Code": 0, "ReadNum": 1, "UnreadNum": 1},
            {"MsgSeq": 99, "Code": 10030},
        ]
        read = {"GroupId": "g", "MsgSeq": 23, "Cursor": "", "Count": 10}
        detail = await ok(app, "get_group_msg_receipt_detail", Filter=0, **read)
        assert detail["ReadList"] == [{"Read_Account": "bob"}] and detail["IsFinished"] == 1
        detail = await ok(app, "get_group_msg_receipt_detail", Filter=1, **read)
        assert detail["UnreadList"] == [{"Unread_Account": "carol"}]

        await ok(app, "set_unread_msg_num", GroupId="g", Member_Account="carol", UnreadMsgNum=3)
        async with app.server.client("carol") as carol:
            entry = next(e for e in await carol.groups() if e.group_id == "g")
            assert entry.unread == 2, "one of the three is recalled"
        await ok(app, "delete_group_msg_by_sender", GroupId="g", Sender_Account="alice")
        left = await bob.history_of("g", range(20, 25))
        assert [m.seq for m in left if m.state is not MessageState.DELETED] == [20, 22, 24]
        assert await code(app, "set_unread_msg_num", GroupId="g", Member_Account="eve", UnreadMsgNum=1) == 10004
        await ok(app, "modify_group_base_info", GroupId="g", Name="other")
        [notice] = (await ok(app, "group_msg_get_simple", GroupId="g", ReqMsgNumber=1))["RspMsgList"]
        [element] = notice["MsgBody"]
        assert (notice["IsSystemMsg"], element["MsgType"]) == (1, "TIMCustomElem"), "of a kind that the vendor has"
        assert (
            element["MsgContent"]["Ext"] == "RcimGroupTipElem" and '"What":["name"]' in element["MsgContent"]["Data"]
        )


async def test_an_import_and_life_after_it(tmp_path: Path) -> None:  # GR-08
    begun = int(time.time()) - 1000
    app: BackEnd
    async with back_end(tmp_path) as app, app.server.client("bob") as bob:
        made = await ok(
            app, "import_group", Type="Public", Name="old", GroupId="g", Owner_Account="alice", CreateTime=begun
        )
        assert made["GroupId"] == "g"
        members = [
            {"Member_Account": "bob", "Role": "Admin", "JoinTime": begun + 10, "UnreadMsgNum": 2},
            {"Member_Account": "alice"},
        ]
        results = (await ok(app, "import_group_member", GroupId="g", MemberList=members))["MemberList"]
        assert [one["Result"] for one in results] == [1, 2]
        old = [
            {"From_Account": "alice", "SendTime": begun + 100, "Random": 1, "MsgBody": text("one")},
            {"From_Account": "gone", "SendTime": begun + 90, "Random": 2, "MsgBody": text("too early")},
            {"From_Account": "gone", "SendTime": begun + 110, "MsgBody": text("two")},
            {"From_Account": "bob", "SendTime": begun + 120, "Random": 3, "MsgBody": text("x" * 9000)},
        ]
        results = (await ok(app, "import_group_msg", GroupId="g", MsgList=old, RecentContactFlag=1))[
            "ImportMsgResult"
        ]
        assert [(one["Result"], one["MsgSeq"]) for one in results] == [(0, 1), (10004, 0), (0, 2), (80002, 0)]
        repeated = await asyncio.gather(*(ok(app, "import_group_msg", GroupId="g", MsgList=old) for _ in range(3)))
        assert [one["ImportMsgResult"] for one in repeated] == [results] * 3, "nothing is brought over twice"
        later = {"SendTime": begun + 150, "Random": 9, "MsgBody": text("not yet")}
        half = [later | {"From_Account": "alice"}, later]
        assert await code(app, "import_group_msg", GroupId="g", MsgList=half) == 10004, "nothing is half done"
        odd = {"From_Account": "alice", "SendTime": begun + 150, "Random": 10, "MsgBody": [{"MsgType": "Odd"}]}
        results = (await ok(app, "import_group_msg", GroupId="g", MsgList=[odd, odd]))["ImportMsgResult"]
        assert [one["MsgSeq"] for one in results] == [0, 0], "each has a result of its own"
        more = [{"From_Account": "alice", "SendTime": begun + 200, "Random": 4, "MsgBody": text("three")}]
        await ok(app, "import_group_msg", GroupId="g", MsgList=more)
        assert said(await bob.history("g")) == ["one", "two", "three"], "the group is open"
        entry = next(e for e in await bob.groups() if e.group_id == "g")
        assert (entry.unread, entry.role) == (2, Role.ADMIN), "as many unread as was said"
        await bob.send("g", "hello")
        assert (await ok(app, "import_group_msg", GroupId="g", MsgList=more))["ImportMsgResult"][0]["MsgSeq"] == 3
        assert await code(app, "import_group_msg", GroupId="g", MsgList=[more[0] | {"Random": 5}]) == 10007
        late = [{"Member_Account": "carol", "JoinTime": begun + 10, "UnreadMsgNum": 1}]
        await ok(app, "import_group_member", GroupId="g", MemberList=late)
        for wanted, command, body in (
            (10025, "import_group", {"Type": "Public", "Name": "x", "Owner_Account": "alice"}),
            (10021, "import_group", {"Type": "Public", "Name": "x", "Owner_Account": "eve"}),
            (10004, "import_group_member", {"MemberList": [{"Member_Account": "x", "JoinTime": begun - 1}]}),
            (10004, "import_group_member", {"MemberList": [{"Member_Account": "x", "Role": "Owner"}]}),
            (10005, "import_group_member", {"MemberList": rows(*(f"u{n}" for n in range(301)))}),
        ):
            assert await code(app, command, GroupId="g", **body) == wanted, (command, body)
        assert await code(app, "import_group", Type="AVChatRoom", Name="x") == 10007
        await ok(app, "create_group", Type="Public", Name="x", GroupId="other")
        assert await code(app, "import_group_member", GroupId="other", MemberList=rows("bob")) == 10007
        await ok(app, "import_group", Type="Work", Name="x", GroupId="empty", Owner_Account="alice", CreateTime=begun)
    async with back_end(tmp_path) as app, app.server.client("carol") as carol:  # after a restart
        page = await carol.history("g")
        assert said(page) == ["one", "two", "three", "hello"]
        assert next(e for e in await carol.groups() if e.group_id == "g").unread == 1
        message = [{"From_Account": "alice", "SendTime": begun + 5, "MsgBody": text("still")}]
        await ok(app, "import_group_msg", GroupId="empty", MsgList=message)
        assert await code(app, "import_group_msg", GroupId="g", MsgList=message) == 10007


async def test_an_import_makes_no_callbacks(tmp_path: Path, receiver: Receiver) -> None:  # GR-08
    commands = "Group.CallbackAfterNewMemberJoin,Group.CallbackAfterSendMsg,Group.CallbackAfterCreateGroup"
    own = (f"callbacks.url={receiver.url}", f"callbacks.commands={commands}", "callbacks.allow_private=true", PATIENT)
    async with back_end(tmp_path, *own) as app:
        await ok(app, "import_group", Type="Public", Name="old", GroupId="g", Owner_Account="alice", CreateTime=1000)
        await ok(app, "import_group_member", GroupId="g", MemberList=rows("bob"))
        old = [{"From_Account": "alice", "SendTime": 2000, "MsgBody": text("one")}]
        await ok(app, "import_group_msg", GroupId="g", MsgList=old)
        await ok(app, "send_group_msg", GroupId="g", Random=1, MsgBody=text("new"))
        await until(lambda: bool(receiver.seen), "the app is told of the first message that is sent")
        assert [(body["CallbackCommand"], body["Random"]) for _, body in receiver.seen] == [
            (commands.split(",")[1], 1)
        ]


async def test_attributes(tmp_path: Path) -> None:
    get = "group_open_attr_http_svc/get_group_attr"
    async with back_end(tmp_path) as app, app.server.client("alice") as alice:
        await ok(app, "create_group", Type="AVChatRoom", Name="x", GroupId="g", Owner_Account="alice")
        assert (await ok(app, get, GroupId="g"))["GroupAttrAry"] == []
        await alice.set_attributes("g", {"seat-1": "alice"})
        many = [{"key": f"k{number}", "value": "v"} for number in range(15)]
        await ok(app, "modify_group_attr", GroupId="g", GroupAttr=[{"key": "seat-1", "value": "bob"}, *many])
        assert len(await alice.attributes("g")) == 16 and (await alice.attributes("g", ["seat-1"])) == {
            "seat-1": "bob"
        }
        await ok(
            app, "set_group_attr", GroupId="g", GroupAttr=[{"key": "k1", "value": "w"}, {"key": "n", "value": "x"}]
        )
        assert await alice.attributes("g") == {"k1": "w", "n": "x"}, "all others are removed"
        found = (await ok(app, get, GroupId="g"))["GroupAttrAry"]
        assert sorted((one["key"], one["value"]) for one in found) == [("k1", "w"), ("n", "x")]
        assert (await ok(app, "get_group_attr", GroupId="g"))["GroupAttrAry"] == found, "where its companions are"
        await ok(app, "clear_group_attr", GroupId="g")
        assert await alice.attributes("g") == {}
        await ok(app, "clear_group_attr", GroupId="g")
        for wanted, body in (
            (10004, {"GroupAttr": []}),
            (10004, {"GroupAttr": [{"key": "k"}]}),
            (10045, {"GroupAttr": [{"key": "no space", "value": "v"}]}),
            (10046, {"GroupAttr": [{"key": "k", "value": "v" * 4097}]}),
            (10047, {"GroupAttr": [{"key": f"k{number}", "value": "v"} for number in range(17)]}),
        ):
            assert await code(app, "modify_group_attr", GroupId="g", **body) == wanted, body
        assert await alice.attributes("g") == {}
        await room(app, "public")
        assert await code(app, "modify_group_attr", GroupId="public", GroupAttr=many) == 10007
        assert await code(app, get, GroupId="nothing") == 10010


async def test_topics(tmp_path: Path) -> None:
    topics, group = "million_group_open_http_svc/", "@TGS#_c"
    async with back_end(tmp_path) as app, app.server.client("bob") as bob:
        await room(app, group, "Community")
        first = f"{group}@TOPIC#_first"
        profile = {"FaceUrl": "http://x/y", "Notification": "news", "Introduction": "intro", "CustomString": "own"}
        create = topics + "create_topic"
        made = await ok(app, create, GroupId=group, TopicId=first, TopicName="First", **profile)
        assert made["TopicId"] == first
        other = (await ok(app, create, GroupId=group, TopicName="Second"))["TopicId"]
        third = (await ok(app, "import_topic", GroupId=group, TopicName="Third", Type="Community"))["TopicId"]
        assert {c.group_id: c.name for c in await bob.channels(group)} == {
            first: "First",
            other: "Second",
            third: "Third",
        }
        assert await code(app, create, GroupId=group, TopicName="x", FaceUrl="x" * 101) == 10004
        assert await code(app, create, GroupId=group, TopicName="x", TopicId="x@TOPIC#_y") == 10004
        assert await code(app, create, GroupId="g", TopicName="x") == 10010
        assert await code(app, create, GroupId=group, TopicName="First", TopicId=first) in (10021, 10025)
        assert len(await bob.channels(group)) == 3, "nothing is left of what was refused"

        await ok(app, "send_group_msg", GroupId=group, TopicId=first, Random=1, MsgBody=text("in it"))
        assert said(await bob.history(first)) == ["in it"]
        modify = topics + "modify_topic"
        await ok(app, modify, GroupId=group, TopicId=first, TopicName="One", MuteAllMember="On", CustomString="new")
        found = await ok(app, topics + "get_topic", GroupId=group, From_Account="bob", TopicIdList=[first, "nothing"])
        one, missing = found["TopicAndSelfInfo"]
        assert missing["TopicInfo"]["ErrorCode"] == 110003
        assert one["SelfInfo"]["MsgFlag"] == "AcceptAndNotify" and one["TopicInfo"]["CreateTime"]
        shown = {
            name: one["TopicInfo"][name] for name in ("TopicName", "CustomString", "MuteAllMember", "Notification")
        }
        assert shown == {"TopicName": "One", "CustomString": "new", "MuteAllMember": "On", "Notification": "news"}
        everything = await ok(app, topics + "get_topic", GroupId=group, From_Account="bob")
        assert len(everything["TopicAndSelfInfo"]) == 3
        assert await code(app, modify, GroupId=group, TopicId=first, TopicName="x" * 31, MuteAllMember="Off") == 10004
        assert await code(app, modify, GroupId=group, TopicName="x") == 10004

        ended = await ok(app, topics + "destroy_topic", GroupId=group, TopicIdList=[other, "g@TOPIC#_x", f"{first}x"])
        assert [one["ErrorCode"] for one in ended["DestroyResultItem"]] == [0, 110003, 110003]
        assert {c.group_id for c in await bob.channels(group)} == {first, third}


async def test_rooms_and_what_is_not_enabled(tmp_path: Path) -> None:
    members = "group_open_avchatroom_http_svc/get_members"
    async with back_end(tmp_path) as app, app.server.client("bob") as bob:
        await ok(app, "create_group", Type="AVChatRoom", Name="x", GroupId="g", Owner_Account="alice")
        await bob.set_profile(nickname="Bob")
        await bob.join("g")
        found = await ok(app, members, GroupId="g", Timestamp=0)
        assert {one["Member_Account"]: one["NickName"] for one in found["MemberList"]} == {"alice": "", "bob": "Bob"}
        assert found["NextTimestamp"] == 0
        assert await code(app, members, GroupId="g") == 10004
        for command in (
            "get_group_counter",
            "update_group_counter",
            "delete_group_counter",
            "openim_msg_ext_http_svc/group_get_key_values",
            "openim_msg_ext_http_svc/group_set_key_values",
            "group_open_avchatroom_http_svc/modify_user_info",
        ):
            assert await code(app, command, GroupId="g") == 10026
