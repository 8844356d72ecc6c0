"""Asking anew after the owner of the conversations has died and another is there: what may not have been heard.

1. Everyone who is online is asked for, as at a login: a question that is refused is asked again.
2. When all are known, the newest SEQ of each conversation is asked for, and who lacks anything is told so (RX-05).
   Somebody whose question is refused again and again, as when something of it is damaged, keeps nobody from that: what
   it is in is asked for when it is known.
"""

from __future__ import annotations

import asyncio

from rcim.actor.outcomes import AnyResult
from rcim.actor.queries import HeadsQuery, LoginQuery
from rcim.actor.workflows import ReadmitGuest
from rcim.base.ids import is_guest
from rcim.connect.asking import ask, run
from rcim.connect.audience import Audience
from rcim.connect.codec import Encoded, GoingAway, MessagesMissed
from rcim.connect.fanout import Fanout
from rcim.connect.logins import Logins
from rcim.connect.online import OnlineUser
from rcim.connect.subscriptions import Subscriptions
from rcim.connect.table import for_each
from rcim.dispatch.requests import Engine
from rcim.rules.conversation_kinds import ULTRA, is_channel, kind_of, open_address, parent_of
from rcim.store.answers import Answer, Heads, LoginFacts

ANEW_PAUSE_S = 1.0
"""Before a question for a user that was refused is asked again."""
SPREAD_PER_CONNECTION_MS = 6
"""Clients that are told to go come back at this rate at the most, within `drain_spread_ms`."""
SPREAD_MS_MIN = 1000
"""Even a few of them are spread over this long: two that come together are two too many for a server that is starting."""
REFUSED_MAX = 5
"""For a user whose question was refused so often the others wait no more."""
HEADS_AT_ONCE = 256
"""Conversations asked for in one query."""
ULTRA_AT_ONCE = 5
"""Ultra groups whose channels are asked for in one query: as many heads as that."""


def spread_ms(connections: int, most_ms: int) -> int:
    """Within how long so many clients are to come back."""
    return min(most_ms, max(SPREAD_MS_MIN, connections * SPREAD_PER_CONNECTION_MS))


class Resubscribe:
    """See the module's text."""

    def __init__(self, logins: Logins, subscriptions: Subscriptions, fanout: Fanout, engine: Engine) -> None:
        self._logins = logins
        self._subscriptions = subscriptions
        self._fanout = fanout
        self._engine = engine
        self._limits = logins.limits
        self._loop = logins.loop
        self._asking: dict[OnlineUser, int] = {}
        """Who is asked for, and how often that was refused."""
        self._awaited: set[OnlineUser] = set()
        """Those of them for whom the question for the newest SEQs waits."""
        self._closing: list[asyncio.TimerHandle] = []
        self._since = 0
        """From where on one-to-one conversations and channels may have said what was not heard (C2-01, UG-02)."""

    def begin_again(self) -> None:
        """RX-03: another history has begun, and positions of the one before are good no more. Who is logged in is told to
        come again, and hears of it with LOGIN_OK; who does not go by itself is closed after the grace."""
        going = [connection for _, user in self._subscriptions.everyone() for connection in user.connections]
        limits = self._limits
        notice = GoingAway(limits.drain_grace_ms, spread_ms(len(going), limits.drain_spread_ms))
        for_each(going, lambda connection: connection.going_away(notice))

        def close() -> None:
            for_each([one for one in going if not one.closing], lambda connection: connection.drained())

        self._closing.append(self._loop.call_later(limits.drain_grace_ms / 1000, close))

    def stop(self) -> None:
        """No more timers."""
        for timer in self._closing:
            timer.cancel()

    def ask(self) -> None:
        """Ask for everyone who is online what it is in."""
        subscriptions = self._subscriptions
        if not self._asking:
            self._since = max(self._logins.stamp - 1, 1)  # what was being given out then counts too
        for user_id, user in subscriptions.everyone():
            # What was heard from the owner before is older than what this one answers.
            subscriptions.forget_changes(user)
            self._awaited.add(user)
            known = user in self._asking
            self._asking[user] = 0
            if not known:  # else the question goes out again by itself
                subscriptions.wait_for(user_id)
                self._ask_for(user_id, user)
        if not self._awaited:
            self._ask_heads(self._all())

    def _ask_for(self, user_id: str, user: OnlineUser) -> None:
        def answered(result: AnyResult | Answer) -> None:
            self._answered(user_id, user, result)

        if is_guest(user_id):
            run(self._engine, ReadmitGuest(user_id, list(user.conversations)), answered)
        else:
            ask(self._engine, LoginQuery(user_id, since=self._since, broadcasts=True), answered)

    def _answered(self, user_id: str, user: OnlineUser, result: AnyResult | Answer) -> None:
        if not isinstance(result, LoginFacts):  # the store has a bad moment; who is online must not stay deaf
            self._loop.call_later(ANEW_PAUSE_S, self._ask_for, user_id, user)
            self._asking[user] += 1
            if self._asking[user] >= REFUSED_MAX:
                self._wait_no_more(user)
            return
        del self._asking[user]
        self._logins.found_again(user_id, user, result)
        if user in self._awaited:
            self._wait_no_more(user)
        else:
            self._ask_heads([key for key in result.conversations if self._fanout.find(key) is not None])

    def _wait_no_more(self, user: OnlineUser) -> None:
        if user in self._awaited:
            self._awaited.remove(user)
            if not self._awaited:
                self._ask_heads(self._all())

    def _all(self) -> list[str]:
        """Conversations that somebody here is in."""
        return [one.key for audience in self._fanout for one in (audience, *audience.children.values())]

    def _ask_heads(self, keys: list[str]) -> None:
        for at in range(0, len(keys), HEADS_AT_ONCE):
            self._ask_until_answered(HeadsQuery(keys[at : at + HEADS_AT_ONCE]))
        # UG-02: of channels in which nothing was said since this process started, nobody here knows.
        ultra = [key for key in keys if kind_of(key) is ULTRA]
        for at in range(0, len(ultra), ULTRA_AT_ONCE):
            self._ask_until_answered(HeadsQuery(ultra[at : at + ULTRA_AT_ONCE], channels_since=self._since))

    def _ask_until_answered(self, query: HeadsQuery) -> None:

        def answered(result: AnyResult | Answer) -> None:
            if isinstance(result, Heads):
                self._missed(result.newest, public=bool(query.channels_since))
            else:
                self._loop.call_later(ANEW_PAUSE_S, self._ask_until_answered, query)

        ask(self._engine, query, answered)

    def _audience(self, conversation: str, *, public: bool) -> Audience | None:
        """Who hears it here: of a channel that is known to be public, or was when it said something, those who hear its
        ultra group, whoever is on its own list (UG-05)."""
        if public:
            return self._fanout.hearing(open_address(conversation))
        group = self._fanout.find(parent_of(conversation)) if is_channel(conversation) else None
        child = group.children.get(conversation) if group is not None else None
        return child or self._fanout.find(conversation)

    def _missed(self, newest: dict[str, int], *, public: bool) -> None:
        """The newest SEQ of conversations that somebody here is in, when all who are in it were heard of again: who has
        not been given it is told to ask (RX-05). `public`: they are public channels."""
        for conversation, seq in newest.items():
            audience = self._audience(conversation, public=public)
            if audience is None or audience.newest_seq >= seq:
                continue
            first = audience.newest_seq + 1 if audience.newest_seq else seq
            missed = Encoded(conversation, [MessagesMissed(first, seq)])
            for connection in audience.hearers:
                connection.write(missed(connection.codec))
                self._logins.counters.resyncs += 1
