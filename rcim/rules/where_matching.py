"""Whether a conversation matches a query: the conditions of where.py, checked one by one."""

from __future__ import annotations

from typing import Protocol

from rcim.rules.where import MEMBERS, MUTERS, Condition, Group, Op, texts_of
from rcim.rules.where_values import ITEMS_MAX, MISSING, Missing, Value, compared, equal, one_by_one

PATTERN_CHARS_MAX = 1024
"""Of a text, a regular expression looks at so many characters."""
NAMED_COST = 8
"""Users looked for that cost as much as to look at a conversation."""
COMPARED_COST = 40
"""Values compared that cost as much as to look at a conversation: 10 µs."""
PATTERN_COST = 4096
"""Characters times instructions that cost as much as to look at a conversation: 10 µs."""
CONDITION_COST = SEARCH_COST = 0.2
"""Of a condition, and of a regular expression and a text, however short they are."""


class Subject(Protocol):
    """A conversation, as the asking user may know it."""

    cost: float
    """What was done for it, in conversations looked at; whoever asks it adds to it."""

    def value(self, name: str, path: tuple[str, ...]) -> Value:
        """What it has under the name, which is not `m` or `mu`; MISSING if it has nothing there."""

    def has_member(self, user_id: str) -> bool:
        """True if the asking user may know that this user is a member."""

    def is_muted_by(self, user_id: str) -> bool:
        """True if the asking user may know that this user has muted it."""

    @property
    def member_count(self) -> int | None:
        """How many members it has; None if the asking user may not know."""


def matches(group: Group, subject: Subject) -> bool:
    """True if the conversation matches all conditions."""
    subject.cost += CONDITION_COST
    outcomes = (matches(part, subject) if isinstance(part, Group) else _holds(part, subject) for part in group.parts)
    return any(outcomes) if group.any_of else all(outcomes)


def _holds(condition: Condition, subject: Subject) -> bool:
    if condition.name == MEMBERS:
        return _of_members(condition, subject)
    if condition.name == MUTERS:
        named = texts_of(condition)
        subject.cost += len(named) / NAMED_COST
        return _among(condition.op, [subject.is_muted_by(user_id) for user_id in named])
    return _of_value(condition, subject.value(condition.name, condition.path), subject)


def _of_members(condition: Condition, subject: Subject) -> bool:
    op, named = condition.op, texts_of(condition)
    if op is Op.EXISTS:
        return condition.value is True
    if op is Op.SIZE:
        return subject.member_count == condition.value
    subject.cost += len(named) / NAMED_COST
    found = [subject.has_member(user_id) for user_id in named]
    if op in (Op.EQ, Op.NE) and isinstance(condition.value, list):
        same = subject.member_count == len(set(named)) and all(found)
        return same is (op is Op.EQ)
    return _among(op, found)


def _among(op: Op, found: list[bool]) -> bool:
    """What is so of users of whom `found` says whether they are in a set."""
    if op is Op.ALL:
        return bool(found) and all(found)
    return any(found) is (op in (Op.EQ, Op.IN))


def _of_value(condition: Condition, value: Value, subject: Subject) -> bool:
    wanted = condition.value
    items = 1 + min(len(value), ITEMS_MAX) if isinstance(value, list) else 1
    subject.cost += CONDITION_COST + items * condition.weight / COMPARED_COST
    match condition.op:
        case Op.EXISTS:
            return isinstance(value, Missing) is not wanted
        case Op.EQ:
            return _is(value, wanted)
        case Op.NE:
            return not _is(value, wanted)
        case Op.IN | Op.NIN:
            assert isinstance(wanted, list)
            return any(_is(value, one) for one in wanted) is (condition.op is Op.IN)
        case Op.ALL:
            assert isinstance(wanted, list)
            return bool(wanted) and all(_is(value, one) for one in wanted)
        case Op.SIZE:
            return isinstance(value, list) and len(value) == wanted
        case Op.REGEX:
            return _has_text(condition, value, subject)
    return any(_is_in_order(condition.op, compared(one, wanted)) for one in one_by_one(value))


def _is(value: Value, wanted: Value) -> bool:
    """Equality; an array is also equal to each of its items, and nothing to null."""
    if wanted is None and value is MISSING:
        return True
    return any(equal(one, wanted) for one in one_by_one(value))


def _is_in_order(op: Op, order: int | None) -> bool:
    if order is None:
        return False
    return {Op.LT: order < 0, Op.LTE: order <= 0, Op.GT: order > 0, Op.GTE: order >= 0}[op]


def _has_text(condition: Condition, value: Value, subject: Subject) -> bool:
    for one in one_by_one(value):
        if isinstance(one, str):
            text = one[:PATTERN_CHARS_MAX]
            subject.cost += SEARCH_COST + len(text) * condition.pattern.programsize / PATTERN_COST
            if condition.pattern.search(text) is not None:
                return True
    return False
