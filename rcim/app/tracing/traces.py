"""Traces of messages (OP-02): from the request to its reply, through mailbox and commit, to the last socket, and to the
consumers of the event.

    rcim.send      the request, from when the service has it until its reply is handed on (the first span of the trace)
    rcim.mailbox   the command waits for its actor, and is handled
    rcim.commit    from the end of the turn until the batch is durable
    rcim.deliver   in each process with members online: until all have it; `first socket` when the first ones get it
    rcim.consume   a consumer of events has the event: callbacks, push, streams, message log

Nothing imports this module while `traces.on` is false. It is put in front of the engine, follows the dispatcher
(dispatch/message_watch.py) and the fan-out, and stands around destinations of events. Everything runs in the loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from time import time_ns
from typing import Any, ParamSpec, Protocol
from weakref import WeakKeyDictionary

from rcim.actor.commands import SendBroadcast, SendMessage
from rcim.actor.events import MessagePassed, TransientPassed
from rcim.actor.outcomes import BroadcastSent, Refused, Sent
from rcim.actor.workflows import SendAs, WriteToSystem
from rcim.app.settings.all_settings import Settings
from rcim.app.settings.checks.trace_checks import headers_of
from rcim.app.tracing.trace_spans import Chooser, Span, Trace, context_of, new_span_id
from rcim.base.limited_log import LimitedLog
from rcim.base.terms import DeviceEnd, Priority
from rcim.connect.audience import Audience
from rcim.dispatch.requests import CommandRequest, Delivery, Engine, QueryRequest, ReplyTo, Request, WorkflowRequest
from rcim.dispatch.shard_state import Batch
from rcim.http.api import HttpRequest
from rcim.outbox.destination import Destination, Untaken
from rcim.rules.conversation_kinds import kind_name
from rcim.rules.devices import Device
from rcim.store.event_log import KeptEvent

OPEN_MAX = 10_000
"""Requests without a reply, and messages that continue a back end's trace, of which the oldest are forgotten."""
AUDIENCES_MAX = 1000
"""Conversations with a traced message on its way to sockets; beyond, the oldest gets no span."""
P = ParamSpec("P")
Facts = dict[str, str | int | bool]
AnySend = SendMessage | SendBroadcast | SendAs


log = LimitedLog("rcim.traces")


def harmless(call: Callable[P, None]) -> Callable[P, None]:
    """A fault in tracing is logged, and costs spans alone: messages go on."""

    @wraps(call)
    def contained(*args: P.args, **more: P.kwargs) -> None:
        try:
            call(*args, **more)
        except Exception:
            log.exception("a span can't be made")

    return contained


class Spans(Protocol):
    """Where spans go."""

    def add(self, span: Span) -> None:
        """It has ended."""

    def counted(self) -> dict[str, int]:
        """What became of spans since the start."""

    def stop(self) -> None:
        """No more come."""


class TracedRequest(Request[Any]):
    """A command that is traced, on its way to its commit."""

    __slots__ = ("arrived_ns", "begun_ns", "trace")

    def __init__(self, request: CommandRequest, trace: Trace) -> None:
        super().__init__(request.key, request.body, request.reply_to, request.token)
        self.alone, self.came_s = request.alone, request.came_s
        self.trace = trace
        self.arrived_ns = self.begun_ns = time_ns()


