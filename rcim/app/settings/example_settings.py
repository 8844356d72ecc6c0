"""A settings file to begin with: every setting with its meaning, commented out at its default (OP-01, OP-04)."""

from __future__ import annotations

import json
import textwrap
from dataclasses import MISSING, Field, fields
from typing import Any

from rcim.app.settings.all_settings import NAMED, SECTIONS, TYPES
from rcim.base.limits import Limits
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.policies import LOCKED, POLICIES

WIDTH = 100
"""Columns: a longer meaning or list is continued on the next line."""
EXAMPLE_TYPE = "Public"
"""The group type whose policies the file shows."""
HEAD = """\
Settings of rcim, each at its default. Made by `rcim example-config`.

To change one, remove the # before it. A line that begins with "# " is text.
Sections that have a name of their own begin with ##: remove both, and put a name for NAME.
Begin with server.host, server.data and the certificate.
`rcim serve --config FILE --check` checks a file and names the line with a mistake.
An environment variable RCIM__SECTION__NAME or a flag --set section.name=value comes before the file."""


def example_settings() -> str:
    """The file. It loads as it is, and also with every `#` before a setting removed, to the defaults."""
    lines = [f"# {line}".rstrip() for line in HEAD.splitlines()]
    for section, cls in SECTIONS.items():
        lines += ["", "", f"[{section}]"]
        for f in fields(cls):
            lines += ["", *_text(meaning(cls, f)), *(f"#{line}" for line in _assignment(f.name, f.default))]
    for group, cls in NAMED.items():
        lines += ["", "", *_text(_first_line(cls)), f"# Any number of sections [{group}.NAME], with a name each."]
        lines += ["", f"##[{group}.NAME]"]
        for f in fields(cls):
            lines += ["", *_text(meaning(cls, f)), *(f"##{line}" for line in _assignment(f.name, _default(f)))]
    return "\n".join([*lines, *_group_types()]) + "\n"


def meaning(cls: type[Any], setting: Field[Any]) -> str:
    """What a setting of the section `cls` means, with its bounds where they are part of the declaration."""
    if cls is Limits:
        known = setting.metadata
        return f"{known['why']} {known['low']:,} to {known['high']:,}."
    return str(setting.metadata["doc"])


def _group_types() -> list[str]:
    lines = ["", "", *_text("Group types: changed, or of one's own. docs/reference/group-types.md describes them.")]
    lines += _text(f"These are the policies of {EXAMPLE_TYPE}; name only those that differ from the base.")
    lines += ["", f"##[{TYPES}.NAME]", "", f'##base = "{EXAMPLE_TYPE}"']
    row = BUILT_IN[EXAMPLE_TYPE]
    for policy in POLICIES:
        if policy.name in LOCKED:
            continue
        shown = policy.show(getattr(row, policy.name))
        value: Any = shown if not shown.isdecimal() else int(shown)
        value = {"true": True, "false": False}.get(shown, value)
        text = f"{policy.doc[:1].upper()}{policy.doc[1:].rstrip('.')}: {policy.values}."
        lines += ["", *_text(text), *(f"##{line}" for line in _assignment(policy.name, value))]
    return lines


def _default(setting: Field[Any]) -> Any:
    """The default; an empty text for a setting that has none."""
    return "" if setting.default is MISSING else setting.default


def _first_line(cls: type[Any]) -> str:
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


def _text(text: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()), WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )


def _assignment(name: str, value: Any) -> list[str]:
    """`name = value` in TOML: one line, or for a long list one line for each item."""
    if isinstance(value, tuple):
        items = [_toml(item) for item in value]
        line = f"{name} = [{', '.join(items)}]"
        return [line] if len(line) < WIDTH else [f"{name} = [", *(f"{item}," for item in items), "]"]
    return [f"{name} = {_toml(value)}"]


def _toml(value: Any) -> str:
    """A text, a number or a truth value in TOML. A text of JSON is one of TOML, too."""
    return json.dumps(value, ensure_ascii=False)
