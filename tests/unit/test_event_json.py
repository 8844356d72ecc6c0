"""Events as JSON (protocol-spec/events.md): every kind has a form, and what is made of it keeps to the schema."""

from __future__ import annotations

import json
from typing import get_args

import jsonschema
import msgspec
import pytest
from rcim_tools.event_examples import EXAMPLES, HISTORY, MESSAGE, kept
from rcim_tools.event_schema import whole

from rcim.actor import events as ev
from rcim.actor.events import AnyEvent, EventKind, key_of
from rcim.actor.records import Message
from rcim.content.elements import Custom, encode_body
from rcim.hooks.event_json import data_of, encoded, event_id, event_json, time_text
from rcim.hooks.event_types import TYPES

SCHEMA = jsonschema.Draft202012Validator(whole())


def test_every_kind_has_a_type_and_an_example() -> None:
    assert set(TYPES) == set(EventKind)
    assert len(set(TYPES.values())) == len(TYPES), "no two kinds have the same type"
    assert {type(one) for one in EXAMPLES} == set(get_args(AnyEvent)), "add an example to tools/event_examples.py"


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda one: type(one).__name__)
def test_what_is_made_keeps_to_the_schema(event: AnyEvent) -> None:
    id_ = event_id(HISTORY, kept(event))
    data = encoded(event, id_)
    made = json.loads(data)
    assert made == event_json(event, id_)
    SCHEMA.validate(made)
    assert made["id"] == "6a1f03-12-345" and made["key"] == key_of(event)


def test_what_is_not_of_the_form_is_refused_by_the_schema() -> None:
    made = event_json(EXAMPLES[0], "1-2-3")
    made["data"]["message"]["message_id"] = 7
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(made)


def test_a_message() -> None:
    data = data_of(EXAMPLES[0])
    assert data["conversation"] == {
        "id": "g:chess",
        "kind": "group",
        "type": "Public",
        "name": "Chess",
        "owner": "alice",
        "member_num": 2,
    }
    message = data["message"]
    assert message["body"] == [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello 你好"}}]
    assert message["member_fields"] == {"level": "club", "avatar": {"base64": "/9g="}}
    assert message["options"]["cloud_data"] == "v=1" and message["options"]["mentions"] == ["bob"]
    assert message["message_id"] == str((12 << 48) + 345) and message["priority"] == "normal"
    assert data["push_level"] == "as_above"


def _passed(message: Message) -> ev.MessagePassed:
    return ev.MessagePassed(1, ev.ConversationFacts("c:1:a:b", "C2C", "", "", 2), message)


def test_bodies_that_are_no_text_or_cant_be_read() -> None:
    binary = msgspec.structs.replace(MESSAGE, body=encode_body([Custom(b"\xff", "", "")]))
    (element,) = data_of(_passed(binary))["message"]["body"]
    assert element["MsgContent"]["DataBase64"] == "/w=="
    broken = msgspec.structs.replace(MESSAGE, body=b"\x00\x01\xff")
    (element,) = data_of(_passed(broken))["message"]["body"]
    assert element == {
        "MsgType": "TIMCustomElem",
        "MsgContent": {"DataBase64": "AAH/", "Desc": "", "Ext": "", "Sound": ""},
    }


def test_times() -> None:
    assert time_text(1_795_000_000_007) == "2026-11-18T11:06:40.007Z"
    assert time_text(0) == "1970-01-01T00:00:00.000Z"
