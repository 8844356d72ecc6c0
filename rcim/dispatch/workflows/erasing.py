"""AB-06: erasing all that is kept of a person, a step at a time."""

from __future__ import annotations

from itertools import groupby

from rcim.actor import commands as c
from rcim.actor import user_commands as u
from rcim.actor.outcomes import Added, ErasedSome, Refused
from rcim.actor.person_workflows import EraseUser
from rcim.actor.queries import SentQuery
from rcim.actor.user import user_key
from rcim.actor.user_results import Listed
from rcim.actor.workflows import DeleteUsers
from rcim.base.errors import NO_SUCH_GROUP, SERVER_ERROR, TEMPORARY_ENDED, TOO_FREQUENT
from rcim.base.terms import AddResult, UserList
from rcim.dispatch.workflows.accounts import delete_users
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.store.person_answers import SentPage

PAGES = 10
"""Pages of messages that one step looks at: 40,000 messages, or 1,000 of the person's."""
AT_ONCE = 100
"""Messages that one command makes placeholders of."""
LISTED_AT_ONCE = 500
RETRY_MS = 1000


async def erase_user(context: WorkflowContext, workflow: EraseUser) -> CommandAnswer:
    """At first the account: its signatures count no more, it leaves its conversations, and its profile, lists, tags and
    push tokens go. Then its messages that are in memory alone, and then all others, those of some conversations in each
    step.

    Repeated from the beginning, it does what is left; what is a placeholder is left alone.
    """
    if not workflow.after:
        refused = await _delete(context, workflow)
        if refused is not None:
            return refused
        rooms = context.actors.remembering(workflow.user_id)
        scrub = c.ScrubMessages(workflow.by, True, workflow.user_id, [])
        await context.commands((key, scrub) for key in rooms)  # one that is gone meanwhile has nothing left
    done, after = 0, workflow.after
    for _ in range(PAGES):
        page = await context.query(SentQuery(workflow.user_id, after, AT_ONCE))
        if not isinstance(page, SentPage):
            return page
        for key, rows in groupby(page.rows, lambda row: row.key):
            messages = [row.message for row in rows]
            result = await context.command(key, c.ScrubMessages(workflow.by, True, workflow.user_id, messages))
            if not isinstance(result, Refused):
                done += len(messages)
            elif result.code is TOO_FREQUENT:
                return ErasedSome(done, after or b"\0", result.retry_after_ms or RETRY_MS)
            elif result.code not in (NO_SUCH_GROUP, TEMPORARY_ENDED):  # of those that are gone the messages go too
                return result
        after = page.after
        if not after:
            break
    return ErasedSome(done, after)


async def _delete(context: WorkflowContext, workflow: EraseUser) -> Refused | None:
    """The account and all that is kept of it but messages. A Refused if something could not be done."""
    user_id = workflow.user_id
    deleted = await delete_users(context, DeleteUsers(workflow.by, [user_id]))
    failed = isinstance(deleted, Added) and deleted.results[0][1] is AddResult.FAILED
    if not isinstance(deleted, Added) or failed:
        return Refused(SERVER_ERROR, "the account could not be deleted; try again")
    for which in UserList:
        while True:
            read = u.ReadUserList(by=workflow.by, admin=True, which=which, cursor="", limit=LISTED_AT_ONCE)
            found = await context.command(user_key(user_id), read)
            if not isinstance(found, Listed):
                return Refused(SERVER_ERROR, "the lists of the account can't be read; try again")
            if not found.entries:
                break
            change = u.ChangeUserList(workflow.by, True, which, [], list(found.entries))
            changed = await context.command(user_key(user_id), change)
            if isinstance(changed, Refused):
                return changed
    return None
