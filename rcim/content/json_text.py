"""JSON objects as text, as the content of other services' messages has them."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]


def dumped(fields: Json) -> str:
    """The shortest text of an object. Raises RecursionError for one that is nested too deep."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def object_of(content: str) -> Json | None:
    """The object that a text is; None if it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
