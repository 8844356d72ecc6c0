"""What one user, and the app's back end, may ask of the server in a time (LI-01, LI-02): a part of limits.py."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Self


def bound(default: int, low: int, high: int, why: str, *, wire: bool = False, restart: bool = False) -> int:
    """A limit with its range (both ends included); `wire` marks a limit that client authors need to know, `restart` one
    that a reload does not put into force (OP-03)."""
    metadata = {"low": low, "high": high, "why": why, "wire": wire, "reloaded": not restart}
    value: int = field(default=default, metadata=metadata)
    return value


@dataclass(frozen=True, slots=True)
class RateLimits:
    """See the module's text. Times in milliseconds, as the names say."""

    sends_per_min: int = bound(
        60,
        0,
        1_000_000,
        "SENDs of one user a minute (on each gateway), but transient ones, as many at once; 0: no limit (LI-01).",
        wire=True,
    )
    transients_per_min: int = bound(
        120,
        0,
        1_000_000,
        "SENDs with `transient` of one user a minute, apart from the others; 0: no limit (LI-01).",
        wire=True,
    )
    reads_per_min: int = bound(
        120,
        0,
        1_000_000,
        "HISTORY, SYNC, SEARCH and CONVERSATION_READ of one user a minute; 0: no limit (LI-01).",
        wire=True,
    )
    requests_per_min: int = bound(
        30, 0, 1_000_000, "Other requests of one user a minute, including LOGIN; 0: no limit (LI-01).", wire=True
    )
    control_per_min: int = bound(
        600,
        0,
        10_000_000,
        "PINGs, PONGs and unknown frames of one user a minute: enough for 300 connections at the default heartbeat. Also "
        "guest logins from one address a minute; 0: no limit.",
        wire=True,
    )
    refusals_per_min: int = bound(
        300,
        0,
        10_000_000,
        "Frames of one user refused with TOO_FREQUENT a minute: after half of them the server reads the user slowly, "
        "after all of them it closes their connections (FLOODING); 0: no limit.",
        wire=True,
    )
    input_ms_per_s: int = bound(
        10,
        0,
        1000,
        "Server time that one user's input may take, in milliseconds a second; two seconds' worth may come at once; "
        "beyond it the server does not read the user for a while; 0: no limit.",
    )
    query_ms_per_s: int = bound(
        50,
        0,
        1000,
        "Time of the reading thread that one user's queries may take, in milliseconds a second; two seconds' worth may "
        "come at once; beyond it they wait; 0: no limit.",
    )
    backend_sends_per_s: int = bound(
        50,
        0,
        1_000_000,
        "Messages and notices of app administrators a second; further ones wait; 0: no limit (LI-02).",
        wire=True,
    )
    backend_queue_max: int = bound(
        10_000,
        1,
        1_000_000,
        "Messages and notices of app administrators that may wait; more are refused (LI-02). 80 MiB of the largest.",
        wire=True,
    )

    def of_its_own(self) -> Self:
        """Another object with the same values: the limits in force of a process, which a reload may change."""
        return replace(self)

    def put_in_force(self, limits: RateLimits) -> None:
        """OP-03: from now on this object has the values of `limits`. Only for one made with `of_its_own`, and between two
        turns of the loop. Threads that read meanwhile see each value as it was or as it is."""
        for f in fields(self):
            object.__setattr__(self, f.name, getattr(limits, f.name))
