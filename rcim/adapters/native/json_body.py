"""Reads a JSON object strictly: within the bounds of rcim/http/json_bodies.py, no name twice, no numbers without end."""

from __future__ import annotations

import json
import math
from typing import Any

from rcim.adapters.native.forms import Json
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.http.json_bodies import JsonError, json_body


class _NotStrictError(ValueError):
    """Valid for other readers of JSON, not for us."""


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotStrictError(f"the name {twice[:100]!r} stands twice in an object")
    return found


def _number(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise _NotStrictError(f"{text[:100]} is no number that can be kept")
    return found


def read_object(body: bytes) -> Json:
    """The object that a body is; an empty body is an empty object. Raises RcimError(BAD_PARAMETER)."""
    if not body.strip():
        return {}
    try:
        json_body(body)
        found = json.loads(body, object_pairs_hook=_unique, parse_float=_number)
    except JsonError as error:
        raise RcimError(BAD_PARAMETER, str(error)) from None
    except ValueError as error:
        raise RcimError(BAD_PARAMETER, f"the body is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise RcimError(BAD_PARAMETER, "the body has to be a JSON object")
    return found
