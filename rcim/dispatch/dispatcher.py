"""The dispatcher: commands into mailboxes, actors in turn, one group commit for all of them, then what follows.

1. A turn takes commands from the ready mailboxes, round robin, up to `batch_max`, and lets the actors handle them. A
   mailbox whose actor, or rows of members that its first command needs, are being loaded is passed over.
2. Their records go to the committer as one batch (committing.py).
3. When the batch is durable, and not before, replies and effects of the turn are given out, in order.
4. What fails, the whole batch or a shard of it, takes with it every actor that had a record there: it is thrown away,
   and loaded again at its next command. Nothing of it is left, and everyone is told (STORE_UNAVAILABLE), but for those
   who only were in it together with others for whom there was no room (apart.py): they are handled again, each in a
   batch of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

from rcim.actor.app_config import AppConfig
from rcim.actor.app_state import AppState
from rcim.actor.commands import GiveNotice, SendMessage
from rcim.actor.events import EventKind, SessionChanged
from rcim.actor.outcomes import Outcome
from rcim.actor.queries import Asks, Look, MarksQuery, MembersQuery, MessagesQuery, PresenceQuery
from rcim.actor.user import user_key
from rcim.actor.workflows import Workflow
from rcim.base import metrics
from rcim.base.ids import SHARDS, is_guest, shard_of
from rcim.base.limited_log import LimitedLog
from rcim.base.meters import Meters
from rcim.base.terms import DeviceEnd, Presence
from rcim.dispatch.absence_watch import AbsenceWatch
from rcim.dispatch.actor_registry import ActorRegistry
from rcim.dispatch.back_end_pace import BackEndPace
from rcim.dispatch.closing import Closing
from rcim.dispatch.commit_times import CommitTimes
from rcim.dispatch.committing import Committer
from rcim.dispatch.counters import Counters
from rcim.dispatch.delegates import Delegates
from rcim.dispatch.effect_runner import EffectRunner
from rcim.dispatch.event_trimming import EventTrimming
from rcim.dispatch.handling import Handling
from rcim.dispatch.housekeeping import Housekeeping
from rcim.dispatch.live_queries import LiveQueries
from rcim.dispatch.loading import Loader
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.message_watch import MessageWatch
from rcim.dispatch.metrics_gathering import MetricsGathering
from rcim.dispatch.owner_figures import owner_figures
from rcim.dispatch.pending_requests import AskApp, PendingRequests, nobody_to_ask
from rcim.dispatch.query_enrichment import QueryEnrichment
from rcim.dispatch.query_router import QueryRouter
from rcim.dispatch.reader import Reader
from rcim.dispatch.releasing import Releaser
from rcim.dispatch.request_ids import ids_of
from rcim.dispatch.requests import CommandRequest, DeliverySink, QueryRequest, Request, WorkflowRequest
from rcim.dispatch.retention import Retention
from rcim.dispatch.row_loading import RowLoader
from rcim.dispatch.session_registry import SessionRegistry
from rcim.dispatch.shard_state import Batch
from rcim.dispatch.timers import Timers
from rcim.dispatch.trusted_time import TrustedTime
from rcim.dispatch.worker import Worker
from rcim.dispatch.workflows.context import WorkflowContext
from rcim.dispatch.workflows.runner import WorkflowRunner
from rcim.flow.buckets import WorkBudget
from rcim.rules.conversation_kinds import open_address
from rcim.rules.devices import Device
from rcim.store.shard_log import ShardLog
from rcim.store.store import Store

log = LimitedLog("rcim.dispatch")

SWEEP_PER_IDLE = 4
"""The sweep for idle actors runs so many times in `actor_idle_ms`."""
QUERY_BURST_S = 2.0
"""A user's queries may take as much time at once as they may in so many seconds."""


