"""What is kept of an application to join a group, for who has applied (GR-12).

1. While it waits the group has it in the applicant's Mark; there it is decided, and nowhere else.
2. The store keeps this one for the applicant, and counts what waits for those who decide. Both follow from the records of
   the group (store/apply.py).
3. It waits for `applications_kept_days`, and its decision is known for as long. What is too old counts no more at once,
   and goes little by little.
"""

from __future__ import annotations

import msgspec

from rcim.base.terms import ApplicationState


class Application(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a user keeps of its application to join a group, and of its decision (GR-12)."""

    user_id: str
    key: str
    """The group."""
    time_ms: int
    text: str
    state: ApplicationState = ApplicationState.WAITING
    decided_ms: int = 0
    operator: str = ""
    """Who has decided."""
    answer: str = ""
    """What was said about it."""

    @property
    def last_ms(self) -> int:
        """Since when it is as it is."""
        return self.decided_ms or self.time_ms
