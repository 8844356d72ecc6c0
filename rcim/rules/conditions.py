"""CB-06: of which conversations and messages a receiver of callbacks, a stream or another consumer wants to hear."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.rules.message_types import MessageClass


@dataclass(frozen=True, slots=True)
class Conditions:
    """Each field names what is wanted; an empty one: everything. A condition on messages says nothing about what is not
    a message, and one on conversations nothing about what is in none."""

    kinds: frozenset[str] = frozenset()
    """Names of conversation kinds (rules/conversation_kinds.py)."""
    types: frozenset[str] = frozenset()
    """Names of group types; C2C for one-to-one conversations."""
    classes: frozenset[MessageClass] = frozenset()
    message_types: frozenset[str] = frozenset()
    """Names of message types (MS-09); a message without one is called by the empty name."""

    def conversation(self, kind: str, type_name: str) -> bool:
        """True if what happens in such a conversation is wanted."""
        return (not self.kinds or kind in self.kinds) and (not self.types or type_name in self.types)

    def message(self, kind: MessageClass, name: str) -> bool:
        """True if messages of this class and type name are wanted."""
        return (not self.classes or kind in self.classes) and (not self.message_types or name in self.message_types)


EVERYTHING = Conditions()
