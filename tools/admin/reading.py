"""How tables show names and values to people: titles of columns, points in time, durations. JSON stays as it is."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from rcim.base.terminal import printable

MOMENTS = frozenset(
    {
        "began_ms",
        "changed_ms",
        "create_time_ms",
        "created_ms",
        "dead_ms",
        "decided_ms",
        "ends_ms",
        "expires_ms",
        "from_ms",
        "from_time_ms",
        "join_time_ms",
        "last_error_ms",
        "last_info_time_ms",
        "last_msg_time_ms",
        "last_send_time_ms",
        "last_time_ms",
        "login_ms",
        "muted_until_ms",
        "oldest_ms",
        "paused_ms",
        "pinned_ms",
        "server_time_ms",
        "time_ms",
        "to_ms",
        "to_time_ms",
        "until_ms",
        "used_ms",
        "valid_from_ms",
        "written_ms",
    }
)
"""Names of points in time, in milliseconds since 1970; 0: never."""
MINUTES_OF_DAY = frozenset({"start_min", "end_min"})
FOR_EVER_MS = (1 << 64) - 1
UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))

TITLES = {
    "agent": "Client",
    "apply_join_option": "Who may join",
    "began_ms": "Session began",
    "changed_ms": "Changed",
    "code": "Error code",
    "connected_ms": "Connected for",
    "create_time_ms": "Created",
    "dead_ms": "Given up",
    "device_tag": "Device",
    "event_type": "Event",
    "in_10s": "In 10 s",
    "in_60s": "In 60 s",
    "in_flight": "Unanswered",
    "join_time_ms": "Joined",
    "last_info_time_ms": "Profile changed",
    "last_msg_time_ms": "Last message",
    "last_send_time_ms": "Last sent",
    "last_error_ms": "Last error at",
    "login_ms": "Logged in",
    "max_member_num": "Members at most",
    "member_num": "Members",
    "mute_all": "All muted",
    "offset_min": "Ahead of UTC",
    "online_num": "Online",
    "paused_ms": "Paused since",
    "queued_bytes": "Bytes waiting",
    "retrying_keys": "Conversations and users retrying",
    "per_s": "Requests a second",
    "seconds": "For",
    "silent": "Silent members",
    "slow_ms": "Slow for",
    "to": "Only for",
}
"""Names that are not their own title."""
CAPITALS = {"id": "ID", "sha256": "SHA-256", "seq": "SEQ", "url": "URL", "tls": "TLS", "api": "API", "utc": "UTC"}


def title(name: str) -> str:
    """The title of a column: "user_id" is "User ID", "uptime_ms" is "Uptime"."""
    if name in TITLES:
        return TITLES[name]
    bare = name.removesuffix("_ms").removesuffix("_min")
    words = " ".join(CAPITALS.get(word, word) for word in bare.split("_"))
    return words[:1].upper() + words[1:]


def cell(name: str, value: Any) -> str:
    """A value for people. What would steer a terminal is shown as `?`."""
    if value is None or (value == 0 and (name in MOMENTS or name == "code")):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and (timed := time_shown(name, value)) is not None:
        return timed
    if isinstance(value, Mapping):
        text = "\n".join(
            f"{key}={item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)}"
            for key, item in value.items()
        )
    elif isinstance(value, list):
        text = ", ".join(map(str, value))
    else:
        text = str(value)
    return printable(text, lines=True)


def time_shown(name: str, value: int) -> str | None:
    """A number as the time that its name says it is; None if it is something else."""
    if name in MOMENTS:
        return moment(value)
    if name in MINUTES_OF_DAY:
        return f"{value // 60:02}:{value % 60:02}"
    if name == "offset_min":
        return f"{'-' if value < 0 else '+'}{abs(value) // 60:02}:{abs(value) % 60:02}"
    if name.endswith("_ms"):
        return duration(value)
    return duration(value * 1000) if name == "seconds" else None


def moment(ms: int) -> str:
    """A point in time, in this machine's zone."""
    if ms == FOR_EVER_MS:
        return "forever"
    try:
        return datetime.datetime.fromtimestamp(ms / 1000).isoformat(" ", "seconds")
    except (ValueError, OverflowError, OSError):
        return str(ms)


def duration(ms: int) -> str:
    """A duration in its two largest units, as `--for` takes them: "3d 4h", "12m 5s", "850ms"."""
    parts = []
    for unit, size in UNITS:
        count, ms = divmod(ms, size)
        if count or parts:
            parts.append((count, unit))
        if len(parts) == 2 or (parts and unit == "s"):
            break
    return " ".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
