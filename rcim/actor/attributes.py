"""The attributes of a conversation: its profile with custom fields, and InfoSeq, the version of its public data (GR-03,
GR-07)."""

from __future__ import annotations

from rcim.actor.records import Profile
from rcim.actor.snapshots import GroupSnapshot


class Attributes:
    """See the module's text. All of it is also in the store."""

    __slots__ = ("info_seq", "last_info_time_ms", "profile")

    def __init__(self, snapshot: GroupSnapshot) -> None:
        self.profile = snapshot.profile
        """None: there is no such conversation."""
        self.info_seq = snapshot.info_seq
        self.last_info_time_ms = snapshot.last_info_time_ms

    def raise_info(self, now_ms: int) -> None:
        """GR-07: raise InfoSeq, since public data has changed."""
        self.info_seq += 1
        self.last_info_time_ms = now_ms

    def replace(self, profile: Profile | None) -> Profile | None:
        """Replace the profile by `profile`, unless that is None. Returns the previous one."""
        before = self.profile
        if profile is not None:
            self.profile = profile
        return before
