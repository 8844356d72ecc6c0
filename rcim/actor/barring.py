"""Whose messages a conversation takes: who is barred from a one-to-one conversation (SC-07), who is muted (SC-02 to
SC-04). Asked before a message is sent, and before one is edited."""

from __future__ import annotations

from rcim.actor.durations import FOR_EVER_MS, RETRY_MS_MAX
from rcim.actor.records import Profile
from rcim.actor.snapshots import ParentFacts
from rcim.actor.state import GroupState
from rcim.base.errors import BLACKLISTED, NOT_PERMITTED, NOT_WHITELISTED, SENDER_MUTED, RcimError
from rcim.base.terms import MuteScope, UserList, other_of
from rcim.rules.group_types import GroupType
from rcim.rules.mutes import mute_name
from rcim.rules.roles import Standing

WHERE = {
    MuteScope.CHAT_ROOMS: "in all chat rooms",
    MuteScope.GROUPS: "in all groups",
    MuteScope.ONE_TO_ONE: "in all one-to-one conversations",
}


def check_not_barred(state: GroupState, by: str, admin: bool) -> None:
    """SC-07, in a one-to-one conversation: what only its two send, one of whom may not want it of the other. Raises
    RcimError."""
    assert state.pair is not None
    if by not in state.pair:
        raise RcimError(NOT_PERMITTED, f"{by} is not one of the two users of this conversation")
    if not admin and is_barred(state, by):
        raise RcimError(BLACKLISTED if state.app_state.config.pair_list is UserList.BLACK else NOT_WHITELISTED)


def is_barred(state: GroupState, by: str) -> bool:
    """SC-07: True in a one-to-one conversation whose other user does not want to hear of `by`: then nothing that `by`
    does is told to the other, or moves anything in its list of conversations."""
    if state.pair is None or by not in state.pair:
        return False
    other = other_of(state.pair, by)
    if state.app_state.deleted.since(other, state.deletions):  # what it had listed before went with it
        state.listed = {entry for entry in state.listed if entry[0] != other}
        state.deletions = state.app_state.deleted.count
    listed = (other, state.app_state.config.pair_list) in state.listed
    return listed if state.app_state.config.pair_list is UserList.BLACK else not listed


def check_not_muted(state: GroupState, profile: Profile, policy: GroupType, by: str, now_ms: int) -> None:
    """SC-02 to SC-04. Raises RcimError(SENDER_MUTED) with the time until it ends."""
    restrictions = state.roster.restrictions
    mark = restrictions.get(by) if restrictions else None
    if mark is not None and mark.muted_at(now_ms):
        raise muted(mark.muted_until_ms, now_ms, "in this group")
    if profile.mute_all and state.roster.standing(by) < Standing.ADMIN and by not in profile.speakers:
        raise RcimError(SENDER_MUTED, "the whole group is muted")
    if state.parent is not None:
        _check_not_muted_in_parent(state, state.parent, by, now_ms)
    if state.app_state.config.muted:
        _check_not_muted_everywhere(state, policy, by, now_ms)


def _check_not_muted_everywhere(state: GroupState, policy: GroupType, by: str, now_ms: int) -> None:
    """SC-04. Raises RcimError(SENDER_MUTED)."""
    known = state.app_state.config.muted
    scope = MuteScope.ONE_TO_ONE if state.pair is not None else MuteScope.GROUPS
    until_ms = known.get(mute_name(scope, by), 0)
    if until_ms > now_ms:
        raise muted(until_ms, now_ms, WHERE[scope])
    if policy.chat_room:
        until_ms = known.get(by, 0)
        if until_ms > now_ms:
            raise muted(until_ms, now_ms, WHERE[MuteScope.CHAT_ROOMS])


def _check_not_muted_in_parent(state: GroupState, parent: ParentFacts, by: str, now_ms: int) -> None:
    """UG-05: a mute of the ultra group holds in all its channels. Raises RcimError(SENDER_MUTED)."""
    until_ms = parent.muted.get(by, 0) if parent.muted else 0
    if until_ms > now_ms:
        raise muted(until_ms, now_ms, "in the ultra group")
    profile = parent.profile
    if profile.mute_all and state.roster.standing(by) < Standing.ADMIN and by not in profile.speakers:
        raise RcimError(SENDER_MUTED, "the whole ultra group is muted")


def muted(until_ms: int, now_ms: int, where: str) -> RcimError:
    """The refusal of who is muted until then."""
    wait = 0 if until_ms == FOR_EVER_MS else min(until_ms - now_ms, RETRY_MS_MAX)
    return RcimError(SENDER_MUTED, f"the sender is muted {where}", wait)
