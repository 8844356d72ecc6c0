"""What consumers may ask about the present, beside what an event says (rcim.hooks.profile.Facts)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from rcim.actor.outcomes import AnyResult, Members
from rcim.actor.queries import MembersQuery, Query, UnreadQuery
from rcim.base.terms import Presence
from rcim.dispatch.requests import QueryRequest, Request
from rcim.store.answers import Answer, UnreadCounts

PAGE = 100
"""Members read in one query."""


class Owner(Protocol):
    """What the facts need of the owner of the conversations."""

    def ask(self, request: QueryRequest) -> None:
        """Answer a query, later."""

    def states(self, users: Sequence[str]) -> Mapping[str, Presence]:
        """What those of the users do who have a session."""


class Unanswered(OSError):
    """The store could not say."""


class _Reply:
    """The ReplyTo of one query."""

    def __init__(self, future: asyncio.Future[AnyResult | Answer]) -> None:
        self._future = future

    def answer(self, token: int, result: AnyResult | Answer) -> None:
        if not self._future.done():
            self._future.set_result(result)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""


class OwnerFacts:
    """See the module's text."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    async def members(self, key: str, limit: int) -> Sequence[str]:
        """Up to `limit` members of the conversation, by their ids. Raises Unanswered."""
        found: list[str] = []
        cursor = ""
        while len(found) < limit:
            query = MembersQuery(key, cursor, min(PAGE, limit - len(found)), 0, "", [], [])
            page = await self._ask(query)
            if not isinstance(page, Members):
                raise Unanswered(f"the members of {key} can't be read")
            found += [row.member.user_id for row in page.rows]
            if not page.next:
                break
            cursor = page.next
        return found

    async def presence(self, users: Sequence[str]) -> Mapping[str, Presence]:
        """What those of the users do who have a session; the others are offline."""
        return self._owner.states(users)

    async def unread(self, user_id: str) -> int:
        """How many messages the user has not read, over all conversations (RX-08). It costs a few milliseconds of the
        reading thread. Raises Unanswered."""
        counts = await self._ask(UnreadQuery(user_id))
        if not isinstance(counts, UnreadCounts):
            raise Unanswered(f"what {user_id} has not read can't be counted")
        return counts.total

    async def _ask(self, query: Query) -> AnyResult | Answer:
        future: asyncio.Future[AnyResult | Answer] = asyncio.get_running_loop().create_future()
        self._owner.ask(Request("", query, _Reply(future), 0))
        return await future
