"""The roster of a channel: the members of its ultra group, or those of them who are on its own list (UG-02, UG-05).

Rows are loaded when they are asked for, as in any paged roster. They are joined from the member's row in the group and
what is kept of them in the channel (store/channel_rows.py). After each commit of the group that changes one of them, the
channel is told, and forgets the row. So the next command finds what the store has by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rcim.actor.paged_roster import PagedRoster
from rcim.actor.records import Member
from rcim.actor.snapshots import GroupSnapshot


class SharedRoster(PagedRoster):
    """See the module's text. `private` says whether only `insiders` are members."""

    __slots__ = ("_member_num", "insiders", "private")

    def __init__(self, snapshot: GroupSnapshot, *, rows_max: int, sent_max: int) -> None:
        parent = snapshot.parent
        self._member_num = parent.member_num if parent is not None else 0
        super().__init__(self._member_num, (), snapshot.marks, rows_max=rows_max, sent_max=sent_max)
        self.joined_ms = parent.joined_ms if parent is not None else 0
        self.insiders = set(snapshot.insiders)
        self.private = snapshot.profile is not None and snapshot.profile.private

    @property
    def count(self) -> int:
        """How many members there are: those of the group, or who is on the list."""
        return len(self.insiders) if self.private else self._count

    def get(self, user_id: str, /) -> Member | None:
        """The member; None: the user is none. Raises NotLoaded."""
        if self.private and user_id not in self.insiders:
            return None
        return super().get(user_id)

    def group_member(self, user_id: str) -> Member | None:
        """The member of the group, whether they see the channel or not. Raises NotLoaded."""
        return super().get(user_id)

    def look_up(self, user_ids: Iterable[str]) -> None:
        """Raises NotLoaded with those of these users of whom it is not known what they are."""
        if self.private:
            user_ids = [user_id for user_id in user_ids if user_id in self.insiders]
        super().look_up(user_ids)

    def put(self, member: Member, /) -> None:
        """What is kept of a member has changed. Nobody becomes one here."""
        count = self._count
        super().put(member)
        self._count = count

    def parent_changed(self, users: Iterable[str], gone: Sequence[str], member_num: int, joined_ms: int) -> None:
        """Rows of these users are others now; those who are gone are no longer on the list either. What the others have
        sent last is not in their rows, and stays."""
        for user_id in users:
            self._rows.pop(user_id, None)
            self._admins.pop(user_id, None)
        for user_id in gone:
            self._sent.pop(user_id, None)
        self.insiders.difference_update(gone)
        self._count = member_num
        self.joined_ms = max(self.joined_ms, joined_ms)

    def clear(self) -> None:
        """Nobody is a member, and nothing is kept of anybody."""
        super().clear()
        self.insiders.clear()
