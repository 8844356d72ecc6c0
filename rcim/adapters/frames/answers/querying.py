"""Queries over conversations (GR-13)."""

from __future__ import annotations

from rcim.adapters.frames.answers.messages import to_wire
from rcim.service import results
from rcim.wire import frames

SYSTEM, TEMPORARY = "system", "temporary"


def found_ok(result: results.ConversationsPage) -> frames.ConversationsQueryOk:
    """A page of the conversations that match."""
    return frames.ConversationsQueryOk(
        [_entry(row) for row in result.rows], count=result.count, more=result.more, next=result.next
    )


def _entry(row: results.ConversationRow) -> frames.QueriedConversation:
    profile = row.profile
    return frames.QueriedConversation(
        group_id=profile.group_id,
        type_=profile.type,
        name=profile.name,
        creator=profile.creator,
        member_num=row.member_num,
        create_time_ms=profile.create_time_ms,
        last_info_time_ms=row.updated_ms,
        last_msg_time_ms=row.last_msg_time_ms,
        attributes=profile.attributes,
        members=row.members or (),
        muted=row.muted,
        unique=profile.unique,
        system=row.kind == SYSTEM,
        temporary=row.kind == TEMPORARY,
        unstored=row.unstored,
        ends_ms=profile.ends_ms,
        messages=[to_wire(message) for message in row.messages] or (),
    )
