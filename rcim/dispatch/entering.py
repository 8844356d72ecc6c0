"""Putting users into groups: each user's own actor is asked first, then the group's, then the first is told the end.

Every way into a group goes through here, but an import (GR-08): there the app brings over what is so already. Where it is
one user's own wish (joining, owning what one makes, an application that is approved), or the app's for one user (a sync),
a refusal of that user's actor is the answer. Of many users (invited, or named at creation) those who can not be added
are left out, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from rcim.actor import commands as c
from rcim.actor import user_commands as u
from rcim.actor.app_state import AppState
from rcim.actor.outcomes import Added, AsksFirst, Created, Invitations, Refused
from rcim.actor.user import user_key
from rcim.actor.workflows import AcceptInvitation, EnterGroup
from rcim.base.errors import ALREADY_MEMBER, NO_SUCH_GROUP, NOT_PERMITTED, TOO_MANY_ENTRIES, TOO_MANY_GROUPS
from rcim.base.terms import AddResult
from rcim.dispatch.many import Many, Users, WorkflowRunner


class Wish(NamedTuple):
    """A user is to enter the group with this key; `number` tells its admission from all others."""

    user_id: str
    key: str
    number: int


NotYet = Refused | AsksFirst
VOID = (NO_SUCH_GROUP, NOT_PERMITTED, ALREADY_MEMBER)
"""Who accepts an invitation and gets one of these can not accept it later either."""


class Entering:
    """See the module's text."""

    def __init__(self, doer: WorkflowRunner, users: Users, app_state: AppState) -> None:
        self._doer = doer
        self._users = users
        self._app_state = app_state

    def enter(self, ask: EnterGroup, answer: Callable[[Any], None]) -> None:
        """Carry out a command that puts users into a group, on the credential of who asks (ID-09); `answer` gets its
        result."""
        command = msgspec.structs.replace(ask.command, credential=ask.credential)
        own, others = _users(command)

        def admitted(not_yet: dict[Wish, NotYet]) -> None:
            allowed = [wish for wish in wishes if wish not in not_yet]
            if own and wishes[0] in not_yet:
                self.end(allowed)
                answer(not_yet[wishes[0]])
                return
            left_out = {wish.user_id: _result(result) for wish, result in not_yet.items()}

            def done(_: Any, result: Any) -> None:
                self.end(allowed)
                self._invite(ask, _told(command, result, left_out), answer)

            bare = _without(command, left_out)
            self._many([(ask.key, msgspec.structs.replace(bare, admissions=_numbers(allowed)))], done, _nothing)

        by = own if isinstance(command, c.DecideApplication) else command.by
        users = dict.fromkeys((own, *others) if own else others)
        wishes = [Wish(user_id, ask.key, next(self._app_state.numbers)) for user_id in users]
        self.admit(wishes, by, command.admin, admitted)

    def _invite(self, ask: EnterGroup, result: Any, answer: Callable[[Any], None]) -> None:
        """GT-07: the group is for it; so those who are to be asked first are. `answer` gets what came of all of it."""
        if isinstance(result, Created):
            assert isinstance(ask.command, c.CreateGroup)
            name, found = ask.command.name, dict(result.left_out)
        elif isinstance(result, Added):
            name, found = result.name, dict(result.results)
        else:
            answer(result)
            return
        asked = [user_id for user_id, what in found.items() if what is AddResult.WAITING]
        commands = [(user_key(user_id), u.TakeInvitation(ask.by, False, ask.key, name)) for user_id in asked]
        users = {id(command): user_id for (_, command), user_id in zip(commands, asked, strict=True)}

        def each(command: Any, kept: Any) -> None:
            if isinstance(kept, Refused):
                found[users[id(command)]] = _result(kept)

        def end() -> None:
            rows = list(found.items())
            answer(Created(result.group_id, rows) if isinstance(result, Created) else Added(rows))

        self._many(commands, each, end)

    def accept(self, ask: AcceptInvitation, answer: Callable[[Any], None]) -> None:
        """GT-07: the user comes in. An invitation that can not be accepted any more is dropped."""
        key = user_key(ask.by)

        def found(_: Any, result: Any) -> None:
            if not isinstance(result, Invitations):
                answer(result)
                return
            (invitation,) = result.rows
            command = c.AcceptInvitation(ask.by, False, invitation.by, invitation.time_ms)
            self.enter(EnterGroup(ask.by, ask.key, command, credential=ask.credential), entered)

        def entered(result: Any) -> None:
            if isinstance(result, Refused) and result.code in VOID:
                drop = u.DropInvitation(ask.by, False, ask.key)
                self._many([(key, drop)], lambda _, dropped: None, lambda: answer(result))
            else:
                answer(result)

        self._many([(key, u.FindInvitation(ask.by, False, ask.key))], found, _nothing)

    def place(
        self, user_id: str, groups: Sequence[str], each: Callable[[str, Any], None], end: Callable[[], None]
    ) -> None:
        """GR-10: put the user into these groups, as the app says; `each` gets the key of one and what became of it."""
        wishes = [Wish(user_id, key, next(self._app_state.numbers)) for key in groups]

        def admitted(not_yet: dict[Wish, NotYet]) -> None:
            for wish, result in not_yet.items():
                each(wish.key, result)
            allowed = [wish for wish in wishes if wish not in not_yet]
            commands = [
                (wish.key, c.PlaceMember(user_id, True, True, admissions=_numbers([wish]))) for wish in allowed
            ]
            by_id = {id(command): wish for (_, command), wish in zip(commands, allowed, strict=True)}

            def placed(command: Any, result: Any) -> None:
                wish = by_id[id(command)]
                self.end([wish])
                each(wish.key, result)

            self._many(commands, placed, end)

        self.admit(wishes, "", True, admitted)

    def admit(self, wishes: Sequence[Wish], by: str, admin: bool, then: Callable[[dict[Wish, NotYet]], None]) -> None:
        """Ask each user's actor whether `by` may put the user into the group; `then` gets those that refuse or ask first.
        For all the others it counts until `end`."""
        not_yet: dict[Wish, NotYet] = {}
        by_number = {wish.number: wish for wish in wishes}

        def each(command: Any, result: Any) -> None:
            if isinstance(result, NotYet):
                wish = by_number[command.number]
                not_yet[wish] = result
                # It may have been admitted, if then a commit failed that had nothing to do with it.
                self._app_state.entering.end(wish.user_id, wish.number)

        commands = [(user_key(wish.user_id), u.AdmitToGroup(by, admin, wish.key, wish.number)) for wish in wishes]
        self._many(commands, each, lambda: then(not_yet))

    def end(self, wishes: Sequence[Wish]) -> None:
        """It is over, whatever came of it. The user's actor is told by its mailbox: what has been committed stands there
        before it."""
        for wish in wishes:
            command = u.EndAdmission(wish.user_id, True, wish.number)
            if not self._users.tell(user_key(wish.user_id), command, _Ending(self._app_state, wish)):
                self._app_state.entering.end(wish.user_id, wish.number)

    def _many(
        self, commands: Sequence[tuple[str, Any]], each: Callable[[Any, Any], None], end: Callable[[], None]
    ) -> None:
        Many(self._doer, iter(commands), each, end).go()


