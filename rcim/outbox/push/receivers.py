"""Who gets a push of a message through one provider: users in the conversation with a token there, page by page, who are
not there, and whom neither they themselves nor the app's hook exempt (decision.py, PU-01)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from rcim.actor.events import BroadcastSent, MessagePassed
from rcim.actor.queries import PushTargetsQuery
from rcim.base.limited_log import LimitedLog
from rcim.base.terms import Presence
from rcim.outbox.push.composing import PushOptions
from rcim.outbox.push.decision import MUTED, Reason, expires_ms, in_use, mentions, of_message, of_user
from rcim.outbox.push.hook import Offline, OfflineAnswer, OfflineHook
from rcim.outbox.push.owner import PushFacts
from rcim.rules.broadcasts import is_expired
from rcim.rules.push_info import PushInfo
from rcim.store.push_answers import PushTarget, PushUsers

log = LimitedLog("rcim.outbox.push")

READS_AT_ONCE = 4
"""Questions to the store at the same time: others who ask it wait for no more than these."""
HOOK_S = 5.0
"""How long the app may take to answer."""
AS_WITHOUT = OfflineAnswer()

Pushable = MessagePassed | BroadcastSent


class Chosen(NamedTuple):
    """Who of some users gets a push, and what the app's hook says of it. `gone`: nobody, the message is no more.
    `edited`: what the message says now, if it is not what was sent."""

    targets: list[PushTarget]
    push: PushInfo | None = None
    gone: bool = False
    edited: bytes | None = None


def as_edited(event: Pushable, body: bytes | None) -> Pushable:
    """The event with what its message says now: a push would show what was taken back. None: as it was sent."""
    if body is None:
        return event
    return msgspec.structs.replace(event, message=msgspec.structs.replace(event.message, body=body))


class Receivers:
    """See the module's text. `provider` is the name of the provider. It is used from the loop."""

    def __init__(self, provider: str, options: PushOptions, facts: PushFacts, hook: OfflineHook | None) -> None:
        self._provider = provider
        self._options = options
        self._facts = facts
        self._hook = hook
        self._reads = asyncio.Semaphore(READS_AT_ONCE)
        self.against: Counter[Reason] = Counter()
        """How many users, or messages for all, got no push, and why."""
        self.decided = 0
        """Users about whom it was decided."""
        self.hook_failed = 0

    def of_message(self, event: Pushable) -> Reason | None:
        """Why nobody gets a push of the message, which is counted; None: it is to be decided of each user."""
        extra = event.message.extra
        why = of_message(
            event,
            self._facts.message_type(extra.type_name if extra is not None else ""),
            group_pushed=self._facts.group_pushed(event.where.type),
            now_ms=self._facts.now_ms(),
            life_s=self._options.life_s,
        )
        if why is not None:
            self.against[why] += 1
        return why

    async def page(self, event: Pushable, cursor: str) -> PushUsers:
        """The users after `cursor` who may get a push. Raises Unanswered."""
        extra = event.message.extra
        if extra is not None and extra.to:  # MS-07
            return PushUsers(sorted(user for user in extra.to if user > cursor), "")
        async with self._reads:
            return await self._facts.push_users(self._provider, event.where.key, cursor)

    async def choose(self, event: Pushable, users: Sequence[str]) -> Chosen:
        """Who of some users gets a push. Raises Unanswered."""
        presence = await self._facts.presence(users)
        # Looked at before anything is read: most users of a busy group are there.
        away = [user for user in users if not in_use(presence.get(user, Presence.OFFLINE), self._options.when)]
        self.decided += len(users)
        self.against[Reason.IN_USE] += len(users) - len(away)
        if not away:
            return Chosen([])
        async with self._reads:
            found = await self._facts.push_targets(self._query(event, away))
        if found.gone:
            self.against[Reason.GONE] += 1
            return Chosen([], gone=True)
        wanted: list[PushTarget] = []
        muted: dict[Reason, list[PushTarget]] = {}
        now_ms = self._facts.now_ms()
        for target in found.targets:
            state = presence.get(target.user_id, Presence.OFFLINE)
            why = of_user(event, target, state, self._options.when, now_ms)
            if why is None:
                wanted.append(target)
                continue
            asked = self._hook is not None and why in MUTED
            if asked and of_user(event, target, state, self._options.when, now_ms, forced=True) is None:
                muted.setdefault(why, []).append(target)
            else:
                self.against[why] += 1
        chosen = await self._as_the_app_says(as_edited(event, found.edited), wanted, muted)
        return chosen._replace(edited=found.edited)

    def _query(self, event: Pushable, users: list[str]) -> PushTargetsQuery:
        message = event.message
        return PushTargetsQuery(
            provider=self._provider,
            users=users,
            key=event.where.key,
            sender=message.sender,
            seq=message.seq,
            time_ms=message.time_ms,
            target=message.extra.target if message.extra is not None else None,
            muted=self._hook is not None,
        )

    async def _as_the_app_says(
        self, event: Pushable, wanted: list[PushTarget], muted: Mapping[Reason, Sequence[PushTarget]]
    ) -> Chosen:
        """PU-02: what the hook says of users who would get a push, and of those who have said that they want none of the
        conversation, by reason, and would get one otherwise."""
        if self._hook is None or not (wanted or muted):
            return Chosen(wanted)
        everybody = [*wanted, *(target for targets in muted.values() for target in targets)]
        users = [target.user_id for target in everybody]
        answer = await self._asked(
            self._hook, Offline(event, users, [user for user in users if mentions(event.message, user)])
        )
        there = everybody if answer.force else wanted
        if not answer.force:
            self.against.update({why: len(targets) for why, targets in muted.items()})
        if is_expired(expires_ms(event.message, self._options.life_s, answer.push), self._facts.now_ms()):
            self.against[Reason.EXPIRED] += len(there)
            return Chosen([])
        named = set(users if answer.users is None else answer.users)
        chosen = [] if answer.skip else [target for target in there if target.user_id in named]
        self.against[Reason.HOOK] += len(there) - len(chosen)
        return Chosen(chosen, answer.push)

    async def _asked(self, hook: OfflineHook, offline: Offline) -> OfflineAnswer:
        try:
            async with asyncio.timeout(HOOK_S):
                return await hook(offline)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        except Exception as error:  # it is the app's
            log.warning(
                "the app's decision about a push is not known", consumer=self._provider, error=type(error).__name__
            )
        self.hook_failed += 1
        return AS_WITHOUT

    async def devices(self, user_id: str) -> list[PushTarget]:
        """The user with all tokens at the provider, whatever the user wants. Raises Unanswered."""
        async with self._reads:
            return (await self._facts.push_targets(PushTargetsQuery(self._provider, [user_id]))).targets

    async def unread(self, targets: Sequence[PushTarget]) -> dict[str, int]:
        """How many messages each user has not read (PU-01). Raises Unanswered."""
        return dict(await asyncio.gather(*(self._unread(target.user_id) for target in targets)))

    async def _unread(self, user_id: str) -> tuple[str, int]:
        async with self._reads:
            return user_id, await self._facts.unread(user_id)
