"""What a health check finds (OP-04): it crosses the bus, and every API shows the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

HealthState = Literal["ok", "warning", "failed"]


class HealthRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One check. `process` is the process that made it, as in the log. `failed`: clients can't be served as they should,
    so the server is not ready; `warning`: an operator has to look, and the server is ready. `reason` is empty if it is
    ok. `figures` are by name, with their unit at the end of it."""

    name: str
    process: str
    state: str
    """A HealthState."""
    reason: str = ""
    figures: dict[str, int] = {}


class Health(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """All checks of all processes."""

    rows: list[HealthRow]

    @property
    def ready(self) -> bool:
        """Whether clients and back ends should be sent here."""
        return is_ready(self.rows)


def is_ready(rows: Sequence[HealthRow]) -> bool:
    """Whether no check has failed."""
    return all(row.state != "failed" for row in rows)
