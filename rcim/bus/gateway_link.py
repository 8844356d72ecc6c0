"""One gateway, seen from the owner: what comes up from it is carried out, and what it asked for goes down (ReplyTo)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from rcim.actor.outcomes import WITH_ONLINE
from rcim.actor.queries import DevicesQuery, LoginQuery, PresenceQuery
from rcim.actor.workflows import CloseDevices, Login, ReadmitGuest
from rcim.base.terms import DeviceNews
from rcim.bus import messages as m
from rcim.bus.pipe import Pipe, encoded
from rcim.bus.scatter_gather import ScatterGather
from rcim.bus.session_grace import SessionGrace
from rcim.dispatch.requests import CommandRequest, Engine, Request
from rcim.rules.devices import Device
from rcim.store.answers import LoginFacts

ABOUT_DEVICES = (DevicesQuery, PresenceQuery)


class Links(Protocol):
    """All gateways together (gateway_router.py), as one link of them sees it."""

    owner: Engine
    loop: asyncio.AbstractEventLoop
    session_grace: SessionGrace
    scatter_gather: ScatterGather[GatewayLink]

    @property
    def unsettled_s(self) -> float:
        """How long it may take until all gateways have said who is there."""

    def enter(self, link: GatewayLink) -> None:
        """A gateway has said its number."""

    def leave(self, link: GatewayLink) -> None:
        """A gateway is gone."""

    def listen(self, link: GatewayLink, key: str) -> None:
        """With the message that is sent next, `link` is told of a member of `key`."""

    def nobody_in(self, link: GatewayLink, key: str, heard: int) -> None:
        """`link` had nobody in `key` when it had heard so many messages."""

    def others(self, link: GatewayLink) -> bool:
        """True if there are other gateways."""

    def user_here(self, link: GatewayLink, user_id: str) -> None:
        """The user logs in at `link`."""

    def user_gone(self, link: GatewayLink, user_id: str) -> None:
        """The user has no connection at `link` any more."""

    def watch(self, link: GatewayLink, user_ids: Sequence[str]) -> None:
        """`link` is told from now on what these users do."""

    def unwatch(self, link: GatewayLink, user_ids: Sequence[str]) -> None:
        """`link` is told no more."""

    def traced(self, link: GatewayLink, message: m.Traced) -> None:
        """The message that `link` asks for next continues a trace."""


class GatewayLink:
    """One gateway (ReplyTo). `sent` counts the messages that went down."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self.number = -1
        self.sent = 0
        self.congested: set[str] = set()
        self.parked: set[str] = set()
        """Conversations whose actors wait until the pipe has room."""
        self._held: dict[str, deque[CommandRequest]] = {}
        self.devices: dict[tuple[str, int], Device] = {}
        """Those that are logged in there, by user and connection (ID-04)."""
        self.pipe = Pipe(links.loop, m.Up, self._take, self._lost, on_room=self._room)

    def send(self, data: bytes) -> None:
        """Send an encoded message down."""
        self.sent += 1
        self.pipe.send(data)

    # -- up

    def _take(self, message: m.Up) -> None:
        _UP[type(message)](self, message)

    def _hello(self, message: m.Hello) -> None:
        self.number = message.number
        self._links.enter(self)

    def _do(self, message: m.Do) -> None:
        request = Request(message.key, message.command, self, message.number)
        held = self._held.get(message.key)
        if held is not None:
            held.append(request)
        elif not self._links.owner.submit(request):
            self._held[message.key] = deque([request])

    def mailbox_drained(self, key: str) -> None:
        """A mailbox has room again (ReplyTo): what was held for it goes in, in its order."""
        held = self._held.get(key)
        while held and self._links.owner.submit(held[0]):
            held.popleft()
        if not held:
            self._held.pop(key, None)

    def _ask(self, message: m.QueryMessage) -> None:
        if isinstance(message.query, LoginQuery):
            self._links.user_here(self, message.query.user_id)
        request = Request("", message.query, self, message.number)
        wait_s = self._links.unsettled_s if isinstance(message.query, ABOUT_DEVICES) else 0.0
        if wait_s > 0:
            self._links.loop.call_later(wait_s, self._links.owner.ask, request)
        else:
            self._links.owner.ask(request)

    def _run(self, message: m.WorkflowMessage) -> None:
        workflow = message.workflow
        if isinstance(workflow, Login | ReadmitGuest):
            self._links.user_here(self, workflow.by)
        request = Request("", workflow, self, message.number)
        wait_s = self._links.unsettled_s if isinstance(workflow, CloseDevices) else 0.0
        if wait_s > 0:
            self._links.loop.call_later(wait_s, self._links.owner.run, request)
        else:
            self._links.owner.run(request)

    def _resume(self, message: m.Resume) -> None:
        self.congested.discard(message.key)
        self._links.owner.resume(message.key)

    def _congested(self, message: m.Congested) -> None:
        self.congested.add(message.key)

    def _nobody_in(self, message: m.NobodyIn) -> None:
        self._links.nobody_in(self, message.key, message.heard)

    def _user_gone(self, message: m.UserGone) -> None:
        self._links.user_gone(self, message.user_id)

    def _device_here(self, message: m.DeviceHere) -> None:
        device = self._links.session_grace.named(self, message.user_id, message.device)
        self.devices[message.user_id, device.connection_id] = device
        if device.news is DeviceNews.KNOWN:
            self._links.owner.device_here(message.user_id, device)
            return
        kept = encoded(m.DeviceKept(message.user_id, device.connection_id))
        self._links.owner.device_here(message.user_id, device, lambda: self._say_kept(kept))

    def _say_kept(self, data: bytes) -> None:
        if not self.pipe.lost:
            self.send(data)

    def _device_gone(self, message: m.DeviceGone) -> None:
        self.devices.pop((message.user_id, message.device.connection_id), None)
        if self._links.session_grace.ended(message.user_id, message.device):
            self._links.owner.device_gone(message.user_id, message.device, message.end)

    def _watch(self, message: m.Watch) -> None:
        self._links.watch(self, message.user_ids)

    def _unwatch(self, message: m.Unwatch) -> None:
        self._links.unwatch(self, message.user_ids)

    def _looked(self, message: m.Looked) -> None:
        self._links.scatter_gather.looked(self, message.number, message.found)

    def _traced(self, message: m.Traced) -> None:
        self._links.traced(self, message)

    def _ping(self, _: m.Ping) -> None:
        self.send(encoded(m.Pong()))

    # -- down (ReplyTo)

    def answer(self, token: int, result: Any) -> None:
        """A request of this gateway has its result."""
        if self.pipe.lost:
            return
        if type(result) is LoginFacts:
            for key in result.conversations:
                self._links.listen(self, key)
        if type(result) in WITH_ONLINE and self._links.others(self):
            self._links.scatter_gather.online_beside(
                self, result.key, lambda count: self.send(encoded(m.Answered(token, result, count)))
            )
            return
        self.send(encoded(m.Answered(token, result)))

    # -- the pipe

    def _room(self) -> None:
        parked, self.parked = self.parked, set()
        for key in parked:
            self._links.owner.resume(key)

    def _lost(self) -> None:
        self._held.clear()
        self._links.leave(self)


_UP: dict[type, Callable[[GatewayLink, Any], None]] = {
    m.Hello: GatewayLink._hello,
    m.Do: GatewayLink._do,
    m.QueryMessage: GatewayLink._ask,
    m.WorkflowMessage: GatewayLink._run,
    m.Resume: GatewayLink._resume,
    m.Congested: GatewayLink._congested,
    m.NobodyIn: GatewayLink._nobody_in,
    m.UserGone: GatewayLink._user_gone,
    m.Looked: GatewayLink._looked,
    m.DeviceHere: GatewayLink._device_here,
    m.DeviceGone: GatewayLink._device_gone,
    m.Watch: GatewayLink._watch,
    m.Unwatch: GatewayLink._unwatch,
    m.Ping: GatewayLink._ping,
    m.Traced: GatewayLink._traced,
}
