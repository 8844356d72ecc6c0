"""Reads the fields of a request: a form, or a JSON object with the same names (AB-02).

The vendor's own clients send forms that no standard knows: raw UTF-8 and JSON as values, brackets that are escaped or
not, lists as repeated names, with commas, or as Python writes a list. Each of them is read as it was meant. What is no
list and comes twice is refused, since nothing says which of the two was meant: a field of a form, a list of several in
JSON, a name in a JSON object.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from collections.abc import Mapping, Sequence
from typing import Any

from rcim.adapters.rongcloud.codes import NO_DATA, TOO_LONG, TOO_MANY, WRONG_PARAMETER, RongError
from rcim.http.json_bodies import JsonError, json_body, json_steps
from rcim.http.steps import Steps

FIELDS_MAX = 20_000
"""Of one request; a thousand users and what goes with them are far fewer."""
NAME_CHARS_MAX = 128
"""Of names of users, groups and rooms. The vendor's documents say 64 characters, or 128 bytes, or nothing."""
TRUE, FALSE = frozenset({"1", "true"}), frozenset({"0", "false", ""})
NUMBER = re.compile(r"-?\d{1,20}\Z", re.ASCII)
INDEXED = re.compile(r"(\w+)\[(.*)\]\Z", re.DOTALL)
ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
STEP_BYTES = 16 * 1024
"""Of a form that are read in one step: 2 ms, if each third of them is an escape."""
FIELD_COST = 16
"""What a field costs besides its bytes, in bytes."""
OBJECT_BYTES_MAX = 128 * 1024
"""Of JSON in one field: the largest that the vendor documents has a thousand users."""
PYTHON_LIST = re.compile(r"\['(.*)'\]\Z", re.DOTALL)


