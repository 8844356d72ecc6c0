"""Bounds of profile fields in UTF-8 bytes (GR-03, GR-04, MS-04, AB-05). Over them is an error, never a cut."""

from __future__ import annotations

from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import GUEST_PREFIX, SYSTEM_USER, has_control
from rcim.rules.folding import looks_like_the_server, shows_nothing

BYTES_MAX: dict[str, int] = {
    "name": 30,
    "introduction": 120,
    "notification": 150,
    "face_url": 100,
    "name_card": 50,
    "nickname": 120,
    "signature": 500,
    "text": 300,
}
ONE_LINE = frozenset({"name", "face_url", "name_card", "nickname"})
"""Fields shown in one line: no control characters in them."""


NAMES = frozenset({"name", "name_card", "nickname"})
"""Fields in place of an id. They show something, if they are not empty, and do not look like the server's own names
(ID-01)."""


def _check_look(name: str, value: str) -> None:
    if shows_nothing(value):
        raise RcimError(BAD_PARAMETER, f"{name}: nothing of it can be seen")
    if looks_like_the_server(value):
        raise RcimError(BAD_PARAMETER, f"{name}: {SYSTEM_USER} and {GUEST_PREFIX} in front are the server's own")


def check_field(name: str, value: str) -> str:
    """`value` if it is within the bounds of field `name`. Raises RcimError(BAD_PARAMETER)."""
    size = len(value.encode())
    if size > BYTES_MAX[name]:
        raise RcimError(BAD_PARAMETER, f"{name}: {size} bytes, must be at most {BYTES_MAX[name]}")
    if name in ONE_LINE and has_control(value):
        raise RcimError(BAD_PARAMETER, f"{name}: control characters are not allowed")
    if name in NAMES and value:
        _check_look(name, value)
    return value
