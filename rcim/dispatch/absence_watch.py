"""Members who are not online (CR-01, CR-02): rooms in memory hear who has gone and who is back, and are asked again when
absent members are to leave; whoever has lost a room with their connection joins it again when they log in soon.

1. `is_online` is what the session registry knows, which has the devices of all processes; a new owner is told of them
   again. Rooms are told of a user's last session that ends, and of the first that begins.
2. There is one timer for each room in which the clock of somebody runs.
3. Lost rooms are in memory alone: after a restart nobody joins one again by themselves.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from rcim.actor.app_state import AppState
from rcim.actor.commands import Command, JoinGroup
from rcim.actor.outcomes import AnyResult, Refused
from rcim.actor.room_commands import LeaveAbsent, NoteAbsent, NoteBack
from rcim.actor.workflows import EnterGroup
from rcim.base import clock
from rcim.base.errors import SERVER_ERROR
from rcim.base.ids import SYSTEM_USER
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.effect_runner import Users
from rcim.dispatch.requests import Request, WorkflowRequest
from rcim.store.answers import Answer

log = LimitedLog("rcim.dispatch")

REJOIN_MS = 30 * 60_000
"""CR-02: LeanCloud's half an hour."""
LOST_MAX = 100_000
"""Users whose lost room is remembered, at 200 bytes each; beyond it the oldest is forgotten."""


class AbsenceWatch:
    """See the module's text, and the ReplyTo of its commands. `users` puts commands into mailboxes that there are; `run`
    carries out a workflow."""

    def __init__(
        self,
        app_state: AppState,
        users: Users,
        run: Callable[[WorkflowRequest], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._app_state = app_state
        self._users = users
        self._run = run
        self._loop = loop
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._lost: OrderedDict[str, tuple[str, int, int]] = OrderedDict()
        """By user: the key of the room, when it was created, and when they lost it, steady time."""

    # -- what the session registry says

    def gone(self, user_id: str) -> None:
        """Note that the user's last session has ended."""
        for key in self._app_state.rooms.of(user_id):
            self._tell(key, NoteAbsent(user_id, True))

    def here(self, user_id: str) -> None:
        """Note that the user's first session has begun."""
        for key in self._app_state.rooms.of(user_id):
            self._tell(key, NoteBack(user_id, True))
        key, made_ms, lost_ms = self._lost.pop(user_id, ("", 0, 0))
        if key and clock.steady_ms() - lost_ms <= REJOIN_MS:
            again = JoinGroup(user_id, False, "", again_ms=made_ms)
            self._run(Request("", EnterGroup(user_id, key, again), self, 0))

    # -- effects

    def look_later(self, key: str, after_ms: int) -> None:
        """Ask the room again after so many milliseconds, when absent members are to leave."""
        due = self._loop.time() + after_ms / 1000
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= due:
                return
            timer.cancel()
        self._timers[key] = self._loop.call_at(due, self._look, key)

    def lost(self, key: str, user_id: str, made_ms: int) -> None:
        """CR-02: the user has left the room with their connection; it was created at `made_ms`."""
        self._lost[user_id] = key, made_ms, clock.steady_ms()
        self._lost.move_to_end(user_id)
        if len(self._lost) > LOST_MAX:
            self._lost.popitem(last=False)
        if self._app_state.rooms.is_online(user_id):  # they came back while it was being committed
            self.here(user_id)

    def forget(self, user_id: str) -> None:
        """The account is deleted: whoever gets the id has lost no room."""
        self._lost.pop(user_id, None)

    def _look(self, key: str) -> None:
        del self._timers[key]
        self._tell(key, LeaveAbsent(SYSTEM_USER, True))

    def _tell(self, key: str, command: Command) -> None:
        if not self._users.tell(key, command, self):  # it is not in memory; once loaded it looks itself who is online
            self._app_state.rooms.end(key)

    # -- ReplyTo

    def answer(self, token: int, result: AnyResult | Answer) -> None:
        """A room that cannot be entered again is lost for good."""
        if isinstance(result, Refused) and result.code is SERVER_ERROR:
            log.error("removing absent members failed", error=result.detail)

    def mailbox_drained(self, key: str) -> None:
        """Nothing here waits for room in a mailbox."""

    def stop(self) -> None:
        """Stop all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
