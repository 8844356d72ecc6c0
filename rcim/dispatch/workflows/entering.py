"""Putting users into groups: each user's own actor is asked first, then the group's, then the first is told the end.

Every way into a group goes through here, but an import (GR-08): there the app brings over what is so already. Where it is
one user's own wish (joining, owning what one makes, an application that is approved), or the app's for one user (a sync),
a refusal of that user's actor is the answer. Of many users (invited, or named at creation) those who cannot be added
are left out, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rcim.actor import commands as c
from rcim.actor import user_commands as u
from rcim.actor.outcomes import Added, AsksFirst, Created, Invitations, Refused, Synced
from rcim.actor.queries import LoginQuery
from rcim.actor.user import user_key
from rcim.actor.workflows import AcceptInvitation, EnterGroup, SyncGroups
from rcim.base.errors import ALREADY_MEMBER, NO_SUCH_GROUP, NOT_PERMITTED, TOO_MANY_ENTRIES, TOO_MANY_GROUPS
from rcim.base.ids import made_group_id
from rcim.base.terms import AddResult, group_conversation
from rcim.dispatch.workflows.admissions import Admissions, NotYet, numbers
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.dispatch.workflows.one_room import leave_others, one_room_types
from rcim.rules.conversation_kinds import BY_NAME as KIND_BY_NAME
from rcim.store.answers import LoginFacts

EnterCommand = c.JoinGroup | c.CreateGroup | c.InviteUsers | c.DecideApplication | c.AcceptInvitation
VOID = (NO_SUCH_GROUP, NOT_PERMITTED, ALREADY_MEMBER)
"""Who accepts an invitation and gets one of these cannot accept it later either."""


async def enter_group(context: WorkflowContext, workflow: EnterGroup) -> CommandAnswer:
    """Carry out a command that puts users into a group, on the credential of who asks (ID-09).

    Repeated, the group finds the users in it, or itself made, and says so; admissions end with the owner's process. One
    thing is not made good: cut off right after a group was made, those who are to be asked first are not invited. The
    repeat is refused with GROUP_ID_TAKEN_BY_YOU, since nothing says that it is one, and its owner can invite them.
    Whoever was about to leave another room (CR-02) is in both until they ask again.
    """
    workflow = _with_id(context, workflow)
    own, _ = _users(workflow.command)
    types = one_room_types(context)
    if not own or not types:
        return await _enter(context, workflow)
    await context.room_turns.take(own)
    try:
        result = await _enter(context, workflow)
        await leave_others(context, types, own, workflow.key, result)
    finally:
        context.room_turns.end(own)
    return result


async def _enter(context: WorkflowContext, workflow: EnterGroup) -> CommandAnswer:
    command = msgspec.structs.replace(workflow.command, credential=workflow.credential)
    own, others = _users(command)
    by = own if isinstance(command, c.DecideApplication) else command.by
    users = dict.fromkeys((own, *others) if own else others)
    with Admissions(context, ((user_id, workflow.key) for user_id in users)) as admissions:
        refused = await admissions.ask(by, command.admin)
        not_yet = {admission.user_id: result for admission, result in refused.items()}
        if own in not_yet:
            return not_yet[own]
        left_out = {user_id: _left_out(result) for user_id, result in not_yet.items()}
        if isinstance(command, c.CreateGroup):
            command, left_out = _made_for(context, command, left_out)
        admitted = msgspec.structs.replace(_without(command, left_out), admissions=numbers(admissions.open))
        result = _with_left_out(command, await context.command(workflow.key, admitted), left_out)
    return await _invite(context, workflow, result)


def _with_id(context: WorkflowContext, workflow: EnterGroup) -> EnterGroup:
    """GT-25: an id that nobody has chosen begins as the kind of the conversation says."""
    command = workflow.command
    if not isinstance(command, c.CreateGroup) or not command.made_number:
        return workflow
    policy = context.app_state.config.types.of_group(command.type)
    group_id = made_group_id(command.made_number, KIND_BY_NAME[policy.kind].group_prefix)
    made = msgspec.structs.replace(command, group_id=group_id)
    return msgspec.structs.replace(workflow, key=group_conversation(group_id), command=made)


def _made_for(
    context: WorkflowContext, command: c.CreateGroup, left_out: dict[str, AddResult]
) -> tuple[c.CreateGroup, dict[str, AddResult]]:
    """The command to create, and who is left out. Nobody enters a temporary conversation later, so who would be asked
    first is not asked (SY-02); a unique one is that of its expected users too (C2-02)."""
    if context.app_state.config.types.of_group(command.type).lifetime_s:
        left_out = {
            user_id: AddResult.FAILED if what is AddResult.WAITING else what for user_id, what in left_out.items()
        }
    if command.unique:
        command = msgspec.structs.replace(command, expected=list(left_out))
    return command, left_out


async def _invite(context: WorkflowContext, workflow: EnterGroup, result: CommandAnswer) -> CommandAnswer:
    """GT-07: the group is for it; so those who are to be asked first are. Returns what came of all of it."""
    if isinstance(result, Created):
        assert isinstance(workflow.command, c.CreateGroup)
        name, found = workflow.command.name, dict(result.left_out)
    elif isinstance(result, Added):
        name, found = result.name, dict(result.results)
    else:
        return result
    asked = [user_id for user_id, what in found.items() if what is AddResult.WAITING]
    kept = await context.commands(
        (user_key(user_id), u.TakeInvitation(workflow.by, False, workflow.key, name)) for user_id in asked
    )
    for user_id, one in zip(asked, kept, strict=True):
        if isinstance(one, Refused):
            found[user_id] = _left_out(one)
    rows = list(found.items())
    return msgspec.structs.replace(result, left_out=rows) if isinstance(result, Created) else Added(rows)


async def accept_invitation(context: WorkflowContext, workflow: AcceptInvitation) -> CommandAnswer:
    """GT-07: the user comes in. An invitation that cannot be accepted any more is dropped.

    Repeated, it finds no invitation, or the user in the group, and drops the invitation.
    """
    by, key = workflow.by, user_key(workflow.by)
    found = await context.command(key, u.FindInvitation(by, False, workflow.key))
    if not isinstance(found, Invitations):
        return found
    (invitation,) = found.rows
    command = c.AcceptInvitation(by, False, invitation.by, invitation.time_ms)
    enter = EnterGroup(by, workflow.key, command, credential=workflow.credential)
    result = await enter_group(context, enter)
    if isinstance(result, Refused) and result.code in VOID:
        await context.command(key, u.DropInvitation(by, False, workflow.key))
    return result


async def sync_groups(context: WorkflowContext, workflow: SyncGroups) -> CommandAnswer:
    """GR-10. The user leaves the groups that it should not be in first: they make room for the others.

    Repeated, it finds what is left to do.
    """
    facts = await context.query(LoginQuery(workflow.by, hidden=True))
    if not isinstance(facts, LoginFacts):
        return facts
    wanted, there = set(workflow.groups), set(facts.conversations)
    leaving = sorted(there - wanted)
    left = await context.commands((key, c.PlaceMember(workflow.by, True, False)) for key in leaving)
    placed = await place_in(context, workflow.by, sorted(wanted - there))
    results = [*zip(leaving, left, strict=True), *placed]
    return Synced(
        sorted(
            (key, key in wanted, result.code.number if isinstance(result, Refused) else 0) for key, result in results
        )
    )


async def place_in(context: WorkflowContext, user_id: str, keys: Sequence[str]) -> list[tuple[str, CommandAnswer]]:
    """Put the user into these groups, as the app says; returns what became of each."""
    with Admissions(context, ((user_id, key) for key in keys)) as admissions:
        refused = await admissions.ask("", True)
        allowed = admissions.open
        placed = await context.commands(
            (one.key, c.PlaceMember(user_id, True, True, admissions=numbers([one]))) for one in allowed
        )
    results: list[tuple[str, CommandAnswer]] = [(one.key, result) for one, result in refused.items()]
    return results + [(one.key, result) for one, result in zip(allowed, placed, strict=True)]


def _users(command: EnterCommand) -> tuple[str, Sequence[str]]:
    """Without whom the command is pointless, if there is such a one, and the others."""
    match command:
        case c.CreateGroup():
            return command.owner, command.members
        case c.InviteUsers():
            return "", command.users
        case c.DecideApplication():
            return command.user_id, ()
        case _:
            return command.by, ()


def _left_out(not_yet: NotYet) -> AddResult:
    if isinstance(not_yet, AsksFirst):
        return AddResult.WAITING
    return AddResult.FULL if not_yet.code in (TOO_MANY_GROUPS, TOO_MANY_ENTRIES) else AddResult.FAILED


def _without(command: EnterCommand, left_out: dict[str, AddResult]) -> EnterCommand:
    """The command without those users. Whether those who are asked first may be invited is the group's to say."""
    if left_out and isinstance(command, c.CreateGroup):
        return msgspec.structs.replace(command, members=[one for one in command.members if one not in left_out])
    if left_out and isinstance(command, c.InviteUsers):
        ask_first = [user_id for user_id, what in left_out.items() if what is AddResult.WAITING]
        users = [one for one in command.users if left_out.get(one, AddResult.WAITING) is AddResult.WAITING]
        return msgspec.structs.replace(command, users=users, ask_first=ask_first)
    return command


def _with_left_out(command: EnterCommand, result: CommandAnswer, left_out: dict[str, AddResult]) -> CommandAnswer:
    """The command's result, with those who were left out; what the group says of a user counts."""
    if left_out and isinstance(result, Created):
        return msgspec.structs.replace(result, left_out=[*left_out.items(), *result.left_out])
    if left_out and isinstance(result, Added) and isinstance(command, c.InviteUsers):
        said = dict(result.results)
        said |= {user_id: what for user_id, what in left_out.items() if what is not AddResult.WAITING}
        rows = [(user_id, said[user_id]) for user_id in dict.fromkeys(command.users) if user_id in said]
        return Added(rows, result.name)
    return result
