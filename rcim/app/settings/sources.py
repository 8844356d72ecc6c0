"""Where settings come from: defaults < file (TOML) < environment < flags. Each value is checked as it is read, and all
together at the end; what is wrong is said with the place where it stands (OP-01)."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, NamedTuple

from rcim.app.settings.all_settings import NAMED, SECTIONS, TYPES, Settings, SettingsError
from rcim.app.settings.checks.settings_checks import check
from rcim.base.texts import read_text
from rcim.rules.type_table import TypeChange


class Source(NamedTuple):
    """Where a process has its settings from, to read them again (OP-03)."""

    file: Path | None = None
    flags: tuple[str, ...] = ()

    def load(self) -> Settings:
        """The settings as they are there now. Blocks; raises SettingsError."""
        return load(self.file, flags=self.flags)

    def gives(self, section: str, key: str) -> bool:
        """True if the file, the environment or a flag has a value for this setting, also if that is the default. Blocks;
        raises SettingsError."""
        return (section, key) in _read(self.file, os.environ, self.flags)[1]


SECTION_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
"""The environment has no other letters than these."""
KNOWN = (*SECTIONS, *(f"{group}.NAME" for group in NAMED), f"{TYPES}.NAME")
NAMED_RULE = "[{}.NAME] has to be a section; a name is 1 to 32 of a-z, 0-9 and -, and begins with no -"
PREFIX = "RCIM__"
"""Of settings in the environment. A name that begins so and is no setting is an error."""


def load(file: Path | None, environment: Mapping[str, str] = os.environ, flags: Sequence[str] = ()) -> Settings:
    """The settings in force. `flags` are `section.name=value`. Raises SettingsError."""
    found, where = _read(file, environment, flags)
    made: dict[str, Any] = {group: {} for group in NAMED}
    for name, values in found.items():
        group, dot, own = name.partition(".")
        if name == TYPES:
            continue
        try:
            value = section_class(name)(**values)
        except ValueError as error:
            raise SettingsError(_place(str(error), name, where)) from None
        if dot:
            made[group][own] = value
        else:
            made[name] = value
    settings = Settings(**made, types=_types(found[TYPES]))
    check(settings, where)
    return settings


def _read(
    file: Path | None, environment: Mapping[str, str], flags: Sequence[str]
) -> tuple[dict[str, dict[str, Any]], dict[tuple[str, str], str]]:
    """The values that are given, by section (those of NAMED as `receivers.NAME`), and where each of them stands. Raises
    SettingsError."""
    found: dict[str, dict[str, Any]] = {name: {} for name in (*SECTIONS, TYPES)}
    where: dict[tuple[str, str], str] = {}
    if file is not None:
        _read_file(file, found, where)
    _read_environment(environment, found, where)
    _read_flags(flags, found, where)
    _read_secrets(found, where)
    return found, where


def section_class(section: str) -> type[Any]:
    """What holds the settings of a section. Raises KeyError if there is no such section."""
    group, dot, name = section.partition(".")
    if not dot:
        return SECTIONS[section]
    if not SECTION_NAME.match(name):
        raise KeyError(section)
    return NAMED[group]


def _is_section(section: str) -> bool:
    try:
        section_class(section)
    except KeyError:
        return False
    return True


def _place(text: str, section: str, where: dict[tuple[str, str], str]) -> str:
    """The error's text with the place of the setting it is about."""
    for (found_section, key), place in where.items():
        if found_section == section and key in text.split():
            return f"{place}: {section}.{text}"
    return f"[{section}]: {text}"


def _read_file(file: Path, found: dict[str, dict[str, Any]], where: dict[tuple[str, str], str]) -> None:
    try:
        text = read_text(file)
        data = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from None
    for section, values in data.items():
        place = f"{file}:{_line(text, section, None)}"
        if section == TYPES:
            _read_types(file=file, text=text, types=values, found=found[TYPES], where=where)
            continue
        if section not in SECTIONS and section not in NAMED:
            raise SettingsError(f"{place}: unknown section [{section}]; known are {', '.join(KNOWN)}")
        if not isinstance(values, dict):
            raise SettingsError(f"{place}: {section} has to be a section, [{section}]")
        if section in SECTIONS:
            _read_section(file=file, text=text, section=section, values=values, found=found, where=where)
            continue
        for name, own in values.items():
            inner = f"{section}.{name}"
            if not isinstance(own, dict) or not _is_section(inner):
                raise SettingsError(f"{file}:{_line(text, inner, None)}: {NAMED_RULE.format(section)}")
            _read_section(file=file, text=text, section=inner, values=own, found=found, where=where)


def _read_section(
    file: Path,
    text: str,
    section: str,
    values: Mapping[str, Any],
    found: dict[str, dict[str, Any]],
    where: dict[tuple[str, str], str],
) -> None:
    found.setdefault(section, {})
    for key, value in values.items():
        place = f"{file}:{_line(text, section, key)}"
        found[section][key] = _typed(section, key, value, place)
        where[(section, key)] = place


