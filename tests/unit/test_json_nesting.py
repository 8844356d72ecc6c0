"""How deep JSON is nested, whatever it is (GR-13)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcim.rules.json_nesting import nested_deeper

VALUES = st.recursive(
    st.text('[]{}\\"a,') | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}\\"a'), inner, max_size=3),
    max_leaves=20,
)


def depth_of(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


@given(VALUES)
def test_it_is_that_of_the_value(value: object) -> None:
    depth = depth_of(value)
    data = json.dumps(value).encode()
    assert not nested_deeper(data, depth)
    assert depth == 0 or nested_deeper(data, depth - 1)


@pytest.mark.parametrize("end", [b"", b"\\", b"x", b'"', b"\\\\\\"])
def test_a_text_without_an_end_is_looked_at_once(end: bytes) -> None:
    """Looked at again from each of its quotation marks, this would take hours."""
    assert not nested_deeper(b'{"a":"' + b'\\"' * 2_000_000 + end, 10)
