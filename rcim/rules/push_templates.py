"""Templates of what pushes say (PU-02): text with names in braces, as `${nickname}: ${text}`."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

NAMES = ("convId", "timestamp", "fromClientId", "nickname", "nameCard", "sender", "groupName", "text")
"""What a template may name. The first three are LeanCloud's."""
LANGUAGES = ("en", "zh")
"""In which what stands for images and the like can be said."""


def check(template: str) -> str:
    """The template. Raises ValueError that says what is wrong."""
    made = Template(template)
    if not made.is_valid():
        raise ValueError("`$` has to be followed by a name in braces; `$$` is a dollar sign")
    unknown = [name for name in made.get_identifiers() if name not in NAMES]
    if unknown:
        raise ValueError(f"${{{unknown[0]}}} is not known; known are {', '.join(NAMES)}")
    return template


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with these values in it; what it names and is not among them stays as it is."""
    return Template(template).safe_substitute(values)