class _Ending:
    """Sees to it that an admission ends also if the actor that was to be told can not be loaded; an Origin."""

    def __init__(self, app_state: AppState, wish: Wish) -> None:
        self._app_state = app_state
        self._wish = wish

    def answer(self, token: int, result: Any) -> None:
        self._app_state.entering.end(self._wish.user_id, self._wish.number)

    def mailbox_drained(self, key: str) -> None:
        """It waits for no room."""


def _users(command: Any) -> tuple[str, Sequence[str]]:
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


def _numbers(wishes: Sequence[Wish]) -> dict[str, int]:
    return {wish.user_id: wish.number for wish in wishes}


def _result(not_yet: NotYet) -> AddResult:
    if isinstance(not_yet, AsksFirst):
        return AddResult.WAITING
    return AddResult.FULL if not_yet.code in (TOO_MANY_GROUPS, TOO_MANY_ENTRIES) else AddResult.FAILED


def _without(command: Any, left_out: dict[str, AddResult]) -> Any:
    """The command without those users. Whether those who are asked first may be invited is the group's to say."""
    if not left_out:
        return command
    if isinstance(command, c.CreateGroup):
        return msgspec.structs.replace(command, members=[one for one in command.members if one not in left_out])
    ask_first = [user_id for user_id, what in left_out.items() if what is AddResult.WAITING]
    users = [one for one in command.users if left_out.get(one, AddResult.WAITING) is AddResult.WAITING]
    return msgspec.structs.replace(command, users=users, ask_first=ask_first)


def _told(command: Any, result: Any, left_out: dict[str, AddResult]) -> Any:
    """The command's result, with those who were left out; what the group says of a user counts."""
    if not left_out:
        return result
    if isinstance(result, Created):
        return Created(result.group_id, [*left_out.items(), *result.left_out])
    if isinstance(result, Added):
        said = dict(result.results)
        said |= {user_id: what for user_id, what in left_out.items() if what is not AddResult.WAITING}
        rows = [(user_id, said[user_id]) for user_id in dict.fromkeys(command.users) if user_id in said]
        return Added(rows, result.name)
    return result


def _nothing() -> None:
    """The answer has been given already."""
