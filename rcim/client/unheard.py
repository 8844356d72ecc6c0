"""What the server did not mean to deliver: stretches of SEQ that are no gap and are not given to the app (RX-01, RX-05).
They were imported, or said while the user's MsgFlag was DISCARD; an app reads them from history if it wants to. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from rcim.base.terms import MsgFlag
from rcim.wire import frames

OPEN = 0
"""The last SEQ of a stretch that goes on."""


class Unheard:
    """Of all conversations."""

    def __init__(self) -> None:
        self._stretches: dict[str, list[tuple[int, int]]] = {}

    def told(self, key: str, stretches: Iterable[frames.SeqRange]) -> None:
        """SYNC says which they are: these and no others."""
        found = [(one.from_seq, one.to_seq) for one in stretches]
        if found:
            self._stretches[key] = found
        else:
            self._stretches.pop(key, None)

    def flagged(self, push: frames.ConversationFlagged) -> None:
        """The user wants nothing delivered from now on, or everything again."""
        change = self.begins if push.msg_flag is MsgFlag.DISCARD else self.ends
        change(push.conversation, push.newest_seq)

    def begins(self, key: str, newest_seq: int) -> None:
        """What comes behind `newest_seq` is not delivered."""
        found = self._stretches.setdefault(key, [])
        if not (found and found[-1][1] == OPEN):
            found.append((newest_seq + 1, OPEN))

    def ends(self, key: str, newest_seq: int) -> None:
        """What comes behind `newest_seq` is delivered again."""
        found = self._stretches.get(key)
        if found and found[-1][1] == OPEN:
            first, _ = found.pop()
            if first <= newest_seq:
                found.append((first, newest_seq))

    def came(self, key: str, seq: int) -> None:
        """A message was delivered: it was meant to be, and if a stretch was still open, it has ended before."""
        found = self._stretches.get(key)
        if found and found[-1][1] == OPEN and found[-1][0] <= seq:
            self.ends(key, seq - 1)

    def holds(self, key: str, seq: int) -> bool:
        """True if the message was not meant to be delivered."""
        return any(first <= seq <= (last or seq) for first, last in self._stretches.get(key, ()))

    def past(self, key: str, seq: int, newest: int) -> int:
        """The first SEQ from `seq` on that was meant to be delivered; at most `newest` + 1."""
        for first, last in self._stretches.get(key, ()):
            if first <= seq <= (last or seq):
                seq = min(last or newest, newest) + 1
        return seq

    def forget(self, key: str) -> None:
        """The user is in it no longer."""
        self._stretches.pop(key, None)

    def clear(self) -> None:
        """Nothing is known any more."""
        self._stretches.clear()
