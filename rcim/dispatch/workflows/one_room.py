"""One room at a time (CR-02): whoever has entered a room of such a type leaves the others of such types."""

from __future__ import annotations

from rcim.actor import commands as c
from rcim.actor.outcomes import Joined, Refused
from rcim.actor.queries import LoginQuery, RoomsQuery
from rcim.base.errors import ALREADY_MEMBER
from rcim.base.terms import JoinStatus, group_conversation
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.store.answers import GroupsPage, LoginFacts


async def leave_others(context: WorkflowContext, user_id: str, key: str, result: CommandAnswer) -> None:
    """The user has asked to join the conversation with this key, with this `result`. If they are in it, and it is a room
    of which a user is in one at a time, they leave the others, except those that they own. If they are not, nothing has
    changed.

    Repeated, it leaves what is left to leave.
    """
    types = {row.name for row in context.app_state.config.types if row.one_room}
    if not types or not _is_in(result):
        return
    facts = await context.query(LoginQuery(user_id, hidden=True))
    if not isinstance(facts, LoginFacts):
        return
    rooms = await context.query(RoomsQuery(list(facts.conversations)))
    if not isinstance(rooms, GroupsPage):
        return
    keys = [group_conversation(row.profile.group_id) for row in rooms.groups if row.profile.type in types]
    if key in keys:
        await context.commands((other, c.LeaveGroup(user_id, False)) for other in keys if other != key)


def _is_in(result: CommandAnswer) -> bool:
    if isinstance(result, Refused):
        return result.code is ALREADY_MEMBER
    return isinstance(result, Joined) and result.status is JoinStatus.JOINED
