"""What is different in newly read settings, and what of it a reload puts into force (OP-03). Pure but for the digests of
files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from rcim.actor.reload_results import SettingChange
from rcim.app.settings.all_settings import NAMED, SECTIONS, Settings
from rcim.app.settings.checks.wrong_settings import shown
from rcim.app.settings.setting_fields import is_reloaded
from rcim.base.texts import read_file
from rcim.rules.type_table import TypeChange

SHOWN_CHARS_MAX = 80
"""Of a value; what is longer ends with an ellipsis."""
NOT_SET, SET, A_FILE = "(not there)", "(there)", "a file"
FILES = frozenset({"certificate", "private_key", "refused_words", "replaced_words", "ca"})
"""Settings that name a file which is read, beside those called `..._file`."""
Digests = Mapping[str, str]
"""By what names a file: a digest of its contents; empty if it can't be read."""


def changes_of(old: Settings, new: Settings) -> list[SettingChange]:
    """Every setting that differs, in the order of the page of settings."""
    found: list[SettingChange] = []
    for section, cls in SECTIONS.items():
        found += _of_section(section, cls, getattr(old, section), getattr(new, section))
    for group, cls in NAMED.items():
        before, after = getattr(old, group), getattr(new, group)
        for name in sorted({*before, *after}):
            section = f"{group}.{name}"
            if name not in before:
                found.append(SettingChange(section, NOT_SET, SET, False))
            elif name not in after:
                found.append(SettingChange(section, SET, NOT_SET, False))
            else:
                found += _of_section(section, cls, before[name], after[name])
    return [*found, *_of_types(old.types, new.types)]


def in_force_after(old: Settings, new: Settings) -> Settings:
    """What is in force after a reload: `new`, with what needs a restart as it is in `old`. Raises ValueError if values do
    not go together."""
    made: dict[str, Any] = {}
    for section, cls in SECTIONS.items():
        kept = {f.name: getattr(getattr(old, section), f.name) for f in fields(cls) if not is_reloaded(cls, f)}
        try:
            made[section] = replace(getattr(new, section), **kept)
        except ValueError as error:
            raise ValueError(f"[{section}]: together with what stays as it is until a restart: {error}") from None
    return replace(new, **made)


def digests_of(settings: Settings, keys: Mapping[str, Path]) -> Digests:
    """Of all files that the settings name, and of `keys`. Blocks."""
    found = {name: Path(value) for name, value in _files_of(settings)} | dict(keys)
    return {name: _digest(path) for name, path in found.items()}


def file_changes(old: Digests, new: Digests, changed: list[SettingChange]) -> list[SettingChange]:
    """Files whose contents differ, beside those whose settings are among `changed`."""
    named = {row.name for row in changed}
    return [
        SettingChange(name, _state(old, name), _state(new, name, "new contents" if old.get(name) else A_FILE), False)
        for name in sorted({*old, *new})
        if old.get(name, "") != new.get(name, "") and name not in named and not _in_new_section(name, named)
    ]


def _in_new_section(name: str, named: set[str]) -> bool:
    return name.rpartition(".")[0] in named


def _state(digests: Digests, name: str, there: str = A_FILE) -> str:
    return there if digests.get(name) else NOT_SET


def _digest(path: Path) -> str:
    try:
        return sha256(read_file(path)).hexdigest()
    except OSError:
        return ""


def _files_of(settings: Settings) -> Iterator[tuple[str, str]]:
    """(setting, file) of every setting that names a file which is read as it is; secrets are settings themselves."""
    sections = {name: getattr(settings, name) for name in SECTIONS}
    for group in NAMED:
        sections |= {f"{group}.{name}": one for name, one in getattr(settings, group).items()}
    for section, values in sections.items():
        secrets = {f"{f.name}_file" for f in fields(values) if f.metadata.get("secret")}
        for f in fields(values):
            named = f.name in FILES or (f.name.endswith("_file") and f.name not in secrets)
            value = getattr(values, f.name)
            if named and isinstance(value, str) and value:
                yield f"{section}.{f.name}", value


def _of_section(section: str, cls: type[Any], old: Any, new: Any) -> Iterator[SettingChange]:
    for f in fields(cls):
        before, after = getattr(old, f.name), getattr(new, f.name)
        if before != after:
            said = [_shown(f.name, value, secret=bool(f.metadata.get("secret"))) for value in (before, after)]
            yield SettingChange(f"{section}.{f.name}", said[0], said[1], not is_reloaded(cls, f))


def _of_types(old: tuple[TypeChange, ...], new: tuple[TypeChange, ...]) -> Iterator[SettingChange]:
    before, after = ({change.name: change for change in changes} for changes in (old, new))
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield SettingChange(f"types.{name}", _type_shown(before.get(name)), _type_shown(after.get(name)), False)


def _type_shown(change: TypeChange | None) -> str:
    if change is None:
        return NOT_SET
    said = {"base": change.base} if change.base else {}
    return _cut(", ".join(f"{key}={value}" for key, value in {**said, **change.policies}.items()) or "(unchanged)")


def _shown(key: str, value: object, *, secret: bool) -> str:
    if secret:
        return "(not shown)" if value else "''"
    return _cut(shown(key, value))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "\N{HORIZONTAL ELLIPSIS}"
