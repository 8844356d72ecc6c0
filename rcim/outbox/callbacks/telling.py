"""Telling the app what has happened (CB-02, CB-04, ID-07): by HTTP, in process, or both. What it answers does not matter.

1. `deliver` takes events as a consumer of the event log gives them (destination.py). What has the same key is told in
   its order; of different keys many are under way (posting.py).
2. All callbacks of an event are told before it counts as taken; if one is not taken, all of them come again. Each has the
   same idempotency key each time.
3. What is not taken is handed back, and with it what comes after it with the same key: the consumer gives it again, or
   says that it was dropped (`forget`). Hooks are called once for each event in a process.
4. A call does not go on with further events of a key after TURN_S: a key whose callbacks are slow holds up the other keys
   of its shard for no longer than that and one request.
5. Events are told a few at a time (pacing.py), so that who sends messages does not wait for what is told.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence

from rcim.actor.events import AnyEvent, MessagePassed, TransientPassed, key_of
from rcim.base.cancelling import is_cancelled
from rcim.base.limited_log import LimitedLog
from rcim.hooks.event_json import event_id
from rcim.hooks.inprocess import Hook, call
from rcim.hooks.profile import Callback, Facts, Json
from rcim.hooks.profiles.tencent_after import notices
from rcim.outbox.callbacks.batches import Posted
from rcim.outbox.callbacks.pacing import Pacing
from rcim.outbox.callbacks.posting import AT_ONCE as AT_ONCE
from rcim.outbox.callbacks.posting import Posting
from rcim.outbox.callbacks.posting import ToldReceiver as ToldReceiver
from rcim.outbox.destination import UNKNOWN, Untaken
from rcim.outbox.event_ids import ids_of
from rcim.outbox.facts import Unanswered
from rcim.store.event_log import KeptEvent

log = LimitedLog("rcim.outbox")

TURN_S = 5.0
HOOKS_AT_ONCE = 100
ALONE, TOGETHER, PACE_S = 5, 30, 0.004
"""Events that are told in so many seconds, where each goes alone and where they go in batches: 1,250 and 7,500 a second
of one receiver, no two of them in the same turn of the loop. An event takes about 250 and 50 microseconds of the loop,
with its request (posting.py); so two thirds of its time are for others."""
Run = list[tuple[KeptEvent, Sequence[Callback]]]
"""Events of one key that go out together, with their callbacks."""


class Telling:
    """See the module's text. `receiver` None: nobody is called. `timeout_ms` is a hook's time for one event; the
    receiver's client has its own. `history` is the id of the store's history, for idempotency keys; hooks hear of
    `commands`, None: all; with `unread` they learn how much users have not read. It is used from the loop."""

    def __init__(
        self,
        receiver: ToldReceiver | None,
        hooks: Sequence[Hook],
        timeout_ms: int,
        facts: Facts,
        *,
        history: int = 0,
        commands: Collection[str] | None = None,
        unread: bool = True,
    ) -> None:
        self._receiver = receiver
        self._posting = Posting(receiver) if receiver is not None else None
        self._facts = facts
        self._hooks = list(hooks)
        self._timeout_s = timeout_ms / 1000
        self._history = history
        self._commands = commands
        self._hook_facts = facts if unread else None
        self._calling = asyncio.Semaphore(HOOKS_AT_ONCE)
        together = receiver is not None and receiver.batch_max > 1
        self._pacing = Pacing(TOGETHER if together else ALONE, PACE_S)
        self._hooked: set[tuple[int, int]] = set()
        """Events that the hooks have had, and the back end has not."""
        self.counts: Counter[str] = Counter()
        """How many events were told, and how many times one, or a batch of them, was not taken."""

    def counted(self) -> dict[str, int]:
        """How many events were told, and how many times some were not taken, in all and by why, since the start."""
        faults = self._posting.faults if self._posting is not None else {}
        by_why = {f"failed_{kind.value}": count for kind, count in faults.items()}
        return {"told": self.counts["told"], "failed": self.counts["failed"], **by_why}

    async def close(self) -> None:
        """Give back the connections."""
        if self._posting is not None:
            await self._posting.close()

    async def deliver(self, events: Sequence[KeptEvent]) -> list[Untaken]:
        """Tell these, which are in their order; returns those that were not taken (outbox.Destination)."""
        by_key: dict[str, list[KeptEvent]] = {}
        for one in events:
            by_key.setdefault(key_of(one.event), []).append(one)
        until_s = asyncio.get_running_loop().time() + TURN_S
        left = await asyncio.gather(*(self._tell_all(of_key, until_s) for of_key in by_key.values()))
        return sorted((one for of_key in left for one in of_key), key=lambda one: one.event.number)

    def forget(self, shard: int, numbers: Collection[int]) -> None:
        """These events never come again (outbox.Destination)."""
        self._hooked.difference_update((shard, number) for number in numbers)

    async def _tell_all(self, events: Sequence[KeptEvent], until_s: float) -> Sequence[Untaken]:
        """What has one key; returns what is left: what is refused for good, and all from the first one on that was not
        taken. What is too much together goes one by one."""
        at, alone, now_s = 0, 0, asyncio.get_running_loop().time
        refused: list[Untaken] = []
        while at < len(events):
            if at and now_s() > until_s:
                return [*refused, *map(Untaken, events[at:])]
            count, posted = await self._tell_some(events[at : at + 1] if at < alone else events[at:])
            if not posted.reason:
                at += count
            elif posted.divisible and count > 1:
                alone = at + count
            else:
                first = Untaken(events[at], posted.reason, posted.for_good, posted.retry_after_s)
                at += 1
                if not first.for_good:
                    return [*refused, first, *map(Untaken, events[at:])]
                refused.append(first)
        return refused

    async def _tell_some(self, events: Sequence[KeptEvent]) -> tuple[int, Posted]:
        """Tell the first ones of these, which have one key: how many they are, and what became of them. A fault of ours
        with one of them is no reason to hold up other keys."""
        run: Run = []
        try:
            run = await self._run(events)
            return len(run), await self._tell(run)
        except Unanswered as error:
            return 1, Posted(str(error))
        except Exception:
            log.exception("an event can't be told", **ids_of(events[0]))
            return len(run) or 1, Posted(UNKNOWN, divisible=True)

    async def _run(self, events: Sequence[KeptEvent]) -> Run:
        """What goes out together: one event, or, in a batch, as many as have one callback each, all of the same command.
        Raises what the profile raises of the first one."""
        most = self._receiver.batch_max if self._receiver is not None else 1
        run: Run = []
        for one in events[:most]:
            await self._pacing.turn()
            try:
                callbacks = await self._callbacks(one)
            except Exception:
                if run:
                    break  # it comes first the next time
                raise
            if run and (len(callbacks) != 1 or callbacks[0].command != run[0][1][0].command):
                break
            run.append((one, callbacks))
            if len(callbacks) != 1:
                break
        return run

    async def _callbacks(self, one: KeptEvent) -> Sequence[Callback]:
        """What the receiver is told of the event, each with its idempotency key: history, shard, number and command, and,
        if there are several of one command, which of them it is."""
        receiver = self._receiver
        if receiver is None or _is_untold(one.event):
            return ()
        found: list[Callback] = []
        times: dict[str, int] = {}
        for callback in await receiver.profile.notices(one.event, self._facts):
            name = callback.command
            if name in receiver.spec.commands:
                times[name] = time = times.get(name, 0) + 1
                again = f"-{time}" if time > 1 else ""
                found.append(callback._replace(id=f"{event_id(self._history, one)}-{name}{again}"))
        return found

    async def _tell(self, run: Run) -> Posted:
        """Tell hooks and receiver; what became of it."""
        places = [(one.shard, one.number) for one, _ in run]
        for (one, _), place in zip(run, places, strict=True):
            if self._hooks and place not in self._hooked:
                await self._tell_hooks(one)
        posted = await self._posted(run)
        if posted.reason:
            if self._hooks:
                self._hooked.update(places)
            self.counts["failed"] += 1
        else:
            self._hooked.difference_update(places)
            self.counts["told"] += len(run)
        return posted

    async def _posted(self, run: Run) -> Posted:
        """Post all callbacks: those of one event one after the other, those of several events as a batch."""
        if self._posting is None:
            return Posted()
        if len(run) > 1:
            return await self._posting.send([callback for _, callbacks in run for callback in callbacks])
        for callback in run[0][1]:
            posted = await self._posting.send([callback])
            if posted.reason:
                return posted
        return Posted()

    async def _tell_hooks(self, one: KeptEvent) -> None:
        async with self._calling:
            for callback in () if _is_untold(one.event) else await notices(one.event, self._hook_facts):
                if self._commands is None or callback.command in self._commands:
                    await self._call_hooks(callback.command, callback.fields)

    async def _call_hooks(self, name: str, fields: Json) -> None:
        for hook in self._hooks:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await call(hook, name, fields)
            except asyncio.CancelledError:
                if is_cancelled():
                    raise
                log.warning("a hook was cancelled", callback=name)  # something that it waited for
            except Exception:  # it is the app's
                log.exception("a hook failed", callback=name)


def _is_untold(event: AnyEvent) -> bool:
    """True for a message of which the app has said that it is not to be told of it."""
    if not isinstance(event, MessagePassed | TransientPassed):
        return False
    return event.message.extra is not None and event.message.extra.untold
