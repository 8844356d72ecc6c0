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
import logging
import random
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Any, Self

from rcim.base import clock
from rcim.base.errors import KICKED_BY_OTHER_DEVICE, LOGGED_OUT, SHUTTING_DOWN, ErrorKind, RcimError, code_of
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Platform, group_conversation
from rcim.client.admin import AdminRequests
from rcim.client.altering import AlteringRequests
from rcim.client.backoff import Backoff
from rcim.client.conversations import Conversation
from rcim.client.devices import DeviceRequests
from rcim.client.groups import GroupRequests
from rcim.client.inbox import PUSHES, Inbox
from rcim.client.link import ConnectionGone, Link, decode
from rcim.client.local import LocalStore
from rcim.client.members import MemberRequests
from rcim.client.model import Event, Message, Where, conversation_of, message_of
from rcim.client.outbox import Outbox, Post
from rcim.client.requests import F
from rcim.wire import frames
from rcim.wire.elements import Element
from rcim.wire.schema import Frame
from rcim.wire.stream import RawFrame

log = logging.getLogger("rcim.client")

TIMER_S = 1.0
"""How often heartbeats and deadlines are looked at."""
STAYS_AWAY = (KICKED_BY_OTHER_DEVICE, LOGGED_OUT)
"""Why a connection was closed that is not to come back by itself (ID-04)."""
CONNECT_S = 10.0
"""How long a connection and login may take before the next try."""


