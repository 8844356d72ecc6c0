"""Which handler takes which frame, and which makes the answer of which result. The whole of it, in one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from rcim.actor import outcomes
from rcim.base.errors import ADMIN_REQUIRED, RcimError
from rcim.handlers import admin, groups, messages, users
from rcim.handlers.desk import Caller, Desk, Work
from rcim.store import answers
from rcim.wire import frames
from rcim.wire.schema import Frame

Handler = Callable[[Any, Caller, Desk], Work]


class Handlers:
    """The table in force. `start_ms` is the wall clock at the server's start (ids of groups come from it)."""

    def __init__(self, start_ms: int) -> None:
        self._table: dict[type[Frame], Handler] = {
            frames.Send: messages.send,
            frames.History: messages.history,
            frames.GroupCreate: partial(groups.create, ids=groups.GroupIds(start_ms)),
            frames.GroupDissolve: groups.dissolve,
            frames.GroupJoin: groups.join,
            frames.GroupLeave: groups.leave,
            frames.GroupInfo: groups.info,
            frames.GroupMembers: groups.members,
            frames.GroupsJoined: groups.joined,
            frames.ProfileSet: users.profile_set,
            frames.ProfileGet: users.profile_get,
            frames.AdminGroups: admin.groups,
            frames.AdminConnections: admin.connections,
            frames.AdminStats: admin.stats,
        }

    def work(self, frame: Frame, caller: Caller, desk: Desk) -> Work:
        """What `frame` becomes. Raises RcimError: refused, and nothing was done."""
        if frame.DECLARED.admin and not caller.admin:
            raise RcimError(ADMIN_REQUIRED)
        return self._table[type(frame)](frame, caller, desk)


_ANSWERS: dict[type, Callable[[Any, Desk], Frame]] = {
    outcomes.Sent: messages.sent,
    outcomes.Created: groups.created_ok,
    outcomes.Dissolved: groups.dissolved_ok,
    outcomes.Joined: groups.joined_ok,
    outcomes.Left: groups.left_ok,
    outcomes.Info: groups.info_ok,
    outcomes.ProfileSaved: users.saved_ok,
    answers.ConnectionsPage: admin.connections_ok,
    answers.Counted: admin.stats_ok,
    answers.MessagesPage: messages.page,
    answers.MembersPage: groups.members_ok,
    answers.UserFacts: users.facts_ok,
}


def answer(result: Any, request_type: int, desk: Desk) -> Frame:
    """The frame that answers a request of `request_type` with `result`."""
    if type(result) is answers.GroupsPage:
        if request_type == frames.AdminGroups.TYPE:
            return frames.AdminGroupsOk([groups.entry(row) for row in result.groups], result.next)
        return groups.groups_ok(result, desk)
    return _ANSWERS[type(result)](result, desk)
