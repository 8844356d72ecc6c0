"""Reads the fields of a request's JSON object. What is missing or wrong is refused with the code of the family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from rcim.adapters.tencent.codes import ACCOUNT_NOT_TEXT, TencentError

Json = dict[str, Any]
T = TypeVar("T")
D = TypeVar("D")
U32_MAX = (1 << 32) - 1
DIGITS_MAX = 20
"""Digits of a number in a string: those of the largest of 64 bits."""


class Fields:
    """A JSON object, read field by field. `wrong` is the code for what is not as it has to be, `codes` has those of
    fields with a code of their own."""

    def __init__(self, found: Json, wrong: int, place: str = "", codes: Mapping[str, int] | None = None) -> None:
        self._found = found
        self._wrong = wrong
        self._place = place
        self._codes = codes or {}

    def __contains__(self, name: str) -> bool:
        return self._found.get(name) is not None

    def refuse(self, name: str, rule: str, code: int = 0) -> TencentError:
        """The error for this field, with its own code, the family's, or another."""
        known = self._codes.get(name.partition("[")[0], self._wrong)
        return TencentError(code or known, f"{self._place}{name} {rule}")

    def raw(self, name: str) -> Any:
        """The value as JSON has it; None if it is missing or null."""
        return self._found.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without a default it has to be there. Raises TencentError."""
        return self._one(name, default, str, "has to be a string")

    def account(self, name: str, default: str | None = None) -> str:
        """A user id. Raises TencentError; the vendor has a code of its own for a number in its place."""
        found = self.raw(name)
        if isinstance(found, int | float):
            raise self.refuse(name, "has to be a string", self._codes.get(name, ACCOUNT_NOT_TEXT))
        return self.text(name, default)

    def number(self, name: str, default: int | None = None, most: int = U32_MAX) -> int:
        """A whole number from 0 to `most`. Raises TencentError."""
        found = self._one(name, default, int, "has to be a whole number")
        if not 0 <= found <= most or isinstance(found, bool):
            raise self.refuse(name, f"has to be a whole number from 0 to {most}")
        return found

    def number_or_text(self, name: str, default: int | None = None, most: int = U32_MAX) -> int:
        """As `number`, for fields that the vendor documents as strings of digits. Raises TencentError."""
        found = self.raw(name)
        if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) <= DIGITS_MAX:
            return Fields({name: int(found)}, self._wrong, self._place, self._codes).number(name, default, most)
        return self.number(name, default, most)

    def accounts(self, name: str, most: int, least: int = 1, code_of_many: int = 0) -> list[str]:
        """A list of user ids, each once, in their order. Raises TencentError."""
        found = self.rows(name, most, least, code_of_many)
        for at, one in enumerate(found):
            if not isinstance(one, str):
                raise self.refuse(f"{name}[{at}]", "has to be a string", self._codes.get(name, ACCOUNT_NOT_TEXT))
        return list(dict.fromkeys(found))

    def rows(self, name: str, most: int, least: int = 0, code_of_many: int = 0) -> list[Any]:
        """A list of `least` to `most` values of any kind; missing: an empty one. Raises TencentError."""
        found = self._one(name, [], list, "has to be an array")
        if len(found) < least:
            raise self.refuse(name, f"has {len(found)} entries, at least {least}")
        if len(found) > most:
            raise self.refuse(name, f"has {len(found)} entries, at most {most}", code_of_many)
        return found

    def objects(self, name: str, most: int, least: int = 0, code_of_many: int = 0) -> list[Fields]:
        """A list of objects. Raises TencentError."""
        found = self.rows(name, most, least, code_of_many)
        for at, one in enumerate(found):
            if not isinstance(one, dict):
                raise self.refuse(f"{name}[{at}]", "has to be an object")
        return [Fields(one, self._wrong, f"{self._place}{name}[{at}].", self._codes) for at, one in enumerate(found)]

    def within(self, name: str) -> Fields:
        """An object in this one; missing, or an empty array as PHP writes one without fields: an empty one. Raises
        TencentError."""
        found = {} if self.raw(name) == [] else self._one(name, {}, dict, "has to be an object")
        return Fields(found, self._wrong, f"{self._place}{name}.", self._codes)

    def choice(self, name: str, known: Mapping[str, T], default: D) -> T | D:
        """What a text stands for. Raises TencentError."""
        if name not in self:
            return default
        found = self.text(name)
        if found not in known:
            raise self.refuse(name, f"has to be one of {', '.join(known)}")
        return known[found]

    def read(self, name: str, reading: Callable[[Any], T], rule: str) -> T:
        """What `reading` makes of the value. Raises TencentError if it raises ValueError."""
        try:
            return reading(self.raw(name))
        except ValueError:
            raise self.refuse(name, rule) from None

    def _one(self, name: str, default: Any, kind: type[T], rule: str) -> T:
        found = self._found.get(name)
        if found is None:
            if default is None:
                raise self.refuse(name, "is missing")
            found = default
        if not isinstance(found, kind):
            raise self.refuse(name, rule)
        return found
