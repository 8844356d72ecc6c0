"""A roster whose members are not in memory, for kinds without a member cap (rules/conversation_kinds.py). No kind uses it
yet; a kind that names RosterPart.PAGED gets it when its actor is loaded.

1. Members are looked up by id, and the `rows_max` looked up last are kept, also for users who are no members.
2. A roster does no I/O. A row that is not in memory raises NotLoaded; the caller of the actor reads it from the store,
   passes it to `take_members` or `take_page`, and handles the command again. So a command looks up its members before
   it changes anything.
3. While a command waits for rows, its actor handles no other, and the rows are read after the current commit, so they
   are the rows that the actor itself would have. So a row may leave memory as soon as its command is handled.
4. The owner, the admins and the number of members are stored with the head of the conversation, and are always in
   memory.
5. Walking over all members reads page after page and holds them until the walk is over. A kind with very many members
   lists pages of the store instead (MembersQuery).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rcim.actor.records import Member, UserRestriction
from rcim.actor.roster import JoinPlace, Restrictions
from rcim.base.terms import Role
from rcim.rules.roles import Standing

BEGIN: JoinPlace = (-1, "")
"""Before the first member, in the order of joining."""


class NotLoaded(Exception):
    """A command needs rows that are not in memory: `user_id`, or, if that is empty, the page of members after `after`."""

    def __init__(self, user_id: str = "", after: JoinPlace = BEGIN) -> None:
        super().__init__(user_id or after)
        self.user_id = user_id
        self.after = after


def place_of(member: Member) -> JoinPlace:
    """The member's place in the order of joining."""
    return member.join_time_ms, member.user_id


class PagedRoster:
    """See the module's text. `count`, `admins` and `cleared_max` (the greatest `cleared_seq` of any member) are from
    the head. At most `rows_max` rows are kept: more than one command names users, or it would be handled without end."""

    __slots__ = ("_admins", "_cleared_max", "_count", "_rows", "_rows_max", "_walk", "_walked_all", "restrictions")

    def __init__(
        self,
        count: int,
        admins: Iterable[Member],
        marks: Iterable[UserRestriction] = (),
        *,
        rows_max: int,
        cleared_max: int = 0,
    ) -> None:
        self._count = count
        self._admins = {m.user_id: m for m in sorted(admins, key=place_of)}
        self._cleared_max = cleared_max
        self._rows: OrderedDict[str, Member | None] = OrderedDict()
        """The users looked up last, without admins; None: not a member."""
        self._rows_max = rows_max
        self._walk: list[Member] = []
        """The rows read so far in an unfinished walk."""
        self._walked_all = False
        self.restrictions = Restrictions(marks)

    # -- what was read

    def take_members(self, found: Mapping[str, Member | None]) -> None:
        """The rows of users that NotLoaded has named; None: the user is no member."""
        for user_id, member in found.items():
            self._keep(user_id, member)

    def take_page(self, after: JoinPlace, page: Sequence[Member]) -> None:
        """The page of members after `after`, in the order of joining; empty: there are no more."""
        if after != self._walk_end:
            return
        self._walk += page
        self._walked_all = not page

    # -- what actors ask

    @property
    def count(self) -> int:
        """The number of members."""
        return self._count

    @property
    def rows(self) -> int:
        """How many rows are in memory besides those of admins."""
        return len(self._rows)

    def get(self, user_id: str, /) -> Member | None:
        """The member; None: the user is not a member. Raises NotLoaded."""
        admin = self._admins.get(user_id)
        if admin is not None:
            return admin
        if not self._count:
            return None
        try:
            found = self._rows[user_id]
        except KeyError:
            raise NotLoaded(user_id) from None
        self._rows.move_to_end(user_id)
        return found

    def __contains__(self, user_id: object, /) -> bool:
        return isinstance(user_id, str) and self.get(user_id) is not None

    def __iter__(self) -> Iterator[Member]:
        """All members in the order of joining. Raises NotLoaded for each page that is not loaded yet."""
        if self._count and not self._walked_all:
            raise NotLoaded(after=self._walk_end)
        found, self._walk, self._walked_all = self._walk, [], False
        return iter(found)

    def admins(self) -> list[Member]:
        """The owner and the admins, in the order of joining."""
        return list(self._admins.values())

    def standing(self, user_id: str, /) -> Standing:
        """The user's standing in the conversation. Raises NotLoaded."""
        member = self.get(user_id)
        return Standing(member.role) if member is not None else Standing.ANYONE

    def cleared_from(self, seq: int, /) -> bool:
        """MS-10: True if a member may have deleted the messages up to `seq` for themselves: former members can't be ruled
        out."""
        return self._count > 0 and self._cleared_max >= seq

    # -- what actors change

    def put(self, member: Member, /) -> None:
        """Add a member, or replace a changed one. Raises NotLoaded if it is not known whether it is new."""
        if self.get(member.user_id) is None:
            self._count += 1
        self._cleared_max = max(self._cleared_max, member.cleared_seq)
        self._admins.pop(member.user_id, None)
        if member.role >= Role.ADMIN:
            self._admins[member.user_id] = member
            self._admins = {m.user_id: m for m in sorted(self._admins.values(), key=place_of)}
            self._rows.pop(member.user_id, None)
        else:
            self._keep(member.user_id, member)
        self._end_walk()

    def update(self, user_id: str, member: Member, /) -> None:
        """As `put`, for a present member whose role has not changed."""
        if user_id in self._admins:
            self._admins[user_id] = member
        else:
            self._keep(user_id, member)
        self._end_walk()

    def drop(self, user_id: str, /) -> None:
        """Remove the member, if the user is one. Raises NotLoaded."""
        if self.get(user_id) is None:
            return
        self._count -= 1
        self._admins.pop(user_id, None)
        self._keep(user_id, None)
        self._end_walk()

    def clear(self) -> None:
        """Remove all members and restrictions."""
        self._count = self._cleared_max = 0
        self._admins.clear()
        self._rows.clear()
        self.restrictions.clear()
        self._end_walk()

    @property
    def _walk_end(self) -> JoinPlace:
        return place_of(self._walk[-1]) if self._walk else BEGIN

    def _end_walk(self) -> None:
        self._walk, self._walked_all = [], False

    def _keep(self, user_id: str, member: Member | None) -> None:
        self._rows[user_id] = member
        self._rows.move_to_end(user_id)
        if len(self._rows) > self._rows_max:
            self._rows.popitem(last=False)
