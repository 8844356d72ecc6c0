"""Answers of Tencent's API that a back end reads field by field: each field is there, with the type that it is documented
with (AB-01)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.kit_http import BackEnd, back_end

TEXT = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]
GROUP = {
    **dict.fromkeys(("GroupId", "Type", "Name", "Introduction", "Notification", "FaceUrl", "Owner_Account"), str),
    **dict.fromkeys(("ApplyJoinOption", "MuteAllMember", "ShutUpAllMember", "ErrorInfo"), str),
    **dict.fromkeys(("CreateTime", "InfoSeq", "LastInfoTime", "LastMsgTime", "NextMsgSeq"), int),
    **dict.fromkeys(("Appid", "ErrorCode", "MemberNum", "MaxMemberNum"), int),
    **dict.fromkeys(("AppDefinedData", "MemberList"), list),
}
MEMBER = {
    **dict.fromkeys(("Member_Account", "Role", "MsgFlag", "NameCard"), str),
    **dict.fromkeys(("JoinTime", "MsgSeq", "LastSendMsgTime", "MuteUntil", "ShutUpUntil"), int),
}
SELF = {"Role": str, "JoinTime": int, "MsgFlag": str, "MsgSeq": int, "UnreadMsgNum": int}
GROUP_MESSAGE = {
    "From_Account": str,
    **dict.fromkeys(("IsPlaceMsg", "MsgPriority", "MsgRandom", "MsgSeq", "MsgTimeStamp"), int),
    "MsgBody": list,
    "CloudCustomData": str,
}
PAIR_MESSAGE = {
    **dict.fromkeys(("From_Account", "To_Account", "MsgKey", "CloudCustomData"), str),
    **dict.fromkeys(("MsgSeq", "MsgRandom", "MsgTimeStamp", "MsgFlagBits", "IsPeerRead"), int),
    "MsgBody": list,
}
ENVELOPE = {"ActionStatus": str, "ErrorInfo": str, "ErrorCode": int}


def types(found: dict[str, Any]) -> dict[str, type]:
    """The type of each field."""
    return {name: type(value) for name, value in found.items()}


async def prepare(app: BackEnd) -> None:
    """A group with a message and a notice, and one message between two users."""
    group = {"Type": "Public", "GroupId": "lobby", "Name": "Lobby", "Owner_Account": "alice"}
    for command, body in (
        ("group_open_http_svc/create_group", group | {"MemberList": [{"Member_Account": "bob"}]}),
        (
            "group_open_http_svc/send_group_msg",
            {"GroupId": "lobby", "Random": 7, "From_Account": "bob", "MsgBody": TEXT, "CloudCustomData": "d"},
        ),
        (
            "openim/sendmsg",
            {"From_Account": "alice", "To_Account": "bob", "MsgRandom": 8, "MsgBody": TEXT, "CloudCustomData": "d"},
        ),
        ("group_open_http_svc/modify_group_base_info", {"GroupId": "lobby", "Name": "Hall"}),
    ):
        assert (await app.tencent(command, body))["ErrorCode"] == 0, command


async def test_groups(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        await prepare(app)
        answer = await app.tencent("group_open_http_svc/get_group_info", {"GroupIdList": ["lobby", "none"]})
        assert types(answer) == ENVELOPE | {"GroupInfo": list}
        there, missing = answer["GroupInfo"]
        assert types(there) == GROUP and there["Name"] == "Hall" and there["LastMsgTime"] >= there["CreateTime"] > 0
        assert [types(member) for member in there["MemberList"]] == [MEMBER, MEMBER]
        assert types(missing) == {"GroupId": str, "ErrorCode": int, "ErrorInfo": str}

        asked: dict[str, Any] = {"Member_Account": "bob", "WithNoActiveGroups": 1}
        answer = await app.tencent("group_open_http_svc/get_joined_group_list", asked)
        assert types(answer) == ENVELOPE | {"TotalCount": int, "GroupIdList": list}
        assert answer["GroupIdList"] == [{"GroupId": "lobby"}] and answer["TotalCount"] == 1
        base = [
            name
            for name in GROUP
            if name not in ("ErrorCode", "ErrorInfo", "AppDefinedData", "MemberList", "GroupId")
        ]
        asked["ResponseFilter"] = {"GroupBaseInfoFilter": base, "SelfInfoFilter": list(SELF)}
        [row] = (await app.tencent("group_open_http_svc/get_joined_group_list", asked))["GroupIdList"]
        assert types(row) == {name: GROUP[name] for name in ("GroupId", *base)} | {"SelfInfo": dict}
        assert types(row["SelfInfo"]) == SELF and row["Name"] == "Hall"

        answer = await app.tencent("group_open_http_svc/get_appid_group_list", {"Limit": 1})
        assert types(answer) == ENVELOPE | {"TotalCount": int, "GroupIdList": list, "Next": int}
        assert (answer["GroupIdList"], answer["TotalCount"]) == ([{"GroupId": "lobby"}], 1)


async def test_a_message_may_have_several_custom_elements(tmp_path: Path) -> None:
    """The vendor lets it have one. Users' clients may send more, so what is read can be sent again."""
    body = [
        {"MsgType": "TIMCustomElem", "MsgContent": {"Data": data, "Desc": "", "Ext": "", "Sound": ""}}
        for data in "ab"
    ]
    async with back_end(tmp_path) as app:
        await prepare(app)
        said = await app.tencent(
            "group_open_http_svc/send_group_msg", {"GroupId": "lobby", "Random": 9, "MsgBody": body}
        )
        assert said["ErrorCode"] == 0
        found = await app.tencent("group_open_http_svc/group_msg_get_simple", {"GroupId": "lobby", "ReqMsgNumber": 1})
        shown = [one["MsgContent"]["Data"] for one in found["RspMsgList"][0]["MsgBody"]]
        assert shown == ["a", "b"]


async def test_histories(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        await prepare(app)
        answer = await app.tencent(
            "group_open_http_svc/group_msg_get_simple", {"GroupId": "lobby", "ReqMsgNumber": 20}
        )
        assert types(answer) == ENVELOPE | {"GroupId": str, "IsFinished": int, "RspMsgList": list}
        notices = [one for one in answer["RspMsgList"] if "IsSystemMsg" in one]
        [message] = [one for one in answer["RspMsgList"] if "IsSystemMsg" not in one]
        assert types(message) == GROUP_MESSAGE and message["MsgBody"] == TEXT and message["MsgRandom"] == 7
        plain = {name: kind for name, kind in GROUP_MESSAGE.items() if name != "CloudCustomData"}
        assert notices and all(types(one) == plain | {"IsSystemMsg": int} for one in notices)

        asked = {
            "Operator_Account": "alice",
            "Peer_Account": "bob",
            "MaxCnt": 10,
            "MinTime": 0,
            "MaxTime": 4294967295,
        }
        answer = await app.tencent("openim/admin_getroammsg", asked)
        head = {**dict.fromkeys(("Complete", "MsgCnt", "LastMsgTime"), int), "LastMsgKey": str, "MsgList": list}
        assert types(answer) == ENVELOPE | head
        [row] = answer["MsgList"]
        assert types(row) == PAIR_MESSAGE and row["MsgBody"] == TEXT and row["MsgKey"] == answer["LastMsgKey"]
        none = await app.tencent("openim/admin_getroammsg", asked | {"Peer_Account": "carol"})
        assert types(none) == ENVELOPE | head and none["MsgCnt"] == 0 and none["Complete"] == 1
