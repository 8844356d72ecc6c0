"""What the settings have to be beside their types (OP-01). What is wrong is said with the place where it stands."""

from __future__ import annotations

import re
from pathlib import Path

from rcim.app.settings.all_settings import TYPES, Settings, SettingsError, words_of_file
from rcim.app.settings.checks.http_checks import check_http
from rcim.app.settings.checks.message_log_checks import check_message_log
from rcim.app.settings.checks.proxy_checks import wrong_networks
from rcim.app.settings.checks.push_checks import check_push_providers
from rcim.app.settings.checks.push_setting_checks import check_push
from rcim.app.settings.checks.receiver_checks import check_receivers
from rcim.app.settings.checks.stream_checks import check_streams
from rcim.app.settings.checks.trace_checks import check_traces
from rcim.app.settings.checks.webhook_checks import check_webhooks
from rcim.app.settings.checks.wrong_settings import Wrong, error_of
from rcim.base.errors import RcimError
from rcim.base.ids import check_user_id


def _is_user_id(text: str) -> bool:
    try:
        return check_user_id(text) == text
    except RcimError:
        return False


def _is_file(name: str) -> bool:
    return not name or Path(name).is_file()


def check(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """What a type does not say. `where` has the place of each setting by section and key. Raises SettingsError."""
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
        ("audit", "keep_days", 0 <= s.audit.keep_days <= 36_500, "must be 0 to 36500"),
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
        ("health", "disk_free_bytes_min", 0 <= s.health.disk_free_bytes_min < 1 << 63, "must be 0 to 2^63 - 1"),
        ("health", "certificate_days", 0 <= s.health.certificate_days <= 3650, "must be 0 to 3650"),
        ("health", "loop_lag_ms_max", 1 <= s.health.loop_lag_ms_max <= 60_000, "must be 1 to 60000"),
        ("health", "consumer_lag_ms_max", 1 <= s.health.consumer_lag_ms_max <= 1 << 40, "must be 1 to 2^40"),
        ("log", "format", s.log.format in ("text", "json"), "text or json"),
    ]
    for section, key, good, text in rules:
        if not good:
            raise error_of(where, section, Wrong(key, text), getattr(getattr(s, section), key))
    if (wrong := wrong_networks(s.server.proxy_from)) is not None:
        raise error_of(where, "server", Wrong("proxy_from", wrong), s.server.proxy_from)
    _check_derived(settings, where)
    check_receivers(settings, where)
    check_webhooks(settings, where)
    check_streams(settings, where)
    check_push_providers(settings, where)
    check_push(settings, where)
    check_message_log(settings, where)
    check_http(settings, where)
    check_traces(settings, where)


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
            place = where.get(("app", key), "default")
            raise SettingsError(f"{place}: app.{key}: {error}") from None
    kinds = {*settings.group_types, settings.pair.name}
    unknown = [kind for kind in settings.app.word_conversations if kind not in kinds]
    if unknown:
        place = where.get(("app", "word_conversations"), "app.word_conversations")
        raise SettingsError(f"{place}: {unknown[0]} is no group type, and not {settings.pair.name}")
    missing = [key for key in settings.app.message_user_fields if key not in keys]
    if missing:
        place = where.get(("app", "message_user_fields"), "app.message_user_fields")
        raise SettingsError(f"{place}: {missing[0]} is not one of app.user_fields")
