"""What an administrator does with consumers (CB-04): look at them, pause and resume them, replay, retry and drop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

from rcim.actor.events import key_of, kind_of
from rcim.actor.outbox_results import (
    ConsumerRow,
    Consumers,
    DeadLetterPage,
    DeadLetterRow,
    DeadLettersDropped,
    DeadLettersRetried,
    Replayed,
)
from rcim.actor.outbox_workflows import (
    DropDeadLetters,
    OutboxWorkflow,
    PauseConsumer,
    ReadConsumers,
    ReadDeadLetters,
    ReplayConsumer,
    RetryDeadLetters,
)
from rcim.actor.outcomes import AnyResult, Done, Refused
from rcim.base.errors import NO_SUCH_CONSUMER, SERVER_ERROR, SHUTTING_DOWN, STORE_UNAVAILABLE, RcimError
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.hooks.event_types import TYPES
from rcim.outbox.consumer import Consumer
from rcim.outbox.destination import UNKNOWN
from rcim.outbox.event_ids import ids_of
from rcim.outbox.figures import row_of
from rcim.store.dead_letters import DROPPED_AT_ONCE, Letter
from rcim.store.event_log import EventLog, KeptEvent
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")

RETRY_S = 3.0
"""Dead letters are retried for so long in one request, and the last one is waited for: a client waits 10 s."""
LAST_S = 5.0
PAGE_BYTES_MAX = 1 << 20
"""Of dead letters that are read at a time."""
RETRIED_AT_ONCE = 100
STORE_RETRY_MS = 1000

T = TypeVar("T")


class Control:
    """An OutboxControl. `reading` and `writing` are the threads that may read and write the store. It is used from the
    loop."""

    def __init__(
        self, events: EventLog, consumers: Mapping[str, Consumer], *, reading: Worker | None, writing: Worker
    ) -> None:
        self._events = events
        self._letters = events.dead_letters
        self._consumers = consumers
        self._reading = reading
        self._writing = writing
        self._under_way: set[asyncio.Task[None]] = set()
        """As many as there are workflows: their number is bounded where they come in."""
        self._closed = False

    def carry_out(self, workflow: OutboxWorkflow, done: Callable[[AnyResult], None]) -> None:
        """See OutboxControl."""
        if self._closed:
            raise RcimError(SHUTTING_DOWN)
        task = asyncio.get_running_loop().create_task(self._answer(workflow, done))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _answer(self, workflow: OutboxWorkflow, done: Callable[[AnyResult], None]) -> None:
        try:
            answer = await self._done(workflow)
        except RcimError as error:
            answer = Refused(error.code, error.detail, error.retry_after_ms)
        except StoreError as error:
            log.error("a request about consumers failed", operation=type(workflow).__name__, error=error)
            answer = Refused(STORE_UNAVAILABLE, STORE_UNAVAILABLE.meaning, STORE_RETRY_MS)
        except Exception:
            log.exception("a request about consumers failed unexpectedly", operation=type(workflow).__name__)
            answer = Refused(SERVER_ERROR, SERVER_ERROR.meaning)
        done(answer)

    async def _done(self, workflow: OutboxWorkflow) -> AnyResult:
        """What each of them does. Raises RcimError or StoreError."""
        if isinstance(workflow, ReadConsumers) and not workflow.consumer:
            return await self._list(workflow)
        consumer = self._consumers.get(workflow.consumer)
        if consumer is None:
            raise RcimError(
                NO_SUCH_CONSUMER, f"{workflow.consumer}: known are {', '.join(self._consumers) or 'none'}"
            )
        match workflow:
            case ReadConsumers():
                return Consumers(await self._rows([consumer], counts=True))
            case PauseConsumer():
                await (consumer.pause() if workflow.paused else consumer.resume())
                return Done()
            case ReplayConsumer():
                return Replayed(await consumer.replay(workflow.from_ms))
            case ReadDeadLetters():
                return await self._page(workflow)
            case RetryDeadLetters():
                return await self._retry(consumer, workflow)
            case DropDeadLetters():
                return await self._drop(workflow)

    async def all_rows(self) -> list[ConsumerRow]:
        """How each consumer is doing. Raises StoreError."""
        return await self._rows(list(self._consumers.values()), counts=False)

    async def _list(self, workflow: ReadConsumers) -> Consumers:
        names = sorted(name for name in self._consumers if name > workflow.after)
        page = names[: workflow.limit]
        rows = await self._rows([self._consumers[name] for name in page], counts=False)
        return Consumers(rows, page[-1] if len(names) > len(page) else "")

    async def _rows(self, consumers: list[Consumer], *, counts: bool) -> list[ConsumerRow]:
        if not consumers:
            return []
        extent = await self._read(self._events.extent)
        found = []
        for consumer in consumers:
            first = dict(enumerate(consumer.waiting_first))
            waits = {shard: number for shard, number in first.items() if number < extent.following[shard]}
            oldest_ms = await self._read(lambda waits=waits: self._events.oldest_ms(waits))  # type: ignore[misc]
            state = await self._read(consumer.state)
            found.append(row_of(consumer, self._events, extent, oldest_ms, state, counts=counts))
        return found

    async def _read(self, read: Callable[[], T]) -> T:
        assert self._reading is not None, "there are consumers, so there is a thread that reads for them"
        return await self._reading.run(read)

    # -- dead letters

    async def _page(self, workflow: ReadDeadLetters) -> DeadLetterPage:
        found = await self._some(workflow.consumer, workflow.after, workflow.limit + 1)
        page = found[: workflow.limit]
        rows = [
            DeadLetterRow(
                one.id,
                one.letter.shard,
                one.letter.number,
                TYPES[kind_of(one.letter.event)],
                key_of(one.letter.event),
                one.letter.event.time_ms,
                one.letter.dead_ms,
                one.letter.reason,
            )
            for one in page
        ]
        return DeadLetterPage(rows, page[-1].id if len(found) > len(page) else 0)

    async def _some(self, name: str, after: int, limit: int) -> list[Letter]:
        return await self._read(lambda: self._letters.page(name, after, limit, PAGE_BYTES_MAX))

    async def _retry(self, consumer: Consumer, workflow: RetryDeadLetters) -> DeadLettersRetried:
        """One after the other, for RETRY_S: out of the order in which they happened, and beside what the consumer does,
        even if it is paused. What is taken goes."""
        if workflow.ids:
            wanted = sorted(set(workflow.ids))
            letters = [one for id_ in wanted for one in await self._some(consumer.name, id_ - 1, 1) if one.id == id_]
        else:
            letters = await self._some(consumer.name, workflow.after, RETRIED_AT_ONCE)
        end_s = asyncio.get_running_loop().time() + RETRY_S
        taken: list[int] = []
        not_taken, last, reason = 0, 0, ""
        for one in letters:
            if asyncio.get_running_loop().time() >= end_s:
                break
            last = one.id
            why = await self._retried(consumer, one)
            if why:
                not_taken, reason = not_taken + 1, why
            else:
                taken.append(one.id)
        if taken:
            await self._writing.run(lambda: self._letters.drop(consumer.name, taken))
        more = bool(letters) and (last < letters[-1].id or not workflow.ids)
        return DeadLettersRetried(len(taken), not_taken, reason, last if more else 0)

    async def _retried(self, consumer: Consumer, one: Letter) -> str:
        """Why it was not taken; empty: it was."""
        event = KeptEvent(one.letter.shard, one.letter.number, one.letter.event)
        try:
            async with asyncio.timeout(LAST_S):
                untaken = await consumer.delivering.destination.deliver([event])
        except TimeoutError:
            return f"no answer within {LAST_S:g} s"
        except Exception:  # a fault of whoever takes it
            log.exception("a dead letter was not taken", consumer=consumer.name, letter=one.id, **ids_of(event))
            return UNKNOWN
        return (untaken[0].reason or UNKNOWN) if untaken else ""

    async def _drop(self, workflow: DropDeadLetters) -> DeadLettersDropped:
        if workflow.ids:
            gone = await self._writing.run(lambda: self._letters.drop(workflow.consumer, workflow.ids))
            return DeadLettersDropped(gone, False)
        gone = await self._writing.run(lambda: self._letters.drop_some(workflow.consumer, DROPPED_AT_ONCE))
        return DeadLettersDropped(gone, gone == DROPPED_AT_ONCE)

    async def close(self) -> None:
        """End what is under way; what is retried stays a dead letter."""
        self._closed = True
        under_way = list(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
