"""Custom fields of groups, members and users (GR-06, AB-05): which keys there are, who may read and write each.

A rule is written `key read write`, and may end with `self_read` and `self_write`: `Level anyone app_admin`. The words are
those of Who: anyone, member, admin, owner, app_admin. Several are parted by commas. Reading and writing are independent:
`Report app_admin member` is written by members and read by the app alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rcim.base.errors import BAD_PARAMETER, NOT_PERMITTED, RcimError
from rcim.rules.roles import Standing

KEY = re.compile(r"[A-Za-z0-9_]{1,16}\Z")
GROUP_FIELDS_MAX, MEMBER_FIELDS_MAX, USER_FIELDS_MAX = 20, 5, 20
GROUP_VALUE_BYTES_MAX, MEMBER_VALUE_BYTES_MAX, USER_VALUE_BYTES_MAX = 512, 64, 512

WORDS = {who.name.lower(): who for who in Standing if who not in (Standing.GUEST, Standing.NOBODY)}

Pair = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One key. `self_read` and `self_write`: a member (a user) may do so with its own, whatever its role."""

    key: str
    read: Standing
    write: Standing
    self_read: bool = False
    self_write: bool = False

    def text(self) -> str:
        """The rule as it is written."""
        more = [name for name in ("self_read", "self_write") if getattr(self, name)]
        return " ".join([self.key, self.read.name.lower(), self.write.name.lower(), *more])


def parse(text: str, most: int) -> tuple[FieldRule, ...]:
    """The rules that `text` says, at most `most`. Raises ValueError that says what is wrong."""
    rules: dict[str, FieldRule] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        rule = _parse_one(part)
        if rule.key in rules:
            raise ValueError(f"{rule.key} is there twice")
        rules[rule.key] = rule
    if len(rules) > most:
        raise ValueError(f"{len(rules)} fields, at most {most}")
    return tuple(rules.values())


def _parse_one(text: str) -> FieldRule:
    key, *words = text.split()
    if not KEY.match(key):
        raise ValueError(f"{key!r}: a key is 1 to 16 of A-Z, a-z, 0-9 and _")
    if len(words) < 2 or not set(words[:2]) <= WORDS.keys() or not set(words[2:]) <= {"self_read", "self_write"}:
        raise ValueError(f"{text!r}: has to be `key read write`, each of {', '.join(WORDS)}")
    return FieldRule(
        key=key,
        read=WORDS[words[0]],
        write=WORDS[words[1]],
        self_read="self_read" in words,
        self_write="self_write" in words,
    )


def readable(
    rules: Iterable[FieldRule], values: Mapping[str, bytes], who: Standing, own: bool = False
) -> tuple[Pair, ...]:
    """Those of `values` that `who` may read, in the order of the rules; `own`: they are the reader's."""
    return tuple(
        (rule.key, values[rule.key])
        for rule in rules
        if rule.key in values and (who >= rule.read or (own and rule.self_read))
    )


def written(
    rules: Iterable[FieldRule],
    values: Mapping[str, bytes],
    changes: Iterable[Pair],
    who: Standing,
    bytes_max: int,
    own: bool = False,
) -> dict[str, bytes]:
    """`values` with `changes` in them; an empty value removes. Raises RcimError(BAD_PARAMETER or NOT_PERMITTED)."""
    known = {rule.key: rule for rule in rules}
    made = dict(values)
    for key, value in changes:
        rule = known.get(key)
        if rule is None:
            raise RcimError(BAD_PARAMETER, f"custom field {key!r}: no such field")
        if who < rule.write and not (own and rule.self_write):
            raise RcimError(NOT_PERMITTED, f"custom field {key}: writing it needs {rule.write.name}")
        if len(value) > bytes_max:
            raise RcimError(BAD_PARAMETER, f"custom field {key}: {len(value)} bytes, must be at most {bytes_max}")
        if value:
            made[key] = value
        else:
            made.pop(key, None)
    return made
