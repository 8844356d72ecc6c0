"""The forms of structs, from their own fields: requests as they are read, results as they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from rcim.adapters.native.forms import (
    Base64Form,
    BodyForm,
    ChoiceForm,
    DataForm,
    FlagForm,
    Form,
    HexForm,
    Json,
    ListForm,
    MapForm,
    MaybeForm,
    NumberForm,
    ObjectForm,
    RowForm,
    TableForm,
    TextForm,
    TimeForm,
    ValueForm,
    wrong,
)
from rcim.service.bounds import Data, Items, Number, Text

SPECIAL: dict[str, Form] = {
    "body": BodyForm(),
    "attributes": ObjectForm(),
    "push": ObjectForm(),
    "sha256": HexForm(),
    "LogChunk.data": Base64Form(),
    "AuditRow.about": ObjectForm(),
    "AdminUserErase.cursor": Base64Form(),
    "ErasedSome.after": Base64Form(),
    "attribute_changes": MapForm(ValueForm()),
    "policies": MapForm(TextForm()),
}
"""Forms of fields of bytes, or of pairs, by `field` or `Struct.field`; the others are data of the app."""
PLACES: dict[str, tuple[str, ...]] = {
    "Added.results": ("user_id", "result"),
    "Created.left_out": ("user_id", "result"),
    "MutedUsers.until_ms": ("user_id", "until_ms"),
    "BlockedUsers.until_ms": ("user_id", "until_ms"),
    "SyncedGroups.results": ("conversation", "inside", "code"),
    "PresenceRow.devices": ("platform", "state"),
    "SyncRow.unheard": ("from_seq", "to_seq"),
    "Member.unheard": ("from_seq", "to_seq"),
    "Target.attributes_any": ("name", "value"),
    "Target.attributes_all": ("name", "value"),
}
"""What the places of tuples are called."""
MERGED = {
    "GroupFacts.info",
    "TracedMessage.traced",
    "Info.profile",
    "UserFacts.profile",
    "ProfileRow.profile",
    "MemberRow.member",
    "GroupRow.profile",
    "ConversationRow.profile",
    "ChannelRow.profile",
    "KeyCreated.key",
}
"""Structs whose fields stand among those of the outer one, which go before them."""
HIDDEN = {"ApiKey.digest"}
"""Fields that nobody is shown."""
CONVERSATION_KEYS = {"Info", "Traced", "SyncRow", "Found", "Invitation", "Application", "MemberAt"}
"""Structs whose `key` is the id of a conversation."""


def _hints(type_: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(type_, include_extras=True)


def field_form(type_: type[msgspec.Struct], name: str) -> Form:
    """The form of a field of a struct."""
    return _form(_hints(type_)[name], f"{type_.__name__}.{name}", None)


def _form(hint: Any, place: str, bound: Any) -> Form:
    """The form of a type. `place`: `Struct.field`. `bound`: what its annotation says."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _form(inner[0], place, next((one for one in inner[1:] if hasattr(one, "check")), None))
    if origin in (Union, UnionType):
        (kept,) = [one for one in inner if one is not NoneType]
        return MaybeForm(_form(kept, place, bound))
    if place in SPECIAL:
        return SPECIAL[place]
    special = SPECIAL.get(place.partition(".")[2])
    if special is not None and (hint is bytes or (origin is not None and not isinstance(special, ObjectForm))):
        return special
    if origin in (dict, Mapping):
        return TableForm(_form(inner[1], place, None))
    if origin in (list, tuple, Sequence) or (isinstance(origin, type) and issubclass(origin, Sequence)):
        return _list_form(hint, place, bound)
    return _plain_form(hint, place, bound)


def _list_form(hint: Any, place: str, bound: Any) -> Form:
    origin, inner = get_origin(hint), get_args(hint)
    least, most = (bound.least, bound.most) if isinstance(bound, Items) else (0, None)
    if origin is tuple and inner[-1] is not Ellipsis:
        names = PLACES[place]
        return RowForm(
            [(name, _form(one, name if one is int else place, None)) for name, one in zip(names, inner, strict=True)]
        )
    each = inner[0]
    if get_origin(each) is tuple and place not in PLACES:  # custom fields: name and value
        return MapForm(_form(get_args(each)[1], place, None), most)
    return ListForm(_form(each, place, bound.each if isinstance(bound, Items) else None), least, most)


