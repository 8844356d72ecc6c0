"""Where messages stopped on their way, for who asks "why did the others not get this?" (section 5).

Only what stops is written down, the newest TRACES_MAX of all groups; what went through is found by its SEQ.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum
from typing import NamedTuple

TRACES_MAX = 10_000
"""At 300 bytes each 3 MB."""


class Stage(Enum):
    """The way of one message, in its order."""

    UNKNOWN = "unknown"
    """Never seen here, or too long ago."""
    RIGHT = "right to send"
    WORDS = "word filter"
    WAITING = "waiting"
    """For the app, or for room."""
    CALLBACK = "callback"
    STOPPED = "stopped room"
    """The app has stopped the room's distribution (CR-07)."""
    FREQUENCY = "frequency control"
    TRANSIENT = "transient"
    """Given to who was online, and gone."""
    DELIVERED = "delivered"


class Stop(NamedTuple):
    """Where a message stopped, and why."""

    stage: Stage
    time_ms: int
    code: int
    """Of the error that its sender got; 0: none."""
    text: str


class Traces:
    """See the module's text."""

    def __init__(self) -> None:
        self._stops: OrderedDict[tuple[str, str, str], Stop] = OrderedDict()

    def __len__(self) -> int:
        return len(self._stops)

    def note(self, key: str, sender: str, client_msg_id: str, stop: Stop) -> None:
        """A message has stopped."""
        name = (key, sender, client_msg_id)
        self._stops[name] = stop
        self._stops.move_to_end(name)
        if len(self._stops) > TRACES_MAX:
            self._stops.popitem(last=False)

    def find(self, key: str, sender: str, client_msg_id: str) -> Stop | None:
        """Where it stopped last, if it did."""
        return self._stops.get((key, sender, client_msg_id))
