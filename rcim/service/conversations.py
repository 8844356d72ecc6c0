"""A user's conversations: sync (RX-03, RX-04), MsgFlag (RX-01, RX-02), pinning and removing (RX-09)."""

from __future__ import annotations

from rcim.actor import commands, queries, user_commands
from rcim.actor.user import user_key
from rcim.connect.principal import Principal
from rcim.service import cursors, requests
from rcim.service.context import ActorCommand, RequestContext, StoreQuery
from rcim.service.validation import check_conversation, own_or_any, page_limit

PAGE = 100


def sync(request: requests.Sync, principal: Principal, context: RequestContext) -> StoreQuery:
    """SYNC. A guest is a member of nothing."""
    store_id, since, upto, after, counted = cursors.read_sync(request.cursor)
    limit = page_limit(request.limit, PAGE, PAGE)
    return StoreQuery(
        queries.SyncQuery(
            user_id=own_or_any(request.user_id, principal, "see the conversations of others"),
            since=since,
            upto=upto,
            after=after,
            counted=counted,
            limit=limit,
            store_id=store_id,
            messages=request.messages,
        )
    )


def flag(request: requests.ConversationFlag, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_FLAG."""
    key = check_conversation(request.conversation, principal)
    return ActorCommand(key, commands.SetFlag(principal.user_id, principal.admin, request.msg_flag))


def pin(request: requests.ConversationPin, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_PIN."""
    return _choose(request.conversation, principal, principal.user_id, pinned=request.pinned)


def remove(request: requests.ConversationRemove, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_REMOVE."""
    user_id = own_or_any(request.user_id, principal, "change the lists of others")
    return _choose(request.conversation, principal, user_id, removed=True)


def _choose(
    conversation: str, principal: Principal, user_id: str, *, pinned: bool | None = None, removed: bool | None = None
) -> ActorCommand:
    key = check_conversation(conversation, principal)
    command = user_commands.ChooseConversation(
        by=user_id, admin=principal.admin, conversation=key, pinned=pinned, removed=removed
    )
    return ActorCommand(user_key(user_id), command)
