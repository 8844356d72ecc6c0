"""What the settings of receivers of callbacks have to be (CB-01, CB-02, CB-06)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from rcim.app.settings.all_settings import Receiver, Settings, Stream
from rcim.app.settings.checks.wrong_settings import Wrong, error_of
from rcim.hooks.profiles.table import PROFILES, WEB_HOOK, Names
from rcim.rules.conversation_kinds import KINDS
from rcim.rules.message_types import MessageClass


def check_receivers(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """Raises SettingsError."""
    named = {"callbacks": settings.callbacks, **{f"receivers.{n}": one for n, one in settings.receivers.items()}}
    hooks = settings.callbacks.hooks
    for section, receiver in named.items():
        for wrong in _faults(settings, section, receiver, hooked=section == "callbacks" and bool(hooks)):
            raise error_of(where, section, wrong, getattr(receiver, wrong.key))


def is_url(text: str) -> bool:
    """True for an http or https URL with a host, and for none."""
    try:
        parts = urlsplit(text)
        return not text or (parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        return False


def _faults(settings: Settings, section: str, one: Receiver, *, hooked: bool) -> Iterator[Wrong]:
    """`hooked`: there is a hook, which needs no URL."""
    if not is_url(one.url):
        yield Wrong("url", "has to be an http or https URL with a host")
    profile = PROFILES.get(one.profile)
    if profile is None:
        yield Wrong("profile", f"known are {', '.join(PROFILES)}")
        return
    yield from _of_commands(one, profile)
    if not (one.url or hooked or set(one.commands) <= {line.split()[0] for line in one.urls if line.split()}):
        also = ", or callbacks.hooks" if section == "callbacks" else ""
        yield Wrong("commands", f"nobody is told or asked: set {section}.url{also}")
    if not 10 <= one.timeout_ms <= 60_000:
        yield Wrong("timeout_ms", "must be 10 to 60000")
    if not 1 <= one.batch_max <= 100:
        yield Wrong("batch_max", "must be 1 to 100")
    batches = profile.in_batches
    if one.batch_max > 1 and batches is not None and not batches >= {*one.commands} - {*profile.before}:
        yield Wrong("batch_max", f"must be 1: the profile {one.profile} has batches of {', '.join(batches)} alone")
    if not 0 <= one.batch_wait_ms <= 5_000:
        yield Wrong("batch_wait_ms", "must be 0 to 5000")
    if one.profile == "leancloud":
        yield from _of_leancloud(one)
    yield from condition_faults(settings, one)


def _of_leancloud(one: Receiver) -> Iterator[Wrong]:
    """An engine lets nobody in without keys, and the hook of service conversations is none of its functions."""
    if WEB_HOOK in one.commands and not any(line.split()[0] == WEB_HOOK for line in one.urls):
        yield Wrong("urls", f"has to have a URL for {WEB_HOOK}")
    if set(one.commands) <= {WEB_HOOK}:
        return
    for key in ("url", "app_id", "token", "hook_key"):
        if not getattr(one, key):
            yield Wrong(key, "the profile leancloud needs it, to call the engine")


def _of_commands(one: Receiver, profile: Names) -> Iterator[Wrong]:
    known = [*profile.before, *profile.after]
    if not set(one.commands) <= {*known}:
        yield Wrong("commands", f"known are {', '.join(known)}")
    pairs = [line.split() for line in one.urls]
    if not all(len(pair) == 2 and pair[0] in known and is_url(pair[1]) for pair in pairs):
        yield Wrong("urls", f"each has to be a command and an http or https URL; known are {', '.join(known)}")


def condition_faults(settings: Settings, one: Receiver | Stream) -> Iterator[Wrong]:
    """What is wrong with the conditions of a receiver or a stream (CB-06)."""
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
