"""RongCloud's commands for ultra groups, each called and looked at from another side (AB-02)."""

from __future__ import annotations

import json

from rcim_bench.compat.case import Found, State, Trial, case, check

from rcim.base.terms import PushLevel

ULTRA = "/ultragroup"
PREFIX, MARK = "@TGS#_", "@TOPIC#_"
TEXT = {"objectName": "RC:TxtMsg", "content": '{"content":"hello"}'}
IDS = "an id has @TGS#_ in front here, which answers leave off"


async def group(on: Trial, *users: str) -> str:
    """A new ultra group of the administrator and these users, as the vendor's back end calls it."""
    made = on.name("ultra")
    await on.rongcloud_ok(f"{ULTRA}/create", userId=on.admin.user_id, groupId=made, groupName="Ultra")
    if users:
        await on.rongcloud_ok(f"{ULTRA}/join", userId=list(users), groupId=made)
    return made


async def channel(on: Trial, group_id: str, type_: int = 0) -> str:
    """A new channel of it."""
    await on.rongcloud_ok(f"{ULTRA}/channel/create", groupId=group_id, busChannel="news", type=type_)
    return f"{PREFIX}{group_id}{MARK}news"


@case("rongcloud", *(f"{ULTRA}/{name}" for name in ("create", "join", "quit", "refresh", "dis", "member/exist")))
async def life(on: Trial) -> Found:
    """An ultra group from its beginning to its end."""
    made = await group(on, "ann")
    check((await on.rongcloud_ok(f"{ULTRA}/member/exist", groupId=made, userId="ann"))["status"] is True, "join")
    await on.rongcloud_ok(f"{ULTRA}/quit", userId="ann", groupId=made)
    await on.rongcloud_ok(f"{ULTRA}/refresh", groupId=made, groupName="Hall")
    check((await on.admin.info(PREFIX + made)).name == "Hall", "the name is another")
    check({one.user_id for one in await on.admin.members(PREFIX + made)} == {on.admin.user_id}, "members")
    await on.rongcloud_ok(f"{ULTRA}/dis", groupId=made)
    check((await on.rongcloud(f"{ULTRA}/refresh", groupId=made, groupName="x"))["code"] == 1002, "it is there still")
    return Found(State.DIFFERS, f"{IDS}; its creator owns it")


@case("rongcloud", *(f"{ULTRA}/channel/{name}" for name in ("create", "del", "get", "type/change")))
async def channels(on: Trial) -> None:
    """Channels, public and private."""
    made = await group(on)
    key = await channel(on, made, 1)
    check((await on.admin.info(key)).name == "news", "there is no channel")
    await on.rongcloud_ok(f"{ULTRA}/channel/type/change", groupId=made, busChannel="news", type=0)
    rows = (await on.rongcloud_ok(f"{ULTRA}/channel/get", groupId=made, page=1, limit=20))["channelList"]
    check([(row["channelId"], row["type"]) for row in rows] == [("news", 0)], "get")
    await on.rongcloud_ok(f"{ULTRA}/channel/del", groupId=made, busChannel="news")
    check(not (await on.rongcloud_ok(f"{ULTRA}/channel/get", groupId=made))["channelList"], "it is there still")


INSIDERS = f"{ULTRA}/channel/private/users"


@case("rongcloud", f"{INSIDERS}/add", f"{INSIDERS}/del", f"{INSIDERS}/get", f"{ULTRA}/user/channel/query")
async def insiders(on: Trial) -> None:
    """Who sees a private channel."""
    made = await group(on, "ann", "ben")
    key = await channel(on, made, 1)
    where = {"groupId": made, "busChannel": "news"}
    await on.rongcloud_ok(f"{INSIDERS}/add", userIds="ann,ben", **where)
    await on.rongcloud_ok(f"{INSIDERS}/del", userIds="ben", **where)
    check("ann" in await on.admin.channel_users(key) and "ben" not in await on.admin.channel_users(key), "users")
    check("ann" in (await on.rongcloud_ok(f"{INSIDERS}/get", page=1, pageSize=200, **where))["users"], "get")
    for user, seen in (("ann", ["news"]), ("ben", [])):
        found = (await on.rongcloud_ok(f"{ULTRA}/user/channel/query", groupId=made, userId=user))["data"]
        check(found == seen, f"the channels of {user}")
    for path in ("channel/del", "channel/create", "channel/private/users/add"):
        said = await on.rongcloud(f"{ULTRA}/{path}", groupId=made, busChannel="RCDefault", userIds="ann")
        check(said["code"] == 1002, f"{path} took the group for a channel")


MUTED, SPEAKERS = f"{ULTRA}/userbanned", f"{ULTRA}/banned/whitelist"


@case("rongcloud", f"{MUTED}/add", f"{MUTED}/del", f"{MUTED}/get")
async def muted(on: Trial) -> None:
    """Members who may not speak."""
    made = await group(on, "ann", "ben")
    await on.rongcloud_ok(f"{MUTED}/add", groupId=made, userIds="ann,ben")
    await on.rongcloud_ok(f"{MUTED}/del", groupId=made, userIds="ben")
    check(list(await on.admin.muted(PREFIX + made)) == ["ann"], "the mutes are others")
    rows = (await on.rongcloud_ok(f"{MUTED}/get", groupId=made))["users"]
    check([row["id"] for row in rows] == ["ann"], "get")
    check(not (await on.rongcloud_ok(f"{MUTED}/get", groupId=made, page=2, pageSize=1))["users"], "the next page")


