"""A user's conversations: sync (RX-03, RX-04), how it wants to hear them (RX-01, RX-02), pinned and removed (RX-09)."""

from __future__ import annotations

from rcim.adapters.frames.answers.messages import to_wire
from rcim.service import cursors, results
from rcim.wire import frames


def sync_ok(result: results.SyncPage) -> frames.SyncOk:
    """A page of SYNC, with the cursor to go on from (RX-03)."""
    return frames.SyncOk(
        conversations=[_entry(row) for row in result.rows],
        gone=result.gone,
        cursor=cursors.of_sync(result),
        more=result.more,
        reset=result.reset,
    )


def _entry(row: results.SyncRow) -> frames.ConversationEntry:
    profile, member = row.profile, row.member
    return frames.ConversationEntry(
        conversation=row.key,
        type_=profile.type,
        name=profile.name,
        face_url=profile.face_url,
        newest_seq=row.newest_seq,
        first_seq=row.first_seq,
        joined_seq=member.joined_seq,
        read_seq=member.read_seq,
        unread=row.unread,
        last_time_ms=row.last_time_ms,
        msg_flag=member.msg_flag,
        role=int(member.role),
        mentions=row.mentions,
        mention_seq=row.mention_seq,
        pinned_ms=row.pinned_ms,
        removed=row.removed,
        unstored=row.unstored,
        altered=[frames.SeqEntry(seq) for seq in row.altered] or (),
        reread=row.reread,
        uncounted=row.uncounted,
        messages=[to_wire(message) for message in row.messages] or (),
        cleared_seq=row.cleared_seq,
        unheard=[frames.SeqRange(first, last) for first, last in row.unheard] or (),
        applications=row.applications,
        ends_ms=profile.ends_ms,
    )
