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
from rcim.base.terms import GROUP_PREFIX, MessageState
from rcim.client.model import ChangedEvent, Event, GroupEvent, Message, Told, event_of, message_of
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
)
"""What becomes an event as it is."""
CHANGED_MAX = 1000
"""Changes remembered of messages that have not come yet."""
Failure = Callable[[], RcimError | None]


class Asker(Protocol):
    """What the inbox needs of the client: two requests that outlive reconnections."""

    async def groups(self) -> list[frames.GroupEntry]: ...

    async def history_page(
        self, group_id: str, from_seq: int, to_seq: int, limit: int, backwards: bool = False
    ) -> frames.HistoryOk: ...


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

    # -- the app's side

    async def events(self) -> AsyncIterator[Message | Event]:
        """What comes, until `close`. Raises `failure` if the client has given up."""
        while True:
            item = await self._queue.get()
            if self._behind and self._queue.qsize() < QUEUE_MAX // 2:
                self._behind = False
                for group_id in list(self._trackers):
                    self._fill(group_id)
            if item is None:
                if self.failure is not None:
                    raise self.failure
                return
            yield item

    def follow(self, group_id: str, after_seq: int) -> None:
        """Deliver a group from `after_seq` + 1 on, whatever was known before."""
        self._trackers[group_id] = SeqTracker(after_seq + 1)

    def track(self, group_id: str, newest: int) -> SeqTracker[Message]:
        """The group's tracker; a new one begins after `newest`."""
        tracker = self._trackers.get(group_id)
        if tracker is None:
            tracker = self._trackers[group_id] = SeqTracker(newest + 1)
        return tracker

    def forget(self, group_id: str) -> None:
        """The group is no longer followed."""
        self._trackers.pop(group_id, None)

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
                joined = {entry.group_id: entry for entry in await self._asker.groups()}
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
        for group_id, entry in joined.items():
            # A group that turned up while the client was away is new from the moment of joining.
            if entry.unstored:
                if group_id in early:  # what came before the list; what was before that can not be had
                    first, newest = early[group_id]
                    self.track(group_id, first - 1).heard_of(newest)
                    self._fill(group_id)
                continue
            begin = entry.joined_seq if self._known else entry.newest_seq
            self.track(group_id, begin).heard_of(max(entry.newest_seq, early.get(group_id, (0, 0))[1]))
            self._fill(group_id)
        self._known = self._caught_up = True

    def delivered(self, push: frames.Deliver) -> None:
        """Messages of one group, by SEQ."""
        group_id = push.conversation.removeprefix(GROUP_PREFIX)
        if not push.messages:
            return
        if group_id not in self._trackers and self._known and not self._caught_up:
            first, _ = self._early.get(group_id, (push.messages[0].seq, 0))
            self._early[group_id] = (first, push.messages[-1].seq)
            return
        tracker = self.track(group_id, push.messages[0].seq - 1)
        if self._full:
            tracker.heard_of(push.messages[-1].seq)
            self._behind = True
            return
        for item in push.messages:
            self._give(tracker.offer(item.seq, message_of(group_id, item)))
        self._fill(group_id)

    def resync(self, push: frames.Resync) -> None:
        """The server has left something out (RX-07)."""
        group_id = push.conversation.removeprefix(GROUP_PREFIX)
        self.track(group_id, push.from_seq - 1).heard_of(push.newest_seq)
        self._fill(group_id)

    def gone(self, push: frames.GroupGone) -> None:
        """The group is no longer there for this user."""
        self.forget(push.group_id)
        self._queue.put_nowait(GroupEvent(push.group_id, push.reason, push.operator, push.text))

    def told(self, push: Told) -> None:
        """What is told only to who is online. An app that reads too slowly misses it, as one that is offline does."""
        if not self._full:
            self._queue.put_nowait(event_of(push))

    # -- gaps

    def _give(self, ready: list[Message]) -> None:
        for message in ready:
            message = self._newer(message)
            if message.state is not MessageState.NOT_FOR_YOU:
                self._queue.put_nowait(message)

    def changed(self, push: frames.MessageChanged) -> None:
        """Messages are other ones now (MS-10). Of one that the app has not got yet it gets only what it is now."""
        group_id = push.conversation.removeprefix(GROUP_PREFIX)
        for item in push.messages:
            message = message_of(group_id, item)
            tracker = self._trackers.get(group_id)
            if tracker is not None and item.seq >= tracker.next_seq:
                self._changed[group_id, item.seq] = self._newer(message)
                if len(self._changed) > CHANGED_MAX:
                    del self._changed[next(iter(self._changed))]
            elif not self._full:
                self._queue.put_nowait(ChangedEvent(group_id, message))

    def _newer(self, message: Message) -> Message:
        """What has come of the message before it came itself, if that is newer."""
        known = self._changed.pop((message.group_id, message.seq), None) if self._changed else None
        return known if known is not None and known.changed_ms > message.changed_ms else message

    @property
    def _full(self) -> bool:
        return self._queue.qsize() >= QUEUE_MAX

    def _fill(self, group_id: str) -> None:
        tracker = self._trackers.get(group_id)
        gap = tracker.gap() if tracker is not None else None
        if gap is not None and tracker is not None:
            self._spawn(self._fill_gap(group_id, tracker, gap[0], gap[1]))

    async def _fill_gap(self, group_id: str, tracker: SeqTracker[Message], first: int, last: int) -> None:
        """Ask for a range until it is there, or can not be had."""
        try:
            while first <= last and self._trackers.get(group_id) is tracker:
                while self._full:
                    await asyncio.sleep(ROOM_S)
                page = await self._asker.history_page(group_id, first, last, PAGE)
                if page.first_seq > first:
                    self._give(tracker.skip_to(page.first_seq))
                for item in page.messages:
                    self._give(tracker.offer(item.seq, message_of(group_id, item)))
                if not page.more:
                    self._give(tracker.skip_to(last + 1))
                    break
                first = page.messages[-1].seq + 1
        except RcimError as error:
            if error.code in (NO_SUCH_GROUP, NOT_PERMITTED):
                self.forget(group_id)
            if error.code.kind is ErrorKind.MISTAKE:
                return
            await asyncio.sleep(max(AGAIN_S, error.retry_after_ms / 1000))
        finally:
            tracker.asked()
        if self._trackers.get(group_id) is tracker:
            self._fill(group_id)
