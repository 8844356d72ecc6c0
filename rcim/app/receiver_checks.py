"""What the settings of receivers of callbacks have to be (CB-01, CB-02, CB-06)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from rcim.app.settings import Receiver, Settings, SettingsError
from rcim.hooks.profiles.table import PROFILES, Names
from rcim.rules.conversation_kinds import KINDS
from rcim.rules.message_types import MessageClass


class Wrong(NamedTuple):
    """A setting that is wrong, and what it has to be."""

    key: str
    rule: str


def check_receivers(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """Raises SettingsError."""
    named = {"callbacks": settings.callbacks, **{f"receivers.{n}": one for n, one in settings.receivers.items()}}
    hooks = settings.callbacks.hooks
    for section, receiver in named.items():
        for wrong in _faults(settings, receiver, goes_nowhere=section == "callbacks" and bool(hooks)):
            place = where.get((section, wrong.key), "default")
            value = getattr(receiver, wrong.key)
            raise SettingsError(f"{place}: {section}.{wrong.key} is {value!r}; {wrong.rule}")


def is_url(text: str) -> bool:
    """True for an http or https URL with a host, and for none."""
    try:
        parts = urlsplit(text)
        return not text or (parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        return False


def _faults(settings: Settings, one: Receiver, *, goes_nowhere: bool) -> Iterator[Wrong]:
    """`goes_nowhere`: there is somebody to tell without a URL."""
    if not is_url(one.url):
        yield Wrong("url", "has to be an http or https URL with a host")
    profile = PROFILES.get(one.profile)
    if profile is None:
        yield Wrong("profile", f"known are {', '.join(PROFILES)}")
        return
    yield from _of_commands(one, profile, goes_nowhere=goes_nowhere)
    if not 10 <= one.timeout_ms <= 60_000:
        yield Wrong("timeout_ms", "must be 10 to 60000")
    if not 1 <= one.batch_max <= 100:
        yield Wrong("batch_max", "must be 1 to 100")
    if not 0 <= one.batch_wait_ms <= 5_000:
        yield Wrong("batch_wait_ms", "must be 0 to 5000")
    yield from _of_conditions(settings, one)


def _of_commands(one: Receiver, profile: Names, *, goes_nowhere: bool) -> Iterator[Wrong]:
    known = [*profile.before, *profile.after]
    if not set(one.commands) <= {*known}:
        yield Wrong("commands", f"known are {', '.join(known)}")
    pairs = [line.split() for line in one.urls]
    if not all(len(pair) == 2 and pair[0] in known and is_url(pair[1]) for pair in pairs):
        yield Wrong("urls", f"each has to be a command and an http or https URL; known are {', '.join(known)}")
        return
    elsewhere = {command for command, _ in pairs}
    if not (one.url or goes_nowhere or set(one.commands) <= elsewhere):
        yield Wrong("commands", "nobody is asked: set callbacks.url, or callbacks.hooks")


def _of_conditions(settings: Settings, one: Receiver) -> Iterator[Wrong]:
    kinds = [kind.name for kind in KINDS]
    types = {*settings.group_types, settings.pair.name}
    classes = [kind.value for kind in MessageClass]
    if not set(one.conversations) <= {*kinds}:
        yield Wrong("conversations", f"known are {', '.join(kinds)}")
    if not set(one.types) <= types:
        yield Wrong("types", f"known are {', '.join(sorted(types))}")
    if not set(one.message_classes) <= {*classes}:
        yield Wrong("message_classes", f"known are {', '.join(classes)}")
    if not set(one.message_types) <= {*settings.message_types}:
        yield Wrong("message_types", "each has to be built in or one of app.message_types")
