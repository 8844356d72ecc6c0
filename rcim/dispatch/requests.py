"""What goes into the dispatcher and what it calls back: the one small interface between it and whoever holds
connections (a direct call today; between processes and machines later)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from rcim.actor.outcomes import Refused, Result
from rcim.actor.records import Message
from rcim.store.answers import Answer


class Origin(Protocol):
    """Who asked. `answer` is called once for each request, from the loop, in the order of commits."""

    def answer(self, token: int, result: Result | Answer) -> None: ...

    def mailbox_drained(self) -> None:
        """A mailbox that had no room for this origin has room again."""


class Outlet(Protocol):
    """Where deliveries and changes of who is in a conversation go. Called only for what is durable."""

    def congested(self, conversation: str) -> bool:
        """True while so much waits to be given out there that its actor has to pause; `Dispatcher.resume` after."""

    def deliver(self, conversation: str, messages: Sequence[Message]) -> None: ...

    def members_added(self, conversation: str, user_ids: Sequence[str]) -> None: ...

    def member_gone(self, conversation: str, user_id: str) -> None: ...

    def conversation_gone(self, conversation: str) -> None: ...

    def user_profile_changed(self, user_id: str, nickname: str, face_url: str) -> None: ...


class Request:
    """A command or query on its way. `token` is the origin's own (a connection's request id)."""

    __slots__ = ("ask", "key", "origin", "result", "token")

    def __init__(self, key: str, ask: Any, origin: Origin, token: int) -> None:
        self.key = key
        self.ask = ask
        self.origin = origin
        self.token = token
        self.result: Any = None

    def refuse(self, refused: Refused) -> None:
        """Answer that it was not done."""
        self.origin.answer(self.token, refused)
