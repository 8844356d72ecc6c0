"""Creating conversations that are the one of their users (C2-02, actor/unique.py)."""

from __future__ import annotations

import msgspec

from rcim.actor import commands as c
from rcim.actor.outcomes import Created, Refused
from rcim.actor.queries import UniqueQuery
from rcim.actor.records import Profile
from rcim.actor.unique import GENERATIONS_MAX, unique_id_base
from rcim.actor.workflows import EnterGroup
from rcim.base.errors import TOO_MANY_ENTRIES
from rcim.base.terms import AddResult, group_conversation
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.dispatch.workflows.entering import enter_group, place_in
from rcim.store.answers import UniquePage


async def enter_or_create(context: WorkflowContext, workflow: EnterGroup) -> CommandAnswer:
    """As `enter_group`; of a conversation that is to be unique it returns the one that is there.

    Creators of one set of users take turns, so only the first of them makes it. Repeated, it finds the conversation.
    """
    command = workflow.command
    if not isinstance(command, c.CreateGroup) or not command.unique:
        return await enter_group(context, workflow)
    base = unique_id_base(command.type, (command.owner, *command.members))
    await context.unique_turns.take(base)
    try:
        return await _find_or_create(context, workflow, command, base)
    finally:
        context.unique_turns.end(base)


async def _find_or_create(
    context: WorkflowContext, workflow: EnterGroup, command: c.CreateGroup, base: str
) -> CommandAnswer:
    page = await context.query(UniqueQuery(base, "" if command.admin else command.by))
    if not isinstance(page, UniquePage):
        return page
    if page.profile is not None:
        return await _found(context, page.profile, command.owner)
    taken = set(page.taken)
    free = next((one for one in (f"{base}{n}" for n in range(GENERATIONS_MAX)) if one not in taken), "")
    if not free:
        text = f"{GENERATIONS_MAX} conversations were made for these users and have other members now; dissolve some"
        return Refused(TOO_MANY_ENTRIES, text)
    made = msgspec.structs.replace(command, group_id=free, made_number=0)
    return await enter_group(context, msgspec.structs.replace(workflow, key=group_conversation(free), command=made))


async def _found(context: WorkflowContext, profile: Profile, owner: str) -> CommandAnswer:
    """The conversation is there. Who creates it and was not added before, comes in now (GT-07)."""
    expected = [user_id for user_id in profile.expected if user_id != owner]
    if owner in profile.expected:
        ((_, placed),) = await place_in(context, owner, [group_conversation(profile.group_id)])
        if isinstance(placed, Refused):
            return placed
    return Created(profile.group_id, [(user_id, AddResult.FAILED) for user_id in expected], existed=True)
