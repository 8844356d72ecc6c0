"""The roster of the conversation of broadcasts (SY-03): every user is in it, and only those who have read, deleted or
flagged something have a row. The rows are loaded when they are asked for, as those of any paged roster."""

from __future__ import annotations

from rcim.actor.paged_roster import PagedRoster
from rcim.actor.records import Member
from rcim.base.ids import is_guest
from rcim.base.terms import Role
from rcim.rules.built_in_types import BROADCAST


def as_everybody(user_id: str) -> Member:
    """The user in the conversation of broadcasts, before they have read, deleted or flagged anything there."""
    return Member(
        user_id=user_id, role=Role.MEMBER, join_time_ms=0, joined_seq=0, name_card="", msg_flag=BROADCAST.msg_flag
    )


class BroadcastRoster(PagedRoster):
    """See the module's text. `count` is the number of rows."""

    __slots__ = ()

    def row(self, user_id: str) -> Member | None:
        """What is kept of the user; None: nothing. Raises NotLoaded."""
        return super().get(user_id)

    def get(self, user_id: str, /) -> Member | None:
        """The user; None: it is a guest, or nobody. Raises NotLoaded."""
        if not user_id or is_guest(user_id):
            return None
        return self.row(user_id) or as_everybody(user_id)

    def cleared_from(self, seq: int, /) -> bool:
        """False: what becomes of a broadcast is told to everybody."""
        return False

    def put(self, member: Member, /) -> None:
        """The row of a user, which is new or has changed. Raises NotLoaded if it is not known whether it is new."""
        if self.row(member.user_id) is None:
            self._count += 1
        self._keep(member.user_id, member)

    def drop(self, user_id: str, /) -> None:
        """Forget the user's row. Raises NotLoaded."""
        if self.row(user_id) is not None:
            super().drop(user_id)
