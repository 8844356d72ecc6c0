"""The push services by name, and what each needs of the settings. Nothing here imports HTTP, so that settings can be
checked without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

NEEDED: Mapping[str, Sequence[str]] = {
    "apns": ["key_file", "key_id", "team_id", "topic"],
    "fcm": ["key_file"],
    "huawei": ["app_id", "secret"],
    "xiaomi": ["secret"],
    "oppo": ["app_key", "secret"],
    "vivo": ["app_id", "app_key", "secret"],
    "meizu": ["app_id", "secret"],
    "honor": ["app_id", "app_key", "secret"],
    "webhook": ["url", "secret"],
}
"""By service: the settings of `[push_providers.NAME]` that have to be given."""
