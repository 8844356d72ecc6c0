"""What a group keeps of users who need not be members: mutes, blocks and applications, and their bound (GR-11, GR-12)."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.actor.commands import (
    BlockUsers,
    MuteUsers,
)
from rcim.actor.records import UserRestriction
from rcim.actor.state import GroupState
from rcim.base.errors import (
    BAD_PARAMETER,
    TOO_MANY_ENTRIES,
    RcimError,
)
from rcim.base.ids import is_guest
from rcim.rules.rights import Operation


def waits(state: GroupState, mark: UserRestriction | None, now_ms: int) -> bool:
    """GR-12: True if an application waits, for no longer than it is kept."""
    return mark is not None and mark.applied_ms > state.app_state.config.limits.applied_after_ms(now_ms)


def whom_to_restrain(state: GroupState, operation: Operation, command: BlockUsers | MuteUsers) -> list[str]:
    """Whom a block or a mute is about, if who asks may set or lift it. The app lifts any: the owner's, an app
    administrator's own, and where the type offers none any more. Raises RcimError."""
    users = list(dict.fromkeys(command.users))
    if command.admin and not command.seconds:
        state.there(command.by, True)
        return users
    _, _, who = state.allowed(operation, command.by, command.admin)
    check_not_oneself(users, command.by)
    state.check_above(who, users)
    return users


def check_not_oneself(users: Sequence[str], by: str) -> None:
    """Raises RcimError(BAD_PARAMETER)."""
    if by in users:
        raise RcimError(BAD_PARAMETER, "users: must not name you")


def check_entries(state: GroupState, users: Sequence[str], now_ms: int) -> None:
    """Marks are bounded; those that are over do not count, nor those that only say what is erased, which have a bound of
    their own (altering.erase). Raises RcimError(TOO_MANY_ENTRIES)."""
    most, kept = state.app_state.config.limits.marks_max, state.roster.restrictions
    new = sum(u not in kept for u in users)
    if not new or len(kept) + new <= most:
        return
    erased = sum(m == UserRestriction(m.user_id, erased_seq=m.erased_seq) for m in kept.values() if m.erased_seq)
    if len(kept) - len(expired(state, now_ms)) - erased + new > most:
        raise RcimError(
            TOO_MANY_ENTRIES, f"a group keeps at most {most} applications, mutes and blocks; remove some first"
        )


def expired(state: GroupState, now_ms: int) -> list[UserRestriction]:
    """Marks that say nothing any more, as empty ones: they are removed with the next change of marks. A guest that is
    gone does not come again under its id (ID-06)."""

    def over(m: UserRestriction) -> bool:
        if is_guest(m.user_id) and not state.app_state.guests.is_here(m.user_id):
            return True
        return not waits(state, m, now_ms) and not m.erased_seq and m.ended(now_ms)

    return [UserRestriction(m.user_id) for m in state.roster.restrictions.values() if over(m)]
