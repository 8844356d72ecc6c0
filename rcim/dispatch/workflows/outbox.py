"""Workflows about the consumers of the event log (CB-04). They are carried out by the outbox, which the owner has."""

from __future__ import annotations

from rcim.actor.outbox_workflows import OutboxWorkflow
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.dispatch.workflows.coroutines import Wait


async def control_outbox(context: WorkflowContext, workflow: OutboxWorkflow) -> CommandAnswer:
    """One thing that an administrator does with a consumer. No actor is asked.

    Repeated, reading and pausing change nothing more. Replaying and retrying give events on once more, and dropping also
    drops what came since: so nobody repeats these without being asked.
    """
    answer: CommandAnswer = await Wait(lambda resume: context.outbox.carry_out(workflow, resume))
    return answer
