"""What there is to see of connections: rows for administrators, who is online, counters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rcim.actor.queries import (
    ConnectionsQuery,
    FiguresQuery,
    HealthQuery,
    Look,
    MetricsQuery,
    OnlineQuery,
    WhoIsOnlineQuery,
)
from rcim.base import clock
from rcim.base import metrics as m
from rcim.base.meters import Figure, Meters, figure
from rcim.base.metrics import Metric, MetricKind
from rcim.connect.fanout import Fanout
from rcim.connect.logins import Logins
from rcim.connect.outgoing import Outgoing
from rcim.connect.presence_subscriptions import PresenceSubscriptions
from rcim.connect.subscriptions import Subscriptions
from rcim.connect.table import ConnectionTable, Counters
from rcim.store.answers import Figures, Metrics
from rcim.store.connection_answers import ConnectionRow
from rcim.store.health import HealthRow
from rcim.store.metric_rows import rows_of

Found = list[ConnectionRow] | list[str] | dict[str, int] | Metrics | Figures | list[HealthRow]
"""Rows of connections, ids of users, counters by name, figures of metrics, both of them, or health checks."""
COUNTED: dict[str, Metric] = {
    "accepted": m.ACCEPTED,
    "refused_connections": m.CONNECTIONS_REFUSED,
    "proxy_headers_refused": m.PROXY_HEADERS_REFUSED,
    "logins": m.LOGINS,
    "refused_logins": m.LOGINS_REFUSED,
    "requests": m.REQUESTS,
    "too_frequent": m.TOO_FREQUENT,
    "slowed": m.SLOWED,
    "slow_receivers": m.SLOW_RECEIVERS,
    "left_out": m.SKIPPED,
    "resyncs": m.RESYNCS,
    "audit_lost": m.AUDIT_LOST,
    "connections": m.CONNECTIONS,
    "users_online": m.USERS_ONLINE,
    "conversations_online": m.CONVERSATIONS_ONLINE,
    "handshakes_waiting": m.HANDSHAKES_WAITING,
    "input_waiting": m.INPUT_WAITING,
    "rounds": m.ROUNDS,
    "visits": m.VISITS,
    "deliveries": m.DELIVERIES,
    "change_notices": m.CHANGE_NOTICES,
    "guests": m.GUESTS,
    "users_watched": m.USERS_WATCHED,
    "over_ceiling": m.OVER_CEILING,
    "untold": m.NOTICES_UNTOLD,
}
"""What `_counters` has, by name, and the metric that it is (OP-02)."""
LEVELS = frozenset(name for name, metric in COUNTED.items() if metric.kind is MetricKind.GAUGE)
"""What of it is of now; the others only grow."""


class Inspection:
    """See the module's text."""

    def __init__(
        self,
        table: ConnectionTable[Outgoing],
        fanout: Fanout,
        logins: Logins,
        subscriptions: Subscriptions,
        presence: PresenceSubscriptions,
        meters: Meters,
    ) -> None:
        self._meters = meters
        meters.add(self._figures)
        self._table = table
        self._fanout = fanout
        self._logins = logins
        self._subscriptions = subscriptions
        self._presence = presence
        self.beside: Callable[[], dict[str, int]] = dict
        """Counters of what else this process does."""
        self.health: Callable[[], list[HealthRow]] = list
        """The health checks of this process (OP-04)."""

    def found(self, query: Look) -> Found:
        """The answer of this process."""
        if isinstance(query, ConnectionsQuery):
            return self._rows(query)
        if isinstance(query, OnlineQuery):
            audience = self._fanout.find(query.key)
            here = {c.principal.user_id for c in audience.members if c.principal} if audience else set()
            return list(here | self._subscriptions.unheard(query.key))
        if isinstance(query, WhoIsOnlineQuery):
            return [user_id for user_id in query.users if self._subscriptions.connections(user_id)]
        if isinstance(query, MetricsQuery):
            return Metrics(rows_of(self._meters.figures()))
        if isinstance(query, FiguresQuery):
            return self._all_figures()
        if isinstance(query, HealthQuery):
            return self.health()
        return self._counters()

    def online(self, conversation: str) -> int:
        """How many users are online in the conversation here."""
        audience = self._fanout.find(conversation)
        return (audience.users if audience else 0) + len(self._subscriptions.unheard(conversation))

    def _rows(self, query: ConnectionsQuery) -> list[ConnectionRow]:
        """One more than `limit`, if there are more."""
        now_ms = clock.steady_ms()
        found: list[ConnectionRow] = []
        for connection in self._table.after(query.after_id):
            name = connection.principal.user_id if connection.principal else ""
            if query.user_id and name != query.user_id:
                continue
            found.append(
                ConnectionRow(
                    connection_id=connection.id,
                    user_id=name,
                    platform=connection.device.platform if name else 0,
                    device_tag=connection.device.tag,
                    address=connection.address[:64],
                    age_ms=now_ms - connection.connected_ms,
                    queued_bytes=min(connection.queued_bytes, 0xFFFFFFFF),
                    agent=connection.agent,
                )
            )
            if len(found) > query.limit:
                break
        return found

    def _all_figures(self) -> Figures:
        counters = self._counters()
        levels = {name: counters.pop(name) for name in LEVELS}
        return Figures(rows_of(self._meters.figures()), counters, levels)

    def _figures(self) -> Iterator[Figure]:
        counters = self._counters()
        for name, metric in COUNTED.items():
            yield figure(metric, counters[name])
        yield figure(m.TLS_FAILURES, counters["tls_limits"], "limit")
        yield figure(m.TLS_FAILURES, counters["tls_failures"] - counters["tls_limits"], "handshake")
        for kind, count in self._table.refused_by.items():
            yield figure(m.REQUESTS_REFUSED, count, kind.value)

    def _counters(self) -> dict[str, int]:
        own = {name: getattr(self._table.counters, name) for name in Counters.__slots__}
        fanout, turns = self._fanout, self._table.turns
        return own | {
            "connections": len(self._table),
            "users_online": len(self._subscriptions),
            "conversations_online": len(fanout),
            "handshakes_waiting": len(turns.strangers),
            "input_waiting": len(turns.users),
            "rounds": fanout.rounds,
            "visits": fanout.visits,
            "deliveries": fanout.deliveries,
            "change_notices": fanout.notices,
            "guests": self._logins.guests,
            "users_watched": len(self._presence),
            "over_ceiling": fanout.ceiling.left_out,
            "untold": fanout.untold,
            **self.beside(),
        }
