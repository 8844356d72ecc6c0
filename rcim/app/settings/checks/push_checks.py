"""What the settings of push services have to be (PU-01).

Key files are read here, so that a wrong one is found at the start and by `rcim serve --check`, not with the first push.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from rcim.app.settings.all_settings import Settings
from rcim.app.settings.checks.receiver_checks import is_url
from rcim.app.settings.checks.wrong_settings import Wrong, error_of
from rcim.app.settings.push_provider_settings import PushProvider
from rcim.outbox.push.providers.table import NEEDED

APPLE_ID = re.compile(r"[0-9A-Za-z]{10}\Z")
TOPIC = re.compile(r"[0-9A-Za-z._-]{1,255}\Z")
PLAIN = re.compile(r"[\x21-\x7e]{0,500}\Z")
"""What may stand in headers and URLs."""


def check_push_providers(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """Raises SettingsError."""
    for name, one in settings.push_providers.items():
        section = f"push_providers.{name}"
        for wrong in _faults(one):
            raise error_of(where, section, wrong, getattr(one, wrong.key))


def _faults(one: PushProvider) -> Iterator[Wrong]:
    needed = NEEDED.get(one.provider)
    if needed is None:
        yield Wrong("provider", f"known are {', '.join(NEEDED)}")
        return
    for key in needed:
        if not getattr(one, key):
            yield Wrong(key, f"{one.provider} needs it")
    yield from _of_texts(one)
    yield from _of_numbers(one)
    if one.ca_file:
        yield from _of_file("ca_file", one.ca_file, _check_certificates)
    if one.provider == "apns":
        yield from _of_apns(one)
    elif one.provider == "fcm":
        yield from _of_file("key_file", one.key_file, _check_account)
    elif one.provider == "webhook":
        yield from _of_webhook(one)


def _of_texts(one: PushProvider) -> Iterator[Wrong]:
    if not is_url(one.url):
        yield Wrong("url", "has to be an http or https URL with a host")
    elif one.url and one.provider != "webhook" and urlsplit(one.url).path not in ("", "/"):
        yield Wrong("url", "has to be a host without a path: https://host[:port]")
    if one.topic and not TOPIC.match(one.topic):
        yield Wrong("topic", "has to be a bundle id or package name: letters, digits, `.`, `_` and `-`")
    for key in ("app_id", "app_key", "secret", "rotated_secret"):
        if not PLAIN.match(getattr(one, key)):
            yield Wrong(key, "has to have up to 500 characters of ASCII without spaces")


def _of_numbers(one: PushProvider) -> Iterator[Wrong]:
    if not 100 <= one.timeout_ms <= 60_000:
        yield Wrong("timeout_ms", "must be 100 to 60000")
    if not 0 <= one.pushes_per_s <= 100_000:
        yield Wrong("pushes_per_s", "must be 0 to 100000")


def _of_apns(one: PushProvider) -> Iterator[Wrong]:
    if importlib.util.find_spec("h2") is None:
        yield Wrong("provider", "it needs HTTP/2: install `rcim[push]`")
    if one.url and not one.url.startswith("https:"):
        yield Wrong("url", "has to be https")
    for key in ("key_id", "team_id"):
        if not APPLE_ID.match(getattr(one, key)):
            yield Wrong(key, "has to be ten letters and digits")
    yield from _of_file("key_file", one.key_file, _check_es256)
    if bool(one.rotated_key_file) != bool(one.rotated_key_id):
        yield Wrong("rotated_key_id", "rotated_key_file and rotated_key_id go together")
    elif one.rotated_key_file:
        if not APPLE_ID.match(one.rotated_key_id):
            yield Wrong("rotated_key_id", "has to be ten letters and digits")
        yield from _of_file("rotated_key_file", one.rotated_key_file, _check_es256)


def _of_webhook(one: PushProvider) -> Iterator[Wrong]:
    from rcim.outbox.push.providers.webhook import key_of_secret

    for key in ("secret", "rotated_secret"):
        if getattr(one, key):
            try:
                key_of_secret(getattr(one, key))
            except ValueError as error:
                yield Wrong(key, str(error))


def _of_file(key: str, file: str, check: Callable[[str], None]) -> Iterator[Wrong]:
    """A file that `check` refuses with ValueError or OSError. What stands in it is never told."""
    try:
        check(file)
    except OSError as error:
        yield Wrong(key, error.strerror or "it can't be read")
    except ValueError as error:
        yield Wrong(key, str(error))


def _check_es256(file: str) -> None:
    from rcim.outbox.push.providers.signed_tokens import es256_key

    es256_key(file)


def _check_account(file: str) -> None:
    from rcim.outbox.push.providers.fcm import service_account
    from rcim.outbox.push.providers.signed_tokens import read_object

    service_account(read_object(file))


def _check_certificates(file: str) -> None:
    import ssl

    try:
        ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        raise ValueError("it has no certificates in PEM") from None
