"""Where a consumer passes events on to, and what it says of those that it could not take."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from rcim.actor.events import AnyEvent, EventKind, InConversation, kind_of, type_name_of
from rcim.rules.conditions import EVERYTHING, Conditions
from rcim.rules.conversation_kinds import kind_name
from rcim.rules.message_types import CONTENT, MessageType
from rcim.store.event_log import KeptEvent

UNKNOWN = "a fault of the server: its log says more"
"""Why an event was not taken that nobody was ready for."""


class Untaken(NamedTuple):
    """An event that was not taken."""

    event: KeptEvent
    reason: str = ""
    """Why, for the operator: one line without anything secret. Empty for an event that only waits for one before it."""
    for_good: bool = False
    """True: it would never be taken. It becomes a dead letter, and what comes after it goes on."""
    retry_after_s: float = 0.0
    """The destination has asked for so long a pause; 0: it has asked for none."""


class Destination(Protocol):
    """See the module's text. It is used from the loop."""

    async def deliver(self, events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        """Take events of one shard, in their order. Returns those that were not taken, which come again: of a key all
        from the first one on (rcim.actor.events.key_of). When it returns, what was taken is safe with the receiver: it
        does not come again, unless the server dies within the next half second. One that raises has come to its end
        with all of them, and gets them again one by one: an event that is a fault must hold up no other."""

    def forget(self, shard: int, numbers: Collection[int]) -> None:
        """These events were not taken, and never come again: they were dropped, or have become dead letters."""

    def counted(self) -> dict[str, int]:
        """What became of events since the start, by name."""

    async def close(self) -> None:
        """Give back connections and files. No event comes any more."""


class Subscription(NamedTuple):
    """What a consumer subscribes to, and where it goes. Events outside of the conditions are passed over (CB-06)."""

    kinds: frozenset[EventKind]
    destination: Destination
    conditions: Conditions = EVERYTHING
    message_types: Mapping[str, MessageType] = {}
    """The message types of the app, by name: the conditions on messages ask of which class one is (MS-09)."""

    def wants(self, event: AnyEvent) -> bool:
        """True if the destination gets the event (CB-06)."""
        if kind_of(event) not in self.kinds:
            return False
        if self.conditions is EVERYTHING or not isinstance(event, InConversation):
            return True
        if not self.conditions.conversation(kind_name(event.where.key), event.where.type):
            return False
        name = type_name_of(event)
        return name is None or self.conditions.message(self.message_types.get(name, CONTENT).kind, name)
