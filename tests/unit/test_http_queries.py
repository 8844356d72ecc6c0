"""Queries of requests are read as urllib reads them."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from rcim.http.api import Fault, FaultError
from rcim.http.queries import FIELDS_MAX, query_fields


@pytest.mark.parametrize(
    "query",
    [
        "",
        "a=1&b=2",
        "a=1&a=2",
        "a=&a=2",
        "a",
        "a&b=",
        "=1",
        "a=b=c",
        "a=1;b=2",
        "a+b=c+d",
        "%61=%2A-%5F&a=2",
        "a=%zz%ff%E4%BD%A0",
        "&&a=1&&",
    ],
)
def test_as_urllib(query: str) -> None:
    assert query_fields(query) == {name: values[0] for name, values in parse_qs(query).items()}


def test_too_many_fields() -> None:
    assert len(query_fields("&".join(f"a{i}=1" for i in range(FIELDS_MAX)))) == FIELDS_MAX
    with pytest.raises(FaultError) as raised:
        query_fields("&" * FIELDS_MAX)
    assert raised.value.fault is Fault.MALFORMED
