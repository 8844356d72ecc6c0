"""What all actors of one owner share: types, limits, who is muted everywhere, ids for messages that are not stored."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from rcim.base.limits import Limits
from rcim.flow.frequency import Figures
from rcim.rules.custom_fields import FieldRule
from rcim.rules.message_types import BUILT_IN, MessageType
from rcim.rules.type_table import TypeTable

UNSTORED_BIT = 1 << 63
"""Set in the ids of messages that no shard keeps: they come from a counter of this start."""


class UnstoredIds:
    """Ids of messages that are not stored (GT-22), unique in the app: the start's clock above a counter."""

    def __init__(self, start_ms: int) -> None:
        self._next = UNSTORED_BIT | (start_ms << 20)

    def make(self) -> int:
        """The next id. A million a millisecond could be made before one met those of a later start."""
        self._next += 1
        return self._next


@dataclass(slots=True)
class World:
    """See the module's text. `muted` (SC-04) is user to the end of the mute, milliseconds since 1970."""

    types: TypeTable
    limits: Limits
    ids: UnstoredIds
    muted: dict[str, int] = field(default_factory=dict)
    message_member_fields: tuple[str, ...] = ()
    """Custom fields of a member that go with its messages (MS-04)."""
    message_user_fields: tuple[str, ...] = ()
    """Custom fields of a user that go with its messages (MS-04)."""
    user_fields: tuple[FieldRule, ...] = ()
    """Custom fields that users can have (AB-05)."""
    message_types: Mapping[str, MessageType] = field(default_factory=lambda: BUILT_IN)
    """MS-09, by name."""
    lots: random.Random = field(default_factory=random.Random)
    """FC-03: who goes first within a priority."""
    figures: dict[str, Figures] = field(default_factory=dict)
    """FC-08, by type of group."""
    revision: int = 0
    """Counts the changes at run time that are in force."""

    def sent_fields(self, fields: dict[str, bytes]) -> tuple[tuple[str, bytes], ...]:
        """Those custom fields of a user that go with its messages (MS-04)."""
        return tuple((key, fields[key]) for key in self.message_user_fields if key in fields)
