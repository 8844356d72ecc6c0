"""RongCloud's commands for groups, each called and looked at from another side (AB-02)."""

from __future__ import annotations

from rcim_bench.compat.case import Found, State, Trial, case, check

from rcim.base.terms import MuteScope

SHARED_IDS = "group ids have at most 48 bytes of ASCII, names are cut at 30 bytes; no chat room has the id of a group"


async def group(on: Trial, *users: str) -> str:
    """A new group of these users."""
    made = on.name("group")
    await on.rongcloud_ok("/group/create", userId=list(users), groupId=made, groupName="Lobby")
    return made


async def members(on: Trial, group_id: str) -> set[str]:
    """Who is in it."""
    return {one.user_id for one in await on.admin.members(group_id)}


@case("rongcloud", "/group/create", "/group/join", "/group/quit", "/group/dismiss")
async def life(on: Trial) -> Found:
    """A group from its beginning to its end."""
    made = await group(on, "ann", "ben")
    await on.rongcloud_ok("/group/join", userId=["cat", "ben"], groupId=made, groupName="Lobby")
    check(await members(on, made) == {"ann", "ben", "cat"}, "join")
    await on.rongcloud_ok("/group/quit", userId=["ann", "nobody"], groupId=made)
    check(await members(on, made) == {"ben", "cat"}, "quit")
    await on.rongcloud_ok("/group/dismiss", userId="ben", groupId=made)
    check((await on.rongcloud("/group/info", groupId=made))["code"] == 1002, "the group is there")
    return Found(State.DIFFERS, SHARED_IDS)


@case("rongcloud", "/group/refresh", "/group/info", "/group/user/query", "/user/group/query")
async def look(on: Trial) -> None:
    """What a group is called and who is in it."""
    user = on.name("user")
    made = await group(on, user)
    await on.rongcloud_ok("/group/refresh", groupId=made, groupName="é" * 16)
    check((await on.admin.info(made)).name == "é" * 15, "a long name is cut")
    await on.rongcloud_ok("/group/refresh", groupId=made, groupName="Hall")
    check((await on.admin.info(made)).name == "Hall", "the name is another")
    info = await on.rongcloud_ok("/group/info", groupId=made)
    check((info["groupName"], info["memberCount"]) == ("Hall", 1), "info")
    check((await on.rongcloud_ok("/group/user/query", groupId=made))["users"] == [{"id": user}], "members")
    groups = (await on.rongcloud_ok("/user/group/query", userId=user))["groups"]
    check(groups == [{"id": made, "name": "Hall"}], "groups")
    check(not (await on.rongcloud_ok("/user/group/query", userId=user, page=2, size=1))["groups"], "a page of them")


@case("rongcloud", "/group/sync")
async def sync(on: Trial) -> None:
    """A user is in the named groups and no others."""
    user, new = on.name("user"), on.name("group")
    old = await group(on, user, "ann")
    await on.rongcloud_ok("/group/sync", userId=user, **{f"group[{new}]": "群" * 11})
    check({one.group_id for one in await on.admin.groups(user)} == {new}, "the groups are others")
    check((await on.admin.info(new)).name == "群" * 10, "a name that is too long")
    await on.rongcloud_ok("/group/sync", userId=user, **{f"group[{new}]": "Renamed"})
    check((await on.admin.info(new)).name == "Renamed", "the name is the old one")
    check(await members(on, old) == {"ann"}, "it is in the old one")


@case("rongcloud", "/group/remarks/set", "/group/remarks/get", "/group/remarks/del")
async def remarks(on: Trial) -> Found:
    """A name card."""
    made = await group(on, "ann")
    await on.rongcloud_ok("/group/remarks/set", userId="ann", groupId=made, remark="boss")
    check((await on.admin.some_members(made, ["ann"]))["ann"].name_card == "boss", "the name card is another")
    check((await on.rongcloud_ok("/group/remarks/get", userId="ann", groupId=made))["remark"] == "boss", "get")
    await on.rongcloud_ok("/group/remarks/del", userId="ann", groupId=made)
    check((await on.admin.some_members(made, ["ann"]))["ann"].name_card == "", "it is there still")
    return Found(State.DIFFERS, "it is the member's name card, which all members see")


