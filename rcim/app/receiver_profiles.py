"""Which profile a receiver has: whose names, fields and signatures its callbacks have (CB-01)."""

from __future__ import annotations

from rcim.app.settings import Receiver, Settings
from rcim.hooks.profile import Profile
from rcim.hooks.profiles import tencent


def profile_of(settings: Settings, receiver: Receiver) -> Profile:
    """The profile that the receiver's settings name; they have been checked."""
    if receiver.profile == "rcim":
        # Only who uses it pays for the library that signs.
        from rcim.hooks.profiles.webhooks import WebhooksProfile

        return WebhooksProfile(receiver.secrets, settings.limits)
    return tencent.TencentProfile(settings.app.sdkappid, receiver.token, settings.limits, unread=receiver.unread_num)
