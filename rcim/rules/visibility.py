"""Who sees what of the history of a conversation. Actors (which answer from memory, and tell of changes) and the store
(which answers from the tables) both ask here, with plain values.

1. A conversation is hidden from all but its owner until the owner's first message (GT-16), and from all while it is
   imported (GR-08).
2. A member sees messages from the one after its joining on, or all of them where the type says so (GT-14); nothing of
   before the conversation began, and nothing up to where it has cleared the conversation for itself (MS-10). Who is no
   member sees the same as one who has joined now; a guest, as one who joined when it was let in (ID-06).
3. Messages older than the roaming days of the type are not seen (GT-22). What is not stored at all is seen as far as it
   is in memory.
4. Of a message within these bounds the user sees, of the first that holds: nothing but that it is deleted, if the user
   has hidden it for itself (MS-10); nothing but that it is not for the user, if it names others (MS-07); who sent it and
   when, if all of its sender's messages up to it are erased (MS-10); else the whole message.
5. What a user sees in history need not have come by DELIVER: what was imported (GR-08), and what was said while its
   MsgFlag was DISCARD (RX-01). Clients are told these stretches, so that they take them for no gap (RX-05).
6. An app administrator sees all that is there, but what is erased (AB-04).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

DAY_MS = 86_400_000
Stretch = tuple[int, int]
"""The first and the last SEQ; last 0: it goes on."""
UNHEARD_MAX = 10
"""Stretches kept of a member. Of more the two oldest are joined: what was heard between them, clients have long got."""


class Sight(Enum):
    """What a user sees of a message whose SEQ and time are within the bounds."""

    WHOLE = "all of it"
    ERASED = "who sent it and when"
    NOT_FOR_USER = "that it is not for the user"
    HIDDEN = "that it is deleted"


# -- which conversations


def is_known(user_id: str, owner: str, *, active: bool, importing: bool) -> bool:
    """True if the user, who is in the conversation or asks to be, may know of it (GR-08, GT-16)."""
    return not importing and (active or user_id == owner)


# -- which messages


def first_for_member(begin: int, joined_seq: int, cleared_seq: int, *, before_joining: bool) -> int:
    """The least SEQ that a member may see (GT-14, MS-10). `begin` is the first SEQ of the conversation, `joined_seq` the
    newest when the member joined, `cleared_seq` up to where it has cleared the conversation (0: never); `before_joining`:
    the type shows what was before."""
    return max(begin, 1 if before_joining else joined_seq + 1, cleared_seq + 1)


def first_for_stranger(begin: int, newest: int, admitted: int | None, *, before_joining: bool) -> int:
    """The least SEQ that somebody may see who is no member. `newest` is the newest SEQ; `admitted` is what it was when
    the user was let in as a guest; None: it was not (ID-06)."""
    if before_joining:
        return begin
    return max(begin, (newest if admitted is None else admitted) + 1)


def oldest_ms(now_ms: int, roaming_days: int) -> int:
    """The least time of a message that members may see (GT-22)."""
    return now_ms - roaming_days * DAY_MS


def saw(seq: int, joined_seq: int, cleared_seq: int, *, before_joining: bool) -> bool:
    """True if a member may have the message `seq` before its eyes: then a change of it is told to the member (MS-10)."""
    return seq >= first_for_member(0, joined_seq, cleared_seq, before_joining=before_joining)


def unread_from(first: int, read_seq: int, joined_seq: int) -> int:
    """The least SEQ that can count as unread (RX-08): behind the read position and the joining, and not before `first`,
    the least that may be seen."""
    return max(first, read_seq + 1, joined_seq + 1)


# -- what of a message


def is_for(user_id: str, sender: str, to: Sequence[str]) -> bool:
    """MS-07: True if the message is not for others only: `to` names its receivers; empty: it is for all."""
    return not to or user_id == sender or user_id in to


def sight(*, hidden: bool, for_user: bool, erased: bool) -> Sight:
    """What a user sees of a message: `hidden` if the user has hidden it for itself, `for_user` as `is_for` says,
    `erased` as `is_erased` says."""
    if hidden:
        return Sight.HIDDEN
    if not for_user:
        return Sight.NOT_FOR_USER
    return Sight.ERASED if erased else Sight.WHOLE


def is_erased(seq: int, erased_seq: int) -> bool:
    """MS-10: True if the messages of its sender are erased up to `erased_seq` (0: none), and `seq` is one of them."""
    return seq <= erased_seq


# -- what was not delivered


def unheard(kept: Sequence[Stretch], joined_seq: int, *, discards: bool) -> list[Stretch]:
    """All stretches of a member, oldest first. `kept` are those that its row has. One that begins with joining, where the
    type's MsgFlag is DISCARD, is kept nowhere; `discards`: that is the member's MsgFlag now."""
    found = [*kept]
    if discards and not (found and not found[-1][1]):
        found.append((max(joined_seq, found[-1][1] if found else 0) + 1, 0))
    return found


def unheard_from_now(before: Sequence[Stretch], newest: int, *, discards: bool) -> list[Stretch]:
    """The stretches to keep of a member that discards from now on, or does no longer. `before` are those of `unheard`;
    `newest` is the newest SEQ."""
    found = [*before]
    if discards:
        found.append((newest + 1, 0))
    elif found and not found[-1][1]:
        first, _ = found.pop()
        if first <= newest:
            found.append((first, newest))
    while len(found) > UNHEARD_MAX:
        found[:2] = [(found[0][0], found[1][1])]
    return found
