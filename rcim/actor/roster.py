"""The roster of a conversation: its members with their roles, and restrictions of users (GR-02, GR-04, SC-02, GR-11).

The kind of a conversation says which roster it has (rules/conversation_kinds.py): none, one in memory, or one whose
members are loaded when they are needed (paged_roster.py). All of them have restrictions in memory: there are at most
`marks_max`, however many members there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

from rcim.actor.records import Member, UserRestriction
from rcim.base.terms import Role
from rcim.rules.roles import Standing

JoinPlace = tuple[int, str]
"""A member's place in the order of joining: JoinTime and user id."""


class Restrictions(dict[str, UserRestriction]):
    """By user id: mutes, blocks, applications, and up to where a sender's messages are erased."""

    def __init__(self, marks: Iterable[UserRestriction] = ()) -> None:
        super().__init__((mark.user_id, mark) for mark in marks)

    def restrict(self, mark: UserRestriction) -> None:
        """`mark` is the new restriction of its user; an empty one is removed."""
        if mark == UserRestriction(mark.user_id):
            self.pop(mark.user_id, None)
        else:
            self[mark.user_id] = mark


class Roster(Protocol):
    """The members of a conversation, as its actor uses them. Every method except `restrictions`, `count` and `admins`
    may raise NotLoaded if the roster is paged."""

    @property
    def restrictions(self) -> Restrictions:
        """Of members and others."""

    @property
    def count(self) -> int:
        """The number of members."""

    @property
    def walks(self) -> bool:
        """True if there are few enough members to look at each of them within one command."""

    def all_may_have_seen(self, time_ms: int) -> bool:
        """GT-14: False if somebody has joined since then, as far as that is known without looking at each member."""

    def get(self, user_id: str, /) -> Member | None:
        """The member; None: the user is not a member."""

    def __contains__(self, user_id: object, /) -> bool: ...

    def __iter__(self) -> Iterator[Member]:
        """All members in the order of joining; costs as much as there are."""

    def admins(self) -> list[Member]:
        """The owner and the admins, in the order of joining."""

    def standing(self, user_id: str, /) -> Standing:
        """The user's standing in the conversation: ANYONE if they are not a member."""

    def cleared_from(self, seq: int, /) -> bool:
        """MS-10: True if a member has deleted all messages up to `seq` or a later one for themselves."""

    def put(self, member: Member, /) -> None:
        """Add a member, or replace a changed one."""

    def update(self, user_id: str, member: Member, /) -> None:
        """As `put`, for a present member whose role and `cleared_seq` have not changed: on the path of each message."""

    def drop(self, user_id: str, /) -> None:
        """Remove the member, if the user is one."""

    def clear(self) -> None:
        """Remove all members and restrictions."""


class NoRoster:
    """The roster of a conversation without members, such as system notices: it is empty, and nobody can enter."""

    __slots__ = ("restrictions",)

    def __init__(self, marks: Iterable[UserRestriction] = ()) -> None:
        self.restrictions = Restrictions(marks)

    count = 0
    walks = True

    def all_may_have_seen(self, time_ms: int) -> bool:
        """True: there is nobody who may not."""
        return True

    def get(self, user_id: str, /) -> Member | None:
        """None."""
        return None

    def __contains__(self, user_id: object, /) -> bool:
        return False

    def __iter__(self) -> Iterator[Member]:
        return iter(())

    def admins(self) -> list[Member]:
        """Nobody."""
        return []

    def standing(self, user_id: str, /) -> Standing:
        """ANYONE."""
        return Standing.ANYONE

    def cleared_from(self, seq: int, /) -> bool:
        """False."""
        return False

    def put(self, member: Member, /) -> None:
        """Raises TypeError: an actor of such a kind has no command that adds a member."""
        raise TypeError("the conversation has no roster")

    def update(self, user_id: str, member: Member, /) -> None:
        """As `put`."""
        raise TypeError("the conversation has no roster")

    def drop(self, user_id: str, /) -> None:
        """There is nobody to drop."""

    def clear(self) -> None:
        """Remove all restrictions."""
        self.restrictions.clear()


class MemoryRoster:
    """All members in memory. `members` come in the order of joining."""

    __slots__ = ("_cleared", "_members", "get", "restrictions", "update")

    walks = True

    def __init__(self, members: Iterable[Member] = (), marks: Iterable[UserRestriction] = ()) -> None:
        self._members = {m.user_id: m for m in members}
        self._cleared = {m.user_id for m in self._members.values() if m.cleared_seq}
        self.restrictions = Restrictions(marks)
        # The dictionary's own methods: each message asks for its sender and notes when it sent.
        self.get = self._members.get
        self.update = self._members.__setitem__

    @property
    def count(self) -> int:
        """The number of members."""
        return len(self._members)

    def all_may_have_seen(self, time_ms: int) -> bool:
        """False: where all members are in memory, each is looked at."""
        return False

    def __contains__(self, user_id: object, /) -> bool:
        return user_id in self._members

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def latest(self, most: int) -> list[Member]:
        """The last `most` members who have joined, the latest first (CR-05)."""
        return list(islice(reversed(self._members.values()), most))

    def admins(self) -> list[Member]:
        """The owner and the admins, in the order of joining."""
        return [m for m in self if m.role >= Role.ADMIN]

    def standing(self, user_id: str, /) -> Standing:
        """The user's standing in the conversation."""
        member = self._members.get(user_id)
        return Standing(member.role) if member is not None else Standing.ANYONE

    def cleared_from(self, seq: int, /) -> bool:
        """MS-10: looks only at members who have ever deleted the conversation for themselves."""
        return any(self._members[user].cleared_seq >= seq for user in self._cleared)

    def put(self, member: Member, /) -> None:
        """Add a member, or replace a changed one."""
        self._members[member.user_id] = member
        if member.cleared_seq:
            self._cleared.add(member.user_id)

    def drop(self, user_id: str, /) -> None:
        """Remove the member, if the user is one."""
        self._members.pop(user_id, None)
        self._cleared.discard(user_id)

    def clear(self) -> None:
        """Remove all members and restrictions."""
        self._members.clear()
        self._cleared.clear()
        self.restrictions.clear()
