"""Attributes of conversations: one JSON object, whole or by dotted keys (GR-13)."""

from __future__ import annotations

import json

import pytest

from rcim.base.errors import RcimError
from rcim.rules.custom_attributes import BYTES_MAX, NESTING_MAX, canonical, changed, checked_changes


def code_of(call: object, *args: object) -> str:
    with pytest.raises(RcimError) as error:
        call(*args)  # type: ignore[operator]
    return error.value.code.name


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


def test_it_is_kept_without_spaces_and_in_order() -> None:
    assert canonical(b' {"b": 1, "a": {"y": [1, 2.5], "x": null}} ') == b'{"a":{"x":null,"y":[1,2.5]},"b":1}'
    assert canonical(b"{ }") == b""
    assert canonical('{"名": "\\u4f60"}'.encode()) == '{"名":"你"}'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'"a"',
        b"1",
        b"null",
        b'{"a":NaN}',
        b'{"a":1e999}',
        b"\xff",
        b'{"a":"\xff"}',
        b"{}{}",
        b"{'a':1}",
    ],
)
def test_what_is_no_object_is_refused(data: bytes) -> None:
    assert code_of(canonical, data) == "BAD_ATTRIBUTES"


def test_large_numbers() -> None:
    kept = b'{"a":9223372036854775807,"b":-9223372036854775808}'
    assert canonical(kept) == kept
    assert canonical(b'{"a":9223372036854775808,"b":[-1e5,{"c":-9223372036854775809}]}') == (
        b'{"a":9.223372036854776e18,"b":[-100000.0,{"c":-9.223372036854776e18}]}'
    )
    assert json.loads(canonical(b'{"a":1' + b"0" * 300 + b"}")) == {"a": 1e300}
    assert code_of(canonical, b'{"a":1' + b"0" * 400 + b"}") == "BAD_ATTRIBUTES"
    assert code_of(checked_changes, [("a", b"1" + b"0" * 400)]) == "BAD_ATTRIBUTES"
    (change,) = checked_changes([("a", b"1" + b"0" * 30)])
    assert json.loads(changed(b"", [change])) == {"a": 1e30}
    assert canonical(b'{"a":"' + b"1" * 30 + b'"}') == b'{"a":"' + b"1" * 30 + b'"}'


def test_nesting() -> None:
    assert canonical(nested(NESTING_MAX)) == nested(NESTING_MAX)
    assert code_of(canonical, nested(NESTING_MAX + 1)) == "BAD_ATTRIBUTES"
    assert code_of(canonical, b'{"a":' + b"[" * 8000 + b"]" * 8000 + b"}") == "BAD_ATTRIBUTES"
    assert canonical(b'{"a":"[[[[[[[[[[[[\\"[{"}') == b'{"a":"[[[[[[[[[[[[\\"[{"}'  # brackets in a text are none


def test_size_is_that_of_what_is_kept() -> None:
    fits = json.dumps({"a": "x" * (BYTES_MAX - 8)}).encode()
    assert len(canonical(fits)) == BYTES_MAX
    assert code_of(canonical, json.dumps({"a": "x" * (BYTES_MAX - 7)}).encode()) == "ATTRIBUTES_TOO_LARGE"
    assert canonical(b'{"a":' + b" " * 12_000 + b"1}") == b'{"a":1}'


def test_dotted_keys_set_and_remove() -> None:
    made = changed(b"", [("a.b.c", b"1"), ("d", b'"x"')])
    assert json.loads(made) == {"a": {"b": {"c": 1}}, "d": "x"}
    assert json.loads(changed(made, [("a.b.c", b"null"), ("d", b'{"e":true}')])) == {"a": {"b": {}}, "d": {"e": True}}
    assert changed(made, [("a", b"null"), ("d", b"null")]) == b""
    assert changed(made, [("n.o", b"null"), ("a.b.z", b"null")]) == made  # nothing there, nothing made


def test_a_key_does_not_lead_through_what_is_no_object() -> None:
    there = canonical(b'{"a":1,"l":[1]}')
    for path in ("a.b", "l.0"):
        assert code_of(changed, there, [(path, b"2")]) == "ATTRIBUTE_PATH"
        assert code_of(changed, there, [(path, b"null")]) == "ATTRIBUTE_PATH"


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "x" * 256, ".".join("abcdefghijk")])
def test_malformed_keys(path: str) -> None:
    assert code_of(checked_changes, [(path, b"1")]) == "ATTRIBUTE_PATH"


def test_values_of_keys() -> None:
    assert checked_changes([("a.b", b"[1]")]) == (("a.b", b"[1]"),)
    for value in (b"", b"x", b"{", b"\xff"):
        assert code_of(checked_changes, [("a", value)]) == "BAD_ATTRIBUTES"
    assert checked_changes([("a.b.c", nested(7))])
    assert code_of(checked_changes, [("a.b.c", nested(8))]) == "BAD_ATTRIBUTES"  # with its key's objects 11 deep
    assert code_of(changed, canonical(b'{"a":"%s"}' % (b"x" * 8000)), [("b", b'"%s"' % (b"y" * 300))]) == (
        "ATTRIBUTES_TOO_LARGE"
    )
