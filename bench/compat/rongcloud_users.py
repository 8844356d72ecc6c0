"""RongCloud's commands for users, each called and looked at from another side (AB-02)."""

from __future__ import annotations

from rcim_bench.compat.case import Found, State, Trial, case, check
from rcim_bench.compat.rongcloud_groups import group

from rcim.base.terms import MsgFlag, MuteScope, PushLevel, UserList, pair_conversation
from rcim.client import User


async def user(on: Trial) -> str:
    """A user id that is registered."""
    made = on.name("user")
    await on.rongcloud_ok("/user/getToken", userId=made, name=made, portraitUri="")
    return made


@case("rongcloud", "/user/getToken", "/user/refresh", "/user/info")
async def profile(on: Trial) -> Found:
    """A token, a profile, and the same profile read back."""
    made = await user(on)
    await on.rongcloud_ok("/user/refresh", userId=made, name="Another", portraitUri="https://example.com/p")
    there = await on.admin.profile(made)
    check((there.nickname, there.face_url) == ("Another", "https://example.com/p"), "the profile is another")
    check((await on.rongcloud_ok("/user/info", userId=made))["userName"] == "Another", "info")
    check((await on.rongcloud("/user/getToken", userId="u" * 65))["code"] == 1005, "a long id was taken")
    other = on.name("user")
    await on.rongcloud_ok("/user/getToken", userId=other, name="名" * 64, portraitUri="p" * 1024)
    there = await on.admin.profile(other)
    check((there.nickname, there.face_url) == ("名" * 40, ""), "what is too long to be kept")
    return Found(State.DIFFERS, "name is cut at 120 bytes; a portraitUri of more than 100 is not kept")


@case("rongcloud", "/user/checkOnline")
async def online(on: Trial) -> None:
    """Who is connected is online."""
    check((await on.rongcloud_ok("/user/checkOnline", userId=on.admin.user_id))["status"] == "1", "offline")
    check((await on.rongcloud_ok("/user/checkOnline", userId=await user(on)))["status"] == "0", "online")


@case("rongcloud", "/user/block", "/user/unblock", "/user/block/query")
async def block(on: Trial) -> None:
    """Who is blocked is on the server's list."""
    made = await user(on)
    await on.rongcloud_ok("/user/block", userId=made, minute=10)
    check(made in await on.admin.blocked_logins(), "is not blocked")
    rows = (await on.rongcloud_ok("/user/block/query"))["users"]
    check(made in {row["userId"] for row in rows}, "is not listed")
    check(len((await on.rongcloud_ok("/user/block/query", page=1, size=1))["users"]) == 1, "the page has others")
    await on.rongcloud_ok("/user/unblock", userId=made)
    check(made not in await on.admin.blocked_logins(), "is blocked still")


@case("rongcloud", "/user/token/expire")
async def expire(on: Trial) -> Found:
    """Tokens from before do not count."""
    made = await user(on)
    await on.rongcloud_ok("/user/token/expire", userId=made, time=1)
    (row,) = await on.admin.query_accounts([made])
    check(row.valid_from_ms > 0, "tokens count still")
    return Found(State.DIFFERS, "time is ignored: all tokens from before now expire, and the user is logged out")


@case("rongcloud", "/user/delusers", "/user/deactivate", "/user/abandon")
async def delete(on: Trial) -> Found:
    """Accounts are gone, several of which one field may name."""
    for path in ("/user/delusers", "/user/deactivate", "/user/abandon"):
        made = [await user(on), await user(on)]
        await on.rongcloud_ok(path, userId=",".join(made))
        check(not any(row.imported for row in await on.admin.query_accounts(made)), f"{path}: the accounts are there")
    return Found(State.DIFFERS, "it is done at once, for ever, and without a callback of its own")


@case("rongcloud", "/user/blacklist/add", "/user/blacklist/remove", "/user/blacklist/query")
async def black(on: Trial) -> None:
    """A black list, as the user has it."""
    made, other = await user(on), await user(on)
    await on.rongcloud_ok("/user/blacklist/add", userId=made, blackUserId=[other, "third"])
    await on.rongcloud_ok("/user/blacklist/remove", userId=made, blackUserId="third")
    check(await on.admin.user_list(UserList.BLACK, user_id=made) == [other], "the list is another")
    check((await on.rongcloud_ok("/user/blacklist/query", userId=made))["users"] == [other], "query")
    check((await on.rongcloud("/user/blacklist/query"))["code"] == 1002, "without userId")


@case("rongcloud", "/user/whitelist/add", "/user/whitelist/remove", "/user/whitelist/query")
async def white(on: Trial) -> Found:
    """A white list, as the user has it."""
    made, other = await user(on), await user(on)
    await on.rongcloud_ok("/user/whitelist/add", userId=made, whiteUserId=[other, "third"])
    await on.rongcloud_ok("/user/whitelist/remove", userId=made, whiteUserId="third")
    check(await on.admin.user_list(UserList.WHITE, user_id=made) == [other], "the list is another")
    check((await on.rongcloud_ok("/user/whitelist/query", userId=made))["users"] == [other], "query")
    return Found(State.DIFFERS, "it counts where c2c.list is white, for all users together")


