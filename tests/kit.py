"""What tests of a running server share: the server in this process, raw connections, waiting without sleeping."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rcim.actor.app_config import AppConfig
from rcim.actor.app_state import AppState
from rcim.actor.records import Record
from rcim.actor.unstored_ids import UnstoredIds
from rcim.app.monitoring.process_figures import process_figures
from rcim.app.processes.server import Server
from rcim.app.settings.all_settings import NO_RATES
from rcim.app.settings.sources import load
from rcim.app.wiring.nodes import ConversationNode, GatewayNode
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.limits import DEFAULTS, Limits
from rcim.base.meters import Meters
from rcim.base.terms import ApplyJoinOption, Platform, Priority
from rcim.bus.gateway_router import GatewayRouter
from rcim.bus.remote import RemoteOwner
from rcim.client import Client, client_context
from rcim.client.link import decode
from rcim.connect.hub import Hub
from rcim.content.elements import Text, encode_body
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.conversation_kinds import GROUP
from rcim.rules.group_types import GroupType
from rcim.rules.policies import RATES
from rcim.rules.type_table import TypeTable
from rcim.session.usersig import mint
from rcim.store.backend import Backend
from rcim.store.filling import Filling
from rcim.store.store import Store
from rcim.wire import frames
from rcim.wire.schema import Frame
from rcim.wire.stream import RawFrame, StreamSplitter

PATIENCE_S = 60.0
"""How long a test waits for what has to happen; it never waits for what must not. It only guards against hanging: no test
takes so long, on the slowest machine either."""
SDKAPPID = 1400000000


async def until(true: Callable[[], Any], what: str = "") -> None:
    """Wait until `true()` is."""
    end = time.monotonic() + PATIENCE_S
    pause_s = 0.0
    while not true():
        assert time.monotonic() < end, f"did not happen: {what}"
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s + 0.0002, 0.005)


def travel(patch: pytest.MonkeyPatch, wall_ms: int) -> None:
    """It is `wall_ms` now, and stays so: both clocks have gone on since, or are taken back."""
    moved_ms, elapsed_ms = wall_ms - clock.wall_ms(), clock.elapsed_ms()
    patch.setattr(clock, "wall_ms", lambda: wall_ms)
    patch.setattr(clock, "elapsed_ms", lambda: elapsed_ms + moved_ms)


class SteadyClock:
    """Steady time that stands still until a test moves it: no window of a rate ends, and no room comes, by itself. What
    is timed by the loop goes on."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ms = clock.steady_ms()
        patch.setattr(clock, "steady_ms", lambda: self.ms)


RUNNING: list[TestServer] = []
"""Servers that a test has started and not stopped; conftest stops them when the test failed."""


UNLIMITED = {name: replace(row, **dict.fromkeys(RATES, 0)) for name, row in BUILT_IN.items()}
"""The built-in types without frequency control: most tests are of something else, and send as fast as they can."""
GROUP_TYPES = {name: row for name, row in UNLIMITED.items() if row.kind == GROUP.name}
"""Those of them whose groups have an id that is chosen."""


class TestServer:
    """A server in this process. `flags` are `section.name=value`; `limited`: with limits of rates, which most
    tests would run into (LI-01, section 6)."""

    __test__ = False

    def __init__(self, data: Path, *, tls: bool = True, flags: tuple[str, ...] = (), limited: bool = False) -> None:
        self.settings = load(None, {}, [*self.own_flags(data, tls=tls, limited=limited), *flags])
        self.server = Server(self.settings)
        self.tls = tls
        self._raws: list[Raw] = []
        self._up = False

    @staticmethod
    def own_flags(data: Path, *, tls: bool, limited: bool) -> tuple[str, ...]:
        """What every server of the tests is set to."""
        own = (f"server.data={data}", "server.port=0", f"server.tls={tls}", "limits.drain_grace_ms=2000")
        own += ("http.port=0", f"http.tls={tls}", "limits.drain_return_ms=0", "limits.presence_gather_ms=50")
        return own if limited else (*own, *NO_RATES)

    async def start(self) -> None:
        await self.server.start()
        self._up = True
        RUNNING.append(self)
        self.port = self.server.port
        self.http_port = self.server.http_port
        self.key = self.server.data.key()

    async def stop(self) -> None:
        if not self._up:
            return
        self._up = False
        RUNNING.remove(self)
        await asyncio.gather(*(raw.close() for raw in self._raws))
        await self.server.stop()

    @property
    def hubs(self) -> list[Hub]:
        """Who holds the connections."""
        return [self.server.hub]

    async def drain(self) -> None:
        """Stop in order, as at SIGTERM; `stop` is still to be called."""
        stopped = self.server.stop
        self.server.stop = _done  # type: ignore[method-assign]
        await stopped()

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

    async def member_anew(self, user: str) -> Raw:
        """As `member`, after the user's UserSigs were invalidated: those of the next second are good (ID-09)."""
        from_s = int(time.time()) + 1
        await until(lambda: time.time() >= from_s, "the second is over")
        made = await self.raw()
        await made.login(user, mint(SDKAPPID, self.key, user, from_s, 3600))
        return made


