"""JSON of bodies: bounded in nesting and in objects, whatever it is (AB-02)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcim.http.json_bodies import CONTAINERS_MAX, DEPTH_MAX, JsonError, json_body

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_it_is_what_json_says(value: object) -> None:
    assert json_body(json.dumps(value).encode()) == value


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\\1a ', max_size=60).map(str.encode))
def test_anything_else_is_refused(body: bytes) -> None:
    try:
        found = json_body(body)
    except JsonError:
        return
    assert json.loads(body) == found


@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_is_bounded(begin: bytes, end: bytes) -> None:
    assert json_body(begin * DEPTH_MAX + b"1" + end * DEPTH_MAX) != 1
    for deeper in (DEPTH_MAX + 1, 1000, 100_000):
        with pytest.raises(JsonError, match=r"deep|objects and arrays"):
            json_body(begin * deeper + b"1" + end * deeper)


def test_objects_and_arrays_are_bounded_and_brackets_in_strings_are_none() -> None:
    most = b"[" + b",".join([b"[]"] * (CONTAINERS_MAX - 1)) + b"]"
    assert len(json_body(most)) == CONTAINERS_MAX - 1  # type: ignore[arg-type]
    with pytest.raises(JsonError, match="objects and arrays"):
        json_body(b"[" + most + b"]")
    text = "[{" * CONTAINERS_MAX
    assert json_body(json.dumps([text]).encode()) == [text]


def test_two_readings_of_a_key() -> None:
    assert json_body(b'{"a":1,"a":2}') == {"a": 2}
