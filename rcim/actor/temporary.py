"""Temporary conversations (SY-02): when they end, and that nothing can be done with one whose time is over.

1. A temporary conversation is made with all its members, for so many seconds; nobody enters it later.
2. From its end on, every command is refused with TEMPORARY_ENDED, although it may not be removed yet.
3. Housekeeping finds it in the index of endings and asks its actor to end it. Messages that wait for room or for the
   app's verdict end with it.
4. Its id is never used again, so nothing of it is kept, not even its SEQ counter (store/apply.py, store/endings.py).
"""

from __future__ import annotations

from rcim.actor import commands as c
from rcim.actor.group import GroupActor
from rcim.actor.outcomes import Outcome
from rcim.base.errors import TEMPORARY_ENDED, RcimError

ITS_OWN = (c.EndTemporary, c.EndSlice, c.TakeVerdict)
"""Commands of the server itself, which nobody waits for; each of them may find that the time is over."""
ALWAYS = (c.CreateGroup, c.PlaceMember)
"""Commands that are not refused here: the first makes the conversation, and a deleted account leaves it in any case
(ID-09)."""


class TemporaryActor(GroupActor):
    """The actor of a temporary conversation; see the module's text."""

    __slots__ = ()

    def handle(self, command: c.Command, now_ms: int, position: int) -> Outcome:
        """As GroupActor.handle. Raises RcimError(TEMPORARY_ENDED) once its time is over."""
        profile = self._state.attributes.profile
        over = profile is None or profile.ends_ms <= now_ms
        if over and not isinstance(command, (*ITS_OWN, *ALWAYS)):
            raise RcimError(TEMPORARY_ENDED)
        if over and profile is not None and isinstance(command, c.EndSlice | c.TakeVerdict):
            command = c.EndTemporary(command.by, True)
        return super().handle(command, now_ms, position)
