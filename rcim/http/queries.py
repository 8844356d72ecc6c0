"""Reads the query of a request."""

from __future__ import annotations

from urllib.parse import parse_qs

from rcim.http.api import Fault, FaultError

FIELDS_MAX = 50
"""Of one query: the vendors' have up to ten."""


def query_fields(query: str) -> dict[str, str]:
    """The fields of a query by name; of a name that comes again the first value. What is no UTF-8 is replaced. Raises
    FaultError(MALFORMED) for more than FIELDS_MAX fields."""
    try:
        return {name: values[0] for name, values in parse_qs(query, max_num_fields=FIELDS_MAX).items()}
    except ValueError:
        raise FaultError(Fault.MALFORMED, f"the query has more than {FIELDS_MAX} fields") from None
