"""Workflows of system accounts (SY-01): what the app writes to single users, what users write to the app."""

from __future__ import annotations

import msgspec

from rcim.actor import commands as c
from rcim.actor import user_commands as u
from rcim.actor.outcomes import Info, Refused, Sent, SystemSending, SystemSent
from rcim.actor.records import Fields
from rcim.actor.user import user_key
from rcim.actor.user_records import UserProfile
from rcim.actor.user_results import UserFacts
from rcim.actor.workflows import SendAs, SystemSend, WriteToSystem
from rcim.base.errors import SERVER_ERROR
from rcim.base.terms import Priority
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.rules.system_accounts import conversation_of, conversation_with, is_system_account


async def sender_profile(context: WorkflowContext, user_id: str) -> UserProfile | CommandAnswer:
    """What goes with the messages of `user_id`; or why it cannot be told. That of a system account is what its
    conversation says: without one there is no such account."""
    if not is_system_account(user_id):
        facts = await context.command(user_key(user_id), u.ReadUser(user_id, True))
        return facts.profile if isinstance(facts, UserFacts) else facts
    info = await context.command(conversation_of(user_id), c.ReadInfo("", True))
    return UserProfile(info.profile.name, info.profile.face_url) if isinstance(info, Info) else info


def message_as(by: str, profile: UserProfile, workflow: SendAs | SystemSend, fields: Fields = ()) -> c.SendMessage:
    """The message of the workflow, in the name of `by`, with what goes with theirs: `profile`, and those custom `fields`
    (MS-04, MS-06)."""
    return c.SendMessage(
        by,
        True,
        profile.nickname,
        profile.face_url,
        workflow.client_msg_id,
        Priority(workflow.priority),
        workflow.body,
        fields,
        workflow.extra,
        isinstance(workflow, SendAs) and workflow.transient,
        credential=workflow.credential,
    )


async def system_send(context: WorkflowContext, workflow: SystemSend) -> CommandAnswer:
    """One message for each user, in the one-to-one conversation with the account.

    Repeated, each conversation finds the client message id, and nothing is sent twice (MS-02).
    """
    profile = await sender_profile(context, workflow.account)
    if not isinstance(profile, UserProfile):
        return profile
    send = message_as(workflow.account, profile, workflow)
    sent = await context.commands((conversation_with(workflow.account, user_id), send) for user_id in workflow.users)
    return SystemSent([_row(user_id, result) for user_id, result in zip(workflow.users, sent, strict=True)])


def _row(user_id: str, result: CommandAnswer) -> SystemSending:
    if isinstance(result, Sent):
        return SystemSending(user_id, 0, result.seq, result.time_ms, result.message_id)
    return SystemSending(user_id, result.code.number if isinstance(result, Refused) else SERVER_ERROR.number)


async def write_to_system(context: WorkflowContext, workflow: WriteToSystem) -> CommandAnswer:
    """The message, if the conversation is there whose account it is for.

    Repeated, it finds the client message id, and nothing is sent twice (MS-02).
    """
    info = await context.command(conversation_of(workflow.account), c.ReadInfo("", True))
    if not isinstance(info, Info):
        return info
    command = msgspec.structs.replace(workflow.command, credential=workflow.credential)
    return await context.command(workflow.key, command)
