"""The SDK's client: connect, log in, join, send, and an ordered stream of messages over reconnections.

    async with Client("127.0.0.1", 7460, user_id="alice", user_sig=token, tls=client_context("cert.pem")) as client:
        await client.join("lobby")
        result = await client.send("lobby", "hello")
        async for message in client.messages():
            print(message.seq, message.sender, message.text)

What it does by itself: heartbeats; connecting again with jittered back-off; sending again, with the same client
message id, what was not answered; finding gaps in SEQ, filling them from history, dropping doubles (RX-05).
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Self, Unpack

from rcim.base.errors import RcimError
from rcim.base.ids import SYSTEM_PREFIX
from rcim.base.limits import DEFAULTS
from rcim.base.terms import GoneReason, Platform, group_conversation
from rcim.client.admin import AdminRequests
from rcim.client.altering import AlteringRequests
from rcim.client.broadcasts import BroadcastRequests
from rcim.client.connected import CONNECT_S, TIMER_S, Connected
from rcim.client.consumers import ConsumerRequests
from rcim.client.conversations import Conversation
from rcim.client.devices import DeviceRequests
from rcim.client.events import Event
from rcim.client.groups import SendOptions
from rcim.client.inbox import PUSHES, Inbox
from rcim.client.keys import KeyRequests
from rcim.client.link import decode
from rcim.client.live import LiveRequests
from rcim.client.local import LocalStore
from rcim.client.member_settings import MemberSettingRequests
from rcim.client.members import MemberRequests
from rcim.client.message_log import MessageLogRequests
from rcim.client.model import Message, User, Where, conversation_of, message_of
from rcim.client.outbox import Outbox, Post
from rcim.client.personal_data import PersonalDataRequests
from rcim.client.push import PushRequests
from rcim.client.queries import ConversationRequests
from rcim.client.ranges import RangeRequests
from rcim.client.rooms import FollowedRooms, RoomRequests
from rcim.client.system import SystemRequests
from rcim.client.ultra import UltraRequests
from rcim.content.elements import Element
from rcim.wire import frames
from rcim.wire.stream import RawFrame


class Client(
    Connected,
    SystemRequests,
    MemberRequests,
    AlteringRequests,
    DeviceRequests,
    PushRequests,
    RoomRequests,
    UltraRequests,
    BroadcastRequests,
    ConsumerRequests,
    AdminRequests,
    LiveRequests,
    ConversationRequests,
    MessageLogRequests,
    RangeRequests,
    PersonalDataRequests,
    KeyRequests,
    MemberSettingRequests,
):
    """One user on one device, or, with an empty `user_id` and `user_sig`, a guest (ID-06).

    `platform` is what it runs on: of most of them one session of a user goes on at a time, of SERVER any number; when
    another takes its place, or the user is logged out, it does not reconnect: whatever waits ends with the error (ID-04).
    `store` keeps conversations, messages and what is to be sent between two starts (LocalStore).
    `tls` is an SSL context (client_context makes one), or None for a plain server. `user_sig` is a token, or a
    function that returns a fresh one for each login. Entering the context connects and logs in, and raises RcimError
    if the server refuses; afterwards reconnecting is automatic until the context is left.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user_id: str,
        user_sig: str | Callable[[], str],
        tls: ssl.SSLContext | None,
        server_hostname: str | None = None,
        platform: Platform = Platform.SERVER,
        device_tag: str = "",
        heartbeat_ms: int = 0,
        rng: random.Random | None = None,
        store: LocalStore | None = None,
    ) -> None:
        super().__init__(
            host,
            port,
            user_id=user_id,
            user_sig=user_sig,
            tls=tls,
            server_hostname=server_hostname,
            platform=platform,
            device_tag=device_tag,
            heartbeat_ms=heartbeat_ms,
            rng=rng,
        )
        self._watched = {}
        self._keep = store
        self._loaded = False
        self._inbox = Inbox(self, self._spawn, store)
        self.followed = FollowedRooms(self, self._spawn)
        self._outbox = Outbox(self, self._spawn, self._inbox.stream.tell_surely, store)

    # -- life

    async def __aenter__(self) -> Self:
        try:
            await self.connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Connect and log in, and learn how far the user's groups are: what comes after that is missed no more.

        Raises RcimError if the server refuses, OSError or ssl.SSLError if it can't be reached: it may be tried again.
        Raises TimeoutError if the server lets it in and does not answer then: the client is closed.
        """
        self._load()
        await self._connect_once()
        self._stay_connected()
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._inbox.catch_up()
            if self._failure is not None:
                raise self._failure
        except BaseException:
            await self.close()
            raise

    async def start(self) -> None:
        """As `connect`, without waiting for the server: with a local store the conversations of the last time are there
        at once, and what is posted goes out when there is a connection. Raises LocalStoreError."""
        self._load()
        self._lost.set()
        self._stay_connected()

    def _load(self) -> None:
        """Raises LocalStoreError, and ValueError for a guest, which has nothing to keep."""
        if self._keep is not None and not self._loaded:
            if not self._user_id:
                raise ValueError("a guest has no local store")
            self._keep.open(self._user_id)
            self._loaded = True
            self._inbox.load()
            self._outbox.load()
            self._spawn(self._flush())

    async def _flush(self) -> None:
        """What was taken is durable a second later, whether there is a server or not."""
        while self._keep is not None:
            await asyncio.sleep(TIMER_S)
            self._keep.flush()

    async def close(self) -> None:
        """Log out, close, and end `messages`. What is not answered ends with ConnectionGone."""
        await self._disconnect()
        self._outbox.close()
        self._inbox.stream.close(self._failure, at_once=True)
        if self._keep is not None:
            self._keep.close()

    def _logged_in(self) -> None:
        self._inbox.reconnected(self.history_id, self.login_ok.server_time_ms if self.login_ok is not None else 0)

    def _came_back(self) -> None:
        self._spawn(self._inbox.catch_up())
        self._spawn(self._tell_presence())
        self.followed.came_back()

    def _gave_up(self, error: RcimError) -> None:
        """Waiting requests and `messages` end with the error."""
        self._inbox.stream.close(error)

    async def _tell_presence(self) -> None:
        users = await self._say_again()
        if users:
            self._inbox.told(frames.PresenceChanged(users))

    def _track(self, group_id: str, newest_seq: int) -> None:
        self._inbox.stream.track(group_conversation(group_id), newest_seq)

    def _forget(self, group_id: str) -> None:
        self._inbox.stream.forget(group_conversation(group_id))

    # -- messages

    async def messages(self) -> AsyncIterator[Message]:
        """Messages of all groups as they come: in order within a group, each once. Ends with `close`.

        Raises RcimError if the server will not take this login any more. One reader at a time.
        """
        async for item in self.events():
            if isinstance(item, Message):
                yield item

    async def events(self) -> AsyncIterator[Message | Event]:
        """As `messages`, and what else is told: groups that are gone, changes, applications, notices."""
        async for item in self._inbox.stream.events():
            yield item

    def follow(self, where: Where, after_seq: int) -> None:
        """Deliver a conversation's messages from `after_seq` + 1 on, reading from history what has gone by already.

        For an app that keeps what it has seen: call it before or after connecting, for each conversation.
        """
        self._inbox.follow(conversation_of(where, self.user_id), after_seq)

    @property
    def history_id(self) -> int:
        """Which history the server's store holds; 0 before the first login. For an app that keeps SEQs of its own: they
        belong to it, and with another one than before they say nothing (RereadEvent tells so of each conversation)."""
        return self.login_ok.history_id if self.login_ok is not None else 0

    @property
    def conversations(self) -> list[Conversation]:
        """The user's conversations (RX-03, RX-09): pinned ones first, then by the time of the last message. It follows
        what happens; ListEvent says when something other than a message has changed it."""
        return self._inbox.list.listed()

    def conversation(self, where: Where) -> Conversation | None:
        """One of them, also if it is removed from the list; None if there is none."""
        return self._inbox.list.get(conversation_of(where, self.user_id))

    @property
    def unread(self) -> int:
        """Unread messages of all conversations (RX-08)."""
        return self._inbox.list.unread

    # -- sending later, and what is kept

    def _target(self, where: Where) -> str:
        """What a user sends to a system conversation is in the one with its account (SY-01)."""
        admin = self.login_ok is not None and self.login_ok.is_admin
        if isinstance(where, str) and where.startswith(SYSTEM_PREFIX) and not admin:
            where = User(where)
        return self._conversation(where)

    def post(self, where: Where, content: str | Sequence[Element], **options: Unpack[SendOptions]) -> Post:
        """Take a message to be sent as soon as there is a connection, in the order of posting within a conversation, and
        once (MS-02); arguments as in `send`. PostedEvent says what became of it, and so does `await post.sent()`. With a
        local store it goes out after the next start if need be. Raises RcimError for a value out of bounds and
        TOO_MANY_ENTRIES, and LocalStoreError."""
        return self._outbox.post(self._send_frame(where, content, **options))

    @property
    def posts(self) -> list[Post]:
        """What is posted and not sent yet, in its order within a conversation."""
        return self._outbox.posts

    def kept_messages(self, where: Where, *, before_seq: int = 0, limit: int = 20) -> list[Message]:
        """The newest messages of a conversation that the local store has, oldest first, without asking the server.
        `before_seq`: only older ones. Empty without a store."""
        if self._keep is None:
            return []
        key = conversation_of(where, self.user_id)
        return [message_of(key, item, self.user_id) for item in self._keep.messages(key, before_seq, limit)]

    async def known_ms(self) -> int:
        """Wait until there is a connection; how long the server knows a client message id again (MS-02). Raises RcimError
        and ConnectionGone."""
        await self._live()
        return (self.login_ok.dedupe_ms if self.login_ok is not None else 0) or DEFAULTS.dedupe_window_ms

    def _on_push(self, raw: RawFrame) -> None:
        push = decode(raw)
        if isinstance(push, frames.Deliver):
            self._inbox.delivered(push)
        elif isinstance(push, frames.Resync):
            self._inbox.resync(push)
        elif isinstance(push, frames.Heads):
            self._inbox.heads(push)
        elif isinstance(push, frames.MessageChanged):
            self._inbox.changed(push)
        elif isinstance(push, frames.GroupGone):
            if push.reason is GoneReason.DISSOLVED:
                self.followed.drop(push.group_id)
            self._inbox.gone(push)
        elif isinstance(push, frames.ConversationListed | frames.ConversationFlagged):
            self._inbox.chosen(push)
        elif isinstance(push, PUSHES):
            if isinstance(push, frames.JoinDecided) and push.approved and push.user_id == self.user_id:
                self._track(push.group_id, push.newest_seq)
            if isinstance(push, frames.GroupEntered):
                self._track(push.group_id, push.newest_seq)
                self.followed.entered(push.group_id)
            if isinstance(push, frames.RoomAttributesChanged):
                self.followed.changed(push)
            self._inbox.told(push)
        elif isinstance(push, frames.GoingAway):
            self._go_away(push)
