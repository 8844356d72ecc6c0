"""The kinds of lines of an export: which table each is of, the names of its key's parts, and its value's form (OP-03).

docs/reference/export-format.md describes them for who reads an export. What can be made from other lines - indexes and
counts - is not exported.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from rcim.actor.api_keys import ApiKey
from rcim.actor.applications import Application
from rcim.actor.push_records import PushToken
from rcim.actor.records import Member, Message, Profile, RoomAttribute, UserRestriction
from rcim.actor.user_records import Invitation, UserProfile
from rcim.base.errors import RcimError
from rcim.content.elements import ELEMENTS, decode_body, encode_body
from rcim.operate.twins import from_twin, to_twin, twin
from rcim.rules.type_table import TypeChange
from rcim.store import keys
from rcim.store.channel_listings import Listing
from rcim.store.decoders import converted
from rcim.store.ended_members import REMAIN
from rcim.store.endings import Ending
from rcim.store.faults import DamagedError
from rcim.store.messages import pack_message
from rcim.store.room_rows import RoomHead
from rcim.store.values import Head, ListEntry, Waiting, pack, unpack

PART_BYTES_MAX = 4096
"""Of one part of a key; ids are far shorter."""
U8 = struct.Struct(">B")
NUMBERS = {"u8": U8, "u16": keys.U16, "u64": keys.U64}
Values = dict[str, Any]
"""Of a line, by the names of its fields."""


class Form:
    """Converts a value of the store to its place in a line, and back. This form is for rows without a value."""

    fields: tuple[Any, ...] = ()
    """As msgspec.defstruct takes them."""

    def read(self, data: bytes) -> Values:
        """What the line has. Raises StoreError, or what decoding raises."""
        return {}

    def made(self, line: Any) -> bytes:
        """What is kept. Raises ValueError, OverflowError or struct.error if the line's values can't be."""
        return b""


class StructForm(Form):
    """A struct, as `value`."""

    def __init__(self, cls: type[msgspec.Struct], packing: Callable[[Any], bytes] = pack) -> None:
        self._cls, self._packing = cls, packing
        self.fields = (("value", twin(cls)),)

    def read(self, data: bytes) -> Values:
        return {"value": to_twin(unpack(data, self._cls))}

    def made(self, line: Any) -> bytes:
        return self._packing(from_twin(line.value, self._cls))


class NumbersForm(Form):
    """Numbers of 64 bits, one after the other."""

    def __init__(self, *names: str) -> None:
        self._names, self._form = names, struct.Struct(f">{len(names)}Q")
        self.fields = tuple((name, int) for name in names)

    def read(self, data: bytes) -> Values:
        return dict(zip(self._names, self._form.unpack(data), strict=True))

    def made(self, line: Any) -> bytes:
        return self._form.pack(*(getattr(line, name) for name in self._names))


class FlagForm(Form):
    """A membership: MsgFlag, and the stamp of the user's own last change."""

    fields = (("msg_flag", int, 0), ("hidden", bool, False), ("stamp", int, 0))

    def read(self, data: bytes) -> Values:
        return {"msg_flag": keys.flag_of(data), "hidden": keys.was_hidden(data), "stamp": keys.stamp_of(data)}

    def made(self, line: Any) -> bytes:
        if not 0 <= line.msg_flag < keys.HIDDEN:
            raise ValueError(f"msg_flag {line.msg_flag} is none")
        return keys.membership(line.msg_flag | (keys.HIDDEN if line.hidden else 0), line.stamp)


class AlteredForm(Form):
    """For whom alone a message is another one; empty: for all."""

    fields = (("only", str, ""),)

    def read(self, data: bytes) -> Values:
        return {"only": data.decode()}

    def made(self, line: Any) -> bytes:
        return str(line.only).encode()


class PurgeForm(Form):
    """Up to where messages and changes are to be removed, and whether members are too."""

    fields = (("seq", int), ("stamp", int, None), ("members", bool, False))

    def read(self, data: bytes) -> Values:
        members = len(data) == 2 * keys.U64.size + len(REMAIN)
        stamp = keys.U64.unpack_from(data, keys.U64.size)[0] if len(data) >= 2 * keys.U64.size else None
        return {"seq": keys.U64.unpack_from(data)[0], "stamp": stamp, "members": members}

    def made(self, line: Any) -> bytes:
        if line.stamp is None:
            return keys.U64.pack(line.seq)
        return keys.U64.pack(line.seq) + keys.U64.pack(line.stamp) + (REMAIN if line.members else b"")


class ListingForm(Form):
    """What an ultra group keeps of a channel."""

    fields = (("ended", int, 0), ("private", bool, False), ("closed", int, 0), ("closed_ms", int, 0))

    def read(self, data: bytes) -> Values:
        return Listing.unpack(data)._asdict()

    def made(self, line: Any) -> bytes:
        return Listing(line.ended, line.private, line.closed, line.closed_ms).pack()


