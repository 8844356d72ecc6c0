"""What the settings of the message log have to be (AB-03)."""

from __future__ import annotations

from rcim.app.settings.all_settings import Settings
from rcim.app.settings.checks.wrong_settings import Wrong, error_of
from rcim.rules.conversation_kinds import KINDS

KEEP_DAYS_MAX = 3650


def check_message_log(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """Raises SettingsError."""
    one = settings.message_log
    kinds = [kind.name for kind in KINDS]
    rules = [
        ("keep_days", 0 <= one.keep_days <= KEEP_DAYS_MAX, f"must be 0 to {KEEP_DAYS_MAX}"),
        ("conversations", set(one.conversations) <= {*kinds}, f"known are {', '.join(kinds)}"),
    ]
    for key, good, rule in rules:
        if not good:
            raise error_of(where, "message_log", Wrong(key, rule), getattr(one, key))
