"""What workflows are given: commands to actors, queries to the store, and what the owner of the conversations has."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from rcim.actor.app_state import AppState
from rcim.actor.before_callbacks import BeforeCallback, LogIn
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.commands import Command
from rcim.actor.outcomes import AnyResult
from rcim.actor.queries import Query
from rcim.dispatch.effect_runner import Users
from rcim.dispatch.log_files import LogFiles, NoLogFiles
from rcim.dispatch.outbox_control import NoOutbox, OutboxControl
from rcim.dispatch.pending_requests import PendingRequests
from rcim.dispatch.reload_control import NoReloads, ReloadControl
from rcim.dispatch.requests import CommandRequest, QueryRequest, Request
from rcim.dispatch.session_registry import SessionRegistry
from rcim.dispatch.stepping import in_steps
from rcim.dispatch.workflows.coroutines import Resume, Wait
from rcim.store.answers import Answer

COMMANDS_AT_ONCE = 64
"""Commands of one workflow under way at a time: a sixteenth of a mailbox, so that one workflow fills none."""

CommandAnswer = AnyResult | Answer
"""What a command or a query is answered. A Refused is an answer as well; nothing is raised for it."""


class CommandsAndQueries(Protocol):
    """What workflows need of the dispatcher."""

    def submit(self, request: CommandRequest) -> bool: ...

    def read(self, request: QueryRequest) -> None: ...


class ActorsInMemory(Users, Protocol):
    """Who keeps the actors in memory."""

    def remembering(self, sender: str) -> list[str]:
        """The keys of the conversations that have messages of this user in memory alone (GT-22)."""


class WorkflowContext:
    """See the module's text. One for all workflows of an owner."""

    def __init__(
        self,
        dispatcher: CommandsAndQueries,
        actors: ActorsInMemory,
        sessions: SessionRegistry,
        app_state: AppState,
        pending: PendingRequests,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._loop = loop
        self._dispatcher = dispatcher
        self._pending = pending
        self.actors = actors
        self.sessions = sessions
        self.app_state = app_state
        self.outbox: OutboxControl = NoOutbox()
        self.reloads: ReloadControl = NoReloads()
        """OP-03: who reads the settings again."""
        self.log_files: LogFiles = NoLogFiles()
        """CB-04: who has the consumers of the event log."""
        self.list_turns = UserTurns()
        """SC-07: changes of one user's lists, one after the other; APP_KEY stands for those of the app (SC-05)."""
        self.unique_turns = UserTurns()
        """C2-02: creations of a conversation for one set of users, one after the other; the id stands for the set."""
        self.channel_turns = UserTurns()
        """UG-02: creating and ending one channel, one after the other; its key stands for it."""
        self.room_turns = UserTurns()
        """CR-02: how one user enters and leaves rooms of which a user is in one at a time."""

    async def command(self, key: str, command: Command) -> CommandAnswer:
        """Put the command into the mailbox of `key`, as soon as there is room; returns its answer."""
        (result,) = await self.commands([(key, command)])
        return result

    def commands(self, commands: Iterable[tuple[str, Command]]) -> Wait[list[CommandAnswer]]:
        """Await it to have all of these (key, command) done, at most COMMANDS_AT_ONCE of them under way at a time; its
        result is their answers, in the order of the commands."""
        return Wait(lambda resume: _Commands(self._dispatcher, list(commands), resume).go_on())

    def ask_app(self, kind: BeforeKind, subject: LogIn) -> Wait[CallbackVerdict]:
        """Await it to have what the app says of something that is about no conversation (CB-03)."""
        ask = BeforeCallback(number=0, kind=kind, group_id="", type="", command=subject)
        return Wait(lambda resume: self._pending.ask_app(ask, resume))

    def in_steps(self, steps: Iterable[object]) -> Wait[None]:
        """Await it to have gone through `steps`, with the loop's other work between them (stepping.py)."""
        return Wait(lambda resume: in_steps(self._loop, steps, lambda _: None, lambda: resume(None), at_once=1))

    def query(self, query: Query) -> Wait[CommandAnswer]:
        """Await it to have the answer of the store."""
        return Wait(lambda resume: self._dispatcher.read(Request("", query, _QueryReply(resume), 0)))


class _Commands:
    """Commands under way for one workflow; the ReplyTo of all of them."""

    __slots__ = ("_commands", "_dispatcher", "_going_on", "_held", "_next", "_results", "_resume", "_under_way")

    def __init__(
        self,
        dispatcher: CommandsAndQueries,
        commands: Sequence[tuple[str, Command]],
        resume: Resume[list[CommandAnswer]],
    ) -> None:
        self._dispatcher = dispatcher
        self._commands = commands
        self._resume = resume
        self._results: dict[int, CommandAnswer] = {}
        self._next = 0
        self._under_way = 0
        self._held: CommandRequest | None = None
        """The command whose mailbox is full; those behind it wait too."""
        self._going_on = False

    def go_on(self) -> None:
        """Submit as many as may be under way; when all are answered, the workflow runs on."""
        if self._going_on or self._resume.over:
            return
        self._going_on = True
        while self._next < len(self._commands) and self._under_way < COMMANDS_AT_ONCE and self._held is None:
            key, command = self._commands[self._next]
            request = Request(key, command, self, self._next)
            self._next += 1
            self._under_way += 1
            if not self._dispatcher.submit(request):
                self._held = request
        self._going_on = False
        if len(self._results) == len(self._commands):
            self._resume([self._results[number] for number in range(len(self._commands))])

    def answer(self, token: int, result: CommandAnswer) -> None:
        """One of them is done (ReplyTo)."""
        self._under_way -= 1
        self._results[token] = result
        self.go_on()

    def mailbox_drained(self, key: str) -> None:
        """There is room again for the one that is held (ReplyTo)."""
        held, self._held = self._held, None
        if held is not None and not self._resume.over and not self._dispatcher.submit(held):
            self._held = held
            return
        self.go_on()


class _QueryReply:
    """The ReplyTo of one query."""

    __slots__ = ("_resume",)

    def __init__(self, resume: Resume[CommandAnswer]) -> None:
        self._resume = resume

    def answer(self, token: int, result: CommandAnswer) -> None:
        self._resume(result)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""


class UserTurns:
    """One at a time for each user, in the order of coming."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Resume[None]]] = {}
        """By user whose turn somebody has: who waits for the next ones."""

    def take(self, user_id: str) -> Wait[None]:
        """Await it to have the user's turn, and call `end` afterwards, whatever happens."""

        def begin(resume: Resume[None]) -> None:
            waiting = self._waiting.get(user_id)
            if waiting is None:
                self._waiting[user_id] = deque()
                resume(None)
            else:
                waiting.append(resume)

        return Wait(begin)

    def end(self, user_id: str) -> None:
        """The turn is over: the next one begins, within this call."""
        waiting = self._waiting[user_id]
        while waiting:
            resume = waiting.popleft()
            if not resume.over:
                resume(None)
                return
        del self._waiting[user_id]
