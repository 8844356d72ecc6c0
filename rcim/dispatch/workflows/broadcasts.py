"""Workflows of the app's broadcasts (SY-03) and of the labels by which they are targeted (SY-04)."""

from __future__ import annotations

from rcim.actor import commands as c
from rcim.actor import user_commands as u
from rcim.actor.outcomes import Added, Refused
from rcim.actor.user import user_key
from rcim.actor.user_results import UserFacts
from rcim.actor.workflows import Broadcast, LabelUsers
from rcim.base.errors import BAD_PARAMETER
from rcim.base.terms import BROADCAST_ALL, AddResult, Priority, group_conversation
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext


async def broadcast(context: WorkflowContext, workflow: Broadcast) -> CommandAnswer:
    """SY-03. That the system conversation is there, if one is named; the sender's profile; then the broadcast.

    Repeated, it finds the client message id, and nothing is sent twice (MS-02).
    """
    if workflow.extra.through:
        there = await context.command(group_conversation(workflow.extra.through), c.ReadInfo(workflow.by, True))
        if isinstance(there, Refused):
            return there
    facts = await context.command(user_key(workflow.by), u.ReadUser(workflow.by, True))
    if not isinstance(facts, UserFacts):
        return facts
    profile = facts.profile
    send = c.SendBroadcast(
        by=workflow.by,
        admin=True,
        nickname=profile.nickname,
        face_url=profile.face_url,
        client_msg_id=workflow.client_msg_id,
        priority=Priority(workflow.priority),
        body=workflow.body,
        user_fields=context.app_state.config.sent_fields(profile.fields),
        extra=workflow.extra,
        expires_s=workflow.expires_s,
        credential=workflow.credential,
    )
    return await context.command(BROADCAST_ALL, send)


async def label_users(context: WorkflowContext, workflow: LabelUsers) -> CommandAnswer:
    """SY-04: each user by themselves; FAILED says that the user would have too many tags, or could not be stored.

    Repeated, it finds the labels as they are to be.
    """
    names = set(context.app_state.config.attribute_names.values())
    unknown = sorted({name for name, _ in workflow.change.set_attributes} - names)
    if unknown:
        text = f"attributes: {unknown[0]!r} is no attribute of this app (ADMIN_ATTRIBUTE_NAMES_SET)"
        return Refused(BAD_PARAMETER, text)
    users = list(dict.fromkeys(workflow.users))
    change = u.ChangeLabels(workflow.by, True, workflow.change, credential=workflow.credential)
    results = await context.commands((user_key(user_id), change) for user_id in users)
    return Added(
        [
            (user_id, AddResult.FAILED if isinstance(result, Refused) else AddResult.ADDED)
            for user_id, result in zip(users, results, strict=True)
        ]
    )
