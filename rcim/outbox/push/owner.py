"""What push asks of the owner of the conversations: who may get a push, what they do, and that a token is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rcim.actor.app_config import AppConfig
from rcim.actor.outcomes import AnyResult
from rcim.actor.push_records import PushToken
from rcim.actor.queries import PushTargetsQuery, PushUsersQuery
from rcim.actor.user import user_key
from rcim.actor.user_commands import RemovePushToken
from rcim.base import clock
from rcim.dispatch.requests import CommandRequest, Request
from rcim.hooks.profile import Facts
from rcim.outbox.facts import Owner, OwnerFacts, Unanswered
from rcim.rules.message_types import CONTENT, MessageType
from rcim.store.answers import Answer
from rcim.store.push_answers import PushTargets, PushUsers


class PushFacts(Facts, Protocol):
    """What push asks about the present."""

    async def push_users(self, provider: str, key: str, cursor: str) -> PushUsers:
        """A page of the users in the conversation, after `cursor`, who have a token at the provider."""

    async def push_targets(self, query: PushTargetsQuery) -> PushTargets:
        """What decides whether users get a push, and their tokens. Raises Unanswered."""

    def message_type(self, name: str) -> MessageType:
        """MS-09: the type of a message with this type name; empty: an ordinary one."""

    def group_pushed(self, type_: str) -> bool:
        """True if messages of conversations of this type are pushed."""

    def remove_token(self, user_id: str, token: PushToken) -> None:
        """The service does not know the token any more; it is removed, unless the device has registered again since."""

    def now_ms(self) -> int:
        """The time, in milliseconds since 1970."""


class CommandOwner(Owner, Protocol):
    """The owner, as far as push needs it."""

    def submit(self, request: CommandRequest) -> bool:
        """Put a command into a mailbox. False: there is no room."""


class _Unheard:
    """The ReplyTo of a command whose answer does not matter."""

    def answer(self, token: int, result: AnyResult | Answer) -> None:
        """It is done, or the next push finds the token invalid again."""

    def mailbox_drained(self, key: str) -> None:
        """It is not tried again."""


class OwnerPushFacts(OwnerFacts):
    """PushFacts of a running server. `config` gives the configuration in force."""

    def __init__(self, owner: CommandOwner, config: Callable[[], AppConfig]) -> None:
        super().__init__(owner)
        self._commands = owner
        self._config = config
        self._unheard = _Unheard()

    async def push_users(self, provider: str, key: str, cursor: str) -> PushUsers:
        """See PushFacts. Raises Unanswered."""
        found = await self._ask(PushUsersQuery(provider, key, cursor))
        if not isinstance(found, PushUsers):
            raise Unanswered(f"who has push tokens in {key} can't be read")
        return found

    async def push_targets(self, query: PushTargetsQuery) -> PushTargets:
        """See PushFacts."""
        found = await self._ask(query)
        if not isinstance(found, PushTargets):
            raise Unanswered(f"who gets a push of {query.key} can't be read")
        return found

    def message_type(self, name: str) -> MessageType:
        """See PushFacts."""
        return self._config().message_types.get(name, CONTENT) if name else CONTENT

    def group_pushed(self, type_: str) -> bool:
        """See PushFacts."""
        return self._config().types.of_group(type_).pushed

    def remove_token(self, user_id: str, token: PushToken) -> None:
        """See PushFacts."""
        command = RemovePushToken("", True, token.device_id, token.provider, token.token, token.time_ms)
        self._commands.submit(Request(user_key(user_id), command, self._unheard, 0))

    def now_ms(self) -> int:
        """See PushFacts."""
        return clock.wall_ms()