def _plain_form(hint: Any, place: str, bound: Any) -> Form:
    if hint is bool:
        return FlagForm()
    if hint is int:
        form = TimeForm if place.endswith("_ms") else NumberForm
        return form(bound.least, bound.most) if isinstance(bound, Number) else form()
    if hint is str:
        return TextForm(bound.least, bound.most, one_line=bound.one_line) if isinstance(bound, Text) else TextForm()
    if hint is bytes:
        return DataForm(bound.most if isinstance(bound, Data) else None)
    if issubclass(hint, IntEnum):
        return ChoiceForm(hint)
    if issubclass(hint, msgspec.Struct):
        return StructForm(hint)
    raise TypeError(f"no form for {hint}")


@cache
def _fields(type_: type[msgspec.Struct]) -> dict[str, tuple[str, Form, bool]]:
    """For each name in JSON: the field's name in the struct, its form, and whether it is required."""
    found = {}
    required = _required(type_)
    for name in type_.__struct_fields__:
        if f"{type_.__name__}.{name}" in HIDDEN:
            continue
        shown = "conversation" if name == "key" and type_.__name__ in CONVERSATION_KEYS else name
        found[shown] = (name, field_form(type_, name), name in required)
    return found


def _required(type_: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(one.name for one in msgspec.structs.fields(type_) if one.required)


class StructForm:
    """A struct: an object. Unknown names are refused, and so are missing ones that have no default."""

    def __init__(self, type_: type[msgspec.Struct]) -> None:
        self.type = type_

    @property
    def required(self) -> frozenset[str]:
        """The names of fields that have no default."""
        return _required(self.type)

    def read(self, value: Any, place: str) -> Any:
        if not isinstance(value, dict):
            raise wrong(place, "has to be an object")
        fields = _fields(self.type)
        refuse_unknown(value, fields, place)
        missing = [name for name, (_, _, required) in fields.items() if required and name not in value]
        if missing:
            raise wrong(f"{place}.{missing[0]}", "is missing")
        return self.type(
            **{fields[name][0]: fields[name][1].read(one, f"{place}.{name}") for name, one in value.items()}
        )

    def write(self, value: Any) -> Json:
        found: Json = {}
        own: Json = {}
        for shown, (name, form, _) in _fields(self.type).items():
            written = form.write(getattr(value, name))
            if f"{self.type.__name__}.{name}" in MERGED:
                found |= written
            else:
                own[shown] = written
        return found | own

    def properties(self) -> dict[str, Json]:
        """The schemas of its fields, with those of merged structs."""
        found: dict[str, Json] = {}
        own: dict[str, Json] = {}
        for shown, (name, form, _) in _fields(self.type).items():
            if f"{self.type.__name__}.{name}" in MERGED:
                assert isinstance(form, StructForm)
                found |= form.properties()
            else:
                own[shown] = form.schema()
        return found | own

    def schema(self) -> Json:
        return {"$ref": f"#/components/schemas/{self.type.__name__}"}


def refuse_unknown(value: Mapping[str, Any], known: Mapping[str, Any], place: str = "") -> None:
    """Raises RcimError(BAD_PARAMETER) that names the first unknown field, if there is one."""
    for name in value:
        if name not in known:
            raise wrong(f"{place}.{name}" if place else name, "there is no such field")


def structs_within(forms: Iterable[object]) -> list[type[msgspec.Struct]]:
    """The structs whose schemas the schemas of these forms name, and those that these name in turn."""
    found: dict[type[msgspec.Struct], None] = {}
    left = list(forms)
    while left:
        form = left.pop()
        if isinstance(form, StructForm) and form.type not in found:
            found[form.type] = None
            left += [inner for _, inner, _ in _fields(form.type).values()]
        elif isinstance(form, MaybeForm | ListForm | MapForm):
            left.append(form.each)
        elif isinstance(form, RowForm):
            left += [inner for _, inner in form.places]
    return list(found)
