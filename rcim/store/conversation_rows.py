"""The rows of an answer to a query over conversations, some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from rcim.actor.queries import ConversationsQuery
from rcim.actor.records import Message
from rcim.store import keys
from rcim.store.answers import ConversationRow
from rcim.store.backend import DamagedError, ReadView
from rcim.store.conversation_subject import ConversationSubject, subject_of
from rcim.store.member_view import NO_TYPE, MemberView, message_bytes
from rcim.store.noticing import Noticing
from rcim.store.searching import Admin
from rcim.store.values import unpack

MEMBERS_MAX = 500
"""Members that a row names."""
STEP_MEMBERS = 1500
"""Members read in one step: 2 ms. A row costs as much as ROW_MEMBERS."""
ROW_MEMBERS = 50
ROW_BYTES = 700
"""What a row has at the most in a frame besides attributes, members and a message."""


class RowReader:
    """See the module's text. `page_bytes` is what the rows of one answer may have."""

    def __init__(self, page_bytes: int, noticing: Noticing) -> None:
        self._page_bytes = page_bytes
        self._noticing = noticing

    def step(
        self, view: ReadView, query: ConversationsQuery, wanted: Sequence[str], page: list[ConversationRow]
    ) -> tuple[int, bool]:
        """Append the next rows to `page`: of `wanted`, the conversations behind those. Returns how many of them were
        taken, and true if the page is complete: there are no more, or no more fit."""
        left = STEP_MEMBERS
        room = self._page_bytes - sum(map(_bytes_of, page))
        for taken, key in enumerate(wanted):
            if left <= 0:
                return taken, False
            row = self._row(view, query, key, room if page else self._page_bytes)
            left -= ROW_MEMBERS + (len(row.members) if row is not None else 0)
            if row is None:
                continue
            room -= _bytes_of(row)
            if room < 0 and page:
                return taken, True
            page.append(row)
        return len(wanted), True

    def _row(self, view: ReadView, query: ConversationsQuery, key: str, room: int) -> ConversationRow | None:
        """A row of at most about `room` bytes; None if the conversation is gone by now, or damaged."""
        try:
            subject = subject_of(view, query, key)
            if subject is None:
                return None
            room -= ROW_BYTES + len(subject.profile.attributes)
            message = _last(view, query, subject, room) if query.last_message else None
            room -= message_bytes(message) if message is not None else 0
            return ConversationRow(
                profile=subject.profile,
                member_num=subject.head.member_num,
                members=_members(view, key, room) if subject.lists_members and not query.compact else [],
                last_msg_time_ms=subject.head.last_msg_time_ms,
                updated_ms=max(subject.head.last_info_time_ms, subject.profile.create_time_ms),
                muted=subject.is_muted,
                unstored=subject.unstored,
                kind=subject.kind.name if subject.kind is not None else "",
                messages=[message] if message is not None else [],
            )
        except DamagedError as error:  # the others are told
            self._noticing.note(key, error)
            return None


def _members(view: ReadView, key: str, room: int) -> list[str]:
    """The first members by id, MEMBERS_MAX at the most, as many as have room."""
    found: list[str] = []
    for row, _ in islice(view.scan("members", key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP), MEMBERS_MAX):
        user_id = keys.second(row)
        room -= len(user_id.encode()) + 2
        if room < 0:
            break
        found.append(user_id)
    return found


def _last(view: ReadView, query: ConversationsQuery, subject: ConversationSubject, room: int) -> Message | None:
    """The last message that the asking user may see (RX-03), if it has room."""
    key, head = subject.key, subject.head
    if subject.unstored:
        return None
    if subject.member is not None:
        type_ = query.types.get(subject.profile.type, NO_TYPE)
        looker = MemberView(
            view=view,
            key=key,
            profile=subject.profile,
            head=head,
            member=subject.member,
            type_=type_,
            now_ms=query.now_ms,
        )
        return next(iter(looker.last(room)), None)
    low, high = keys.message(key, subject.profile.first_seq), keys.message(key, head.next_seq)
    data = next((data for _, data in view.scan("messages", low, high, reverse=True)), None) if not query.by else None
    message = unpack(data, Message) if data is not None else None
    if message is None or message_bytes(message) > room:
        return None
    return message.seen_as(Admin(view, key, 0).sight(message))


def _bytes_of(row: ConversationRow) -> int:
    """About what it has in a frame."""
    members = sum(len(user_id.encode()) + 2 for user_id in row.members)
    return ROW_BYTES + len(row.profile.attributes) + members + sum(map(message_bytes, row.messages))
