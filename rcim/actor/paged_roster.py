"""A roster whose members are not in memory: kinds without a member cap are made of it (rules/conversation_kinds.py). A
kind that names RosterPart.PAGED has it, and PagedGroupActor (paged_group.py) as its actor.

1. Members are looked up by id, and the `rows_max` looked up last are kept. Who is found to be no member is kept too.
2. A roster does no I/O. What is not in memory raises NotLoaded; whoever runs the actor reads it from the store, gives it
   with `take_members` or `take_page`, and handles the command again. So a command asks for members before it changes
   anything, or of members it has asked for already.
3. What a command has looked up stays until its end (`end_command`), however much it is; only then rows leave memory.
4. While a command waits so, its actor handles no other, and what is read is read after the commit that is under way: the
   rows that are given are those the actor itself would have. So a row may leave memory as soon as its command is handled.
   What of a row is only in memory, when and up to where its member has sent, is kept for the last `sent_max` senders.
5. The owner and the admins, and how many members there are, are always in memory.
6. Walking over all members reads page after page and holds them until the end of the command. A kind with very many
   members lists pages of the store instead (MembersQuery).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from rcim.actor.records import Member, Message, UserRestriction
from rcim.actor.roster import JoinPlace, Restrictions
from rcim.base.terms import Role
from rcim.rules.roles import Standing

WALK_MAX = 10_000
"""Of more members no command looks at each: it would take more than ten pages, and 3 MB."""


class NotLoaded(Exception):
    """What a command needs is not in memory: the rows of `user_ids`, or, if there are none, the page of members whose ids
    are behind `after`, in the order of ids."""

    def __init__(self, user_ids: tuple[str, ...] = (), after: str = "") -> None:
        super().__init__(user_ids or after)
        self.user_ids = user_ids
        self.after = after


class _Sending(NamedTuple):
    """What is known of a member's sending beside its row."""

    time_ms: int
    read_seq: int
    own: bool
    """True: it was sent through this roster. False: it was found among the messages, and may have been imported."""


class LoadAgain(Exception):
    """The actor no longer knows what the command asks about: it is to be loaded again, and the command handled then."""


def place_of(member: Member) -> JoinPlace:
    """Where the member stands in the order of joining."""
    return member.join_time_ms, member.user_id


