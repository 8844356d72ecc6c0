"""Reading the settings again (OP-03)."""

from __future__ import annotations

from rcim.actor.reload_workflows import Reload
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.dispatch.workflows.coroutines import Wait


async def reload(context: WorkflowContext, workflow: Reload) -> CommandAnswer:
    """All or nothing, in all processes of the server. No actor is asked.

    Repeated, nothing has changed any more, and that is said.
    """
    answer: CommandAnswer = await Wait(lambda resume: context.reloads.carry_out(workflow, resume))
    return answer
