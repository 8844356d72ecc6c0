"""Tencent's commands for group messages and topics, each called once and looked at from another side (AB-02)."""

from __future__ import annotations

from rcim_bench.compat.case import Found, Json, State, Trial, case, check
from rcim_bench.compat.tencent_groups import GROUPS, group, refused

from rcim.base.terms import MessageState
from rcim.client.model import Message
from rcim.content.elements import Text

TOPICS = "million_group_open_http_svc/"


def text(said: str) -> list[Json]:
    """A MsgBody."""
    return [{"MsgType": "TIMTextElem", "MsgContent": {"Text": said}}]


def said(message: Message) -> str:
    """What the message says."""
    return "".join(one.text for one in message.elements if isinstance(one, Text))


async def send(on: Trial, to: str, words: str, **more: object) -> int:
    """The SEQ of a message."""
    body = {"GroupId": to, "Random": int(on.name("")), "MsgBody": text(words), **more}
    return int((await on.tencent_ok(GROUPS + "send_group_msg", body))["MsgSeq"])


@case("tencent", GROUPS + "send_group_msg")
async def sending(on: Trial) -> Found:
    """The same Random is the same message; one for some alone; one that is not kept."""
    made = await group(on, "bob")
    body = {"GroupId": made, "Random": 77, "MsgBody": text("one"), "From_Account": "bob", "MsgPriority": "High"}
    first = await on.tencent_ok(GROUPS + "send_group_msg", body)
    again = await on.tencent_ok(GROUPS + "send_group_msg", body)
    check(first["MsgSeq"] == again["MsgSeq"] == 1, "the same Random is sent twice")
    await send(on, made, "two", To_Account=["bob"], CloudCustomData="data", SendMsgControl=["NoUnread", "NoLastMsg"])
    check(await send(on, made, "three", OnlineOnlyFlag=1) == 0, "OnlineOnlyFlag")
    page = await on.admin.history(made)
    check([(said(m), m.sender) for m in page] == [("one", "bob"), ("two", on.admin.user_id)], "history")
    check((page[1].to, page[1].cloud_data) == (("bob",), b"data"), "To_Account and CloudCustomData")
    return Found(State.DIFFERS, "the same Random is the same message for 10 minutes, not 5; NoLastMsg is ignored")


@case("tencent", GROUPS + "send_group_system_notification")
async def notice(on: Trial) -> None:
    """Who is online gets it; nothing is kept."""
    made = await group(on, on.admin.user_id)
    await on.tencent_ok(GROUPS + "send_group_system_notification", {"GroupId": made, "Content": "notice"})
    check(await on.admin.history(made) == [], "it is kept")


@case("tencent", GROUPS + "send_broadcast_msg")
async def broadcast(on: Trial) -> Found:
    """It is a broadcast of the app."""
    sent = await on.tencent_ok(GROUPS + "send_broadcast_msg", {"Random": 1, "MsgBody": text("to everybody")})
    newest = (await on.admin.broadcasts(1))[0]
    check(newest.seq == sent["MsgSeq"], "it is not the newest broadcast")
    check(not (newest.tags_any or newest.tags_all or newest.attributes_any), "it has a target")
    return Found(
        State.DIFFERS, "all users who are online get it, not only those in AVChatRooms; 30 a day are allowed"
    )


@case("tencent", GROUPS + "group_msg_get_simple")
async def history(on: Trial) -> None:
    """The newest first, from ReqMsgSeq back."""
    made = await group(on)
    for number in range(3):
        await send(on, made, f"m{number}")
    page = await on.tencent_ok(GROUPS + "group_msg_get_simple", {"GroupId": made, "ReqMsgNumber": 2})
    check([one["MsgSeq"] for one in page["RspMsgList"]] == [3, 2] and page["IsFinished"] == 1, "the newest")
    page = await on.tencent_ok(GROUPS + "group_msg_get_simple", {"GroupId": made, "ReqMsgNumber": 20, "ReqMsgSeq": 1})
    check([one["MsgBody"] for one in page["RspMsgList"]] == [text("m0")] and page["IsFinished"] == 2, "the oldest")


@case("tencent", GROUPS + "group_msg_recall")
async def recall(on: Trial) -> None:
    """Each has a code of its own."""
    made = await group(on)
    seq = await send(on, made, "x")
    wanted = {"GroupId": made, "MsgSeqList": [{"MsgSeq": seq}, {"MsgSeq": 99}]}
    found = (await on.tencent_ok(GROUPS + "group_msg_recall", wanted))["RecallRetList"]
    check([one["RetCode"] for one in found] == [0, 10030], "codes")
    check((await on.admin.history(made))[0].state is MessageState.RECALLED, "it is not recalled")


@case("tencent", "openim/modify_group_msg")
async def modify(on: Trial) -> None:
    """The body, or what stands beside it."""
    made = await group(on)
    seq = await send(on, made, "x")
    await on.tencent_ok("openim/modify_group_msg", {"GroupId": made, "MsgSeq": seq, "CloudCustomData": "data"})
    await on.tencent_ok("openim/modify_group_msg", {"GroupId": made, "MsgSeq": seq, "MsgBody": text("y")})
    found = (await on.admin.history(made))[0]
    check((said(found), found.cloud_data) == ("y", b"data"), "it is not changed")


