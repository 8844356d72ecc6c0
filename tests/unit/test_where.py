"""The `where` and `sort` of queries over conversations: what is taken, what is refused, and what matches (GR-13)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rcim.base.errors import BAD_QUERY, RcimError
from rcim.rules.where import ID, MEMBERS, Op, parse_sort, parse_where, required, texts_of
from rcim.rules.where_matching import matches
from rcim.rules.where_values import MISSING, Moment, Value, shown, sort_key


class Subject:
    """A conversation with these attributes, members, and those who have muted it."""

    def __init__(self, **values: Any) -> None:
        self.cost = 0.0
        self._members = values.pop("m", [])
        self._muters = values.pop("mu", [])
        self._own = values.pop("own", {})
        self._attributes = values

    def value(self, name: str, path: tuple[str, ...]) -> Value:
        if not path:
            return self._own.get(name, MISSING)
        value: Any = self._attributes
        for part in path:
            value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
        return shown(value)

    def has_member(self, user_id: str) -> bool:
        return user_id in self._members

    def is_muted_by(self, user_id: str) -> bool:
        return user_id in self._muters

    @property
    def member_count(self) -> int | None:
        return len(self._members)


def found(where: Any, **values: Any) -> bool:
    return matches(parse_where(json.dumps(where)), Subject(**values))


YES: list[tuple[Any, dict[str, Any]]] = [
    ({}, {}),
    ({"a": 1}, {"a": 1}),
    ({"a": 1.0}, {"a": 1}),
    ({"a": None}, {}),
    ({"a": None}, {"a": None}),
    ({"a": "x"}, {"a": ["y", "x"]}),
    ({"a": ["y", "x"]}, {"a": ["y", "x"]}),
    ({"attr.a.b": "x"}, {"a": {"b": "x"}}),
    ({"a.b": {"$exists": True}}, {"a": {"b": None}}),
    ({"a.b.c": {"$exists": False}}, {"a": {"b": "text"}}),
    ({"a": {"$lt": 2}}, {"a": 1}),
    ({"a": {"$lte": 2, "$gte": 2}}, {"a": 2}),
    ({"a": {"$gt": "a"}}, {"a": "b"}),
    ({"a": {"$gt": 5}}, {"a": [1, 6]}),
    ({"a": 10**30}, {"a": 1e30}),
    ({"a": {"$lt": 10**400}}, {"a": 1e300}),
    ({"a": {"$ne": 2}}, {"a": 1}),
    ({"a": {"$ne": 2}}, {}),
    ({"a": {"$in": [1, "x"]}}, {"a": "x"}),
    ({"a": {"$nin": [1, "x"]}}, {"a": "y"}),
    ({"a": {"$nin": [1]}}, {}),
    ({"a": {"$all": [1, 2]}}, {"a": [2, 3, 1]}),
    ({"a": {"$size": 2}}, {"a": [1, 2]}),
    ({"a": {"$regex": "^ab"}}, {"a": "abc"}),
    ({"a": {"$regex": "^AB", "$options": "i"}}, {"a": "abc"}),
    ({"a": {"$regex": "^b", "$options": "m"}}, {"a": "a\nb"}),
    ({"a": {"$regex": r"\Qa.b\E"}}, {"a": "xa.by"}),
    ({"a": {"$regex": "b"}}, {"a": ["a", "b"]}),
    ({"$or": [{"a": 1}, {"b": 2}]}, {"b": 2}),
    ({"$and": [{"a": {"$gt": 0}}, {"a": {"$lt": 2}}]}, {"a": 1}),
    ({"a": {"x": 1}}, {"a": {"x": 1}}),
    (
        {"a": {"$gt": {"__type": "Date", "iso": "2026-01-01T00:00:00.000Z"}}},
        {"a": {"__type": "Date", "iso": "2026-02-01T00:00:00Z"}},
    ),
    (
        {"lm": {"$lte": {"__type": "Date", "iso": "1970-01-01T00:00:01Z"}}},
        {"own": {"lm": Moment(1000)}},
    ),
    ({"m": "bob"}, {"m": ["alice", "bob"]}),
    ({"m": {"$all": ["alice", "bob"], "$size": 2}}, {"m": ["bob", "alice"]}),
    ({"m": ["bob", "alice"]}, {"m": ["alice", "bob"]}),
    ({"m": {"$in": ["zoe", "bob"]}}, {"m": ["alice", "bob"]}),
    ({"m": {"$nin": ["zoe"]}}, {"m": ["alice", "bob"]}),
    ({"m": {"$exists": True}}, {}),
    ({"mu": "bob"}, {"mu": ["bob"]}),
    ({"mu": {"$ne": "bob"}}, {}),
    ({"name": {"$regex": "lob"}}, {"own": {"name": "the lobby"}}),
]
NO: list[tuple[Any, dict[str, Any]]] = [
    ({"a": 1}, {"a": True}),
    ({"a": True}, {"a": 1}),
    ({"a": 1}, {"a": "1"}),
    ({"a": 1}, {}),
    ({"a": {"$lt": 2}}, {"a": "1"}),
    ({"a": {"$lt": 2}}, {}),
    ({"a": {"$lt": 2}}, {"a": True}),
    ({"a": {"$ne": "x"}}, {"a": ["y", "x"]}),
    ({"a": {"$all": []}}, {"a": []}),
    ({"a": {"$all": [1, 4]}}, {"a": [2, 3, 1]}),
    ({"a": {"$in": []}}, {"a": 1}),
    ({"a": {"$size": 1}}, {"a": "x"}),
    ({"a": {"$exists": True}}, {}),
    ({"a": {"$regex": "^b"}}, {"a": "ab"}),
    ({"a": {"$regex": "1"}}, {"a": 1}),
    ({"a": {"$regex": r"\Qa.b\E"}}, {"a": "axb"}),
    ({"$or": [{"a": 1}, {"b": 2}]}, {"a": 2, "b": 1}),
    ({"a": 1, "b": 2}, {"a": 1}),
    ({"m": {"$all": ["alice", "bob"], "$size": 2}}, {"m": ["bob", "alice", "carol"]}),
    ({"m": ["alice"]}, {"m": ["alice", "bob"]}),
    ({"m": ["alice", "alice"]}, {"m": ["alice", "bob"]}),
    ({"m": {"$ne": "bob"}}, {"m": ["alice", "bob"]}),
    ({"m": {"$exists": False}}, {}),
    ({"mu": {"$nin": ["bob"]}}, {"mu": ["bob"]}),
]


@pytest.mark.parametrize(("where", "values"), YES, ids=str)
def test_it_matches(where: Any, values: dict[str, Any]) -> None:
    assert found(where, **values)


@pytest.mark.parametrize(("where", "values"), NO, ids=str)
def test_it_does_not_match(where: Any, values: dict[str, Any]) -> None:
    assert not found(where, **values)


DEEP: Any = 1
for _ in range(50):
    DEEP = {"$and": [{"a": DEEP}]}
REFUSED: list[tuple[str, str]] = [
    ("{", "no JSON"),
    ("[]", "must be a JSON object"),
    ("null", "must be a JSON object"),
    (json.dumps(DEEP), "nested"),
    ('{"a":' + "[" * 4000 + "]" * 4000 + "}", "nested"),
    ('{"a":"' + "x" * 8200 + '"}', "8192 bytes"),
    ('{"a":"' + "x" * 1100 + '"}', "a value must be"),
    (json.dumps({f"a{n}": 1 for n in range(101)}), "100 conditions"),
    (json.dumps({"a": {"$in": list(range(201))}}), "200 values"),
    (json.dumps({f"a{n}": {"$regex": "x"} for n in range(11)}), "10 regular"),
    (json.dumps({"$and": [{}] * 201}), "200 objects"),
    (json.dumps({"$or": [{"$and": [{}] * 100}] * 2}), "200 objects"),
    (json.dumps({"a": {"$regex": r"\pL" * 11}}), "10 classes"),
    (json.dumps({"a": {"$regex": r"\p{Cc}" * 6}, "b": {"$regex": r"\p{Cc}" * 5}}), "10 classes"),
    ('{"a":{"$near":1}}', "where.a.$near: is not an operator"),
    ('{"$nor":[{"a":1}]}', "$nor is not an operator"),
    ('{"a":{"$gt":1,"b":2}}', "where.a.b: is not an operator"),
    ('{"$or":[]}', "where.$or: must be a list"),
    ('{"$and":{"a":1}}', "must be a list"),
    ('{"$or":[1]}', "must be a list"),
    ('{"a":{"$in":1}}', "must be a list"),
    ('{"a":{"$size":-1}}', "whole number"),
    ('{"a":{"$size":true}}', "whole number"),
    ('{"a":{"$exists":1}}', "true or false"),
    ('{"a":{"$lt":[1]}}', "a number, a text or a date"),
    ('{"a":{"$lt":true}}', "a number, a text or a date"),
    ('{"a":{"$regex":1}}', "must be a text"),
    ('{"a":{"$regex":"(a"}}', "missing )"),
    ('{"a":{"$regex":"(?=a)"}}', "(?="),
    ('{"a":{"$regex":"(a)\\\\1"}}', "invalid escape"),
    ('{"a":{"$regex":"a","$options":"x"}}', "$options"),
    ('{"a":{"$options":"i"}}', "$options needs $regex"),
    ('{"a":{"$regex":"(\\\\p{L}{50}){20}"}}', ""),
    ('{"a":{"$gt":{"__type":"Date","iso":"soon"}}}', "not a date"),
    ('{"a":{"__type":"Date"}}', "must be a date"),
    ('{"a..b":1}', "names with dots"),
    ('{"":1}', "names with dots"),
    ('{"m":{"$regex":"a"}}', "can't be asked of m"),
    ('{"m":1}', "user ids"),
    ('{"mu":["a"]}', "one user id"),
    ('{"mu":{"$size":1}}', "can't be asked of mu"),
]


@pytest.mark.parametrize(("text", "says"), REFUSED, ids=lambda one: str(one)[:40])
def test_it_is_refused_and_says_where(text: str, says: str) -> None:
    with pytest.raises(RcimError) as refusal:
        parse_where(text)
    assert refusal.value.code is BAD_QUERY
    assert says in refusal.value.detail


def test_brackets_within_texts_are_not_nesting() -> None:
    assert found({"a": "[" * 100 + '"{'}, a="[" * 100 + '"{')


def test_an_expression_that_explodes_elsewhere_costs_what_its_text_is_long() -> None:
    subject = Subject(a="a" * 1000 + "b")
    assert not matches(parse_where(json.dumps({"a": {"$regex": "^(a+)+$"}})), subject)
    assert subject.cost < 10


def many(condition: Any, count: int) -> Any:
    """A `where` in which this is asked so often, of `a`, and never holds."""
    return {"$or": [{"a": condition}] * count}


@pytest.mark.parametrize(
    ("where", "value", "least"),
    [
        (many({"$eq": {"k": [1] * 450}}, 8), [{"k": [1] * 450 + [0]}] * 8, 500),
        (many({"$eq": {"k": [1] * 450}}, 8), {"k": [1] * 450 + [0]}, 50),
        (many([1] * 450, 8), [[1] * 450 + [0]] * 8, 500),
        (many({"$regex": "(a|b)*z"}, 10), ["x"] * 100, 200),
        (many({"$nin": list(range(20))}, 10), list(range(100)), 400),
        (many(5, 100), 3, 15),
        ({"$and": [{}] * 199 + [{"a": 5}]}, 3, 15),
        (many({"$regex": "z"}, 10), ["x"] * 20, 30),
    ],
)
def test_what_takes_long_costs_more(where: Any, value: Any, least: int) -> None:
    """In conversations looked at, 10 µs each: a step of a query ends by it."""
    subject = Subject(a=value)
    assert not matches(parse_where(json.dumps(where, separators=(",", ":"))), subject)
    assert subject.cost >= least


def test_only_the_beginning_of_a_text_is_looked_at_by_an_expression() -> None:
    assert not found({"a": {"$regex": "b"}}, a="a" * 1024 + "b")
    assert found({"a": {"$regex": "b"}}, a="a" * 1023 + "b")


def test_of_an_array_the_first_items_count() -> None:
    assert found({"a": 99}, a=list(range(200)))
    assert not found({"a": 100}, a=list(range(200)))
    assert found({"a": {"$size": 200}}, a=list(range(200)))


def test_what_must_hold_in_any_case() -> None:
    where = parse_where(
        '{"$and":[{"objectId":{"$in":["a","b"]}},{"$or":[{"m":"x"},{"m":"y"}]}],"m":{"$all":["p","q"]},"$or":[{"m":"r"}]}'
    )
    (ids,) = required(where, ID, frozenset({Op.EQ, Op.IN}))
    assert texts_of(ids) == ["a", "b"]
    members = required(where, MEMBERS, frozenset({Op.EQ, Op.ALL}))
    assert [texts_of(one) for one in members] == [["p", "q"], ["r"]], "not what only one branch of two asks"


def test_sorting() -> None:
    (first, second) = parse_sort("-lm, attr.rank")
    assert (first.name, first.descending) == ("lm", True)
    assert (second.path, second.descending) == (("rank",), False)
    assert parse_sort("") == ()
    for bad in ("a,b,c,d,e", "m", "-mu", "$a", "a,,b"):
        with pytest.raises(RcimError) as refusal:
            parse_sort(bad)
        assert refusal.value.code is BAD_QUERY
    values: list[Value] = [{"x": Moment(1)}, Moment(5), True, "b", "a", 3, 1.5, MISSING]
    assert sorted(values, key=sort_key) == [MISSING, 1.5, 3, "a", "b", True, Moment(5), {"x": Moment(1)}]
