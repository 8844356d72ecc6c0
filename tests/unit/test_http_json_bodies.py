"""JSON of bodies: bounded in nesting and in objects, whatever it is (AB-02)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcim.http.json_bodies import (
    DEPTH_MAX,
    DIGITS_MAX,
    FRACTIONS_MAX,
    PIECE_BYTES,
    SMALL_BYTES,
    VALUES_MAX,
    JsonError,
    json_body,
    json_steps,
)
from rcim.http.steps import at_once

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


@given(VALUES, st.integers(0, 3))
def test_a_large_body_is_what_json_says(value: object, shift: int) -> None:
    """Its strings are looked for in pieces, which cut it anywhere."""
    for unit in ("\\\\", '\\"', "\\\\\\n", "[{,:", "x"):
        filler = unit * (PIECE_BYTES // len(unit))
        body = b"%s[" % (b" " * shift) + f'"{filler}",{json.dumps([value] * 3)}]'.encode()
        assert json_body(body) == json.loads(body)


@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_is_bounded(begin: bytes, end: bytes) -> None:
    for inner in (b"1", begin + end.replace(b"}", b"1}")):
        most = DEPTH_MAX - (inner != b"1")
        assert json_body(begin * most + inner + end * most) != 1
        for deeper in (most + 1, 500, 1500, 100_000):
            with pytest.raises(JsonError, match=r"deep|values|not JSON"):
                json_body(begin * deeper + inner + end * deeper)


@pytest.mark.parametrize("one", ["[]", "{}", '{"a":1}', "1", '""', '"[{,"', r'"\\\",\""', "null", "true"])
def test_values_are_bounded_and_what_stands_in_strings_is_none(one: str) -> None:
    each = 1 + ("[" in one or "{" in one) if not one.startswith('"') else 1
    most = "[" + ",".join([one] * (VALUES_MAX // each)) + "]"
    assert json_body(most.encode()) == json.loads(most)
    with pytest.raises(JsonError, match="values"):
        json_body(f"[[],[],{most}]".encode())
    text = "[{," * VALUES_MAX
    assert json_body(json.dumps([text]).encode()) == [text]


@pytest.mark.parametrize("number", ["1.5", "1e5", "-1E-5", "2.2250738585072011e-308", "0.1"])
def test_fractions_and_exponents_are_bounded(number: str) -> None:
    each = 1 + ("." in number and "e" in number)
    most = ",".join([number] * (FRACTIONS_MAX // each))
    assert json_body(f'[{most},true,false,"1.5e3{"." * SMALL_BYTES}"]'.encode())[0] == float(number)  # type: ignore[index]
    with pytest.raises(JsonError, match="fractions and exponents"):
        json_body(f'[{most},{number},{number},"{"x" * SMALL_BYTES}"]'.encode())


def test_the_digits_of_a_number_are_bounded() -> None:
    space = " " * SMALL_BYTES
    most = "9" * DIGITS_MAX
    assert json_body(f'{space}[{most}, -{most}, "{most}9"]'.encode()) == [int(most), -int(most), most + "9"]
    for wrong in ("9" + most, "-1" + most, "0." + most + "1"):
        with pytest.raises(JsonError, match="digits"):
            json_body(f"{space}[{wrong}]".encode())


def test_a_large_body_is_read_in_steps() -> None:
    body = json.dumps(["x" * PIECE_BYTES * 5, 1]).encode()
    assert len(list(json_steps(body))) >= 6, "a pause after each piece, and before and after decoding"


def test_two_readings_of_a_key() -> None:
    assert json_body(b'{"a":1,"a":2}') == {"a": 2}
    with pytest.raises(JsonError, match="the name 'a' stands twice"):
        at_once(json_steps(b'{"a":1,"a":2}', unique=True))
