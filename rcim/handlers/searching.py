"""Searching in history (RX-10)."""

from __future__ import annotations

import struct

from rcim.actor import queries
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id, is_guest
from rcim.handlers.context import Principal, RequestContext, StoreQuery
from rcim.handlers.groups import guests_may_not
from rcim.handlers.messages import check_conversation, page_limit, to_wire
from rcim.rules.folding import fold
from rcim.store import answers
from rcim.wire import frames
from rcim.wire.elements import Custom, File, Location, Merged, Text, decode_body

WORDS_MAX, PAGE_MAX, PAGE_DEFAULT = 10, 50, 20
PLACE = struct.Struct(">BQQ")
"""A cursor: 3, the server's history, a SEQ, and behind it the conversation."""


def text_of(body: bytes) -> str:
    """What is to be read in a message, as far as it is searched: texts, names of files and places, descriptions of custom
    elements, titles and lines of forwarded messages."""
    found: list[str] = []
    for element in decode_body(body):
        match element:
            case Text():
                found.append(element.text)
            case File() | Location():
                found.append(element.name)
            case Custom():
                found.append(element.description)
            case Merged():
                found += [element.title, *element.abstracts]
    return "\n".join(found)


def search(frame: frames.Search, principal: Principal, context: RequestContext) -> StoreQuery:
    """SEARCH."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    words = list(dict.fromkeys(fold(frame.words).split()))
    if not (words or frame.sender) or len(words) > WORDS_MAX:
        raise RcimError(BAD_PARAMETER, f"words: {len(words)}, must be 1 to {WORDS_MAX}; 0 only with a sender")
    conversation = check_conversation(frame.conversation, principal) if frame.conversation else ""
    history_id, after = _read(frame.cursor)
    return StoreQuery(
        queries.SearchQuery(
            principal.user_id,
            principal.admin,
            conversation,
            words,
            check_user_id(frame.sender) if frame.sender else "",
            frame.from_time_ms,
            frame.to_time_ms,
            after,
            page_limit(frame.limit, PAGE_DEFAULT, PAGE_MAX),
            history_id=history_id,
        )
    )


def _read(cursor: bytes) -> tuple[int, tuple[str, int]]:
    """Of which history it is, and where a search goes on. Raises RcimError(BAD_PARAMETER)."""
    try:
        if not cursor:
            return 0, ("", 0)
        kind, history_id, seq = PLACE.unpack_from(cursor)
        if kind == 3 and seq < 1 << 63:
            return history_id, (cursor[PLACE.size :].decode(), seq)
    except (struct.error, UnicodeDecodeError):
        pass
    raise RcimError(BAD_PARAMETER, "cursor: not a cursor of this server; start again without one")


def found_ok(result: answers.FoundPage, context: RequestContext) -> frames.SearchOk:
    """A page of messages found, with the cursor to go on from (RX-10)."""
    key, seq = result.after
    rows = [frames.FoundEntry(found.key, [to_wire(found.message)]) for found in result.found]
    return frames.SearchOk(rows, PLACE.pack(3, result.history_id, seq) + key.encode() if result.more else b"")
