"""The group types in force: built in, from the settings file, changed at run time (GT-20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from rcim.base.errors import BAD_PARAMETER, TOO_MANY_ENTRIES, RcimError
from rcim.rules.built_in_types import BROADCAST, BUILT_IN, CLOSED, PAIR
from rcim.rules.group_types import GroupType
from rcim.rules.policies import changed

TYPES_MAX = 200
"""Types in force: each costs its own table, and one page of them fits a frame."""


class TypeChange(msgspec.Struct, frozen=True, array_like=True):
    """What somebody said of a type: made from `base`, or, if that is empty, the type of this name changed."""

    name: str
    base: str
    policies: dict[str, str]


def rows_of(changes: Mapping[str, TypeChange], rows: Mapping[str, GroupType]) -> dict[str, GroupType]:
    """`rows` with `changes` in them. Raises ValueError that says which is wrong and why."""
    made = dict(rows)
    waiting = dict(changes)
    if PAIR.name in waiting:
        raise ValueError(f"group type {PAIR.name}: so one-to-one conversations are called")
    if BROADCAST.name in waiting:
        raise ValueError(f"group type {BROADCAST.name}: so the conversation of the app's broadcasts is called")
    while waiting:
        ready = [name for name, change in waiting.items() if not change.base or change.base not in waiting]
        if not ready:
            raise ValueError(f"group types {', '.join(waiting)} are made from each other")
        for name in ready:
            change = waiting.pop(name)
            base = made.get(change.base or name)
            if base is None:
                raise ValueError(f"group type {name}: there is no type {change.base or name!r} to make it from")
            if change.base and name in rows:
                raise ValueError(f"group type {name}: it is there already; change it without a base")
            try:
                made[name] = changed(base, name, change.policies)
            except ValueError as error:
                raise ValueError(f"group type {name}: {error}") from None
    return made


class TypeTable:
    """See the module's text. It does not change: `changed` makes another one. `settings` are the rows without changes at
    run time, `pair` is that of one-to-one conversations, `changes` are those made at run time. Raises
    RcimError(BAD_PARAMETER) for changes that do not fit."""

    def __init__(
        self,
        settings: Mapping[str, GroupType] = BUILT_IN,
        pair: GroupType = PAIR,
        changes: Mapping[str, TypeChange] | None = None,
    ) -> None:
        self.pair = pair
        self._settings = settings
        self._changes = changes or {}
        self._rows = self._rebuilt(self._changes)

    def __iter__(self) -> Iterator[GroupType]:
        return iter(sorted(self._rows.values(), key=lambda row: row.name))

    def named(self, name: str) -> GroupType:
        """The row of `name`. Raises RcimError(BAD_PARAMETER)."""
        found = self._rows.get(name)
        if found is None:
            raise RcimError(BAD_PARAMETER, f"group type {name!r}: must be one of {', '.join(sorted(self._rows))}")
        return found

    def of_group(self, name: str) -> GroupType:
        """The row of a group's type, of one-to-one conversations, or of broadcasts; CLOSED if the type is gone."""
        found = self._rows.get(name)
        if found is not None:
            return found
        return self.pair if name == PAIR.name else BROADCAST if name == BROADCAST.name else CLOSED

    @property
    def beside_groups(self) -> tuple[GroupType, ...]:
        """The rows that no group can have."""
        return (self.pair, BROADCAST)

    @property
    def changes(self) -> Mapping[str, TypeChange]:
        """What was made or changed at run time, by name."""
        return self._changes

    def is_changed(self, name: str) -> bool:
        """True if it was made or changed at run time."""
        return name in self._changes

    # -- changes at run time

    def check(self, change: TypeChange) -> None:
        """Returns if `change` may be made. Raises RcimError(BAD_PARAMETER or TOO_MANY_ENTRIES)."""
        if len(self._rows) >= TYPES_MAX and change.name not in self._rows:
            raise RcimError(TOO_MANY_ENTRIES, f"the app may have at most {TYPES_MAX} group types")
        self._rebuilt({**self._changes, change.name: change})

    def check_removal(self, name: str) -> None:
        """Returns if the change of `name` may be taken back. Raises RcimError(BAD_PARAMETER)."""
        if name not in self._changes:
            raise RcimError(BAD_PARAMETER, f"group type {name!r} was not created or changed at run time")
        self._rebuilt({key: change for key, change in self._changes.items() if key != name})

    def is_run_time_only(self, name: str) -> bool:
        """True if the type is gone when its change is taken back: the settings do not have it."""
        return name not in self._settings

    def changed(self, name: str, change: TypeChange | None) -> TypeTable:
        """The table with `change` in force; None takes back the one of `name`. Raises RcimError(BAD_PARAMETER)."""
        changes = {key: one for key, one in self._changes.items() if key != name}
        if change is not None:
            changes[name] = change
        return TypeTable(self._settings, self.pair, changes)

    def changed_by_all(self, changes: Mapping[str, TypeChange]) -> tuple[TypeTable, list[tuple[str, str]]]:
        """The table with all that was changed at run time in force again; (name, why not) of what does not fit."""
        table, waiting = self, dict(changes)
        while waiting:
            errors: dict[str, str] = {}
            for name, change in waiting.items():
                try:
                    table = table.changed(name, change)
                except RcimError as error:
                    errors[name] = error.detail
            if len(errors) == len(waiting):
                return table, [*errors.items()]
            waiting = {name: waiting[name] for name in errors}
        return table, []

    def _rebuilt(self, changes: Mapping[str, TypeChange]) -> dict[str, GroupType]:
        try:
            return rows_of(changes, self._settings)
        except ValueError as error:
            raise RcimError(BAD_PARAMETER, str(error)) from None
