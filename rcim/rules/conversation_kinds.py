"""The kinds of conversations, as a table: how the id of each begins, and which parts its actor is made of.

A conversation is a timeline (actor/timeline.py), a roster (actor/roster.py) and attributes (actor/attributes.py). What
differs from kind to kind stands here, so that no room asks how an id is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rcim.base.terms import GROUP_PREFIX, PAIR_PREFIX


class RosterPart(Enum):
    """Where the members of a conversation are."""

    NONE = "none"
    """It has no members."""
    MEMORY = "memory"
    """All of them are in memory while its actor is."""
    PAGED = "paged"
    """They are loaded when they are asked for: kinds without a member cap."""


@dataclass(frozen=True, slots=True)
class ConversationKind:
    """One row of the table."""

    name: str
    prefix: str
    """With which its ids begin."""
    roster: RosterPart
    created: bool
    """True: somebody creates it, and ends it (GR-01). False: it is there for the users whom its id names, who neither
    join nor leave, and is kept from its first message on (C2-01)."""
    entered_at_login: bool
    """True: a login makes a user's connection hear it. False: it is entered when it has something to say, since a user
    may be in very many."""
    rows_max: int = 0
    """Of a kind whose roster is paged: so many members of a conversation stay in memory, at 300 bytes each."""

    def inner_id(self, key: str) -> str:
        """What the id of a conversation of this kind names within the kind."""
        return key[len(self.prefix) :]


GROUP = ConversationKind("group", GROUP_PREFIX, RosterPart.MEMORY, created=True, entered_at_login=True)
PAIR = ConversationKind("pair", PAIR_PREFIX, RosterPart.MEMORY, created=False, entered_at_login=False)
KINDS = (GROUP, PAIR)
_BY_PREFIX = {kind.prefix: kind for kind in KINDS}
_PREFIX_LENGTH = 2


def kind_of(key: str) -> ConversationKind | None:
    """The kind of the conversation whose id is `key`; None: it is the id of no conversation."""
    return _BY_PREFIX.get(key[:_PREFIX_LENGTH])


def is_created(key: str) -> bool:
    """True for the id of a conversation that somebody creates, and that users join and leave."""
    kind = kind_of(key)
    return kind is not None and kind.created


def is_entered_at_login(key: str) -> bool:
    """True for the id of a conversation that a login makes a connection hear."""
    kind = kind_of(key)
    return kind is not None and kind.entered_at_login


assert all(len(kind.prefix) == _PREFIX_LENGTH for kind in KINDS), "an id is its kind's letter, a colon, and the rest"
