"""Which roster a conversation has: the one that its kind says (rules/conversation_kinds.py)."""

from __future__ import annotations

from rcim.actor.broadcast_roster import BroadcastRoster
from rcim.actor.paged_roster import PagedRoster
from rcim.actor.roster import MemoryRoster, NoRoster, Roster
from rcim.actor.shared_roster import SharedRoster
from rcim.actor.snapshots import GroupSnapshot
from rcim.base.limits import Limits
from rcim.rules.conversation_kinds import BROADCAST, SYSTEM, RosterPart, kind_of


def roster_of(snapshot: GroupSnapshot, limits: Limits) -> Roster:
    """The roster that the kind of the conversation has. A paged one has the owner and the admins; who runs its actor
    gives it the other rows when they are asked for (paged_group.py)."""
    kind = kind_of(snapshot.key)
    assert kind is not None, f"{snapshot.key} is the id of no conversation"
    if kind.roster is RosterPart.NONE:
        return NoRoster(snapshot.marks)
    if kind.roster is RosterPart.MEMORY:
        return MemoryRoster(snapshot.members, snapshot.marks)
    if kind.roster is RosterPart.SHARED:
        shared = SharedRoster(snapshot, rows_max=kind.rows_max, sent_max=limits.dedupe_entries_max)
        shared.note_sent(snapshot.recent)
        return shared
    make = BroadcastRoster if kind is BROADCAST else PagedRoster
    roster = make(
        snapshot.member_num,
        snapshot.members,
        snapshot.marks,
        rows_max=kind.rows_max,
        sent_max=limits.dedupe_entries_max,
        cleared_max=snapshot.cleared_max,
        joined_ms=snapshot.joined_ms,
        heeds_clearing=kind is not SYSTEM,  # changes of its messages are told to all who hear it
    )
    roster.note_sent(snapshot.recent)
    return roster
