"""Guests (ID-06): who of those that are connected was admitted to which group, and from which SEQ on it hears it.

A guest has no account and no row in the store: its right to a group is that it was let in, and that the group would
still let it in. This is in memory with the owner of the conversations. It ends with the guest's connection, and with the
owner's process: of a new owner those who hold the connections ask for it again (KeepGuest).
"""

from __future__ import annotations

from collections.abc import Iterable

from rcim.base.errors import NOT_PERMITTED, TOO_MANY_ENTRIES, RcimError
from rcim.base.limits import Limits


class Guests:
    """See the module's text. `limits.guests_max` of them are admitted to one group."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._groups: dict[str, set[str]] = {}
        """Guest to the keys of the groups it was admitted to."""
        self._admitted: dict[str, dict[str, int]] = {}
        """Key of a group to its guests, each with the newest SEQ when it was admitted."""

    def here(self, user_id: str) -> None:
        """This guest is connected: it can be admitted from now on."""
        self._groups.setdefault(user_id, set())

    def gone(self, user_id: str) -> None:
        """It is connected no more."""
        for key in self._groups.pop(user_id, ()):
            self._out(key, user_id)

    def is_here(self, user_id: str) -> bool:
        """True while it is connected."""
        return user_id in self._groups

    def admit(self, key: str, user_id: str, newest: int) -> None:
        """Let it into the group; once more is no error. Raises RcimError: it is gone already, or there are too many."""
        groups = self._groups.get(user_id)
        if groups is None:
            raise RcimError(NOT_PERMITTED, "the guest has disconnected")
        there = self._admitted.get(key, {})
        if user_id in there:
            return
        most = self._limits.guests_max
        if len(there) >= most:
            raise RcimError(TOO_MANY_ENTRIES, f"a group takes at most {most} guests")
        self._admitted.setdefault(key, there)[user_id] = newest
        groups.add(key)

    def leave(self, key: str, user_id: str) -> None:
        """It is out of the group, if it was in."""
        groups = self._groups.get(user_id)
        if groups is not None and key in groups:
            groups.discard(key)
            self._out(key, user_id)

    def end(self, key: str) -> None:
        """The group is gone, and nobody is in it."""
        for user_id in list(self._admitted.get(key, ())):
            self.leave(key, user_id)

    def since(self, key: str, user_id: str) -> int | None:
        """The newest SEQ when the guest was admitted to the group; None if it is not."""
        there = self._admitted.get(key)
        return there.get(user_id) if there is not None else None

    def of(self, key: str) -> Iterable[str]:
        """Who was admitted to the group."""
        return self._admitted.get(key, {}).keys()

    def groups(self) -> list[str]:
        """The keys of all groups that guests are in."""
        return list(self._admitted)

    def _out(self, key: str, user_id: str) -> None:
        there = self._admitted[key]
        del there[user_id]
        if not there:
            del self._admitted[key]
