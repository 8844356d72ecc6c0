"""What Tencent's form tells of each event: the commands of the vendor's table, and their fields (CB-02)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from rcim.actor import events as ev
from rcim.actor.records import Member, Message, MessageOptions, Profile, bare_profile
from rcim.actor.user_records import UserProfile
from rcim.base.limits import DEFAULTS
from rcim.base.terms import (
    ApplyJoinOption,
    ChangeKind,
    DeviceEnd,
    Gender,
    GoneReason,
    Platform,
    Presence,
    Priority,
    Role,
    UserList,
)
from rcim.content.elements import Text, encode_body
from rcim.hooks.profile import Callback
from rcim.hooks.profiles.table import TENCENT
from rcim.hooks.profiles.tencent import TencentProfile
from rcim.hooks.profiles.tencent_after import notices
from rcim.vendors.tencent_ids import random_of

NOW = 1_670_574_414_123
GROUP = ev.ConversationFacts("g:a", "Public", "Chess", "alice", 2)
PAIR = ev.ConversationFacts("c:5:alice:bob", "C2C", "", "", 2)
ULTRA = ev.ConversationFacts("g:@TGS#_u", "UltraGroup", "Chess", "alice", 2)
TOPIC = ev.ConversationFacts("g:@TGS#_u@TOPIC#_t", "Channel", "Openings", "", 2)
BODY = encode_body([Text("hello")])
MESSAGE = Message(
    seq=7,
    time_ms=NOW - 1,
    message_id=1,
    priority=Priority.HIGH,
    sender="bob",
    nickname="Bob",
    face_url="",
    name_card="",
    client_msg_id="2837546",
    body=BODY,
    extra=MessageOptions(cloud_data=b"own", to=("alice",)),
)
PROFILE = Profile(
    "a", "Public", "Chess", "we play", "", "", "alice", 1, ApplyJoinOption.FREE_ACCESS, 0, 1, fields={"level": b"9"}
)
MEMBERS = [Member(user, Role.MEMBER, 1, 0, "") for user in ("alice", "bob")]
MSG_BODY = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]
CONTENT = {"MsgBody": MSG_BODY, "CloudCustomData": "own"}
IN_GROUP = {"GroupId": "a", "Type": "Public", "EventTime": NOW}
OF_MESSAGE = {"From_Account": "bob", "Random": 2837546, "MsgId": "2837546", **CONTENT}
BOTH = [{"Member_Account": "alice"}, {"Member_Account": "bob"}]


class Facts:
    """Everybody has 3 unread messages."""

    async def members(self, key: str, limit: int) -> Sequence[str]:
        return ["alice", "bob"]

    async def presence(self, users: Sequence[str]) -> Mapping[str, Presence]:
        return {}

    async def unread(self, user_id: str) -> int:
        return 3


def told(event: ev.AnyEvent, facts: Any = None) -> list[Callback]:
    return list(asyncio.run(notices(event, facts or Facts())))


SENT = {"MsgSeq": 7, "MsgTime": NOW // 1000, "MsgPriority": "High", "OnlineOnlyFlag": 0, "To_Account": ["alice"]}
PAIR_SENT = {
    "From_Account": "bob",
    "To_Account": "alice",
    "MsgRandom": 2837546,
    "MsgId": "2837546",
    "MsgSeq": 7,
    "MsgTime": NOW // 1000,
    "MsgKey": f"7_2837546_{NOW // 1000}",
    "OnlineOnlyFlag": 0,
    "SendMsgResult": 0,
    "ErrorInfo": "send msg succeed",
    "UnreadMsgNum": 3,
    "EventTime": NOW,
    **CONTENT,
}
CHANNEL = {"GroupId": "@TGS#_u", "TopicId": "@TGS#_u@TOPIC#_t", "Type": "Channel", "EventTime": NOW}
USER = UserProfile(nickname="Bob", gender=Gender.MALE, signature="hi", fields={"city": b"Ulm"})
CASES: list[tuple[ev.AnyEvent, list[tuple[str, dict[str, Any]]]]] = [
    (
        ev.MessagePassed(NOW, GROUP, MESSAGE, operator="root"),
        [("Group.CallbackAfterSendMsg", {**IN_GROUP, **OF_MESSAGE, **SENT, "Operator_Account": "root"})],
    ),
    (
        ev.MessagePassed(NOW, TOPIC, MESSAGE),
        [("Group.CallbackAfterSendMsg", {**CHANNEL, **OF_MESSAGE, **SENT, "Operator_Account": "bob"})],
    ),
    (
        ev.TransientPassed(NOW, GROUP, MESSAGE),
        [
            (
                "Group.CallbackAfterSendMsg",
                {**IN_GROUP, **OF_MESSAGE, **SENT, "OnlineOnlyFlag": 1, "Operator_Account": "bob"},
            )
        ],
    ),
    (ev.MessagePassed(NOW, PAIR, MESSAGE), [("C2C.CallbackAfterSendMsg", PAIR_SENT)]),
    (ev.TransientPassed(NOW, PAIR, MESSAGE), [("C2C.CallbackAfterSendMsg", {**PAIR_SENT, "OnlineOnlyFlag": 1})]),
    (
        ev.MessageWithheld(NOW, GROUP, "bob", "2837546", Priority.LOW, BODY, "too many", MESSAGE.extra),
        [
            (
                "Group.CallbackSendMsgException",
                {**IN_GROUP, **OF_MESSAGE, "Operator_Account": "bob", "OnlineOnlyFlag": 0, "ErrorInfo": "too many"},
            )
        ],
    ),
    (ev.MessageWithheld(NOW, PAIR, "bob", "1", Priority.LOW, BODY, "too many"), []),
    (ev.MessageEdited(NOW, GROUP, MESSAGE, "bob"), []),
    (
        ev.MessageRecalled(NOW, GROUP, MESSAGE, "alice"),
        [("Group.CallbackAfterRecallMsg", {**IN_GROUP, "Operator_Account": "alice", "MsgSeqList": [{"MsgSeq": 7}]})],
    ),
    (
        ev.MessageRecalled(NOW, PAIR, MESSAGE, "bob"),
        [
            (
                "C2C.CallbackAfterMsgWithDraw",
                {
                    "From_Account": "bob",
                    "To_Account": "alice",
                    "MsgKey": PAIR_SENT["MsgKey"],
                    "UnreadMsgNum": 3,
                    "EventTime": NOW,
                },
            )
        ],
    ),
    (
        ev.PairRead(NOW, PAIR, "alice", "bob", 7),
        [
            (
                "C2C.CallbackAfterMsgReport",
                {
                    "Report_Account": "alice",
                    "Peer_Account": "bob",
                    "LastReadTime": NOW // 1000,
                    "LastReadSeq": 7,
                    "UnreadMsgNum": 3,
                    "EventTime": NOW,
                },
            )
        ],
    ),
    (
        ev.GroupCreated(NOW, GROUP, PROFILE, MEMBERS, "root"),
        [
            (
                "Group.CallbackAfterCreateGroup",
                {
                    **IN_GROUP,
                    "Operator_Account": "root",
                    "Owner_Account": "alice",
                    "Name": "Chess",
                    "UserDefinedDataList": [{"Key": "level", "Value": "9"}],
                    "MemberList": BOTH,
                },
            )
        ],
    ),
    (
        ev.GroupCreated(NOW, TOPIC, bare_profile("Channel"), [], "alice"),
        [
            (
                "Group.CallbackAfterCreateTopic",
                {**CHANNEL, "Operator_Account": "alice", "Owner_Account": "", "Name": "", "UserDefinedDataList": []},
            )
        ],
    ),
    (
        ev.GroupChanged(NOW, GROUP, PROFILE, ["name", "introduction", "mute_all"], "alice"),
        [
            (
                "Group.CallbackAfterGroupInfoChanged",
                {**IN_GROUP, "Operator_Account": "alice", "Name": "Chess", "Introduction": "we play"},
            )
        ],
    ),
    (
        ev.GroupChanged(NOW, TOPIC, PROFILE, ["name"], "alice"),
        [("Group.CallbackAfterTopicInfoChanged", {**CHANNEL, "Operator_Account": "alice", "Name": "Chess"})],
    ),
    (ev.GroupChanged(NOW, GROUP, PROFILE, ["mute_all"], "alice"), []),
    (ev.GroupFull(NOW, GROUP), [("Group.CallbackAfterGroupFull", IN_GROUP)]),
    (
        ev.GroupDissolved(NOW, GROUP, "alice", members=["alice", "bob"]),
        [
            (
                "Group.CallbackAfterGroupDestroyed",
                {
                    **IN_GROUP,
                    "Operator_Account": "alice",
                    "Owner_Account": "alice",
                    "Name": "Chess",
                    "MemberNum": 2,
                    "MemberList": BOTH,
                },
            )
        ],
    ),
    (
        ev.GroupDissolved(NOW, ULTRA, "alice", channels=["t", "s"]),
        [
            (
                "Group.CallbackAfterTopicDestroyed",
                {
                    "GroupId": "@TGS#_u",
                    "Type": "UltraGroup",
                    "EventTime": NOW,
                    "TopicIdList": ["@TGS#_u@TOPIC#_t", "@TGS#_u@TOPIC#_s"],
                },
            ),
            (
                "Group.CallbackAfterGroupDestroyed",
                {
                    "GroupId": "@TGS#_u",
                    "Type": "UltraGroup",
                    "EventTime": NOW,
                    "Operator_Account": "alice",
                    "Owner_Account": "alice",
                    "Name": "Chess",
                    "MemberNum": 2,
                },
            ),
        ],
    ),
    (
        ev.GroupDissolved(NOW, TOPIC, "alice"),
        [
            (
                "Group.CallbackAfterTopicDestroyed",
                {
                    "GroupId": "@TGS#_u",
                    "Type": "Channel",
                    "EventTime": NOW,
                    "TopicIdList": ["@TGS#_u@TOPIC#_t"],
                },
            )
        ],
    ),
    (
        ev.MembersEntered(NOW, GROUP, ["bob"], ChangeKind.JOINED, "bob"),
        [
            (
                "Group.CallbackAfterNewMemberJoin",
                {**IN_GROUP, "JoinType": "Apply", "Operator_Account": "bob", "NewMemberList": BOTH[1:]},
            )
        ],
    ),
    (
        ev.MembersEntered(NOW, GROUP, ["alice", "bob"], ChangeKind.INVITED, "carol"),
        [
            (
                "Group.CallbackAfterNewMemberJoin",
                {**IN_GROUP, "JoinType": "Invited", "Operator_Account": "carol", "NewMemberList": BOTH},
            )
        ],
    ),
    (
        ev.MembersGone(NOW, GROUP, ["bob"], GoneReason.KICKED, "alice", "spam"),
        [
            (
                "Group.CallbackAfterMemberExit",
                {**IN_GROUP, "ExitType": "Kicked", "Operator_Account": "alice", "ExitMemberList": BOTH[1:]},
            )
        ],
    ),
    (
        ev.MembersGone(NOW, GROUP, ["bob"], GoneReason.LEFT, "bob", ""),
        [
            (
                "Group.CallbackAfterMemberExit",
                {**IN_GROUP, "ExitType": "Quit", "Operator_Account": "bob", "ExitMemberList": BOTH[1:]},
            )
        ],
    ),
    (
        ev.MemberStateChanged(NOW, GROUP, ["bob"], online=False),
        [
            (
                "Group.CallbackOnMemberStateChange",
                {"GroupId": "a", "EventType": "Offline", "MemberList": BOTH[1:], "EventTime": NOW},
            )
        ],
    ),
    (
        ev.SessionChanged(NOW, "bob", Platform.WEB, DeviceEnd.TIME_OUT),
        [
            (
                "State.StateChange",
                {
                    "EventTime": NOW,
                    "Info": {"Action": "Disconnect", "To_Account": "bob", "Reason": "TimeOut", "Platform": "Web"},
                },
            )
        ],
    ),
    (
        ev.ProfileChanged(NOW, "bob", USER, "root", ["nickname", "gender", "signature", "fields.city"]),
        [
            (
                "Profile.CallbackPortraitSet",
                {
                    "Operator_Account": "root",
                    "From_Account": "bob",
                    "EventTime": NOW,
                    "ProfileItem": [
                        {"Tag": "Tag_Profile_IM_Nick", "Value": "Bob"},
                        {"Tag": "Tag_Profile_IM_Gender", "Value": "Gender_Type_Male"},
                        {"Tag": "Tag_Profile_IM_SelfSignature", "Value": "hi"},
                        {"Tag": "Tag_Profile_Custom_city", "Value": "Ulm"},
                    ],
                },
            )
        ],
    ),
    (ev.ProfileChanged(NOW, "bob", UserProfile(deleted=True), "root", ["nickname"]), []),
    (
        ev.UserListChanged(NOW, "bob", UserList.BLACK, ["x"], ["y"], "bob"),
        [
            (
                "Sns.CallbackBlackListDelete",
                {"PairList": [{"From_Account": "bob", "To_Account": "y"}], "EventTime": NOW},
            ),
            (
                "Sns.CallbackBlackListAdd",
                {"PairList": [{"From_Account": "bob", "To_Account": "x"}], "EventTime": NOW},
            ),
        ],
    ),
    (ev.UserListChanged(NOW, "bob", UserList.WHITE, ["x"], [], "bob"), []),
]


@pytest.mark.parametrize(("event", "expected"), CASES, ids=lambda case: type(case).__name__)
def test_what_is_told(event: ev.AnyEvent, expected: list[tuple[str, dict[str, Any]]]) -> None:
    found = told(event)
    assert [(one.command, one.fields) for one in found] == [
        (name, {"CallbackCommand": name, **fields}) for name, fields in expected
    ]
    json.dumps([one.fields for one in found])


def test_every_command_has_its_event() -> None:
    made = {(name, ev.kind_of(event)) for event, expected in CASES for name, _ in expected}
    assert {(name, kind) for name, kinds in TENCENT.after.items() for kind in kinds} == made


def test_without_counting_there_is_no_number() -> None:
    event = ev.MessagePassed(NOW, PAIR, MESSAGE)
    (callback,) = asyncio.run(notices(event, None))
    assert "UnreadMsgNum" not in callback.fields
    (callback,) = asyncio.run(TencentProfile(1, "", DEFAULTS, unread=False).notices(event, Facts()))
    assert "UnreadMsgNum" not in callback.fields


class Away(Facts):
    """The store can't say."""

    async def unread(self, user_id: str) -> int:
        raise OSError("it can't be counted")


