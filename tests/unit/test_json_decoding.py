"""JSON that others have written: numbers are read by Python, whatever they are (GR-13)."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcim.rules import json_decoding
from rcim.rules.json_decoding import decode_json


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_what_json_says(value: float) -> None:
    for text in (repr(value), f"{value:.30e}"):
        found = decode_json(f"[{text}]")
        assert found == json.loads(f"[{text}]")


@pytest.mark.parametrize("text", ["2.2250738585072011e-308", "9007199254740993.0", "1.2345678901234567890123e-300"])
def test_python_reads_the_numbers_that_are_hard_to_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[float] = []

    class Math:
        @staticmethod
        def isfinite(value: float) -> bool:
            read.append(value)
            return math.isfinite(value)

    made: Any = Math
    monkeypatch.setattr(json_decoding, "math", made)
    assert decode_json(f'{{"a":{text}}}') == {"a": float(text)} and read == [float(text)]


@pytest.mark.parametrize("text", ["1e999", "-1e999", "NaN", "Infinity", "1.", "01", "{", '["\\ud800"]'])
def test_what_is_no_number_or_no_json_is_refused(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_json(text)
