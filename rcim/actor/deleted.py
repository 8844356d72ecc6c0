"""Accounts that were deleted while the server runs (ID-09)."""

from __future__ import annotations

from collections import OrderedDict

DELETED_MAX = 10_000


class Deleted:
    """ID-09: accounts that were deleted since the start, the last DELETED_MAX of them: for what was read before."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, int] = OrderedDict()
        self.count = 0

    def note(self, user_id: str) -> None:
        """An account is deleted."""
        self.count += 1
        self._users[user_id] = self.count
        self._users.move_to_end(user_id)
        if len(self._users) > DELETED_MAX:
            self._users.popitem(last=False)

    def since(self, user_id: str, count: int) -> bool:
        """True if the account was deleted after there were `count` deletions."""
        return self._users.get(user_id, 0) > count
