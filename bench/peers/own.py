"""rcim itself, by the same hands: its frames over the same wires."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from rcim_bench.peers.driver import Driver, Running, peer_context
from rcim_bench.peers.receivers import PeerFailed, Wire
from rcim_bench.rig import Rig, rig

from rcim.app.processes.process import ServerFailed
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, Platform, Priority, group_conversation
from rcim.client.link import decode
from rcim.content import elements
from rcim.session.client import ClientSession, ClientState
from rcim.version import __version__
from rcim.wire import frames
from rcim.wire.schema import Frame

GROUP = "peers"
SETTINGS = ("limits.idle_ms=600000",)
"""Besides the bench's own: who only counts sends no heartbeats."""


class Own(Driver):
    """An ordinary group of ordinary members; the sender is one of them."""

    name = "rcim"
    program = "rcim"
    keeps = "each message in LMDB, fsynced (several in one commit), before the reply and before anybody gets it"
    sender_receives = True
    frame_bytes = len(frames.Deliver(group_conversation(GROUP), []).encode())

    def __init__(self) -> None:
        self._rig: Rig | None = None
        self._sessions: dict[Wire, ClientSession] = {}

    def find(self) -> str | None:
        """It is always there: the program that is running."""
        return "rcim"

    def version(self, program: str) -> str:
        """Ours."""
        return __version__

    @asynccontextmanager
    async def serve(self, program: str, tls: bool, connections: int) -> AsyncIterator[Running]:
        """As every bench starts it. Raises PeerFailed."""
        try:
            async with rig(SETTINGS, plain=not tls) as made:
                self._rig = made
                context = peer_context(made.data.certificate) if tls else None
                process = made.process
                facts = {"pinned": made.pinned}
                yield Running(process.port, process.pid, context, lambda: "" if process.running else "ended", facts)
        except ServerFailed as error:
            raise PeerFailed(f"did not start: {error}") from None
        finally:
            self._rig = None
            self._sessions.clear()

    async def join(self, wire: Wire, number: int) -> None:
        """HELLO, LOGIN, then the group: the sender makes it, the others join it. Raises PeerFailed."""
        assert self._rig is not None
        user = f"m{number:05d}"
        login = frames.Login(user, self._rig.sign(user), Platform.DESKTOP, "peers")
        session = ClientSession(login, _now_ms(), agent="rcim-peers")
        wire.write(session.data_to_send())
        while session.state is not ClientState.OPEN:
            session.receive(await wire.some(), _now_ms())
            session.next_raw()
            if session.error is not None:
                raise PeerFailed(f"refused a login: {session.error}")
            wire.write(session.data_to_send())
        if number == 0:
            self._sessions[wire] = session
            free = ApplyJoinOption.FREE_ACCESS
            await _ask(wire, session, frames.GroupCreate(GROUP, "ChatRoom", GROUP, "", "", "", free, []))
        else:
            await _ask(wire, session, frames.GroupJoin(GROUP, ""))

    def publisher(self, wire: Wire) -> Callable[[bytes], bytes]:
        """SEND with one Text element: the marker and filling are its text."""
        session, conversation, number = self._sessions[wire], group_conversation(GROUP), 0

        def publish(text: bytes) -> bytes:
            nonlocal number
            number += 1
            body = elements.encode_body([elements.Text(text.decode())])
            session.request(frames.Send(conversation, f"{number:08x}", Priority.NORMAL, body), _now_ms())
            return session.data_to_send()

        return publish


async def _ask(wire: Wire, session: ClientSession, frame: Frame) -> None:
    """Send a request and wait for its reply. Raises PeerFailed."""
    request_id = session.request(frame, _now_ms())
    wire.write(session.data_to_send())
    while True:
        while (raw := session.next_raw()) is not None:
            if raw.request_id == request_id:
                found = decode(raw)
                if isinstance(found, RcimError):
                    raise PeerFailed(f"refused {frame.NAME}: {found}")
                return
        if session.error is not None:
            raise PeerFailed(f"ended a session: {session.error}")
        session.receive(await wire.some(), _now_ms())


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
