"""The machine of what belongs to the whole app: group types changed at run time (GT-20), users muted everywhere (SC-04).

What it decides is in force when it is durable, and not before: the change is an effect, which `settle` carries out.
"""

from __future__ import annotations

from collections.abc import Callable

from rcim.actor.commands import AppCommand, MuteEverywhere, ReadFlow, ReadMuted, ReadTypes, RemoveType, SetType
from rcim.actor.effects import AppChanged
from rcim.actor.outcomes import Done, Flow, MutedUsers, Outcome, TypeRow, Types
from rcim.actor.passing import flow_rows
from rcim.actor.records import Record, TypeSaved, UsersMuted
from rcim.actor.state import until_ms
from rcim.actor.world import World
from rcim.base.errors import OVERLOADED, TOO_MANY_ENTRIES, RcimError
from rcim.rules.policies import shown

APP_KEY = "@app"
"""The key of this actor; no conversation id on the wire begins so."""
MUTED_MAX = 10_000
"""Users muted in all chat rooms at a time: the list is in memory and read page by page."""
RETRY_MS = 100
TYPES_PAGE = 12
"""Types in a page: at 2.6 KiB each, with all their fields, they fit the smallest frame that can be set."""


class AppActor:
    """See the module's text; its state is the World's."""

    exists = True

    def __init__(self, world: World) -> None:
        self._world = world
        self._changed_at = -1
        """The revision on which the last change was made: until it is in force another one could not be checked."""

    def forgettable(self, idle_ms: int) -> bool:
        """True: all of it is in the store."""
        return True

    def handle(self, command: AppCommand, now_ms: int, position: int) -> Outcome:
        """Carry out one command, as GroupActor.handle."""
        return _HANDLERS[type(command)](self, command, now_ms)

    def _check_free(self) -> None:
        if self._changed_at == self._world.revision:
            raise RcimError(OVERLOADED, "another change is being kept", RETRY_MS)

    def _changes(self, record: Record) -> Outcome:
        self._changed_at = self._world.revision
        return Outcome(Done(), record, (AppChanged(record),))

    def _set_type(self, command: SetType, now_ms: int) -> Outcome:
        self._check_free()
        self._world.types.check(command.change)
        return self._changes(TypeSaved(command.change.name, command.change))

    def _remove_type(self, command: RemoveType, now_ms: int) -> Outcome:
        self._check_free()
        self._world.types.check_removal(command.name)
        return self._changes(TypeSaved(command.name, None))

    def _types(self, command: ReadTypes, now_ms: int) -> Outcome:
        types = self._world.types
        rows = [row for row in types if row.name > command.cursor]
        page = rows[:TYPES_PAGE]
        found = [
            TypeRow(
                row.name, row.base, types.is_changed(row.name), types.counts.get(row.name, 0), [*shown(row).items()]
            )
            for row in page
        ]
        return Outcome(Types(found, page[-1].name if len(rows) > len(page) else ""))

    def _flow(self, command: ReadFlow, now_ms: int) -> Outcome:
        """FC-08, since the server's start."""
        figures = sorted(self._world.figures.items())
        return Outcome(Flow([row for name, one in figures for row in flow_rows(name, one)]))

    def _mute(self, command: MuteEverywhere, now_ms: int) -> Outcome:
        self._check_free()
        end = until_ms(command.seconds, now_ms)
        over = {user: 0 for user, until in self._world.muted.items() if until <= now_ms}
        there = len(self._world.muted) - len(over)
        if end and there + len(command.users) > MUTED_MAX:
            raise RcimError(TOO_MANY_ENTRIES, f"at most {MUTED_MAX} users")
        return self._changes(UsersMuted(over | dict.fromkeys(command.users, end)))

    def _muted(self, command: ReadMuted, now_ms: int) -> Outcome:
        found = sorted((u, t) for u, t in self._world.muted.items() if t > now_ms and u > command.cursor)
        page = found[: command.limit]
        return Outcome(MutedUsers(page, page[-1][0] if len(found) > len(page) else ""))


def settle(world: World, record: Record) -> None:
    """Let what `record` says be in force: it is durable."""
    world.revision += 1
    if isinstance(record, TypeSaved):
        world.types.put(record.name, record.change)
    elif isinstance(record, UsersMuted):
        for user, until in record.until_ms.items():
            if until:
                world.muted[user] = until
            else:
                world.muted.pop(user, None)


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    ReadFlow: AppActor._flow,
    SetType: AppActor._set_type,
    RemoveType: AppActor._remove_type,
    ReadTypes: AppActor._types,
    MuteEverywhere: AppActor._mute,
    ReadMuted: AppActor._muted,
}
