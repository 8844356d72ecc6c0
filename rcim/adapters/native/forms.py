"""How the fields of requests and results look in JSON. Each type has one form, which reads it, writes it, and says its
JSON schema; so the document, what is read and what is written can't differ.

Text, numbers, true and false are as in JSON. A member of an enumeration is its name in small letters. Times are in
milliseconds since 1970. Data of the app is text; if it is no UTF-8, it is `{"base64": "…"}`. Forms do not check bounds:
the service does (rcim/service/bounds.py).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Protocol

import msgspec

from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.content.elements import decode_body, encode_body
from rcim.content.vendor_json import from_json, is_text, to_json
from rcim.http.json_bodies import kept_json

Json = dict[str, Any]
ONE_LINE = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
"""The pattern of text without control characters."""
INT32_MAX, INT64_MAX = (1 << 31) - 1, (1 << 63) - 1
DIGITS_MAX = 20
"""Of a number in a query."""


def wrong(place: str, rule: str) -> RcimError:
    """The error for a value that does not have its form."""
    return RcimError(BAD_PARAMETER, f"{place}: {rule}")


class Form(Protocol):
    """One type of field."""

    def read(self, value: Any, place: str) -> Any:
        """What the JSON value means. Raises RcimError(BAD_PARAMETER or BAD_ELEMENT) that names the place."""

    def write(self, value: Any) -> Any:
        """The JSON value."""

    def schema(self) -> Json:
        """Its JSON schema."""


class TextForm:
    """Text of so many bytes; `one_line`: without control characters."""

    def __init__(self, least: int = 0, most: int | None = None, *, one_line: bool = False) -> None:
        self._bounds: Json = {"minLength": least} if least else {}
        self._bounds |= {"maxLength": most} if most is not None else {}
        self._bounds |= {"pattern": ONE_LINE} if one_line else {}

    def read(self, value: Any, place: str) -> str:
        if not is_text(value):
            raise wrong(place, "has to be text")
        return value

    def write(self, value: Any) -> Any:
        return value

    def schema(self) -> Json:
        return {"type": "string", **self._bounds}


class NumberForm:
    """A whole number. Its schema says of all that may be beyond 32 bits that it has 64, for generators of typed clients,
    which take 32 otherwise; and no bound beyond 63, which they can't write down."""

    def __init__(self, least: int | None = None, most: int | None = None) -> None:
        self._bounds: Json = {} if least is None else {"minimum": least}
        if most is not None:
            self._bounds["maximum"] = min(most, INT64_MAX)
        if most is None or most > INT32_MAX:
            self._bounds["format"] = "int64"

    def read(self, value: Any, place: str) -> int:
        if type(value) is not int:
            raise wrong(place, "has to be a whole number")
        return value

    def write(self, value: Any) -> Any:
        return int(value)

    def schema(self) -> Json:
        return {"type": "integer", **self._bounds}


class TimeForm(NumberForm):
    """A time. The one that never comes is written as INT64_MAX, so that clients with signed numbers can read it."""

    def write(self, value: Any) -> Any:
        return min(int(value), INT64_MAX)


class FlagForm:
    """True or false."""

    def read(self, value: Any, place: str) -> bool:
        if type(value) is not bool:
            raise wrong(place, "has to be true or false")
        return value

    def write(self, value: Any) -> Any:
        return bool(value)

    def schema(self) -> Json:
        return {"type": "boolean"}


class ChoiceForm:
    """A member of an enumeration, by its name in small letters."""

    def __init__(self, enum: type[IntEnum]) -> None:
        self._by_name = {one.name.lower(): one for one in enum}
        self._enum = enum

    def read(self, value: Any, place: str) -> IntEnum:
        found = self._by_name.get(value) if isinstance(value, str) else None
        if found is None:
            raise wrong(place, f"has to be one of {', '.join(self._by_name)}")
        return found

    def write(self, value: Any) -> Any:
        return self._enum(value).name.lower()

    def schema(self) -> Json:
        return {"type": "string", "enum": list(self._by_name)}


class DataForm:
    """Data of the app: text, or `{"base64": "…"}`."""

    def __init__(self, most: int | None = None) -> None:
        self._most = {"maxLength": most} if most is not None else {}

    def read(self, value: Any, place: str) -> bytes:
        if is_text(value):
            return value.encode()
        if isinstance(value, dict) and value.keys() == {"base64"}:
            return _from_base64(value["base64"], place)
        raise wrong(place, 'has to be text, or {"base64": "…"}')

    def write(self, value: bytes) -> Any:
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}

    def schema(self) -> Json:
        packed = {
            "type": "object",
            "properties": {"base64": {"type": "string", "contentEncoding": "base64"}},
            "required": ["base64"],
            "additionalProperties": False,
        }
        return {"oneOf": [{"type": "string", **self._most}, packed]}


class Base64Form:
    """Bytes that are no text: base64."""

    def read(self, value: Any, place: str) -> bytes:
        return _from_base64(value, place)

    def write(self, value: bytes) -> Any:
        return base64.b64encode(value).decode()

    def schema(self) -> Json:
        return {"type": "string", "contentEncoding": "base64"}


