"""The SDK's ordered stream: messages in, by SEQ and each once, out to the app; gaps are found and filled (RX-05).

1. Each conversation has a SeqTracker. What it releases goes into one bounded queue, which the app reads.
2. When the queue is full, what comes is not kept but remembered as a gap, and read from history when there is room: an
   app that reads slowly neither loses messages nor holds up its own requests.
3. With a local store, what the app has taken is noted, and what was not goes to it again after the next start.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any

from rcim.base.errors import NO_SUCH_GROUP, NOT_PERMITTED, ErrorKind, RcimError
from rcim.base.terms import MessageState
from rcim.client.asker import Asker
from rcim.client.events import ChangedEvent, ErasedEvent, Event, HiddenEvent, RereadEvent
from rcim.client.local import REREAD, LocalStore
from rcim.client.model import Message, message_of, peer_of, where_of
from rcim.client.tracker import SeqTracker
from rcim.client.unheard import Unheard
from rcim.wire import frames

QUEUE_MAX = 1000
"""Messages that wait for the app. What comes past it is not kept: it is read from history when there is room."""
PAGE = 100
"""Messages asked for at once to fill a gap."""
AGAIN_S = 1.0
"""Pause before asking again after the server could not answer."""
ASKED_AGAIN = 10
"""How often a page is asked for again, because something has changed while it was on its way."""
ROOM_S = 0.02
"""How often it is looked whether the app has made room while a gap is filled."""
CHANGED_MAX = 1000
"""Changes remembered of messages that have not come yet."""
Lasting = ChangedEvent | RereadEvent | ErasedEvent | HiddenEvent
"""Events of which a local store notes whether the app has taken them."""
Spawn = Callable[[Coroutine[Any, Any, None]], None]


class Stream:
    """See the module's text. `spawn` runs a coroutine for as long as the client lives."""

    def __init__(self, asker: Asker, spawn: Spawn, keep: LocalStore | None = None) -> None:
        self._asker = asker
        self._spawn = spawn
        self._keep = keep
        self.trackers: dict[str, SeqTracker[Message]] = {}
        self._queue: asyncio.Queue[Message | Event | None] = asyncio.Queue()
        self._behind = False
        """True if messages were not kept because the queue was full."""
        self._changed: dict[tuple[str, int], Message] = {}
        """What was changed before it came."""
        self._given: Message | Lasting | None = None
        self._told: Counter[tuple[str, int]] = Counter()
        """Changes in the queue by conversation and SEQ (REREAD: of the whole of it), with a local store."""
        self._latest: dict[tuple[str, int], Message] = {}
        """Changed messages as the app was told of them last."""
        self._untaken: dict[str, int] = {}
        """Messages by conversation that the app has not taken yet."""
        self.unheard = Unheard()
        """What is no gap."""
        self.holding = False
        """True from a new connection until SYNC has said what is a gap: until then none is filled."""
        self._revisions: dict[str, int] = {}
        """Counts by conversation what was told of messages' changes: an answer that was asked for before may be older."""
        self.failure: RcimError | None = None
        """Why the stream has ended, if not by `close`."""

    @property
    def own(self) -> str:
        """Who is logged in."""
        return self._asker.user_id

    # -- the app's side

    async def events(self) -> AsyncIterator[Message | Event]:
        """What comes, until `close`. Raises `failure` if the client has given up."""
        while True:
            self._asked_for_next()
            item = await self._queue.get()
            if self._behind and self._queue.qsize() < QUEUE_MAX // 2:
                self._behind = False
                self.fill_all()
            if item is None:
                if self.failure is not None:
                    raise self.failure
                return
            self._given = item if isinstance(item, Message | Lasting) else None
            yield item

    def _asked_for_next(self) -> None:
        """The app asks for the next item: it has the one that it was given."""
        item, self._given = self._given, None
        if isinstance(item, ChangedEvent | RereadEvent):
            mark = _mark_of(item)
            if self._keep is not None and mark in self._told:
                self._told[mark] -= 1
                if not self._told[mark]:  # else one more is on its way
                    del self._told[mark]
                    self._keep.looked(*mark)
        elif isinstance(item, ErasedEvent | HiddenEvent):
            if self._keep is not None:
                seqs = item.seqs if isinstance(item, HiddenEvent) else ()
                self._keep.told_gone(item.conversation, max((item.to_seq, *seqs)))
        elif item is not None:
            self._untaken[item.conversation] -= 1
            if self._keep is not None:
                self._keep.taken(item.conversation, item.seq)
                self._noted(item.conversation)

    def track(self, key: str, newest: int) -> SeqTracker[Message]:
        """The conversation's tracker; a new one begins after `newest`."""
        tracker = self.trackers.get(key)
        if tracker is None:
            tracker = self.begin(key, newest)
        return tracker

    def begin(self, key: str, after_seq: int) -> SeqTracker[Message]:
        """Deliver a conversation from `after_seq` + 1 on, whatever was known before."""
        tracker = self.trackers[key] = SeqTracker(after_seq + 1)
        if self._keep is not None:
            self._keep.begin(key, after_seq)
        return tracker

    def reconnected(self) -> None:
        """There is a new connection: what has changed since is told of what the app has, and not of what waits here; and
        what is missing may not have been meant to come."""
        self.holding = True
        for tracker in self.trackers.values():
            tracker.forget_held()

    def start_over(self) -> None:
        """The server has another history: what was known of the one before, and waits for the app, is gone."""
        self.unheard.clear()
        for known in (self.trackers, self._revisions, self._changed, self._latest, self._untaken, self._told):
            known.clear()
        self._given, self._behind = None, False
        for item in _emptied(self._queue):
            if not isinstance(item, Message | Lasting):
                self._queue.put_nowait(item)

    def forget(self, key: str) -> None:
        """The conversation is no longer followed."""
        self.trackers.pop(key, None)
        self.unheard.forget(key)
        self._revisions.pop(key, None)

    def close(self, failure: RcimError | None = None, *, at_once: bool = False) -> None:
        """End the stream after what is in it; with a store, if need be, at once: what is not taken comes after the next
        start."""
        self.failure = failure
        if self._keep is not None and at_once:
            _emptied(self._queue)
        self._queue.put_nowait(None)

    def _noted(self, key: str) -> None:
        """If the app has taken all there is, it has also passed what was not for it (MS-07)."""
        tracker = self.trackers.get(key)
        if self._keep is not None and tracker is not None and not self._untaken.get(key):
            self._keep.taken(key, tracker.next_seq - 1)

    # -- what comes

    @property
    def full(self) -> bool:
        """True while the app is far behind."""
        return self._queue.qsize() >= QUEUE_MAX

    def tell(self, event: Event) -> None:
        """Give the app an event. One that is far behind misses it, as one that is offline does."""
        if not self.full:
            self._queue.put_nowait(event)

    def tell_lasting(self, event: ChangedEvent | RereadEvent) -> None:
        """As `tell`; with a local store it is told again after the next start until the app has taken it."""
        if self._keep is not None:
            # One that is left out is told after the next start, whichever it was.
            mark = (event.conversation, REREAD) if self.full else _mark_of(event)
            self._keep.look_again(mark[0], [mark[1]])
            self._told[mark] += 1
        if isinstance(event, ChangedEvent) and not self.full:
            self._latest[event.conversation, event.message.seq] = event.message
            if len(self._latest) > CHANGED_MAX:
                del self._latest[next(iter(self._latest))]
        self.tell(event)

    def tell_reread(self, key: str) -> None:
        """As `tell_lasting`, that all of a conversation is to be read again, however far behind the app is."""
        if self._keep is not None:
            self._keep.look_again(key, [REREAD])
            self._told[key, REREAD] += 1
        self.tell_surely(RereadEvent(key, peer_of(key, self.own)))

    def tell_surely(self, event: Event) -> None:
        """As `tell`, of what can't be learnt in another way."""
        self._queue.put_nowait(event)

    def delivered(self, key: str, tracker: SeqTracker[Message], items: Iterable[frames.Message]) -> None:
        """Messages of one conversation, by SEQ."""
        for item in items:
            self.unheard.came(key, item.seq)
            if self.full:
                tracker.heard_of(item.seq)
                self._behind = True
            else:
                self._came(key, tracker, item)
        if not self._behind:
            self.fill(key)

    def _came(self, key: str, tracker: SeqTracker[Message], item: frames.Message) -> None:
        came = message_of(key, item, self.own)
        if self.unheard.holds(key, item.seq):
            came = replace(came, state=MessageState.NOT_FOR_YOU, elements=())
        if self._keep is not None and came.state is not MessageState.NOT_FOR_YOU:
            self._keep.put(key, item)
        for message in tracker.offer(item.seq, came):
            self._give(message)
        self._noted(key)

    def _give(self, message: Message) -> None:
        message = self._newer(message)
        if message.state is not MessageState.NOT_FOR_YOU:
            key = message.conversation
            self._untaken[key] = self._untaken.get(key, 0) + 1
            self._queue.put_nowait(message)

    def revised(self, key: str) -> None:
        """Messages of the conversation are others now."""
        self._revisions[key] = self._revisions.get(key, 0) + 1

    def gone(self, key: str, which: Callable[[Message], bool]) -> None:
        """Messages are deleted; those that wait above a gap come as such."""
        self.revised(key)
        tracker = self.trackers.get(key)
        for seq, message in list(tracker.held.items()) if tracker is not None else ():
            if tracker is not None and which(message):
                tracker.held[seq] = replace(message, state=MessageState.DELETED, elements=())

    async def _page(self, key: str, first: int, last: int, limit: int, seqs: Sequence[int] = ()) -> frames.HistoryOk:
        """A page of history that is not older than what was told meanwhile. Raises RcimError."""
        for _ in range(ASKED_AGAIN):
            revision = self._revisions.get(key)
            page = await self._asker.history_page(where_of(key, self.own), first, last, limit, seqs=seqs)
            if self._revisions.get(key) == revision:
                break
        return page

    def changed(self, key: str, item: frames.Message) -> Message:
        """A message is another one now (MS-10). Of one that the app has not got yet it gets only what it is now."""
        message = message_of(key, item, self.own)
        self.revised(key)
        if self._keep is not None:
            self._keep.change(key, item)
        tracker = self.trackers.get(key)
        if tracker is None:  # nothing of it was given to the app
            self.tell(ChangedEvent(key, message, message.peer))
        elif item.seq >= tracker.next_seq:
            self._changed[key, item.seq] = self._newer(message)
            if len(self._changed) > CHANGED_MAX:
                del self._changed[next(iter(self._changed))]
        else:
            self.tell_lasting(ChangedEvent(key, message, message.peer))
        return message

    def _newer(self, message: Message) -> Message:
        """What has come of the message before it came itself, if that is newer."""
        known = self._changed.pop((message.conversation, message.seq), None) if self._changed else None
        if known is None or (message.state is MessageState.DELETED and not message.changed_ms):
            return message  # the user has deleted it for itself: no change of it counts any more (MS-10)
        return known if known.changed_ms > message.changed_ms else message

    # -- gaps

    def fill_all(self) -> None:
        """Fill the gaps of all conversations."""
        for key in list(self.trackers):
            self.fill(key)

    def fill(self, key: str) -> None:
        """Fill the conversation's gap, if it has one."""
        tracker = self.trackers.get(key)
        if self.holding:
            return
        if tracker is not None and tracker.newest >= tracker.next_seq:
            past = self.unheard.past(key, tracker.next_seq, tracker.newest)
            if past > tracker.next_seq:
                self._skip(key, tracker, past)
        gap = tracker.gap() if tracker is not None else None
        if gap is not None and tracker is not None:
            self._spawn(self._fill_gap(key, tracker, gap[0], gap[1]))

    async def _fill_gap(self, key: str, tracker: SeqTracker[Message], first: int, last: int) -> None:
        """Ask for a range until it is there, or known not to be available."""
        try:
            while first <= last and self.trackers.get(key) is tracker:
                while self.full:
                    await asyncio.sleep(ROOM_S)
                page = await self._page(key, first, last, PAGE)
                if self.trackers.get(key) is not tracker or self.holding:
                    break  # it is begun anew: what was asked for is of no use any more, or is asked for again
                if page.first_seq > first:
                    self._skip(key, tracker, page.first_seq)
                for item in page.messages:
                    self._came(key, tracker, item)
                if not page.more:
                    if page.newest_seq < last:  # a server that was restored has less than was heard of
                        tracker.ends_at(page.newest_seq)
                    self._skip(key, tracker, min(last, page.newest_seq) + 1)
                    break
                first = page.messages[-1].seq + 1
        except RcimError as error:
            if error.code in (NO_SUCH_GROUP, NOT_PERMITTED):
                self.forget(key)
            if error.code.kind is ErrorKind.MISTAKE:
                return
            await asyncio.sleep(max(AGAIN_S, error.retry_after_ms / 1000))
        finally:
            tracker.asked()
        if self.trackers.get(key) is tracker:
            self.fill(key)

    def _skip(self, key: str, tracker: SeqTracker[Message], seq: int) -> None:
        for message in tracker.skip_to(seq):
            self._give(message)
        self._noted(key)

    async def _page_at_last(self, key: str, seqs: Sequence[int]) -> frames.HistoryOk | None:
        """These messages (RX-12), asked for until the server can answer; None: they may not be asked for."""
        while True:
            try:
                return await self._page(key=key, first=0, last=0, limit=0, seqs=seqs)
            except RcimError as error:
                if error.code.kind is ErrorKind.MISTAKE:
                    return None
                await asyncio.sleep(max(AGAIN_S, error.retry_after_ms / 1000))

    async def look_again(self, key: str, tracker: SeqTracker[Message], seqs: list[int]) -> None:
        """MS-10: messages that were given to the app are other ones now; REREAD: so many that it reads all again."""
        if REREAD in seqs:
            self.tell_lasting(RereadEvent(key, peer_of(key, self.own)))
        left = sorted(seq for seq in seqs if seq != REREAD)
        while left and self.trackers.get(key) is tracker:
            asked = [seq for seq in left if seq < tracker.next_seq][:PAGE]
            page = await self._page_at_last(key, asked) if asked else None
            if page is None or self.trackers.get(key) is not tracker:
                return
            found = {item.seq: item for item in page.messages}
            last = max(found) if page.more and found else asked[-1]
            for seq in asked:
                if seq <= last:
                    self._looked(key, seq, found.get(seq))
            left = [seq for seq in left if seq > last]

    def _looked(self, key: str, seq: int, item: frames.Message | None) -> None:
        """What a message is now that was given to the app; None: it can't be had any more."""
        told = self._told[key, seq] > 0
        if item is not None:
            if self._keep is not None:
                self._keep.change(key, item)
            message = message_of(key, item, self.own)
            known = self._latest.get((key, seq)) == message  # a push has told
            if message.state is not MessageState.NOT_FOR_YOU and not known:
                told = True
                self.tell_lasting(ChangedEvent(key, message, message.peer))
        else:  # the user has deleted it, or it was too old
            told = True
            if self._keep is not None:
                self._keep.hide(key, [seq], 0)
            self.tell(HiddenEvent(key, (seq,), 0, peer_of(key, self.own)))
        if self._keep is not None and not told:  # else once the app has taken it
            self._keep.looked(key, seq)


def _mark_of(event: ChangedEvent | RereadEvent) -> tuple[str, int]:
    """As what a local store notes it: conversation and SEQ."""
    return event.conversation, event.message.seq if isinstance(event, ChangedEvent) else REREAD


def _emptied(queue: asyncio.Queue[Message | Event | None]) -> list[Message | Event | None]:
    """Take out all that is in it."""
    return [queue.get_nowait() for _ in range(queue.qsize())]
