"""RongCloud's commands for chat rooms, each called and looked at from another side (AB-02)."""

from __future__ import annotations

import json

from rcim_bench.compat.case import Found, State, Trial, case, check

from rcim.base.terms import AppList

TEXT = {"objectName": "RC:TxtMsg", "content": '{"content":"hello"}'}


async def room(on: Trial) -> str:
    """A new room."""
    made = on.name("room")
    await on.rongcloud_ok("/chatroom/create", **{f"chatroom[{made}]": "Room"})
    return made


@case(
    "rongcloud", "/chatroom/create", "/chatroom/create_new", "/chatroom/query", "/chatroom/get", "/chatroom/destroy"
)
async def life(on: Trial) -> Found:
    """Rooms from their beginning to their end."""
    one, other = await room(on), on.name("room")
    await on.rongcloud_ok("/chatroom/create_new", chatroomId=other, chatroomName="Other")
    check({row.name for row in await on.admin.rooms([one, other])} == {"Room", "Other"}, "the rooms are not there")
    rows = (await on.rongcloud_ok("/chatroom/query", chatroomId=[one, "none"]))["chatRooms"]
    check([row["chrmId"] for row in rows] == [one], "query")
    await on.admin.join(one)
    shown = await on.rongcloud_ok("/chatroom/get", chatroomId=one)
    kinds = [type(shown[name]) for name in ("createTime", "memberCount", "destroyType", "destroyTime", "ban")]
    check(shown["memberCount"] == 1 and kinds == [int, int, int, int, bool], "get")
    check((await on.rongcloud("/chatroom/get", chatroomId="none"))["code"] == 23410, "get of none")
    made = on.name("room")
    fields = {"entryOwnerId": on.admin.user_id, "entryInfo": '{"seat":"1"}', "whiteUserIds": ["ann", "ben"]}
    await on.rongcloud_ok("/chatroom/create_new", chatroomId=made, isBan="true", **fields)
    check((await on.admin.info(made)).mute_all, "isBan")
    check(await on.admin.attributes(made) == {"seat": "1"}, "entryInfo")
    rows = await on.rongcloud_ok("/chatroom/user/ban/whitelist/query", chatroomId=made)
    check(rows["userIds"] == ["ann", "ben"], "whiteUserIds")
    await on.rongcloud_ok("/chatroom/destroy", chatroomId=["none", one, other])
    check(not await on.admin.rooms([one, other]), "they are there still")
    return Found(State.DIFFERS, "destroyType and destroyTime are ignored; no room has the id of a group")


@case("rongcloud", "/chatroom/join")
async def join(on: Trial) -> None:
    """Users whom the back end lets in, one of them twice."""
    made = await room(on)
    for users in (["ann", "ben"], "ben"):
        await on.rongcloud_ok("/chatroom/join", chatroomId=made, userId=users)
    check({one.user_id for one in await on.admin.members(made)} >= {"ann", "ben"}, "they are not in the room")


@case("rongcloud", "/chatroom/user/query", "/chatroom/user/exist", "/chatroom/users/exist")
async def users(on: Trial) -> None:
    """Who is in a room."""
    made, me = await room(on), on.admin.user_id
    await on.admin.join(made)
    found = await on.rongcloud_ok("/chatroom/user/query", chatroomId=made, count=10, order=1)
    check((found["total"], [row["id"] for row in found["users"]]) == (1, [me]), "query")
    check((await on.rongcloud_ok("/chatroom/user/exist", chatroomId=made, userId=me))["isInChrm"] is True, "exist")
    rows = (await on.rongcloud_ok("/chatroom/users/exist", chatroomId=made, userId=[me, "none"]))["result"]
    check([row["isInChrm"] for row in rows] == [1, 0], "exist of many")


@case("rongcloud", "/chatroom/user/gag/add", "/chatroom/user/gag/rollback", "/chatroom/user/gag/list")
async def gag(on: Trial) -> None:
    """Users who may not speak in a room."""
    made = await room(on)
    await on.rongcloud_ok("/chatroom/user/gag/add", chatroomId=made, userId=["ann", "ben"], minute=5)
    await on.rongcloud_ok("/chatroom/user/gag/rollback", chatroomId=made, userId="ben")
    check(list(await on.admin.muted(made)) == ["ann"], "the mutes are others")
    rows = (await on.rongcloud_ok("/chatroom/user/gag/list", chatroomId=made))["users"]
    check([row["userId"] for row in rows] == ["ann"], "list")


