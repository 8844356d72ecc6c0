"""What the settings of pushes have to be (PU-01, PU-02, PU-04)."""

from __future__ import annotations

from collections.abc import Iterator

from rcim.app.settings.all_settings import PushSettings, Settings
from rcim.app.settings.checks.wrong_settings import Wrong, error_of
from rcim.rules.push_info import LIFE_S_MAX, NAME_MAX, TEXT_MAX, TITLE_MAX
from rcim.rules.push_templates import LANGUAGES, check

WHEN = ("offline", "background", "always")
BADGES = ("unread", "increment", "none")
RECEIVERS_MAX = 1_000_000


def check_push(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """Raises SettingsError."""
    for wrong in _faults(settings.push):
        raise error_of(where, "push", wrong, getattr(settings.push, wrong.key))


def _faults(push: PushSettings) -> Iterator[Wrong]:
    for key, known in (("when", WHEN), ("badge", BADGES), ("language", LANGUAGES)):
        if getattr(push, key) not in known:
            yield Wrong(key, f"known are {', '.join(known)}")
    for key, most in (("title", TITLE_MAX), ("text", TEXT_MAX), ("sound", NAME_MAX)):
        text = getattr(push, key)
        if len(text.encode()) > most:
            yield Wrong(key, f"must have at most {most} bytes")
    for key in ("title", "text"):
        try:
            check(getattr(push, key))
        except ValueError as error:
            yield Wrong(key, str(error))
    if not 60 <= push.life_s <= LIFE_S_MAX:
        yield Wrong("life_s", f"must be 60 to {LIFE_S_MAX}")
    if not 0 <= push.receivers_max <= RECEIVERS_MAX:
        yield Wrong("receivers_max", f"must be 0 to {RECEIVERS_MAX}")
