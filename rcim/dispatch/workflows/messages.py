"""Workflows about messages: sending as another user, what needs the message it is about, tracing."""

from __future__ import annotations

import msgspec

from rcim.actor.outcomes import Page, Traced
from rcim.actor.queries import MessageQuery
from rcim.actor.user_records import UserProfile
from rcim.actor.workflows import SendAs, Trace, WithMessage
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.dispatch.workflows.system import message_as, sender_profile


async def send_as(context: WorkflowContext, workflow: SendAs) -> CommandAnswer:
    """MS-06. The sender's profile from its actor, which has it in memory; then the message.

    Repeated, it finds the client message id, and nothing is sent twice (MS-02).
    """
    profile = await sender_profile(context, workflow.by)
    if not isinstance(profile, UserProfile):
        return profile
    send = message_as(workflow.by, profile, workflow, context.app_state.config.sent_fields(profile.fields))
    return await context.command(workflow.key, send)


async def with_message(context: WorkflowContext, workflow: WithMessage) -> CommandAnswer:
    """MS-10, MS-11. The message as it is kept, then the command about it. What becomes of it in between, the actor knows.

    Repeated, it does what its command does when it is repeated: a message that is recalled or deleted stays so.
    """
    page = await context.query(MessageQuery(workflow.key, workflow.command.seq, workflow.by))
    if not isinstance(page, Page):
        return page
    original = page.messages[0] if page.messages else None
    command = msgspec.structs.replace(workflow.command, original=original, credential=workflow.credential)
    return await context.command(workflow.key, command)


async def trace(context: WorkflowContext, workflow: Trace) -> CommandAnswer:
    """Where a message is, from its group's actor; if it has a SEQ, what it is now, from the store. It changes nothing."""
    traced = await context.command(workflow.key, workflow.command)
    if not isinstance(traced, Traced) or not traced.seq:
        return traced
    page = await context.query(MessageQuery(workflow.key, traced.seq))
    if not isinstance(page, Page) or not page.messages:
        return traced
    message = page.messages[0]
    to = message.extra.to if message.extra is not None else ()
    return msgspec.structs.replace(traced, state=message.state, to=to)
