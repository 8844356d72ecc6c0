"""The SDK's inbox: pushes in; after each login SYNC says how far each conversation is, the first time of all of them,
then of those that have changed; what is missing is asked for (stream.py). The list of conversations follows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from rcim.base.errors import BAD_PARAMETER, ErrorKind, RcimError
from rcim.base.ids import is_guest
from rcim.base.terms import CHANNEL_MARK, GROUP_PREFIX, GoneReason, group_conversation, is_group
from rcim.client.asker import Asker
from rcim.client.conversations import Conversations
from rcim.client.events import GroupEvent, HiddenEvent, ListEvent, RereadEvent, Told, event_of
from rcim.client.local import LocalStore
from rcim.client.model import Message, message_of, peer_of
from rcim.client.stream import AGAIN_S, Spawn, Stream
from rcim.wire import frames

REFRESH_S = 0.2
"""How long changes are gathered before the list of conversations is asked for again."""
PAUSE_S = 2.0
"""And at least so long from one time to the next (LI-01)."""

PUSHES = (
    frames.GroupChanges,
    frames.JoinRequested,
    frames.GroupInvited,
    frames.JoinDecided,
    frames.GroupEntered,
    frames.MuteChanged,
    frames.Notice,
    frames.Transient,
    frames.MessagesErased,
    frames.MessagesHidden,
    frames.HistoryTrimmed,
    frames.MessagesRead,
    frames.PresenceChanged,
    frames.OwnChanged,
    frames.RoomAttributesChanged,
)
"""What becomes an event as it is."""


class Inbox:
    """See the module's text. `spawn` runs a coroutine for as long as the client lives."""

    def __init__(self, asker: Asker, spawn: Spawn, keep: LocalStore | None = None) -> None:
        self._asker = asker
        self._spawn = spawn
        self._keep = keep
        self.stream = Stream(asker, spawn, keep)
        self._known = self._caught_up = False
        """Whether the groups of any login, and those of this one, are known."""
        self._login = 0
        """Counts connections."""
        self._early: dict[str, tuple[int, int]] = {}
        """Conversations that turned up after a reconnection, before they were told of: first and newest SEQ heard of."""
        self._cursor = b""
        """RX-03: up to where everything was told."""
        self._flagged: list[frames.ConversationFlagged] = []
        """Changes of MsgFlag since the sync under way began: what it tells of that may be older."""
        self._gone: dict[str, None] = {}
        self._reset = False
        """What was told and is not settled yet, besides conversations."""
        self._had: dict[str, int] = {}
        """Conversation to the SEQ that was due before this connection."""
        self._followed: dict[str, int] = {}
        """What the app has asked for before anything was loaded."""
        self._history_id = 0
        self._server_time_ms = 0
        """The time of the server at the login."""
        """To which history of the server all of this belongs; 0: not known yet."""
        self._over: set[str] | None = None
        """After another history has begun: what the app knew of the one before, until it was told to read again."""
        self._unlisted: set[str] = set()
        """Those of them that a sync had not told of although they were heard (GT-27)."""
        self._syncing = asyncio.Lock()
        self._refreshing = False
        self._refreshed_s = -PAUSE_S
        self.list = Conversations()

    @property
    def _own(self) -> str:
        return self._asker.user_id

    def load(self) -> None:
        """Go on from what was kept before this start."""
        if self._keep is None:
            return
        self._cursor = self._keep.cursor
        self._history_id = self._keep.history_id
        over = self._keep.started_over
        self._over = set(over) if over is not None else None
        self._known = bool(self._cursor)
        for entry in self._keep.conversations():
            self.list.synced(entry, self._own)
            self.stream.unheard.told(entry.conversation, entry.unheard)
        for key, seq in self._keep.progress().items():
            tracker = self.stream.begin(key, seq)
            row = self.list.get(key)
            if row is not None and not row.unstored:
                tracker.heard_of(row.newest_seq)
        for key, after_seq in self._followed.items():
            self.follow(key, after_seq)
        for key, seqs in self._keep.to_look().items():  # it ended before it could
            self._spawn(self.stream.look_again(key, self.stream.track(key, 0), seqs))

    def follow(self, key: str, after_seq: int) -> None:
        """Deliver a conversation from `after_seq` + 1 on, whatever was known before."""
        self._followed[key] = after_seq
        tracker = self.stream.begin(key, after_seq)
        row = self.list.get(key)
        if row is not None and not row.unstored:
            tracker.heard_of(row.newest_seq)
            self.stream.fill(key)

    # -- the server's side

    def reconnected(self, history_id: int = 0, server_time_ms: int = 0) -> None:
        """There is a new connection: until `catch_up` has the list, groups that turn up are only noted. With another
        history than before, no position is good any more."""
        if history_id and history_id != self._history_id:
            if self._history_id:
                self._start_over(history_id)
            elif self._keep is not None:
                self._keep.belongs_to(history_id)
            self._history_id = history_id
        self._server_time_ms = server_time_ms
        self._caught_up = False
        self._login += 1
        self.stream.reconnected()
        self._had = {key: tracker.next_seq for key, tracker in self.stream.trackers.items()}

    def _start_over(self, history_id: int) -> None:
        """The server was restored. The app is told once it is known what there is (`_settle`)."""
        known = {row.conversation for row in self.list.all()} | self.stream.trackers.keys()
        self._unlisted = known & self.list.unknown
        self._over = known | (self._over or set())
        self._cursor = b""
        self._known = True
        self._early, self._gone = {}, {}
        self._followed.clear()
        self.stream.start_over()
        if self._keep is not None:
            self._keep.start_over(self._over, history_id)

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
        self._flagged.clear()
        self.list.stale = False  # what comes from now on may be newer than what is told
        gone: list[str] = []
        reset = self._over is not None and not cursor  # it is the first one of this history
        rows: list[frames.ConversationEntry] = []
        while True:
            try:
                page = await self._asker.sync_page(cursor)
            except RcimError as error:
                if error.code is not BAD_PARAMETER or not self._cursor:
                    raise
                cursor = self._cursor = b""  # of another version of the server
                reset, rows, gone = True, [], []
                continue
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
        gone += self.list.ended(self._server_time_ms)
        if reset:
            self.list.reset()
            told.clear()
            self._reset = True
        gone = [one for key in gone for one in (key, *self._channels_of(key))]
        for key in gone:
            self._leave(key)
            told.pop(key, None)
        self._gone |= dict.fromkeys(gone)
        for row in rows:
            told[row.conversation] = row
            before = self.list.get(row.conversation)
            self.list.synced(row, self._own)
            self._gone.pop(row.conversation, None)
            had = before is not None or row.conversation in self.stream.trackers
            if had and row.cleared_seq > (before.cleared_seq if before is not None else 0):  # on another device
                self._cleared(row.conversation, row.cleared_seq)
            if before is not None and row.joined_seq != before.joined_seq and self._keep is not None:
                self._keep.forget_messages(row.conversation)  # joined again; it may be another group with this id
        return True

    def _channels_of(self, key: str) -> list[str]:
        """UG-02: the channels of an ultra group that are known here: they go with it."""
        begins = key + CHANNEL_MARK
        known = {one.conversation for one in self.list.all()} | self.stream.trackers.keys()
        return sorted(one for one in known if one.startswith(begins))

    def _leave(self, key: str) -> None:
        """The user is in it no longer, and was not told so by a push."""
        there = self.list.get(key) is not None
        self.list.gone(key)
        if there and key in self.stream.trackers and is_group(key):
            self.stream.tell_surely(GroupEvent(key.removeprefix(GROUP_PREFIX), GoneReason.LEFT))
        self.stream.forget(key)

    def _cleared(self, key: str, to_seq: int) -> None:
        self.stream.gone(key, lambda m: m.seq <= to_seq)
        if self._keep is not None:
            self._keep.hide(key, [], to_seq)
        self.stream.tell(HiddenEvent(key, (), to_seq, peer_of(key, self._own)))

    def _settle(self, told: dict[str, frames.ConversationEntry]) -> None:
        """Ask for what is missing of conversations that were told of."""
        early, self._early = self._early, {}
        over, self._over = self._over, None
        stream = self.stream
        unlisted, self._unlisted = self._unlisted, set()
        for key in (over or set()) - told.keys():
            if is_group(key) and key not in unlisted:
                stream.tell_surely(GroupEvent(key.removeprefix(GROUP_PREFIX), GoneReason.LEFT))
            else:
                stream.tell_reread(key)  # there is nothing of it any more, or SYNC never tells of it (GT-27)
        if self._reset:  # these are all there are
            for key in self._had.keys() - told.keys():
                self._leave(key)
                self._gone[key] = None
        stream.holding = False
        for key, entry in told.items():
            stream.unheard.told(key, entry.unheard)
            for push in self._flagged:
                if push.conversation == key:
                    stream.unheard.flagged(push)
            # One that turned up while the client was away is new from the moment of joining.
            if entry.unstored:
                if key in early:  # what came before it was reported; what was before that is not available
                    first, newest = early[key]
                    stream.track(key, first - 1).heard_of(newest)
                continue
            whole = self._known and over is None
            begin = max(entry.joined_seq, entry.first_seq - 1) if whole else entry.newest_seq
            tracker = stream.track(key, begin)
            newest = max(entry.newest_seq, early.get(key, (0, 0))[1])
            if entry.newest_seq < self._had.get(key, 0) - 1:
                tracker = stream.begin(key, newest)  # the server has lost what was known here: it was restored
                if self._keep is not None:
                    self._keep.forget_messages(key)
            tracker.heard_of(newest)
            if entry.reread:
                if self._keep is not None:
                    self._keep.forget_messages(key)
                stream.tell_lasting(RereadEvent(key, peer_of(key, self._own)))
            elif entry.altered:
                seqs = [row.seq for row in entry.altered]
                if self._keep is not None:
                    self._keep.look_again(key, seqs)
                self._spawn(stream.look_again(key, tracker, seqs))
        if over is not None:
            for key in told:
                stream.tell_reread(key)
        if self._keep is not None:  # all of it at once, with where each begins
            self._keep.synced(self._cursor, told.values(), self._gone, self._reset)
        self._gone, self._reset, self._had = {}, False, {}
        self._known = self._caught_up = True
        self.list.unknown = {key for key in stream.trackers if self.list.get(key) is None}
        stream.fill_all()
        if told:
            stream.tell(ListEvent())
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

    def delivered(self, push: frames.Deliver) -> None:
        """Messages of one conversation, by SEQ."""
        key = push.conversation
        if not push.messages:
            return
        if key not in self.stream.trackers and self._known and not self._caught_up:
            first, _ = self._early.get(key, (push.messages[0].seq, 0))
            self._early[key] = (first, push.messages[-1].seq)
            self._touched()
            return
        # SYNC has told of all there were: a one-to-one conversation that it did not tell of begins now.
        tracker = self.stream.track(key, push.messages[0].seq - 1 if is_group(key) or not self._known else 0)
        self._note(message_of(key, item, self._own) for item in push.messages)
        self.stream.delivered(key, tracker, push.messages)

    def _note(self, messages: Iterable[Message]) -> None:
        """The list of conversations has news."""
        for message in messages:
            if self.list.get(message.conversation) is None:
                self._touched()
            self.list.came(message, self._own)
        self._refresh()

    def changed(self, push: frames.MessageChanged) -> None:
        """Messages are other ones now (MS-10)."""
        self._touched()
        for item in push.messages:
            self.list.changed(self.stream.changed(push.conversation, item))
        self._refresh()

    def heads(self, push: frames.Heads) -> None:
        """How far active conversations are: what is missing at the end shows in nothing else (RX-05)."""
        for head in push.heads:
            tracker = self.stream.trackers.get(head.conversation)
            if tracker is not None:
                tracker.heard_of(head.newest_seq)
                self.stream.fill(head.conversation)

    def resync(self, push: frames.Resync) -> None:
        """The server has left something out (RX-07)."""
        self.list.stale = True
        self._refresh()
        key = push.conversation
        if key not in self.stream.trackers and self._known and not is_guest(self._own):
            return  # SYNC says where it begins, and what of it was not meant to come
        self.stream.track(key, push.from_seq - 1).heard_of(push.newest_seq)
        self.stream.fill(key)

    def gone(self, push: frames.GroupGone) -> None:
        """The group is no longer there for this user."""
        self._touched()
        key = group_conversation(push.group_id)
        for one in (key, *self._channels_of(key)):
            self.stream.forget(one)
            self.list.gone(one)
            if self._keep is not None:
                self._keep.drop(one)
        self.stream.tell_surely(GroupEvent(push.group_id, push.reason, push.operator, push.text))

    def told(self, push: Told) -> None:
        """What is told only to who is online."""
        if isinstance(push, frames.MessagesRead):
            self._touched()
            self.list.read(push, self._own)
        elif isinstance(push, frames.GroupEntered | frames.JoinRequested | frames.JoinDecided):
            self.list.stale = True  # GR-07, GR-12
        elif isinstance(push, frames.MessagesErased):
            self.list.stale = True
            sender, to_seq = push.sender, push.to_seq
            self.stream.gone(push.conversation, lambda m: m.sender == sender and m.seq <= to_seq)
            if self._keep is not None:
                self._keep.erase(push.conversation, push.sender, push.to_seq)
        elif isinstance(push, frames.MessagesHidden):
            self.list.stale = True
            seqs, to_seq = {row.seq for row in push.messages}, push.to_seq
            self.stream.gone(push.conversation, lambda m: m.seq in seqs or m.seq <= to_seq)
            if self._keep is not None:
                self._keep.hide(push.conversation, [row.seq for row in push.messages], push.to_seq)
        elif isinstance(push, frames.HistoryTrimmed):
            self.list.stale = True
            first_seq = push.first_seq
            self.stream.gone(push.conversation, lambda m: m.seq < first_seq)
            if self._keep is not None:
                self._keep.hide(push.conversation, [], first_seq - 1)
        self._refresh()
        self.stream.tell(event_of(push, self._own))

    def chosen(self, push: frames.ConversationListed | frames.ConversationFlagged) -> None:
        """The user has said something of a conversation."""
        self._touched()
        if isinstance(push, frames.ConversationFlagged):
            self.stream.unheard.flagged(push)
            if self._syncing.locked():
                self._flagged.append(push)
        self.list.chosen(push)
        self._refresh()
        self.stream.tell(ListEvent())
