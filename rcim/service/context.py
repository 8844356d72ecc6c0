"""The context of operations, and what an operation returns: a command, a query, a workflow, or the answer itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from rcim.actor.commands import Command
from rcim.actor.outcomes import AnyResult
from rcim.actor.queries import Query
from rcim.actor.workflows import AnyWorkflow
from rcim.base.errors import BAD_GROUP_ID, RcimError
from rcim.base.ids import check_group_id, made_group_id
from rcim.base.limits import Limits
from rcim.base.terms import Presence, SeenBy, group_conversation
from rcim.connect.principal import Principal
from rcim.rules.conversation_kinds import CHANNEL, CHANNEL_MARK, kind_of

GATEWAYS_MAX = 65
"""Processes that make ids at the same time: the settings allow 64 gateways."""


class GroupIds:
    """Makes ids for groups created without one (GT-25): the server's start and a counter, unique in the app."""

    def __init__(self, start_ms: int, number: int = 0) -> None:
        self._next = (start_ms << 12) * GATEWAYS_MAX + number

    def number(self) -> int:
        """The next number. 4,096 a millisecond could be taken before one met those of a later start; gateways never
        meet."""
        self._next += GATEWAYS_MAX
        return self._next

    def wanted(self, group_id: str) -> tuple[str, int]:
        """The requested id, checked, and 0; or a new one and its number, of which the owner of the group types makes the
        id that the kind of the conversation has. Raises RcimError(BAD_GROUP_ID)."""
        if not group_id:
            number = self.number()
            return made_group_id(number), number
        check_group_id(group_id)
        kind = kind_of(group_conversation(group_id))
        if kind is CHANNEL:
            raise RcimError(
                BAD_GROUP_ID, f"group id: {CHANNEL_MARK} parts a channel's id; CHANNEL_CREATE makes channels"
            )
        if kind is not None and kind.ids_are_made:
            raise RcimError(BAD_GROUP_ID, f"group id: {kind.group_prefix} is reserved for ids that the server makes")
        return group_id, 0


class RequestContext(Protocol):
    """Questions of operations that this process answers at once."""

    limits: Limits
    group_ids: GroupIds

    @property
    def tells_presence(self) -> bool:
        """False if the app's settings turn presence off (ID-07)."""

    @property
    def presence_seen_by(self) -> SeenBy:
        """Which users see presence, besides app administrators (ID-07)."""

    def is_administrator(self, user_id: str) -> bool:
        """True if the user is an app administrator (ID-08)."""

    def set_state(self, principal: Principal, state: Presence) -> None:
        """Set the presence of the caller's device (ID-07)."""

    def watch(self, principal: Principal, user_ids: Sequence[str]) -> list[str]:
        """Send the caller's connection the presence of these users, once `may_watch` allows it; returns the users who
        can't be watched. Raises RcimError(TOO_MANY_ENTRIES)."""

    def may_watch(self, connection_id: int, user_ids: Sequence[str], unseen: Sequence[str]) -> None:
        """The user of this connection may see these users except the `unseen` ones, whose presence is no longer sent."""

    def unwatch(self, principal: Principal, user_ids: Sequence[str]) -> None:
        """Stop watching these users; all, if none is named."""

    def online(self, conversation: str) -> int:
        """How many members are online in the conversation."""


class ActorCommand(msgspec.Struct, frozen=True, gc=False):
    """Put this command into the mailbox of `key`."""

    key: str
    command: Command


class StoreQuery(msgspec.Struct, frozen=True, gc=False):
    """Answer this query, which needs no actor."""

    query: Query


class RunWorkflow(msgspec.Struct, frozen=True, gc=False):
    """Carry out this workflow."""

    workflow: AnyWorkflow


class Answered(msgspec.Struct, frozen=True, gc=False):
    """The result, known at once."""

    result: AnyResult


Work = ActorCommand | StoreQuery | RunWorkflow | Answered
"""The kinds of work that a request can become."""