class Client(GroupRequests, MemberRequests, AlteringRequests, DeviceRequests, AdminRequests):
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
        self._host, self._port = host, port
        self._user_id = user_id
        self._user_sig = user_sig
        self._tls = tls
        self._server_hostname = server_hostname or host
        self._platform = platform
        self._device_tag = device_tag
        self._heartbeat_ms = heartbeat_ms
        self._began_ms = 0
        self._watched = {}
        self._backoff = Backoff(rng or random.Random())
        self._link: Link | None = None
        self._open = asyncio.Event()
        self._lost = asyncio.Event()
        self._failure: RcimError | None = None
        self._closed = False
        self._leaving_ms: int | None = None
        self._keep = store
        self._loaded = False
        self._inbox = Inbox(self, self._spawn, store)
        self._outbox = Outbox(self, self._spawn, self._inbox.stream.tell_surely, store)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self.login_ok: frames.LoginOk | None = None
        self.reconnects = 0

    @property
    def user_id(self) -> str:
        """Who is logged in; of a guest the id that the server gave it."""
        return self._user_id or (self.login_ok.user_id if self.login_ok is not None else "")

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
        self._keeper = asyncio.create_task(self._keep_connected(), name=f"rcim client {self._user_id}")
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
        self._keeper = asyncio.create_task(self._keep_connected(), name=f"rcim client {self._user_id}")

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
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        if self._link is not None and not self._link.closed and self._open.is_set():
            try:
                async with asyncio.timeout(2):
                    await self._ask(self._link, frames.Logout())
            except (RcimError, ConnectionGone, TimeoutError):
                pass
        self._closed = True
        self._shut()
        self._open.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._outbox.close()
        self._inbox.stream.close(self._failure, at_once=True)
        if self._keep is not None:
            self._keep.close()

    def _shut(self) -> None:
        if self._link is not None:
            self._link.close()

    async def _connect_once(self) -> None:
        sig = self._user_sig if isinstance(self._user_sig, str) else self._user_sig()
        login = frames.Login(self._user_id, sig, self._platform, self._device_tag, self._began_ms)
        link = Link(login, self._tls, self._server_hostname, heartbeat_ms=self._heartbeat_ms)
        opened: asyncio.Future[frames.LoginOk] = asyncio.get_running_loop().create_future()

        def on_open(login_ok: frames.LoginOk) -> None:
            # Before anything that came with the answer is looked at: pushes, or the end of the connection.
            self._link, self.login_ok = link, login_ok
            self._began_ms = login_ok.began_ms
            self._leaving_ms = None
            self._lost.clear()
            self._inbox.reconnected()
            self._open.set()
            if not opened.done():
                opened.set_result(login_ok)

        def on_closed(error: Exception | None) -> None:
            if not opened.done():
                opened.set_exception(error or ConnectionResetError("the server closed the connection"))
            self._on_closed(link, error)

        link.on_open, link.on_closed = on_open, on_closed
        link.on_push = self._on_push
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.get_running_loop().create_connection(lambda: link, self._host, self._port)
                await opened
        except BaseException:
            link.abort()
            if opened.done() and not opened.cancelled():
                opened.exception()
            raise

    def _on_closed(self, link: Link, error: Exception | None) -> None:
        if link is self._link:
            self._open.clear()
            self._lost.set()
            if isinstance(error, RcimError) and error.code in STAYS_AWAY:
                self._give_up(error)

    async def _keep_connected(self) -> None:
        """Heartbeats, and a new connection whenever one is lost."""
        while True:
            try:
                async with asyncio.timeout(TIMER_S):
                    await self._lost.wait()
            except TimeoutError:
                if self._link is not None:
                    self._link.on_timer(clock.steady_ms())
                self._backoff.reset()  # it has lived for a while
                continue
            if self._failure is not None:
                return
            await self._reconnect()

    async def _reconnect(self) -> None:
        if self._leaving_ms is not None:
            await asyncio.sleep(self._backoff.within(self._leaving_ms) / 1000)
        else:
            await asyncio.sleep(self._backoff.next_ms() / 1000)
        while True:
            try:
                await self._connect_once()
                self.reconnects += 1
                self._spawn(self._inbox.catch_up())
                self._spawn(self._tell_presence())
                return
            except RcimError as error:
                if error.code.kind is ErrorKind.MISTAKE:
                    self._give_up(error)
                    return
            except (OSError, ssl.SSLError, TimeoutError):
                pass
            except Exception:  # of `user_sig`, which is the app's: it may be able to make one later
                log.exception("no UserSig for %s", self._user_id)
            await asyncio.sleep(self._backoff.next_ms() / 1000)

    async def _tell_presence(self) -> None:
        users = await self._say_again()
        if users:
            self._inbox.told(frames.PresenceChanged(users))

    def _give_up(self, error: RcimError) -> None:
        """The server will never take this login: waiting requests and `messages` end with the error."""
        self._failure = error
        self._open.set()
        self._inbox.stream.close(error)

    def _spawn(self, job: Any) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- requests

    async def _live(self) -> Link:
        await self._open.wait()
        if self._closed:
            raise ConnectionGone("the client is closed")
        if self._failure is not None:
            raise self._failure
        assert self._link is not None
        return self._link

    @staticmethod
    async def _ask(link: Link, frame: Frame) -> Frame:
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()

        def answer(found: Frame | RcimError) -> None:
            if future.done():
                return
            if isinstance(found, RcimError):
                gone = link.closed and found.code.number == 0
                future.set_exception(ConnectionGone() if gone else found)
            else:
                future.set_result(found)

        link.request(frame, answer)
        return await future

    async def request(self, frame: Frame, reply: type[F], *, repeat: bool = True) -> F:
        """Send any request and wait for its reply.

        With `repeat` it is sent again after a reconnection; use it only for what may be done twice. Raises RcimError
        for an ERROR, and ConnectionGone if the connection ended first and `repeat` is off.
        """
        while True:
            link = await self._live()
            try:
                found = await self._ask(link, frame)
            except ConnectionGone:
                if not repeat or self._closed:
                    raise
                await self._another_than(link)
                continue
            except RcimError as error:
                if error.code is not SHUTTING_DOWN or not repeat:
                    raise
                await self._another_than(link)  # it was not done, and the next server will do it
                continue
            if not isinstance(found, reply):
                raise RcimError(code_of(0), f"{type(found).NAME} is no answer to {type(frame).NAME}")
            return found

    async def _another_than(self, link: Link) -> None:
        """Wait until there is another connection than `link`, or there will be none."""
        while self._link is link and self._failure is None and not self._closed:
            await asyncio.sleep(0.01)
            await self._open.wait()

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

    def post(self, where: Where, content: str | Sequence[Element], **more: Any) -> Post:
        """Take a message to be sent as soon as there is a connection, in the order of posting within a conversation, and
        once (MS-02); arguments as in `send`. PostedEvent says what became of it, and so does `await post.sent()`. With a
        local store it goes out after the next start if need be. Raises RcimError for a value out of bounds and
        TOO_MANY_ENTRIES, and LocalStoreError."""
        return self._outbox.post(self._send_frame(where, content, **more))

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

    @property
    def ended(self) -> RcimError | None:
        """Why the client has given up, if it has."""
        return self._failure

    @property
    def closed(self) -> bool:
        """True once it is closed."""
        return self._closed

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
            self._inbox.gone(push)
        elif isinstance(push, frames.ConversationListed | frames.ConversationFlagged):
            self._inbox.chosen(push)
        elif isinstance(push, PUSHES):
            if isinstance(push, frames.JoinDecided) and push.approved and push.user_id == self.user_id:
                self._track(push.group_id, push.newest_seq)
            self._inbox.told(push)
        elif isinstance(push, frames.GoingAway):
            self._leaving_ms = push.reconnect_within_ms
            self._host = push.host or self._host
            self._port = push.port or self._port
            self._spawn(self._leave_when_answered())

    async def _leave_when_answered(self) -> None:
        """WI-07: wait for the answers that are owed, then close."""
        link = self._link
        while link is not None and not link.closed and link.unanswered:
            await asyncio.sleep(0.02)
        if link is not None:
            link.close()
