"""A user's conversations: sync (RX-03, RX-04), how it wants to hear them (RX-01, RX-02), pinned and removed (RX-09)."""

from __future__ import annotations

from rcim.adapters.frames.answers.messages import to_wire
from rcim.service import cursors, results
from rcim.wire import frames


def sync_ok(result: results.SyncPage) -> frames.SyncOk:
    """A page of SYNC, with the cursor to go on from (RX-03)."""
    return frames.SyncOk(
        [_entry(row) for row in result.rows], result.gone, cursors.of_sync(result), result.more, result.reset
    )


def _entry(row: results.SyncRow) -> frames.ConversationEntry:
    profile, member = row.profile, row.member
    return frames.ConversationEntry(
        row.key,
        profile.type,
        profile.name,
        profile.face_url,
        row.newest_seq,
        row.first_seq,
        member.joined_seq,
        member.read_seq,
        row.unread,
        row.last_time_ms,
        member.msg_flag,
        int(member.role),
        row.mentions,
        row.mention_seq,
        row.pinned_ms,
        row.removed,
        row.unstored,
        [frames.SeqEntry(seq) for seq in row.altered] or (),
        row.reread,
        row.uncounted,
        [to_wire(message) for message in row.messages] or (),
        row.cleared_seq,
        [frames.SeqRange(first, last) for first, last in row.unheard] or (),
        row.applications,
    )
