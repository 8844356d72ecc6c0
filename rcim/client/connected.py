"""The SDK's connection: logging in, heartbeats, coming back with jittered waits, and requests that outlive all of it."""

from __future__ import annotations

import asyncio
import random
import ssl
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from rcim.base import clock
from rcim.base.errors import KICKED_BY_OTHER_DEVICE, LOGGED_OUT, SHUTTING_DOWN, ErrorKind, RcimError, code_of
from rcim.base.limited_log import LimitedLog
from rcim.base.terms import Platform
from rcim.base.texts import check_text
from rcim.client.backoff import Backoff
from rcim.client.link import ConnectionGone, Link, connect
from rcim.client.requests import F, Requests
from rcim.wire import frames
from rcim.wire.schema import Frame
from rcim.wire.stream import RawFrame

log = LimitedLog("rcim.client")

TIMER_S = 1.0
"""How often heartbeats and deadlines are looked at."""
STAYS_AWAY = (KICKED_BY_OTHER_DEVICE, LOGGED_OUT)
"""Why a connection was closed that is not to come back by itself (ID-04)."""
POSITIONAL = (
    frames.MessageRecall,
    frames.MessageEdit,
    frames.MessageDelete,
    frames.MessagesHide,
    frames.ConversationRead,
)
"""Requests that change something, and name it by a SEQ: after the server was restored they would mean another message."""
CONNECT_S = 10.0
"""How long a connection and login may take before the next try."""
LOGOUT_S = 2.0


class Connected(Requests):
    """See the module's text. The client says what it does when it has logged in, is back, hears a push, or gives up."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user_id: str,
        user_sig: str | Callable[[], str],
        tls: ssl.SSLContext | None,
        server_hostname: str | None,
        platform: Platform,
        device_tag: str,
        heartbeat_ms: int,
        rng: random.Random | None,
    ) -> None:
        self._host, self._port = host, port
        self._user_id = check_text("user id", user_id)
        self._user_sig = user_sig
        self._tls = tls
        self._server_hostname = server_hostname or host
        self._platform = platform
        self._device_tag = device_tag
        self._heartbeat_ms = heartbeat_ms
        self._began_ms = 0
        self._backoff = Backoff(rng or random.Random())
        self._link: Link | None = None
        self._open = asyncio.Event()
        self._lost = asyncio.Event()
        self._failure: RcimError | None = None
        self._closed = False
        self._leaving: frames.GoingAway | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self.login_ok: frames.LoginOk | None = None
        self.reconnects = 0

    @property
    def user_id(self) -> str:
        """Who is logged in; of a guest the id that the server gave it."""
        return self._user_id or (self.login_ok.user_id if self.login_ok is not None else "")

    @abstractmethod
    def _logged_in(self) -> None:
        """There is a new connection. Called before anything that has come on it."""

    @abstractmethod
    def _came_back(self) -> None:
        """It has taken the place of one that was lost."""

    @abstractmethod
    def _on_push(self, raw: RawFrame) -> None:
        """The server says something."""

    @abstractmethod
    def _gave_up(self, error: RcimError) -> None:
        """The server will never take this login."""

    # -- connecting

    async def _connect_once(self) -> None:
        sig = self._user_sig if isinstance(self._user_sig, str) else self._user_sig()
        login = frames.Login(
            user_id=self._user_id,
            user_sig=sig,
            platform=self._platform,
            device_tag=self._device_tag,
            began_ms=self._began_ms,
        )
        link = Link(login, self._tls, self._server_hostname, heartbeat_ms=self._heartbeat_ms)
        opened: asyncio.Future[frames.LoginOk] = asyncio.get_running_loop().create_future()

        def on_open(login_ok: frames.LoginOk) -> None:
            # Before anything that came with the answer is looked at: pushes, or the end of the connection.
            self._link, self.login_ok = link, login_ok
            self._began_ms = login_ok.began_ms
            self._leaving = None
            self._lost.clear()
            self._logged_in()
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
                await connect(link, self._host, self._port)
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

    def _stay_connected(self) -> None:
        """From now on a connection that is lost is followed by another."""
        self._keeper = asyncio.create_task(self._keep_connected(), name=f"rcim client {self._user_id}")

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
        leaving = self._leaving
        if leaving is not None:
            wait_ms = self._backoff.within(leaving.reconnect_after_ms, leaving.reconnect_within_ms)
        else:
            wait_ms = self._backoff.next_ms(clock.steady_ms())
        await asyncio.sleep(wait_ms / 1000)
        while True:
            try:
                await self._connect_once()
                self.reconnects += 1
                self._came_back()
                return
            except RcimError as error:
                if error.code.kind is ErrorKind.MISTAKE:
                    self._give_up(error)
                    return
            except (OSError, ssl.SSLError, TimeoutError):
                pass
            except Exception:  # of `user_sig`, which is the app's: it may be able to make one later
                log.exception("getting a UserSig failed", user=self._user_id)
            await asyncio.sleep(self._backoff.next_ms(clock.steady_ms()) / 1000)

    def _give_up(self, error: RcimError) -> None:
        """The server will never take this login: waiting requests and `messages` end with the error."""
        self._failure = error
        self._open.set()
        self._gave_up(error)

    def _spawn(self, job: Any) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _go_away(self, push: frames.GoingAway) -> None:
        """WI-07: the server wants this client elsewhere."""
        self._leaving = push
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

    async def _disconnect(self) -> None:
        """Log out and end all that is under way."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        if self._link is not None and not self._link.closed and self._open.is_set():
            try:
                async with asyncio.timeout(LOGOUT_S):
                    await self._ask(self._link, frames.Logout())
            except (RcimError, ConnectionGone, TimeoutError):
                pass
        self._closed = True
        if self._link is not None:
            self._link.close()
        self._open.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
        for an ERROR, and ConnectionGone if the connection ended first and `repeat` is off, or if the server has another
        history since and the request names messages of the one before.
        """
        belongs_to = 0
        while True:
            link = await self._live()
            now_id = self.login_ok.history_id if self.login_ok is not None else 0
            if belongs_to and belongs_to != now_id and isinstance(frame, POSITIONAL):
                raise ConnectionGone("the server was restored meanwhile: the message may be another one now")
            belongs_to = now_id
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

    @property
    def ended(self) -> RcimError | None:
        """Why the client has given up, if it has."""
        return self._failure

    @property
    def closed(self) -> bool:
        """True once it is closed."""
        return self._closed
