"""The client's requests about conversations by what they are: queries, unique and temporary conversations."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rcim.base.errors import BAD_QUERY, RcimError
from rcim.base.terms import AddResult, ApplyJoinOption, group_conversation
from rcim.client.model import Message, message_of
from rcim.client.requests import Requests
from rcim.wire import frames

PAGE = 100
"""Rows in one answer (CONVERSATIONS_QUERY)."""


@dataclass(frozen=True, slots=True)
class QueriedConversation:
    """A conversation that matches a query."""

    group_id: str
    type: str
    name: str
    creator: str
    attributes: dict[str, Any]
    members: list[str]
    """The first 500 by id; none, if they were not asked for or the user may not know them (GT-03)."""
    member_num: int
    create_time_ms: int
    last_info_time_ms: int
    last_msg_time_ms: int
    """0: there is no message."""
    muted: bool
    unique: bool
    system: bool
    temporary: bool
    unstored: bool
    ends_ms: int
    """0: it does not end by itself."""
    last_message: Message | None = None


@dataclass(frozen=True, slots=True)
class QueryPage:
    """One answer to a query."""

    rows: list[QueriedConversation]
    count: int
    more: bool
    """True: some matches come after the last row. Ask again with a greater `skip`."""
    next: str
    """Not empty: the server has not looked at all conversations; this is the cursor for the next query."""


@dataclass(frozen=True, slots=True)
class UniqueConversation:
    """The conversation of a set of users (C2-02)."""

    group_id: str
    existed: bool
    """True: the conversation existed already."""
    left_out: dict[str, AddResult] = field(default_factory=dict)
    """Users of the set who could not be added, and why."""


class ConversationRequests(Requests):
    """Part of Client. Each raises RcimError with the server's code."""

    async def create_temporary(
        self, name: str, members: Sequence[str], *, ttl_s: int | None = None, owner: str = ""
    ) -> str:
        """Make a conversation with these members, at most 9 besides the user, that ends by itself after `ttl_s` seconds,
        a day at the most and by default (SY-02). `owner`: for app administrators. Returns its id."""
        made = await self.request(
            _creation("Temporary", name, members, owner, ttl_s=ttl_s), frames.GroupCreateOk, repeat=False
        )
        self._track(made.group_id, 0)
        return made.group_id

    async def create_unique(
        self, name: str, members: Sequence[str], *, type_: str = "Private", owner: str = ""
    ) -> UniqueConversation:
        """The one conversation of the user and these members: made now, or the one that is there (C2-02).
        `owner`: for app administrators, in place of the user."""
        made = await self.request(_creation(type_, name, members, owner, unique=True), frames.GroupCreateOk)
        self._track(made.group_id, 0)
        left_out = {one.user_id: one.result for one in made.left_out}
        return UniqueConversation(made.group_id, made.existed, left_out)

    async def query_page(
        self,
        where: Mapping[str, Any] | str = "",
        *,
        sort: str = "",
        skip: int = 0,
        limit: int = 0,
        cursor: str = "",
        compact: bool = False,
        last_message: bool = False,
    ) -> QueryPage:
        """One answer to a query over conversations, bounds as in CONVERSATIONS_QUERY. `where` is a JSON object, or its
        text; `compact` leaves the members out."""
        frame = frames.ConversationsQuery(
            where=_text(where),
            sort=sort,
            skip=skip,
            limit=limit,
            cursor=cursor,
            compact=compact,
            last_message=last_message,
        )
        page = await self.request(frame, frames.ConversationsQueryOk)
        return QueryPage([self._queried(row) for row in page.rows], page.count, page.more, page.next)

    async def query(
        self,
        where: Mapping[str, Any] | str = "",
        *,
        sort: str = "",
        compact: bool = False,
        last_message: bool = False,
    ) -> AsyncIterator[QueriedConversation]:
        """All conversations that match; they are asked for as they are taken. Where the server looks at them in several
        parts, each part is sorted by itself."""
        cursor, skip = "", 0
        while True:
            page = await self.query_page(
                where, sort=sort, skip=skip, limit=PAGE, cursor=cursor, compact=compact, last_message=last_message
            )
            for row in page.rows:
                yield row
            if page.more and page.rows:
                skip += len(page.rows)
            elif page.next:
                cursor, skip = page.next, 0
            else:
                return

    async def count_conversations(self, where: Mapping[str, Any] | str = "") -> int:
        """The number of conversations that match."""
        cursor, count = "", 0
        while True:
            frame = frames.ConversationsQuery(_text(where), "", 0, 0, cursor, counts=True)
            page = await self.request(frame, frames.ConversationsQueryOk)
            count += page.count
            if not page.next:
                return count
            cursor = page.next

    def _queried(self, row: frames.QueriedConversation) -> QueriedConversation:
        key = group_conversation(row.group_id)
        return QueriedConversation(
            group_id=row.group_id,
            type=row.type_,
            name=row.name,
            creator=row.creator,
            attributes=json.loads(row.attributes or b"{}"),
            members=list(row.members),
            member_num=row.member_num,
            create_time_ms=row.create_time_ms,
            last_info_time_ms=row.last_info_time_ms,
            last_msg_time_ms=row.last_msg_time_ms,
            muted=row.muted,
            unique=row.unique,
            system=row.system,
            temporary=row.temporary,
            unstored=row.unstored,
            ends_ms=row.ends_ms,
            last_message=message_of(key, row.messages[0], self.user_id) if row.messages else None,
        )


def _text(where: Mapping[str, Any] | str) -> str:
    """`where` as JSON. Raises RcimError(BAD_QUERY) for a value that JSON does not have."""
    if isinstance(where, str):
        return where
    try:
        return json.dumps(where, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise RcimError(BAD_QUERY, f"where: {error}") from None


def _creation(
    type_: str, name: str, members: Sequence[str], owner: str, *, ttl_s: int | None = None, unique: bool = False
) -> frames.GroupCreate:
    return frames.GroupCreate(
        group_id="",
        type_=type_,
        name=name,
        introduction="",
        notification="",
        face_url="",
        apply_join_option=ApplyJoinOption.BY_TYPE,
        members=list(members),
        owner=owner,
        ttl_s=ttl_s,
        unique=unique,
    )
