"""Searching in history (RX-10)."""

from __future__ import annotations

from rcim.actor import queries
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id
from rcim.connect.principal import Principal
from rcim.rules.folding import fold
from rcim.service import cursors, requests
from rcim.service.context import RequestContext, StoreQuery
from rcim.service.validation import check_conversation, page_limit

WORDS_MAX, PAGE_MAX, PAGE_DEFAULT = 10, 50, 20


def search(request: requests.Search, principal: Principal, context: RequestContext) -> StoreQuery:
    """SEARCH."""
    words = list(dict.fromkeys(fold(request.words).split()))
    if not (words or request.sender) or len(words) > WORDS_MAX:
        raise RcimError(BAD_PARAMETER, f"words: {len(words)}, must be 1 to {WORDS_MAX}; 0 only with a sender")
    conversation = check_conversation(request.conversation, principal) if request.conversation else ""
    history_id, after = cursors.read_search(request.cursor)
    return StoreQuery(
        queries.SearchQuery(
            user_id=principal.user_id,
            admin=principal.admin,
            conversation=conversation,
            words=words,
            sender=check_user_id(request.sender) if request.sender else "",
            from_time_ms=request.from_time_ms,
            to_time_ms=request.to_time_ms,
            after=after,
            limit=page_limit(request.limit, PAGE_DEFAULT, PAGE_MAX),
            history_id=history_id,
        )
    )
