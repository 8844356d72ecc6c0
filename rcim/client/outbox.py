"""The SDK's outbox: messages that are sent as soon as there is a connection, in their order and each once (MS-02).

1. Of one conversation one message is on its way at a time: what is refused or lost does not let a later one pass it.
2. It keeps its client message id over all tries. The server knows an id again for some minutes; before a later try the
   outbox looks in history whether the message is there.
3. With a local store it goes on after the next start.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, TypeVar

from rcim.base import clock
from rcim.base.errors import TOO_MANY_ENTRIES, ErrorKind, RcimError
from rcim.client.events import PostedEvent
from rcim.client.link import ConnectionGone
from rcim.client.local import LocalStore, LocalStoreError
from rcim.client.model import SendResult, peer_of
from rcim.client.stream import Spawn
from rcim.wire import frames
from rcim.wire.schema import Frame

POSTS_MAX = 1000
KNOWN_SHARE = 0.9
"""Of the time in which the server knows an id again; the rest is left for clocks and ways."""
AGAIN_S = 1.0
HOUR_MS = 3_600_000
"""How far a device's clock may be wrong where a message is looked for that was tried long ago."""

F = TypeVar("F", bound=Frame)


class Asker(Protocol):
    """What the outbox needs of the client."""

    async def request(self, frame: Frame, reply: type[F], *, repeat: bool = True) -> F: ...

    async def known_ms(self) -> int:
        """Wait until there is a connection; how long its server knows a client message id again. Raises as request."""

    @property
    def user_id(self) -> str: ...

    @property
    def ended(self) -> RcimError | None:
        """Why nothing can be asked any more, if the server will not take this user's login again."""

    @property
    def closed(self) -> bool:
        """True once the app has closed it."""


class Post:
    """A message in the outbox. `sent` waits for what becomes of it."""

    def __init__(self, frame: frames.Send, number: int = 0, tried_ms: int = 0) -> None:
        self.frame = frame
        self.number = number
        self.tried_ms = tried_ms
        """When it was tried first, milliseconds since 1970; 0: not yet."""
        self._result: asyncio.Future[SendResult] = asyncio.get_running_loop().create_future()

    @property
    def conversation(self) -> str:
        """Where it goes."""
        return self.frame.conversation

    @property
    def client_msg_id(self) -> str:
        """By which it is known again in the stream."""
        return self.frame.client_msg_id

    async def sent(self) -> SendResult:
        """Wait until the server has it. Raises RcimError if it will not take it, and ConnectionGone or LocalStoreError if
        this client will not send it."""
        return await asyncio.shield(self._result)

    def settle(self, result: SendResult | Exception) -> None:
        """It is sent, or will not be by this client."""
        if self._result.done():
            return
        if isinstance(result, Exception):
            self._result.set_exception(result)
            self._result.exception()  # who does not wait for it need not hear of it: there is an event
        else:
            self._result.set_result(result)