@case("rongcloud", "/group/user/gag/add", "/group/user/gag/rollback", "/group/user/gag/list")
async def gag(on: Trial) -> Found:
    """Members who may not speak."""
    made = await group(on, "ann", "ben")
    await on.rongcloud_ok("/group/user/gag/add", userId=["ann", "ben"], groupId=made, minute=10)
    check(set(await on.admin.muted(made)) == {"ann", "ben"}, "add")
    await on.rongcloud_ok("/group/user/gag/rollback", userId="ben", groupId=made)
    rows = (await on.rongcloud_ok("/group/user/gag/list", groupId=made))["users"]
    check([row["userId"] for row in rows] == ["ann"], "list")
    one, other = on.name("user"), on.name("user")
    await on.rongcloud_ok("/group/user/gag/add", userId=[one, other], minute=10)
    await on.rongcloud_ok("/group/user/gag/rollback", userId=other)
    there = await on.admin.muted_everywhere(MuteScope.GROUPS)
    check(one in there and other not in there, "the mutes in all groups are others")
    rows = (await on.rongcloud_ok("/group/user/gag/list"))["users"]
    check(one in {row["userId"] for row in rows} and rows[0]["time"], "list of all groups")
    return Found(State.DIFFERS, "a mute in all groups, without groupId, holds in ultra groups and chat rooms too")


@case("rongcloud", "/group/ban/add", "/group/ban/rollback", "/group/ban/query")
async def ban(on: Trial) -> None:
    """Groups that are muted as a whole."""
    one, other = await group(on, "ann"), await group(on, "ann")
    await on.rongcloud_ok("/group/ban/add", groupId=[one, other])
    await on.rongcloud_ok("/group/ban/rollback", groupId=other)
    check((await on.admin.info(one)).mute_all and not (await on.admin.info(other)).mute_all, "the mutes are others")
    said = await on.rongcloud("/group/ban/add", groupId=[other, "no-such-group"])
    check(said["code"] != 200 and not (await on.admin.info(other)).mute_all, "half of a request is done")
    rows = (await on.rongcloud_ok("/group/ban/query", groupId=[one, other]))["groupinfo"]
    check([row["stat"] for row in rows] == [1, 0], "query")
    check(one in {row["groupId"] for row in (await on.rongcloud_ok("/group/ban/query"))["groupinfo"]}, "all")
    check(len((await on.rongcloud_ok("/group/ban/query", page=1, size=1))["groupinfo"]) == 1, "a page of them")


WHITELIST = "/group/user/ban/whitelist"


@case("rongcloud", f"{WHITELIST}/add", f"{WHITELIST}/rollback", f"{WHITELIST}/query")
async def whitelist(on: Trial) -> Found:
    """Members who may speak while the group is muted."""
    made = await group(on, "ann", "ben")
    await on.rongcloud_ok(f"{WHITELIST}/add", userId=["ann", "ben"], groupId=made)
    await on.rongcloud_ok("/group/ban/add", groupId=made)
    await on.rongcloud_ok(f"{WHITELIST}/rollback", userId="ben", groupId=made)
    check((await on.rongcloud_ok(f"{WHITELIST}/query", groupId=made))["userIds"] == ["ann"], "query")
    said = await on.rongcloud("/message/group/publish", fromUserId="ann", toGroupId=made, **TEXT)
    check(said["code"] == 200, "who is on the list may not speak")
    return Found(State.DIFFERS, "at most 100 users; kept in the attribute rongSpeakers of the group")


TEXT = {"objectName": "RC:TxtMsg", "content": '{"content":"hello"}'}
