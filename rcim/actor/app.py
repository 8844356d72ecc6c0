"""The machine of what belongs to the whole app: group types changed at run time (GT-20), users muted everywhere (SC-04).

What it decides is in force when it is durable, and not before: the change is an effect, which `settle` carries out.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rcim.actor.durations import until_ms
from rcim.actor.effects import AppChanged, Silenced, Tell
from rcim.actor.outcomes import Done, Flow, ListAltered, Listed, MutedUsers, Outcome, TypeRow, Types
from rcim.actor.passing import flow_rows
from rcim.actor.records import ListChanged, Record, TypeSaved, UsersMuted
from rcim.actor.user_commands import (
    AppCommand,
    ChangeList,
    MuteEverywhere,
    ReadFlow,
    ReadList,
    ReadMuted,
    ReadTypes,
    RemoveType,
    SetType,
)
from rcim.actor.world import World
from rcim.base.errors import BAD_PARAMETER, OVERLOADED, TOO_MANY_ENTRIES, RcimError
from rcim.base.terms import AppList
from rcim.rules.policies import shown

APP_KEY = "@app"
"""The key of this actor; no conversation id on the wire begins so."""
DONE = Done()
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
            raise RcimError(OVERLOADED, "another change of the app's settings is being saved; try again", RETRY_MS)

    def _changes(self, record: Record, result: Done | ListAltered = DONE) -> Outcome:
        self._changed_at = self._world.revision
        return Outcome(result, record, (AppChanged(record),))

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

    def _change_list(self, command: ChangeList, now_ms: int) -> Outcome:
        """SC-05, FC-07. What the settings say is taken off until they are read anew (SC-08)."""
        self._check_free()
        lists, limits = self._world.lists, self._world.limits
        words = command.which in (AppList.REFUSED_WORDS, AppList.REPLACED_WORDS)
        if words:
            for word in command.add:
                if not lists.words.folded(word).strip():
                    raise RcimError(BAD_PARAMETER, f"{word!r}: holds only characters that the filter ignores")
        most = limits.words_max if words else limits.list_entries_max
        after = lists.added[command.which].keys() - set(command.remove) | set(command.add)
        if len(after) > most:
            raise RcimError(TOO_MANY_ENTRIES, f"the list holds at most {most} entries; remove some first")
        record = ListChanged(command.which, command.add, command.remove)
        return self._changes(record, ListAltered(lists.back_later(command.which, command.remove)))

    def _list(self, command: ReadList, now_ms: int) -> Outcome:
        found = [entry for entry in self._world.lists.entries(command.which) if entry > command.cursor]
        page = found[: command.limit]
        return Outcome(Listed(page, page[-1] if len(found) > len(page) else ""))

    def _mute(self, command: MuteEverywhere, now_ms: int) -> Outcome:
        self._check_free()
        end = until_ms(command.seconds, now_ms)
        over = {user: 0 for user, until in self._world.muted.items() if until <= now_ms}
        there = len(self._world.muted) - len(over)
        if end and there + len(command.users) > MUTED_MAX:
            raise RcimError(TOO_MANY_ENTRIES, f"at most {MUTED_MAX} users")
        muted = self._world.muted
        told = [u for u in command.users if (muted.get(u, 0) if u not in over else 0) != end]
        made = self._changes(UsersMuted(over | dict.fromkeys(command.users, end)))
        if not told:
            return made
        said = Tell(told, Silenced(end, command.by))  # SC-09
        return msgspec.structs.replace(made, effects=(*made.effects, said))

    def _muted(self, command: ReadMuted, now_ms: int) -> Outcome:
        found = sorted((u, t) for u, t in self._world.muted.items() if t > now_ms and u > command.cursor)
        page = found[: command.limit]
        return Outcome(MutedUsers(page, page[-1][0] if len(found) > len(page) else ""))


def settle(world: World, record: Record) -> None:
    """Let what `record` says be in force: it is durable."""
    world.revision += 1
    if isinstance(record, TypeSaved):
        world.types.put(record.name, record.change)
    elif isinstance(record, ListChanged):
        world.lists.change(record.which, record.add, record.remove)
    elif isinstance(record, UsersMuted):
        for user, until in record.until_ms.items():
            if until:
                world.muted[user] = until
            else:
                world.muted.pop(user, None)


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    ReadFlow: AppActor._flow,
    ChangeList: AppActor._change_list,
    ReadList: AppActor._list,
    SetType: AppActor._set_type,
    RemoveType: AppActor._remove_type,
    ReadTypes: AppActor._types,
    MuteEverywhere: AppActor._mute,
    ReadMuted: AppActor._muted,
}
