"""What messages pass through, for app administrators: frequency control (FC-07, FC-08), words (SC-05)."""

from __future__ import annotations

from rcim.actor import commands, outcomes, user_commands, workflows
from rcim.actor.app import APP_KEY
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id, has_control
from rcim.base.terms import AppList, Priority
from rcim.handlers.context import ActorCommand, Principal, RequestContext, RunWorkflow
from rcim.handlers.groups import group_key
from rcim.handlers.messages import check_conversation, list_limit
from rcim.rules.word_filter import WORD_BYTES_MAX
from rcim.wire import frames


def flow(frame: frames.AdminFlow, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_FLOW."""
    key = group_key(frame.group_id) if frame.group_id else APP_KEY
    return ActorCommand(key, user_commands.ReadFlow(principal.user_id, True))


def flow_ok(result: outcomes.Flow, context: RequestContext) -> frames.AdminFlowOk:
    """Figures of frequency control (FC-08)."""
    rows = [
        frames.FlowEntry(
            row.name, Priority(row.priority), row.offered, row.passed, row.held_by_total, row.held_by_priority
        )
        for row in result.rows
    ]
    return frames.AdminFlowOk(rows)


LIST_CHANGES_AT_ONCE = 500
USERS = AppList.PROTECTED_USERS


def list_(frame: frames.AdminList, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_LIST."""
    limit = list_limit(frame.limit, context.limits)
    return ActorCommand(APP_KEY, user_commands.ReadList(principal.user_id, True, frame.which, frame.cursor, limit))


def change_list(frame: frames.AdminListChange, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_LIST_CHANGE."""
    count = len(frame.add) + len(frame.remove)
    if not 1 <= count <= LIST_CHANGES_AT_ONCE:
        raise RcimError(
            BAD_PARAMETER, f"add and remove: {count} entries together, must be 1 to {LIST_CHANGES_AT_ONCE}"
        )
    for entry in (*frame.add, *frame.remove):
        if has_control(entry):
            raise RcimError(BAD_PARAMETER, "an entry must have no control characters")
    for entry in frame.add:
        if frame.which is USERS:
            check_user_id(entry)
        elif len(entry.encode()) > WORD_BYTES_MAX:
            raise RcimError(BAD_PARAMETER, f"an entry has at most {WORD_BYTES_MAX} bytes")
    return ActorCommand(
        APP_KEY, user_commands.ChangeList(principal.user_id, True, frame.which, frame.add, frame.remove)
    )


def list_changed_ok(result: outcomes.ListAltered, context: RequestContext) -> frames.AdminListChangeOk:
    """Which removed entries come back when the settings are read again (SC-05, SC-08, FC-07)."""
    return frames.AdminListChangeOk(result.back_later or ())


def listed_ok(result: outcomes.Listed, context: RequestContext) -> frames.AdminListOk:
    """A page of one of the app's lists (SC-05, FC-07)."""
    return frames.AdminListOk(result.entries, result.next)


def trace(frame: frames.AdminTrace, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_TRACE."""
    key = check_conversation(frame.conversation, principal)
    if has_control(frame.client_msg_id):
        raise RcimError(BAD_PARAMETER, "client_msg_id: control characters are not allowed")
    command = commands.TraceMessage(principal.user_id, True, check_user_id(frame.sender), frame.client_msg_id)
    return RunWorkflow(workflows.Trace(key, key, command))


def traced_ok(result: outcomes.Traced, context: RequestContext) -> frames.AdminTraceOk:
    """What became of a message."""
    return frames.AdminTraceOk(
        result.stage,
        result.time_ms,
        result.code,
        result.text[:100],
        result.seq,
        result.state,
        result.members,
        result.silent,
        context.online(result.key),
        list(result.to),
    )
