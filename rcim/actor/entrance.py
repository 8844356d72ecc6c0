"""What follows for users who are in a conversation from now on."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.actor.effects import Effect, Entered, MembersAdded, MemberSilenced, Notify, Placed, Silenced
from rcim.actor.records import Member, Profile
from rcim.actor.roster import Restrictions
from rcim.base.terms import MsgFlag, Place, Role


def entrance(
    profile: Profile, came: Sequence[Member], told: Entered, restrictions: Restrictions, now_ms: int
) -> list[Effect]:
    """The effects of `came` having become members: they receive the group's messages, if it is open to them, and get
    `told` (GR-07), and if they are muted, until when (SC-09). Those to whom it is hidden are told nothing (GT-16)."""
    heard: list[Member] = []
    unseen: list[str] = []
    for member in came:
        if not profile.importing and (profile.active or member.role is Role.OWNER):
            heard.append(member)
        else:
            unseen.append(member.user_id)
    effects: list[Effect] = []
    if heard:
        users = [m.user_id for m in heard]
        effects += [MembersAdded(users), Placed(users, Place.MEMBER), Notify(users, told)]
        mutes = [(u, restrictions[u].muted_at(now_ms)) for u in users if u in restrictions]
        effects += [Notify([u], Silenced(until, "")) for u, until in mutes if until]
    if unseen:
        effects.append(Placed(unseen, Place.HIDDEN))
    return effects + [MemberSilenced(m.user_id, True) for m in heard if m.msg_flag is MsgFlag.DISCARD]
