"""What of a conversation a member was not meant to get by DELIVER (RX-01, RX-05): the stretches of its row, as
rules/visibility.py says."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Member
from rcim.base.terms import MsgFlag
from rcim.rules import visibility
from rcim.rules.visibility import Stretch


def stretches(member: Member) -> list[Stretch]:
    """All of them, oldest first."""
    return visibility.unheard(member.unheard, member.joined_seq, discards=member.msg_flag is MsgFlag.DISCARD)


def flagged(member: Member, flag: MsgFlag, newest: int) -> Member:
    """The member with this MsgFlag from now on; `newest` is the newest SEQ."""
    if flag is member.msg_flag:
        return member
    kept = visibility.unheard_from_now(stretches(member), newest, discards=flag is MsgFlag.DISCARD)
    return msgspec.structs.replace(member, msg_flag=flag, unheard=kept)
