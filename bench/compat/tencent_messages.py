"""Cases for Tencent's commands about one-to-one messages and recent contacts."""

from __future__ import annotations

from rcim_bench.compat.case import Found, Json, State, Trial, case, check

from rcim.base import clock
from rcim.base.terms import MessageState
from rcim.client import User
from rcim.client.model import Message

TENCENT = "tencent"
TEXT = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]


def letter(sender: str, receiver: object, random: int = 7, **more: object) -> Json:
    """The body of a sendmsg."""
    return {"From_Account": sender, "To_Account": receiver, "MsgRandom": random, "MsgBody": TEXT, **more}


async def history(trial: Trial, one: str, other: str) -> list[Message]:
    """The messages between two users, as frames say."""
    return await trial.admin.history(User(other, one))


async def sent(trial: Trial) -> tuple[str, str, Json]:
    """Two new users and the answer to a message from the first to the second."""
    one, other = trial.name("one"), trial.name("other")
    return one, other, await trial.tencent_ok("openim/sendmsg", letter(one, other))


@case(TENCENT, "openim/sendmsg")
async def sendmsg(trial: Trial) -> Found:
    one, other, said = await sent(trial)
    [message] = await history(trial, one, other)
    check((message.sender, message.text) == (one, "hello"), "the message is there")
    check(said["MsgKey"] == f"{message.seq}_7_{message.time_ms // 1000}", "its key")
    return Found(
        State.DIFFERS,
        "users need no account; MsgSeq in keys is rcim's SEQ; SyncOtherMachine 2, a MsgLifeTime above 0 and NoLastMsg "
        "change nothing",
    )


@case(TENCENT, "openim/batchsendmsg")
async def batchsendmsg(trial: Trial) -> Found:
    one, two, three = trial.name("one"), trial.name("two"), trial.name("three")
    said = await trial.tencent("openim/batchsendmsg", letter(one, [two, three, one]))
    check((said["ActionStatus"], said["ErrorCode"]) == ("SomeError", 0), "not to oneself")
    check([row["To_Account"] for row in said["ErrorList"]] == [one], "who has nothing")
    check(all([len(await history(trial, one, who)) == 1 for who in (two, three)]), "the others have it")
    return Found(State.DIFFERS, "MsgKey is that of the first receiver; commands find with it the message of each")


@case(TENCENT, "openim/importmsg")
async def importmsg(trial: Trial) -> Found:
    one, other = trial.name("one"), trial.name("other")
    old_s = clock.wall_ms() // 1000 - 1000
    body = letter(one, other, MsgTimeStamp=old_s, SyncFromOldSystem=2, MsgSeq=9)
    await trial.tencent_ok("openim/importmsg", body)
    await trial.tencent_ok("openim/importmsg", body)
    [message] = await history(trial, one, other)
    check((message.time_ms // 1000, message.text) == (old_s, "hello"), "it is there once, with its time")
    return Found(State.DIFFERS, "in order: a message older than the newest of the conversation gets that one's time")


@case(TENCENT, "openim/admin_msgwithdraw")
async def admin_msgwithdraw(trial: Trial) -> None:
    one, other, said = await sent(trial)
    body = {"From_Account": one, "To_Account": other, "MsgKey": said["MsgKey"]}
    await trial.tencent_ok("openim/admin_msgwithdraw", body)
    check((await history(trial, one, other))[0].state is MessageState.RECALLED, "it is recalled")
    check((await trial.tencent("openim/admin_msgwithdraw", body))["ErrorCode"] == 20023, "it was recalled before")


@case(TENCENT, "openim/modify_c2c_msg")
async def modify_c2c_msg(trial: Trial) -> None:
    one, other, said = await sent(trial)
    new = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "new"}}]
    body = {
        "From_Account": one,
        "To_Account": other,
        "MsgKey": said["MsgKey"],
        "MsgBody": new,
        "CloudCustomData": "c",
    }
    await trial.tencent_ok("openim/modify_c2c_msg", body)
    message = (await history(trial, one, other))[0]
    check((message.text, message.cloud_data) == ("new", b"c"), "it is edited")


@case(TENCENT, "openim/admin_set_msg_read")
async def admin_set_msg_read(trial: Trial) -> None:
    one, other, _ = await sent(trial)
    await trial.tencent_ok("openim/admin_set_msg_read", {"Report_Account": other, "Peer_Account": one})
    check((await trial.admin.unread_of(other, [User(one)])).total == 0, "nothing is unread")


@case(TENCENT, "openim/get_c2c_unread_msg_num")
async def get_c2c_unread_msg_num(trial: Trial) -> Found:
    one, other, _ = await sent(trial)
    said = await trial.tencent_ok("openim/get_c2c_unread_msg_num", {"To_Account": other})
    check(said["AllC2CUnreadMsgNum"] == 1 == (await trial.admin.unread_of(other, [User(one)])).total, "in all")
    said = await trial.tencent_ok("openim/get_c2c_unread_msg_num", {"To_Account": other, "Peer_Account": [one]})
    check(said["C2CUnreadMsgNumList"] == [{"Peer_Account": one, "C2CUnreadMsgNum": 1}], "by peer")
    return Found(State.DIFFERS, "at most 100 of each conversation are counted, of the 50 newest that have any")


@case(TENCENT, "openim/admin_getroammsg")
async def admin_getroammsg(trial: Trial) -> Found:
    one, other, first = await sent(trial)
    await trial.tencent_ok("openim/sendmsg", letter(other, one, 8))
    now_s = clock.wall_ms() // 1000
    ask = {"Operator_Account": one, "Peer_Account": other, "MaxCnt": 1, "MinTime": 1, "MaxTime": now_s + 60}
    said = await trial.tencent_ok("openim/admin_getroammsg", ask)
    check((said["Complete"], said["MsgList"][0]["From_Account"]) == (0, other), "the newest comes first")
    said = await trial.tencent_ok("openim/admin_getroammsg", ask | {"LastMsgKey": said["LastMsgKey"]})
    [row] = said["MsgList"]
    check(
        (said["Complete"], row["MsgKey"], row["IsPeerRead"]) == (1, first["MsgKey"], 1),
        "then the other, which is read",
    )
    return Found(State.DIFFERS, "the app sees everything, also what one of the two has deleted for themselves")


async def conversations(trial: Trial, user_id: str) -> list[str]:
    """A user's recent contacts one to one, as the API says."""
    page = {"StartIndex": 0, "TimeStamp": 0, "TopTimeStamp": 0, "TopStartIndex": 0, "AssistFlags": 5}
    said = await trial.tencent_ok("recentcontact/get_list", {"From_Account": user_id, **page})
    return [row["To_Account"] for row in said["SessionItem"] if row["Type"] == 1]


@case(TENCENT, "recentcontact/get_list")
async def get_list(trial: Trial) -> Found:
    one, other, _ = await sent(trial)
    check(await conversations(trial, one) == [other], "the conversation is in the list")
    return Found(State.DIFFERS, "pages are by StartIndex and TopStartIndex alone; the 5,000 newest conversations")


@case(TENCENT, "recentcontact/delete")
async def delete(trial: Trial) -> None:
    one, other, _ = await sent(trial)
    body = {"From_Account": one, "Type": 1, "To_Account": other, "ClearRamble": 1}
    await trial.tencent_ok("recentcontact/delete", body)
    check(await conversations(trial, one) == [], "it is in the list no more")
    check(await conversations(trial, other) == [one], "the other still has it")
