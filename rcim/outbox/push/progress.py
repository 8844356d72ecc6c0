"""How far the push of a message has come that a provider could not take for all devices: so it is not sent again to
those that have it. It is kept in memory: after a crash a device may get a push twice, which its push id and collapse key
hide."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

KEPT_MAX = 2000
"""Messages: 20 MB at the most. Of older ones it is forgotten, and they are sent again to all."""

Place = tuple[int, int]
"""The shard and number of an event."""
Device = tuple[str, str]
"""A user and a device of theirs."""


@dataclass
class Progress:
    """See the module's text."""

    cursor: str = ""
    """Users up to this one have been looked at."""
    ended: bool = False
    """All users have been looked at."""
    left: set[Device] = field(default_factory=set)
    """Devices that the provider could not take."""
    receivers: int = 0
    """Users who got a push, or are left."""
    sent_before: int = 0
    """How many pushes the provider had taken when it could not take these."""
    tries: int = 0
    """How often it could not take these, though it took others."""
    untried: bool = False
    """The last time it was not asked to take all of these."""


class KeptProgress:
    """The progress of all messages that wait."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Place, Progress] = OrderedDict()

    def take(self, place: Place) -> Progress:
        """The progress of an event, which is kept no longer; one that has only begun if none is kept."""
        return self._kept.pop(place, None) or Progress()

    def keep(self, place: Place, progress: Progress) -> None:
        """Remember it until the event comes again."""
        self._kept[place] = progress
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)

    def forget(self, place: Place) -> None:
        """The event does not come again."""
        self._kept.pop(place, None)
