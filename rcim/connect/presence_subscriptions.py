"""ID-07: who here is told what which users do. Changes are gathered for a moment; nobody else is told of anything, so a
room of ten thousand whose members nobody watches costs nothing. Whom a connection may see (`may`) is known a moment after
it begins to watch; until then it is told nothing."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from rcim.actor.outcomes import AnyResult
from rcim.actor.queries import PresenceQuery
from rcim.base.errors import TOO_MANY_ENTRIES, RcimError
from rcim.base.limits import Limits
from rcim.connect.codec import PresenceNews, encoded_push
from rcim.connect.outgoing import Outgoing
from rcim.dispatch.requests import Engine, Request
from rcim.store.answers import Answer
from rcim.store.connection_answers import PresencePage, PresenceRow

ROWS_MAX = 100
"""Users told of in one frame: 268 bytes each at the most, 27 KB."""
ASKED_AT_ONCE = 500
"""Users asked for in one query."""


class PresenceSubscriptions:
    """See the module's text. Everything runs in the loop's thread."""

    def __init__(self, limits: Limits, loop: AbstractEventLoop, engine: Engine) -> None:
        self._limits = limits
        self._loop = loop
        self._engine = engine
        self._watchers: dict[str, dict[Outgoing, None]] = {}
        self._watched: dict[Outgoing, dict[str, bool]] = {}
        """Whom each watches, and whether it is known that it may see them."""
        self._waiting: dict[Outgoing, dict[str, PresenceRow]] = {}

    def __len__(self) -> int:
        """How many users are watched."""
        return len(self._watchers)

    def watch(self, connection: Outgoing, user_ids: Sequence[str]) -> list[str]:
        """Tell `connection` what these do, as soon as it may see them; returns those of whom it is not told. Raises
        RcimError(TOO_MANY_ENTRIES): none is watched then that was not before."""
        limits = self._limits
        there = self._watched.get(connection, {})
        news = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in there]
        full = {u for u in news if len(self._watchers.get(u, ())) >= limits.presence_watchers_max}
        taken = [user_id for user_id in news if user_id not in full]
        if len(there) + len(taken) > limits.presence_watched_max:
            raise RcimError(
                TOO_MANY_ENTRIES,
                f"a connection can watch at most {limits.presence_watched_max} users; unwatch some first",
            )
        if taken:
            there = self._watched.setdefault(connection, {})
        first = [user_id for user_id in taken if user_id not in self._watchers]
        for user_id in taken:
            there[user_id] = False
            self._watchers.setdefault(user_id, {})[connection] = None
        if first:
            self._engine.watch(first)
        return [user_id for user_id in dict.fromkeys(user_ids) if user_id in full]

    def may(self, connection: Outgoing, user_ids: Sequence[str], unseen: Sequence[str]) -> None:
        """It may see these, but not the `unseen` ones: it watches them no more."""
        there = self._watched.get(connection, {})
        for user_id in user_ids:
            if user_id in there:
                there[user_id] = True
        if unseen:
            self.unwatch(connection, unseen)

    def barred(self, user_id: str, others: AbstractSet[str]) -> None:
        """The user has these on its black list now: they are told no more of it (ID-07)."""
        for connection in list(self._watchers.get(user_id, ())):
            principal = connection.principal
            if principal is not None and principal.user_id in others and not principal.admin:
                self.unwatch(connection, [user_id])

    def unwatch(self, connection: Outgoing, user_ids: Sequence[str]) -> None:
        """Tell it of these no more; of nobody, if none is named."""
        there = self._watched.get(connection)
        if there is None:
            return
        over: list[str] = []
        for user_id in list(there) if not user_ids else [u for u in dict.fromkeys(user_ids) if u in there]:
            del there[user_id]
            self._waiting.get(connection, {}).pop(user_id, None)
            watchers = self._watchers[user_id]
            del watchers[connection]
            if not watchers:
                del self._watchers[user_id]
                over.append(user_id)
        if not there:
            del self._watched[connection]
        if over:
            self._engine.unwatch(over)

    def forget(self, connection: Outgoing) -> None:
        """The connection is gone."""
        self.unwatch(connection, ())
        self._waiting.pop(connection, None)

    def told(self, row: PresenceRow) -> None:
        """What a user does now."""
        watchers = self._watchers.get(row.user_id)
        if not watchers:
            return
        for connection in watchers:
            if not self._watched[connection][row.user_id]:
                continue
            waiting = self._waiting.get(connection)
            if waiting is None:
                waiting = self._waiting[connection] = {}
                self._loop.call_later(self._limits.presence_gather_ms / 1000, self._tell, connection)
            waiting[row.user_id] = row

    def _tell(self, connection: Outgoing) -> None:
        entries = list(self._waiting.pop(connection, {}).values())
        for at in range(0, len(entries), ROWS_MAX):
            connection.offer_notice(encoded_push(connection.codec, "", PresenceNews(entries[at : at + ROWS_MAX])))

    # -- the owner of the conversations is a new one

    def tell_owner(self) -> None:
        """Say again who is watched."""
        if self._watchers:
            self._engine.watch(list(self._watchers))

    def ask_again(self) -> None:
        """Ask what they do, whom somebody watches: a change may not have come."""
        self._ask(list(self._watchers))

    def _ask(self, users: list[str]) -> None:
        for at in range(0, len(users), ASKED_AT_ONCE):
            self._engine.ask(Request("", PresenceQuery(users[at : at + ASKED_AT_ONCE]), self, 0))

    def answer(self, token: int, result: AnyResult | Answer) -> None:
        """What they do now (ReplyTo)."""
        if isinstance(result, PresencePage):
            for row in result.rows:
                self.told(row)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""