@case(
    "rongcloud",
    *(f"{SPEAKERS}/{name}" for name in ("add", "del", "get")),
    *(f"{ULTRA}/globalbanned/{name}" for name in ("set", "get")),
)
async def speakers(on: Trial) -> None:
    """An ultra group that is muted as a whole, but for some."""
    made = await group(on, "ann", "ben")
    await on.rongcloud_ok(f"{SPEAKERS}/add", groupId=made, userIds="ann,ben")
    await on.rongcloud_ok(f"{ULTRA}/globalbanned/set", groupId=made, status="true")
    await on.rongcloud_ok(f"{SPEAKERS}/del", groupId=made, userIds="ben")
    check((await on.admin.info(PREFIX + made)).mute_all, "it is not muted")
    check((await on.rongcloud_ok(f"{ULTRA}/globalbanned/get", groupId=made))["status"] is True, "get")
    check((await on.rongcloud_ok(f"{SPEAKERS}/get", groupId=made))["users"] == [{"id": "ann"}], "speakers")
    check(not (await on.rongcloud_ok(f"{SPEAKERS}/get", groupId=made, page=2))["users"], "the next page")


@case("rongcloud", f"{ULTRA}/notdisturb/set", f"{ULTRA}/notdisturb/get")
async def levels(on: Trial) -> Found:
    """Of which messages members get a push."""
    made = await group(on)
    await on.rongcloud_ok(f"{ULTRA}/notdisturb/set", groupId=made, unpushLevel=5)
    check((await on.rongcloud_ok(f"{ULTRA}/notdisturb/get", groupId=made))["unpushLevel"] == 5, "get")
    check((await on.admin.push_level(PREFIX + made)).group is PushLevel.NONE, "the level is another")
    return Found(State.DIFFERS, "1, 2 and 4 are the same: mentions of the user and of all")


EXPANSION = f"{ULTRA}/message/expansion"


@case(
    "rongcloud",
    "/message/ultragroup/publish",
    *(f"{ULTRA}/{name}" for name in ("msg/get", "msg/modify", "hismsg/query", "hismsg/msgid/query")),
    *(f"{EXPANSION}/{name}" for name in ("set", "delete", "query")),
)
async def messages(on: Trial) -> Found:
    """Messages of a channel: sent, read, edited, expanded."""
    made = await group(on, "ann")
    key = await channel(on, made)
    fields = {"toGroupIds": made, "busChannel": "news", "expansion": "true", "extraContent": '{"a":"1"}', **TEXT}
    answer = await on.rongcloud_ok("/message/ultragroup/publish", fromUserId="ann", **fields)
    uid = answer["messageUIDs"][0]["messageUID"]
    where = {"groupId": made, "busChannel": "news", "msgUID": uid}
    asked = json.dumps([{"msgUID": uid, "busChannel": "news"}])
    (row,) = (await on.rongcloud_ok(f"{ULTRA}/msg/get", groupId=made, msgs=asked))["data"]
    check((row["fromUserId"], json.loads(row["content"])) == ("ann", {"content": "hello"}), "get")
    await on.rongcloud_ok(f"{ULTRA}/msg/modify", fromUserId="ann", content='{"content":"edited"}', **where)
    times = {"startTime": 1, "endTime": 9_999_999_999_999, "pageSize": 10}
    page = await on.rongcloud_ok(f"{ULTRA}/hismsg/query", groupId=made, busChannel="news", **times)
    check([json.loads(one["content"])["content"] for one in page["data"]] == ["edited"], "history")
    check(page["data"][0]["sentTime"] == page["data"][0]["msgTime"] == row["sentTime"], "the time")
    for text in ("one", "two", "three"):
        content = json.dumps({"content": text})
        fields = {"toGroupIds": made, "objectName": "RC:TxtMsg", "content": content, "busChannel": "RCDefault"}
        await on.rongcloud_ok("/message/ultragroup/publish", fromUserId="ben" if text == "two" else "ann", **fields)
    check(len(await on.admin.history(PREFIX + made)) == 3, "RCDefault is not the group itself")
    for asked_of, texts in (("", ["one", "two", "three"]), ("ann", ["one", "three"])):
        fields = {"groupId": made, "busChannel": "RCDefault", "fromUserId": asked_of, **times}
        page = await on.rongcloud_ok(f"{ULTRA}/hismsg/query", **fields)
        check([json.loads(one["content"])["content"] for one in page["data"]] == texts, "oldest first")
    page = await on.rongcloud_ok(
        f"{ULTRA}/hismsg/query", groupId=made, busChannel="RCDefault", **times | {"pageSize": 2}
    )
    rest = times | {"startTime": page["data"][-1]["msgTime"]}
    check((len(page["data"]), page["isRemaining"]) == (2, True), "a page")
    page = await on.rongcloud_ok(f"{ULTRA}/hismsg/query", groupId=made, busChannel="RCDefault", **rest)
    check(len(page["data"]) <= 1 and not page["isRemaining"], "the next page")
    around = await on.rongcloud_ok(f"{ULTRA}/hismsg/msgid/query", prevNum=5, lastNum=5, **where)
    check([one["msgUID"] for one in around["data"]] == [uid], "around")
    await on.rongcloud_ok(f"{EXPANSION}/set", userId="ann", extraKeyVal='{"b":"2"}', **where)
    await on.rongcloud_ok(f"{EXPANSION}/delete", userId="ann", extraKey='["a"]', **where)
    found = (await on.rongcloud_ok(f"{EXPANSION}/query", **where))["extraContent"]
    check(list(found) == ["b"], "expansion")
    (message,) = await on.admin.history(key)
    check(json.loads(message.cloud_data) == {"rongExpansion": {"b": "2"}}, "the data is another")
    return Found(
        State.DIFFERS, f"{IDS}; unreadCountFlag is ignored; an expansion is in cloud_data, the message edited"
    )
