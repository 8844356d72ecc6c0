"""The SDK's inbox: pushes in, an ordered stream for the app out; gaps are found and filled, doubles dropped (RX-05).

1. Each group has a SeqTracker. What it releases goes into one bounded queue, which the app reads.
2. When the queue is full, what comes is not kept but remembered as a gap, and read from history when there is room: an
   app that reads slowly neither loses messages nor holds up its own requests.
3. After each login the list of groups says how far each of them is; what is missing is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Protocol

from rcim.base.errors import NO_SUCH_GROUP, NOT_PERMITTED, ErrorKind, RcimError
from rcim.base.terms import MessageState, group_conversation, is_group
from rcim.client.model import (
    ChangedEvent,
    Event,
    GroupEvent,
    Message,
    Told,
    Where,
    event_of,
    message_of,
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
)
"""What becomes an event as it is."""
CHANGED_MAX = 1000
"""Changes remembered of messages that have not come yet."""
Failure = Callable[[], RcimError | None]


class Asker(Protocol):
    """What the inbox needs of the client: two requests that outlive reconnections."""

    async def groups(self) -> list[frames.GroupEntry]: ...

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
        """Groups that turned up after a reconnection, before the list of groups: first and newest SEQ heard of."""
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
        self._trackers[key] = SeqTracker(after_seq + 1)

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
        """After each login: how far every group is, and what is missing."""
        looked_again = False
        while True:
            login = self._login
            try:
                joined = {group_conversation(entry.group_id): entry for entry in await self._asker.groups()}
                if login != self._login:
                    continue  # the list is of a connection that is gone
                if looked_again or self._early.keys() <= joined.keys():
                    break
                looked_again = True  # something turned up after the list was made
            except RcimError as error:
                if error.code.kind is ErrorKind.MISTAKE:
                    return  # the client has given up, and `failure` says so
                await asyncio.sleep(max(AGAIN_S, error.retry_after_ms / 1000))
        early, self._early = self._early, {}
        for key, entry in joined.items():
            # A group that turned up while the client was away is new from the moment of joining.
            if entry.unstored:
                if key in early:  # what came before the list; what was before that can not be had
                    first, newest = early[key]
                    self.track(key, first - 1).heard_of(newest)
                    self._fill(key)
                continue
            begin = entry.joined_seq if self._known else entry.newest_seq
            self.track(key, begin).heard_of(max(entry.newest_seq, early.get(key, (0, 0))[1]))
            self._fill(key)
        self._known = self._caught_up = True

    def delivered(self, push: frames.Deliver) -> None:
        """Messages of one group, by SEQ."""
        key = push.conversation
        if not push.messages:
            return
        if is_group(key) and key not in self._trackers and self._known and not self._caught_up:
            first, _ = self._early.get(key, (push.messages[0].seq, 0))
            self._early[key] = (first, push.messages[-1].seq)
            return
        tracker = self.track(key, push.messages[0].seq - 1)
        if self._full:
            tracker.heard_of(push.messages[-1].seq)
            self._behind = True
            return
        for item in push.messages:
            self._give(tracker.offer(item.seq, message_of(key, item, self._own)))
        self._fill(key)

    def resync(self, push: frames.Resync) -> None:
        """The server has left something out (RX-07)."""
        key = push.conversation
        self.track(key, push.from_seq - 1).heard_of(push.newest_seq)
        self._fill(key)

    def gone(self, push: frames.GroupGone) -> None:
        """The group is no longer there for this user."""
        self.forget(group_conversation(push.group_id))
        self._queue.put_nowait(GroupEvent(push.group_id, push.reason, push.operator, push.text))

    def told(self, push: Told) -> None:
        """What is told only to who is online. An app that reads too slowly misses it, as one that is offline does."""
        if not self._full:
            self._queue.put_nowait(event_of(push, self._own))

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
            tracker = self._trackers.get(key)
            if tracker is not None and item.seq >= tracker.next_seq:
                self._changed[key, item.seq] = self._newer(message)
                if len(self._changed) > CHANGED_MAX:
                    del self._changed[next(iter(self._changed))]
            elif not self._full:
                self._queue.put_nowait(ChangedEvent(key, message, message.peer))

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
