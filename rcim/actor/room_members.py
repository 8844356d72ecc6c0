"""Which rooms in memory have which users, and who is online: so that a room hears at once that a member of it has gone or
come back (CR-01, CR-02).

Only rooms of types from which absent members leave are in it. A room enters when its actor is loaded and leaves with its
end, or when somebody notices that its actor is not in memory any more (`keep_only`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable


class RoomMembers:
    """See the module's text. `is_online` says whether a user has a session; it is set by who knows."""

    def __init__(self) -> None:
        self.is_online: Callable[[str], bool] = _always
        self._rooms: dict[str, set[str]] = {}
        """By key, who is in it."""
        self._users: dict[str, set[str]] = {}
        """By user, keys of rooms."""

    def begin(self, key: str, users: Iterable[str]) -> None:
        """Note a room that is in memory now, with these members."""
        self.end(key)
        self._rooms[key] = set()
        self.enter(key, users)

    def enter(self, key: str, users: Iterable[str]) -> None:
        """Note new members."""
        there = self._rooms.setdefault(key, set())
        for user_id in users:
            there.add(user_id)
            self._users.setdefault(user_id, set()).add(key)

    def leave(self, key: str, users: Iterable[str]) -> None:
        """Note users who are no longer members."""
        there = self._rooms.get(key)
        if there is not None:
            for user_id in users:
                there.discard(user_id)
                self._out(key, user_id)

    def end(self, key: str) -> None:
        """Forget a room that has ended or has left memory."""
        for user_id in self._rooms.pop(key, ()):
            self._out(key, user_id)

    def keep_only(self, keys: Container[str]) -> None:
        """Forget all rooms but these."""
        for key in [key for key in self._rooms if key not in keys]:
            self.end(key)

    def of(self, user_id: str) -> list[str]:
        """The keys of the rooms that the user is in."""
        return sorted(self._users.get(user_id, ()))

    def _out(self, key: str, user_id: str) -> None:
        keys = self._users.get(user_id)
        if keys is not None:
            keys.discard(key)
            if not keys:
                del self._users[user_id]


def _always(user_id: str) -> bool:
    return True
