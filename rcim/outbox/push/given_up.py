"""Users with a device that was given up (destination.py): their pushes hold up no other message of a conversation.

Without it whoever has a device that no service takes for now, or says they do, would slow down the pushes of each group
that they are in: each message would wait for the tries of its own. It goes by users, since one names as many devices as
one likes. It is kept in memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

USERS_MAX = 10_000
"""Of more the one whose push failed longest ago is forgotten."""


class GivenUp:
    """See the module's text. `taken` is how many pushes the provider has taken since the start."""

    def __init__(self) -> None:
        self._taken: OrderedDict[str, int] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._taken)

    def add(self, users: Iterable[str], taken: int) -> None:
        """A device of these users was given up."""
        for user_id in users:
            self._taken[user_id] = taken
            self._taken.move_to_end(user_id)
        while len(self._taken) > USERS_MAX:
            self._taken.popitem(last=False)

    def remove(self, users: Iterable[str]) -> None:
        """The provider has taken all pushes for them."""
        for user_id in users:
            self._taken.pop(user_id, None)

    def again(self, users: Iterable[str], taken: int) -> set[str]:
        """Of users for whom the provider has not taken a push: those for whom it is given up at once. The provider has to
        have taken others since: it is not away."""
        found = {user_id for user_id in users if self._taken.get(user_id, taken) < taken}
        self.add(found, taken)
        return found
