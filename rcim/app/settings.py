"""Settings (OP-01): defaults < settings file (TOML) < environment < flags, one frozen object.

A key is `section.name`. In the environment it is RCIM__SECTION__NAME (two underscores: one would meet what container
platforms put there for a service called rcim-server), as a flag `--set section.name=value`.
Unknown keys and values out of their bounds are errors that say where they stand.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rcim.actor.asking import EVENTS
from rcim.base.errors import RcimError
from rcim.base.ids import check_user_id
from rcim.base.limits import DEFAULTS, Limits
from rcim.base.terms import AppList
from rcim.rules import message_types
from rcim.rules.custom_fields import USER_FIELDS_MAX, FieldRule, parse
from rcim.rules.group_types import BUILT_IN, GroupType
from rcim.rules.message_types import MessageType
from rcim.rules.policies import RATES
from rcim.rules.type_table import TypeChange, rows_of
from rcim.rules.word_filter import FILLERS, SAMPLE, WORD_BYTES_MAX


class SettingsError(Exception):
    """A setting is wrong; the text says which, where and why."""


def _key(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True)
class App:
    """`[app]`"""

    sdkappid: int = _key(1400000000, "The app's number; it is part of every UserSig.")
    administrators: tuple[str, ...] = _key(("administrator",), "User ids of app administrators (ID-08).")
    guests: bool = _key(
        False, "Take connections without an account, to receive where a group's type lets them (ID-06)."
    )
    user_fields: tuple[str, ...] = _key(
        (), "Custom fields of users, each `key read write [self_read] [self_write]` (AB-05, group-types.md)."
    )
    message_user_fields: tuple[str, ...] = _key((), "Those of them that go with a user's messages (MS-04).")
    message_member_fields: tuple[str, ...] = _key((), "Custom fields of a member that go with its messages (MS-04).")
    refused_words: str = _key("", "File with words, one a line, that refuse a message (SC-05).")
    replaced_words: str = _key("", "File with words, one a line, that are replaced by *** (SC-05).")
    sample_words: bool = _key(False, "Replace a few words that the server brings along (SC-05).")
    word_fillers: str = _key(FILLERS, "Characters that the word filter passes over (SC-05).")
    protected_users: tuple[str, ...] = _key((), "Users whose messages pass before all others (FC-07).")
    protected_types: tuple[str, ...] = _key((), "Message types that pass before all others (FC-07).")
    low_types: tuple[str, ...] = _key((), "Message types that go first when the server is overloaded (FC-07).")
    message_types: tuple[str, ...] = _key(
        (), "Message types of the app's own, each `name class` and what differs from the class (MS-09, messages.md)."
    )


@dataclass(frozen=True)
class Server:
    """`[server]`"""

    host: str = _key("127.0.0.1", "Address to listen on. 0.0.0.0 makes the server reachable from outside.")
    port: int = _key(7460, "Port to listen on; 0 takes any free one.")
    tls: bool = _key(True, "Speak TLS. Off only for a trusted wire and for measuring.")
    certificate: str = _key("", "PEM file with the certificate chain; empty: `cert.pem` of the data directory.")
    private_key: str = _key("", "PEM file with its key; empty: `key.pem` of the data directory.")
    data: str = _key("rcim-data", "Data directory. Made at the first start.")
    gateways: int = _key(0, "Processes that hold connections; 0: one process does everything.")


@dataclass(frozen=True)
class StoreSettings:
    """`[store]`"""

    map_bytes: int = _key(1 << 30, "First size of LMDB's map; it is doubled when it is full.")
    map_bytes_max: int = _key(1 << 40, "The map is never larger; past it sends fail (ST-04).")


@dataclass(frozen=True)
class Callbacks:
    """`[callbacks]`"""

    url: str = _key("", "Where the app's back end is asked, http or https; empty: nowhere (CB-01).")
    commands: tuple[str, ...] = _key((), "Callbacks that are switched on, by the vendor's names (CB-02).")
    token: str = _key("", "Secret that callbacks are signed with; empty: they are not signed.")
    timeout_ms: int = _key(2000, "How long an answer may take in all (CB-03).")
    refuse_on_failure: bool = _key(False, "Without an answer, refuse (CALLBACK_FAILED) instead of allowing.")
    allow_private: bool = _key(False, "Call addresses that are not public, as 127.0.0.1 and 10.0.0.1.")
    hooks: tuple[str, ...] = _key((), "Installed hooks that are asked in process, in this order (CB-05).")


@dataclass(frozen=True)
class Log:
    """`[log]`"""

    level: str = _key("info", "debug, info, warning or error.")


@dataclass(frozen=True)
class Settings:
    """All settings of a server."""

    app: App = App()
    server: Server = Server()
    limits: Limits = DEFAULTS
    store: StoreSettings = StoreSettings()
    log: Log = Log()
    callbacks: Callbacks = Callbacks()
    types: tuple[TypeChange, ...] = ()
    """`[types.NAME]`: group types made or changed (GT-20)."""

    @property
    def group_types(self) -> dict[str, GroupType]:
        """The policy table with these settings in it. Raises ValueError if they do not fit together."""
        return rows_of({change.name: change for change in self.types}, BUILT_IN)

    @property
    def message_types(self) -> Mapping[str, MessageType]:
        """The message types, built in and the app's own (MS-09). Raises ValueError."""
        return message_types.parse(self.app.message_types)

    @property
    def lists(self) -> dict[AppList, list[str]]:
        """What is on the app's lists from the start (SC-05, FC-07). Raises ValueError for files that can't be read."""
        replaced = _words(self.app.replaced_words)
        return {
            AppList.REFUSED_WORDS: _words(self.app.refused_words),
            AppList.REPLACED_WORDS: [*replaced, *SAMPLE] if self.app.sample_words else replaced,
            AppList.PROTECTED_USERS: list(self.app.protected_users),
            AppList.PROTECTED_TYPES: list(self.app.protected_types),
            AppList.LOW_TYPES: list(self.app.low_types),
        }

    @property
    def user_fields(self) -> tuple[FieldRule, ...]:
        """The rules of users' custom fields. Raises ValueError."""
        return parse(", ".join(self.app.user_fields), USER_FIELDS_MAX)