@case("tencent", GROUPS + "delete_group_msg_by_sender")
async def delete(on: Trial) -> None:
    """All that one has sent, and nothing of others."""
    made = await group(on, "bob")
    await send(on, made, "x", From_Account="bob")
    await send(on, made, "y", From_Account="alice")
    await on.tencent_ok(GROUPS + "delete_group_msg_by_sender", {"GroupId": made, "Sender_Account": "bob"})
    states = [m.state for m in await on.admin.history(made)]
    check(states == [MessageState.DELETED, MessageState.AS_SENT], f"{states}")


@case("tencent", GROUPS + "get_group_msg_receipt", GROUPS + "get_group_msg_receipt_detail")
async def receipts(on: Trial) -> None:
    """How many, and who."""
    made = await group(on, on.admin.user_id)
    seq = await send(on, made, "x", From_Account="alice")
    await on.admin.mark_read(made, seq)
    one = {"MsgSeq": seq}
    found = await on.tencent_ok(GROUPS + "get_group_msg_receipt", {"GroupId": made, "MsgSeqList": [one]})
    check(found["GroupMsgReceiptList"] == [{"MsgSeq": seq, "Code": 0, "ReadNum": 1, "UnreadNum": 0}], "numbers")
    wanted = {"GroupId": made, "MsgSeq": seq, "Filter": 0, "Cursor": "", "Count": 10}
    detail = await on.tencent_ok(GROUPS + "get_group_msg_receipt_detail", wanted)
    check(detail["ReadList"] == [{"Read_Account": on.admin.user_id}] and detail["IsFinished"] == 1, "who")


@case("tencent", GROUPS + "set_unread_msg_num")
async def unread(on: Trial) -> Found:
    """The newest messages are unread again, but not one of the member's own."""
    made = await group(on, on.admin.user_id)
    seqs = [await send(on, made, f"m{number}", From_Account="alice") for number in range(4)]
    await on.admin.mark_read(made, seqs[-1])
    wanted = {"GroupId": made, "Member_Account": on.admin.user_id, "UnreadMsgNum": 3}
    await on.tencent_ok(GROUPS + "set_unread_msg_num", wanted)
    entry = next(g for g in await on.admin.groups() if g.group_id == made)
    check(entry.unread == 3, f"{entry.unread} are unread")
    await send(on, made, "own", From_Account=on.admin.user_id)
    await on.tencent_ok(GROUPS + "set_unread_msg_num", wanted)
    entry = next(g for g in await on.admin.groups() if g.group_id == made)
    check(entry.unread == 0, f"{entry.unread} are unread behind a message of the member's own")
    return Found(State.DIFFERS, "a member has read all up to their own newest message")


@case(
    "tencent",
    TOPICS + "create_topic",
    TOPICS + "modify_topic",
    TOPICS + "get_topic",
    TOPICS + "destroy_topic",
)
async def topics(on: Trial) -> None:
    """Topics are channels."""
    community = await group(on, type_="Community")
    body: Json = {"GroupId": community, "TopicName": "First", "CustomString": "own"}
    made = (await on.tencent_ok(TOPICS + "create_topic", body))["TopicId"]
    await on.tencent_ok(TOPICS + "modify_topic", {"GroupId": community, "TopicId": made, "TopicName": "One"})
    check([c.name for c in await on.admin.channels(community)] == ["One"], "the channel")
    found = await on.tencent_ok(TOPICS + "get_topic", {"GroupId": community, "From_Account": "alice"})
    info = found["TopicAndSelfInfo"][0]["TopicInfo"]
    check((info["TopicName"], info["CustomString"]) == ("One", "own"), "get_topic")
    await send(on, community, "in it", TopicId=made)
    check([said(m) for m in await on.admin.history(made)] == ["in it"], "its history")
    ended = await on.tencent_ok(TOPICS + "destroy_topic", {"GroupId": community, "TopicIdList": [made, made + "x"]})
    check([one["ErrorCode"] for one in ended["DestroyResultItem"]] == [0, 110003], "codes")
    check(await on.admin.channels(community) == [], "the channel is still there")


@case("tencent", GROUPS + "import_topic")
async def import_topic(on: Trial) -> Found:
    """As create_topic: the time of its creation is now."""
    community = await group(on, type_="Community")
    body: Json = {"GroupId": community, "TopicName": "Old", "CreateTime": 1000}
    made = (await on.tencent_ok(GROUPS + "import_topic", body))["TopicId"]
    check((await on.admin.info(made)).create_time_ms > 1_000_000, "CreateTime")
    message = {"From_Account": "alice", "SendTime": 2000, "MsgBody": text("x")}
    await refused(
        on, GROUPS + "import_group_msg", {"GroupId": community, "TopicId": made, "MsgList": [message]}, 10007
    )
    return Found(State.DIFFERS, "CreateTime is ignored, and messages can't be imported into a topic")
