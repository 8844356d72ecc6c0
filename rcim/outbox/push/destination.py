"""Push as a destination of events: users who are not there are told of messages through one provider (PU-01).

1. Each provider is a consumer of its own, which decides for the devices that have a token there. So one that is away
   holds up no other. Of a conversation pushes come in the order of its messages; of different ones AT_ONCE are under way.
   What is left after TURN_S comes again at once: others of its shard have their turn, and a crash repeats little.
2. Users are looked for page by page, so that a large group costs others nothing (store/push_targets.py), up to
   `receivers_max` for one message; messages of which some got none for that are counted.
3. What the provider can't take now waits, and what comes after it in the conversation; what the provider took is not sent
   again (progress.py). If it takes others meanwhile, the devices are given up after TRIES, and from then on at once
   (given_up.py). What has expired is given up.
4. A fault of ours with a message is logged and counted, and the next ones go on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from rcim.actor.events import BroadcastSent, EventKind, MessagePassed, PushTested, key_of
from rcim.base import metrics
from rcim.base.histogram import Histogram
from rcim.base.limited_log import LimitedLog
from rcim.base.meters import Figure, figure
from rcim.outbox.destination import Untaken
from rcim.outbox.event_ids import ids_of
from rcim.outbox.facts import Unanswered
from rcim.outbox.push.composing import Composer, PushOptions, trial_push
from rcim.outbox.push.decision import Reason
from rcim.outbox.push.given_up import GivenUp
from rcim.outbox.push.hook import OfflineHook
from rcim.outbox.push.owner import PushFacts
from rcim.outbox.push.progress import Device, KeptProgress, Progress
from rcim.outbox.push.provider import Provider, PushOutcome
from rcim.outbox.push.receivers import Chosen, Pushable, Receivers, as_edited
from rcim.outbox.push.sending import Addressed, Sending, Sent
from rcim.rules.conversation_kinds import is_channel
from rcim.store.event_log import KeptEvent

log = LimitedLog("rcim.outbox.push")

KINDS = frozenset({EventKind.MESSAGE_PASSED, EventKind.BROADCAST_SENT, EventKind.PUSH_TESTED})
AT_ONCE = 20
"""Conversations whose pushes are under way at the same time."""
TURN_S = 5.0
"""So long a conversation's messages are gone on with, and the one after; a message to 10,000 phones takes longer."""
TOGETHER = 50
"""Users who are asked about, and told, together."""
TOGETHER_IN_CHANNEL = 15
"""The same in a channel, where it takes a search to say since when each of them has been there."""
TRIES = 3
LEFT_MAX = 500
"""Devices of one message that the provider could not take: with more of them the other users wait too."""


class Round(NamedTuple):
    """One try to push a message. `place` names its event, the same in each try."""

    event: Pushable
    place: str
    progress: Progress


