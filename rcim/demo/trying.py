"""What the demos that try things share: people with clients, trials, what came of them, and what the rules say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from rcim.base.errors import RcimError
from rcim.client import Client, Message, OwnEvent, PresenceEvent
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation, verdict
from rcim.rules.roles import Standing

OWNER, ADMIN, MEMBER, STRANGER, APP_ADMIN, GUEST = "owner", "admin", "member", "stranger", "administrator", "guest"
HEARD_S = 30.0
"""What has not come by then does not come: long enough for a slow machine. Nothing is waited for that must not come."""
DONE, NO_OWNER = "done", "no owner"
LESS = ("hidden", "none", "not counted", "not listed", "not found", NO_OWNER)
"""Results that are no refusal, but with which nothing is to be had."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a trial: `found` is DONE, an error code's name or a word; `text` is for people."""

    found: str
    text: str = ""
    expected: str = ""
    """What the type table says."""

    @property
    def good(self) -> bool:
        """True if it is as the type table says."""
        return self.found == self.expected

    def shown(self) -> str:
        """A check mark and what came of it, or the error code's name."""
        if not self.good:
            return f"!! {self.found}, not {self.expected}"
        mark = "✗" if self.found.isupper() else "–" if self.found in LESS else "✓"
        return f"{mark} {self.text or self.found}"


class Person:
    """A client, and what it has heard of each group, and of each conversation that is none, by their ids."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard: dict[str, list[Any]] = {}
        self._more = asyncio.Condition()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for item in self.client.events():
            if isinstance(item, PresenceEvent | OwnEvent):
                continue  # of no conversation
            async with self._more:
                self.heard.setdefault(item.group_id or getattr(item, "conversation", ""), []).append(item)
                self._more.notify_all()

    async def hears(self, group_id: str, wanted: Callable[[Any], bool]) -> Any:
        """The first thing heard of the group that is `wanted`, or None if it does not come."""

        def found() -> Any:
            return next((item for item in self.heard.get(group_id, ()) if wanted(item)), None)

        try:
            async with asyncio.timeout(HEARD_S), self._more:
                return await self._more.wait_for(found)
        except TimeoutError:
            return None

    async def reads(self, group_id: str, text: str) -> int:
        """The SEQ of the message with this text, or 0 if it does not come."""
        found = await self.hears(group_id, lambda item: isinstance(item, Message) and item.text == text)
        return found.seq if isinstance(found, Message) else 0

    def has_heard(self, text: str, name: str = "") -> bool:
        """Whether the text has come by now, in the conversation that it has heard of under this name, or in any."""
        heard = [self.heard.get(name, [])] if name else list(self.heard.values())
        return any(isinstance(item, Message) and item.text == text for items in heard for item in items)


class Tried(Protocol):
    """Where things are tried: of which type it is, and what people are to it by now."""

    row: GroupType
    standing: dict[str, Standing]


T = TypeVar("T", bound=Tried)
Says = Callable[[Tried], str]


@dataclass(frozen=True, slots=True)
class Trial(Generic[T]):
    """A row: what is tried (`run`), by which rule, and what the type table `says` should come of it."""

    rule: str
    text: str
    says: Callable[[T], str]
    run: Callable[[T], Awaitable[Result]]

    async def at(self, room: T) -> Result:
        """Try it."""
        expected = self.says(room)
        try:
            async with asyncio.timeout(2 * HEARD_S):
                return replace(await self.run(room), expected=expected)
        except RcimError as error:
            return Result(error.code.name, "", expected)
        except TimeoutError:
            return Result("no answer", "", expected)


def may(operation: Operation, who: str, good: Callable[[GroupType], str] = lambda _: DONE) -> Says:
    """What `good` says if the type table lets `who` do this, else the code of the refusal."""

    def says(room: Tried) -> str:
        code = verdict(operation, room.standing.get(who, Standing.ANYONE), room.row)
        return good(room.row) if code is None else code.name

    return says


def when(policy: str, yes: str, no: str) -> Says:
    """`yes` where the type table has the policy, else `no`."""
    return lambda room: yes if getattr(room.row, policy) else no


def heard_by(users: Sequence[str]) -> str:
    """Who has heard something, in words."""
    return f"by {', '.join(users)}" if users else "by nobody"


async def refusal(request: Awaitable[Any]) -> str:
    """The error code's name, or nothing if the request is not refused."""
    try:
        await request
    except RcimError as error:
        return error.code.name
    return ""
