"""The SDK's inbox: pushes in, an ordered stream for the app out; gaps are found and filled, doubles dropped (RX-05).

1. Each group has a SeqTracker. What it releases goes into one bounded queue, which the app reads.
2. When the queue is full, what comes is not kept but remembered as a gap, and read from history when there is room: an
   app that reads slowly neither loses messages nor holds up its own requests.
3. After each login SYNC says how far each conversation is, the first time of all of them, then of those that have
   changed; what is missing is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Protocol

from rcim.base.errors import NO_SUCH_GROUP, NOT_PERMITTED, ErrorKind, RcimError
from rcim.base.ids import is_guest
from rcim.base.terms import GROUP_PREFIX, GoneReason, MessageState, group_conversation, is_group
from rcim.client.conversations import Conversations
from rcim.client.model import (
    ChangedEvent,
    Event,
    GroupEvent,
    ListEvent,
    Message,
    RereadEvent,
    Told,
    Where,
    event_of,
    message_of,
    peer_of,
    where_of,
)
from rcim.client.tracker import SeqTracker
from rcim.wire import frames

QUEUE_MAX = 1000
"""Messages that wait for the app. What comes past it is not kept: it is read from history when there is room."""
PAGE = 100
"""Messages asked for at once to fill a gap."""
AGAIN_S = 1.0
"""Pause before asking again after the server could not answer."""
REFRESH_S = 0.2
"""How long changes are gathered before the list of conversations is asked for again."""
PAUSE_S = 2.0
"""And at least so long from one time to the next (LI-01)."""
ROOM_S = 0.02
"""How often it is looked whether the app has made room while a gap is filled."""

PUSHES = (
    frames.GroupChanges,
    frames.JoinRequested,
    frames.JoinDecided,
    frames.Notice,
    frames.Transient,
    frames.MessagesErased,
    frames.MessagesHidden,
    frames.MessagesRead,
    frames.PresenceChanged,
    frames.OwnChanged,
)
"""What becomes an event as it is."""
CHANGED_MAX = 1000
"""Changes remembered of messages that have not come yet."""
Failure = Callable[[], RcimError | None]


class Asker(Protocol):
    """What the inbox needs of the client: two requests that outlive reconnections."""

    async def sync_page(self, cursor: bytes = b"", *, messages: int = 0) -> frames.SyncOk: ...

    async def history_page(
        self, where: Where, from_seq: int, to_seq: int, limit: int, backwards: bool = False
    ) -> frames.HistoryOk: ...

    @property
    def user_id(self) -> str: ...


class Inbox:
    """See the module's text. `spawn` runs a coroutine for as long as the client lives."""

    def __init__(self, asker: Asker, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._asker = asker
        self._spawn = spawn
        self._trackers: dict[str, SeqTracker[Message]] = {}
        self._queue: asyncio.Queue[Message | Event | None] = asyncio.Queue()
        self._behind = False
        """True if messages were not kept because the queue was full."""
        self._known = self._caught_up = False
        """Whether the groups of any login, and those of this one, are known."""
        self._login = 0
        """Counts connections."""
        self._early: dict[str, tuple[int, int]] = {}
        """Conversations that turned up after a reconnection, before they were told of: first and newest SEQ heard of."""
        self._cursor = b""
        """RX-03: up to where everything was told."""
        self._syncing = asyncio.Lock()
        self._refreshing = False
        self._refreshed_s = -PAUSE_S
        self.list = Conversations()
        self._changed: dict[tuple[str, int], Message] = {}
        """What was changed before it came."""
        self.failure: RcimError | None = None
        """Why the stream has ended, if not by `close`."""

    def _where(self, key: str) -> Where:
        return where_of(key, self._own)

    @property
    def _own(self) -> str:
        return self._asker.user_id

    # -- the app's side

    async def events(self) -> AsyncIterator[Message | Event]:
        """What comes, until `close`. Raises `failure` if the client has given up."""
        while True:
            item = await self._queue.get()
            if self._behind and self._queue.qsize() < QUEUE_MAX // 2:
                self._behind = False
                for key in list(self._trackers):
                    self._fill(key)
            if item is None:
                if self.failure is not None:
                    raise self.failure
                return
            yield item

    def follow(self, key: str, after_seq: int) -> None:
        """Deliver a conversation from `after_seq` + 1 on, whatever was known before."""
        tracker = self._trackers[key] = SeqTracker(after_seq + 1)
        row = self.list.get(key)
        if row is not None and not row.unstored:
            tracker.heard_of(row.newest_seq)
            self._fill(key)

    def track(self, key: str, newest: int) -> SeqTracker[Message]:
        """The conversation's tracker; a new one begins after `newest`."""
        tracker = self._trackers.get(key)
        if tracker is None:
            tracker = self._trackers[key] = SeqTracker(newest + 1)
        return tracker

    def forget(self, key: str) -> None:
        """The conversation is no longer followed."""
        self._trackers.pop(key, None)

    def close(self, failure: RcimError | None = None) -> None:
        """End the stream after what is in it."""
        self.failure = failure
        self._queue.put_nowait(None)

    # -- the server's side

    def reconnected(self) -> None:
        """There is a new connection: until `catch_up` has the list, groups that turn up are only noted."""
        self._caught_up = False
        self._login += 1

    async def catch_up(self) -> None:
        """After each login: what has changed in which conversation, and what is missing."""
        async with self._syncing:
            looked_again = False
            told: dict[str, frames.ConversationEntry] = {}
            while True:
                try:
                    if not await self._sync(told):
                        continue  # what was told is of a connection that is gone
                    if looked_again or self._early.keys() <= told.keys():
                        break
                    looked_again = True  # something turned up after it was told
                except RcimError as error:
                    if error.code.kind is ErrorKind.MISTAKE:
                        return  # the client has given up, and `failure` says so
                    await asyncio.sleep(max(AGAIN_S, error.retry_after_ms / 1000))
            self._settle(told)

    async def _sync(self, told: dict[str, frames.ConversationEntry]) -> bool:
        """All pages of one sync into `told`. False if the connection has changed meanwhile."""
        login, cursor = self._login, self._cursor
        self.list.stale = False  # what comes from now on may be newer than what is told
        gone: list[str] = []
        reset = False
        rows: list[frames.ConversationEntry] = []
        while True:
            page = await self._asker.sync_page(cursor)
            if login != self._login:
                return False
            if page.reset:
                reset, rows, gone = True, [], []
            rows += page.conversations
            gone += page.gone
            cursor = page.cursor
            if not page.more:
                break
        self._cursor = cursor
        if reset:
            self.list.reset()
        for key in gone:
            self._leave(key)
        for row in rows:
            told[row.conversation] = row
            self.list.synced(row, self._own)
        return True

    def _leave(self, key: str) -> None:
        """The user is in it no longer, and was not told so by a push."""
        there = self.list.get(key) is not None
        self.list.gone(key)
        if there and key in self._trackers and is_group(key):
            self._queue.put_nowait(GroupEvent(key.removeprefix(GROUP_PREFIX), GoneReason.LEFT))
        self.forget(key)

    def _settle(self, told: dict[str, frames.ConversationEntry]) -> None:
        """Ask for what is missing of conversations that were told of."""
        early, self._early = self._early, {}
        for key, entry in told.items():
            # One that turned up while the client was away is new from the moment of joining.
            if entry.unstored:
                if key in early:  # what came before it was told of; what was before that can not be had
                    first, newest = early[key]
                    self.track(key, first - 1).heard_of(newest)
                    self._fill(key)
                continue
            begin = max(entry.joined_seq, entry.first_seq - 1) if self._known else entry.newest_seq
            tracker = self.track(key, begin)
            tracker.heard_of(max(entry.newest_seq, early.get(key, (0, 0))[1]))
            self._fill(key)
            if entry.reread:
                self._put_event(RereadEvent(key, peer_of(key, self._own)))
            elif entry.altered:
                self._spawn(self._look_again(key, tracker, [row.seq for row in entry.altered]))
        self._known = self._caught_up = True
        self.list.unknown = {key for key in self._trackers if self.list.get(key) is None}
        if told:
            self._put_event(ListEvent())
        self._refresh()

    def _touched(self) -> None:
        """The list is changed by a push: a sync that is under way may tell what was before: one more has to follow."""
        self.list.stale = self.list.stale or self._syncing.locked()

    def _refresh(self) -> None:
        """If the list of conversations is stale, it is asked for again in a moment."""
        if self.list.stale and not self._refreshing and self._known and not is_guest(self._own):
            self._refreshing = True
            self._spawn(self._refresh_soon())

    async def _refresh_soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(REFRESH_S, self._refreshed_s + PAUSE_S - loop.time()))
            self._refreshed_s = loop.time()
        finally:
            self._refreshing = False
        await self.catch_up()

    async def _look_again(self, key: str, tracker: SeqTracker[Message], seqs: list[int]) -> None:
        """MS-10: messages that were given to the app are other ones now."""
        for seq in seqs:
            if self._trackers.get(key) is not tracker or seq >= tracker.next_seq:
                continue
            try:
                page = await self._asker.history_page(self._where(key), seq, seq, 1)
            except RcimError as error:
                if error.code.kind is ErrorKind.MISTAKE:
                    return
                await asyncio.sleep(max(AGAIN_S, error.retry_after_ms / 1000))
                continue
            for item in page.messages:
                message = message_of(key, item, self._own)
                if message.state is MessageState.NOT_FOR_YOU:
                    continue
                self._put_event(ChangedEvent(key, message, message.peer))

    def _put_event(self, event: Event) -> None:
        if not self._full:
            self._queue.put_nowait(event)

    def delivered(self, push: frames.Deliver) -> None:
        """Messages of one conversation, by SEQ."""
        key = push.conversation
        if not push.messages:
            return
        if key not in self._trackers and self._known and not self._caught_up:
            first, _ = self._early.get(key, (push.messages[0].seq, 0))
            self._early[key] = (first, push.messages[-1].seq)
            return
        # SYNC has told of all there were: a one-to-one conversation that it did not tell of begins now.
        tracker = self.track(key, push.messages[0].seq - 1 if is_group(key) or not self._known else 0)
        self._note(message_of(key, item, self._own) for item in push.messages)
        if self._full:
            tracker.heard_of(push.messages[-1].seq)
            self._behind = True
            return
        for item in push.messages:
            self._give(tracker.offer(item.seq, message_of(key, item, self._own)))
        self._fill(key)

    def _note(self, messages: Iterable[Message]) -> None:
        """The list of conversations has news."""
        for message in messages:
            self.list.came(message, self._own)
        self._refresh()

    def heads(self, push: frames.Heads) -> None:
        """How far active conversations are: what is missing at the end shows in nothing else (RX-05)."""
        for head in push.heads:
            tracker = self._trackers.get(head.conversation)
            if tracker is not None:
                tracker.heard_of(head.newest_seq)
                self._fill(head.conversation)

    def resync(self, push: frames.Resync) -> None:
        """The server has left something out (RX-07)."""
        self.list.stale = True
        self._refresh()
        key = push.conversation
        self.track(key, push.from_seq - 1).heard_of(push.newest_seq)
        self._fill(key)

    def gone(self, push: frames.GroupGone) -> None:
        """The group is no longer there for this user."""
        self._touched()
        self.forget(group_conversation(push.group_id))
        self.list.gone(group_conversation(push.group_id))
        self._queue.put_nowait(GroupEvent(push.group_id, push.reason, push.operator, push.text))

    def told(self, push: Told) -> None:
        """What is told only to who is online. An app that reads too slowly misses it, as one that is offline does."""
        if isinstance(push, frames.MessagesRead):
            self._touched()
            self.list.read(push, self._own)
        elif isinstance(push, frames.MessagesErased | frames.MessagesHidden):
            self.list.stale = True
        self._refresh()
        if not self._full:
            self._queue.put_nowait(event_of(push, self._own))

    def chosen(self, push: frames.ConversationListed | frames.ConversationFlagged) -> None:
        """The user has said something of a conversation."""
        self._touched()
        self.list.chosen(push)
        self._refresh()
        self._put_event(ListEvent())

    # -- gaps

    def _give(self, ready: list[Message]) -> None:
        for message in ready:
            message = self._newer(message)
            if message.state is not MessageState.NOT_FOR_YOU:
                self._queue.put_nowait(message)

    def changed(self, push: frames.MessageChanged) -> None:
        """Messages are other ones now (MS-10). Of one that the app has not got yet it gets only what it is now."""
        key = push.conversation
        for item in push.messages:
            message = message_of(key, item, self._own)
            self.list.changed(message)
            tracker = self._trackers.get(key)
            if tracker is not None and item.seq >= tracker.next_seq:
                self._changed[key, item.seq] = self._newer(message)
                if len(self._changed) > CHANGED_MAX:
                    del self._changed[next(iter(self._changed))]
            elif not self._full:
                self._queue.put_nowait(ChangedEvent(key, message, message.peer))
        self._refresh()

    def _newer(self, message: Message) -> Message:
        """What has come of the message before it came itself, if that is newer."""
        known = self._changed.pop((message.conversation, message.seq), None) if self._changed else None
        return known if known is not None and known.changed_ms > message.changed_ms else message

    @property
    def _full(self) -> bool:
        return self._queue.qsize() >= QUEUE_MAX

    def _fill(self, key: str) -> None:
        tracker = self._trackers.get(key)
        gap = tracker.gap() if tracker is not None else None
        if gap is not None and tracker is not None:
            self._spawn(self._fill_gap(key, tracker, gap[0], gap[1]))

    async def _fill_gap(self, key: str, tracker: SeqTracker[Message], first: int, last: int) -> None:
        """Ask for a range until it is there, or can not be had."""
        try:
            while first <= last and self._trackers.get(key) is tracker:
                while self._full:
                    await asyncio.sleep(ROOM_S)
                page = await self._asker.history_page(self._where(key), first, last, PAGE)
                if page.first_seq > first:
                    self._give(tracker.skip_to(page.first_seq))
                for item in page.messages:
                    self._give(tracker.offer(item.seq, message_of(key, item, self._own)))
                if not page.more:
                    self._give(tracker.skip_to(last + 1))
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
        if self._trackers.get(key) is tracker:
            self._fill(key)
