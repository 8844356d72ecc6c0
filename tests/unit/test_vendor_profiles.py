"""The forms of RongCloud's and LeanCloud's callbacks, as their documents have them (CB-02 to CB-04, ID-07)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from rcim.actor import commands as c
from rcim.actor import events as ev
from rcim.actor.before_callbacks import BeforeCallback, LogIn
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict, GroupChanges
from rcim.actor.events import ConversationFacts
from rcim.actor.records import Message, MessageOptions, bare_profile
from rcim.actor.user_commands import Credential
from rcim.base.limits import DEFAULTS
from rcim.base.terms import (
    ApplyJoinOption,
    ChangeKind,
    DeviceEnd,
    GoneReason,
    MessageState,
    Platform,
    Presence,
    Priority,
    pair_conversation,
)
from rcim.content.elements import Custom, Text, decode_body, encode_body
from rcim.hooks.discovery import DefinedHooks
from rcim.hooks.offline_receivers import AS_USUAL, fields_of, verdict_of
from rcim.hooks.profile import Callback
from rcim.hooks.profiles.leancloud import Engine, LeanCloudProfile
from rcim.hooks.profiles.rongcloud import RongCloudProfile
from rcim.hooks.profiles.table import MODERATION, RONGCLOUD, ROUTING
from rcim.vendors.rongcloud_ids import message_uid
from rcim.web.client import BadAnswer, WebAnswer, WebClient

PAIR = pair_conversation("alice", "bob")
T = 1_700_000_000_123


def message_of(text: str, options: MessageOptions | None = None, **more: Any) -> Message:
    made = Message(
        seq=7,
        time_ms=T,
        message_id=0x1_0000_0000_0A3F,
        priority=Priority.NORMAL,
        sender="alice",
        nickname="",
        face_url="",
        name_card="",
        client_msg_id="m1",
        body=encode_body([Text(text)]),
        extra=options,
    )
    return msgspec.structs.replace(made, **more)


def where(key: str = "g:lobby", type_: str = "Public") -> ConversationFacts:
    return ConversationFacts(key=key, type=type_, name="", owner="", member_num=2)


def said(status: int, body: Any) -> WebAnswer:
    return WebAnswer(status, {}, json.dumps(body).encode())


class Present:
    """Bob is online, in the background; carol and dave are not."""

    async def members(self, key: str, limit: int) -> Sequence[str]:
        return ["alice", "bob", "carol", "dave"][:limit]

    async def presence(self, users: Sequence[str]) -> Mapping[str, Presence]:
        return {user: Presence.BACKGROUND for user in users if user == "bob"}

    async def unread(self, user_id: str) -> int:
        return 0


def rong(**more: bool) -> RongCloudProfile:
    return RongCloudProfile("key", "secret", DEFAULTS, {"ChatRoom"}.__contains__, **more)


async def routed(event: ev.AnyEvent, **more: bool) -> dict[str, Any]:
    (callback,) = await rong(**more).notices(event, Present())
    assert callback.command == ROUTING
    return callback.fields


# ------------------------------------------------------------------------------------------------- RongCloud


async def test_a_message_is_routed_as_a_signed_form() -> None:
    (callback,) = await rong().notices(ev.MessagePassed(T, where(), message_of("hi & bye")), Present())
    request = rong().request("https://app/route?a=1", [callback])
    assert parse_qs(request.body.decode(), keep_blank_values=True) == {
        "fromUserId": ["alice"],
        "toUserId": ["lobby"],
        "objectName": ["RC:TxtMsg"],
        "content": ['{"content":"hi & bye"}'],
        "channelType": ["GROUP"],
        "msgTimestamp": [str(T)],
        "timestamp": [str(T)],
        "clientIp": [""],
        "msgUID": ["0001-0000-0000-0A3F"],
        "sensitiveType": ["0"],
        "source": [""],
    }
    assert request.headers == {"Content-Type": "application/x-www-form-urlencoded"}
    query = request.query
    assert query["appKey"] == "key" and query["timestamp"] == query["signTimestamp"] and len(query["nonce"]) <= 18
    assert query["signature"] == hashlib.sha1(f"secret{query['nonce']}{query['timestamp']}".encode()).hexdigest()


async def test_messages_of_the_app_are_routed_if_that_is_set() -> None:
    event = ev.MessagePassed(T, where(), message_of("hi"), by_app=True)
    assert await rong().notices(event, Present()) == ()
    assert (await routed(event, app_messages=True))["source"] == "Server"


async def test_where_and_to_whom() -> None:
    room = await routed(ev.MessagePassed(T, where("g:live", "ChatRoom"), message_of("hi")))
    assert (room["channelType"], room["toUserId"]) == ("TEMPGROUP", "live")
    pair = await routed(ev.MessagePassed(T, where(PAIR, "C2C"), message_of("hi")))
    assert (pair["channelType"], pair["toUserId"]) == ("PERSON", "bob")
    channel = where("g:@TGS#_club@TOPIC#_chess", "Channel")
    fields = await routed(ev.MessagePassed(T, channel, message_of("hi", MessageOptions(to=("bob", "carol")))))
    assert (fields["toUserId"], fields["busChannel"], fields["groupUserIds"]) == (
        "@TGS#_club",
        "chess",
        ["bob", "carol"],
    )
    body = rong().request("https://app", [Callback(ROUTING, fields)]).body
    assert parse_qs(body.decode())["groupUserIds"] == ["bob", "carol"]


async def test_words_edits_and_recalls() -> None:
    assert (await routed(ev.MessagePassed(T, where(), message_of("***"), words_replaced=True)))[
        "sensitiveType"
    ] == "2"
    edited = await routed(ev.MessageEdited(T + 5, where(), message_of("better"), "alice"))
    uid = message_uid(message_of("").message_id)
    assert edited["originalMsgUID"] == uid != edited["msgUID"] and edited["content"] == '{"content":"better"}'
    gone = message_of("", state=MessageState.RECALLED, body=b"")
    recalled = await routed(ev.MessageRecalled(T + 9, where(), gone, "alice"))
    assert (recalled["objectName"], recalled["fromUserId"], recalled["msgUID"]) == ("RC:RcCmd", "alice", f"{uid}-R")
    assert json.loads(recalled["content"]) == {
        "messageUId": uid,
        "conversationType": 3,
        "targetId": "lobby",
        "sentTime": T,
        "isAdmin": 0,
        "isDelete": 0,
    }
    deleted = msgspec.structs.replace(gone, state=MessageState.DELETED)
    event = ev.MessageDeleted(T, where(), "alice", "boss", 7, message=deleted)
    content = json.loads((await routed(event))["content"])
    assert (content["isAdmin"], content["isDelete"]) == (1, 1)
    assert await rong().notices(ev.MessageDeleted(T, where(), "alice", "boss", 7, True), Present()) == ()


async def test_blocked_messages_are_told_if_that_is_set() -> None:
    kind = ev.EventKind.MESSAGE_BLOCKED
    assert kind not in rong().after[ROUTING] and kind in rong(blocked_messages=True).after[ROUTING]
    event = ev.MessageBlocked(T, where(), "alice", "m1", encode_body([Text("darn")]))
    fields = await routed(event, blocked_messages=True)
    assert (fields["sensitiveType"], fields["msgUID"], fields["content"]) == ("1", "m1", '{"content":"darn"}')


async def rows(event: ev.AnyEvent) -> list[dict[str, Any]]:
    (callback,) = await rong().notices(event, Present())
    request = rong().request("https://app", [callback])
    assert request.headers == {"Content-Type": "application/json"}
    found: list[dict[str, Any]] = json.loads(request.body)
    return found


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (ev.MembersEntered(T, where("g:r", "ChatRoom"), ["a", "b"], ChangeKind.JOINED, "a"), (["a", "b"], 0, 1)),
        (ev.MembersGone(T, where("g:r", "ChatRoom"), ["a"], GoneReason.LEFT, "a", ""), (["a"], 0, 2)),
        (ev.MembersGone(T, where("g:r", "ChatRoom"), ["a"], GoneReason.OFFLINE, "", ""), (["a"], 1, 2)),
        (ev.MembersGone(T, where("g:r", "ChatRoom"), ["a"], GoneReason.KICKED, "b", "", blocked=True), (["a"], 2, 2)),
        (ev.GroupDissolved(T, where("g:r", "ChatRoom"), "a"), ([], 0, 3)),
        (ev.GroupDissolved(T, where("g:r", "ChatRoom"), "", silently=True), ([], 3, 3)),
    ],
)
async def test_chat_room_status(event: ev.AnyEvent, told: tuple[list[str], int, int]) -> None:
    users, status, kind = told
    assert await rows(event) == [{"chatRoomId": "r", "userIds": users, "status": status, "type": kind, "time": T}]


async def test_a_room_is_created_and_joined_in_one_array() -> None:
    members = [msgspec.convert([user, 1, 0, 0, ""], ev.Member) for user in ("a", "b")]
    event = ev.GroupCreated(T, where("g:r", "ChatRoom"), bare_profile("ChatRoom"), members, "a")
    assert [(row["type"], row["userIds"]) for row in await rows(event)] == [(0, []), (1, ["a", "b"])]
    assert await rong().notices(msgspec.structs.replace(event, where=where()), Present()) == ()


async def test_online_status() -> None:
    login = ev.SessionChanged(T, "alice", Platform.WEB, None, (Platform.MOBILE,), connection_id=5)
    assert await rows(login) == [
        {"userid": "alice", "status": "1", "os": "Mobile", "time": T, "clientIp": "", "sessionId": ""},
        {"userid": "alice", "status": "0", "os": "Websocket", "time": T, "clientIp": "", "sessionId": "5"},
    ]
    for end, status in ((DeviceEnd.LOGOUT, "2"), (DeviceEnd.TIME_OUT, "1"), (DeviceEnd.LINK_CLOSE, "1")):
        (row,) = await rows(ev.SessionChanged(T, "alice", Platform.DESKTOP, end))
        assert (row["status"], row["os"]) == (status, "PC")


def sending(text: str, *, admin: bool = False, **more: Any) -> c.SendMessage:
    return c.SendMessage("alice", admin, "", "", "m1", Priority.NORMAL, encode_body([Text(text)]), **more)


def asked(command: Any, kind: BeforeKind = BeforeKind.SEND, **more: Any) -> BeforeCallback:
    made = {"number": 1, "kind": kind, "group_id": "lobby", "type": "Public", "command": command, "key": "g:lobby"}
    return BeforeCallback(**{**made, **more})


def test_what_the_message_callback_asks() -> None:
    command = sending("hi", extra=MessageOptions(to=("bob",), mentions=("bob",)))
    callback = rong().question(asked(command))
    fields = callback.fields
    assert callback.command == MODERATION and int(fields.pop("msgTimeStamp")) > T
    assert json.loads(fields.pop("content"))["mentionedInfo"]["userIdList"] == ["bob"]
    assert fields == {
        "appKey": "key",
        "fromUserId": "alice",
        "targetId": "lobby",
        "msgType": "RC:TxtMsg",
        "channelType": "GROUP",
        "messageId": "m1",
        "os": "",
        "ip": "",
        "toUserIds": ["bob"],
        "busChannel": "",
    }
    edit = c.AlterMessage("bob", False, 7, MessageState.EDITED, encode_body([Text("better")]))
    fields = rong().question(asked(edit, BeforeKind.EDIT, message=message_of("better"))).fields
    assert (fields["fromUserId"], fields["msgTimeStamp"], fields["content"]) == (
        "alice",
        str(T),
        '{"content":"better"}',
    )
    with pytest.raises(KeyError):
        rong().question(asked(c.JoinGroup("alice", False, "")))
    assert set(rong().before) == set(RONGCLOUD.before)


def test_the_app_is_not_asked_about_its_own_messages() -> None:
    assert not rong().asks(asked(sending("hi", admin=True))) and rong().asks(asked(sending("hi")))
    assert rong(app_messages=True).asks(asked(sending("hi", admin=True)))


def decided(answer: WebAnswer) -> CallbackVerdict:
    return rong().verdict(answer, rong().question(asked(sending("hi"))))


def test_what_the_message_callback_answers() -> None:
    for body in (
        {"pass": 1},
        {"pass": True, "content": ""},
        {"pass": 1, "content": '{"content":"hi"}', "extra": "x"},
    ):
        assert decided(said(200, body)) == ALLOWED
    refused = decided(said(200, {"pass": 0}))
    assert not refused.allow and refused.error()[0].name == "CALLBACK_REFUSED"
    changed = decided(said(200, {"pass": 1, "content": '{"content":"***"}'}))
    assert changed.body is not None and decode_body(changed.body) == [Text("***")]
    as_object = decided(said(200, {"pass": 1, "content": {"content": "a", "extra": "b"}}))
    assert as_object.body is not None and isinstance(decode_body(as_object.body)[0], Custom)


@pytest.mark.parametrize(
    "answer",
    [
        said(500, {"pass": 1}),
        said(200, []),
        said(200, {}),
        said(200, {"pass": "1"}),
        said(200, {"pass": 1, "content": 5}),
        said(200, {"pass": 1, "content": "x" * 70_000}),
        WebAnswer(200, {}, b"{"),
    ],
)
def test_an_answer_that_is_none(answer: WebAnswer) -> None:
    with pytest.raises(BadAnswer):
        decided(answer)


async def test_where_clients_are_is_in_every_form() -> None:  # CB-01
    device = Credential("alice", 0, Platform.WEB, address="2001:db8::7")
    for profile, name in ((rong(), "ip"), (lean(), "sourceIP")):
        assert profile.question(asked(sending("hi", credential=device))).fields[name] == "2001:db8::7"
        assert profile.question(asked(sending("hi"))).fields[name] == ""
    edit = c.AlterMessage("alice", False, 7, MessageState.EDITED, encode_body([Text("better")]), credential=device)
    question = lean().question(asked(edit, BeforeKind.EDIT, message=message_of("better")))
    assert question.fields["sourceIP"] == "2001:db8::7"

    sent = ev.MessagePassed(T, where(), message_of("hi"), address="192.0.2.5")
    assert (await routed(sent))["clientIp"] == (await hooks_of(sent))[0].fields["sourceIP"] == "192.0.2.5"
    blocked = ev.MessageBlocked(
        T, where(), "alice", "m1", encode_body([Text("darn")]), platform=Platform.WEB, address="192.0.2.5"
    )
    fields = await routed(blocked, blocked_messages=True)
    assert (fields["clientIp"], fields["source"]) == ("192.0.2.5", "Websocket")
    service = msgspec.structs.replace(sent, where=where(pair_conversation("alice", "@SYS#news"), "C2C"))
    (row,) = (await hooks_of(service))[1].fields["rows"]
    assert row["fromIp"] == "192.0.2.5"

    login = ev.SessionChanged(T, "alice", Platform.WEB, None, address="192.0.2.5")
    assert [one["clientIp"] for one in await rows(login)] == ["192.0.2.5"]
    assert [one.fields["sourceIP"] for one in await hooks_of(login)] == ["192.0.2.5"]
    end = msgspec.structs.replace(login, end=DeviceEnd.LINK_CLOSE)
    assert [one.fields["sourceIP"] for one in await hooks_of(end)] == ["192.0.2.5"]


# ------------------------------------------------------------------------------------------------- LeanCloud


def lean(*known: str) -> LeanCloudProfile:
    engine = Engine("https://engine/", "app", "master", "hook")
    hooks = DefinedHooks(engine.call("_ops/metadatas", {}), WebClient(1000))
    if known:
        hooks._known = frozenset(known)
    return LeanCloudProfile(engine, hooks, DEFAULTS, {"ChatRoom"}.__contains__)


async def hooks_of(event: ev.AnyEvent) -> list[Callback]:
    return list(await lean().notices(event, Present()))


def test_how_a_hook_is_called() -> None:
    request = lean().request("https://engine", [Callback("_clientOnline", {"peerId": "é"})])
    assert request.url == "https://engine/1.1/functions/_clientOnline" and json.loads(request.body) == {"peerId": "é"}
    assert request.headers == {
        "Content-Type": "application/json",
        "X-LC-Id": "app",
        "X-LC-Key": "master,master",
        "X-LC-Hook-Key": "hook",
    }


async def test_message_sent() -> None:
    (callback,) = await hooks_of(ev.MessagePassed(T, where(), message_of("hi")))
    assert callback == Callback(
        "_messageSent",
        {
            "fromPeer": "alice",
            "convId": "lobby",
            "msgId": "1000000000a3f",
            "onlinePeers": ["bob"],
            "offlinePeers": ["carol", "dave"],
            "transient": False,
            "system": False,
            "bin": False,
            "content": '{"_lctype":-1,"_lctext":"hi"}',
            "receipt": False,
            "timestamp": T,
            "sourceIP": "",
        },
    )
    (pair,) = await hooks_of(ev.MessagePassed(T, where(PAIR, "C2C"), message_of("hi")))
    assert (pair.fields["convId"], pair.fields["onlinePeers"]) == (PAIR, ["bob"])
    (directed,) = await hooks_of(ev.MessagePassed(T, where(), message_of("hi", MessageOptions(to=("dave",)))))
    assert (directed.fields["onlinePeers"], directed.fields["offlinePeers"]) == ([], ["dave"])
    (room,) = await hooks_of(ev.MessagePassed(T, where("g:r", "ChatRoom"), message_of("hi")))
    assert (room.fields["onlinePeers"], room.fields["offlinePeers"]) == ([], [])


async def test_messages_to_a_service_conversation() -> None:
    key = pair_conversation("alice", "@SYS#news")
    sent, hook = await hooks_of(ev.MessagePassed(T, where(key, "C2C"), message_of("hi")))
    assert sent.fields["system"] and sent.fields["convId"] == "@SYS#news"
    request = lean().request("https://app/hook", [hook, hook])
    time = {"__type": "Date", "iso": "2023-11-14T22:13:20.123Z"}
    row = {
        "fromIp": "",
        "conv": {"__type": "Pointer", "className": "_Conversation", "objectId": "@SYS#news"},
        "msgId": "1000000000a3f",
        "from": "alice",
        "bin": False,
        "data": '{"_lctype":-1,"_lctext":"hi"}',
        "createdAt": time,
        "updatedAt": time,
    }
    assert request.url == "https://app/hook" and json.loads(request.body) == [row, row]
    assert "X-LC-Key" not in request.headers
    answer = ev.MessagePassed(T, where(key, "C2C"), message_of("hi", sender="@SYS#news"))
    assert [one.command for one in await hooks_of(answer)] == ["_messageSent"], (
        "what it writes itself is no message to it"
    )


async def test_conversations_and_clients() -> None:
    entered = ev.MembersEntered(T, where(), ["bob"], ChangeKind.INVITED, "alice")
    assert await hooks_of(entered) == [
        Callback("_conversationAdded", {"initBy": "alice", "convId": "lobby", "members": ["bob"]})
    ]
    gone = ev.MembersGone(T, where(), ["bob"], GoneReason.KICKED, "", "")
    assert (await hooks_of(gone))[0].fields["initBy"] == "bob"
    login = ev.SessionChanged(T, "alice", Platform.WEB, None, (Platform.WEB,), tag="web", comes_back=True)
    offline, online = await hooks_of(login)
    assert (offline.command, offline.fields["closeCode"]) == ("_clientOffline", 3)
    assert online == Callback("_clientOnline", {"peerId": "alice", "sourceIP": "", "tag": "web", "reconnect": 1})
    for end, code in ((DeviceEnd.LOGOUT, 1), (DeviceEnd.TIME_OUT, 2), (DeviceEnd.LINK_CLOSE, 2)):
        (ended,) = await hooks_of(ev.SessionChanged(T, "alice", Platform.WEB, end))
        assert ended.fields["closeCode"] == code
    (kicked,) = await hooks_of(ev.SessionChanged(T, "alice", Platform.WEB, DeviceEnd.LOGOUT, by_app=True))
    assert kicked.fields["closeCode"] == 4
    tagged = msgspec.structs.replace(login, replaced_tags=("old",))
    assert [one.fields["tag"] for one in await hooks_of(tagged)] == ["old", "web"]
    assert await hooks_of(ev.GroupFull(T, where())) == []


async def test_what_is_not_defined_is_not_called() -> None:
    event = ev.MessagePassed(T, where(), message_of("hi"))
    assert await lean("_clientOnline").notices(event, Present()) == []
    assert not lean("_clientOnline").asks(asked(sending("hi"))) and lean("_messageReceived").asks(
        asked(sending("hi"))
    )


def test_whose_receivers_are_named() -> None:
    profile = lean()
    assert profile.members_for(asked(sending("hi"))) == 500
    assert profile.members_for(asked(sending("hi"), type="ChatRoom")) == 0
    assert profile.members_for(asked(sending("hi"), key=PAIR)) == 0
    assert profile.members_for(asked(sending("hi", extra=MessageOptions(to=("bob",))))) == 0
    assert profile.members_for(asked(c.JoinGroup("alice", False, ""), BeforeKind.APPLY)) == 0
    fields = profile.question(asked(sending("hi", extra=MessageOptions(to=("bob",))))).fields
    assert fields["toPeers"] == ["bob"]
    assert profile.question(asked(sending("hi"), BeforeKind.SEND_IN_PAIR, key=PAIR, to="bob")).fields["toPeers"] == [
        "bob"
    ]


def test_questions_about_conversations() -> None:
    profile = lean()
    edit = c.EditGroup(
        "alice", False, {"name": "Go"}, ApplyJoinOption.FREE_ACCESS, 9, (), b'{"a":1}', (("b.c", b"2"),)
    )
    assert profile.question(asked(edit, BeforeKind.UPDATE)) == Callback(
        "_conversationUpdate",
        {
            "initBy": "alice",
            "convId": "lobby",
            "attr": {"name": "Go", "applyJoinOption": 1, "maxMemberNum": 9, "a": 1, "b.c": 2},
        },
    )
    mute = profile.question(asked(c.MuteAll("alice", False, True, []), BeforeKind.UPDATE))
    assert mute.fields["attr"] == {"muted": True}
    join = profile.question(asked(c.JoinGroup("bob", False, ""), BeforeKind.APPLY))
    assert join == Callback("_conversationAdd", {"initBy": "bob", "members": ["bob"], "convId": "lobby"})
    login = profile.question(asked(LogIn("bob", False), BeforeKind.LOGIN))
    assert (login.command, login.fields["objectId"]) == ("_rtmClientSign", "bob")


def updated(attr: Any, command: Any = None) -> CallbackVerdict:
    edit = c.EditGroup("alice", False, {"name": "Go"}, None, None, (), None, (("b.c", b"2"),), True)
    profile = lean()
    callback = profile.question(asked(command or edit, BeforeKind.UPDATE))
    return profile.verdict(said(200, {"result": {"attr": attr}}), callback)


def test_what_a_hook_changes_of_a_conversation() -> None:  # CB-03
    assert updated(None) == updated({"name": "Go", "muted": True, "b.c": 2}) == ALLOWED
    assert updated({}).changes == GroupChanges()
    attr = {"name": "***", "applyJoinOption": 2, "maxMemberNum": 9, "muted": False, "b.c": [3], "d": None}
    assert updated(attr).changes == GroupChanges(
        texts={"name": "***"},
        apply_join_option=ApplyJoinOption.NEED_PERMISSION,
        max_member_num=9,
        mute_all=False,
        attributes=(("b.c", b"[3]"), ("d", b"null")),
    )
    assert updated({"name": "x"}, c.MuteAll("alice", False, True, [])) == ALLOWED, "it can only be refused"


@pytest.mark.parametrize(
    "attr",
    [
        [],
        "name",
        {"name": ""},
        {"name": 5},
        {"name": "x" * 31},
        {"name": "\ud800"},
        {"applyJoinOption": 4},
        {"applyJoinOption": True},
        {"maxMemberNum": 0},
        {"maxMemberNum": 1 << 32},
        {"muted": 1},
        {"a..b": 1},
        {"a": "\ud800"},
        {"a": "x" * 9000},
        {"a": [[[[[[[[[[1]]]]]]]]]]},
    ],
)
def test_what_a_hook_can_not_change_of_a_conversation(attr: Any) -> None:
    with pytest.raises(BadAnswer):
        updated(attr)


def answered(result: Any, kind: BeforeKind = BeforeKind.SEND) -> CallbackVerdict:
    command = LogIn("bob", False) if kind is BeforeKind.LOGIN else sending("hi")
    if kind is BeforeKind.APPLY:
        command = c.JoinGroup("bob", False, "")
    profile = lean()
    callback = profile.question(asked(command, kind), ["alice", "bob", "carol"])
    return profile.verdict(said(200, {"result": result}), callback)


def test_what_hooks_return() -> None:
    for result in (None, {}, {"toPeers": ["carol", "eve", "bob"]}, {"content": '{"_lctype":-1,"_lctext":"hi"}'}):
        assert answered(result) in (ALLOWED, CallbackVerdict())
    assert answered({"toPeers": []}).drop and answered({"toPeers": ["bob", "bob"]}).to == ("bob",)
    refused = answered({"drop": True, "code": 120001, "detail": "no"})
    assert (refused.allow, refused.code, refused.text) == (False, 120001, "no")
    assert answered({"drop": 1, "code": 9890}).text == "9890"
    binary = answered({"content": "AP8=", "bin": True})
    assert binary.body is not None and binary.to is None
    rejected = answered({"reject": True, "detail": "full"}, BeforeKind.APPLY)
    assert (rejected.allow, rejected.error()) == (False, (rejected.error()[0], "full"))
    assert answered(True, BeforeKind.LOGIN).allow and not answered({"result": False}, BeforeKind.LOGIN).allow


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        (BeforeKind.SEND, []),
        (BeforeKind.SEND, {"content": 5}),
        (BeforeKind.SEND, {"content": "\ud800"}),
        (BeforeKind.SEND, {"content": "?", "bin": True}),
        (BeforeKind.SEND, {"content": "x" * 70_000}),
        (BeforeKind.SEND, {"toPeers": "bob"}),
        (BeforeKind.SEND, {"drop": True, "code": "9"}),
        (BeforeKind.SEND, {"drop": True, "detail": 9}),
        (BeforeKind.LOGIN, None),
        (BeforeKind.LOGIN, {"result": "yes"}),
    ],
)
def test_a_result_that_is_none(kind: BeforeKind, result: Any) -> None:
    with pytest.raises(BadAnswer):
        answered(result, kind)


def test_a_hook_that_is_not_there() -> None:
    profile = lean()
    callback = profile.question(asked(sending("hi")))
    assert profile.verdict(said(404, {"code": 1, "error": "No such cloud function"}), callback) == ALLOWED
    for answer in (said(404, {}), said(401, {"code": 401, "error": "Unauthorized."}), said(200, [])):
        with pytest.raises(BadAnswer):
            profile.verdict(answer, callback)


def test_what_is_asked_before_a_push() -> None:
    found = fields_of("g:lobby", message_of("hi", MessageOptions(mentions_all=True)), ["bob"])
    assert (found["convId"], found["mentionAll"], found["mentionOfflinePeers"]) == ("lobby", True, [])
    assert verdict_of(None, ["bob"]) == verdict_of({}, ["bob"]) == AS_USUAL
    assert verdict_of({"skip": True}, ["bob"]).skip
    assert verdict_of({"offlinePeers": ["eve", "bob"]}, ["bob", "carol"]).users == ["bob"], "nobody else"
    assert verdict_of({"pushMessage": "plain"}, ["bob"]).push == {"alert": "plain"}
    assert verdict_of({"pushMessage": {"alert": "a", "badge": 3}}, ["bob"]).push == {"alert": "a", "badge": 3}
    for result in ([], {"offlinePeers": "bob"}, {"pushMessage": "x" * 5000}, {"pushMessage": "\ud800"}):
        with pytest.raises(BadAnswer):
            verdict_of(result, ["bob"])
