"""Queries about whom to push to: unread messages, tokens, and who may get a push of a message (PU-01, PU-03)."""

from __future__ import annotations

from rcim.actor.asks import Asks, TypeFacts
from rcim.rules.targets import Target


class UnreadQuery(Asks, frozen=True, gc=False):
    """RX-08: how many messages the user has not read, by conversation."""

    user_id: str
    by: str = ""
    """Who asks; empty: the app, or the server itself."""
    types: dict[str, TypeFacts] = {}
    """Filled in, as `now_ms`, by who owns the conversations."""
    now_ms: int = 0
    conversations: list[str] = []
    """AB-07: only those with these keys; empty: all."""


class PushTokensQuery(Asks, frozen=True, gc=False):
    """PU-03: the push tokens of a user."""

    user_id: str
    by: str = ""
    """Who asks; empty: the app, or the server itself."""


class PushUsersQuery(Asks, frozen=True, gc=False):
    """PU-01: a page of the users in a conversation, after `cursor`, who have a token at a push provider."""

    provider: str
    key: str
    cursor: str = ""
    by: str = ""
    """Empty: the server itself asks."""


class PushTargetsQuery(Asks, frozen=True, gc=False):
    """PU-01: what decides whether these users get a push of the message, and their tokens at a provider. `key` empty: of
    no message."""

    provider: str
    users: list[str]
    key: str = ""
    sender: str = ""
    seq: int = 0
    """0: the message is not stored."""
    time_ms: int = 0
    target: Target | None = None
    """Of a broadcast: whom it is for."""
    muted: bool = True
    """False: of users who want no push of the conversation only their MsgFlag is asked for, which costs less."""
    by: str = ""
    """Empty: the server itself asks."""
