"""One room at a time (CR-02): whoever has entered a room of such a type leaves the others of such types.

What one user enters of their own wish is done one after the other: else each of two rooms that are joined at once would
be left for the other one.
"""

from __future__ import annotations

from rcim.actor import commands as c
from rcim.actor.outcomes import Joined, Refused
from rcim.actor.queries import LoginQuery, RoomsQuery
from rcim.base.errors import ALREADY_HANDLED, ALREADY_MEMBER, GROUP_ID_TAKEN_BY_YOU
from rcim.base.terms import JoinStatus, group_conversation
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.store.answers import GroupsPage, LoginFacts

REPEATED = (ALREADY_MEMBER, ALREADY_HANDLED, GROUP_ID_TAKEN_BY_YOU)
"""Refusals that may mean that the user has entered before."""


def one_room_types(context: WorkflowContext) -> frozenset[str]:
    """The types of which a user is in one room at a time."""
    return frozenset(row.name for row in context.app_state.config.types if row.one_room)


async def leave_others(
    context: WorkflowContext, types: frozenset[str], user_id: str, key: str, result: CommandAnswer
) -> None:
    """The user was to enter the conversation with this key, with this `result`. If they are in it, and it is a room of
    one of these types, they leave the others, except those that they own. If they are not, nothing has changed. It is
    called in the user's turn.

    Repeated, it leaves what is left to leave.
    """
    if not _may_be_in(result):
        return
    facts = await context.query(LoginQuery(user_id, hidden=True))
    if not isinstance(facts, LoginFacts):
        return
    rooms = await context.query(RoomsQuery(list(facts.conversations)))
    if not isinstance(rooms, GroupsPage):
        return
    owners = {
        group_conversation(row.profile.group_id): row.profile.owner
        for row in rooms.groups
        if row.profile.type in types
    }
    if key in owners:
        others = [other for other, owner in owners.items() if other != key and owner != user_id]
        await context.commands((other, c.LeaveGroup(user_id, False)) for other in others)


def _may_be_in(result: CommandAnswer) -> bool:
    if isinstance(result, Refused):
        return result.code in REPEATED
    return not isinstance(result, Joined) or result.status is JoinStatus.JOINED
