"""Events, and what is in them, as JSON: one rule for each kind of value (protocol-spec/events.md).

| value | as JSON |
|---|---|
| struct | an object with the names of its fields; what only the server needs is left out (HIDDEN) |
| a message's body | a list of elements in the vendor's form (rcim/content/vendor_json.py) |
| bytes | text where they are UTF-8, else `{"base64": …}` |
| custom fields | an object by name |
| an enumeration | the name of the value, in lower case; null: none, or it is not known |
| a message id | decimal digits in a text: JavaScript keeps no whole number of 64 bits |
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum
from functools import cache
from typing import Any

import msgspec

from rcim.actor.records import Member, Message, Profile
from rcim.actor.user_records import UserProfile
from rcim.base.errors import RcimError
from rcim.content.elements import decode_body
from rcim.content.vendor_json import Json, to_json

HIDDEN: Mapping[type, frozenset[str]] = {
    Message: frozenset({"tip"}),
    Profile: frozenset({"first_seq", "unique", "expected"}),
    Member: frozenset({"joined_seq", "import_unread", "cleared_seq", "unheard", "group_push_level"}),
    UserProfile: frozenset({"valid_from_ms", "invalidated_ms"}),
}
"""Fields that say nothing outside of the server."""
RENAMED = {"extra": "options", "key": "conversation"}
"""Names of fields that JSON has another name for."""
PAIRS = frozenset({"user_fields", "member_fields", "group_fields"})
"""Fields that hold custom fields as pairs."""


def shown_fields(struct: type[msgspec.Struct]) -> list[tuple[str, str]]:
    """The fields of a struct that JSON has: the name there, and in the struct."""
    hidden = HIDDEN.get(struct, frozenset())
    return [(RENAMED.get(name, name), name) for name in struct.__struct_fields__ if name not in hidden]


def as_object(value: msgspec.Struct) -> Json:
    """A struct as a JSON object."""
    return {shown: convert(getattr(value, name)) for shown, name, convert in _plan(type(value))}


def as_text(data: bytes) -> str | Json:
    """Bytes as text where they are UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def as_elements(body: bytes) -> list[Json]:
    """A message's body as the vendor's elements; one that can't be read, as a custom element of its bytes."""
    try:
        return to_json(decode_body(body)) if body else []
    except (RcimError, KeyError):
        data = base64.b64encode(body).decode()
        return [{"MsgType": "TIMCustomElem", "MsgContent": {"DataBase64": data, "Desc": "", "Ext": "", "Sound": ""}}]


@cache
def _plan(struct: type[msgspec.Struct]) -> list[tuple[str, str, Callable[[Any], Any]]]:
    """Of each field: its name in JSON, its name, and what makes JSON of it."""
    return [(shown, name, _converter(name)) for shown, name in shown_fields(struct)]


def _converter(name: str) -> Callable[[Any], Any]:
    if name == "body":
        return as_elements
    if name == "message_id":
        return str
    if name == "attributes":
        return _attributes
    if name in PAIRS:
        return _pairs
    return _value


def _attributes(found: bytes | Mapping[str, str]) -> Json:
    """Attributes of a conversation, which are kept as JSON, or those of a user."""
    if isinstance(found, bytes):
        return msgspec.json.decode(found, type=dict[str, Any]) if found else {}
    return dict(found)


def _pairs(fields: tuple[tuple[str, bytes], ...]) -> Json:
    return {name: as_text(data) for name, data in fields}


def _value(value: Any) -> Any:
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, bytes):
        return as_text(value)
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, msgspec.Struct):
        return as_object(value)
    if isinstance(value, Mapping):
        return {key: _value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON")