class HexForm:
    """A checksum, in hexadecimal digits."""

    def read(self, value: Any, place: str) -> bytes:
        try:
            return bytes.fromhex(value)
        except (TypeError, ValueError):
            raise wrong(place, "has to be hexadecimal digits") from None

    def write(self, value: bytes) -> Any:
        return value.hex()

    def schema(self) -> Json:
        return {"type": "string", "pattern": "^([0-9a-f]{2})*$"}


class BodyForm:
    """The elements of a message, as Tencent's MsgBody has them (MS-03)."""

    def read(self, value: Any, place: str) -> bytes:
        try:
            return encode_body(from_json(value))
        except RcimError as error:
            raise RcimError(error.code, f"{place}: {error.detail}") from None

    def write(self, value: bytes) -> Any:
        return to_json(decode_body(value)) if value else []

    def schema(self) -> Json:
        return {"$ref": "#/components/schemas/Elements"}


class ObjectForm:
    """A JSON object of the app, which the service reads itself: attributes, push data. Absent data is `{}`."""

    def read(self, value: Any, place: str) -> bytes:
        if not isinstance(value, dict):
            raise wrong(place, "has to be an object")
        return msgspec.json.encode(value)

    def write(self, value: bytes) -> Any:
        return kept_json(value) if value else {}

    def schema(self) -> Json:
        return {"type": "object"}


class ValueForm:
    """Any JSON value of the app, which the service reads itself."""

    def read(self, value: Any, place: str) -> bytes:
        return msgspec.json.encode(value)

    def write(self, value: bytes) -> Any:
        return kept_json(value)

    def schema(self) -> Json:
        return {}


class MapForm:
    """An object whose names are free: a dict, or a list of pairs of a name and a value."""

    def __init__(self, each: Form, most: int | None = None) -> None:
        self.each = each
        self._most = {"maxProperties": most} if most is not None else {}

    def read(self, value: Any, place: str) -> Any:
        if not isinstance(value, dict):
            raise wrong(place, "has to be an object")
        if not all(map(is_text, value)):
            raise wrong(place, "a name is no text")
        return tuple((name, self.each.read(one, f"{place}.{name}")) for name, one in value.items())

    def write(self, value: Mapping[Any, Any] | Sequence[tuple[Any, Any]]) -> Any:
        rows = value.items() if isinstance(value, Mapping) else value
        return {str(name): self.each.write(one) for name, one in rows}

    def schema(self) -> Json:
        return {"type": "object", "additionalProperties": self.each.schema(), **self._most}


class TableForm(MapForm):
    """An object whose names are free: a dict."""

    def read(self, value: Any, place: str) -> Any:
        return dict(super().read(value, place))


class ListForm:
    """A list of `least` to `most` entries."""

    def __init__(self, each: Form, least: int = 0, most: int | None = None) -> None:
        self.each = each
        self._bounds = ({"minItems": least} if least else {}) | ({"maxItems": most} if most is not None else {})

    def read(self, value: Any, place: str) -> list[Any]:
        if not isinstance(value, list):
            raise wrong(place, "has to be a list")
        return [self.each.read(one, f"{place}[{at}]") for at, one in enumerate(value)]

    def write(self, value: Sequence[Any]) -> Any:
        return [self.each.write(one) for one in value]

    def schema(self) -> Json:
        return {"type": "array", "items": self.each.schema(), **self._bounds}


class RowForm:
    """A tuple whose places have names: an object."""

    def __init__(self, places: Sequence[tuple[str, Form]]) -> None:
        self.places = tuple(places)

    def read(self, value: Any, place: str) -> tuple[Any, ...]:
        if not isinstance(value, dict) or value.keys() != {name for name, _ in self.places}:
            raise wrong(place, f"has to be an object with {', '.join(name for name, _ in self.places)}")
        return tuple(form.read(value[name], f"{place}.{name}") for name, form in self.places)

    def write(self, value: Sequence[Any]) -> Any:
        return {name: form.write(one) for (name, form), one in zip(self.places, value, strict=True)}

    def schema(self) -> Json:
        return {
            "type": "object",
            "properties": {name: form.schema() for name, form in self.places},
            "required": [name for name, _ in self.places],
        }


class MaybeForm:
    """A value, or null."""

    def __init__(self, each: Form) -> None:
        self.each = each

    def read(self, value: Any, place: str) -> Any:
        return None if value is None else self.each.read(value, place)

    def write(self, value: Any) -> Any:
        return None if value is None else self.each.write(value)

    def schema(self) -> Json:
        return {"anyOf": [self.each.schema(), {"type": "null"}]}


def _from_base64(value: Any, place: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise wrong(place, "has to be base64") from None


def from_text(form: Form, texts: Sequence[str], place: str) -> Any:
    """Read a parameter of a query or a path, which is always text. Raises RcimError(BAD_PARAMETER)."""
    if isinstance(form, MaybeForm):
        form = form.each
    if isinstance(form, ListForm):
        return [from_text(form.each, [one], f"{place}[{at}]") for at, one in enumerate(texts)]
    if len(texts) != 1:
        raise wrong(place, "stands there more than once")
    text = texts[0]
    if isinstance(form, NumberForm):
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX):
            raise wrong(place, "has to be a whole number")
        return int(text)
    if isinstance(form, FlagForm):
        return form.read({"true": True, "false": False}.get(text), place)
    return form.read(text, place)
