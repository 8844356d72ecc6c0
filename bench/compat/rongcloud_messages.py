"""RongCloud's commands for messages, pushes and words, each called and looked at from another side (AB-02)."""

from __future__ import annotations

import json

from rcim_bench.compat.case import Found, Json, State, Trial, case, check
from rcim_bench.compat.rongcloud_groups import group

from rcim.base.terms import AppList, MessageState, UserList
from rcim.client import BROADCASTS, Message, User
from rcim.content import elements as el

TEXT = {"objectName": "RC:TxtMsg", "content": '{"content":"hello"}'}
TYPES = "a type of the app's own has to be in app.message_types"
UNSTORED = (
    "isPersisted=0 goes to who is online and is gone; the sender's own devices always get it; isCounted is ignored"
)


def said(message: Message) -> str:
    """The text of a message."""
    (item,) = message.elements
    return item.text if isinstance(item, el.Text) else str(json.loads(item.data)["content"])  # type: ignore[attr-defined]


def first_uid(answer: Json) -> str:
    """The id of the first message that an answer names."""
    return str(answer["messageUIDs"][0]["messageUID"])


@case("rongcloud", "/message/private/publish")
async def private(on: Trial) -> Found:
    """A message to several users, and none to who does not want it."""
    sender, me = on.name("user"), on.admin.user_id
    fields = {"fromUserId": sender, "pushContent": "push", "pushExt": '{"title":"t"}', **TEXT}
    answer = await on.rongcloud_ok("/message/private/publish", toUserId=[me, "ben"], **fields)
    check([row["userId"] for row in answer["messageUIDs"]] == [me, "ben"], "the answer names others")
    (message,) = await on.admin.history(User(sender))
    check(
        (said(message), message.sender, message.type_name) == ("hello", sender, "RC:TxtMsg"), "the message is another"
    )
    for _ in range(2):
        await on.rongcloud_ok("/message/private/publish", toUserId=me, msgRandom=1795824363827, **fields)
    check(len(await on.admin.history(User(sender))) == 2, "the request that came twice was carried out twice")
    await on.admin.change_user_list(UserList.BLACK, add=[sender])
    refused = await on.rongcloud("/message/private/publish", toUserId=me, verifyBlacklist=1, **fields)
    check(refused["code"] == 1002, "the black list does not count")
    await on.admin.change_user_list(UserList.BLACK, remove=[sender])
    return Found(State.DIFFERS, f"{TYPES}; {UNSTORED}")


@case("rongcloud", "/message/group/publish", "/message/discussion/publish")
async def in_group(on: Trial) -> Found:
    """Messages with mentions, to some members, and to a discussion."""
    made = await group(on, "ann", "ben", "cat", on.admin.user_id)
    mention = {"content": "@ben", "mentionedInfo": {"type": 2, "userIdList": ["ben", "none"]}}
    fields = {"fromUserId": "ann", "objectName": "RC:TxtMsg"}
    await on.rongcloud_ok(
        "/message/group/publish", toGroupId=made, content=json.dumps(mention), isMentioned=1, **fields
    )
    await on.rongcloud_ok(
        "/message/group/publish", toGroupId=made, toUserId="cat", content='{"content":"x"}', **fields
    )
    await on.rongcloud_ok("/message/discussion/publish", toDiscussionId=made, content='{"content":"y"}', **fields)
    rows = await on.admin.history(made)
    check(rows[0].mentions == ("ben",), "mentions")
    check([row.to for row in rows] == [(), ("cat",), ()], "the message to cat is for others")
    return Found(State.DIFFERS, f"{TYPES}; {UNSTORED}; at most 50 users in toUserId; discussions are groups")


@case("rongcloud", "/statusmessage/private/publish", "/statusmessage/group/publish")
async def status(on: Trial) -> None:
    """What is not kept."""
    made, sender = await group(on, "ann", on.admin.user_id), on.name("user")
    await on.rongcloud_ok("/statusmessage/group/publish", fromUserId="ann", toGroupId=made, **TEXT)
    await on.rongcloud_ok("/statusmessage/private/publish", fromUserId=sender, toUserId=on.admin.user_id, **TEXT)
    check(not await on.admin.history(made) and not await on.admin.history(User(sender)), "it is kept")


@case("rongcloud", "/message/system/publish")
async def system(on: Trial) -> Found:
    """A message of an account to a user."""
    sender = on.name("account")
    await on.rongcloud_ok("/message/system/publish", fromUserId=sender, toUserId=[on.admin.user_id], **TEXT)
    check([said(one) for one in await on.admin.history(User(sender))] == ["hello"], "the message is another")
    return Found(State.DIFFERS, "it is a one-to-one message, unless fromUserId is a system conversation, @SYS#…")


