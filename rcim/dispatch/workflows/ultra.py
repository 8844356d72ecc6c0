"""Channels of ultra groups: the group and the channel each have an actor (UG-02); and deleting by time (UG-04)."""

from __future__ import annotations

from rcim.actor import commands as c
from rcim.actor import ultra_commands as uc
from rcim.actor.outcomes import Page, Refused, TrimmedTo
from rcim.actor.workflows import CreateChannel, DissolveChannel, TrimUpTo
from rcim.base.errors import NO_SUCH_GROUP
from rcim.base.terms import is_group
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.rules.conversation_kinds import GROUP, channel_key, channel_name, parent_of

SEQ_MAX = (1 << 64) - 1


async def create_channel(context: WorkflowContext, workflow: CreateChannel) -> CommandAnswer:
    """The group lists the channel, if who asks may add it and there is room; then the channel begins.

    Repeated, it finds the channel listed, and begins it if it has not begun; else the answer is GROUP_ID_TAKEN.
    """
    key = channel_key(workflow.key, workflow.name_id)
    await context.channel_turns.take(key)
    try:
        return await _create_channel(context, workflow, key)
    finally:
        context.channel_turns.end(key)


async def _create_channel(context: WorkflowContext, workflow: CreateChannel, key: str) -> CommandAnswer:
    by, admin, credential = workflow.by, workflow.admin, workflow.credential
    wanted = uc.ListChannel(by, admin, workflow.name_id, workflow.name, workflow.introduction, credential=credential)
    listed = await context.command(workflow.key, wanted)
    if isinstance(listed, Refused):
        return listed
    begin = uc.OpenChannel(
        by,
        admin,
        GROUP.inner_id(key),
        workflow.name,
        workflow.introduction,
        workflow.private,
        credential=credential,
    )
    return await context.command(key, begin)


async def dissolve_channel(context: WorkflowContext, workflow: DissolveChannel) -> CommandAnswer:
    """The channel ends, if who asks may end it; then the group has it no more. Nobody creates it in between.

    Repeated, it finds no channel, and has the group list it no more, if who asks may say so.
    """
    await context.channel_turns.take(workflow.key)
    try:
        return await _dissolve_channel(context, workflow)
    finally:
        context.channel_turns.end(workflow.key)


async def _dissolve_channel(context: WorkflowContext, workflow: DissolveChannel) -> CommandAnswer:
    by, admin, credential = workflow.by, workflow.admin, workflow.credential
    result = await context.command(workflow.key, c.DissolveGroup(by, admin, credential=credential))
    if isinstance(result, Refused):
        there = await context.command(workflow.key, c.ReadInfo(by, True))
        if not (isinstance(there, Refused) and there.code is NO_SUCH_GROUP):
            return result
    unlist = uc.UnlistChannel(by, admin, channel_name(workflow.key), credential=credential)
    unlisted = await context.command(parent_of(workflow.key), unlist)
    return unlisted if isinstance(unlisted, Refused) else result


async def trim_up_to(context: WorkflowContext, workflow: TrimUpTo) -> CommandAnswer:
    """Find the newest message of that time or before, then delete up to it.

    Repeated, it finds the same message, and nothing is left to delete.
    """
    if not is_group(workflow.key):
        return Refused(NO_SUCH_GROUP, NO_SUCH_GROUP.meaning)
    by, admin, credential = workflow.by, workflow.admin, workflow.credential
    allowed = await context.command(workflow.key, uc.TrimHistory(by, admin, 0, credential=credential))
    if not isinstance(allowed, TrimmedTo) or not workflow.to_time_ms:
        return allowed
    read = c.ReadHistory(by, True, 0, SEQ_MAX, 1, True, 0, workflow.to_time_ms)
    page = await context.command(workflow.key, read)
    if not isinstance(page, Page) or not page.messages:
        return page if isinstance(page, Refused) else allowed
    return await context.command(workflow.key, uc.TrimHistory(by, admin, page.messages[0].seq, credential=credential))
