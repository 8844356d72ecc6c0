"""What users' own actors say to their entering groups, and that it is over in the end (rcim/actor/entering.py)."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple

from rcim.actor import user_commands as u
from rcim.actor.app_state import AppState
from rcim.actor.outcomes import AsksFirst, Refused
from rcim.actor.user import user_key
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext


class Admission(NamedTuple):
    """The user is about to enter the group with this key; `number` tells it from all others."""

    user_id: str
    key: str
    number: int


NotYet = Refused | AsksFirst
"""A user's actor does not let it be put in, or not without asking it."""


class Admissions:
    """Admissions of users to groups: `ask`, once, within a `with` block. Those that were not refused count until the end
    of the block, however it is left; each is ended once."""

    def __init__(self, context: WorkflowContext, users_and_keys: Iterable[tuple[str, str]]) -> None:
        self._context = context
        self._open = [Admission(user_id, key, next(context.app_state.numbers)) for user_id, key in users_and_keys]

    def __enter__(self) -> Admissions:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """It is over, whatever came of it. Users' actors are told by their mailboxes: what has been committed stands
        there before it."""
        admissions, self._open = self._open, []
        for admission in admissions:
            end_admission(self._context, admission)

    @property
    def open(self) -> list[Admission]:
        """Those that count: all that were not refused."""
        return list(self._open)

    async def ask(self, by: str, admin: bool) -> dict[Admission, NotYet]:
        """Ask each user's actor whether `by` may put the user into the group; returns those that refuse or ask first."""
        asked = list(self._open)
        results = await self._context.commands(
            (user_key(one.user_id), u.AdmitToGroup(by, admin, one.key, one.number)) for one in asked
        )
        not_yet: dict[Admission, NotYet] = {}
        for admission, result in zip(asked, results, strict=True):
            if isinstance(result, NotYet):
                not_yet[admission] = result
                # It may have been admitted, if then a commit failed that had nothing to do with it.
                self._context.app_state.entering.end(admission.user_id, admission.number)
        self._open = [one for one in asked if one not in not_yet]
        return not_yet


def numbers(admissions: Iterable[Admission]) -> dict[str, int]:
    """User to the number of its admission, as commands carry them; all are to one group."""
    return {one.user_id: one.number for one in admissions}


def end_admission(context: WorkflowContext, admission: Admission) -> None:
    """Tell the user's actor that it is over; without an actor in memory there is nobody to tell."""
    command = u.EndAdmission(admission.user_id, True, admission.number)
    if not context.actors.tell(user_key(admission.user_id), command, _Ending(context.app_state, admission)):
        context.app_state.entering.end(admission.user_id, admission.number)


class _Ending:
    """Sees to it that an admission ends also if the actor that was to be told cannot be loaded (ReplyTo)."""

    __slots__ = ("_admission", "_app_state")

    def __init__(self, app_state: AppState, admission: Admission) -> None:
        self._app_state = app_state
        self._admission = admission

    def answer(self, token: int, result: CommandAnswer) -> None:
        self._app_state.entering.end(self._admission.user_id, self._admission.number)

    def mailbox_drained(self, key: str) -> None:
        """It waits for no room."""
