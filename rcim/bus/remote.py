"""The gateway's end: an Owner for the hub, whose conversations are in another process.

If that process dies, connections stay. What was asked and not answered is asked again, in its order, once it is back,
where the second time changes nothing and tells nobody (actor/repeating.py). Other requests, whichever way they go, get
SERVER_ERROR: they may or may not have been carried out. If it does not come back in WAIT_S, all are refused: with
STORE_UNAVAILABLE where nothing was done, because no owner has had the request or it only reads, else with SERVER_ERROR.
When it is back, the hub asks anew who is in what, and tells clients what they may have missed (`Hub.owner_is_new`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rcim.actor.outcomes import Refused
from rcim.actor.queries import Asks
from rcim.actor.repeating import only_reads, repeatable
from rcim.actor.workflows import Workflow
from rcim.base.errors import SERVER_ERROR, STORE_UNAVAILABLE
from rcim.base.limited_log import LimitedLog
from rcim.base.limits import Limits
from rcim.base.terms import DeviceEnd
from rcim.bus import messages as m
from rcim.bus.lateness import Lateness
from rcim.bus.pipe import Pipe, encoded
from rcim.dispatch.request_ids import ids_of
from rcim.dispatch.requests import CommandRequest, DeliverySink, QueryRequest, ReplyTo, WorkflowRequest
from rcim.rules.conversation_kinds import addressed
from rcim.rules.devices import Device
from rcim.store.answers import LoginFacts

log = LimitedLog("rcim.bus")

OUTSTANDING_MAX = 16384
"""Commands under way to the owner; past it connections are not read."""
WAIT_S = 10.0
"""How long what was asked waits for an owner that is gone."""
AGAIN_S = 0.1
"""Between two tries to reach it."""
BEAT_S = 1.0
SILENT_S = 10.0
"""An owner from which nothing comes for so long is given up."""
ENDED_MAX = 10_000
"""Ends of devices that are kept for an owner that is away."""
RETRY_MS = 1000
UNKNOWN = Refused(SERVER_ERROR, "the request may or may not have been carried out", RETRY_MS)
AnyRequest = CommandRequest | QueryRequest | WorkflowRequest
AWAY = Refused(STORE_UNAVAILABLE, STORE_UNAVAILABLE.meaning, RETRY_MS)


class Gateway(DeliverySink, Protocol):
    """What the hub is for this end: a DeliverySink that can be told to ask anew."""

    def tell_owner(self) -> None: ...

    def owner_is_new(self) -> None: ...


class RemoteOwner:
    """See the module's text. `start` once, `stop` at the end."""

    def __init__(self, path: Path, number: int, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._limits = limits
        self._number = number
        self._loop = loop
        self._hub: Gateway | None = None
        self._pipe: Pipe | None = None
        self._last = 0
        self._told = 0
        """The last request that an owner was sent: it may carry it out even if it was given up meanwhile."""
        self._heard = 0
        self._commands = 0
        """Commands among what is under way. Queries and workflows wait for their users' turns, and take no room of
        others."""
        self._outstanding: dict[int, tuple[AnyRequest, m.Do | m.QueryMessage | m.WorkflowMessage]] = {}
        """Number to the request and the message that it went up with."""
        self._of_key: dict[str, int] = {}
        """Commands under way by conversation: one that waits must not take the room of all the others."""
        self._waiting: dict[str, dict[ReplyTo, None]] = {}
        """Who waits for room, by conversation."""
        self._elsewhere = 0
        self._heard_s = loop.time()
        """When an owner said something last."""
        self._ended: deque[m.DeviceGone] = deque(maxlen=ENDED_MAX)
        """Devices that are gone, for an owner that was away."""
        self._unkept: dict[tuple[str, int], Callable[[], None]] = {}
        """By user and connection what to call when the owner has kept the news of the device."""
        self.on_trace: Callable[[str, str, str], None] | None = None
        """OP-02: is told of messages that continue a trace: conversation, client message id, `traceparent`."""
        self._been_linked = False
        self._linked: asyncio.Future[None] = loop.create_future()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._lateness = Lateness(loop, BEAT_S)
        self._beat: asyncio.TimerHandle | None = None

    async def start(self, hub: Gateway) -> None:
        """Reach the owner. Raises TimeoutError if it is not there within WAIT_S."""
        self._hub = hub
        self._task = asyncio.create_task(self._reach())
        async with asyncio.timeout(WAIT_S):
            await asyncio.shield(self._linked)
        self._tick()

    def stop(self) -> None:
        """Ask nothing more."""
        self._stopping = True
        if self._beat is not None:
            self._beat.cancel()
        if self._task is not None:
            self._task.cancel()
        if self._pipe is not None:
            self._pipe.close()

    # -- Owner

    def submit(self, request: CommandRequest) -> bool:
        under_way = self._of_key.get(request.key, 0)
        if under_way >= self._limits.mailbox_max or self._commands >= OUTSTANDING_MAX:
            self._waiting.setdefault(request.key, {})[request.reply_to] = None
            return False
        self._of_key[request.key] = under_way + 1
        self._commands += 1
        self._last += 1
        message = m.Do(self._last, request.key, request.body)
        self._outstanding[self._last] = (request, message)
        self._go_up(message)
        return True

    def ask(self, request: QueryRequest) -> None:
        if not isinstance(request.body, Asks):
            raise TypeError(f"{type(request.body).__name__} is no query")
        self._last += 1
        message = m.QueryMessage(self._last, request.body)
        self._outstanding[self._last] = (request, message)
        self._go_up(message)

    def run(self, request: WorkflowRequest) -> None:
        if not isinstance(request.body, Workflow):
            raise TypeError(f"{type(request.body).__name__} is no workflow")
        self._last += 1
        message = m.WorkflowMessage(self._last, request.body)
        self._outstanding[self._last] = (request, message)
        self._go_up(message)

    def tell_trace(self, key: str, client_msg_id: str, context: str) -> None:
        """Say before its command that this message continues a trace (Traced)."""
        self._send(m.Traced(key, client_msg_id, context))

    def resume(self, key: str) -> None:
        self._send(m.Resume(key))

    def nobody_in(self, key: str) -> None:
        self._send(m.NobodyIn(key, self._heard))

    def user_gone(self, user_id: str) -> None:
        self._send(m.UserGone(user_id))

    def device_here(self, user_id: str, device: Device, kept: Callable[[], None] | None = None) -> None:
        if kept is not None:
            self._unkept[user_id, device.connection_id] = kept
        self._send(m.DeviceHere(user_id, device))

    def device_gone(self, user_id: str, device: Device, end: DeviceEnd) -> None:
        self._unkept.pop((user_id, device.connection_id), None)
        message = m.DeviceGone(user_id, device, end)
        if self.linked:
            self._send(message)
        else:
            self._ended.append(message)

    def watch(self, user_ids: Sequence[str]) -> None:
        self._send(m.Watch(list(user_ids)))

    def unwatch(self, user_ids: Sequence[str]) -> None:
        self._send(m.Unwatch(list(user_ids)))

    def online_elsewhere(self, key: str) -> int:
        return self._elsewhere

    @property
    def linked(self) -> bool:
        """True while the owner is there."""
        return self._pipe is not None and not self._pipe.lost

    def _go_up(self, message: m.Do | m.QueryMessage | m.WorkflowMessage) -> None:
        if self.linked:
            self._told = self._last
            self._send(message)

    def _send(self, message: Any) -> None:
        pipe = self._pipe
        if pipe is not None and not pipe.lost:
            pipe.send(encoded(message))

    # -- what comes down

    def _take(self, message: m.Down) -> None:
        self._heard += 1
        self._heard_s = self._loop.time()
        _DOWN[type(message)](self, message)

    def _answered(self, message: m.Answered) -> None:
        request = self._over(message.number)
        if request is None:
            return
        result = message.result
        self._elsewhere = message.elsewhere
        try:
            request.reply_to.answer(request.token, result)
        finally:
            self._elsewhere = 0
            if type(result) is LoginFacts:
                for key in result.conversations:
                    self._unless_anybody(key)
            self._wake()

    def _device_kept(self, message: m.DeviceKept) -> None:
        kept = self._unkept.pop((message.user_id, message.connection_id), None)
        if kept is not None:
            kept()

    def _over(self, number: int) -> AnyRequest | None:
        """A request that is answered, or given up, counts no longer."""
        found = self._outstanding.pop(number, None)
        if found is None:
            return None
        request, message = found
        if type(message) is m.Do:
            self._commands -= 1
            left = self._of_key[request.key] = self._of_key[request.key] - 1
            if not left:
                del self._of_key[request.key]
        return request

    def _wake(self) -> None:
        if not self._waiting or self._commands > OUTSTANDING_MAX // 2:
            return
        for key in [key for key in self._waiting if self._of_key.get(key, 0) <= self._limits.mailbox_max // 2]:
            for reply_to in self._waiting.pop(key):
                try:
                    reply_to.mailbox_drained(key)
                except Exception:  # it is this one's; the others go on
                    log.exception("waking a sender failed", conversation=key)

    def _unless_anybody(self, key: str) -> None:
        """The owner takes it that somebody here is in `key`: say so if that is not the case."""
        assert self._hub is not None
        if not self._hub.listening(key):
            self.nobody_in(key)

    def _deliver(self, message: m.Deliver) -> None:
        hub = self._hub
        assert hub is not None
        hub.deliver(message.key, message.messages)
        if hub.congested(message.key):
            self._send(m.Congested(addressed(message.key)))

    def _members_added(self, message: m.MembersAdded) -> None:
        assert self._hub is not None
        self._hub.members_added(message.key, message.user_ids)
        self._unless_anybody(message.key)

    def _member_gone(self, message: m.MemberGone) -> None:
        assert self._hub is not None
        self._hub.member_gone(message.key, message.user_id, message.reason, message.operator, message.text)

    def _member_silenced(self, message: m.MemberSilenced) -> None:
        assert self._hub is not None
        self._hub.member_silenced(message.key, message.user_id, message.silent)
        self._unless_anybody(message.key)

    def _announce(self, message: m.Announce) -> None:
        assert self._hub is not None
        self._hub.announce(message.key, message.change)

    def _tell(self, message: m.NotifyMessage) -> None:
        assert self._hub is not None
        self._hub.tell(message.key, message.user_ids, message.notice)

    def _user_logged_out(self, message: m.UserLoggedOut) -> None:
        assert self._hub is not None
        self._hub.user_logged_out(message.user_id)

    def _close_devices(self, message: m.CloseDevices) -> None:
        assert self._hub is not None
        self._hub.close_devices(message.user_id, message.connections, message.code, message.text)

    def _presence(self, message: m.Presence) -> None:
        assert self._hub is not None
        self._hub.presence(message.row)

    def _presence_barred(self, message: m.PresenceBarred) -> None:
        assert self._hub is not None
        self._hub.presence_barred(message.user_id, message.others)

    def _conversation_gone(self, message: m.ConversationGone) -> None:
        assert self._hub is not None
        self._hub.conversation_gone(message.key, message.silently, message.reason)

    def _user_profile_changed(self, message: m.UserProfileChanged) -> None:
        assert self._hub is not None
        self._hub.user_profile_changed(message.user_id, message.nickname, message.face_url, message.fields)

    def _labels_changed(self, message: m.LabelsChanged) -> None:
        assert self._hub is not None
        self._hub.labels_changed(message.user_id, message.labels)

    def _look_at(self, message: m.LookAt) -> None:
        assert self._hub is not None
        self._hub.look(message.query, lambda found: self._send(m.Looked(message.number, found)))

    def _traced(self, message: m.TracedBelow) -> None:
        if self.on_trace is not None:
            self.on_trace(message.key, message.client_msg_id, message.context)

    def _pong(self, _: m.Pong) -> None:
        """The pipe has noted that something came."""

    # -- losing and finding the owner

    async def _reach(self) -> None:
        while not self._stopping:
            lost = asyncio.Event()
            pipe = Pipe(self._loop, m.Down, self._take, lost.set)
            try:
                await self._loop.create_unix_connection(partial(_same, pipe), str(self._path))
                self._pipe = pipe
                self._begin()
                await lost.wait()
                self._lost()
            except OSError:
                pass
            except Exception:  # whatever it is: a gateway without an owner is of no use to anybody
                log.exception("connecting to the owner failed")
                pipe.close()
            await asyncio.sleep(AGAIN_S)

    def _begin(self) -> None:
        """The owner is there: say who we are, and ask again what has no answer."""
        self._heard = 0
        self._send(m.Hello(self._number))
        assert self._hub is not None
        self._hub.tell_owner()
        while self._ended:
            self._send(self._ended.popleft())
        for _, message in self._outstanding.values():
            self._send(message)
        self._told = self._last
        if not self._linked.done():
            self._linked.set_result(None)
        if self._been_linked:
            self._hub.owner_is_new()
        self._been_linked = True

    def _lost(self) -> None:
        if self._stopping:
            return
        log.error("the owner of the conversations is gone", requests_waiting=len(self._outstanding))
        self._refuse_all(lambda request: not repeatable(request.body))

    def _refuse_all(self, which: Callable[[AnyRequest], bool]) -> None:
        chosen = [number for number, (request, _) in self._outstanding.items() if which(request)]
        for number in chosen:
            request = self._over(number)
            assert request is not None
            nothing_done = number > self._told or only_reads(request.body)
            try:
                request.refuse(AWAY if nothing_done else UNKNOWN)
            except Exception:
                log.exception("giving out an answer failed", **ids_of(request))
        self._wake()

    def _tick(self) -> None:
        self._beat = self._loop.call_later(BEAT_S, self._tick)
        self._send(m.Ping())
        pipe, now = self._pipe, self._loop.time()
        late_s = self._lateness.came()
        self._heard_s += late_s
        if pipe is not None:
            pipe.heard_s += late_s
        if pipe is not None and not pipe.lost and now - pipe.heard_s > SILENT_S:
            log.error("the owner of the conversations has been silent for too long and is given up", seconds=SILENT_S)
            pipe.close()
        # An owner that takes the connection and says nothing is as good as none.
        if now - self._heard_s > WAIT_S and self._outstanding:
            self._refuse_all(lambda request: True)


def _same(pipe: Pipe) -> Pipe:
    """What makes the protocol of a connection: the one that there is."""
    return pipe


_DOWN: dict[type, Callable[[RemoteOwner, Any], None]] = {
    m.Answered: RemoteOwner._answered,
    m.Deliver: RemoteOwner._deliver,
    m.MembersAdded: RemoteOwner._members_added,
    m.MemberGone: RemoteOwner._member_gone,
    m.ConversationGone: RemoteOwner._conversation_gone,
    m.UserProfileChanged: RemoteOwner._user_profile_changed,
    m.LabelsChanged: RemoteOwner._labels_changed,
    m.LookAt: RemoteOwner._look_at,
    m.Pong: RemoteOwner._pong,
    m.MemberSilenced: RemoteOwner._member_silenced,
    m.Announce: RemoteOwner._announce,
    m.NotifyMessage: RemoteOwner._tell,
    m.UserLoggedOut: RemoteOwner._user_logged_out,
    m.CloseDevices: RemoteOwner._close_devices,
    m.Presence: RemoteOwner._presence,
    m.PresenceBarred: RemoteOwner._presence_barred,
    m.DeviceKept: RemoteOwner._device_kept,
    m.TracedBelow: RemoteOwner._traced,
}
