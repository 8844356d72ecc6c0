"""Invitations of one user that wait for its answer, where users are asked before others add them to a group (GT-07).

1. The group has looked whether who invites may, before one is kept; who invites is told WAITING.
2. Who accepts is put in by the group, which looks again: whether who invited is still a member, and whether it is the
   group that it was then (membership.accept).
3. Whoever enters the group in another way needs no invitation any more: the store drops it with the entering.
"""

from __future__ import annotations

from collections.abc import Iterable

from rcim.actor.user_records import Invitation
from rcim.base.errors import ALREADY_HANDLED, TOO_MANY_ENTRIES, RcimError


class WaitingInvitations:
    """See the module's text. `waiting` is read with the user; at most `most` wait."""

    __slots__ = ("_most", "_waiting")

    def __init__(self, waiting: Iterable[Invitation], most: int) -> None:
        self._most = most
        self._waiting = {one.key: one for one in waiting}

    def check_room(self, key: str) -> None:
        """Raises RcimError(TOO_MANY_ENTRIES) if one to this group could not be kept."""
        if key not in self._waiting and len(self._waiting) >= self._most:
            raise RcimError(TOO_MANY_ENTRIES, f"at most {self._most} invitations of one user can wait for an answer")

    def put(self, invitation: Invitation) -> None:
        """Keep it, in place of an earlier one to the same group."""
        self.check_room(invitation.key)
        self._waiting[invitation.key] = invitation

    def find(self, key: str) -> Invitation:
        """The one to this group. Raises RcimError(ALREADY_HANDLED) if none waits."""
        found = self._waiting.get(key)
        if found is None:
            raise RcimError(ALREADY_HANDLED, "no invitation to this group is waiting for an answer")
        return found

    def drop(self, key: str) -> None:
        """It waits no longer, if it did."""
        self._waiting.pop(key, None)

    def clear(self) -> None:
        """None waits any more."""
        self._waiting.clear()

    def page(self, cursor: str, limit: int) -> tuple[list[Invitation], str]:
        """Those after `cursor`, by group, at most `limit`; and the cursor of the next page, or nothing."""
        keys = sorted(key for key in self._waiting if key > cursor)
        page = keys[:limit]
        return [self._waiting[key] for key in page], page[-1] if len(keys) > len(page) else ""