class MessageTraces:
    """See the module's text. `ids`: spans name the conversation and the sender."""

    def __init__(self, chooser: Chooser, spans: Spans, loop: asyncio.AbstractEventLoop, *, ids: bool = False) -> None:
        self.spans = spans
        self._chooser = chooser
        self._loop = loop
        self._ids = ids
        self._continued: OrderedDict[tuple[str, str], Trace] = OrderedDict()
        """Traces that back ends have begun, by conversation and client message id."""
        self._parents: WeakKeyDictionary[asyncio.Task[Any], str] = WeakKeyDictionary()
        """The `traceparent` of the request that a task answers."""
        self._rounds: OrderedDict[Audience, list[_Delivering]] = OrderedDict()
        self.tell: Callable[[str, str, str], None] | None = None
        """In a gateway: says to the other processes what `told` takes."""

    def of(self, key: str, client_msg_id: str) -> Trace | None:
        """The trace of the message; None if it has none."""
        if self._continued:
            found = self._continued.get((key, client_msg_id))
            if found is not None:
                return found
        return self._chooser.of(key, client_msg_id)

    def facts(self, key: str, priority: int, sender: str) -> Facts:
        """What every span of a message says."""
        found: Facts = {"rcim.conversation.kind": kind_name(key), "rcim.priority": Priority(priority).name}
        if self._ids:
            found |= {"rcim.conversation.id": key, "rcim.sender": sender}
        return found

    # -- the request

    def on_request(self, request: HttpRequest) -> None:
        """A back end has made this request, which the current task answers."""
        task = asyncio.current_task()
        assert task is not None, "a request is answered in a task"
        text = request.headers.get("traceparent", "")
        if text:
            self._parents[task] = text
        elif self._parents:
            self._parents.pop(task, None)

    def begin(self, key: str, client_msg_id: str) -> Trace | None:
        """The trace of a message that is asked for now; it continues that of the back end, if there is one."""
        if self._parents and client_msg_id:
            task = asyncio.current_task()
            trace = self._chooser.continued(self._parents.get(task, "")) if task is not None else None
            if trace is not None:
                self._continue(key, client_msg_id, trace)
                if self.tell is not None:
                    self.tell(key, client_msg_id, context_of(trace))
                return trace
        return self.of(key, client_msg_id)

    def _continue(self, key: str, client_msg_id: str, trace: Trace) -> None:
        self._continued[key, client_msg_id] = trace
        if len(self._continued) > OPEN_MAX:
            self._continued.popitem(last=False)

    # -- other processes

    @harmless
    def told(self, key: str, client_msg_id: str, context: str) -> None:
        """Another process is about to ask for this message, which continues a trace."""
        trace = self._chooser.within(context)
        if trace is not None:
            self._continue(key, client_msg_id, trace)

    # -- the dispatcher (MessageWatch)

    def arrived(self, request: CommandRequest) -> CommandRequest:
        """A command is put into its mailbox."""
        body = request.body
        if type(body) is not SendMessage and type(body) is not SendBroadcast:
            return request
        try:
            trace = self.of(request.key, body.client_msg_id)
        except Exception:
            log.exception("a message can't be traced")
            return request
        return request if trace is None else TracedRequest(request, trace)

    @harmless
    def begun(self, batch: Batch) -> None:
        """These are about to be committed."""
        for request, _ in batch:
            if type(request) is TracedRequest:
                request.begun_ns = time_ns()

    @harmless
    def durable(self, batch: Batch) -> None:
        """These are durable."""
        for request, outcome in batch:
            if type(request) is TracedRequest:
                body, trace = request.body, request.trace
                facts = self.facts(request.key, body.priority, body.by) | _result_facts(outcome.result)
                begun_ns, add = request.begun_ns, self.spans.add
                add(Span("rcim.mailbox", trace, new_span_id(), request.arrived_ns, begun_ns, facts))
                add(Span("rcim.commit", trace, new_span_id(), begun_ns, time_ns(), facts))

    # -- the fan-out (RoundWatch)

    @harmless
    def put(self, audience: Audience, messages: Sequence[Delivery]) -> None:
        """These are kept for everyone in the audience."""
        for message, priority in messages:
            trace = self.of(audience.key, message.client_msg_id)
            if trace is not None:
                facts = self.facts(audience.key, priority, message.sender)
                facts |= {
                    "rcim.seq": message.seq,
                    "rcim.message.id": str(message.message_id),
                    "rcim.connections": len(audience.members),
                }
                self._rounds.setdefault(audience, []).append(_Delivering(trace, facts))
                if len(self._rounds) > AUDIENCES_MAX:
                    self._rounds.popitem(last=False)

    @harmless
    def began(self, audience: Audience) -> None:
        """A round begins, with all that is kept."""
        if self._rounds:
            for one in self._rounds.get(audience, ()):
                one.first_ns = one.first_ns or time_ns()

    @harmless
    def ended(self, audience: Audience) -> None:
        """It has visited everyone."""
        under_way = self._rounds.get(audience) if self._rounds else None
        if under_way is None:
            return
        done = [one for one in under_way if one.first_ns]
        if len(done) == len(under_way):
            del self._rounds[audience]
        else:
            self._rounds[audience] = [one for one in under_way if not one.first_ns]
        if done:
            self._loop.call_soon(self._written, done)

    @harmless
    def _written(self, done: Sequence[_Delivering]) -> None:
        """What the round has gathered is with the sockets."""
        for one in done:
            moments = (("first socket", one.first_ns),)
            self.spans.add(Span("rcim.deliver", one.trace, new_span_id(), one.put_ns, time_ns(), one.facts, moments))


class _Delivering:
    """A message on its way to sockets."""

    __slots__ = ("facts", "first_ns", "put_ns", "trace")

    def __init__(self, trace: Trace, facts: Facts) -> None:
        self.trace = trace
        self.facts = facts
        self.put_ns = time_ns()
        self.first_ns = 0
        """When the round began that gives it to all; 0: not yet."""


def _result_facts(result: object) -> Facts:
    """What became of a send."""
    if isinstance(result, Sent):
        facts: Facts = {"rcim.seq": result.seq, "rcim.message.id": str(result.message_id)}
        if result.duplicate:
            facts["rcim.duplicate"] = True
        return facts | ({"rcim.held_back": result.held_back.name} if result.held_back else {})
    if isinstance(result, BroadcastSent):
        return {"rcim.seq": result.seq, "rcim.message.id": str(result.message_id)}
    return {}