def _read_types(file: Path, text: str, types: Any, found: dict[str, Any], where: dict[tuple[str, str], str]) -> None:
    """`[types.NAME]` (GT-20): each value as the text that admin frames have."""
    for name, policies in types.items() if isinstance(types, dict) else [("", None)]:
        place = f"{file}:{_line(text, f'{TYPES}.{name}', None)}"
        if not isinstance(policies, dict):
            raise SettingsError(f"{place}: [types.NAME] has to be a section of policies")
        for key, value in policies.items():
            where[(TYPES, f"{name}.{key}")] = f"{file}:{_line(text, f'{TYPES}.{name}', key)}"
            listed = isinstance(value, list) and all(isinstance(item, str) for item in value)
            if not listed and type(value) not in (str, int, bool):
                raise SettingsError(
                    f"{place}: types.{name}.{key} has to be a string, number, boolean or list of strings"
                )
            as_text = str(value).lower() if isinstance(value, bool) else str(value)
            found.setdefault(name, {})[key] = ", ".join(value) if listed else as_text
        found.setdefault(name, {})
        where[(TYPES, name)] = place


def _types(found: dict[str, dict[str, str]]) -> tuple[TypeChange, ...]:
    return tuple(
        TypeChange(name, values.get("base", ""), {key: v for key, v in values.items() if key != "base"})
        for name, values in found.items()
    )


def _line(text: str, section: str, key: str | None) -> int:
    """The line, from 1, on which `section` or its `key` stands; 1 if it is written in another way."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.split("#")[0].strip()
        name = bare.split("=")[0].strip().strip('"')
        if bare.startswith("["):
            inside = bare == f"[{section}]"
            if inside and key is None:
                return number
        elif (inside and key is not None and name == key) or (key is None and name == section):
            return number
    return 1


def _read_environment(
    environment: Mapping[str, str], found: dict[str, dict[str, Any]], where: dict[tuple[str, str], str]
) -> None:
    for name, value in environment.items():
        if not name.startswith(PREFIX):
            continue
        section, _, key = name.removeprefix(PREFIX).lower().replace("__", ".").rpartition(".")
        if not _is_section(section) or not key:
            raise SettingsError(
                f"{name}: has to be {PREFIX}SECTION__NAME; sections are {', '.join(map(str.upper, SECTIONS))}"
            )
        found.setdefault(section, {})[key] = _from_text(section, key, value, name)
        where[(section, key)] = name


def _read_flags(flags: Sequence[str], found: dict[str, dict[str, Any]], where: dict[tuple[str, str], str]) -> None:
    for flag in flags:
        name, equals, value = flag.partition("=")
        section, dot, key = name.rpartition(".")
        place = f"--set {name}"  # without the value, which may be a secret
        if section.startswith(f"{TYPES}.") and equals:
            key = name.removeprefix(f"{TYPES}.")
            type_name, _, policy = key.rpartition(".")
            found[TYPES].setdefault(type_name, {})[policy] = value
            where[(TYPES, type_name)] = where[(TYPES, key)] = place
            continue
        if not equals or not dot or not _is_section(section):
            raise SettingsError(f"{place}: has to be section.name=value; sections are {', '.join(SECTIONS)}")
        if _is_secret(_field(section, key, place)):
            variable = f"{PREFIX}{section.upper()}__{key.upper()}".replace(".", "__")
            raise SettingsError(
                f"{place}: everybody on this machine could see it in the list of processes. Put it into a file and set "
                f"{name}_file, or into {variable}"
            )
        found.setdefault(section, {})[key] = _from_text(section, key, value, place)
        where[(section, key)] = place


def _read_secrets(found: dict[str, dict[str, Any]], where: dict[tuple[str, str], str]) -> None:
    """The secrets that stand in files of their own."""
    for section, values in found.items():
        if section == TYPES:
            continue
        for key in [f.name for f in fields(section_class(section)) if _is_secret(f)]:
            named = f"{key}_file"
            file = values.get(named)
            if not file:
                continue
            place = where[(section, named)]
            if found[section].get(key):
                raise SettingsError(f"{place}: {section}.{named}, and {where[(section, key)]} too: only one of them")
            try:
                found[section][key] = read_text(file).strip()
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"{place}: {section}.{named}: {file}: {_why(error)}") from None
            if not found[section][key]:
                raise SettingsError(f"{place}: {section}.{named}: {file} is empty")
            where[(section, key)] = place


def _why(error: OSError | UnicodeDecodeError) -> str:
    """What is wrong with a file, without anything that stands in it."""
    return "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror or "it can't be read"


def _is_secret(f: Field[Any]) -> bool:
    return bool(f.metadata.get("secret"))


def _field(section: str, key: str, place: str) -> Field[Any]:
    for f in fields(section_class(section)):
        if f.name == key:
            return f
    raise SettingsError(f"{place}: unknown setting {section}.{key}")


def _from_text(section: str, key: str, text: str, place: str) -> Any:
    """A value from the environment or a flag, by the type of its default."""
    default = _field(section, key, place).default
    if isinstance(default, bool):
        known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if text.lower() not in known:
            raise SettingsError(f"{place}: {section}.{key} has to be true or false, not {text!r}")
        return known[text.lower()]
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{place}: {section}.{key} has to be a whole number, not {text!r}") from None
    if isinstance(default, float):
        try:
            return float(text)
        except ValueError:
            raise SettingsError(f"{place}: {section}.{key} has to be a number, not {text!r}") from None
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def _typed(section: str, key: str, value: Any, place: str) -> Any:
    """A value from the file, checked against the type of its default."""
    known = _field(section, key, place)
    default = known.default
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise SettingsError(f"{place}: {section}.{key} has to be a list of strings")
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        names = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
        got = "" if _is_secret(known) else f", not {value!r}"
        raise SettingsError(f"{place}: {section}.{key} has to be {names[type(default)]}{got}")
    return value
