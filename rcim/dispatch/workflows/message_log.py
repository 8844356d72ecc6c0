"""A workflow about the files of the message log (AB-03). Whoever has the files carries it out."""

from __future__ import annotations

from rcim.actor.workflows import ExpireMessageLog
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.dispatch.workflows.coroutines import Wait


async def expire_message_log(context: WorkflowContext, workflow: ExpireMessageLog) -> CommandAnswer:
    """Remove old files. No actor is asked. Repeated, it finds fewer, or none, and removes nothing else."""
    answer: CommandAnswer = await Wait(
        lambda resume: context.log_files.expire(workflow.before, resume, only=workflow.only)
    )
    return answer
