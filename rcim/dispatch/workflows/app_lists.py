"""SC-05: the app's lists, and the word filter that is made of them in steps, so that a long one holds up nobody."""

from __future__ import annotations

from rcim.actor import user_commands as u
from rcim.actor.app import APP_KEY
from rcim.actor.app_lists import ListsAhead
from rcim.actor.outcomes import Refused
from rcim.actor.workflows import ChangeAppList
from rcim.base.errors import OVERLOADED
from rcim.base.terms import AppList
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext

TRIES = 3
"""How often the filter is made anew because a reload has changed the lists meanwhile."""
RETRY_MS = 100


async def change_app_list(context: WorkflowContext, workflow: ChangeAppList) -> CommandAnswer:
    """First the filter is made of the lists as they will be, in steps; then the change is kept, and both are in force.
    One change follows the other.

    It is not repeated: what was added or removed since would be undone.
    """
    which, add, remove = workflow.which, workflow.add, workflow.remove
    change = u.ChangeList(by=workflow.by, admin=True, which=which, add=add, remove=remove)
    if which not in (AppList.REFUSED_WORDS, AppList.REPLACED_WORDS):
        return await context.command(APP_KEY, change)
    app_state = context.app_state
    await context.list_turns.take(APP_KEY)
    try:
        for _ in range(TRIES):
            before = app_state.config.lists
            after = before.changed(which, add, remove)
            await context.in_steps(after.filter_steps())
            if app_state.config.lists is before:
                app_state.lists_ahead = ListsAhead(before, which, add, remove, after)
                return await context.command(APP_KEY, change)
        return Refused(OVERLOADED, "the app's settings are being changed; try again", RETRY_MS)
    finally:
        app_state.lists_ahead = None
        context.list_turns.end(APP_KEY)