NO_RATES = (
    *(f"types.{name}.{rate}=0" for name in BUILT_IN for rate in RATES),
    "limits.sends_per_min=0",
    "limits.reads_per_min=0",
    "limits.requests_per_min=0",
    "limits.backend_sends_per_s=0",
)
"""Flags that switch off how often anything may be asked and sent (sections 5.1 and 6): for measuring and trying out."""


def _words(file: str) -> list[str]:
    """The words of a file, one a line; empty lines and those with # in front are none. Raises ValueError."""
    if not file:
        return []
    try:
        lines = [line.strip() for line in Path(file).read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: {error}") from None
    words = [line for line in lines if line and not line.startswith("#")]
    long = [word for word in words if len(word.encode()) > WORD_BYTES_MAX]
    if long:
        raise ValueError(f"{file}: {long[0]!r} is longer than {WORD_BYTES_MAX} bytes")
    return words


SECTIONS: dict[str, type[Any]] = {
    "app": App,
    "server": Server,
    "limits": Limits,
    "store": StoreSettings,
    "log": Log,
    "callbacks": Callbacks,
}


TYPES = "types"
"""The section with a section for each group type in it."""


def plain(settings: Settings) -> dict[str, Any]:
    """Settings as tables that JSON can carry; `from_plain` makes them again."""
    tables: dict[str, Any] = {name: asdict(getattr(settings, name)) for name in SECTIONS}
    return tables | {"types": [msgspec.to_builtins(change) for change in settings.types]}


def from_plain(tables: dict[str, Any]) -> Settings:
    """The settings that `plain` gave. Raises ValueError for values that no settings have."""
    made = {}
    for name, cls in SECTIONS.items():
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in tables[name].items()}
        made[name] = cls(**values)
    return Settings(**made, types=tuple(msgspec.convert(row, TypeChange) for row in tables["types"]))


def load(file: Path | None, environment: Mapping[str, str] = os.environ, flags: Sequence[str] = ()) -> Settings:
    """The settings in force. `flags` are `section.name=value`. Raises SettingsError."""
    found: dict[str, dict[str, Any]] = {name: {} for name in (*SECTIONS, TYPES)}
    where: dict[tuple[str, str], str] = {}
    if file is not None:
        _read_file(file, found, where)
    _read_environment(environment, found, where)
    _read_flags(flags, found, where)
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
        text = file.read_text()
        data = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from None
    for section, values in data.items():
        place = f"{file}:{_line(text, section, None)}"
        if section == TYPES:
            _read_types(file, text, values, found[TYPES], where)
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
        for section in SECTIONS:
            prefix = f"RCIM__{section.upper()}__"
            if name.startswith(prefix):
                key = name[len(prefix) :].lower()
                found[section][key] = _from_text(section, key, value, name)
                where[(section, key)] = name


def _read_flags(flags: Sequence[str], found: dict[str, dict[str, Any]], where: dict[tuple[str, str], str]) -> None:
    for flag in flags:
        name, equals, value = flag.partition("=")
        section, dot, key = name.partition(".")
        place = f"--set {flag}"
        if section == TYPES and "." in key and equals:
            type_name, _, policy = key.rpartition(".")
            found[TYPES].setdefault(type_name, {})[policy] = value
            where[(TYPES, type_name)] = where[(TYPES, key)] = place
            continue
        if not equals or not dot or section not in SECTIONS:
            raise SettingsError(f"{place}: has to be section.name=value; sections are {', '.join(SECTIONS)}")
        found[section][key] = _from_text(section, key, value, place)
        where[(section, key)] = place


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
    default = _field(section, key, place).default
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise SettingsError(f"{place}: {section}.{key} has to be a list of strings")
    if type(value) is not type(default):
        names = {bool: "true or false", int: "a whole number", str: "a string"}
        raise SettingsError(f"{place}: {section}.{key} has to be {names[type(default)]}, not {value!r}")
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
        ("callbacks", "commands", set(s.callbacks.commands) <= EVENTS.keys(), f"known are {', '.join(EVENTS)}"),
        ("callbacks", "timeout_ms", 10 <= s.callbacks.timeout_ms <= 60_000, "must be 10 to 60000"),
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
            _words(getattr(settings.app, key))
        except ValueError as error:
            raise SettingsError(f"{where.get(('app', key), f'app.{key}')}: {error}") from None
    missing = [key for key in settings.app.message_user_fields if key not in keys]
    if missing:
        place = where.get(("app", "message_user_fields"), "app.message_user_fields")
        raise SettingsError(f"{place}: {missing[0]} is not one of app.user_fields")