@case("rongcloud", "/chatroom/user/block/add", "/chatroom/user/block/rollback", "/chatroom/user/block/list")
async def block(on: Trial) -> None:
    """Users who have to leave a room."""
    made = await room(on)
    await on.rongcloud_ok("/chatroom/user/block/add", chatroomId=made, userId=["ann", "ben"], minute=5)
    await on.rongcloud_ok("/chatroom/user/block/rollback", chatroomId=made, userId="ben")
    check(list(await on.admin.blocked(made)) == ["ann"], "the blocks are others")
    rows = (await on.rongcloud_ok("/chatroom/user/block/list", chatroomId=made))["users"]
    check([row["userId"] for row in rows] == ["ann"], "list")


@case("rongcloud", "/chatroom/user/ban/add", "/chatroom/user/ban/remove", "/chatroom/user/ban/query")
async def ban(on: Trial) -> None:
    """Users who may not speak in any room."""
    one, other = on.name("user"), on.name("user")
    await on.rongcloud_ok("/chatroom/user/ban/add", userId=[one, other], minute=5)
    await on.rongcloud_ok("/chatroom/user/ban/remove", userId=other)
    there = await on.admin.muted_everywhere()
    check(one in there and other not in there, "the mutes are others")
    rows = (await on.rongcloud_ok("/chatroom/user/ban/query"))["users"]
    check(one in {row["userId"] for row in rows}, "query")


@case(
    "rongcloud", "/chatroom/user/whitelist/add", "/chatroom/user/whitelist/remove", "/chatroom/user/whitelist/query"
)
async def protected(on: Trial) -> Found:
    """Users whom a room protects."""
    made = await room(on)
    await on.rongcloud_ok("/chatroom/user/whitelist/add", chatroomId=made, userId=["ann", "ben"])
    await on.rongcloud_ok("/chatroom/user/whitelist/remove", chatroomId=made, userId="ben")
    check(await on.admin.protected_users(made) == ["ann"], "the users are others")
    check((await on.rongcloud_ok("/chatroom/user/whitelist/query", chatroomId=made))["users"] == ["ann"], "query")
    return Found(
        State.DIFFERS, "they stay in the room while they are offline; their messages are as important as others"
    )


@case("rongcloud", "/chatroom/keepalive/add", "/chatroom/keepalive/remove", "/chatroom/keepalive/query")
async def keep(on: Trial) -> None:
    """Rooms that stay without members."""
    made = await room(on)
    await on.rongcloud_ok("/chatroom/keepalive/add", chatroomId=made)
    check(made in (await on.rongcloud_ok("/chatroom/keepalive/query"))["chatroomIds"], "query")
    check((await on.admin.rooms([made]))[0].keep_alive, "it is not kept")
    await on.rongcloud_ok("/chatroom/keepalive/remove", chatroomId=made)
    check(not (await on.admin.rooms([made]))[0].keep_alive, "it is kept still")
    check(
        (await on.rongcloud("/chatroom/keepalive/add", chatroomId="none"))["code"] == 1015, "a room that is not there"
    )


@case("rongcloud", "/chatroom/message/stopDistribution", "/chatroom/message/resumeDistribution")
async def stop(on: Trial) -> None:
    """A room whose messages go to nobody."""
    made = await room(on)
    await on.rongcloud_ok("/chatroom/message/stopDistribution", chatroomId=made)
    check((await on.admin.rooms([made]))[0].stopped, "it is not stopped")
    await on.rongcloud_ok("/chatroom/message/resumeDistribution", chatroomId=made)
    check(not (await on.admin.rooms([made]))[0].stopped, "it is stopped still")


LOW, PROTECTED = "/chatroom/message/priority", "/chatroom/whitelist"


@case("rongcloud", f"{LOW}/add", f"{LOW}/remove", f"{LOW}/query")
async def low(on: Trial) -> None:
    """Types of messages that are dropped first."""
    await on.rongcloud_ok(f"{LOW}/add", objectName=["RC:VcMsg", "RC:ImgMsg"])
    await on.rongcloud_ok(f"{LOW}/remove", objectName="RC:ImgMsg")
    check(await on.admin.app_list(AppList.LOW_TYPES) == ["RC:VcMsg"], "the types are others")
    check((await on.rongcloud_ok(f"{LOW}/query"))["objectNames"] == ["RC:VcMsg"], "query")


