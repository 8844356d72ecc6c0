"""Deleting messages for oneself (MS-10), which changes nothing for others."""

from __future__ import annotations

import msgspec

from rcim.actor.commands import ClearMessages, HideMessages
from rcim.actor.effects import Hidden, Notify
from rcim.actor.outcomes import Done, Outcome
from rcim.actor.records import MessagesHidden
from rcim.actor.state import GroupState
from rcim.base.errors import NOT_PERMITTED, RcimError


def hide(state: GroupState, command: HideMessages, now_ms: int, position: int) -> Outcome:
    """MS-10: delete for oneself. What does not exist is passed over."""
    profile, policy, _ = state.own_member(command.by, command.admin)
    if not policy.stored:
        raise RcimError(
            NOT_PERMITTED, f"a {policy.name} group stores no messages, so there is nothing to delete for oneself"
        )
    seqs = sorted({seq for seq in command.seqs if profile.first_seq <= seq <= state.timeline.newest})
    if not seqs:
        return Outcome(Done())
    return Outcome(
        Done(),
        MessagesHidden(state.key, command.by, seqs),
        (Notify([command.by], Hidden(seqs, _cleared(state, command.by))),),
    )


def clear(state: GroupState, command: ClearMessages, now_ms: int, position: int) -> Outcome:
    """MS-10: delete for oneself all that there is."""
    _, _, member = state.own_member(command.by, command.admin)
    if not state.timeline.newest:
        return Outcome(Done())
    member = msgspec.structs.replace(member, cleared_seq=state.timeline.newest)
    said = Notify([command.by], Hidden([], state.timeline.newest))
    return state.settle(Done(), now_ms, position, put=[member], info=False, more=(said,))


def _cleared(state: GroupState, user_id: str) -> int:
    member = state.roster.get(user_id)
    return member.cleared_seq if member is not None else 0
