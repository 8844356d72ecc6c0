"""AB-08: settings of many members at once."""

from __future__ import annotations

from rcim.actor import commands as c
from rcim.actor.outcomes import MembersSet, Refused
from rcim.actor.person_workflows import MemberChange, SetMembers
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.rules.conversation_kinds import PAIR, kind_of


async def set_members(context: WorkflowContext, workflow: SetMembers) -> CommandAnswer:
    """Each row by itself: what the group keeps of the member, then the read position. If the first is refused, the second
    is not tried.

    Repeated, everything is found as it is to be.
    """
    codes = [0] * len(workflow.rows)
    for step in (_settings, _position):
        commands = {at: step(row, workflow.by) for at, row in enumerate(workflow.rows) if not codes[at]}
        wanted = {at: (row.key, command) for at, row in enumerate(workflow.rows) if (command := commands.get(at))}
        results = await context.commands(wanted.values())
        for at, result in zip(wanted, results, strict=True):
            if isinstance(result, Refused):
                codes[at] = result.code.number
    return MembersSet(codes)


def _settings(row: MemberChange, by: str) -> c.Command | None:
    """In a one-to-one conversation there is only the flag, which its user sets."""
    if kind_of(row.key) is PAIR:
        return c.SetFlag(row.user_id, False, row.msg_flag) if row.msg_flag is not None else None
    if row.msg_flag is None and row.name_card is None and not row.fields:
        return None
    return c.EditMember(by, True, row.user_id, row.name_card, row.msg_flag, None, row.fields)


def _position(row: MemberChange, by: str) -> c.Command | None:
    return c.MarkRead(row.user_id, False, row.read_seq) if row.read_seq is not None else None
