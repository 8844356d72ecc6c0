"""The hub: all connections, who is logged in, and the two faces it shows: a Desk to handlers, a DeliverySink to
whoever owns the conversations. Everything runs in the loop's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from rcim.actor.queries import ConnectionsQuery, Look, OnlineQuery, WhoIsOnlineQuery
from rcim.actor.records import Change
from rcim.base import clock
from rcim.base.errors import code_of
from rcim.base.ids import is_guest
from rcim.base.limits import Limits
from rcim.base.terms import GROUP_PREFIX, DeviceNews, GoneReason, Presence, SeenBy
from rcim.connect.audience import Audience
from rcim.connect.connection import Connection
from rcim.connect.fanout import Fanout
from rcim.connect.logins import Logins
from rcim.connect.online import Identity
from rcim.connect.outgoing import Outgoing
from rcim.connect.presence_subscriptions import PresenceSubscriptions
from rcim.connect.resubscribe import Resubscribe
from rcim.connect.turns import Turns
from rcim.dispatch.requests import Engine, Packed
from rcim.flow.buckets import UserRates, WorkBudget
from rcim.flow.wheel import TimingWheel
from rcim.handlers.context import GroupIds, Principal, Work
from rcim.handlers.table import work
from rcim.store.answers import ConnectionRow, PresenceRow
from rcim.wire.frames import GoingAway, GroupGone, HeadEntry, Heads, Resync
from rcim.wire.schema import Frame

FLUSH_CHUNK = 256
"""Connections written to at the end of one turn; more of them wait for the next."""
HEADS_MAX = 100
"""Conversations that are told of with one heartbeat."""
NUMBER_SHIFT = 40
"""A connection's id is a number within its hub, and above these bits the hub's number. It begins with the clock, in
milliseconds: so ids do not come again after a restart, unless there were more than a thousand connections a second."""
INPUT_BYTES = 16 * 1024
"""What is read of one connection at a time: in records of one byte each it costs 3 ms."""
INPUT_BURST_S = 2
"""A user's input may cost as much at once as it may in so many seconds."""
WHEEL_TICK_S = 0.25
"""How late a deadline of a connection may be noticed."""


class HubCounters:
    """What the connection manager has done since the start."""

    __slots__ = (
        "accepted",
        "left_out",
        "logins",
        "refused_connections",
        "refused_logins",
        "requests",
        "resyncs",
        "slow_receivers",
        "slowed",
        "tls_failures",
        "tls_limits",
        "too_frequent",
    )

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0)

    accepted: int
    left_out: int
    logins: int
    refused_connections: int
    refused_logins: int
    requests: int
    resyncs: int
    slow_receivers: int
    slowed: int
    tls_failures: int
    tls_limits: int
    too_frequent: int