@case("rongcloud", f"{PROTECTED}/add", f"{PROTECTED}/delete", f"{PROTECTED}/query")
async def protected_types(on: Trial) -> None:
    """Types of messages that are never dropped."""
    await on.rongcloud_ok(f"{PROTECTED}/add", objectnames=["RC:VcMsg", "RC:ImgMsg"])
    await on.rongcloud_ok(f"{PROTECTED}/delete", objectnames="RC:ImgMsg")
    check(await on.admin.app_list(AppList.PROTECTED_TYPES) == ["RC:VcMsg"], "the types are others")
    check((await on.rongcloud_ok(f"{PROTECTED}/query"))["whitlistMsgType"] == ["RC:VcMsg"], "query")


BAN = "/chatroom/ban"


@case("rongcloud", f"{BAN}/add", f"{BAN}/rollback", f"{BAN}/check", f"{BAN}/query")
async def muted(on: Trial) -> None:
    """Rooms that are muted as a whole."""
    made = await room(on)
    await on.rongcloud_ok(f"{BAN}/add", chatroomId=made)
    check((await on.admin.info(made)).mute_all, "it is not muted")
    check((await on.rongcloud_ok(f"{BAN}/check", chatroomId=made))["status"] == 1, "check")
    check(made in (await on.rongcloud_ok(f"{BAN}/query", size=50, page=1))["chatroomIds"], "query")
    await on.rongcloud_ok(f"{BAN}/rollback", chatroomId=made)
    check(not (await on.admin.info(made)).mute_all, "it is muted still")


SPEAKERS = "/chatroom/user/ban/whitelist"


@case("rongcloud", f"{SPEAKERS}/add", f"{SPEAKERS}/rollback", f"{SPEAKERS}/query")
async def speakers(on: Trial) -> None:
    """Users who may speak while the room is muted."""
    made = await room(on)
    await on.rongcloud_ok(f"{BAN}/add", chatroomId=made)
    await on.rongcloud_ok(f"{SPEAKERS}/add", chatroomId=made, userId=["ann", "ben"])
    await on.rongcloud_ok(f"{SPEAKERS}/rollback", chatroomId=made, userId="ben")
    check((await on.rongcloud_ok(f"{SPEAKERS}/query", chatroomId=made))["userIds"] == ["ann"], "query")


ENTRY = "/chatroom/entry"


@case("rongcloud", f"{ENTRY}/set", f"{ENTRY}/batch/set", f"{ENTRY}/remove", f"{ENTRY}/query")
async def entries(on: Trial) -> None:
    """Attributes of a room."""
    made, me = await room(on), on.admin.user_id
    await on.admin.join(made)
    await on.rongcloud_ok(f"{ENTRY}/set", chatroomId=made, userId=me, key="seat", value="1", autoDelete=1)
    batch = json.dumps({"a": "1", "b": "2"})
    await on.rongcloud_ok(f"{ENTRY}/batch/set", chatroomId=made, entryOwnerId=me, entryInfo=batch)
    await on.rongcloud_ok(f"{ENTRY}/remove", chatroomId=made, userId=me, key="a")
    check(await on.admin.attributes(made) == {"seat": "1", "b": "2"}, "the attributes are others")
    rows = (await on.rongcloud_ok(f"{ENTRY}/query", chatroomId=made))["keys"]
    check(
        {row["key"]: (row["userId"], row["autoDelete"]) for row in rows} == {"seat": (me, "1"), "b": (me, "0")},
        "query",
    )
    many = {f"k{n}": "v" for n in range(20)}
    await on.rongcloud_ok(f"{ENTRY}/batch/set", chatroomId=made, entryOwnerId=me, entryInfo=json.dumps(many))
    check(len(await on.admin.attributes(made)) == 22, "twenty at once")


@case("rongcloud", "/message/chatroom/publish", "/message/chatroom/broadcast")
async def publish(on: Trial) -> Found:
    """Messages into one room, and into all."""
    made = await room(on)
    await on.admin.join(made)
    await on.rongcloud_ok("/message/chatroom/publish", fromUserId="ann", toChatroomId=made, **TEXT)
    await on.rongcloud_ok("/message/chatroom/broadcast", fromUserId="ben", **TEXT)
    check([one.sender for one in await on.admin.history(made)] == ["ann", "ben"], "the messages are others")
    return Found(State.DIFFERS, "a broadcast goes to the rooms of the type rongcloud.room_type, one after another")
