"""What there is to see of connections: rows for administrators, who is online, counters."""

from __future__ import annotations

from collections.abc import Callable

from rcim.actor.queries import ConnectionsQuery, HealthQuery, Look, OnlineQuery, WhoIsOnlineQuery
from rcim.base import clock
from rcim.connect.fanout import Fanout
from rcim.connect.logins import Logins
from rcim.connect.outgoing import Outgoing
from rcim.connect.presence_subscriptions import PresenceSubscriptions
from rcim.connect.subscriptions import Subscriptions
from rcim.connect.table import ConnectionTable, Counters
from rcim.store.answers import ConnectionRow
from rcim.store.health import HealthRow

Found = list[ConnectionRow] | list[str] | dict[str, int] | list[HealthRow]
"""Rows of connections, ids of users, counters by name, or health checks."""


class Inspection:
    """See the module's text."""

    def __init__(
        self,
        table: ConnectionTable[Outgoing],
        fanout: Fanout,
        logins: Logins,
        subscriptions: Subscriptions,
        presence: PresenceSubscriptions,
    ) -> None:
        self._table = table
        self._fanout = fanout
        self._logins = logins
        self._subscriptions = subscriptions
        self._presence = presence
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
        }
