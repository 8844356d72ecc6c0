"""Reads the query of a request."""

from __future__ import annotations

from urllib.parse import unquote

from rcim.http.api import Fault, FaultError

FIELDS_MAX = 50
"""Fields of a query: several times what any API has."""


def query_fields(query: str) -> dict[str, str]:
    """The fields by name; of a name that is there several times, the first value that is not empty. Bytes that are no
    UTF-8 are replaced. Raises FaultError(MALFORMED)."""
    if query.count("&") >= FIELDS_MAX:
        raise FaultError(Fault.MALFORMED, f"the query has more than {FIELDS_MAX} fields")
    found: dict[str, str] = {}
    for field in query.split("&"):
        name, _, value = field.partition("=")
        if value:
            found.setdefault(_decoded(name), _decoded(value))
    return found


def _decoded(text: str) -> str:
    return unquote(text.replace("+", " ")) if "%" in text or "+" in text else text
