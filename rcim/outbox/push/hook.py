"""What the app is asked before users are told of a message by a push (PU-02), as LeanCloud's `_receiversOffline` is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from rcim.actor.events import BroadcastSent, MessagePassed
from rcim.rules.push_info import PushInfo


class Offline(NamedTuple):
    """A message, and users who are not there to read it: some of those whom it is for, since they are asked about in
    parts."""

    event: MessagePassed | BroadcastSent
    users: Sequence[str]
    mentioned: Sequence[str]
    """Those of the users whom it mentions."""


class OfflineAnswer(NamedTuple):
    """What the app says to it."""

    skip: bool = False
    """Nobody gets a push."""
    users: Sequence[str] | None = None
    """Only these of them get one; None: all who would."""
    push: PushInfo | None = None
    """What the push says; None: as without the hook."""
    force: bool = False
    """Also who has said that they want none of this conversation (RX-01, UG-03)."""


class OfflineHook(Protocol):
    """Asks the app about users who would get a push of a message."""

    async def __call__(self, offline: Offline) -> OfflineAnswer:
        """The answer. Whatever it raises, or if it takes too long, users are told as without it."""
