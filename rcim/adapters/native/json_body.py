"""Reads a JSON object strictly: no name twice, no numbers that JSON does not have."""

from __future__ import annotations

import json
import math
from typing import Any

from rcim.adapters.native.forms import Json
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.http.json_bodies import JsonError, check_json


class _NotStrictError(ValueError):
    """Valid for other readers of JSON, not for us."""


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
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
        check_json(body)
        found = json.loads(body.decode(), object_pairs_hook=_unique, parse_float=_number, parse_constant=_number)
    except JsonError as error:
        raise RcimError(BAD_PARAMETER, str(error)) from None
    except RecursionError:
        raise RcimError(BAD_PARAMETER, "the body is nested too deep") from None
    except UnicodeDecodeError:
        raise RcimError(BAD_PARAMETER, "the body is not UTF-8") from None
    except ValueError as error:
        raise RcimError(BAD_PARAMETER, f"the body is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise RcimError(BAD_PARAMETER, "the body has to be a JSON object")
    return found