class PagedRoster:
    """See the module's text. `cleared_max` is the greatest `cleared_seq` of any member; without `heeds_clearing` it does
    not matter."""

    __slots__ = (
        "_admins",
        "_cleared_max",
        "_count",
        "_heeds_clearing",
        "_rows",
        "_rows_max",
        "_sent",
        "_sent_max",
        "_walk",
        "_walked_all",
        "joined_ms",
        "restrictions",
    )

    def __init__(
        self,
        count: int,
        admins: Iterable[Member],
        marks: Iterable[UserRestriction] = (),
        *,
        rows_max: int,
        sent_max: int,
        cleared_max: int = 0,
        joined_ms: int = 0,
        heeds_clearing: bool = True,
    ) -> None:
        self._count = count
        self._heeds_clearing = heeds_clearing
        self._admins = {m.user_id: m for m in sorted(admins, key=place_of)}
        self._cleared_max = cleared_max
        self._rows: OrderedDict[str, Member | None] = OrderedDict()
        """Those looked up last, who are no admins; None: no member."""
        self._rows_max = rows_max
        self._sent: OrderedDict[str, _Sending] = OrderedDict()
        """By user, who has sent last at the end."""
        self._sent_max = sent_max
        self._walk: dict[str, Member] = {}
        """What was read of a walk that goes on, or all members if `_walked_all`."""
        self._walked_all = False
        self.joined_ms = joined_ms
        """When somebody joined last."""
        self.restrictions = Restrictions(marks)

    # -- what was read

    def take_members(self, found: Mapping[str, Member | None]) -> None:
        """The rows of users that NotLoaded has named; None: the user is no member."""
        for user_id, member in found.items():
            self._keep(user_id, self._with_sending(member) if member is not None else None)

    def take_page(self, after: str, page: Sequence[Member]) -> None:
        """The page of members behind `after`, in the order of ids; empty: there are no more."""
        if self._walked_all or after != self._walk_end:
            return
        for member in page:
            self._walk[member.user_id] = self._with_sending(member)
        self._walked_all = not page

    def note_sent(self, messages: Iterable[Message]) -> None:
        """Messages of the store, oldest first, which may be newer than what the rows of their senders say."""
        for message in messages:
            if message.tip is None and not message.directed:
                self._note(message.sender, _Sending(message.time_ms, message.seq, own=False))
        self._admins = {user: self._with_sending(member) for user, member in self._admins.items()}

    # -- what is needed, and for how long

    def all_may_have_seen(self, time_ms: int) -> bool:
        """GT-14: False if somebody has joined since then, who may not see a message of then."""
        return time_ms > self.joined_ms

    def look_up(self, user_ids: Iterable[str]) -> None:
        """Raises NotLoaded with those of these users of whom it is not known what they are."""
        if not self._count or self._walked_all:
            return
        missing = dict.fromkeys(u for u in user_ids if u not in self._rows and u not in self._admins)
        if missing:
            raise NotLoaded(tuple(missing))

    def walk(self) -> None:
        """Raises NotLoaded for each page of members that is not there yet."""
        if self._count and not self._walked_all:
            raise NotLoaded(after=self._walk_end)

    def end_command(self) -> list[str]:
        """The command is over: what is beyond the bound leaves memory. Returns whose rows did."""
        self._walk, self._walked_all = {}, False
        return [self._rows.popitem(last=False)[0] for _ in range(len(self._rows) - self._rows_max)]

    # -- what actors ask

    @property
    def walks(self) -> bool:
        """True if there are few enough members to look at each of them within one command."""
        return self.count <= WALK_MAX

    @property
    def count(self) -> int:
        """How many members there are."""
        return self._count

    @property
    def rows(self) -> int:
        """How many rows are in memory besides those of admins."""
        return len(self._rows)

    def get(self, user_id: str, /) -> Member | None:
        """The member; None: the user is none. Raises NotLoaded."""
        admin = self._admins.get(user_id)
        if admin is not None:
            return admin
        if not user_id or not self._count:  # "" is the id of nobody
            return None
        if user_id in self._rows:
            self._rows.move_to_end(user_id)
            return self._rows[user_id]
        if self._walked_all:
            return self._walk.get(user_id)
        raise NotLoaded((user_id,))

    def __contains__(self, user_id: object, /) -> bool:
        return isinstance(user_id, str) and self.get(user_id) is not None

    def __iter__(self) -> Iterator[Member]:
        """All members in the order of joining. Raises NotLoaded for each page that is not there yet."""
        self.walk()
        if not self._count:
            return iter(())
        return iter(sorted((self._walk | self._own_rows()).values(), key=place_of))

    def _own_rows(self) -> dict[str, Member]:
        """Rows of members in memory: newer than those of a walk."""
        return {user: member for user, member in self._rows.items() if member is not None} | self._admins

    def admins(self) -> list[Member]:
        """The owner and the admins, in the order of joining."""
        return list(self._admins.values())

    def standing(self, user_id: str, /) -> Standing:
        """What the user is in the conversation. Raises NotLoaded."""
        member = self.get(user_id)
        return Standing(member.role) if member is not None else Standing.ANYONE

    def cleared_from(self, seq: int, /) -> bool:
        """MS-10: True if a member may have deleted for itself what is up to `seq`: of those who are gone it is not known
        any more."""
        return self._heeds_clearing and self._count > 0 and self._cleared_max >= seq

    # -- what actors change

    def put(self, member: Member, /) -> None:
        """A member that is new, or has changed. Raises NotLoaded if it is not known whether it is new."""
        if not self._count:
            self._walk, self._walked_all = {}, True  # who comes with the same command is not in the store either
        if self.get(member.user_id) is None:
            self._count += 1
        self._cleared_max = max(self._cleared_max, member.cleared_seq)
        self.joined_ms = max(self.joined_ms, member.join_time_ms)
        self._admins.pop(member.user_id, None)
        self._sent.pop(member.user_id, None)
        if member.role >= Role.ADMIN:
            self._admins[member.user_id] = member
            self._admins = {m.user_id: m for m in sorted(self._admins.values(), key=place_of)}
            self._rows.pop(member.user_id, None)
        else:
            self._keep(member.user_id, member)

    def update(self, user_id: str, member: Member, /) -> None:
        """As `put`, of somebody who is a member, with the role it had; it has sent."""
        if user_id in self._admins:
            self._admins[user_id] = member
        else:
            self._keep(user_id, member)
            self._note(user_id, _Sending(member.last_send_time_ms, member.read_seq, own=True))

    def drop(self, user_id: str, /) -> None:
        """The user is no member any more, if it was one. Raises NotLoaded."""
        if self.get(user_id) is None:
            return
        self._count -= 1
        self._admins.pop(user_id, None)
        self._sent.pop(user_id, None)
        self._walk.pop(user_id, None)
        self._keep(user_id, None)

    def clear(self) -> None:
        """Nobody is a member, and nothing is kept of anybody."""
        self._count = self._cleared_max = self.joined_ms = 0
        self._admins.clear()
        self._rows.clear()
        self._sent.clear()
        self._walk, self._walked_all = {}, False
        self.restrictions.clear()

    # -- inside

    @property
    def _walk_end(self) -> str:
        return next(reversed(self._walk), "")

    def _keep(self, user_id: str, member: Member | None) -> None:
        self._rows[user_id] = member
        self._rows.move_to_end(user_id)

    def _note(self, user_id: str, sending: _Sending) -> None:
        self._sent[user_id] = sending
        self._sent.move_to_end(user_id)
        if len(self._sent) > self._sent_max:
            self._sent.popitem(last=False)

    def _with_sending(self, member: Member) -> Member:
        """As the row is with what its member has sent since. LastSendMsgTime, and MsgSeq by sending (RX-11); a member of
        whose sending nothing is kept has sent none of what is in the store: they were imported (GR-08)."""
        sent = self._sent.get(member.user_id)
        if sent is None:
            return member
        seq = sent.read_seq if sent.own or member.last_send_time_ms else 0
        return msgspec.structs.replace(
            member,
            last_send_time_ms=max(member.last_send_time_ms, sent.time_ms),
            read_seq=max(member.read_seq, seq),
        )
