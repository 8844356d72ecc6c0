"""Where settings come from: defaults < file (TOML) < environment < flags. Each value is checked as it is read, and all
together at the end; what is wrong is said with the place where it stands (OP-01)."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rcim.actor.before_callbacks import EVENTS
from rcim.app.settings import SECTIONS, TYPES, Settings, SettingsError, words_of_file
from rcim.base.errors import RcimError
from rcim.base.ids import check_user_id
from rcim.base.texts import read_text
from rcim.hooks.events import AFTER
from rcim.rules.type_table import TypeChange

CALLBACKS = (*EVENTS, *AFTER)
PREFIX = "RCIM__"
"""Of settings in the environment. A name that begins so and is no setting is an error."""


def load(file: Path | None, environment: Mapping[str, str] = os.environ, flags: Sequence[str] = ()) -> Settings:
    """The settings in force. `flags` are `section.name=value`. Raises SettingsError."""
    found: dict[str, dict[str, Any]] = {name: {} for name in (*SECTIONS, TYPES)}
    where: dict[tuple[str, str], str] = {}
    if file is not None:
        _read_file(file, found, where)
    _read_environment(environment, found, where)
    _read_flags(flags, found, where)
    _read_secrets(found, where)
    made = {}
    for name, cls in SECTIONS.items():
        try:
            made[name] = cls(**found[name])
        except ValueError as error:
            raise SettingsError(_place(str(error), name, where)) from None
    settings = Settings(**made, types=_types(found[TYPES]))
    _check(settings, where)
    return settings


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
        if section not in SECTIONS:
            raise SettingsError(f"{place}: unknown section [{section}]; known are {', '.join([*SECTIONS, TYPES])}")
        if not isinstance(values, dict):
            raise SettingsError(f"{place}: {section} has to be a section, [{section}]")
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
        section, _, key = name.removeprefix(PREFIX).lower().partition("__")
        if section not in SECTIONS or not key:
            raise SettingsError(
                f"{name}: has to be {PREFIX}SECTION__NAME; sections are {', '.join(map(str.upper, SECTIONS))}"
            )
        found[section][key] = _from_text(section, key, value, name)
        where[(section, key)] = name


def _read_flags(flags: Sequence[str], found: dict[str, dict[str, Any]], where: dict[tuple[str, str], str]) -> None:
    for flag in flags:
        name, equals, value = flag.partition("=")
        section, dot, key = name.partition(".")
        place = f"--set {name}"  # without the value, which may be a secret
        if section == TYPES and "." in key and equals:
            type_name, _, policy = key.rpartition(".")
            found[TYPES].setdefault(type_name, {})[policy] = value
            where[(TYPES, type_name)] = where[(TYPES, key)] = place
            continue
        if not equals or not dot or section not in SECTIONS:
            raise SettingsError(f"{place}: has to be section.name=value; sections are {', '.join(SECTIONS)}")
        if _is_secret(_field(section, key, place)):
            raise SettingsError(
                f"{place}: everybody on this machine could see it in the list of processes. Put it into a file and set "
                f"{name}_file, or into {PREFIX}{section.upper()}__{key.upper()}"
            )
        found[section][key] = _from_text(section, key, value, place)
        where[(section, key)] = place


def _read_secrets(found: dict[str, dict[str, Any]], where: dict[tuple[str, str], str]) -> None:
    """The secrets that stand in files of their own."""
    for section, cls in SECTIONS.items():
        for key in [f.name for f in fields(cls) if _is_secret(f)]:
            named = f"{key}_file"
            file = found[section].get(named)
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
    for f in fields(SECTIONS[section]):
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
    if type(value) is not type(default):
        names = {bool: "true or false", int: "a whole number", str: "a string"}
        got = "what it is" if _is_secret(known) else repr(value)
        raise SettingsError(f"{place}: {section}.{key} has to be {names[type(default)]}, not {got}")
    return value


def _is_user_id(text: str) -> bool:
    try:
        return check_user_id(text) == text
    except RcimError:
        return False


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return not text or (parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        return False


def _is_file(name: str) -> bool:
    return not name or Path(name).is_file()


def _check(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """What a type does not say."""
    s = settings
    rules = [
        ("app", "sdkappid", 0 < s.app.sdkappid < 1 << 32, "must be 1 to 4294967295"),
        ("app", "administrators", len(s.app.administrators) <= 1000, "at most 1000 of them"),
        ("app", "administrators", all(map(_is_user_id, s.app.administrators)), "each has to be a user id (ID-01)"),
        ("server", "certificate", _is_file(s.server.certificate), "has to be a file"),
        ("server", "private_key", _is_file(s.server.private_key), "has to be a file"),
        (
            "server",
            "certificate",
            bool(s.server.certificate) == bool(s.server.private_key),
            "server.certificate and server.private_key go together",
        ),
        ("server", "port", 0 <= s.server.port <= 65535, "must be 0 to 65535"),
        ("server", "gateways", 0 <= s.server.gateways <= 64, "must be 0 to 64"),
        ("server", "host", bool(s.server.host), "must not be empty"),
        ("server", "data", bool(s.server.data), "must not be empty"),
        ("store", "map_bytes", 1 << 20 <= s.store.map_bytes <= 1 << 46, "must be 1 MiB to 64 TiB"),
        (
            "store",
            "map_bytes_max",
            s.store.map_bytes <= s.store.map_bytes_max <= 1 << 46,
            "must be map_bytes to 64 TiB",
        ),
        ("callbacks", "url", _is_url(s.callbacks.url), "has to be an http or https URL with a host"),
        ("callbacks", "commands", set(s.callbacks.commands) <= {*CALLBACKS}, f"known are {', '.join(CALLBACKS)}"),
        (
            "callbacks",
            "commands",
            bool(not s.callbacks.commands or s.callbacks.url or s.callbacks.hooks),
            "nobody is asked: set callbacks.url, or callbacks.hooks",
        ),
        ("callbacks", "timeout_ms", 10 <= s.callbacks.timeout_ms <= 60_000, "must be 10 to 60000"),
        (
            "app",
            "presence_seen_by",
            s.app.presence_seen_by in ("everyone", "shared", "nobody"),
            "everyone, shared or nobody",
        ),
        ("c2c", "list", s.c2c.list in ("black", "white"), "black or white"),
        ("c2c", "roaming_days", 1 <= s.c2c.roaming_days <= 3650, "must be 1 to 3650"),
        ("c2c", "offline_days", 0 <= s.c2c.offline_days <= 3650, "must be 0 to 3650"),
        ("c2c", "recall_s", 0 <= s.c2c.recall_s <= 0xFFFFFFFF, "must be 0 to 4294967295"),
        ("c2c", "edit_s", 0 <= s.c2c.edit_s <= 0xFFFFFFFF, "must be 0 to 4294967295"),
        ("c2c", "messages_per_s", 0 <= s.c2c.messages_per_s <= 1000, "must be 0 to 1000"),
        ("log", "level", s.log.level in ("debug", "info", "warning", "error"), "debug, info, warning or error"),
    ]
    for section, key, good, text in rules:
        if not good:
            place = where.get((section, key), "default")
            value = getattr(getattr(s, section), key)
            raise SettingsError(f"{place}: {section}.{key} is {value!r}; {text}")
    _check_derived(settings, where)


def _type_place(error: str, where: dict[tuple[str, str], str]) -> str:
    """Where the type, or its policy, stands that `error` (of rows_of) is about."""
    found = re.match(r"group type (\w+): (?:policy '?(\w+))?", error)
    name, policy = found.groups() if found else ("", None)
    return where.get((TYPES, f"{name}.{policy}")) or where.get((TYPES, name or ""), "[types]")


def _check_derived(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """What is made of the settings: group types, fields."""
    try:
        settings.group_types  # noqa: B018 - it raises
    except ValueError as error:
        raise SettingsError(f"{_type_place(str(error), where)}: {error}") from None
    try:
        keys = {rule.key for rule in settings.user_fields}
    except ValueError as error:
        raise SettingsError(f"{where.get(('app', 'user_fields'), 'app.user_fields')}: {error}") from None
    try:
        settings.message_types  # noqa: B018 - it raises
    except ValueError as error:
        raise SettingsError(f"{where.get(('app', 'message_types'), 'app.message_types')}: {error}") from None
    for key in ("refused_words", "replaced_words"):
        try:
            words_of_file(getattr(settings.app, key))
        except ValueError as error:
            raise SettingsError(f"{where.get(('app', key), f'app.{key}')}: {error}") from None
    kinds = {*settings.group_types, settings.pair.name}
    unknown = [kind for kind in settings.app.word_conversations if kind not in kinds]
    if unknown:
        place = where.get(("app", "word_conversations"), "app.word_conversations")
        raise SettingsError(f"{place}: {unknown[0]} is no group type, and not {settings.pair.name}")
    missing = [key for key in settings.app.message_user_fields if key not in keys]
    if missing:
        place = where.get(("app", "message_user_fields"), "app.message_user_fields")
        raise SettingsError(f"{place}: {missing[0]} is not one of app.user_fields")
