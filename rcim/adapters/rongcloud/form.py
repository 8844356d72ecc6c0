"""Reads the fields of a request: a form, or a JSON object with the same names (AB-02).

The vendor's own clients send forms that no standard knows: raw UTF-8 and JSON as values, brackets that are escaped or
not, lists as repeated names, with commas, or as Python writes a list. Each of them is read as it was meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from rcim.adapters.rongcloud.codes import NO_DATA, TOO_LONG, TOO_MANY, WRONG_PARAMETER, RongError
from rcim.http.json_bodies import JsonError, json_body

FIELDS_MAX = 20_000
"""Of one request; a thousand users and what goes with them are far fewer."""
NAME_CHARS_MAX = 128
"""Of names of users, groups and rooms. The vendor's documents say 64 characters, or 128 bytes, or nothing."""
TRUE, FALSE = frozenset({"1", "true"}), frozenset({"0", "false", ""})
NUMBER = re.compile(r"-?\d{1,20}\Z", re.ASCII)
INDEXED = re.compile(r"(\w+)\[(.*)\]\Z", re.DOTALL)
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
        """The first value as it was sent; None if there is none."""
        values = self._found.get(name)
        return values[0] if values else None

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
        """The values of `name[KEY]`, by key. Raises RongError for an empty key, and for what is no text."""
        found = {}
        for field, values in self._found.items():
            match = INDEXED.match(field)
            if match and match[1] == name:
                if not match[2]:
                    raise RongError(WRONG_PARAMETER, f"Parameter {name}[] has to have an id in its brackets.")
                found[match[2]] = as_text(field, values[0])
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
        text = self.text(name, default)
        decoded = _decoded(text.encode()) if text else {}
        if not isinstance(decoded, dict):
            raise RongError(WRONG_PARAMETER, f"Parameter {name} has to be a JSON object.")
        return decoded


def cut(text: str, size: int) -> str:
    """The beginning of a text that has at most `size` bytes of UTF-8, in whole characters."""
    return text.encode(errors="replace")[:size].decode(errors="ignore")


def read_form(body: bytes) -> Form:
    """The fields of a body. One that begins with a brace is JSON, whatever its Content-Type says. Raises RongError."""
    if len(body) > 1 and body.lstrip()[:1] == b"{":
        found = _decoded(body)
        if not isinstance(found, dict):
            raise RongError(WRONG_PARAMETER, "The body is neither a form nor a JSON object.")
        return Form(
            {name: value if isinstance(value, list) else [value] for name, value in found.items() if value != []}
        )
    fields: dict[str, list[Any]] = {}
    try:
        pairs = body.decode().split("&")
    except UnicodeDecodeError:
        raise RongError(WRONG_PARAMETER, "The body is not UTF-8.") from None
    if len(pairs) > FIELDS_MAX:
        raise RongError(TOO_MANY, f"The body has {len(pairs)} fields, at most {FIELDS_MAX}.")
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            fields.setdefault(unquote_plus(name, errors="strict"), []).append(unquote_plus(value, errors="strict"))
        except UnicodeDecodeError:
            raise RongError(WRONG_PARAMETER, "The body is not UTF-8.") from None
    fields.pop("", None)
    return Form(fields)


def need_body(form: Form, *names: str) -> None:
    """Returns if one of these fields is there. Raises RongError(NO_DATA)."""
    if not any(name in form for name in names):
        raise RongError(NO_DATA, f"One of {', '.join(names)} is required.")


def _decoded(data: bytes) -> Any:
    try:
        return json_body(data)
    except JsonError:
        return None
