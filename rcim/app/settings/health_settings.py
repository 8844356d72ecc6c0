"""Settings of the health checks (OP-04)."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.app.settings.setting_fields import setting


@dataclass(frozen=True)
class HealthSettings:
    """`[health]`: from when on a check warns."""

    disk_free_bytes_min: int = setting(1 << 30, "Warn if the disk of the data directory has less free.")
    certificate_days: int = setting(14, "Warn if the certificate ends within this number of days.")
    loop_lag_ms_max: int = setting(
        500, "Warn if the event loop was late by more in the last 10 s; ten times as much fails the check."
    )
    consumer_lag_ms_max: int = setting(
        600_000, "Warn if the oldest event that a consumer has not taken is older than this."
    )
