"""The kinds of conversations, as a table: how the id of each begins, and which parts its actor is made of.

A conversation is a timeline (actor/timeline.py), a roster (actor/roster.py) and attributes (actor/attributes.py). What
differs from kind to kind stands here, so that no room asks how an id is written. The id of a conversation that is
created is `g:` and its group id, and the group id says the kind: a group has any id that begins like none of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rcim.base.ids import SYSTEM_PREFIX
from rcim.base.terms import BROADCAST_PREFIX, GROUP_PREFIX, PAIR_PREFIX
from rcim.base.terms import CHANNEL_MARK as CHANNEL_MARK


class RosterPart(Enum):
    """Where the members of a conversation are."""

    NONE = "none"
    """It has no members."""
    MEMORY = "memory"
    """All of them are in memory while its actor is."""
    PAGED = "paged"
    """They are loaded when they are asked for: kinds without a member cap."""
    SHARED = "shared"
    """They are those of another conversation, its parent, and are loaded when they are asked for."""


@dataclass(frozen=True, slots=True)
class ConversationKind:
    """One row of the table."""

    name: str
    prefix: str
    """With which the ids of its conversations begin."""
    roster: RosterPart
    created: bool
    """True: somebody creates it, and ends it (GR-01). False: it is there for the users whom its id names, who neither
    join nor leave, and is kept from its first message on (C2-01)."""
    entered_at_login: bool
    """True: a login makes a user's connection hear it. False: it is entered when it has something to say, since a user
    may be in very many."""
    rows_max: int = 0
    """Of a kind whose roster is paged: so many members of a conversation stay in memory, at 300 bytes each."""
    ids_are_made: bool = False
    """True: only the server makes ids of this kind; nobody chooses one."""
    paced: bool = False
    """True: what it has to say goes out slowly (flow/pacing.py), since very many may hear it and nobody waits for it."""

    @property
    def group_prefix(self) -> str:
        """With which the group ids of a created kind begin; empty for groups."""
        return self.prefix[_PREFIX_LENGTH:]

    def inner_id(self, key: str) -> str:
        """What the id of a conversation of this kind names within the kind: of those that are created the group id."""
        return key[_PREFIX_LENGTH:]


_PREFIX_LENGTH = 2

GROUP = ConversationKind("group", GROUP_PREFIX, RosterPart.MEMORY, created=True, entered_at_login=True)
PAIR = ConversationKind("pair", PAIR_PREFIX, RosterPart.MEMORY, created=False, entered_at_login=False)
ULTRA = ConversationKind(
    "ultra group", GROUP_PREFIX + "@TGS#_", RosterPart.PAGED, created=True, entered_at_login=True, rows_max=5_000
)
"""UG-01. The prefix is that of Tencent's communities."""
SYSTEM = ConversationKind(
    "system",
    GROUP_PREFIX + SYSTEM_PREFIX,
    RosterPart.PAGED,
    created=True,
    entered_at_login=True,
    rows_max=5_000,
    paced=True,
)
"""SY-01: its subscribers are its members."""
TEMPORARY = ConversationKind(
    "temporary",
    GROUP_PREFIX + "_tmp:",
    RosterPart.MEMORY,
    created=True,
    entered_at_login=True,
    ids_are_made=True,
)
"""SY-02. The prefix is that of LeanCloud."""
BROADCAST = ConversationKind(
    "broadcast", BROADCAST_PREFIX, RosterPart.PAGED, created=False, entered_at_login=True, rows_max=5_000, paced=True
)
"""SY-03: every user is in it. Its roster has the rows of those who have read, deleted or flagged something."""
CHANNEL = ConversationKind(
    "channel",
    ULTRA.prefix,
    RosterPart.SHARED,
    created=True,
    entered_at_login=True,
    rows_max=5_000,
    ids_are_made=True,
)
"""UG-02: part of an ultra group. Its id is that of the group, CHANNEL_MARK, and the channel's own name; nobody chooses it
as the id of a group."""
KINDS = (GROUP, PAIR, ULTRA, SYSTEM, TEMPORARY, BROADCAST, CHANNEL)
BY_NAME = {kind.name: kind for kind in KINDS}
_BY_PREFIX = {kind.prefix: kind for kind in KINDS if len(kind.prefix) == _PREFIX_LENGTH}
_SPECIAL = tuple(
    sorted(
        (k for k in KINDS if len(k.prefix) > _PREFIX_LENGTH and k is not CHANNEL),
        key=lambda k: len(k.prefix),
        reverse=True,
    )
)
"""Kinds of which the group id says that they are no groups; the longest prefix first."""
_FIRST = frozenset(kind.prefix[_PREFIX_LENGTH] for kind in _SPECIAL)


def kind_of(key: str) -> ConversationKind | None:
    """The kind of the conversation whose id is `key`; None: it is the id of no conversation."""
    kind = _BY_PREFIX.get(key[:_PREFIX_LENGTH])
    if kind is GROUP and key[_PREFIX_LENGTH : _PREFIX_LENGTH + 1] in _FIRST:
        for special in _SPECIAL:
            if key.startswith(special.prefix):
                return CHANNEL if special is ULTRA and CHANNEL_MARK in key else special
    return kind


def kind_name(key: str) -> str:
    """The name of the kind of the conversation with this id; empty for what is no id of one."""
    kind = kind_of(key)
    return kind.name if kind is not None else ""


def is_created(key: str) -> bool:
    """True for the id of a conversation that somebody creates, and that users join and leave."""
    kind = kind_of(key)
    return kind is not None and kind.created


def is_paced(key: str) -> bool:
    """True for the id of a conversation whose deliveries are paced."""
    kind = kind_of(key)
    return kind is not None and kind.paced


def is_entered_at_login(key: str) -> bool:
    """True for the id of a conversation that a login makes a connection hear."""
    kind = kind_of(key)
    return kind is not None and kind.entered_at_login


def is_channel(key: str) -> bool:
    """True for the id of a channel of an ultra group (UG-02)."""
    return CHANNEL_MARK in key and kind_of(key) is CHANNEL


def channel_key(parent: str, name: str) -> str:
    """The id of the channel `name` of the ultra group whose conversation is `parent`."""
    return f"{parent}{CHANNEL_MARK}{name}"


def parent_of(key: str) -> str:
    """The conversation id of the ultra group that a channel belongs to."""
    return key.partition(CHANNEL_MARK)[0]


def channel_name(key: str) -> str:
    """The channel's own name: what its id has after that of its group."""
    return key.partition(CHANNEL_MARK)[2]


def is_paged(key: str) -> bool:
    """True for the id of a conversation whose members are loaded when they are asked for."""
    kind = kind_of(key)
    return kind is not None and kind.roster in (RosterPart.PAGED, RosterPart.SHARED)


OPEN_MARK = "^"
"""An address that begins so is that of a public channel: all who hear its ultra group hear it. Any other address is the
id of the conversation that is heard."""


def open_address(key: str) -> str:
    """Where what the public channel `key` says is delivered."""
    return OPEN_MARK + key


def heard_with(address: str) -> str:
    """The id of the conversation whose listeners hear what is delivered to `address`."""
    return parent_of(address[1:]) if address[:1] == OPEN_MARK else address


def addressed(address: str) -> str:
    """The id of the conversation that `address` is of."""
    return address[1:] if address[:1] == OPEN_MARK else address


assert all(kind.prefix[1:2] == ":" for kind in KINDS), "an id is a letter, a colon, and the rest"