class NamesForm(Form):
    """The names of attributes, by number."""

    fields = (("names", dict[int, str]),)

    def read(self, data: bytes) -> Values:
        return {"names": unpack(data, dict[int, str])}

    def made(self, line: Any) -> bytes:
        return pack(line.names)


_ELEMENT_TWINS: dict[str, Any] = {
    cls.NAME: msgspec.defstruct(
        cls.NAME,
        [
            (f.encode_name, f.type, f.default) if f.default is not msgspec.NODEFAULT else (f.encode_name, f.type)
            for f in msgspec.structs.fields(twin(cls))
        ],
        omit_defaults=True,
        forbid_unknown_fields=True,
        frozen=True,
        tag_field="element",
        tag=cls.NAME,
    )
    for cls in ELEMENTS.values()
}
_ELEMENTS = {cls.NAME: cls for cls in ELEMENTS.values()}


class MessageForm(Form):
    """A message: its elements by name, as long as that says all of its body; otherwise the body's bytes."""

    def __init__(self) -> None:
        fields = [f for f in msgspec.structs.fields(twin(Message)) if f.name != "body"]
        own: list[Any] = [(f.name, f.type) for f in fields if f.required]
        own += [
            (f.name, f.type, f.default if f.default is not msgspec.NODEFAULT else ())
            for f in fields
            if not f.required
        ]
        union: Any = None
        for one in _ELEMENT_TWINS.values():
            union = one if union is None else union | one
        own += [("elements", list[union], []), ("body", bytes, b"")]
        self._twin: Any = msgspec.defstruct(
            "Message", own, omit_defaults=True, forbid_unknown_fields=True, frozen=True
        )
        self._names = [f.name for f in fields]
        self.fields = (("value", self._twin),)

    def read(self, data: bytes) -> Values:
        message = unpack(data, Message)
        named: Any = to_twin(message)
        values = {name: getattr(named, name) for name in self._names}
        elements = _elements_of(message.body)
        return {"value": self._twin(**values, elements=elements, body=b"" if elements else message.body)}

    def made(self, line: Any) -> bytes:
        value = line.value
        body = value.body
        if value.elements:
            try:
                body = encode_body([from_twin(one, _ELEMENTS[type(one).__name__]) for one in value.elements])
            except RcimError as error:
                raise ValueError(str(error)) from None
        values = {name: getattr(value, name) for name in self._names}
        return pack_message(from_twin(twin(Message)(**values, body=body), Message))


def _elements_of(body: bytes) -> list[Any]:
    """The elements, if the body can be made from them again byte for byte; otherwise none."""
    try:
        found = decode_body(body)
        if encode_body(found) != body:
            return []
        return [converted(one, _ELEMENT_TWINS[one.NAME], from_attributes=True) for one in found]
    except (RcimError, msgspec.ValidationError):
        return []


@dataclass(frozen=True)
class Kind:
    """A kind of line."""

    name: str
    table: str
    parts: tuple[tuple[str, str], ...]
    """Of the key: name, and `text`, `u8`, `u16` or `u64`. A text that is not the last part ends with SEP."""
    form: Form
    prefix: bytes = b""
    """Of the key, before its parts."""
    suffix: bytes = b""
    """After them."""
    empty: tuple[str, ...] = ()
    """Parts that may be empty."""
    line: Any = None

    def read(self, row: bytes, data: bytes) -> Any:
        """The line of a row. Raises DamagedError."""
        try:
            return self.line(
                **self._parts_of(row[len(self.prefix) : len(row) - len(self.suffix)]), **self.form.read(data)
            )
        except (struct.error, UnicodeDecodeError, ValueError, TypeError) as error:
            raise DamagedError(str(error)) from None

    def key(self, line: Any) -> bytes:
        """The key of the row. Raises ValueError or struct.error."""
        found = [self.prefix]
        for number, (name, kind) in enumerate(self.parts):
            value = getattr(line, name)
            if kind != "text":
                found.append(NUMBERS[kind].pack(value))
                continue
            data = value.encode()
            if len(data) > PART_BYTES_MAX or any(c < 3 for c in data) or not (data or name in self.empty):
                raise ValueError(f"{name} has to be 1 to {PART_BYTES_MAX} bytes without control characters")
            found.append(data if number == len(self.parts) - 1 else data + keys.SEP)
        return b"".join((*found, self.suffix))

    def _parts_of(self, row: bytes) -> Values:
        found: Values = {}
        for number, (name, kind) in enumerate(self.parts):
            if kind != "text":
                found[name] = NUMBERS[kind].unpack_from(row)[0]
                row = row[NUMBERS[kind].size :]
            elif number == len(self.parts) - 1:
                found[name] = row.decode()
            else:
                text, _, row = row.partition(keys.SEP)
                found[name] = text.decode()
        return found


