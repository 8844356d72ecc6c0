"""What the settings of receivers with the profile `rcim` have to be."""

from __future__ import annotations

from rcim.app.settings.all_settings import Settings, SettingsError
from rcim.hooks.signing_secrets import secrets_of


def check_webhooks(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """Raises SettingsError, which has none of the secrets."""
    named = {"callbacks": settings.callbacks, **{f"receivers.{n}": one for n, one in settings.receivers.items()}}
    for section, receiver in named.items():
        place = where.get((section, "secrets"), "default")
        try:
            found = secrets_of(receiver.secrets)
        except ValueError as error:
            raise SettingsError(f"{place}: {section}.secrets: {error}") from None
        if found and receiver.profile != "rcim":
            raise SettingsError(f"{place}: {section}.secrets: only the profile rcim signs with them")
