"""The `where` of a query over conversations (GR-13), LeanCloud's: read once, with bounds, into conditions.

1. `{"name": value}` is a condition on one name; several names must all hold. A name is one of the conversation's own
   (OWN), or else one of the app's attributes, by a dotted path; `attr.` before it says so.
2. A condition is a value (equality, or, of an array, being in it) or an object of operators (OPERATORS).
3. `$and` and `$or` have lists of such objects.
4. Regular expressions are those of RE2, which takes time in proportion to the text, whatever the expression.

What is not known is refused with BAD_QUERY, and the text says where. Nothing here is evaluated: where_matching.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NoReturn

import msgspec
import re2

from rcim.base.errors import BAD_QUERY, RcimError
from rcim.rules.json_decoding import decode_json
from rcim.rules.json_nesting import nested_deeper
from rcim.rules.where_values import Moment, Value, read, weight_of

TEXT_BYTES_MAX = 8192
NESTING_MAX = 20
"""Objects and arrays within each other: `$or` within `$and` takes four."""
CONDITIONS_MAX = 100
OBJECTS_MAX = 200
"""Objects of all `$and` and `$or` together."""
VALUES_MAX = 200
"""Values of all conditions together; each item of `$in`, `$nin` and `$all` is one."""
VALUE_BYTES_MAX = 1024
"""Of one value as JSON; of a list of `$in`, `$nin` and `$all` each of its items."""
NAME_BYTES_MAX = 255
PATTERNS_MAX = 10
PATTERN_MEMORY = 1 << 18
"""Bytes that a compiled expression may use: 300 KiB at the most for all that RE2 keeps of one."""
PROGRAM_MAX = 400
"""Instructions of a compiled expression: with a text of a KiB one takes half a millisecond at the most."""
CLASSES_MAX = 10
"""Classes of Unicode characters (`\\p`) of all expressions: reading one takes up to 0.3 ms, also where it is refused."""
SORTS_MAX = 4

MEMBERS, MUTERS, ID = "m", "mu", "objectId"
OWN = frozenset(
    {ID, "name", "type", "c", MEMBERS, MUTERS, "tr", "sys", "temp", "unique", "lm", "createdAt", "updatedAt"}
)
"""Names of what a conversation has by itself (conversation-queries.md)."""
ATTRIBUTES_PREFIX = "attr."


_CLASS = re.compile(r"\\[pP]")


class Op(Enum):
    """What a condition asks of a value."""

    EQ = "$eq"
    NE = "$ne"
    LT = "$lt"
    LTE = "$lte"
    GT = "$gt"
    GTE = "$gte"
    IN = "$in"
    NIN = "$nin"
    ALL = "$all"
    SIZE = "$size"
    EXISTS = "$exists"
    REGEX = "$regex"


OF_USERS = frozenset({Op.EQ, Op.NE, Op.IN, Op.NIN, Op.ALL, Op.SIZE, Op.EXISTS})
"""What may be asked of `m`; of `mu` only whether certain users are in it."""
LISTS = frozenset({Op.IN, Op.NIN, Op.ALL})


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one name. `path` is the way within the attributes; empty for a name of OWN."""

    name: str
    path: tuple[str, ...]
    op: Op
    value: Value
    pattern: Any = None
    """Of REGEX, compiled."""
    weight: int = 1
    """How many values are in `value`, at any depth, and it itself."""


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions all of which must hold, or, with `any_of`, one of which must."""

    parts: tuple[Condition | Group, ...]
    any_of: bool = False


@dataclass(frozen=True, slots=True)
class SortKey:
    """By what conversations are sorted."""

    name: str
    path: tuple[str, ...]
    descending: bool


def bad_query(where: str, text: str) -> NoReturn:
    """Raises RcimError(BAD_QUERY) that says where."""
    raise RcimError(BAD_QUERY, f"{where}: {text}")


def parse_where(text: str) -> Group:
    """The conditions of a `where`; empty text has none. Raises RcimError(BAD_QUERY)."""
    if len(text.encode()) > TEXT_BYTES_MAX:
        bad_query("where", f"must be at most {TEXT_BYTES_MAX} bytes")
    if not text:
        return Group(())
    if nested_deeper(text.encode(), NESTING_MAX):
        bad_query("where", f"nested more than {NESTING_MAX} deep")
    try:
        value: Any = decode_json(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        bad_query("where", f"no JSON: {error}")
    if not isinstance(value, dict):
        bad_query("where", "must be a JSON object")
    return _Reader().group(value, "where")


def parse_sort(text: str) -> tuple[SortKey, ...]:
    """What a query sorts by: names with commas between them, `-` before one for descending. Raises
    RcimError(BAD_QUERY)."""
    if not text:
        return ()
    names = text.split(",")
    if len(names) > SORTS_MAX:
        bad_query("sort", f"{len(names)} names, must be at most {SORTS_MAX}")
    keys = []
    for one in names:
        name, path = _name(one.strip().removeprefix("-"), "sort")
        if name in (MEMBERS, MUTERS):
            bad_query("sort", f"{name} has no order")
        keys.append(SortKey(name, path, one.strip().startswith("-")))
    return tuple(keys)


def required(group: Group, name: str, ops: frozenset[Op]) -> list[Condition]:
    """Conditions with one of `ops` on `name` that must hold in any case."""
    if group.any_of and len(group.parts) != 1:
        return []
    found: list[Condition] = []
    for part in group.parts:
        if isinstance(part, Group):
            found += required(part, name, ops)
        elif part.name == name and not part.path and part.op in ops:
            found.append(part)
    return found


def texts_of(condition: Condition) -> list[str]:
    """The texts that an equality or a list names; no other values."""
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    return [value for value in values if isinstance(value, str)]


def _name(name: str, where: str) -> tuple[str, tuple[str, ...]]:
    """A name of OWN, or `attr` and the path within the attributes."""
    if name in OWN:
        return name, ()
    path = name.removeprefix(ATTRIBUTES_PREFIX)
    if name.startswith("$"):
        bad_query(where, f"{name[:40]} is not an operator that is known")
    parts = tuple(path.split("."))
    if not all(parts) or len(name.encode()) > NAME_BYTES_MAX:
        bad_query(where, f"{name[:40]!r}: must be up to {NAME_BYTES_MAX} bytes, names with dots between them")
    return "attr", parts


class _Reader:
    """Reads one `where`, and counts."""

    def __init__(self) -> None:
        self._conditions = self._objects = self._values = self._patterns = self._classes = 0

    def group(self, value: Mapping[str, Any], where: str) -> Group:
        """All conditions of one object."""
        parts: list[Condition | Group] = []
        for key, inner in value.items():
            at = f"{where}.{key[:40]}"
            if key in ("$and", "$or"):
                if not isinstance(inner, list) or not inner or not all(isinstance(one, dict) for one in inner):
                    bad_query(at, "must be a list of objects that is not empty")
                self._objects += len(inner)
                if self._objects > OBJECTS_MAX:
                    bad_query(at, f"more than {OBJECTS_MAX} objects in lists")
                groups = tuple(self.group(one, f"{at}[{n}]") for n, one in enumerate(inner))
                parts.append(Group(groups, any_of=key == "$or"))
            else:
                parts += self._of_name(key, inner, at)
        return Group(tuple(parts))

    def _of_name(self, key: str, value: Any, at: str) -> list[Condition]:
        name, path = _name(key, at)
        is_operators = isinstance(value, dict) and any(one.startswith("$") for one in value)
        operators: Mapping[str, Any] = value if is_operators else {Op.EQ.value: value}
        options = operators.get("$options", "")
        if "$options" in operators and Op.REGEX.value not in operators:
            bad_query(at, "$options needs $regex")
        found = []
        for operator, wanted in operators.items():
            if operator == "$options":
                continue
            inner = f"{at}.{operator[:40]}" if is_operators else at
            try:
                op = Op(operator)
            except ValueError:
                bad_query(inner, "is not an operator that is known")
            self._count(inner, len(wanted) if op in LISTS and isinstance(wanted, list) else 1)
            condition = self._condition(name, path, op, wanted, inner, options)
            _check_users(condition, inner)
            found.append(condition)
        return found

    def _count(self, at: str, values: int) -> None:
        self._conditions += 1
        self._values += values
        if self._conditions > CONDITIONS_MAX:
            bad_query(at, f"more than {CONDITIONS_MAX} conditions")
        if self._values > VALUES_MAX:
            bad_query(at, f"more than {VALUES_MAX} values")

    def _condition(self, name: str, path: tuple[str, ...], op: Op, wanted: Any, at: str, options: Any) -> Condition:
        if op in LISTS and not isinstance(wanted, list):
            bad_query(at, "must be a list")
        for one in wanted if op in LISTS else [wanted]:
            if len(msgspec.json.encode(one)) > VALUE_BYTES_MAX:
                bad_query(at, f"a value must be at most {VALUE_BYTES_MAX} bytes")
        try:
            value = read(wanted)
        except ValueError as error:
            bad_query(at, str(error))
        if op in _SHAPES and not _SHAPES[op][0](value):
            bad_query(at, f"must be {_SHAPES[op][1]}")
        pattern = self._pattern(wanted, options, at) if op is Op.REGEX else None
        return Condition(name, path, op, value, pattern, weight_of(value))

    def _pattern(self, text: str, options: Any, at: str) -> Any:
        self._patterns += 1
        if self._patterns > PATTERNS_MAX:
            bad_query(at, f"more than {PATTERNS_MAX} regular expressions")
        self._classes += len(_CLASS.findall(text))
        if self._classes > CLASSES_MAX:
            bad_query(at, f"more than {CLASSES_MAX} classes of Unicode characters")
        if not isinstance(options, str) or not set(options) <= set("ims"):
            bad_query(at, "$options: must be of i, m and s")
        flags = "".join(sorted(set(options)))
        settings = re2.Options()
        settings.max_mem = PATTERN_MEMORY
        settings.log_errors = False
        try:
            pattern = re2.compile(f"(?{flags}){text}" if flags else text, settings)
        except (re2.error, UnicodeError) as error:
            said = error.args[0] if error.args else b""
            bad_query(at, said.decode(errors="replace") if isinstance(said, bytes) else str(said))
        if pattern.programsize > PROGRAM_MAX:
            bad_query(at, "the regular expression is too large")
        return pattern


def _is_whole_number(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_ordered(value: Value) -> bool:
    return isinstance(value, str | int | float | Moment) and not isinstance(value, bool)


_ORDERED = (_is_ordered, "a number, a text or a date")
_SHAPES: dict[Op, tuple[Callable[[Value], bool], str]] = {
    Op.LT: _ORDERED,
    Op.LTE: _ORDERED,
    Op.GT: _ORDERED,
    Op.GTE: _ORDERED,
    Op.SIZE: (_is_whole_number, "a whole number"),
    Op.EXISTS: (lambda value: isinstance(value, bool), "true or false"),
    Op.REGEX: (lambda value: isinstance(value, str), "a text"),
}


def _check_users(condition: Condition, at: str) -> None:
    """`m` and `mu` are sets of users, which are looked up one by one."""
    name, op, value = condition.name, condition.op, condition.value
    if name not in (MEMBERS, MUTERS):
        return
    if op not in OF_USERS or (name == MUTERS and op in (Op.SIZE, Op.EXISTS)):
        bad_query(at, f"{op.value} can't be asked of {name}")
    if op in (Op.SIZE, Op.EXISTS):
        return
    if name == MUTERS and op in (Op.EQ, Op.NE) and isinstance(value, list):
        bad_query(at, "must be one user id")
    named = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in named):
        bad_query(at, "must be user ids")