def test_what_can_not_be_counted_is_left_out() -> None:
    (callback,) = told(ev.MessagePassed(NOW, PAIR, MESSAGE), Away())
    assert "UnreadMsgNum" not in callback.fields


@pytest.mark.parametrize(("name", "number"), [("0", 0), ("4294967295", 4294967295), ("c0", 701504055), ("7.0.1f", 7)])
def test_random_is_a_number(name: str, number: int) -> None:
    assert random_of(name) == number


@pytest.mark.parametrize("name", ["4294967296", "\u0663", "", "-1"])
def test_random_has_32_bits(name: str) -> None:
    assert 0 <= random_of(name) < 1 << 32


def test_the_platform_is_said() -> None:
    profile = TencentProfile(1400000000, "", DEFAULTS)
    names = {Platform.WEB: "Web", Platform.SERVER: "RESTAPI", Platform.PAD: "Unknown", None: "Unknown"}
    for platform, name in names.items():
        (callback,) = told(ev.MessagePassed(NOW, GROUP, MESSAGE, platform=platform))
        assert profile.request("http://a/", [callback]).query["OptPlatform"] == name


def test_the_address_is_said() -> None:  # CB-01
    profile = TencentProfile(1400000000, "", DEFAULTS)
    device = {"platform": Platform.WEB, "address": "192.0.2.5"}
    for event in (
        ev.MessagePassed(NOW, GROUP, MESSAGE, **device),
        ev.MessagePassed(NOW, PAIR, MESSAGE, **device),
        ev.TransientPassed(NOW, GROUP, MESSAGE, **device),
        ev.MessageWithheld(NOW, GROUP, "alice", "c1", Priority.LOW, MESSAGE.body, "held back", **device),
        ev.SessionChanged(NOW, "alice", end=None, **device),
    ):
        (callback,) = told(event)
        query = profile.request("http://a/", [callback]).query
        assert (query["ClientIP"], query["OptPlatform"]) == ("192.0.2.5", "Web"), event


def test_a_batch_has_an_envelope() -> None:
    profile = TencentProfile(1400000000, "t", DEFAULTS)
    (one,) = told(ev.GroupFull(NOW, GROUP))
    request = profile.request("http://a/", [one._replace(id="1"), one._replace(id="2")])
    assert json.loads(request.body) == {
        "CallbackCommand": "Group.CallbackAfterGroupFull",
        "Callbacks": [{"Event": "1", "Callback": one.fields}, {"Event": "2", "Callback": one.fields}],
    }
    assert request.query["CallbackCommand"] == "Group.CallbackAfterGroupFull" and request.query["Sign"]