class PushDestination:
    """See the module's text. `name` is that of the provider. `settled` returns when it is known who is there: nobody gets
    a push before. It is used from the loop."""

    def __init__(
        self,
        name: str,
        provider: Provider,
        options: PushOptions,
        facts: PushFacts,
        hook: OfflineHook | None = None,
        *,
        settled: Callable[[], Awaitable[None]] | None = None,
        times: Histogram | None = None,
    ) -> None:
        self._name = name
        self._settled = settled
        self._options = options
        self._receivers = Receivers(name, options, facts, hook)
        self._sending = Sending(name, provider, facts, times)
        self._progress = KeptProgress()
        self._given_up = GivenUp()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._now_s = asyncio.get_running_loop().time
        self._counts: Counter[str] = Counter()

    def figures(self) -> Iterator[Figure]:
        """The same as metrics (OP-02)."""
        receivers, name = self._receivers, self._name
        yield figure(metrics.PUSH_DECISIONS, receivers.decided, name)
        for outcome in PushOutcome:
            yield figure(metrics.PUSHES, self._sending.counts[outcome.name], name, outcome.name.lower())
        yield figure(metrics.PUSHES, self._counts["given_up"], name, "given_up")
        for what in ("failed", "over_bound"):
            yield figure(metrics.PUSH_MESSAGES, self._counts[what], name, what)
        for why in Reason:
            yield figure(metrics.PUSH_AGAINST, receivers.against[why], name, why.value)

    def counted(self) -> dict[str, int]:
        """How many users were decided about, what became of pushes, and why users got none, since the start."""
        receivers, name = self._receivers, self._name
        found = {f"push_decided.{name}": receivers.decided, f"push_hook_failed.{name}": receivers.hook_failed}
        for outcome, count in self._sending.counts.items():
            found[f"push_{outcome.lower()}.{name}"] = count
        for why, count in receivers.against.items():
            found[f"push_not_{why.value}.{name}"] = count
        return found | {f"push_{what}.{name}": count for what, count in self._counts.items()}

    async def close(self) -> None:
        """Give back the provider's connections."""
        await self._sending.close()

    def forget(self, shard: int, numbers: Collection[int]) -> None:
        """These events never come again (outbox.Destination)."""
        for number in numbers:
            self._progress.forget((shard, number))

    async def deliver(self, events: Sequence[KeptEvent]) -> list[Untaken]:
        """Push these, which are in their order; returns those that wait (outbox.Destination)."""
        if self._settled is not None:
            await self._settled()
        until_s = self._now_s() + TURN_S
        by_key: dict[str, list[KeptEvent]] = {}
        for one in events:
            by_key.setdefault(key_of(one.event), []).append(one)
        left = await asyncio.gather(*(self._all_of_key(of_key, until_s) for of_key in by_key.values()))
        return sorted((one for of_key in left for one in of_key), key=lambda one: one.event.number)

    async def _all_of_key(self, events: Sequence[KeptEvent], until_s: float) -> Sequence[Untaken]:
        for at, one in enumerate(events):
            if at and self._now_s() >= until_s:
                return [*map(Untaken, events[at:])]
            async with self._at_once:
                untaken = await self._one(one)
            if untaken is not None:
                return [untaken, *map(Untaken, events[at + 1 :])]
        return ()

    async def _one(self, one: KeptEvent) -> Untaken | None:
        """Push one event; what is to come again, or None."""
        if self._sending.away_s:
            return Untaken(one, self._sending.reason, retry_after_s=self._sending.away_s)
        place = one.shard, one.number
        progress = self._progress.take(place)
        try:
            late = await self._told(one, progress)
        except Unanswered as error:
            self._progress.keep(place, progress)
            return Untaken(one, str(error))
        except Exception:
            log.exception("a message could not be pushed", consumer=self._name, **ids_of(one))
            self._counts["failed"] += 1
            return None
        if late is None or self._gives_up(progress):
            return None
        self._progress.keep(place, progress)
        return Untaken(one, late.reason, retry_after_s=late.retry_after_s)

    def _gives_up(self, progress: Progress) -> bool:
        """True if the provider takes others, and has not taken these TRIES times."""
        taken = self._sending.counts["SENT"]
        progress.tries += taken > progress.sent_before and not progress.untried
        progress.sent_before = taken
        if progress.tries < TRIES or not progress.ended:
            return False
        self._counts["given_up"] += len(progress.left)
        self._given_up.add({user_id for user_id, _ in progress.left}, taken)
        return True

    async def _told(self, one: KeptEvent, progress: Progress) -> Sent | None:
        """Go on with an event; what the provider could not take, or None if it has everything. Raises Unanswered."""
        event = one.event
        progress.untried = False
        place = f"{one.shard}:{one.number}:{event.time_ms}"
        if isinstance(event, PushTested):
            return await self._trial(event, place, progress)
        if not isinstance(event, MessagePassed | BroadcastSent) or self._receivers.of_message(event) is not None:
            return None
        round_ = Round(event, place, progress)
        late: Sent | None = None
        if progress.left:
            late = await self._again(round_)
            if late is not None and self._sending.counts["SENT"] == progress.sent_before:
                return late  # it takes nothing else either
        return await self._pages(round_) or late

    async def _again(self, round_: Round) -> Sent | None:
        """Push to the devices that the provider could not take, until it takes nothing again. Raises Unanswered."""
        progress, late = round_.progress, None
        devices, progress.left = progress.left, set()
        users = sorted({user_id for user_id, _ in devices})
        together = _together(round_.event)
        for at in range(0, len(users), together):
            try:
                chosen = await self._receivers.choose(round_.event, users[at : at + together])
                pushes = [one for one in await self._composed(round_, chosen) if _device(one) in devices]
            except Unanswered:
                progress.left |= _of_users(devices, users[at:])
                raise
            sent = await self._sent(pushes, progress)
            late = sent or late
            if sent is not None and len(sent.later) == len(pushes):
                progress.left |= _of_users(devices, users[at + together :])
                break
        return late

    async def _pages(self, round_: Round) -> Sent | None:
        """Page by page, until the provider takes nothing of what it is given, or too much is left; what it could not
        take. Raises Unanswered."""
        progress, most, together = round_.progress, self._options.receivers_max, _together(round_.event)
        late: Sent | None = None
        while not progress.ended:
            page = await self._receivers.page(round_.event, progress.cursor)
            for at in range(0, len(page.users), together):
                if most and progress.receivers >= most:
                    self._counts["over_bound"] += 1
                    progress.ended = True
                    return late
                some = page.users[at : at + together]
                chosen = await self._receivers.choose(round_.event, some)
                pushes = await self._composed(round_, chosen)
                progress.receivers += len(chosen.targets)
                progress.cursor = some[-1]
                progress.ended = chosen.gone or (not page.next and at + together >= len(page.users))
                sent = await self._sent(pushes, progress)
                late = sent or late
                if sent is not None and (len(sent.later) == len(pushes) or len(progress.left) >= LEFT_MAX):
                    return late
                if progress.ended:
                    return late
            progress.cursor, progress.ended = page.next, not page.next
        return late

    async def _composed(self, round_: Round, chosen: Chosen) -> list[Addressed]:
        """The pushes for all devices of these users. Raises Unanswered."""
        if not chosen.targets:
            return []
        event = as_edited(round_.event, chosen.edited)
        composer = Composer(event, round_.place, self._options, chosen.push)
        unread = await self._receivers.unread(chosen.targets) if composer.needs_unread() else {}
        return [
            Addressed(target.user_id, token, composer.push(target.user_id, token, unread.get(target.user_id, 0)))
            for target in chosen.targets
            for token in target.tokens
        ]

    async def _sent(self, pushes: Sequence[Addressed], progress: Progress) -> Sent | None:
        """Send; what the provider could not take is noted."""
        if not pushes:
            return None
        sent = await self._sending.send(pushes)
        late = sent.later
        if self._given_up:
            users = {one.user_id for one in late}
            self._given_up.remove({one.user_id for one in pushes} - users)
            given_up = self._given_up.again(users - sent.untried, self._sending.counts["SENT"])
            late = [one for one in late if one.user_id not in given_up]
            self._counts["given_up"] += len(sent.later) - len(late)
        progress.left |= {_device(one) for one in late}
        progress.untried = progress.untried or bool(sent.untried)
        return sent._replace(later=late) if late else None

    async def _trial(self, event: PushTested, place: str, progress: Progress) -> Sent | None:
        """Push to all devices of a user, whatever they are doing."""
        again, progress.left = progress.left, set()
        progress.ended = True
        pushes = [
            Addressed(target.user_id, token, trial_push(place, target.user_id, token, event.title, event.text))
            for target in await self._receivers.devices(event.user_id)
            for token in target.tokens
            if not again or (target.user_id, token.device_id) in again
        ]
        return await self._sent(pushes, progress)


def _device(one: Addressed) -> Device:
    return one.user_id, one.token.device_id


def _of_users(devices: set[Device], users: Sequence[str]) -> set[Device]:
    """Those of the devices that are these users'."""
    wanted = set(users)
    return {device for device in devices if device[0] in wanted}


def _together(event: Pushable) -> int:
    return TOGETHER_IN_CHANNEL if is_channel(event.where.key) else TOGETHER