def _kind(name: str, table: str, parts: str, form: Form, prefix: bytes = b"", **more: Any) -> Kind:
    """`parts`: names, with a colon and the sort of number for those that are no texts."""
    split = tuple((part.partition(":")[0], part.partition(":")[2] or "text") for part in parts.split())
    fields: list[Any] = [(part, str if sort == "text" else int) for part, sort in split]
    line = msgspec.defstruct(
        f"{name}_line",
        [*fields, *form.fields],
        tag_field="kind",
        tag=name,
        omit_defaults=True,
        forbid_unknown_fields=True,
        frozen=True,
    )
    return Kind(name, table, split, form, prefix, line=line, **more)


_NUMBER = NumbersForm("value")
KINDS = (
    _kind("counter", "meta", "name", _NUMBER),
    _kind("day", "meta", "day:u64", NumbersForm("stamp"), b"day:"),
    _kind("shard", "shards", "shard:u16", NumbersForm("next")),
    _kind("type", "app", "name", StructForm(TypeChange), b"type:"),
    _kind("muted", "app", "user", NumbersForm("until_ms"), b"muted:"),
    _kind("login_blocked", "app", "user", NumbersForm("until_ms"), b"blocked:"),
    _kind("list_entry", "app", "entry", Form(), b"list:"),
    _kind("attribute_names", "app", "", NamesForm(), b"attributes:"),
    _kind("api_key", "app", "id", StructForm(ApiKey), b"key:"),
    _kind("user", "users", "user", StructForm(UserProfile)),
    _kind("seen", "seen", "user", NumbersForm("time_ms")),
    _kind("user_list_entry", "lists", "user list:u8 other", Form(), empty=("other",)),
    _kind("push_token", "push_tokens", "user device provider", StructForm(PushToken), empty=("device",)),
    _kind("conversation", "profiles", "conversation", StructForm(Profile)),
    _kind("head", "heads", "conversation", StructForm(Head)),
    _kind("member", "members", "conversation user", StructForm(Member)),
    _kind("membership", "memberships", "user conversation", FlagForm()),
    _kind("own_membership", "own", "user conversation", FlagForm()),
    _kind("left", "left", "user conversation", NumbersForm("stamp", "time_ms")),
    _kind("restriction", "marks", "conversation user", StructForm(UserRestriction)),
    _kind("admin", "admins", "conversation user", Form()),
    _kind("invitation", "invited", "user conversation", StructForm(Invitation)),
    _kind("application", "applied", "user conversation", StructForm(Application)),
    _kind("waiting", "waiting", "conversation user", StructForm(Waiting)),
    _kind("channel", "channels", "conversation name", ListingForm()),
    _kind("insider", "insiders", "conversation user", Form()),
    _kind("room", "room_attributes", "conversation", StructForm(RoomHead), suffix=keys.SEP),
    _kind("room_attribute", "room_attributes", "conversation name", StructForm(RoomAttribute)),
    _kind("kept_room", "kept_rooms", "conversation", Form()),
    _kind("ending", "endings", "end_ms:u64 conversation", StructForm(Ending)),
    _kind("purge", "purge", "conversation", PurgeForm()),
    _kind("list_of_user", "chosen", "user conversation", StructForm(ListEntry), empty=("conversation",)),
    _kind("message", "messages", "conversation seq:u64", MessageForm()),
    _kind("altered", "altered", "conversation stamp:u64 seq:u64", AlteredForm()),
    _kind("hidden", "hidden", "conversation user seq:u64", Form()),
)
BY_NAME = {kind.name: kind for kind in KINDS}
COUNTERS = frozenset({b"stamp", b"time", b"doubt", b"forgotten"})
MADE_ANEW = frozenset({"words", "inside", "push_users", "push_owners"})
"""Tables that an import makes from others."""
NOT_EXPORTED = frozenset({"events", "consumers", "dead_letters", "dead_places", "consumer_states"})
"""What consumers have still to be told, and how far each has come: they begin at the end of the new store."""


def kind_of_row(table: str, row: bytes) -> Kind | None:
    """The kind of line for a row of a table; None: it is not exported. Raises DamagedError for a row of no kind."""
    if table in MADE_ANEW or table in NOT_EXPORTED or (table == "app" and row.startswith(b"count:")):
        return None
    if table == "meta":
        if row.startswith(b"day:"):
            return BY_NAME["day"]
        return BY_NAME["counter"] if row in COUNTERS else None
    if table == "room_attributes":
        return BY_NAME["room" if row.endswith(keys.SEP) else "room_attribute"]
    found = next((kind for kind in _BY_TABLE[table] if row.startswith(kind.prefix)), None)
    if found is None:
        raise DamagedError("a row of no kind that is known")
    return found


_BY_TABLE: dict[str, list[Kind]] = {}
for _one in KINDS:
    _BY_TABLE.setdefault(_one.table, []).append(_one)
