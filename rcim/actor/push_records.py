"""Records of push tokens (PU-03): by which names push services know the devices of a user."""

from __future__ import annotations

import msgspec


class PushToken(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a device has registered with one provider."""

    device_id: str
    """The app's name for the device."""
    provider: str
    """The name of a `[push_providers.NAME]` section."""
    token: str
    topic: str = ""
    """The app for which the token was made; empty: that of the provider."""
    sandbox: bool = False
    """The token was made by a development build."""
    language: str = ""
    """In which language the device is told, as `en` or `zh-CN`; empty: that of the settings."""
    time_ms: int = 0
    """When it was registered. With the token it says which registration this is."""


class PushTokenSaved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=50):
    """The user has this token from now on, in place of what the device had at this provider. Whoever had the token
    before, a user or another device, has it no longer."""

    key: str
    user_id: str
    token: PushToken


class PushTokenRemoved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=51):
    """The user has these tokens no longer: those of the device, or of all devices if none is named; of one provider, or
    of all if none is named. With `token` and `time_ms`, only if it still is that registration."""

    key: str
    user_id: str
    device_id: str = ""
    provider: str = ""
    token: str = ""
    time_ms: int = 0
