"""How a setting is declared: a field of a frozen dataclass, with its default and its meaning."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def setting(default: Any, doc: str) -> Any:
    """A setting with its default and what the page of settings says of it."""
    return field(default=default, metadata={"doc": doc})


def secret_setting(doc: str) -> Any:
    """A text that never appears in the list of processes, an error or a log. Each has a `NAME_file` beside it."""
    return field(default="", repr=False, metadata={"doc": doc, "secret": True})
