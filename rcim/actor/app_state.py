"""What all actors of one owner share: the configuration in force, and what changes with each command, each in a module of
its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from rcim.actor.admissions import Entering
from rcim.actor.app_config import AppConfig
from rcim.actor.app_lists import ListsAhead
from rcim.actor.deleted import Deleted
from rcim.actor.events import EventKind
from rcim.actor.group_counts import GroupCounts
from rcim.actor.guests import Guests
from rcim.actor.invalidated import Invalidated
from rcim.actor.room_members import RoomMembers
from rcim.actor.tracing import Traces
from rcim.actor.unstored_ids import UnstoredIds
from rcim.flow.offers import Figures
from rcim.rules.signatures import SigningLead


@dataclass(slots=True)
class AppState:
    """See the module's text."""

    config: AppConfig
    """In force now. Keep no part of it beyond one command: it may be another by then."""
    ids: UnstoredIds
    traces: Traces = field(default_factory=Traces)
    """Where messages stopped."""
    counts: GroupCounts = field(default_factory=GroupCounts)
    """Groups that are there, by type (GT-13)."""
    deleted: Deleted = field(default_factory=Deleted)
    entering: Entering = field(default_factory=Entering)
    """Groups that users are about to enter."""
    rooms: RoomMembers = field(default_factory=RoomMembers)
    """Who is in which rooms that absent members leave (CR-01)."""
    signing: SigningLead = field(default_factory=SigningLead)
    """ID-09: how far ahead UserSigs come dated."""
    invalidated: Invalidated = field(init=False)
    wall_ms: Callable[[], int] = int
    """The wall clock, milliseconds since 1970: by it UserSigs are checked (ID-09). Without one, times that were set in
    the future count from when they were set."""
    guests: Guests = field(init=False)
    """Which guests have been admitted to which groups (ID-06)."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """Of commands that wait, in this start."""
    screen: Callable[[bytes], bytes] = bytes
    """SC-05: a message's body as it may be sent. Raises RcimError(DIRTY_WORD)."""
    lots: random.Random = field(default_factory=random.Random)
    """FC-03: who goes first within a priority."""
    wanted_events: frozenset[EventKind] = frozenset()
    """Kinds of events that a consumer wants; no others are made (docs/adr/0023)."""
    lists_ahead: ListsAhead | None = None
    """SC-05: made in steps, before the command that changes the lists so (dispatch/workflows/app_lists.py)."""
    open_channels: set[str] = field(default_factory=set)
    """UG-02: the public channels in memory: all who hear their ultra group hear them."""
    figures: dict[str, Figures] = field(default_factory=dict)
    """FC-08, by type of group."""

    def __post_init__(self) -> None:
        self.guests = Guests(self.config.limits)
        self.invalidated = Invalidated(self.wall_ms)

    def replace(self, config: AppConfig) -> None:
        """`config` is in force from now on, with the next version: the one place where the configuration changes. Call it
        between commands."""
        self.config = replace(config, version=self.config.version + 1)
