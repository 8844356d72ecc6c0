"""Workflows of sessions: logging in, guests who are still there, closing devices."""

from __future__ import annotations

import msgspec

from rcim.actor import commands as c
from rcim.actor.before_callbacks import LogIn
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.outcomes import Refused
from rcim.actor.queries import LoginQuery
from rcim.actor.user import user_key
from rcim.actor.user_commands import Credential, NoteFirstLogin
from rcim.actor.workflows import CloseDevices, Login, ReadmitGuest
from rcim.base.errors import BLOCKED, LOGIN_BLOCKED, LOGIN_REFUSED, NO_SUCH_GROUP, NOT_PERMITTED, TOO_MANY_ENTRIES
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.store.answers import LoginFacts

RETRY_MS_MAX = (1 << 32) - 1
"""What an error can say of the time to wait; of a block without an end it says nothing."""
NOT_LET_IN = (NO_SUCH_GROUP, NOT_PERMITTED, BLOCKED, TOO_MANY_ENTRIES)
"""A group's answers to a guest that mean no; after any other it is asked again."""


async def login(context: WorkflowContext, workflow: Login) -> CommandAnswer:
    """ID-02, ID-04, ID-06, ID-09. What is noted of a login is in memory alone: that a guest is here, how far ahead its
    UserSig is dated, and when its session began. Then the store says what the user is in. Only of a user of whom nothing
    is kept it is written that they were here (SY-03). If the app is to be asked (CB-03), it is asked first.
    Who is kept from logging in is refused.

    Repeated, the app is asked again, the user is here once; a session that begins, begins later than the one nobody has
    heard of.
    """
    user_id, app_state = workflow.by, context.app_state
    if BeforeKind.LOGIN in app_state.config.asks and not (workflow.guest or workflow.administrator):
        device = Credential(user_id, workflow.signed_ms, workflow.platform, address=workflow.address)
        verdict = await context.ask_app(BeforeKind.LOGIN, LogIn(user_id, False, credential=device))
        if not verdict.allow:  # CB-03
            return Refused(*verdict.error(LOGIN_REFUSED))
    if workflow.guest:
        app_state.guests.here(user_id)
    if workflow.signed_ms:
        app_state.signing.note(workflow.signed_ms, app_state.wall_ms())
    left_ms = app_state.config.blocked.get(user_id, 0) - app_state.wall_ms()
    if left_ms > 0 and not workflow.administrator:
        return Refused(LOGIN_BLOCKED, LOGIN_BLOCKED.meaning, left_ms if left_ms <= RETRY_MS_MAX else 0)
    facts = await context.query(LoginQuery(user_id, workflow.guest, broadcasts=True))
    if not isinstance(facts, LoginFacts):
        return facts
    if facts.unseen:  # SY-03; if it can't be noted, it is with the next login
        await context.command(user_key(user_id), NoteFirstLogin(user_id, False))
    return msgspec.structs.replace(facts, began_ms=context.sessions.began_ms(user_id, workflow.began_ms))


async def readmit_guest(context: WorkflowContext, workflow: ReadmitGuest) -> CommandAnswer:
    """ID-06: which of the groups that a guest hears let it in again, now that their owner is a new one.

    Repeated, groups that it is in already keep it.
    """
    context.app_state.guests.here(workflow.by)
    results = await context.commands((key, c.KeepGuest(workflow.by, False)) for key in workflow.groups)
    kept: list[str] = []
    for key, result in zip(workflow.groups, results, strict=True):
        if not isinstance(result, Refused):
            kept.append(key)
        elif result.code not in NOT_LET_IN:
            return result
    # The store says which history it is of; a guest is a member of nothing.
    facts = await context.query(LoginQuery(workflow.by, True))
    return msgspec.structs.replace(facts, conversations=kept) if isinstance(facts, LoginFacts) else facts


async def close_devices(context: WorkflowContext, workflow: CloseDevices) -> CommandAnswer:
    """ID-04: forced log-out. Who is logged in is in memory alone, and no actor is asked.

    Repeated, it closes devices that have logged in meanwhile, too: so nobody repeats it without being asked.
    """
    return context.sessions.close(workflow)
