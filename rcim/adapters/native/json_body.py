"""Reads a JSON object strictly: no name twice, no numbers that JSON does not have."""

from __future__ import annotations

from rcim.adapters.native.forms import Json
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.http.json_bodies import JsonError, json_steps
from rcim.http.steps import Steps


def read_object(body: bytes) -> Steps[Json]:
    """The object that a body is; an empty body is an empty object. Raises RcimError(BAD_PARAMETER)."""
    if not body.strip():
        return {}
    try:
        found = yield from json_steps(body, unique=True)
    except JsonError as error:
        raise RcimError(BAD_PARAMETER, str(error)) from None
    if not isinstance(found, dict):
        raise RcimError(BAD_PARAMETER, "the body has to be a JSON object")
    return found
