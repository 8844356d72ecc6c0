"""Asking anew after the owner of the conversations has died and another is there: what may not have been heard.

1. Everyone who is online is asked for, as at a login: a question that is refused is asked again.
2. When all are known, the newest SEQ of each conversation is asked for, and who lacks anything is told so (RX-05).
   Somebody whose question is refused again and again, as when something of it is damaged, keeps nobody from that: what
   it is in is asked for when it is known.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from rcim.actor.outcomes import Refused
from rcim.actor.queries import HeadsQuery, LoginQuery
from rcim.actor.workflows import ReadmitGuest
from rcim.base.ids import is_guest
from rcim.connect.online import OnlineUser
from rcim.dispatch.requests import Request
from rcim.store.answers import Heads, LoginFacts
from rcim.wire.frames import GoingAway

if TYPE_CHECKING:
    from rcim.connect.hub import Hub

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


def spread_ms(connections: int, most_ms: int) -> int:
    """Within how long so many clients are to come back."""
    return min(most_ms, max(SPREAD_MS_MIN, connections * SPREAD_PER_CONNECTION_MS))


class _UserAsked:
    """A question for a user that is online; the ReplyTo of that question."""

    __slots__ = ("_resubscribe", "_user", "_user_id")

    def __init__(self, resubscribe: Resubscribe, user_id: str, user: OnlineUser) -> None:
        self._resubscribe = resubscribe
        self._user_id = user_id
        self._user = user

    def answer(self, token: int, result: Any) -> None:
        self._resubscribe._answered(self._user_id, self._user, result)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""


class _HeadsAsked:
    """The question for the newest SEQ of conversations; the ReplyTo of its query."""

    __slots__ = ("_hub", "_keys")

    def __init__(self, hub: Hub, keys: list[str]) -> None:
        self._hub = hub
        self._keys = keys

    def ask(self) -> None:
        """Ask, until there is an answer."""
        self._hub.owner.ask(Request("", HeadsQuery(self._keys), self, 0))

    def answer(self, token: int, result: Any) -> None:
        if isinstance(result, Heads):
            self._hub.missed(result.newest)
        else:
            self._hub.loop.call_later(ANEW_PAUSE_S, self.ask)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""


class Resubscribe:
    """See the module's text."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._asking: dict[OnlineUser, int] = {}
        """Who is asked for, and how often that was refused."""
        self._awaited: set[OnlineUser] = set()
        """Those of them for whom the question for the newest SEQs waits."""
        self._closing: list[asyncio.TimerHandle] = []
        self._since = 0
        """From where on one-to-one conversations may have said something that was not heard (C2-01)."""

    def begin_again(self) -> None:
        """RX-03: another history has begun, and positions of the one before are good no more. Who is logged in is told to
        come again, and hears of it with LOGIN_OK; who does not go by itself is closed after the grace."""
        hub = self._hub
        going = [connection for _, user in hub.logins.everyone() for connection in user.connections]
        limits = hub.limits
        push = GoingAway(limits.drain_grace_ms, spread_ms(len(going), limits.drain_spread_ms), "", 0)
        for connection in going:
            connection.going_away(push)

        def close() -> None:
            for connection in going:
                if not connection.closing:
                    connection.drained()

        self._closing.append(hub.loop.call_later(limits.drain_grace_ms / 1000, close))

    def stop(self) -> None:
        """No more timers."""
        for timer in self._closing:
            timer.cancel()

    def ask(self) -> None:
        """Ask for everyone who is online what it is in."""
        logins = self._hub.logins
        if not self._asking:
            self._since = max(logins.stamp - 1, 1)  # what was being given out then counts too
        for user_id, user in logins.everyone():
            # What was heard from the owner before is older than what this one answers.
            logins.forget_changes(user)
            self._awaited.add(user)
            known = user in self._asking
            self._asking[user] = 0
            if not known:  # else the question goes out again by itself
                logins.wait_for(user)
                self._ask_for(user_id, user)
        if not self._awaited:
            self._ask_heads(self._all())

    def _ask_for(self, user_id: str, user: OnlineUser) -> None:
        reply_to = _UserAsked(self, user_id, user)
        if is_guest(user_id):
            self._hub.owner.run(Request("", ReadmitGuest(user_id, list(user.conversations)), reply_to, 0))
        else:
            self._hub.owner.ask(Request("", LoginQuery(user_id, since=self._since), reply_to, 0))

    def _answered(self, user_id: str, user: OnlineUser, result: LoginFacts | Refused) -> None:
        if isinstance(result, Refused):  # the store has a bad moment; who is online must not stay deaf
            self._hub.loop.call_later(ANEW_PAUSE_S, self._ask_for, user_id, user)
            self._asking[user] += 1
            if self._asking[user] >= REFUSED_MAX:
                self._wait_no_more(user)
            return
        del self._asking[user]
        self._hub.logins.found_anew(user_id, user, result)
        if user in self._awaited:
            self._wait_no_more(user)
        else:
            self._ask_heads([key for key in result.conversations if self._hub.fanout.find(key) is not None])

    def _wait_no_more(self, user: OnlineUser) -> None:
        if user in self._awaited:
            self._awaited.remove(user)
            if not self._awaited:
                self._ask_heads(self._all())

    def _all(self) -> list[str]:
        """Conversations that somebody here is in."""
        return [audience.key for audience in self._hub.fanout]

    def _ask_heads(self, keys: list[str]) -> None:
        for at in range(0, len(keys), HEADS_AT_ONCE):
            _HeadsAsked(self._hub, keys[at : at + HEADS_AT_ONCE]).ask()
