"""System notices of the app's back end to a group: delivered to those who are online, never stored (MS-05)."""

from __future__ import annotations

from rcim.actor.commands import GiveNotice
from rcim.actor.effects import Noticed, Notify
from rcim.actor.outcomes import Done, Outcome
from rcim.actor.state import GroupState
from rcim.rules.rights import Operation


def give_notice(state: GroupState, command: GiveNotice, now_ms: int, position: int) -> Outcome:
    """MS-05: to all, or to named members."""
    profile, _, _ = state.allowed(Operation.NOTICE, command.by, command.admin)
    users: list[str] | None = None
    if command.users:
        users = [u for u in dict.fromkeys(command.users) if u in state.roster and state.knows(profile, u)]
    return Outcome(Done(), None, (Notify(users, Noticed(now_ms, command.body)),))