class Dispatcher:
    """Owns the actors. All methods are called from the loop's thread; `stop` once, at the end."""

    def __init__(
        self,
        store: Store,
        app_state: AppState,
        loop: asyncio.AbstractEventLoop,
        *,
        shard_log: ShardLog | None = None,
        meters: Meters | None = None,
    ) -> None:
        """`shard_log`: where the records go, if not to `store`, their view. `meters` measures what is done here."""
        meters = meters if meters is not None else Meters()
        self._store = store
        self._app_state = app_state
        self._limits = app_state.config.limits
        self._loop = loop
        self._sink: DeliverySink | None = None
        self._effects: EffectRunner | None = None
        self.time = TrustedTime(store.newest_ms(), app_state.config.limits)
        self._enrichment = QueryEnrichment(app_state, self.time)
        self._enrichment.settle(store.load_app())
        self._measures = meters.on
        self._turn_times = meters.histogram(metrics.TURN)
        self.writing, self.reading, self._loading = _threads(loop, meters)
        self._sessions = SessionRegistry(app_state.config.slots)
        self._timers = Timers(loop)
        self._query_budget = WorkBudget(self._limits.query_ms_per_s, QUERY_BURST_S)
        self._reader = Reader(
            store=store,
            worker=self.reading,
            loading=self._loading,
            complete=self._completed,
            budget=self._query_budget,
            later=self._timers.later,
            soon=loop.call_soon,
        )
        self._ready: deque[Mailbox] = deque()
        loader = Loader(store, app_state)
        self._registry = ActorRegistry(
            loop=loop, reader=self._reader, loader=loader, limits=self._limits, queue=self, time=self.time
        )
        self._mailboxes = self._registry.mailboxes
        self._turn_due = False
        self._watch: MessageWatch | None = None
        self._counted: Callable[[], dict[str, int]] = dict
        self._pending = PendingRequests(loop, self.add, self._registry.has)
        self._releaser = Releaser(app_state, self._registry, self._pending, self)
        self._committer = Committer(
            log=shard_log or store, worker=self.writing, loop=loop, later=self._timers.later, releases=self._releaser
        )
        self._committer.times = CommitTimes.of(meters)
        self.counters = Counters(self._committer)
        self._rows = RowLoader(self._reader, loader, self._registry, self._pending, self)
        self._handling = Handling(app_state, self._pending, self._committer, self.counters, self._rows)
        self._back_end = BackEndPace(self._limits, loop, self._put)
        self.metrics = MetricsGathering(loop, meters)
        self._live = LiveQueries(loop, self._registry, self.look, self.time.now_ms, app_state.open_channels, meters)
        self._router = QueryRouter(self, self._reader, self._enrichment, self._sessions, self.metrics, self._live)
        meters.add(lambda: owner_figures(self, app_state.figures))
        context = WorkflowContext(self, self._registry, self._sessions, app_state, self._pending, loop)
        self._workflows = WorkflowRunner(context)
        self.delegates = Delegates(self._router, context)
        self._absences = AbsenceWatch(app_state, self._registry, self.run, loop)
        app_state.rooms.is_online = self._sessions.is_here
        self._sessions.on_first, self._sessions.on_last = self._absences.here, self._absences.gone
        self.housekeeping = Housekeeping(self, app_state, self.time)
        later = self._timers.later
        self._retention = Retention(
            store=store, writer=self.writing, app_state=app_state, time=self.time, later=later
        )

    def start(
        self,
        sink: DeliverySink,
        ask_app: AskApp | None = None,
        counted: Callable[[], dict[str, int]] = dict,
    ) -> None:
        """Begin to work; deliveries go to `sink`, what the app is to be asked (CB-03) to `ask_app`. `counted` says what
        was asked and told."""
        self._counted = counted
        self._sink = self._router.sink = self._sessions.sink = self.metrics.sink = sink
        self.want_events(self._app_state.wanted_events)
        self.ask_with(ask_app)
        closing = Closing(self.submit)
        self._effects = self._releaser.effects = EffectRunner(
            app_state=self._app_state,
            sink=sink,
            users=self._registry,
            answer=self._answer,
            look_at_guests=closing.look_at,
            absent=self._absences,
            activity=self._live.activity,
        )
        self.housekeeping.start(self._timers.later)
        self._timers.later(self._limits.actor_idle_ms / 1000 / SWEEP_PER_IDLE, self._sweep)
        self._retention.start()
        self._live.start()

    def follow(self, watch: MessageWatch) -> None:
        """Tell `watch` of each command, from now on."""
        self._watch = self._releaser.watch = watch

    def want_events(self, kinds: frozenset[EventKind]) -> None:
        """Events of these kinds are made from now on, and no others."""
        self._app_state.wanted_events = kinds
        self._sessions.tell_app = self._tell_session if EventKind.SESSION_CHANGED in kinds else None

    def _tell_session(self, event: SessionChanged) -> None:
        self._committer.tell(shard_of(user_key(event.user_id)), event)

    def ask_with(self, ask_app: AskApp | None) -> None:
        """CB-03: the app is asked so from now on; None: it is asked about nothing."""
        self._pending.ask_app = ask_app or nobody_to_ask

    def take_settings(self, config: AppConfig) -> None:
        """OP-03: `config` is in force from now on, and what is made of limits and of it follows."""
        self._app_state.replace(config)
        self._sessions.slots = config.slots
        self._query_budget.set_rate(self._limits.query_ms_per_s)
        self._back_end.take_limits()

    # -- in

    def submit(self, request: CommandRequest) -> bool:
        """Put a command into the mailbox of `request.key`. False if it is full: `reply_to` is then told by
        `mailbox_drained` when there is room, and submits again."""
        command = request.body
        if (type(command) is SendMessage or type(command) is GiveNotice) and command.admin:
            return self._back_end.take(request)
        return self._put(request)

    def _put(self, request: CommandRequest) -> bool:
        mailbox = self._mailboxes.get(request.key)
        if mailbox is None:
            mailbox = self._registry.new(request.key)
        if len(mailbox.queue) >= self._limits.mailbox_max:
            mailbox.waiting[request.reply_to] = None
            return False
        if self._measures:
            request.came_s = perf_counter()
        mailbox.queue.append(request if self._watch is None else self._watch.arrived(request))
        self.add(mailbox)
        return True

    def ask(self, request: QueryRequest) -> None:
        """Answer a query, which only reads and needs no actor. Raises TypeError if it is none."""
        if not isinstance(request.body, Asks):
            raise TypeError(f"{type(request.body).__name__} is no query")
        self._router.ask(request)

    def run(self, request: WorkflowRequest) -> None:
        """Carry out a workflow, now or when it is its turn. Raises TypeError if it is none."""
        if not isinstance(request.body, Workflow):
            raise TypeError(f"{type(request.body).__name__} is no workflow")
        self._workflows.run(request)

    def read(self, request: QueryRequest) -> None:
        """Answer a query from the store."""
        self._router.read(request)

    def _completed(self, query: Any, answer: Any) -> Any:
        """An answer of the store with what is only known here."""
        if isinstance(query, PresenceQuery):
            return self._sessions.presence(query, answer.users)
        return self._enrichment.answered(query, answer)

    def look(self, query: Look, done: Callable[[Any], None]) -> None:
        """Ask who holds connections."""
        self._router.look(query, done)

    def states(self, users: Sequence[str]) -> Mapping[str, Presence]:
        """What those of the users do who have a session (ID-07)."""
        return self._sessions.states(users)

    def counted(self) -> dict[str, int]:
        """What was done here since the start."""
        own = self.counters.by_name()
        own["loads"] = self._registry.loads
        own["messages"] = self._effects.messages if self._effects is not None else 0
        return (
            self._counted()
            | own
            | self.time.counted()
            | {
                "actors_loaded": self.loaded,
                "devices_replaced": self._sessions.replaced,
                "rows_trimmed": self._retention.trimmed,
                "refused_damaged": self._store.noticing.count,
            }
        )

    def messages_by_kind(self) -> Mapping[str, int]:
        """How many messages were given out since the start, by the kind of their conversation."""
        return self._effects.by_kind if self._effects is not None else {}

    def device_here(self, user_id: str, device: Device, kept: Callable[[], None] | None = None) -> None:
        """See Engine."""
        self._sessions.here(user_id, device)
        if kept is not None:
            self._committer.after_told(shard_of(user_key(user_id)), kept)

    def device_gone(self, user_id: str, device: Device, end: DeviceEnd) -> None:
        """A device of the user is gone, and how its session ended (ID-04)."""
        self._sessions.gone(user_id, device, end)

    def wake_consumers(self, wake: Callable[[Sequence[int]], None]) -> None:
        """Tell `wake` of shards that have new events, from now on."""
        trimming = EventTrimming(self._store.events, self.writing, self._retention.event_bounds, self._timers.later)

        def wake_all(shards: Sequence[int]) -> None:
            trimming.written()
            wake(shards)

        self._committer.on_events = wake_all

    def now_ms(self) -> int:
        """The trusted time, in milliseconds since 1970."""
        return self.time.now_ms()

    def events_given_up_ms(self) -> int:
        """CB-04: events of before this are not tried again (milliseconds since 1970); 0 while the clock is in doubt."""
        now_ms = self.time.now_ms()
        return 0 if self.time.doubted_ms else now_ms - self._limits.events_retry_ms

    def watch(self, user_ids: Sequence[str]) -> None:
        """Tell the sink when the presence of these users changes (ID-07)."""
        self._sessions.watch(user_ids)

    def unwatch(self, user_ids: Sequence[str]) -> None:
        """Tell it no more of these users (ID-07)."""
        self._sessions.unwatch(user_ids)

    def nobody_in(self, key: str) -> None:
        """The sink is asked each time: nothing is remembered here."""

    def user_gone(self, user_id: str) -> None:
        """The sink is told everything, whoever is online. But of a guest nothing is left (ID-06)."""
        if is_guest(user_id):
            self._app_state.guests.gone(user_id)

    def online_elsewhere(self, key: str) -> int:
        """There is nothing elsewhere."""
        return 0

    def resume(self, key: str) -> None:
        """The sink is no longer congested for `key`: its commands go on."""
        mailbox = self._mailboxes.get(key)
        if mailbox is not None and mailbox.queue:
            self.add(mailbox)

    def add(self, mailbox: Mailbox) -> None:
        """It has something to do: look at it in the next turn."""
        if not mailbox.ready:
            mailbox.ready = True
            self._ready.append(mailbox)
        self.turn_soon()

    def remove(self, mailbox: Mailbox) -> None:
        """It has nothing to do any more."""
        if mailbox.ready:
            self._ready.remove(mailbox)
            mailbox.ready = False

    # -- the turn

    def _turn(self) -> None:
        self._turn_due = False
        sink, committer, open_channels = self._sink, self._committer, self._app_state.open_channels
        assert sink is not None
        began_s = perf_counter()
        now_ms = self.time.now_ms()
        batch: Batch = []
        loading: list[Mailbox] = []
        left = self._limits.batch_max
        while self._ready and left > 0:
            mailbox = self._ready.popleft()
            mailbox.ready = False
            shard = committer.shards[mailbox.shard]
            if shard.closed:
                if shard.fenced:
                    self._releaser.give_up(mailbox)
                else:
                    shard.held[mailbox] = None
                continue
            if mailbox.actor is None:
                self._registry.load(mailbox)
                continue
            if mailbox.missing is not None:
                self._rows.load(mailbox)
                continue
            if sink.congested(open_address(mailbox.key) if mailbox.key in open_channels else mailbox.key):
                continue  # `resume` puts it back
            left = self._handling.some(mailbox, shard, batch, left, among=len(self._ready) + 1, now_ms=now_ms)
            mailbox.used_ms = now_ms
            if mailbox.waiting:
                self._loop.call_soon(mailbox.wake, self._limits.mailbox_max)
            if mailbox.queue:
                mailbox.ready = True
                # What is to be loaded has to wait for this turn's commit, or it would load what is not yet there.
                loads = mailbox.actor is None or mailbox.missing is not None
                (loading if loads else self._ready).append(mailbox)
            elif (
                mailbox.actor is not None
                and not mailbox.actor.exists
                and not mailbox.waits
                and not committer.has_put_of(mailbox.key)
            ):
                self._registry.drop(mailbox)
        self._ready.extend(loading)
        if self._watch is not None:
            self._watch.begun(batch)
        if self._turn_times is not None:
            self._turn_times.observe(perf_counter() - began_s)
        committer.commit(batch, now_ms, self.time.doubted_ms, began_s)

    def turn_soon(self) -> None:
        """Begin a turn in the loop's next one, if there is anything to do and it may be done now."""
        committer = self._committer
        if (self._ready or committer.tells_now) and not self._turn_due and not committer.holds_all:
            self._turn_due = True
            self._loop.call_soon(self._turn)

    # -- out

    def _answer(self, request: CommandRequest, outcome: Outcome) -> None:
        if isinstance(outcome.result, MessagesQuery | MembersQuery | MarksQuery):
            self._reader.ask(Request(request.key, outcome.result, request.reply_to, request.token))
            return
        try:  # written out, and not `contained`: this is once for each message
            request.reply_to.answer(request.token, outcome.result)
        except Exception:
            log.exception("giving out an answer failed", **ids_of(request))

    def _sweep(self) -> None:
        """Forget what had nothing to do for long."""
        self._registry.forget_idle(self._committer.open)
        self._app_state.rooms.keep_only(self._mailboxes)
        self._app_state.open_channels.intersection_update(self._mailboxes)
        self._timers.later(self._limits.actor_idle_ms / 1000 / SWEEP_PER_IDLE, self._sweep)

    # -- the end

    @property
    def loaded(self) -> int:
        """How many actors are in memory."""
        return len(self._mailboxes)

    @property
    def idle(self) -> bool:
        """True if nothing waits, is under way, or is being read."""
        queued = any(m.queue or m.waits for m in self._mailboxes.values())
        waiting = self._ready or queued or len(self._back_end) or self._pending.any_armed
        busy = self._committer.busy or self._committer.untold or self._turn_due or waiting
        return not busy and self._reader.idle and self._workflows.idle

    @property
    def waits_for_slices(self) -> bool:
        """True if messages or notices wait for the end of a slice, or what ended one, or an event, is being committed."""
        return self._pending.any_armed or self._committer.busy or self._committer.untold.due or self._turn_due

    def going_away(self) -> None:
        """The server is about to stop: what is not begun and would take long is refused (WI-07)."""
        self._back_end.refuse_waiting()

    def stop(self) -> None:
        """End workflows, and all threads after what they have been given. What is still in mailboxes is not answered."""
        self._turn_due = True  # no further turn begins
        self.metrics.stop()
        self._workflows.stop()
        self._timers.stop()
        self._live.stop()
        self._pending.stop()
        self._back_end.stop()
        self._absences.stop()
        self.writing.stop()
        self.reading.stop()
        self._loading.stop()


def _threads(loop: asyncio.AbstractEventLoop, meters: Meters) -> tuple[Worker, Worker, Worker]:
    """The threads that use the store: the one that writes, the one that answers queries, the one that loads actors."""
    committer, reader, loader = (
        Worker(loop, f"rcim-{name}", meters.histogram(metrics.STORE_JOB, name))
        for name in ("committer", "reader", "loader")
    )
    return committer, reader, loader


assert SHARDS <= 1 << 16, "a message id has 16 bits for the shard"
