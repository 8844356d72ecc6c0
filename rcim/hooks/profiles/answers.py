"""What profiles have in common in reading answers: bodies within the server's bounds, and texts for users."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.base.errors import RcimError, is_app_code
from rcim.base.limits import Limits
from rcim.content.elements import Element, check_body, encode_body
from rcim.content.vendor_json import is_text
from rcim.web.client import BadAnswer

TEXT_MAX = 300
"""Characters of a text of the app that a user is shown."""
REFUSED = 1
"""The code of a refusal for which the app names no code that users may get."""


def body_of(limits: Limits, name: str, read: Callable[[], Sequence[Element]]) -> bytes:
    """The body that `read` makes of the field `name`. Raises BadAnswer if the server would not take it from a client."""
    try:
        body = encode_body(read())
        check_body(body, limits.body_bytes_max, limits.elements_max)
    except RcimError as error:
        raise BadAnswer(f"{name}: {error.detail}") from None
    return body


def refusal(code: Any, detail: Any) -> CallbackVerdict:
    """A refusal with the app's code and text, as far as they may reach the user: a code outside of the app's own
    (errors.md) stands before the text. Raises BadAnswer."""
    if not (code is None or type(code) is int) or not (detail is None or is_text(detail)):
        raise BadAnswer("code has to be a whole number, and detail text")
    text = detail or ""
    if code is not None and is_app_code(code):
        return CallbackVerdict(allow=False, code=code, text=text[:TEXT_MAX])
    if code is not None:
        text = f"{code}: {text}" if text else str(code)
    return CallbackVerdict(allow=False, code=REFUSED, text=text[:TEXT_MAX])
