"""What a group has to do with its guests (ID-06): let one in, keep it, block or kick it, and all out when it closes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from rcim.actor.commands import DropGuests, KeepGuest
from rcim.actor.durations import FOR_EVER_MS, RETRY_MS_MAX
from rcim.actor.effects import ClosedToGuests, Effect, MemberGone, MembersAdded
from rcim.actor.outcomes import Done, Joined, Outcome
from rcim.actor.state import GroupState
from rcim.base.errors import BLOCKED, NO_SUCH_MEMBER, NOT_PERMITTED, RcimError
from rcim.base.ids import is_guest
from rcim.base.terms import GoneReason

AT_ONCE = 100
"""Guests let go in one turn: each is told by a frame of its own, 2 to 3 ms with TLS."""


def is_blocked(state: GroupState, user_id: str, now_ms: int) -> bool:
    """GR-11: True if the group does not let the user in."""
    mark = state.roster.restrictions.get(user_id)
    return mark is not None and mark.blocked_until_ms > now_ms


def check_not_blocked(state: GroupState, user_id: str, now_ms: int) -> None:
    """GR-11, in a channel that of its ultra group too. Raises RcimError(BLOCKED) with the time until it ends."""
    end = state.roster.restrictions[user_id].blocked_until_ms if is_blocked(state, user_id, now_ms) else 0
    if state.parent is not None:
        end = max(end, state.parent.blocked.get(user_id, 0))
    if end > now_ms:
        raise RcimError(BLOCKED, "", 0 if end == FOR_EVER_MS else min(end - now_ms, RETRY_MS_MAX))


def enter(state: GroupState, by: str) -> Outcome:
    """A guest joins, whose right to and block has been looked at. It hears the group; it is no member."""
    if not state.open_to_guests:
        raise RcimError(NOT_PERMITTED, "guests cannot apply; this group needs approval to join")
    state.app_state.guests.admit(state.key, by, state.timeline.newest)
    return Outcome(Joined(state.timeline.newest, state.roster.count), None, (MembersAdded([by]),))


def leave(state: GroupState, by: str) -> Outcome:
    """A guest leaves. That it had left before is no error."""
    state.app_state.guests.leave(state.key, by)
    return Outcome(Done(), None, (MemberGone(by),))


def keep(state: GroupState, command: KeepGuest, now_ms: int, position: int) -> Outcome:
    """A guest that the owner before this one had let in is let in again, as if it joined now; but nobody is asked."""
    state.there(command.by, False)
    check_not_blocked(state, command.by, now_ms)
    if not state.open_to_guests:
        raise RcimError(NOT_PERMITTED, "the group no longer takes guests")
    state.app_state.guests.admit(state.key, command.by, state.timeline.newest)
    return Outcome(Done())


def drop(state: GroupState, command: DropGuests, now_ms: int, position: int) -> Outcome:
    """The group may have been closed to guests: if it was, they go, some at a time."""
    if state.open_to_guests:
        return Outcome(Done())
    found = list(islice(state.app_state.guests.of(state.key), AT_ONCE))
    gone: list[Effect] = [*let_go(state, found, GoneReason.REMOVED)]
    if state.app_state.guests.of(state.key):
        gone.append(ClosedToGuests())
    return Outcome(Done(), None, tuple(gone))


def let_go(
    state: GroupState, users: Sequence[str], reason: GoneReason, operator: str = "", text: str = ""
) -> list[MemberGone]:
    """Those of `users` who are guests of the group are no longer; returns what follows from it."""
    inside = [u for u in users if is_guest(u) and state.app_state.guests.since(state.key, u) is not None]
    for user_id in inside:
        state.app_state.guests.leave(state.key, user_id)
    return [MemberGone(user_id, reason, operator, text) for user_id in inside]


def check_here(state: GroupState, users: Sequence[str]) -> None:
    """A guest's id ends with its connection: to block one that is gone means nothing. Raises
    RcimError(NO_SUCH_MEMBER)."""
    for user_id in users:
        if is_guest(user_id) and not state.app_state.guests.is_here(user_id):
            raise RcimError(NO_SUCH_MEMBER, f"{user_id} has left the group")