class Outbox:
    """See the module's text. `tell` gives the app an event."""

    def __init__(
        self, asker: Asker, spawn: Spawn, tell: Callable[[PostedEvent], None], keep: LocalStore | None = None
    ) -> None:
        self._asker = asker
        self._spawn = spawn
        self._tell = tell
        self._keep = keep
        self._waiting: dict[str, deque[Post]] = {}

    def load(self) -> None:
        """Go on with what was not sent before this start."""
        if self._keep is not None:
            for number, body, tried_ms in self._keep.posts():
                self._add(Post(frames.Send.decode(body), number, tried_ms))

    def post(self, frame: frames.Send) -> Post:
        """Take a message to be sent. Raises RcimError: of a value out of its bounds, or TOO_MANY_ENTRIES."""
        body = frames.Send.encode_struct(frame)
        if sum(map(len, self._waiting.values())) >= POSTS_MAX:
            raise RcimError(TOO_MANY_ENTRIES, f"at most {POSTS_MAX} messages wait to be sent")
        post = Post(frame)
        if self._keep is not None:
            post.number = self._keep.post(body)
        if self._asker.closed or self._asker.ended is not None:
            post.settle(self._asker.ended or ConnectionGone("the client is closed"))
        else:
            self._add(post)
        return post

    def _add(self, post: Post) -> None:
        waiting = self._waiting.get(post.conversation)
        if waiting is not None:
            waiting.append(post)
            return
        self._waiting[post.conversation] = deque([post])
        self._spawn(self._send_all(post.conversation))

    @property
    def posts(self) -> list[Post]:
        """What is not sent yet, by conversation, in its order."""
        return [post for waiting in self._waiting.values() for post in waiting]

    async def _send_all(self, key: str) -> None:
        """One after the other, until there is none."""
        waiting = self._waiting[key]
        while waiting:
            post = waiting[0]
            try:
                result: SendResult | RcimError = await self._try(post)
            except (ConnectionGone, LocalStoreError) as error:
                self._leave(key, error)
                return
            except RcimError as error:
                if self._asker.ended is not None:
                    self._leave(key, error)
                    return
                if error.code.kind in (ErrorKind.OVERLOAD, ErrorKind.FAULT):
                    await asyncio.sleep(max(AGAIN_S, error.retry_after_ms / 1000))
                    continue
                result = error
            waiting.popleft()
            if self._keep is not None:
                self._keep.posted(post.number)
            post.settle(result)
            refused = result if isinstance(result, RcimError) else None
            sent = result if isinstance(result, SendResult) else None
            self._tell(
                PostedEvent(
                    conversation=key,
                    client_msg_id=post.client_msg_id,
                    result=sent,
                    error=refused,
                    peer=peer_of(key, self._asker.user_id),
                )
            )
        del self._waiting[key]

    def _leave(self, key: str, error: Exception) -> None:
        """What is not sent by this client; in the store it stays for the next start."""
        for post in self._waiting.pop(key, ()):
            post.settle(error)

    def close(self) -> None:
        """Nothing is sent any more."""
        for key in list(self._waiting):
            self._leave(key, ConnectionGone("the client is closed"))

    async def _try(self, post: Post) -> SendResult:
        """Send it, over as many connections as it takes. Raises RcimError, or ConnectionGone if there will be none."""
        while True:
            known_ms = await self._asker.known_ms()  # and until there is a connection
            now_ms = clock.wall_ms()
            if post.tried_ms and now_ms - post.tried_ms > known_ms * KNOWN_SHARE:
                found = await self._find(post)
                if found is not None:
                    return found
                post.tried_ms = 0  # it is not there: it begins anew
            if not post.tried_ms:
                post.tried_ms = now_ms
                if self._keep is not None:
                    self._keep.tried(post.number, now_ms)
                    if self._keep.failed:  # the next start would take it for one that was never tried
                        raise LocalStoreError("the local store has failed: what is in it is not sent")
            try:
                ok = await self._asker.request(post.frame, frames.SendOk, repeat=False)
                return SendResult(
                    seq=ok.seq,
                    time_ms=ok.time_ms,
                    message_id=ok.message_id,
                    duplicate=ok.duplicate,
                    held_back=ok.held_back,
                )
            except ConnectionGone:
                if self._asker.closed:
                    raise

    async def _find(self, post: Post) -> SendResult | None:
        """The message in history, if an earlier try has come through. Raises RcimError."""
        frame, cursor = post.frame, b""
        sender = frame.as_user or self._asker.user_id
        since_ms = max(1, post.tried_ms - HOUR_MS)
        while True:
            asked = frames.Search(
                words="", cursor=cursor, limit=0, conversation=post.conversation, sender=sender, from_time_ms=since_ms
            )
            page = await self._asker.request(asked, frames.SearchOk)
            for row in page.found:
                item = row.messages[0]
                if item.client_msg_id == frame.client_msg_id:
                    return SendResult(item.seq, item.time_ms, item.message_id, True)
            cursor = page.cursor
            if not cursor:
                return None
