"""How a wrong setting is said: where it stands, what it is, and what it has to be (OP-01)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from rcim.app.settings.all_settings import SettingsError

CREDENTIALS = re.compile(r"(?<=//)[^/@\s]*@")
SECRETS = frozenset(["token", "hook_key", "secret", "secrets", "rotated_secret", "password", "app_secret", "headers"])


class Wrong(NamedTuple):
    """A setting that is wrong, and what it has to be."""

    key: str
    rule: str


def error_of(where: Mapping[tuple[str, str], str], section: str, wrong: Wrong, value: object) -> SettingsError:
    """The error that names the setting's place, or, if it is not set, that of its section. It shows no secret: neither
    a setting that is one, nor a user or a password in an address."""
    beside = next((place for (found, _), place in where.items() if found == section), "default")
    place = where.get((section, wrong.key), beside)
    return SettingsError(f"{place}: {section}.{wrong.key} is {shown(wrong.key, value)}; {wrong.rule}")


def shown(key: str, value: object) -> str:
    """The value as the settings file has it."""
    if value and key in SECRETS:
        return "(not shown)"
    text = repr(list(value) if isinstance(value, tuple) else value)
    return CREDENTIALS.sub("(not shown)@", text)
