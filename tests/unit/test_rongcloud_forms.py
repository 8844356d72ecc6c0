"""RongCloud's forms, signatures, and the settings of its API (AB-02)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from rcim.adapters.rongcloud.codes import RongError
from rcim.adapters.rongcloud.command import RongApp
from rcim.adapters.rongcloud.form import FIELDS_MAX, OBJECT_BYTES_MAX, STEP_BYTES, Form
from rcim.adapters.rongcloud.form import read_form as form_steps
from rcim.adapters.rongcloud.publishing import filled
from rcim.adapters.rongcloud.signature import check_signature
from rcim.app.settings.all_settings import Settings, SettingsError
from rcim.app.settings.sources import load
from rcim.content.elements import Text, decode_body
from rcim.http.steps import at_once

NOW_MS = 1_795_820_000_000


def read_form(body: bytes) -> Form:
    return at_once(form_steps(body))


def code(reading: Any) -> int:
    """The code with which it is refused."""
    with pytest.raises(RongError) as caught:
        reading()
    assert caught.value.text
    return caught.value.code


FILLED = {"fromUserId": "a", "objectName": "RC:TxtMsg", "content": '{"content":"{n}"}'}


async def test_words_of_templates_are_bounded() -> None:
    def form(words: dict[str, str], content: str = FILLED["content"], times: int = 1) -> Form:
        fields = {**FILLED, "content": content, "values": [words] * times}
        return read_form(json.dumps(fields).encode())

    (message,) = await filled(form({"{n}": '{m}"', "{m}": "x"}), 1)
    assert decode_body(message.body) == [Text('x"')]
    grows = {chr(ord("a") + n): chr(ord("b") + n) * 1000 for n in range(10)}
    thousand = json.dumps({"content": "y" * 50_000 + "{n}"})
    for wrong, times, refused in (
        (form(grows), 1, 1005),
        (form({"": "x"}), 1, 1002),
        (form({f"{{{n}}}": "x" for n in range(101)}), 1, 1502),
        (form({"{n}": "x"}, thousand, 100), 100, 1005),
        (form({"{n}": "x"}, times=2), 1, 1002),
    ):
        with pytest.raises(RongError) as caught:
            await filled(wrong, times)
        assert caught.value.code == refused


@pytest.mark.parametrize("unit", ["%e5%bc%a0", "a%41", "%25", "%", "%4", "+", "张", "%zz%4a"])
def test_a_long_value_is_read_in_steps_as_a_short_one_is(unit: str) -> None:
    for shift in range(4):
        text = "x" * shift + unit * (3 * STEP_BYTES // len(unit.encode()))
        steps = form_steps(f"a={text}&b=1".encode())
        pauses = 0
        while True:
            try:
                next(steps)
            except StopIteration as end:
                form: Form = end.value
                break
            pauses += 1
        assert form.text("a") == unquote_plus(text, errors="strict") and form.text("b") == "1"
        assert pauses >= (2 if "%" in unit else 1)


def test_many_fields_are_read_in_steps() -> None:
    assert len(list(form_steps(b"&".join([b"a=%41"] * FIELDS_MAX)))) >= FIELDS_MAX * 5 // STEP_BYTES


def test_json_in_a_field_is_bounded() -> None:
    """It is read at once, and not in steps."""
    most = json.dumps({"a": "x" * (OBJECT_BYTES_MAX - 9)})
    assert len(most) == OBJECT_BYTES_MAX and read_form(f"o={most}".encode()).object("o") == json.loads(most)
    for body in (f"o={most} ", "o=" + most.replace("x", "张")):
        assert code(lambda body=body: read_form(body.encode()).object("o")) == 1005  # type: ignore[misc]


def test_forms_as_the_clients_send_them() -> None:
    form = read_form('userId=a&userId=b&userId=a&name=张三&content=%7B%22x%22%3A1%7D&raw={"y":"z"}&w=a+b%2B'.encode())
    assert form.texts("userId", 2) == ["a", "b"] and form.text("name") == "张三"
    assert form.object("content") == {"x": 1} and form.object("raw") == {"y": "z"} and form.text("w") == "a b+"
    rooms = read_form(b"chatroom[1]=one&chatroom%5B2%5D=two&chatroom[=x&room[3]=y")
    assert rooms.indexed("chatroom") == {"1": "one", "2": "two"}
    assert read_form("word=['我们']".encode()).word("word") == "我们"
    assert read_form(b"word=plain").word("word") == "plain"
    assert read_form(b"userIds=a,b&userIds=c").users(5, "userIds") == ["a", "b", "c"]
    assert read_form(b"toUserId=a,b").users(5, "toUserId") == ["a,b"]
    flags = read_form(b"a=True&b=1&c=false&d=0&e=")
    assert [flags.flag(name) for name in "abcde"] == [True, True, False, False, False]
    assert flags.flag("f", True) and code(lambda: read_form(b"a=maybe").flag("a")) == 1002


def test_json_has_the_same_fields() -> None:
    form = read_form(b' {"userId": 7, "tags": ["a", "b"], "flag": true, "none": null, "deep": {"a": 1}}')
    assert form.text("userId") == "7" and form.texts("tags", 2) == ["a", "b"] and form.flag("flag")
    assert "none" not in form and form.object("deep") == {"a": 1}
    assert code(lambda: form.text("flag")) == code(lambda: form.text("deep")) == 1002
    assert code(lambda: read_form(b"{]")) == 1002


def test_what_is_no_list_may_come_once() -> None:
    """Nothing says which of two values was meant. Lists go on being sent as repeated names."""
    form = read_form(b"a=1&a=2&same=1&same=1&o={}&o={}&user=&user=x&c[r]=one&c%5Br%5D=two")
    for reading in (
        lambda: form.text("a"),
        lambda: form.name("a", 8),
        lambda: form.text("a", "default"),
        lambda: form.number("a"),
        lambda: form.flag("same"),
        lambda: form.object("o"),
        lambda: form.word("a"),
        lambda: form.user("user"),
        lambda: form.indexed("c"),
    ):
        assert code(reading) == 1002
    assert form.texts("a", 2) == ["1", "2"] and form.users(1, "same") == ["1"] and form.values("o") == ["{}", "{}"]
    many = read_form(b'{"userId": ["a", "b"], "one": ["a"]}')
    assert code(lambda: many.user()) == 1002 and many.users(2) == ["a", "b"] and many.text("one") == "a"


@pytest.mark.parametrize("body", [b'{"a": "x", "a": "y"}', b'{"o": {"a": 1, "b": {"c": 1, "c": 1}}}'])
def test_a_name_in_json_may_stand_once(body: bytes) -> None:
    with pytest.raises(RongError, match="stands twice") as caught:
        read_form(body)
    assert caught.value.code == 1002
    form = read_form(b"o=" + body)
    with pytest.raises(RongError, match=r"Parameter o .* stands twice") as caught:
        form.object("o")
    assert caught.value.code == 1002


def test_bounds_of_fields() -> None:
    assert code(lambda: read_form(b"a=" + b"x" * 65).user("a")) == 1005
    assert code(lambda: read_form(b"n=1&n=2&n=3").texts("n", 2)) == 1502
    assert code(lambda: read_form(b"").texts("n", 2)) == code(lambda: read_form(b"n=").text("n")) == 1002
    assert read_form(b"").number("n", 5) == 5
    for wrong in (b"n=-2", b"n=11", b"n=1.5", b"n=" + b"9" * 30, "n=٣".encode() * 9):
        assert code(lambda body=wrong: read_form(body).number("n", least=-1, most=10)) == 1002  # type: ignore[misc]
    assert code(lambda: read_form(b"&" * (FIELDS_MAX + 1))) == 1502
    assert code(lambda: read_form(b"a=%ff")) == code(lambda: read_form(b"\xff")) == 1002


def signed(timestamp: str, **other: str) -> dict[str, str]:
    """Headers of an app whose secret is `secret`; `other` replaces some."""
    signature = hashlib.sha1(f"secretnonce{timestamp}".encode()).hexdigest()
    return {"App-Key": "key", "Nonce": "nonce", "Timestamp": timestamp, "Signature": signature} | other


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (signed(str(NOW_MS)), 200),
        (signed(str(NOW_MS // 1000 - 59)), 200),
        (signed(str(NOW_MS // 1000 + 59)), 200),
        (signed(str(NOW_MS // 1000 - 61)), 1004),
        (signed(str(NOW_MS + 61_000)), 1004),
        (signed("now"), 1004),
        (signed("1" * 16), 1004),
        (signed(str(NOW_MS), Nonce=""), 1004),
        (signed(str(NOW_MS), Nonce="other"), 1004),
        (signed(str(NOW_MS), Signature="\udcff"), 1004),
        (signed(str(NOW_MS), **{"App-Key": "other"}), 1001),
        ({}, 1001),
    ],
)
def test_who_may_call(headers: dict[str, str], expected: int) -> None:
    def check(window_ms: int) -> None:
        check_signature(headers, "key", "secret", now_ms=NOW_MS, window_ms=window_ms)

    if expected == 200:
        check(60_000)
    else:
        assert code(lambda: check(60_000)) == expected
    if "Timestamp" in headers and headers["Timestamp"] == str(NOW_MS // 1000 - 61):
        check(0)


def test_times_and_the_secret() -> None:
    app = RongApp("key", "the secret", "G", False, "R", 1, 0, 480, True)
    assert app.shown(0) == "1970-01-01 08:00:00" and app.shown(1 << 62) == "9999-12-31 23:59:59"
    assert "the secret" not in repr(app)


def settings(folder: Path, *flags: str) -> Settings:
    """Settings that serve the API."""
    secret = folder / "secret"
    secret.write_text("s", encoding="utf-8")
    own = ("http.on=true", "http.apis=rongcloud", "rongcloud.app_key=k", f"rongcloud.app_secret_file={secret}")
    return load(None, {}, [*own, *flags])


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("rongcloud.app_key=", "app_key"),
        ("rongcloud.app_secret_file=", "app_secret"),
        ("rongcloud.group_type=Nothing", "must be a group type"),
        ("rongcloud.room_type=", "must be a group type"),
        ("rongcloud.token_days=0", "1 to 3650"),
        ("rongcloud.window_ms=-1", "0 to 31622400000"),
        ("rongcloud.utc_offset_min=900", "-840 to 840"),
        ("rongcloud.app_secret=open", "list of processes"),
    ],
)
def test_wrong_settings(tmp_path: Path, flag: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings(tmp_path, flag)


def test_types_that_come_with_the_api(tmp_path: Path) -> None:
    types = settings(tmp_path, "types.RongGroup.member_cap=5").group_types
    assert types["RongGroup"].member_cap == 5 and not types["RongGroup"].has_owner
    assert types["RongRoom"].chat_room and types["RongRoom"].empty_minutes == 60
    assert "RongGroup" not in load(None, {}, []).group_types