class TracedReply:
    """Whoever asked for a message that is traced (ReplyTo): the first span ends with its answer."""

    __slots__ = ("_began_ns", "_facts", "_reply_to", "_spans", "_trace")

    def __init__(self, reply_to: ReplyTo, spans: Spans, trace: Trace, facts: Facts) -> None:
        self._reply_to = reply_to
        self._spans = spans
        self._trace = trace
        self._facts = facts
        self._began_ns = time_ns()

    def answer(self, token: int, result: Any) -> None:
        """The reply is handed on."""
        try:
            self._reply_to.answer(token, result)
        finally:
            self._end(result)

    @harmless
    def _end(self, result: Any) -> None:
        error = result.code.name if isinstance(result, Refused) else ""
        facts = self._facts | _result_facts(result) | ({"rcim.error": error} if error else {})
        trace = self._trace
        self._spans.add(Span("rcim.send", trace, trace.first, self._began_ns, time_ns(), facts, error=error))

    def mailbox_drained(self, key: str) -> None:
        """There is room again."""
        self._reply_to.mailbox_drained(key)


class TracedEngine(Engine):
    """An engine with the first spans of traces before it. A command for which there is no room comes again; its span
    begins then."""

    def __init__(self, engine: Engine, traces: MessageTraces) -> None:
        self._engine = engine
        self._traces = traces

    def submit(self, request: CommandRequest) -> bool:
        body = request.body
        if type(body) is SendMessage or type(body) is SendBroadcast:
            reply_to = self._traced(request.key, body, request.reply_to)
            if reply_to is not None:
                request = Request(request.key, body, reply_to, request.token)
        return self._engine.submit(request)

    def run(self, request: WorkflowRequest) -> None:
        body = request.body
        if isinstance(body, SendAs | WriteToSystem):
            send = body if isinstance(body, SendAs) else body.command
            reply_to = self._traced(body.key, send, request.reply_to)
            if reply_to is not None:
                request = Request(request.key, body, reply_to, request.token)
        self._engine.run(request)

    def _traced(self, key: str, body: AnySend, reply_to: ReplyTo) -> ReplyTo | None:
        """What the reply is to be given to, if the message is traced."""
        traces = self._traces
        try:
            trace = traces.begin(key, body.client_msg_id)
            if trace is None:
                return None
            facts = traces.facts(key, body.priority, body.by) | {"rcim.body.bytes": len(body.body)}
            return TracedReply(reply_to, traces.spans, trace, facts)
        except Exception:
            log.exception("a message can't be traced")
            return None

    def ask(self, request: QueryRequest) -> None:
        self._engine.ask(request)

    def resume(self, key: str) -> None:
        self._engine.resume(key)

    def nobody_in(self, key: str) -> None:
        self._engine.nobody_in(key)

    def user_gone(self, user_id: str) -> None:
        self._engine.user_gone(user_id)

    def device_here(self, user_id: str, device: Device, kept: Callable[[], None] | None = None) -> None:
        self._engine.device_here(user_id, device, kept)

    def device_gone(self, user_id: str, device: Device, end: DeviceEnd) -> None:
        self._engine.device_gone(user_id, device, end)

    def watch(self, user_ids: Sequence[str]) -> None:
        self._engine.watch(user_ids)

    def unwatch(self, user_ids: Sequence[str]) -> None:
        self._engine.unwatch(user_ids)

    def online_elsewhere(self, key: str) -> int:
        return self._engine.online_elsewhere(key)


def traces_of(settings: Settings, key: str, loop: asyncio.AbstractEventLoop, role: str) -> MessageTraces:
    """Traces of one process of the server with this signing key. Begins the thread that sends them; `spans.stop` ends
    it."""
    from rcim.app.tracing.trace_export import TraceExport

    traces = settings.traces
    spans = TraceExport(traces.endpoint, headers_of(traces.headers), role)
    return MessageTraces(Chooser(traces.share, key), spans, loop, ids=traces.ids)


class TracedDestination(Destination):
    """A destination of events with a span for each traced message that it has got."""

    def __init__(self, destination: Destination, name: str, traces: MessageTraces) -> None:
        self._destination = destination
        self._name = name
        self._traces = traces

    async def deliver(self, events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        began_ns = time_ns()
        untaken = await self._destination.deliver(events)
        left: Mapping[int, Untaken] = {id(one.event): one for one in untaken}
        for one in events:
            event = one.event
            if type(event) is MessagePassed or type(event) is TransientPassed:
                self._add(event, began_ns, left.get(id(one)))
        return untaken

    @harmless
    def _add(self, event: MessagePassed | TransientPassed, began_ns: int, untaken: Untaken | None) -> None:
        message, key = event.message, event.where.key
        trace = self._traces.of(key, message.client_msg_id)
        if trace is None or (untaken is not None and not untaken.reason):  # it has only waited for one before it
            return
        facts = self._traces.facts(key, message.priority, message.sender)
        facts |= {"rcim.seq": message.seq, "rcim.message.id": str(message.message_id), "rcim.consumer": self._name}
        error = "NOT_TAKEN" if untaken is not None else ""
        self._traces.spans.add(Span("rcim.consume", trace, new_span_id(), began_ns, time_ns(), facts, error=error))

    def forget(self, shard: int, numbers: Collection[int]) -> None:
        self._destination.forget(shard, numbers)

    def counted(self) -> dict[str, int]:
        return self._destination.counted()

    async def close(self) -> None:
        await self._destination.close()
