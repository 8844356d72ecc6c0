"""Bodies and names as RongCloud and LeanCloud have them, and back (MS-03, MS-09)."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcim.base.errors import RcimError
from rcim.base.terms import ImageFormat, ImageKind, pair_conversation
from rcim.content import elements as el
from rcim.content.leancloud_json import from_leancloud, to_leancloud
from rcim.content.rongcloud_json import WHOLE, from_rongcloud, to_rongcloud, with_mentions
from rcim.vendors import leancloud_ids, rongcloud_ids

NAMES = [
    "content",
    "imageUri",
    "remoteUrl",
    "duration",
    "sightUrl",
    "size",
    "name",
    "fileUrl",
    "latitude",
    "longitude",
]
NAMES += ["poi", "type", "_lctext", "_lcfile", "_lcloc", "_lcattrs", "url", "objId", "metaData", "MsgBody", "format"]
RONG = ["RC:TxtMsg", "RC:ImgMsg", "RC:HQVCMsg", "RC:SightMsg", "RC:FileMsg", "RC:LBSMsg", "RC:InfoNtf", "my:type"]
IMAGE = el.Image("", ImageFormat.OTHER, [el.ImageVariant(ImageKind.ORIGINAL, 0, 0, 0, "https://a/b.png")])
VIDEO = el.Video("https://a/v", "v.mp4", 9, 8, "", "", 0, 0, 0, "")
PLACE = el.Location("Here", 1_500_000, -2_250_000)
SOUND, FILE = el.Sound("https://a/s", "", 0, 3), el.File("https://a/f", "", 7, "a.txt")
TWO = [el.Text("a"), el.Face(1, b"\xff")]


@pytest.mark.parametrize(
    ("item", "name", "content"),
    [
        (el.Text("hi"), "RC:TxtMsg", {"content": "hi"}),
        (IMAGE, "RC:ImgMsg", {"content": "", "imageUri": "https://a/b.png"}),
        (SOUND, "RC:HQVCMsg", {"remoteUrl": "https://a/s", "duration": 3}),
        (
            VIDEO,
            "RC:SightMsg",
            {"sightUrl": "https://a/v", "content": "", "duration": 8, "size": 9, "name": "v.mp4"},
        ),
        (FILE, "RC:FileMsg", {"name": "a.txt", "size": 7, "type": "txt", "fileUrl": "https://a/f"}),
        (PLACE, "RC:LBSMsg", {"content": "", "latitude": 1.5, "longitude": -2.25, "poi": "Here"}),
    ],
)
def test_elements_that_rongcloud_has(item: el.Element, name: str, content: dict[str, object]) -> None:
    made = to_rongcloud("", [item])
    assert (made.object_name, json.loads(made.content)) == (name, content)
    assert from_rongcloud(*made) == [item]


def test_what_rongcloud_has_not_comes_back_as_it_was() -> None:
    for body in (TWO, [el.Custom(b"x", "shown", "")], [el.TypedBytes("t", b"\xff")]):
        made = to_rongcloud("", body)
        assert made.object_name == WHOLE and from_rongcloud(*made) == body
    assert to_rongcloud("my:gift", [el.Custom(b'{"n":1}', "a gift", "")]) == ("my:gift", '{"n":1}')
    assert to_rongcloud("my:gift", [el.Custom(b"\xff", "", "")]).object_name == "my:gift"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("RC:TxtMsg", '{"content": "hi", "extra": "e"}'),
        ("RC:TxtMsg", '{"content": 5}'),
        ("RC:ImgMsg", '{"content": "thumb", "imageUri": "u"}'),
        ("RC:LBSMsg", '{"content":"","latitude":91,"longitude":0,"poi":""}'),
        ("RC:SightMsg", "[]"),
        ("my:type", "no json"),
    ],
)
def test_what_comes_from_rongcloud_goes_back_as_it_was(name: str, content: str) -> None:
    (item,) = from_rongcloud(name, content)
    assert isinstance(item, el.Custom) and to_rongcloud(name, [item]) == (name, content)


def test_a_text_with_more_shows_its_text() -> None:
    (item,) = from_rongcloud("RC:TxtMsg", '{"content": "hi", "extra": "e"}')
    assert item.plain() == "hi"


@pytest.mark.parametrize("content", ["{}", '{"MsgBody": []}', '{"MsgBody": [{"MsgType": "x", "MsgContent": {}}]}'])
def test_a_whole_body_that_is_none(content: str) -> None:
    with pytest.raises(RcimError):
        from_rongcloud(WHOLE, content)
    with pytest.raises(RcimError):
        from_rongcloud(WHOLE, "\ud800")


def test_mentions_stand_in_the_content() -> None:
    assert json.loads(with_mentions('{"content":"a"}', ["bob"], mentions_all=False)) == {
        "content": "a",
        "mentionedInfo": {"type": 2, "userIdList": ["bob"], "mentionedContent": ""},
    }
    assert json.loads(with_mentions("{}", [], mentions_all=True))["mentionedInfo"]["type"] == 1
    for content in ('{"mentionedInfo": {}}', "no json", "[1]"):
        assert with_mentions(content, ["bob"], mentions_all=False) == content
    assert with_mentions("{}", [], mentions_all=False) == "{}"


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (el.Text("hi"), -1),
        (IMAGE, -2),
        (SOUND, -3),
        (el.Video("https://a/v", "v", 9, 8, "mp4", "", 0, 0, 0, ""), -4),
        (PLACE, -5),
        (FILE, -6),
    ],
)
def test_elements_that_leancloud_has(item: el.Element, kind: int) -> None:
    made = to_leancloud([item])
    assert json.loads(made.content)["_lctype"] == kind and not made.binary
    assert from_leancloud(*made[:1]) == [item]


def test_what_leancloud_has_not_comes_back_as_it_was() -> None:
    made = to_leancloud(TWO)
    assert json.loads(made.content)["_lctext"] == "a[Face]"
    assert from_leancloud(made.content) == TWO
    binary = to_leancloud([el.TypedBytes("LeanCloud", b"\x00\xff")])
    assert binary == (base64.b64encode(b"\x00\xff").decode(), True)
    assert from_leancloud(binary.content, binary=True) == [el.TypedBytes("LeanCloud", b"\x00\xff")]
    assert to_leancloud([el.Custom(b"\xff", "", "")]).binary


@pytest.mark.parametrize(
    "content",
    [
        "plain",
        '{"_lctype": -1, "_lctext": "hi", "_lcattrs": {"a": 1}}',
        '{"_lctype": -2, "_lctext": "", "_lcfile": {"url": "u"}}',
        '{"_lctype": -5, "_lctext": "", "_lcloc": {"latitude": 91, "longitude": 0}}',
        '{"_lctype": true, "_lctext": "hi"}',
        '{"_lctype": 7, "mine": [1]}',
        "[1, 2]",
    ],
)
def test_what_comes_from_leancloud_goes_back_as_it_was(content: str) -> None:
    (item,) = from_leancloud(content)
    assert isinstance(item, el.Custom) and to_leancloud([item]) == (content, False)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=40))
def test_any_text_as_content(content: str) -> None:
    assert to_leancloud(from_leancloud(content)).content == content
    name, back = to_rongcloud("my:type", from_rongcloud("my:type", content))
    assert (name, back) == ("my:type", content)


def test_content_that_cannot_be_written_again_stays_as_it_is() -> None:
    for content in ('{"a": "\\ud800"}', '{"a":' * 900 + "1" + "}" * 900):
        made = with_mentions(content, ["bob"], mentions_all=False)
        assert made == content or "mentionedInfo" in made
        made.encode()


VALUES = st.sampled_from([None, True, 0, 3, -1, 1 << 40, 1.5, 91, float("inf"), "", "u", "\ud800", [], {}, [[]]])
JSON = VALUES | st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)


@given(
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6), st.sampled_from(RONG), st.sampled_from(range(-7, 1))
)
def test_any_json_as_content(fields: dict[str, Any], name: str, kind: int) -> None:
    """It is taken with nothing lost, or refused."""
    content = json.dumps(fields)
    with contextlib.suppress(RcimError):
        made = to_rongcloud(name, from_rongcloud(name, content))
        assert made.object_name == name and json.loads(made.content) == json.loads(content)
    content = json.dumps({**fields, "_lctype": kind})
    with contextlib.suppress(RcimError):
        back = to_leancloud(from_leancloud(content))
        assert not back.binary and json.loads(back.content) == json.loads(content)


def test_content_that_is_none() -> None:
    for content, binary in (("\ud800", False), ("?", True)):
        with pytest.raises(RcimError):
            from_leancloud(content, binary=binary)
    with pytest.raises(RcimError):
        from_rongcloud("my:type", "\ud800")


# -- names


def test_rongcloud_names_of_conversations() -> None:
    def named(key: str, *, room: bool = False) -> tuple[str, int, str, str]:
        found = rongcloud_ids.rong_conversation(key, "alice", chat_room=room)
        assert rongcloud_ids.key_of_rong(found, "alice") == key
        return found.channel_type, found.number, found.target_id, found.bus_channel

    assert named(pair_conversation("alice", "bob")) == ("PERSON", 1, "bob", "")
    assert named("g:lobby") == ("GROUP", 3, "lobby", "")
    assert named("g:_tmp:1") == ("GROUP", 3, "_tmp:1", "")
    assert named("g:live", room=True) == ("TEMPGROUP", 4, "live", "")
    assert named("g:@SYS#news") == ("NOTIFY", 6, "@SYS#news", "")
    assert named("g:@TGS#_club") == ("ULTRAGROUP", 10, "@TGS#_club", "")
    assert named("g:@TGS#_club@TOPIC#_chess") == ("ULTRAGROUP", 10, "@TGS#_club", "chess")


@given(st.integers(0, 2**64 - 1))
def test_ids_of_messages(number: int) -> None:
    assert rongcloud_ids.message_id_of(rongcloud_ids.message_uid(number)) == number
    assert leancloud_ids.message_id_of_msg(leancloud_ids.msg_id(number)) == number


def test_ids_that_are_none() -> None:
    for text in ("", "0001-0000-0000-0a3f", "1"):
        assert rongcloud_ids.message_id_of(text) is None
    for text in ("", "xyz", "0" * 17):
        assert leancloud_ids.message_id_of_msg(text) is None


KEYS = ["g:lobby", "g:c:5:alice:bob", "g:g:x", "g:b:all", "b:all", "c:5:alice:bob", "g:_tmp:1", "g:@SYS#news"]


def test_each_conversation_has_one_conv_id() -> None:
    found = [leancloud_ids.conv_id(key) for key in KEYS]
    assert [leancloud_ids.key_of_conv(conv) for conv in found] == KEYS and len(set(found)) == len(KEYS)
    assert found[:2] == ["lobby", "g:c:5:alice:bob"]


def test_a_system_account_is_its_conversation() -> None:
    key = pair_conversation("@SYS#news", "alice")
    assert leancloud_ids.conv_id(key) == "@SYS#news" and leancloud_ids.is_system(key)
    assert leancloud_ids.is_system("g:@SYS#news") and not leancloud_ids.is_system("g:lobby")