def as_text(name: str, value: Any) -> str:
    """The value of a field, or of an object in one, as text: a number is written as such. Raises RongError for a boolean,
    null, a list or an object."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise RongError(WRONG_PARAMETER, f"Parameter {name} has to be text.")


class Form:
    """The fields of a request, each with the values that it was sent with, in their order."""

    def __init__(self, found: Mapping[str, list[Any]]) -> None:
        self._found = found

    def __contains__(self, name: str) -> bool:
        return any(value not in ("", None) for value in self._found.get(name, ()))

    def raw(self, name: str) -> Any:
        """The value as it was sent; None if there is none. Raises RongError if there are several."""
        return _only(name, self._found.get(name, ()))

    def values(self, name: str) -> list[Any]:
        """All values as they were sent."""
        return list(self._found.get(name, ()))

    def text(self, name: str, default: str | None = None, most: int = 0) -> str:
        """A text; without a default it has to be there and not be empty. `most` characters, if it is not 0. Raises
        RongError."""
        value = self.raw(name)
        if value is None or value == "":
            if default is None:
                raise RongError(WRONG_PARAMETER, f"Parameter {name} is required.")
            return default
        found = as_text(name, value)
        if most and len(found) > most:
            raise RongError(TOO_LONG, f"Parameter {name} has {len(found)} characters, at most {most}.")
        return found

    def name(self, name: str, size: int, default: str = "") -> str:
        """What somebody or something is called: the beginning of it that has at most `size` bytes. To the vendor a name
        is there for pushes alone, and one that is longer than those kept here must not keep a user from a token, or a
        group from being made. Raises RongError."""
        return cut(self.text(name, default, NAME_CHARS_MAX), size)

    def user(self, name: str = "userId") -> str:
        """A user id, of 1 to 64 characters. Raises RongError."""
        return self.text(name, most=64)

    def texts(self, name: str, most: int, least: int = 1, *, commas: bool = False) -> list[str]:
        """`least` to `most` texts, each once, in their order. `commas`: one value may name several, with commas between
        them. Raises RongError."""
        values = [as_text(name, value) for value in self._found.get(name, ()) if value not in ("", None)]
        if commas:
            values = [part for value in values for part in value.split(",") if part]
        found = list(dict.fromkeys(values))
        if len(found) < least:
            raise RongError(WRONG_PARAMETER, f"Parameter {name} is required.")
        if len(found) > most:
            raise RongError(TOO_MANY, f"Parameter {name} is there {len(found)} times, at most {most}.")
        return found

    def users(self, most: int, name: str = "userId", least: int = 1, *, commas: bool = False) -> list[str]:
        """As `texts`, each of at most 64 characters. A field whose name is a plural may always have commas. Raises
        RongError."""
        found = self.texts(name, most, least, commas=commas or name.endswith("s"))
        for one in found:
            if len(one) > 64:
                raise RongError(TOO_LONG, f"Parameter {name} has {len(one)} characters, at most 64.")
        return found

    def number(self, name: str, default: int | None = None, least: int = 0, most: int = 1 << 53) -> int:
        """A whole number in these bounds; without a default it has to be there. Raises RongError."""
        text = self.text(name, "" if default is not None else None)
        if text == "" and default is not None:
            return default
        if not NUMBER.match(text):
            raise RongError(WRONG_PARAMETER, f"Parameter {name} has to be a whole number.")
        found = int(text)
        if not least <= found <= most:
            raise RongError(WRONG_PARAMETER, f"Parameter {name} has to be {least} to {most}.")
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        """A yes or no: 1 and 0, or true and false in any case. Raises RongError."""
        found = self.raw(name)
        if found is None:
            return default
        text = str(found).lower()
        if text in TRUE:
            return True
        if text in FALSE:
            return False
        raise RongError(WRONG_PARAMETER, f"Parameter {name} has to be 0 or 1.")

    def indexed(self, name: str) -> dict[str, str]:
        """The values of `name[KEY]`, by key. Raises RongError for an empty key, one that comes twice, and for what is no
        text."""
        found = {}
        for field, values in self._found.items():
            match = INDEXED.match(field)
            if match and match[1] == name:
                if not match[2]:
                    raise RongError(WRONG_PARAMETER, f"Parameter {name}[] has to have an id in its brackets.")
                found[match[2]] = as_text(field, _only(field, values))
        return found

    def word(self, name: str) -> str:
        """A text that may stand in a list of one as Python writes it. Raises RongError."""
        found = self.text(name)
        match = PYTHON_LIST.match(found)
        return match[1] if match else found

    def object(self, name: str, default: str | None = None) -> dict[str, Any]:
        """A JSON object: as such, or as text. Raises RongError."""
        found = self.raw(name)
        if isinstance(found, dict):
            return found
        text = self.text(name, default, OBJECT_BYTES_MAX).encode(errors="replace")
        if len(text) > OBJECT_BYTES_MAX:
            raise RongError(TOO_LONG, f"Parameter {name} has {len(text)} bytes, at most {OBJECT_BYTES_MAX}.")
        try:
            decoded = json_body(text, unique=True) if text else {}
        except JsonError as error:
            raise RongError(WRONG_PARAMETER, f"Parameter {name} has to be a JSON object: {error}.") from None
        if not isinstance(decoded, dict):
            raise RongError(WRONG_PARAMETER, f"Parameter {name} has to be a JSON object.")
        return decoded


def _only(name: str, values: Sequence[Any]) -> Any:
    """The value of a field; None if there is none. Raises RongError if there are several."""
    if len(values) > 1:
        raise RongError(WRONG_PARAMETER, f"Parameter {name} is there {len(values)} times, at most once.")
    return values[0] if values else None


def cut(text: str, size: int) -> str:
    """The beginning of a text that has at most `size` bytes of UTF-8, in whole characters."""
    return text.encode(errors="replace")[:size].decode(errors="ignore")


def read_form(body: bytes) -> Steps[Form]:
    """The fields of a body. One that begins with a brace is JSON, whatever its Content-Type says. Raises RongError."""
    if len(body) > 1 and body.lstrip()[:1] == b"{":
        try:
            found = yield from json_steps(body, unique=True)
        except JsonError as error:
            raise RongError(WRONG_PARAMETER, f"The body is neither a form nor a JSON object: {error}.") from None
        assert isinstance(found, dict), "it begins with a brace"
        return Form(
            {name: value if isinstance(value, list) else [value] for name, value in found.items() if value != []}
        )
    count = body.count(b"&") + 1
    if count > FIELDS_MAX:
        raise RongError(TOO_MANY, f"The body has {count} fields, at most {FIELDS_MAX}.")
    fields: dict[str, list[Any]] = {}
    spent = 0
    for pair in body.split(b"&"):
        spent += len(pair) + FIELD_COST
        if spent > STEP_BYTES:
            yield
            spent = 0
        name, _, value = pair.partition(b"=")
        try:
            told = (yield from _unescaped(name)).decode()
            fields.setdefault(told, []).append((yield from _unescaped(value)).decode())
        except UnicodeDecodeError:
            raise RongError(WRONG_PARAMETER, "The body is not UTF-8.") from None
    fields.pop("", None)
    return Form(fields)


def _unescaped(text: bytes) -> Steps[bytes]:
    """What a name or a value stands for: spaces for plus signs, bytes for `%XX`. What is no such escape stays."""
    text = text.replace(b"+", b" ")
    if b"%" not in text:
        return text
    found = []
    at = 0
    while at < len(text):
        if at:
            yield
        end = at + STEP_BYTES
        cut = text.find(b"%", end - 2, end) if end < len(text) else -1
        end = end if cut < 0 else cut  # so that no escape is cut in two
        found.append(ESCAPES.sub(_bytes_of, text[at:end]))
        at = end
    return b"".join(found)


def _bytes_of(escapes: re.Match[bytes]) -> bytes:
    return unhexlify(escapes[0].translate(None, b"%"))


def need_body(form: Form, *names: str) -> None:
    """Returns if one of these fields is there. Raises RongError(NO_DATA)."""
    if not any(name in form for name in names):
        raise RongError(NO_DATA, f"One of {', '.join(names)} is required.")
