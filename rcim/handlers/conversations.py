"""A user's conversations: sync (RX-03, RX-04), how it wants to hear them (RX-01, RX-02), pinned and removed (RX-09)."""

from __future__ import annotations

import struct

from rcim.actor import commands, queries, user_commands
from rcim.actor.user import user_key
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import is_guest
from rcim.handlers.context import ActorCommand, Principal, RequestContext, StoreQuery
from rcim.handlers.groups import guests_may_not
from rcim.handlers.messages import check_conversation, page_limit, to_wire
from rcim.store import answers
from rcim.wire import frames

PAGE = 100
DONE = struct.Struct(">BQQ")
"""The cursor behind a sync: 1, the store, and the stamp up to which all was told."""
PART = struct.Struct(">BQQQQH")
"""That between two pages, with a key behind: 2, the store, from which stamp to which, that of the last row, conversations
counted."""


def sync(frame: frames.Sync, principal: Principal, context: RequestContext) -> StoreQuery:
    """SYNC. A guest is a member of nothing."""
    store_id, since, upto, after, counted = _read(frame.cursor)
    limit = page_limit(frame.limit, PAGE, PAGE)
    return StoreQuery(
        queries.SyncQuery(principal.user_id, since, upto, after, counted, limit, store_id, frame.messages)
    )


def _read(cursor: bytes) -> tuple[int, int, int, tuple[int, str], int]:
    """What a cursor says. Raises RcimError(BAD_PARAMETER)."""
    try:
        if not cursor:
            return 0, 0, 0, (0, ""), 0
        if cursor[0] == 1:
            _, store_id, since = DONE.unpack(cursor)
            return store_id, since, 0, (0, ""), 0
        _, store_id, since, upto, stamp, counted = PART.unpack_from(cursor)
        if cursor[0] == 2:
            return store_id, since, upto, (stamp, cursor[PART.size :].decode()), counted
    except (struct.error, UnicodeDecodeError):
        pass
    raise RcimError(BAD_PARAMETER, "cursor: not a cursor of this server; start again without one")


def sync_ok(result: answers.SyncPage, context: RequestContext) -> frames.SyncOk:
    """A page of SYNC, with the cursor to go on from (RX-03)."""
    if result.more:
        stamp, key = result.after
        cursor = PART.pack(2, result.store_id, result.since, result.upto, stamp, result.counted) + key.encode()
    else:
        cursor = DONE.pack(1, result.store_id, result.upto)
    return frames.SyncOk([_entry(row) for row in result.rows], result.gone, cursor, result.more, result.reset)


def _entry(row: answers.SyncRow) -> frames.ConversationEntry:
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


def flag(frame: frames.ConversationFlag, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_FLAG."""
    key = check_conversation(frame.conversation, principal)
    return ActorCommand(key, commands.SetFlag(principal.user_id, principal.admin, frame.msg_flag))


def pin(frame: frames.ConversationPin, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_PIN."""
    return _choose(frame.conversation, principal, pinned=frame.pinned)


def remove(frame: frames.ConversationRemove, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_REMOVE."""
    return _choose(frame.conversation, principal, removed=True)


def _choose(
    conversation: str, principal: Principal, *, pinned: bool | None = None, removed: bool | None = None
) -> ActorCommand:
    if is_guest(principal.user_id):
        raise guests_may_not()
    key = check_conversation(conversation, principal)
    command = user_commands.ChooseConversation(principal.user_id, principal.admin, key, pinned, removed)
    return ActorCommand(user_key(principal.user_id), command)
