"""ID-09: many accounts at once, imported or deleted."""

from __future__ import annotations

from rcim.actor import commands as c
from rcim.actor import user_commands as u
from rcim.actor.outcomes import Added, Applied, Refused
from rcim.actor.queries import AppliedQuery, LoginQuery
from rcim.actor.user import user_key
from rcim.actor.user_results import Invalidated, UserImported
from rcim.actor.workflows import DeleteUsers, ImportUsers
from rcim.base import clock
from rcim.base.errors import NO_SUCH_GROUP, TEMPORARY_ENDED
from rcim.base.terms import BROADCAST_ALL, AddResult
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.rules.conversation_kinds import BROADCAST, PAIR, kind_of
from rcim.store.answers import LoginFacts

APPLIED_AT_ONCE = 100
"""Applications of a user that are looked for in one query."""


async def import_users(context: WorkflowContext, workflow: ImportUsers) -> CommandAnswer:
    """Each account by itself. Repeated, those that are there are left as they are said to be."""
    commands = [
        (user_key(name), u.SetUserProfile(name, True, nickname or None, face_url or None, imported=True))
        for name, nickname, face_url in workflow.users
    ]
    results = await context.commands(commands)
    found = {command.by: _imported(result) for (_, command), result in zip(commands, results, strict=True)}
    return Added([(user_id, found[user_id]) for user_id, _, _ in workflow.users])


def _imported(result: CommandAnswer) -> AddResult:
    if isinstance(result, Refused):
        return AddResult.FAILED
    return AddResult.ADDED if isinstance(result, UserImported) and result.new else AddResult.ALREADY


async def delete_users(context: WorkflowContext, workflow: DeleteUsers) -> CommandAnswer:
    """Signatures and connections first, so that nobody joins again; then the groups.

    Repeated, it takes the users out of those groups that they are still in.
    """
    users = list(dict.fromkeys(workflow.users))
    wall_ms = clock.wall_ms()
    invalidated = await context.commands(
        (user_key(user_id), u.InvalidateUser(user_id, True, True, wall_ms)) for user_id in users
    )
    known = {
        user_id: isinstance(one, Invalidated) and one.known for user_id, one in zip(users, invalidated, strict=True)
    }
    failed = {user_id for user_id, one in zip(users, invalidated, strict=True) if isinstance(one, Refused)}
    left: list[tuple[str, c.Command]] = []
    for user_id in users:
        keys = await _groups(context, user_id)
        if keys is None:
            failed.add(user_id)
        else:
            known[user_id] |= bool(keys)
            keys.append(BROADCAST_ALL)
            left += [(key, _leaving(key, user_id)) for key in keys]
        keys = await _applied(context, user_id)
        if keys is None:
            failed.add(user_id)
        else:
            left += [(key, _leaving(key, user_id)) for key in keys]
    for (_, command), result in zip(left, await context.commands(left), strict=True):
        # A group that has ended meanwhile is one that the user is no longer in.
        if isinstance(result, Refused) and result.code not in (NO_SUCH_GROUP, TEMPORARY_ENDED):
            failed.add(command.by)
    return Added([(user_id, _deleted(known[user_id], user_id in failed)) for user_id in workflow.users])


async def _groups(context: WorkflowContext, user_id: str) -> list[str] | None:
    """All that the user is in, also what it cannot see yet. None: the store cannot say."""
    facts = await context.query(LoginQuery(user_id, hidden=True, pairs=True))
    return facts.conversations if isinstance(facts, LoginFacts) else None


async def _applied(context: WorkflowContext, user_id: str) -> list[str] | None:
    """GR-12: groups that the user has applied to; nobody is to decide what a user has applied for whose id another may
    have then. None: the store cannot say."""
    keys: list[str] = []
    cursor = ""
    while True:
        page = await context.query(AppliedQuery(user_id, cursor, APPLIED_AT_ONCE, ""))
        if not isinstance(page, Applied):
            return None
        keys += [row.key for row in page.rows]
        cursor = page.next
        if not cursor:
            return keys


def _leaving(key: str, user_id: str) -> c.Command:
    if kind_of(key) in (PAIR, BROADCAST):
        return c.ForgetUser(user_id, True)
    return c.PlaceMember(user_id, True, False, True)


def _deleted(known: bool, failed: bool) -> AddResult:
    if failed:
        return AddResult.FAILED
    return AddResult.ADDED if known else AddResult.ALREADY