@case("rongcloud", "/user/blockPushPeriod/set", "/user/blockPushPeriod/get", "/user/blockPushPeriod/delete")
async def quiet(on: Trial) -> Found:
    """Hours of quiet, by the app's clock."""
    made = await user(on)
    await on.rongcloud_ok("/user/blockPushPeriod/set", userId=made, startTime="23:30:00", period=60)
    there = await on.admin.quiet_hours(user_id=made)
    check((there.start_min, there.end_min, there.offset_min) == (1410, 30, 480), "the hours are others")
    data = (await on.rongcloud_ok("/user/blockPushPeriod/get", userId=made))["data"]
    check((data["startTime"], data["period"]) == ("23:30:00", 60), "get")
    await on.rongcloud_ok("/user/blockPushPeriod/delete", userId=made)
    check((await on.rongcloud_ok("/user/blockPushPeriod/get", userId=made))["data"] == {}, "they are there still")
    return Found(State.DIFFERS, "level is ignored: no push comes in these hours")


@case("rongcloud", "/user/tag/set", "/user/tag/batch/set", "/user/tags/get")
async def tags(on: Trial) -> None:
    """Tags replace those from before."""
    one, other = await user(on), await user(on)
    await on.rongcloud_ok("/user/tag/set", {"userId": one, "tags": ["a", "b"]})
    await on.rongcloud_ok("/user/tag/batch/set", {"userIds": [one, other], "tags": ["c"]})
    labels = await on.admin.labels([one, other])
    check([list(labels[one].tags), list(labels[other].tags)] == [["c"], ["c"]], "the tags are others")
    found = await on.rongcloud_ok("/user/tags/get", userIds=f"{one},{other}")
    check(found["result"] == {one: ["c"], other: ["c"]}, "get")


@case("rongcloud", "/user/chat/fb/set", "/user/chat/fb/querylist")
async def muted(on: Trial) -> None:
    """Users who may not write to anybody, unless the back end does it in their names."""
    made, other = await user(on), await user(on)
    fields = {"type": "PERSON", "userId": [made, other]}
    await on.rongcloud_ok("/user/chat/fb/set", state=1, **fields)
    await on.rongcloud_ok("/user/chat/fb/set", state=0, type="PERSON", userId=other)
    there = await on.admin.muted_everywhere(MuteScope.ONE_TO_ONE)
    check(made in there and other not in there, "the mutes are others")
    page = await on.rongcloud_ok("/user/chat/fb/querylist", type="PERSON", num=200, offset=0)
    check((made in page["users"], page["total"]) == (True, len(there)), "query")
    said = {"objectName": "RC:TxtMsg", "content": '{"content":"hello"}'}
    await on.rongcloud_ok("/message/private/publish", fromUserId=made, toUserId=other, **said)


@case("rongcloud", "/conversation/top/set")
async def top(on: Trial) -> None:
    """A conversation on top of its user's list."""
    made, other = on.admin.user_id, await user(on)
    fields = {"conversationType": 1, "userId": made, "targetId": other}
    await on.admin.send(User(other), "hello")
    for pinned in (True, False):
        await on.rongcloud_ok("/conversation/top/set", setTop=str(pinned).lower(), **fields)
        rows = {row.conversation: row for row in (await on.admin.sync_page()).conversations}
        check(bool(rows[pair_conversation(made, other)].pinned_ms) is pinned, f"setTop {pinned}")


@case("rongcloud", "/conversation/notification/set", "/conversation/notification/get")
async def notification(on: Trial) -> Found:
    """A conversation that does not disturb its user, or only with mentions."""
    made, other = on.admin.user_id, await user(on)
    fields = {"conversationType": 1, "requestId": made, "targetId": other}
    await on.rongcloud_ok("/conversation/notification/set", isMuted=1, **fields)
    check((await on.rongcloud_ok("/conversation/notification/get", **fields))["isMuted"] == 1, "get")
    rows = {row.conversation: row for row in (await on.admin.sync_page()).conversations}
    flag = rows[pair_conversation(made, other)].msg_flag
    check(flag is MsgFlag.ACCEPT_NOT_NOTIFY, "the flag is another")
    await on.rongcloud_ok("/conversation/notification/set", isMuted=0, **fields)
    check((await on.rongcloud_ok("/conversation/notification/get", **fields))["isMuted"] == 0, "get")
    where = {"conversationType": 3, "requestId": made, "targetId": await group(on, made)}
    for level in (5, 1, -1, 0):
        await on.rongcloud_ok("/conversation/notification/set", isMuted=0, unpushLevel=level, **where)
        check(
            (await on.rongcloud_ok("/conversation/notification/get", **where))["isMuted"] == level, f"level {level}"
        )
    await on.rongcloud_ok("/conversation/notification/set", isMuted=0, unpushLevel=1, **where)
    check((await on.admin.push_level(where["targetId"])).user_in_group is PushLevel.MENTIONS, "the level is another")
    await on.rongcloud_ok("/conversation/notification/set", isMuted=1, unpushLevel=0, **where)
    check((await on.rongcloud_ok("/conversation/notification/get", **where))["isMuted"] == 1, "isMuted alone")
    return Found(State.DIFFERS, "levels 2 and 4 are 1; one to one, 1 to 5 are isMuted 1: no pushes")


@case("rongcloud", "/conversation/message/history/clean")
async def clean(on: Trial) -> Found:
    """The user's own history is empty, or begins after a time."""
    other = await user(on)
    fields = {"conversationType": 1, "fromUserId": on.admin.user_id, "targetId": other}
    key, cleared = pair_conversation(on.admin.user_id, other), []
    for until_ms in (1, 9_999_999_999_999):
        await on.admin.send(User(other), "hello")
        await on.rongcloud_ok("/conversation/message/history/clean", msgTimestamp=until_ms, **fields)
        rows = {row.conversation: row for row in (await on.admin.sync_page()).conversations}
        cleared.append(rows[key].cleared_seq)
    check(cleared == [0, 2], "newer messages went too, or messages are left")
    return Found(State.DIFFERS, "with newer messages after msgTimestamp, at most 10,000 before it are removed")
