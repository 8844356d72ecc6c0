"""Settings of the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.app.settings.setting_fields import setting


@dataclass(frozen=True)
class AuditSettings:
    """`[audit]`: who has changed what, in the folder `audit` of the data directory."""

    RELOADED = True

    keep_days: int = setting(90, "Days for which the audit log is kept; 0: for ever.")
