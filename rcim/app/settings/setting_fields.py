"""How a setting is declared: a field of a frozen dataclass, with its default, its meaning, and whether a reload puts it
into force (OP-03).

A section says for all of its settings whether a reload takes them (`RELOADED = True`); a setting may say otherwise. What
says nothing needs a restart.
"""

from __future__ import annotations

from dataclasses import Field, field
from typing import Any


def setting(default: Any, doc: str, *, reloaded: bool | None = None) -> Any:
    """A setting with its default and what the page of settings says of it. `reloaded`: a reload puts it into force; None:
    as its section says."""
    return field(default=default, metadata={"doc": doc, "reloaded": reloaded})


def secret_setting(doc: str) -> Any:
    """A text that never appears in the list of processes, an error or a log. Each has a `NAME_file` beside it."""
    return field(default="", repr=False, metadata={"doc": doc, "secret": True})


def is_reloaded(section: type[Any], one: Field[Any]) -> bool:
    """OP-03: whether a reload puts this setting of the section into force; else it needs a restart."""
    own = one.metadata.get("reloaded")
    return bool(getattr(section, "RELOADED", False) if own is None else own)