async def _done() -> None:
    """It has been stopped already."""


class TestCluster(TestServer):
    """The owner of the conversations and two gateways, in this process, with the bus between them. Connections go to the
    gateways in turn, or to the one that `at` says."""

    def __init__(self, data: Path, *, tls: bool = False, flags: tuple[str, ...] = (), limited: bool = False) -> None:
        super().__init__(data, tls=tls, flags=flags, limited=limited)
        self._bus = Path(tempfile.mkdtemp(prefix="rcim-test-"))
        self.back: ConversationNode | None = None
        self.gateways: list[tuple[GatewayNode, RemoteOwner]] = []
        self.at: int | None = None
        self._turn = 0

    async def start(self) -> None:
        await self.start_owner()
        for number in (1, 2):
            await self._start_gateway(number)
        self._up = True
        RUNNING.append(self)
        self.key = self.server.data.key()

    async def start_owner(self) -> None:
        """A new owner where there was one."""
        loop = asyncio.get_running_loop()
        meters = Meters("owner", on=self.settings.metrics.on)
        self.back = ConversationNode(self.settings, meters)
        self.back.open(loop)
        meters.add(process_figures(meters))
        self.links = GatewayRouter(self.back.dispatcher, loop, meters, gateways=2)
        self.back.start(self.links)
        await self.links.listen_at(self._bus / "owner")

    def kill_owner(self) -> None:
        """It is gone with all that it had not committed; what was under way to it is lost."""
        assert self.back is not None
        self.links.stop()
        self.back.close()
        self.back = None

    async def _start_gateway(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        meters = Meters(f"gateway {number}", on=self.settings.metrics.on)
        meters.add(process_figures(meters))
        front = GatewayNode(self.settings, self.server.data, number, meters)
        remote = RemoteOwner(self._bus / "owner", number, self.settings.limits, loop)
        service = front.make_service(remote, loop)
        service.start()
        await remote.start(service.hub.deliveries)
        await front.listen(front.tls(), 0)
        await front.listen_http(front.tls(), 0)
        self.gateways.append((front, remote))

    @property
    def port(self) -> int:
        """The port of the gateway whose turn it is."""
        self._turn += 1
        front, _ = self.gateways[self.at if self.at is not None else self._turn % len(self.gateways)]
        return front.port

    @port.setter
    def port(self, _: int) -> None:
        """It is the gateways'."""

    @property
    def hubs(self) -> list[Hub]:
        return [front.service.hub for front, _ in self.gateways]

    async def drain(self) -> None:
        await asyncio.gather(*(self.stop_gateway(0, now=False) for _ in list(self.gateways)))

    async def stop_gateway(self, number: int, *, now: bool = True) -> None:
        """A gateway goes, with its connections; `now`: without waiting for them."""
        front, remote = self.gateways.pop(number)
        if now:
            front.stop_now.set()
        await front.stop()
        remote.stop()
        front.service.hub.stop()

    async def stop(self) -> None:
        if not self._up:
            return
        self._up = False
        RUNNING.remove(self)
        await asyncio.gather(*(raw.close() for raw in self._raws))
        if self.back is None:
            await self.start_owner()
        for front, remote in self.gateways:
            await front.stop()
            remote.stop()
            front.service.hub.stop()
        assert self.back is not None
        await self.back.end()
        self.kill_owner()
        await asyncio.sleep(0)
        shutil.rmtree(self._bus)


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

    async def login(self, user: str, sig: str, platform: Platform = Platform.SERVER) -> frames.LoginOk:
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


def fall_silent(server: TestServer) -> None:
    """All connections of users have said nothing for as long as they may, and a little longer."""
    for hub in server.hubs:
        for one in hub.table:
            session = one.session
            session._heard_ms = clock.steady_ms() - hub.limits.silence_ms_max - 1
            hub.table.wheel.set(one, one.deadline_ms)


def app_state(types: Mapping[str, GroupType] = UNLIMITED, limits: Limits = DEFAULTS, **more: Any) -> AppState:
    """What actors share, in tests of actors."""
    return AppState(AppConfig(TypeTable(types), limits), UnstoredIds(1), wall_ms=lambda: clock.wall_ms(), **more)


def create(group: str, *members: str) -> frames.GroupCreate:
    """A frame that makes a group anyone may join."""
    return frames.GroupCreate(
        group, "ChatRoom", group[:30] or "n", "", "", "", ApplyJoinOption.FREE_ACCESS, list(members)
    )


def send(group: str, name: str, text: str = "hello", priority: Priority = Priority.NORMAL) -> frames.Send:
    """A frame that sends a text."""
    return frames.Send(f"g:{group}", name, priority, encode_body([Text(text)]))


class FilledStore:
    """A store, and a way to append to it without counting positions by hand."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.store = Store(backend, DEFAULTS)

    def append(self, *records: Record) -> None:
        """One batch. Raises StoreError."""
        filling = Filling(self.store)
        for record in records:
            filling.put(record.key, record)
        filling.commit()
