"""Weak notices (GT-15): what has happened in a conversation since the last one went out, as one frame.

How changes are joined together: rcim/actor/joining.py. So a frame is bounded, and a storm of joins costs each member one
frame a slice (`slice_ms`), however many join.
"""

from __future__ import annotations

from rcim.actor.joining import JoinedChanges
from rcim.wire.frames import GroupChange, GroupChanges

SLICE_MS_MAX = 1000


def slice_ms(members: int) -> int:
    """How long changes of a conversation with so many connections are gathered: at once up to 50, a second from 1,000."""
    return 0 if members <= 50 else min(members, SLICE_MS_MAX)


class Changes(JoinedChanges):
    """What waits for the next notice."""

    __slots__ = ()

    def take(self, group_id: str) -> bytes:
        """The frame of all that waits; nothing waits then. Empty if all of it has undone itself."""
        rows = [
            GroupChange(c.kind, c.operator, c.users, c.count, c.member_num, c.info_seq, c.time_ms, c.what or ())
            for c in self.rows()
        ]
        return GroupChanges(group_id, rows).encode() if rows else b""
