"""The JSON Schema of events, and the part of protocol-spec/events.md that is made: both follow from the structs."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any, get_args

import msgspec
from msgspec import inspect
from rcim_tools import tables
from rcim_tools.event_examples import EXAMPLES, HISTORY, kept

from rcim.actor.events import AnyEvent, ConversationFacts, InConversation, kind_of
from rcim.hooks.event_json import event_id, event_json
from rcim.hooks.event_types import TYPES
from rcim.hooks.struct_json import PAIRS, shown_fields

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
BYTES: Schema = {
    "oneOf": [
        TEXT,
        {"type": "object", "properties": {"base64": TEXT}, "required": ["base64"], "additionalProperties": False},
    ]
}
ELEMENT: Schema = {
    "type": "object",
    "properties": {"MsgType": TEXT, "MsgContent": {"type": "object"}},
    "required": ["MsgType", "MsgContent"],
}
ORDER = get_args(AnyEvent)
"""The structs of all events."""


def whole() -> Schema:
    """The schema of any event."""
    named: dict[str, Schema] = {"Bytes": BYTES, "Element": ELEMENT}
    forms = [_event(cls, named) for cls in ORDER]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event",
        "oneOf": forms,
        "$defs": dict(sorted(named.items())),
    }


def text() -> str:
    """events.schema.json."""
    return json.dumps(whole(), indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """The types of events with what each holds, and an example of each."""
    lines = ["| type | when | data |", "|---|---|---|"]
    for example in EXAMPLES:
        made = event_json(example, "")
        names = ", ".join(f"`{name}`" for name in made["data"])
        lines.append(tables.row(f"`{made['type']}`", _purpose(type(example)), names))
    for example in EXAMPLES:
        made = event_json(example, event_id(HISTORY, kept(example)))
        lines += ["", f"### {made['type']}", "", "```json", json.dumps(made, indent=1, ensure_ascii=False), "```"]
    return "\n".join(lines) + "\n"


def _purpose(cls: type) -> str:
    """The first paragraph of its docstring."""
    return " ".join((cls.__doc__ or "").partition("\n\n")[0].split())


def _event(cls: type[msgspec.Struct], named: dict[str, Schema]) -> Schema:
    own = _properties(cls, named)
    own.pop("time_ms")
    if issubclass(cls, InConversation):
        own.pop("where")
        own = {"conversation": _conversation(named), **own}
    (kind,) = [TYPES[kind_of(example)] for example in EXAMPLES if type(example) is cls]
    time = {"type": "string", "format": "date-time"}
    return _object({"id": TEXT, "type": {"const": kind}, "time": time, "key": TEXT, "data": _object(own)})


def _conversation(named: dict[str, Schema]) -> Schema:
    facts = _properties(ConversationFacts, named)
    facts.pop("conversation")
    named["Conversation"] = _object({"id": TEXT, "kind": TEXT, **facts})
    return {"$ref": "#/$defs/Conversation"}


def _object(properties: Schema) -> Schema:
    """Fields may be added: what is not known is allowed."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _properties(cls: type[msgspec.Struct], named: dict[str, Schema]) -> Schema:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    types = {field.name: field.type for field in info.fields}
    return {shown: _field(name, types[name], named) for shown, name in shown_fields(cls)}


def _field(name: str, kind: inspect.Type, named: dict[str, Schema]) -> Schema:
    if name == "body":
        return {"type": "array", "items": {"$ref": "#/$defs/Element"}}
    if name == "message_id":
        return {"type": "string", "pattern": "^[0-9]+$"}
    if name == "attributes":
        return {"type": "object"}
    if name in PAIRS:
        return {"type": "object", "additionalProperties": {"$ref": "#/$defs/Bytes"}}
    return _of(kind, named)


def _of(kind: inspect.Type, named: dict[str, Schema]) -> Schema:
    match kind:
        case inspect.StructType(cls=cls):
            if cls.__name__ not in named:
                named[cls.__name__] = {}
                named[cls.__name__] = _object(_properties(cls, named))
            return {"$ref": f"#/$defs/{cls.__name__}"}
        case inspect.EnumType(cls=cls):
            whole = issubclass(cls, IntEnum)
            return {"enum": [value.name.lower() if whole else value.value for value in cls]}
        case inspect.UnionType(types=types):
            return {"oneOf": [_of(one, named) for one in types]}
        case inspect.DictType(value_type=value):
            return {"type": "object", "additionalProperties": _of(value, named)}
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return {"type": "array", "items": _of(item, named)}
        case inspect.TupleType(item_types=items):
            forms = [_of(item, named) for item in items]
            return {"type": "array", "prefixItems": forms, "items": False, "minItems": len(forms)}
    return _plain(kind)


def _plain(kind: inspect.Type) -> Schema:
    known = {
        inspect.NoneType: "null",
        inspect.BoolType: "boolean",
        inspect.IntType: "integer",
        inspect.StrType: "string",
    }
    if isinstance(kind, inspect.BytesType):
        return {"$ref": "#/$defs/Bytes"}
    return {"type": known[type(kind)]}
