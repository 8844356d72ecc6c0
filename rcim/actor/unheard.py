"""What of a conversation a member was not meant to get by DELIVER: what was imported (GR-08), and what was said while its
MsgFlag was DISCARD (RX-01). It is in history all the same. Clients are told, so that they take it for no gap (RX-05)."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Member
from rcim.base.terms import MsgFlag

Stretch = tuple[int, int]
"""The first and the last SEQ; last 0: it goes on."""
UNHEARD_MAX = 10
"""Stretches kept of a member. Of more the two oldest are joined: what was heard between them, clients have long got."""


def stretches(member: Member) -> list[Stretch]:
    """All of them, oldest first. One that begins with joining, where the type's MsgFlag is DISCARD, is kept nowhere."""
    found = [*member.unheard]
    if member.msg_flag is MsgFlag.DISCARD and not (found and not found[-1][1]):
        found.append((max(member.joined_seq, found[-1][1] if found else 0) + 1, 0))
    return found


def flagged(member: Member, flag: MsgFlag, newest: int) -> Member:
    """The member with this MsgFlag from now on; `newest` is the newest SEQ."""
    if flag is member.msg_flag:
        return member
    found = stretches(member)
    if flag is MsgFlag.DISCARD:
        found.append((newest + 1, 0))
    elif found and not found[-1][1]:
        first, _ = found.pop()
        if first <= newest:
            found.append((first, newest))
    while len(found) > UNHEARD_MAX:
        found[:2] = [(found[0][0], found[1][1])]
    return msgspec.structs.replace(member, msg_flag=flag, unheard=found)
