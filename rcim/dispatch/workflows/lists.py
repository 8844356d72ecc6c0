"""SC-07: a user's lists, and the conversations that get to know of a change."""

from __future__ import annotations

from rcim.actor import commands as c
from rcim.actor import user_commands as u
from rcim.actor.outcomes import Done, Refused
from rcim.actor.user import user_key
from rcim.actor.workflows import ListUsers
from rcim.base.terms import pair_conversation
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext


async def list_users(context: WorkflowContext, workflow: ListUsers) -> CommandAnswer:
    """First the change is kept. Then conversations in memory get to know of it, also of what was so before; one that can
    not take it is not in memory any more, and is loaded with it. One change of a user's lists follows the other, so that
    conversations get to know of them in their order.

    Repeated, it finds the list as it is to be, and tells the conversations again, to which it is nothing new.
    """
    by, which = workflow.by, workflow.which
    await context.list_turns.take(by)
    try:
        change = u.ChangeUserList(
            by=by, admin=True, which=which, add=workflow.add, remove=workflow.remove, credential=workflow.credential
        )
        changed = await context.command(user_key(by), change)
        if isinstance(changed, Refused):
            return changed
        listed = dict.fromkeys(workflow.remove, False) | dict.fromkeys(workflow.add, True)
        await context.commands(
            (pair_conversation(by, user), c.TakeListed(by, True, which, on)) for user, on in listed.items()
        )
        return Done()
    finally:
        context.list_turns.end(by)
