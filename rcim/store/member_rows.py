"""What is kept of users in conversations, as app administrators ask for it (AB-08)."""

from __future__ import annotations

from rcim.actor.queries import MemberRowsQuery
from rcim.actor.records import Member
from rcim.rules.conversation_kinds import is_channel
from rcim.store import keys
from rcim.store.answers import MemberAt, MemberRows
from rcim.store.backend import ReadView
from rcim.store.channel_rows import channel_members
from rcim.store.values import unpack

ROW_BYTES = 120
"""What a row takes besides its texts."""


def rows_of(view: ReadView, query: MemberRowsQuery, bytes_max: int) -> MemberRows:
    """The first rows, as many as fit. Raises StoreError."""
    found: list[MemberAt] = []
    for key, user_id in query.rows:
        member = _member(view, key, user_id)
        bytes_max -= ROW_BYTES + len(key.encode()) + len(user_id.encode())
        if member is not None:
            bytes_max -= len(member.name_card.encode()) + sum(24 + len(value) for value in member.fields.values())
        if found and bytes_max < 0:
            break
        found.append(MemberAt(key, user_id, member))
    return MemberRows(found)


def _member(view: ReadView, key: str, user_id: str) -> Member | None:
    if is_channel(key):
        return channel_members(view, key, [user_id])[user_id]
    data = view.get("members", keys.pair(key, user_id))
    return unpack(data, Member) if data is not None else None
