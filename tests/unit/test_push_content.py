"""What a push says (PU-01, PU-02, PU-04): the message's own push data in three forms, templates, and the wording."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import msgspec
import pytest

from rcim.actor.events import ConversationFacts, MessagePassed
from rcim.actor.push_records import PushToken
from rcim.actor.records import Message, MessageOptions
from rcim.base.errors import BAD_PUSH_INFO, RcimError
from rcim.base.terms import ImageFormat, ImageKind, Priority
from rcim.content import elements as el
from rcim.outbox.push import wording
from rcim.outbox.push.composing import Badge, Composer, PushOptions, push_id
from rcim.outbox.push.provider import BadgeMode, Push
from rcim.rules.push_forms import read_push
from rcim.rules.push_info import INFO_BYTES_MAX, PushBadge, PushInfo, PushProfile
from rcim.rules.push_templates import check

PICTURE = el.Image("u", ImageFormat.JPG, [el.ImageVariant(ImageKind.ORIGINAL, 1, 1, 1, "https://example.com/a")])
TEAM = ConversationFacts("g:team", "Public", "Team", "alice", 3)
PAIR = ConversationFacts("c:5:alice:bob", "C2C", "", "", 2)
TOKEN = PushToken("phone", "apns", "t0")


def made(body: Any = "hi", where: ConversationFacts = TEAM, **more: Any) -> MessagePassed:
    parts = [el.Text(body)] if isinstance(body, str) else body
    message = Message(7, 1000, 9, Priority.NORMAL, "alice", "Alice", "", "Al (boss)", "c1", el.encode_body(parts))
    return MessagePassed(1000, where, msgspec.structs.replace(message, **more))


def pushed(
    event: MessagePassed, options: PushOptions | None = None, hook: PushInfo | None = None, token: PushToken = TOKEN
) -> Push:
    return Composer(event, "1:2:3", options or PushOptions(), hook).push("bob", token, 5)


def own(where: ConversationFacts = TEAM, **fields: Any) -> MessagePassed:
    return made(where=where, extra=MessageOptions(push=PushInfo(**fields)))


# -- the wording


@pytest.mark.parametrize(
    ("event", "title", "text"),
    [
        (made(), "Team", "Al (boss)(Team): hi"),
        (made(name_card=""), "Team", "Alice(Team): hi"),
        (made(name_card="", nickname=""), "Team", "alice(Team): hi"),
        (made(where=PAIR, name_card=""), "Alice", "Alice: hi"),
        (made(where=msgspec.structs.replace(TEAM, name=""), name_card=""), "Alice", "Alice: hi"),
        (made([el.Text("look "), PICTURE, el.Text("!")], name_card=""), "Team", "Alice(Team): look [Image]!"),
    ],
)
def test_name_card_before_nickname_before_id(event: MessagePassed, title: str, text: str) -> None:
    push = pushed(event)
    assert (push.title, push.text) == (title, text)


@pytest.mark.parametrize(
    ("element", "english", "chinese"),
    [
        (PICTURE, "[Image]", "[图片]"),
        (el.Sound("https://example.com/a", "u", 1, 2), "[Voice]", "[语音]"),
        (el.File("https://example.com/a", "u", 1, "a.txt"), "[File]", "[文件]"),
        (el.Location("Home", 1, 2), "[Location]", "[位置]"),
        (el.Face(1, b""), "[Face]", "[表情]"),
        (el.Custom(b"x", "a gift", ""), "a gift", "a gift"),
        (el.Custom(b"x", "", ""), "[New message]", "[新消息]"),
        (el.TypedBytes("x", b""), "[New message]", "[新消息]"),
    ],
)
def test_what_stands_for_an_element(element: el.Element, english: str, chinese: str) -> None:
    body = el.encode_body([element])
    assert (wording.text_of(body, "en"), wording.text_of(body, "zh")) == (english, chinese)


def test_a_body_that_is_damaged_is_a_new_message() -> None:
    assert wording.text_of(b"\xff\xff\xff", "en") == "[New message]" == wording.text_of(b"", "en")


@pytest.mark.parametrize(
    ("tag", "language"), [("zh-Hans-CN", "zh"), ("zh_TW", "zh"), ("EN", "en"), ("de", "zh"), ("", "zh")]
)
def test_the_language_of_a_device(tag: str, language: str) -> None:
    assert wording.language_of(tag, "zh") == language
    token = msgspec.structs.replace(TOKEN, language=tag)
    words = {"en": "[Image]", "zh": "[图片]"}[language]
    assert pushed(made([PICTURE]), PushOptions(language="zh"), token=token).text.endswith(words)


# -- priority


def test_hook_before_message_before_template_before_wording() -> None:  # PU-02
    template = PushOptions(title="${groupName}", text="${fromClientId} in ${convId} at ${timestamp}: ${text}")
    assert pushed(made(), template).text == "alice in g:team at 1000: hi"
    assert pushed(own(text="own"), template).text == "own"
    assert pushed(own(text="own"), template).title == "Team", "what the message does not say is as without it"
    assert pushed(own(text="own", title="mine"), template, PushInfo(text="hooked")).text == "hooked"
    assert pushed(own(text="own", title="mine"), template, PushInfo(text="hooked")).title == "mine"


def test_what_a_message_says_is_no_template() -> None:
    event = made("pay ${timestamp} $5", extra=MessageOptions(push=PushInfo(title="${convId}")))
    push = pushed(event, PushOptions(text="${sender}: ${text}"))
    assert (push.title, push.text) == ("${convId}", "Al (boss): pay ${timestamp} $5")


@pytest.mark.parametrize("template", ["${nobody}", "$", "${text", "${}", "$text ${Text}"])
def test_templates_that_are_wrong(template: str) -> None:
    with pytest.raises(ValueError):
        check(template)


def test_all_names_of_templates_are_filled() -> None:
    from rcim.rules.push_templates import NAMES

    template = check(" ".join(f"${{{name}}}" for name in NAMES))
    assert "$" not in pushed(made(), PushOptions(text=template)).text


# -- badge, sound and the rest (PU-04)


@pytest.mark.parametrize(
    ("said", "setting", "mode", "number", "needs"),
    [
        ({}, Badge.UNREAD, BadgeMode.SET, 5, True),
        ({}, Badge.INCREMENT, BadgeMode.INCREMENT, 1, False),
        ({}, Badge.NONE, BadgeMode.KEEP, 0, False),
        ({"badge_mode": PushBadge.KEEP}, Badge.UNREAD, BadgeMode.KEEP, 0, False),
        ({"badge_mode": PushBadge.NUMBER, "badge": 3}, Badge.UNREAD, BadgeMode.SET, 3, False),
        ({"badge_mode": PushBadge.INCREMENT, "badge": 1}, Badge.UNREAD, BadgeMode.SET, 5, True),
        ({"badge_mode": PushBadge.INCREMENT, "badge": 1}, Badge.NONE, BadgeMode.INCREMENT, 1, False),
    ],
)
def test_badges(said: dict[str, Any], setting: Badge, mode: BadgeMode, number: int, needs: bool) -> None:
    composer = Composer(own(**said), "p", PushOptions(badge=setting))
    push = composer.push("bob", TOKEN, 5)
    assert (push.badge_mode, push.badge, composer.needs_unread()) == (mode, number, needs)


def test_sound_collapsing_profile_and_options() -> None:
    token = msgspec.structs.replace(TOKEN, topic="com.example", sandbox=True)
    plain = pushed(made(), PushOptions(sound="ding"), token=token)
    assert (plain.token, plain.topic, plain.sandbox, plain.sound) == ("t0", "com.example", True, "ding")
    assert plain.collapse_key == "g:team" and plain.expires_ms == 1000 + 604_800_000
    assert pushed(made(), PushOptions(collapse=False)).collapse_key == ""
    said = own(
        sound="own", collapse_key="k", profile=PushProfile.PRODUCTION, ext="e", options={"SubTitle": "s"}, life_s=60
    )
    push = pushed(said, token=token)
    assert (push.sound, push.expires_ms) == ("own", 61_000)
    assert (push.sandbox, push.profile) == (True, PushProfile.PRODUCTION), (
        "where the token is valid is not the sender's"
    )
    assert push.options == {"SubTitle": "s"}
    data = {"conversation": "g:team", "seq": "7", "message_id": "9", "sender": "alice", "ext": "e"}
    assert push.data == data


def test_a_sender_replaces_no_push_of_another_conversation() -> None:
    other = msgspec.structs.replace(TEAM, key="g:other")
    keys = [
        pushed(made()).collapse_key,
        pushed(own(collapse_key="k")).collapse_key,
        pushed(own(where=other, collapse_key="k")).collapse_key,
        pushed(own(where=other, collapse_key="g:team")).collapse_key,
    ]
    assert len(set(keys)) == 4 and all(0 < len(key) <= 64 for key in keys)
    assert pushed(own(collapse_key="k")).collapse_key == keys[1], "it replaces pushes of its own conversation"
    composer = Composer(own(collapse_key="k"), "p", PushOptions(), PushInfo(collapse_key="as the app says"))
    assert composer.push("bob", TOKEN, 0).collapse_key == "as the app says"


def test_a_collapse_key_is_never_too_long() -> None:
    long = msgspec.structs.replace(TEAM, key="g:" + "x" * 80)
    other = msgspec.structs.replace(TEAM, key="g:" + "x" * 79 + "y")
    keys = {pushed(made(where=where)).collapse_key for where in (long, other)}
    assert len(keys) == 2 and all(len(key) <= 64 for key in keys)


def test_a_push_id_is_the_same_for_the_same_message_and_device() -> None:
    other = msgspec.structs.replace(TOKEN, device_id="pad")
    assert push_id("p", "bob", TOKEN) == push_id("p", "bob", msgspec.structs.replace(TOKEN, token="new"))
    ids = {
        push_id("p", "bob", TOKEN),
        push_id("q", "bob", TOKEN),
        push_id("p", "al", TOKEN),
        push_id("p", "bob", other),
    }
    assert len(ids) == 4 and all(UUID(one).version == 5 for one in ids)


# -- the forms


TENCENT = {
    "PushFlag": 0,
    "Title": "T",
    "Desc": "D",
    "Ext": "E",
    "AndroidInfo": {"Sound": "a.mp3", "HuaWeiChannelID": "hw", "OPPOChannelID": "op", "ExtAsHuaweiIntentParam": 1},
    "ApnsInfo": {"Sound": "i.caf", "BadgeMode": 1, "Title": "iT", "SubTitle": "S", "Image": "u", "MutableContent": 1},
}
OPTIONS = {
    "SubTitle": "S",
    "Image": "u",
    "MutableContent": "1",
    "HuaWeiChannelID": "hw",
    "OPPOChannelID": "op",
    "ExtAsHuaweiIntentParam": "1",
    "ApnsTitle": "iT",
    "AndroidSound": "a.mp3",
}
RONG = {
    "pushContent": "P",
    "pushData": "data",
    "pushExt": json.dumps(
        {
            "title": "T",
            "pushConfigs": [
                {"HW": {"channelId": "hw"}},
                {"MI": {"channelId": "mi"}},
                {"APNs": {"thread-id": "th", "apns-collapse-id": "c"}},
                {"VIVO": {"classification": "1", "unknown": []}},
            ],
        }
    ),
}
LEAN = {
    "alert": {"title": "T", "body": "B"},
    "badge": "Increment",
    "sound": "s",
    "category": "cat",
    "_profile": "dev",
    "expiration_interval": 60,
    "custom": 1,
}


@pytest.mark.parametrize(
    ("form", "info"),
    [
        (
            TENCENT,
            PushInfo(title="T", text="D", ext="E", sound="i.caf", badge_mode=PushBadge.KEEP, options=OPTIONS),
        ),
        ({"PushFlag": 1}, PushInfo(off=True)),
        (
            {"Badge": 4, "CollapseKey": "k", "LifeTime": 9, "Profile": "prod", "TeamID": "team"},
            PushInfo(
                badge_mode=PushBadge.NUMBER,
                badge=4,
                collapse_key="k",
                life_s=9,
                profile=PushProfile.PRODUCTION,
                options={"TeamID": "team"},
            ),
        ),
        ({}, PushInfo()),
        ({"Unknown": [1]}, PushInfo()),
        (
            RONG,
            PushInfo(
                title="T",
                text="P",
                ext="data",
                collapse_key="c",
                options={
                    "HuaWeiChannelID": "hw",
                    "XiaoMiChannelID": "mi",
                    "ThreadID": "th",
                    "VIVOClassification": "1",
                },
            ),
        ),
        (
            {"pushExt": {"pushConfigs": {"HW": {"channelId": "hw"}, "MI": {"channelId": "mi"}}}},
            PushInfo(options={"HuaWeiChannelID": "hw", "XiaoMiChannelID": "mi"}),
        ),
        (
            LEAN,
            PushInfo(
                title="T",
                text="B",
                ext='{"custom":1}',
                sound="s",
                badge_mode=PushBadge.INCREMENT,
                badge=1,
                life_s=60,
                profile=PushProfile.DEVELOPMENT,
                options={"Category": "cat"},
            ),
        ),
        ({"alert": "B"}, PushInfo(text="B")),
        ({"title": "T"}, PushInfo(title="T")),
        ({"expiration_interval": 60}, PushInfo(life_s=60)),
        ({"collapse_key": "k", "_team_id": "t"}, PushInfo(collapse_key="k", options={"TeamID": "t"})),
        ({"disablePush": True}, PushInfo(off=True)),
    ],
)
def test_three_forms_are_read_into_one(form: dict[str, Any], info: PushInfo) -> None:
    assert read_push(json.dumps(form).encode()) == info


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (b"", "push"),
        (b"[]", "push"),
        (b"{", "push"),
        (b'{"a":"\xff"}', "push"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "push"),
        (b'{"Ext":"' + b"x" * INFO_BYTES_MAX + b'"}', "push"),
        (b'{"PushFlag":2}', "PushFlag"),
        (b'{"PushFlag":"1"}', "PushFlag"),
        (b'{"PushFlag":true}', "PushFlag"),
        (b'{"Title":1}', "Title"),
        (b'{"Title":"' + b"x" * 257 + b'"}', "Title"),
        (b'{"Desc":"\\ud800"}', "push"),
        (b'{"AndroidInfo":[]}', "AndroidInfo"),
        (b'{"AndroidInfo":{"XiaoMiChannelID":{}}}', "XiaoMiChannelID"),
        (b'{"ApnsInfo":{"BadgeMode":2}}', "BadgeMode"),
        (b'{"Badge":-1}', "Badge"),
        (b'{"Badge":"increment"}', "Badge"),
        (b'{"LifeTime":99999999}', "LifeTime"),
        (b'{"Profile":"test"}', "Profile"),
        (json.dumps({"AndroidInfo": {f"x{n}": "" for n in range(31)}}).encode(), "options"),
        (b'{"pushContent":1}', "pushContent"),
        (b'{"pushExt":"no JSON"}', "pushExt"),
        (b'{"pushExt":{"pushConfigs":3}}', "pushConfigs"),
        (b'{"pushExt":{"pushConfigs":[1]}}', "pushConfigs"),
        (b'{"alert":5}', "alert"),
        (b'{"badge":1.5}', "badge"),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, names: str) -> None:
    with pytest.raises(RcimError) as error:
        read_push(raw)
    assert error.value.code is BAD_PUSH_INFO and error.value.detail.startswith(names)
