"""What tests of a running server share: the server in this process, raw connections, waiting without sleeping."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim.app.server import Server
from rcim.app.settings import load
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, Platform, Priority
from rcim.client import Client, client_context
from rcim.client.link import decode
from rcim.session.usersig import mint
from rcim.wire import frames
from rcim.wire.elements import Text, encode_body
from rcim.wire.schema import Frame
from rcim.wire.stream import RawFrame, StreamSplitter

PATIENCE_S = 30.0
"""How long a test waits for what has to happen; it never waits for what must not."""
SDKAPPID = 1400000000


async def until(true: Callable[[], Any], what: str = "") -> None:
    """Wait until `true()` is."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, f"did not happen: {what}"
        await asyncio.sleep(0.005)


RUNNING: list[TestServer] = []
"""Servers that a test has started and not stopped; conftest stops them when the test failed."""


class TestServer:
    """A server in this process. `flags` are `section.name=value`."""

    __test__ = False

    def __init__(self, data: Path, *, tls: bool = True, flags: tuple[str, ...] = ()) -> None:
        own = (f"server.data={data}", "server.port=0", f"server.tls={tls}", "limits.drain_grace_ms=2000")
        self.settings = load(None, {}, [*own, *flags])
        self.server = Server(self.settings)
        self.tls = tls
        self._raws: list[Raw] = []
        self._up = False

    async def start(self) -> None:
        await self.server.start()
        self._up = True
        RUNNING.append(self)
        self.port = self.server.port
        self.key = self.server.data.key()

    async def stop(self) -> None:
        if not self._up:
            return
        self._up = False
        RUNNING.remove(self)
        await asyncio.gather(*(raw.close() for raw in self._raws))
        await self.server.stop()

    def sign(self, user: str) -> str:
        return mint(SDKAPPID, self.key, user, int(time.time()), 3600)

    def trust(self) -> ssl.SSLContext | None:
        return client_context(self.server.data.certificate) if self.tls else None

    def client(self, user: str, **more: Any) -> Client:
        """An SDK client, not yet connected."""
        return Client("127.0.0.1", self.port, user_id=user, user_sig=self.sign(user), tls=self.trust(), **more)

    async def raw(self) -> Raw:
        """A connection that says nothing by itself."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trust())
        self._raws.append(Raw(reader, writer))
        return self._raws[-1]

    async def member(self, user: str) -> Raw:
        """A raw connection that is logged in."""
        made = await self.raw()
        await made.login(user, self.sign(user))
        return made


class Raw:
    """Frames by hand: every byte that goes and comes is the test's."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._splitter = StreamSplitter(1 << 20)
        self._last_id = 0

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    async def take_raw(self) -> RawFrame | None:
        """The next frame; None if the server has closed."""
        while True:
            raw = self._splitter.take()
            if raw is not None:
                return raw
            async with asyncio.timeout(PATIENCE_S):
                try:
                    data = await self.reader.read(65536)
                except (ConnectionError, ssl.SSLError):
                    return None
            if not data:
                return None
            self._splitter.feed(data)

    async def take(self) -> Frame | RcimError | None:
        raw = await self.take_raw()
        return None if raw is None else decode(raw)

    async def take_of(self, kind: type[Frame]) -> Any:
        """The next frame of this kind; others are passed over."""
        while True:
            found = await self.take()
            assert found is not None, f"closed instead of {kind.NAME}"
            if isinstance(found, kind):
                return found

    async def ask(self, frame: Frame) -> Any:
        """Send a request and take its answer: the reply or an RcimError; pushes are passed over."""
        self._last_id += 1
        self.write(frame.encode(self._last_id))
        return await self.answer_to(self._last_id)

    async def answer_to(self, request_id: int) -> Any:
        while True:
            raw = await self.take_raw()
            assert raw is not None, "closed instead of an answer"
            if raw.request_id == request_id:
                return decode(raw)

    async def hello(self) -> frames.HelloOk:
        found = await self.ask(frames.Hello(1, 1, 0, [], "test"))
        assert isinstance(found, frames.HelloOk), found
        return found

    async def login(self, user: str, sig: str, platform: Platform = Platform.DESKTOP) -> frames.LoginOk:
        await self.hello()
        found = await self.ask(frames.Login(user, sig, platform, ""))
        assert isinstance(found, frames.LoginOk), found
        return found

    async def closed(self) -> bool:
        """True once the server has closed, whatever it said before."""
        while await self.take_raw() is not None:
            pass
        return True

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            pass


def create(group: str, *members: str) -> frames.GroupCreate:
    """A frame that makes a group anyone may join."""
    return frames.GroupCreate(
        group, "Public", group[:30] or "n", "", "", "", ApplyJoinOption.FREE_ACCESS, list(members)
    )


def send(group: str, name: str, text: str = "hello", priority: Priority = Priority.NORMAL) -> frames.Send:
    """A frame that sends a text."""
    return frames.Send(f"g:{group}", name, priority, encode_body([Text(text)]))