@case("rongcloud", "/message/private/publish_template", "/message/system/publish_template")
async def template(on: Trial) -> None:
    """Words of its own for each user."""
    me = on.admin.user_id
    for path in ("/message/private/publish_template", "/message/system/publish_template"):
        sender = on.name("user")
        body = {
            "fromUserId": sender,
            "toUserId": [me, "ben"],
            "objectName": "RC:TxtMsg",
            "content": '{"content":"{name}!"}',
            "values": [{"{name}": 'say "hi"'}, {"{name}": "ben"}],
            "pushContent": ["{name}", "{name}"],
            "msgRandom": 7,
        }
        for _ in range(2):
            await on.rongcloud_ok(path, body)
        check([said(one) for one in await on.admin.history(User(sender))] == ['say "hi"!'], path)


@case("rongcloud", "/message/group/publish_template")
async def group_template(on: Trial) -> None:
    """Words of its own for each group."""
    one, other = await group(on, "ann", on.admin.user_id), await group(on, "ann", on.admin.user_id)
    body = {"fromUserId": "ann", "toGroupId": [one, other], "objectName": "RC:TxtMsg", "content": '{"content":"{n}"}'}
    await on.rongcloud_ok("/message/group/publish_template", {**body, "values": [{"{n}": "1"}, {"{n}": "2"}]})
    check([said((await on.admin.history(made))[0]) for made in (one, other)] == ["1", "2"], "the words are others")


@case("rongcloud", "/message/recall")
async def recall(on: Trial) -> Found:
    """A message that is taken back, among others; and one that is deleted."""
    made = await group(on, "ann", on.admin.user_id)
    uids = []
    for _ in range(5):
        answer = await on.rongcloud_ok("/message/group/publish", fromUserId="ann", toGroupId=made, **TEXT)
        uids.append(first_uid(answer))
    fields = {"conversationType": 3, "targetId": made, "sentTime": 1}
    check(
        (await on.rongcloud("/message/recall", fromUserId="ben", messageUID=uids[1], **fields))["code"] == 1002, "ben"
    )
    await on.rongcloud_ok("/message/recall", fromUserId="ann", messageUID=uids[1], **fields)
    await on.rongcloud_ok("/message/recall", fromUserId="ben", messageUID=uids[3], isAdmin=1, isDelete=1, **fields)
    states = [one.state for one in await on.admin.history(made)]
    check(states[1] is MessageState.RECALLED and states.count(MessageState.AS_SENT) == 3, "the states are others")
    return Found(State.DIFFERS, "an unknown messageUID is refused; sentTime, isAdmin and extra reach no client")


@case("rongcloud", "/message/expansion/set", "/message/expansion/delete", "/message/expansion/query")
async def expansion(on: Trial) -> Found:
    """Keys beside a message."""
    made = await group(on, "ann", on.admin.user_id)
    fields = {
        "fromUserId": "ann",
        "toGroupId": made,
        "expansion": "true",
        "extraContent": '{"a":"1","b":"2"}',
        **TEXT,
    }
    where = {"conversationType": 3, "targetId": made, "userId": "ann"}
    where["msgUID"] = first_uid(await on.rongcloud_ok("/message/group/publish", **fields))
    await on.rongcloud_ok("/message/expansion/set", extraKeyVal='{"b":"3"}', **where)
    await on.rongcloud_ok("/message/expansion/delete", extraKey='["a"]', **where)
    (message,) = await on.admin.history(made)
    check(json.loads(message.cloud_data) == {"rongExpansion": {"b": "3"}}, "the data is another")
    found = (await on.rongcloud_ok("/message/expansion/query", **where))["extraContent"]
    check(found["b"]["v"] == "3" and "a" not in found, "query")
    return Found(
        State.DIFFERS, "clients find it in cloud_data, and the message edited; the conversation has to be named"
    )


@case("rongcloud", "/message/broadcast", "/message/online/broadcast", "/message/broadcast/recall")
async def broadcast(on: Trial) -> Found:
    """Messages to everybody, one of them taken back."""
    sender = on.name("account")
    answer = await on.rongcloud_ok("/message/broadcast", fromUserId=sender, **TEXT)
    uid = {"messageUID": answer["messageUID"]}
    sent = {one.sender: one for one in await on.admin.history(BROADCASTS)}
    check(said(sent[sender]) == "hello", "the broadcast is another")
    await on.rongcloud_ok("/message/broadcast/recall", fromUserId=sender, objectName="RC:RcCmd", **uid)
    sent = {one.sender: one for one in await on.admin.history(BROADCASTS)}
    check(sender not in sent or sent[sender].state is MessageState.RECALLED, "it is there still")
    uid = (await on.rongcloud_ok("/message/broadcast", fromUserId=sender, **TEXT))["messageUID"]
    recall = {"objectName": "RC:RcCmd", "content": json.dumps({"messageUId": uid, "conversationType": 6})}
    await on.rongcloud_ok("/message/broadcast", fromUserId=sender, **recall)
    sent = {one.sender: one for one in await on.admin.history(BROADCASTS)}
    check(sender not in sent or sent[sender].state is MessageState.RECALLED, "a recall was broadcast")
    await on.rongcloud_ok("/message/online/broadcast", fromUserId=sender, **TEXT)
    return Found(
        State.DIFFERS, "limits are those of broadcasts here; an online broadcast counts too, and expires in 1 s"
    )


