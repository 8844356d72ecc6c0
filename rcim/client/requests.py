"""What the typed requests stand on: one way to ask, and page by page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from rcim.client.model import Where, conversation_of
from rcim.wire import frames
from rcim.wire.schema import Frame

F = TypeVar("F", bound=Frame)


class Requests(ABC):
    """Base of the client's requests; the client says how they travel."""

    @abstractmethod
    async def request(self, frame: Frame, reply: type[F], *, repeat: bool = True) -> F:
        """Send a request and wait for its reply (Client.request)."""

    @property
    @abstractmethod
    def user_id(self) -> str:
        """Who is logged in."""

    def _conversation(self, where: Where) -> str:
        """The conversation id of a group, or of the conversation with another user."""
        return conversation_of(where, self.user_id)

    @abstractmethod
    def _track(self, group_id: str, newest_seq: int) -> None:
        """The user is in the group: what comes after `newest_seq` is to be delivered."""

    @abstractmethod
    def _forget(self, group_id: str) -> None:
        """The user is in the group no longer."""

    async def _pages(self, ask: Callable[[str], Frame], reply: type[F], rows: Callable[[F], list[Any]]) -> list[Any]:
        """All rows of a list, read page by page."""
        found: list[Any] = []
        cursor = ""
        while True:
            page: Any = await self.request(ask(cursor), reply)
            found += rows(page)
            cursor = page.next
            if not cursor:
                return found


def wire_fields(fields: Mapping[str, bytes] | None) -> list[frames.CustomField] | tuple[()]:
    """Custom fields as a request has them; an empty value removes."""
    return [frames.CustomField(key, value) for key, value in (fields or {}).items()] or ()