class Hub:
    """See the module's text. `start` once, `going_away` and `close_all` at the end.

    `number` tells several hubs of one server apart: ids of connections begin with it.
    """

    def __init__(
        self,
        limits: Limits,
        identity: Identity,
        owner: Engine,
        loop: asyncio.AbstractEventLoop,
        number: int = 0,
    ) -> None:
        self.limits = limits
        self.loop = loop
        self.owner = owner
        self.group_ids = GroupIds(clock.wall_ms(), number)
        self.counters = HubCounters()
        self.turns = Turns(limits.input_turn_ms / 1000, limits.handshake_turn_ms / 1000, loop.call_soon)
        self.input_buffer = memoryview(bytearray(INPUT_BYTES))
        """Where the transport puts what has come; it is taken out at once."""
        self.wheel: TimingWheel[Any] = TimingWheel(clock.steady_ms(), int(WHEEL_TICK_S * 1000))
        self.rates = UserRates(
            (
                limits.sends_per_min,
                limits.reads_per_min,
                limits.requests_per_min,
                limits.control_per_min,
                limits.refusals_per_min,
                limits.transients_per_min,
            )
        )
        self.work_budget = WorkBudget(limits.input_ms_per_s, INPUT_BURST_S)
        self.fanout = Fanout(limits, loop, owner.resume, self._nobody_in)
        self._identity = identity
        self.logins = Logins(self, identity)
        self.presence_subscriptions = PresenceSubscriptions(self)
        self._resubscribe = Resubscribe(self)
        self._connections: dict[int, Connection] = {}
        self._by_address: dict[str, int] = {}
        self._last_id = (number << NUMBER_SHIFT) + clock.wall_ms() % (1 << NUMBER_SHIFT)
        self._to_flush: list[Outgoing] = []
        self._ticker: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to watch deadlines."""
        self._ticker = self.loop.call_later(WHEEL_TICK_S, self._tick)

    def _tick(self) -> None:
        self._ticker = self.loop.call_later(WHEEL_TICK_S, self._tick)
        now_ms = clock.steady_ms()
        for connection in self.wheel.advance(now_ms):
            connection.on_timer(now_ms)

    # -- connections

    def admit(self, connection: Connection) -> bool:
        """Take in a new connection. False: it is over a bound, and to be closed."""
        self._last_id += 1
        connection.id = self._last_id
        self._connections[connection.id] = connection
        host = connection.address.rpartition(":")[0]
        count = self._by_address[host] = self._by_address.get(host, 0) + 1
        self.wheel.set(connection, connection.session.deadline_ms)
        if len(self._connections) > self.limits.connections_max or count > self.limits.connections_per_address_max:
            self.counters.refused_connections += 1
            return False
        self.counters.accepted += 1
        return True

    def forget(self, connection: Connection) -> None:
        """The connection is gone."""
        if self._connections.pop(connection.id, None) is None:
            return
        self.wheel.discard(connection)
        host = connection.address.rpartition(":")[0]
        self._by_address[host] -= 1
        if not self._by_address[host]:
            del self._by_address[host]
        self.logins.forget(connection)
        self.presence_subscriptions.forget(connection)

    def flush_later(self, connection: Outgoing) -> None:
        """`connection` has something to write at the end of this turn."""
        if not self._to_flush:
            self.loop.call_soon(self._flush)
        self._to_flush.append(connection)

    def _flush(self) -> None:
        now, self._to_flush = self._to_flush[:FLUSH_CHUNK], self._to_flush[FLUSH_CHUNK:]
        if self._to_flush:
            self.loop.call_soon(self._flush)
        for connection in now:
            connection.flush()

    def __len__(self) -> int:
        return len(self._connections)

    # -- DeliverySink: what the owner of the conversations has for those who are online

    def congested(self, conversation: str) -> bool:
        return self.fanout.congested(conversation)

    def listening(self, conversation: str) -> bool:
        return self.fanout.find(conversation) is not None or self.logins.expects(conversation)

    def _nobody_in(self, conversation: str) -> None:
        if not self.logins.expects(conversation):
            self.owner.nobody_in(conversation)

    def deliver(self, conversation: str, messages: Sequence[Packed]) -> None:
        self.fanout.deliver(conversation, messages)

    def members_added(self, conversation: str, user_ids: Sequence[str]) -> None:
        for user_id in user_ids:
            self.logins.joined(user_id, conversation)

    def member_gone(
        self,
        conversation: str,
        user_id: str,
        reason: GoneReason = GoneReason.LEFT,
        operator: str = "",
        text: str = "",
    ) -> None:
        group_id = conversation.removeprefix(GROUP_PREFIX)
        data = GroupGone(group_id, reason, operator, text).encode()
        for connection in self.logins.left(user_id, conversation):
            connection.write(data)

    def member_silenced(self, conversation: str, user_id: str, silent: bool) -> None:
        self.logins.silenced(user_id, conversation, silent)

    def conversation_gone(self, conversation: str, silently: bool) -> None:
        unheard = self.logins.ended(conversation)
        self.fanout.end(conversation, silently)
        if unheard and not silently:
            data = GroupGone(conversation.removeprefix(GROUP_PREFIX), GoneReason.DISSOLVED).encode()
            for connection in unheard:
                connection.write(data)

    def announce(self, conversation: str, change: Change) -> None:
        self.fanout.announce(conversation, change)

    def tell(self, conversation: str, user_ids: Sequence[str] | None, frame: bytes) -> None:
        if user_ids is None:
            self.fanout.tell_all(conversation, frame)
            return
        for user_id in user_ids:
            for connection in self.logins.connections(user_id):
                connection.offer_notice(frame)

    def user_profile_changed(self, user_id: str, nickname: str, face_url: str, fields: Mapping[str, bytes]) -> None:
        self.logins.profile_changed(user_id, nickname, face_url, fields)

    def user_logged_out(self, user_id: str) -> None:
        self.logins.log_out(user_id)

    def close_devices(self, user_id: str, connections: Sequence[int], code: int, text: str) -> None:
        for connection in self.logins.connections(user_id):
            if connection.id in connections:
                connection.refuse_all(code_of(code), text)

    def presence(self, row: PresenceRow) -> None:
        self.presence_subscriptions.told(row)

    def presence_barred(self, user_id: str, others: Sequence[str]) -> None:
        self.presence_subscriptions.barred(user_id, set(others))

    def owner_is_new(self) -> None:
        """Whoever owned the conversations has died, and another is there: what was to be heard may not have come."""
        self.presence_subscriptions.ask_again()
        self._resubscribe.ask()

    def begin_again(self) -> None:
        """The owner of the conversations has another history than who are logged in were told of (RX-03)."""
        self._resubscribe.begin_again()

    def tell_owner(self) -> None:
        """The owner is a new one: it gets to know who is here and who is watched, before it is asked anything."""
        for user_id, user in self.logins.everyone():
            for connection in user.connections:
                self.tell_device(user_id, connection)
        self.presence_subscriptions.tell_owner()

    def tell_heads(self, connection: Connection) -> None:
        """RX-05, with a heartbeat: how far active conversations are, of those of which nothing is on its way."""
        if connection.principal is None or not connection.quick:
            return  # who is behind is told by RESYNC
        since_ms, connection.heads_ms = connection.heads_ms, clock.steady_ms()
        found = []
        for audience in self._heard_since(connection.principal.user_id, since_ms):
            if connection not in audience.members:
                continue
            if audience.has_got_all(connection):
                found.append(audience)
            else:  # with the next heartbeat
                connection.heads_ms = min(connection.heads_ms, audience.heard_ms)
        found.sort(key=lambda audience: audience.heard_ms)
        rows = [HeadEntry(audience.key, audience.heard_seq) for audience in found[-HEADS_MAX:]]
        if rows:
            connection.write(Heads(rows).encode())

    def _heard_since(self, user_id: str, since_ms: int) -> list[Audience]:
        """Audiences in which a message has come since then, all of those that the user is in among them. Of the
        conversations of the process and those of the user, it looks at whichever are fewer."""
        most = self.logins.count_of(user_id)
        found = list(islice(self.fanout.heard_since(since_ms), most + 1))
        if len(found) <= most:
            return found
        own = map(self.fanout.find, self.logins.heard_by(user_id))
        return [audience for audience in own if audience is not None and audience.heard_ms >= since_ms]

    def missed(self, newest: dict[str, int]) -> None:
        """The newest SEQ of conversations that somebody here is in, when all who are in it were heard of again: who has
        not been given it is told to ask (RX-05)."""
        for conversation, seq in newest.items():
            audience = self.fanout.find(conversation)
            if audience is None or audience.newest_seq >= seq:
                continue
            data = Resync(conversation, audience.newest_seq + 1 if audience.newest_seq else seq, seq).encode()
            for connection in list(audience.members):
                connection.write(data)
                self.counters.resyncs += 1

    def tell_device(self, user_id: str, connection: Connection) -> None:
        """The owner of the conversations gets to know of the device (ID-04)."""
        if not is_guest(user_id):
            device = connection.device
            if self.owner.device_here(user_id, device) and device.news is not DeviceNews.KNOWN:
                connection.device = msgspec.structs.replace(device, news=DeviceNews.KNOWN)

    # -- Desk: what handlers ask

    def work(self, frame: Frame, principal: Principal) -> Work:
        """What a request becomes. Raises RcimError."""
        return work(frame, principal, self)

    @property
    def tells_presence(self) -> bool:
        return self._identity.presence

    @property
    def presence_seen_by(self) -> SeenBy:
        return self._identity.presence_seen_by

    def set_state(self, principal: Principal, state: Presence) -> None:
        connection = self._connections[principal.connection_id]
        if connection.device.state is not state:
            connection.device = msgspec.structs.replace(connection.device, state=state)
            self.tell_device(principal.user_id, connection)

    def watch(self, principal: Principal, user_ids: Sequence[str]) -> list[str]:
        return self.presence_subscriptions.watch(self._connections[principal.connection_id], user_ids)

    def may_watch(self, connection_id: int, user_ids: Sequence[str], unseen: Sequence[str]) -> None:
        connection = self._connections.get(connection_id)
        if connection is not None:
            self.presence_subscriptions.may(connection, user_ids, unseen)

    def unwatch(self, principal: Principal, user_ids: Sequence[str]) -> None:
        self.presence_subscriptions.unwatch(self._connections[principal.connection_id], user_ids)

    def online(self, conversation: str) -> int:
        audience = self.fanout.find(conversation)
        here = (audience.users if audience else 0) + len(self.logins.unheard(conversation))
        return here + self.owner.online_elsewhere(conversation)

    def look(self, query: Look, done: Callable[[Any], None]) -> None:
        if isinstance(query, ConnectionsQuery):
            done(self._rows(query))
        elif isinstance(query, OnlineQuery):
            audience = self.fanout.find(query.key)
            here = {c.principal.user_id for c in audience.members if c.principal} if audience else set()
            done(list(here | self.logins.unheard(query.key)))
        elif isinstance(query, WhoIsOnlineQuery):
            done([user_id for user_id in query.users if self.logins.connections(user_id)])
        else:
            done(self._counters())

    def _rows(self, query: ConnectionsQuery) -> list[ConnectionRow]:
        """One more than `limit`, if there are more."""
        now_ms = clock.steady_ms()
        found: list[ConnectionRow] = []
        for connection in self._connections.values():  # in the order of their ids
            name = connection.principal.user_id if connection.principal else ""
            if connection.id <= query.after_id or (query.user_id and name != query.user_id):
                continue
            found.append(
                ConnectionRow(
                    connection.id,
                    name,
                    connection.device.platform if name else 0,
                    connection.device.tag,
                    connection.address[:64],
                    now_ms - connection.connected_ms,
                    min(connection.queued_bytes, 0xFFFFFFFF),
                    connection.session.agent,
                )
            )
            if len(found) > query.limit:
                break
        return found

    def _counters(self) -> dict[str, int]:
        own = {name: getattr(self.counters, name) for name in HubCounters.__slots__}
        return own | {
            "connections": len(self._connections),
            "users_online": len(self.logins),
            "conversations_online": len(self.fanout),
            "handshakes_waiting": len(self.turns.strangers),
            "input_waiting": len(self.turns.users),
            "rounds": self.fanout.rounds,
            "visits": self.fanout.visits,
            "deliveries": self.fanout.deliveries,
            "change_notices": self.fanout.notices,
            "guests": self.logins.guests,
            "users_watched": len(self.presence_subscriptions),
            "over_ceiling": self.fanout.ceiling.left_out,
            "untold": self.fanout.untold,
        }

    # -- the end

    def going_away(self, push: GoingAway) -> None:
        """Tell everyone that the server is stopping (WI-07)."""
        for connection in list(self._connections.values()):
            connection.going_away(push)

    @property
    def in_flight(self) -> int:
        """Requests taken and not yet answered, of all connections."""
        return sum(c.in_flight for c in self._connections.values())

    def close_some(self, count: int) -> None:
        """Close up to `count` connections that are still there."""
        still_open = (c for c in list(self._connections.values()) if not c.closing)
        for _, connection in zip(range(count), still_open, strict=False):
            connection.drained()

    def stop(self) -> None:
        """No more timers."""
        if self._ticker is not None:
            self._ticker.cancel()
        self._resubscribe.stop()