@case("rongcloud", "/message/history", "/message/history/delete")
async def history(on: Trial) -> Found:
    """An hour without messages has no file."""
    answer = await on.rongcloud_ok("/message/history", date="2019010101")
    check((answer["url"], answer["date"]) == ("", "2019010101"), "the answer is another")
    await on.rongcloud_ok("/message/history/delete", date="2019010101")
    check((await on.rongcloud("/message/history", date="2019"))["code"] == 1002, "a wrong date was taken")
    return Found(
        State.DIFFERS, "the file is gzip of JSON lines as the message log has them; message_log.enabled is needed"
    )


@case("rongcloud", "/push")
async def push(on: Trial) -> Found:
    """A broadcast to users with a tag."""
    sender, tag = on.name("account"), on.name("tag")
    await on.rongcloud_ok("/user/tag/set", {"userId": on.admin.user_id, "tags": [tag]})
    body: Json = {
        "platform": ["ios", "android"],
        "fromuserid": sender,
        "audience": {"tag": [tag], "is_to_all": False},
        "message": {"content": TEXT["content"], "objectName": "RC:TxtMsg"},
        "notification": {"alert": "alert"},
    }
    await on.rongcloud_ok("/push", body)
    check(sender in {one.sender for one in await on.admin.history(BROADCASTS)}, "it did not come")
    del body["message"], body["fromuserid"]
    check((await on.rongcloud("/push", body))["code"] == 1009, "a push without a message to a tag")
    return Found(State.DIFFERS, "platform is ignored; a push without a message goes to audience.userid only")


@case("rongcloud", "/push/user")
async def push_user(on: Trial) -> Found:
    """A push alone, which a server without a push service refuses; that it arrives, a test with a service looks at."""
    said = await on.rongcloud("/push/user", {"userIds": ["ann"], "notification": {"title": "title"}})
    check(said["code"] == 1002, "a push that says nothing")
    said = await on.rongcloud("/push/user", {"userIds": ["ann"], "notification": {"pushContent": "hello"}})
    check(said["code"] == 1009, "a push without a service")
    return Found(
        State.DIFFERS, "a push service has to be in the settings, else 1009; what is for one platform is ignored"
    )


@case(
    "rongcloud",
    *(f"/sensitiveword/{name}" for name in ("add", "delete", "batch/delete", "list")),
    *(f"/wordfilter/{name}" for name in ("add", "delete", "list")),
)
async def words(on: Trial) -> Found:
    """Words that are refused, and words that are replaced."""
    one, other = on.name("word"), on.name("word")
    await on.rongcloud_ok("/sensitiveword/add", word=one)
    await on.rongcloud_ok("/sensitiveword/add", word=other, replaceWord="nice")
    check(one in await on.admin.app_list(AppList.REFUSED_WORDS), "it is not refused")
    check(other in await on.admin.app_list(AppList.REPLACED_WORDS), "it is not replaced")
    rows = {row["word"]: row["type"] for row in (await on.rongcloud_ok("/sensitiveword/list", type=2))["words"]}
    check((rows[one], rows[other]) == ("1", "0"), "list")
    await on.rongcloud_ok("/sensitiveword/delete", word=one)
    await on.rongcloud_ok("/sensitiveword/batch/delete", words=[other, "none"])
    check(one not in await on.admin.app_list(AppList.REFUSED_WORDS), "it is refused still")
    check(other not in await on.admin.app_list(AppList.REPLACED_WORDS), "it is replaced still")
    await on.rongcloud_ok("/wordfilter/add", word=one)
    check(one in {row["word"] for row in (await on.rongcloud_ok("/wordfilter/list"))["words"]}, "the older list")
    await on.rongcloud_ok("/wordfilter/delete", word=one)
    check(one not in await on.admin.app_list(AppList.REFUSED_WORDS), "the older name does not delete")
    check(
        (await on.rongcloud("/sensitiveword/batch/delete", words=[str(n) for n in range(51)]))["code"] == 1502, "51"
    )
    return Found(State.DIFFERS, "a replaced word becomes ***, whatever replaceWord says; words are in force at once")
