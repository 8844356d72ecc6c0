"""The hub: the connections of this process, who is logged in on them, and what is delivered to them, put together.

    table           connections: ids, bounds, deadlines, input turns
    logins          who may be logged in
    subscriptions   who is online, and in which conversations
    presence        who watches whom
    fanout          deliveries to the connections of a conversation
    deliveries      what the engine has for those who are online: its DeliverySink
    resubscribe     what is asked again when the engine is a new one
    inspection      what administrators see
    live            what the connections do now

Everything runs in the loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice

import msgspec

from rcim.base import metrics
from rcim.base.limits import Limits
from rcim.base.meters import Meters
from rcim.base.terms import Presence
from rcim.connect.codec import GoingAway
from rcim.connect.delivery import Deliveries
from rcim.connect.fanout import Fanout
from rcim.connect.inspection import Inspection
from rcim.connect.live_inspection import LiveInspection
from rcim.connect.logins import Logins
from rcim.connect.online import Identity
from rcim.connect.outgoing import Outgoing
from rcim.connect.presence_subscriptions import PresenceSubscriptions
from rcim.connect.principal import Principal
from rcim.connect.resubscribe import Resubscribe
from rcim.connect.subscriptions import Subscriptions
from rcim.connect.table import ConnectionTable, for_each
from rcim.dispatch.requests import Engine
from rcim.rules.conversation_kinds import KINDS


class Hub:
    """See the module's text. `start` once; `going_away`, `close_some` and `stop` at the end. `number` tells several hubs
    of one server apart: ids of connections begin with it."""

    def __init__(
        self,
        limits: Limits,
        identity: Identity,
        engine: Engine,
        loop: asyncio.AbstractEventLoop,
        number: int = 0,
        meters: Meters | None = None,
    ) -> None:
        self.meters = meters if meters is not None else Meters()
        """What this process measures (OP-02)."""
        self.limits = limits
        self.loop = loop
        self.identity = identity
        self.engine = engine
        self.table: ConnectionTable[Outgoing] = ConnectionTable(limits, loop, number)
        self.fanout = Fanout(
            limits,
            loop,
            engine.resume,
            self._nobody_in,
            self.meters.histograms(metrics.DURABLE_WRITTEN, [kind.name for kind in KINDS if not kind.paced]),
        )
        self.subscriptions = Subscriptions(self.fanout, engine)
        self.presence = PresenceSubscriptions(limits, loop, engine)
        self.logins = Logins(
            table=self.table,
            subscriptions=self.subscriptions,
            engine=engine,
            identity=identity,
            history_changed=self._history_changed,
        )
        self.resubscribe = Resubscribe(self.logins, self.subscriptions, self.fanout, engine)
        self.inspection = Inspection(
            table=self.table,
            fanout=self.fanout,
            logins=self.logins,
            subscriptions=self.subscriptions,
            presence=self.presence,
            meters=self.meters,
        )
        self.live = LiveInspection(self.table, self.fanout, self.subscriptions, loop, number, self.meters)
        self.deliveries = Deliveries(
            fanout=self.fanout,
            logins=self.logins,
            subscriptions=self.subscriptions,
            presence=self.presence,
            inspection=self.inspection,
            live=self.live,
            resubscribe=self.resubscribe,
        )

    def _nobody_in(self, conversation: str) -> None:
        if not self.subscriptions.expects(conversation):
            self.engine.nobody_in(conversation)

    def _history_changed(self) -> None:
        self.resubscribe.begin_again()

    def start(self) -> None:
        """Begin to watch deadlines."""
        self.table.start()

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self.table)

    def forget(self, connection: Outgoing) -> None:
        """The connection is gone."""
        if self.table.forget(connection):
            self.logins.forget(connection)
            self.presence.forget(connection)

    def online(self, conversation: str) -> int:
        """How many users are online in the conversation, here and elsewhere. Asked while an answer is given out."""
        return self.inspection.online(conversation) + self.engine.online_elsewhere(conversation)

    # -- presence (ID-07)

    def set_state(self, principal: Principal, state: Presence) -> None:
        """What the device of this principal's connection does now."""
        connection = self.table.find(principal.connection_id)
        if connection is not None and connection.device.state is not state:
            connection.device = msgspec.structs.replace(connection.device, state=state)
            self.logins.report_device(principal.user_id, connection)

    def watch(self, connection_id: int, user_ids: Sequence[str]) -> list[str]:
        """Tell this connection what these users do, once it is known that it may see them (`may_watch`); returns those of
        whom it is not told: all of them if there is no such connection. Raises RcimError(TOO_MANY_ENTRIES)."""
        connection = self.table.find(connection_id)
        return self.presence.watch(connection, user_ids) if connection is not None else list(user_ids)

    def may_watch(self, connection_id: int, user_ids: Sequence[str], unseen: Sequence[str]) -> None:
        """The user of this connection may see these but for the `unseen` ones, of whom it is told no more."""
        connection = self.table.find(connection_id)
        if connection is not None:
            self.presence.may(connection, user_ids, unseen)

    def unwatch(self, connection_id: int, user_ids: Sequence[str]) -> None:
        """Tell it no more of these; of nobody, if none is named."""
        connection = self.table.find(connection_id)
        if connection is not None:
            self.presence.unwatch(connection, user_ids)

    # -- the end

    def going_away(self, notice: GoingAway) -> None:
        """Tell everyone that the server is stopping (WI-07)."""
        for_each(self.table, lambda connection: connection.going_away(notice))

    @property
    def in_flight(self) -> int:
        """Requests taken and not yet answered, of all connections."""
        return sum(connection.in_flight for connection in self.table)

    def close_some(self, count: int) -> None:
        """Close up to `count` connections that are still there."""
        still_open = (connection for connection in self.table if not connection.closing)
        for_each(islice(still_open, count), lambda connection: connection.drained())

    def stop(self) -> None:
        """No more timers."""
        self.table.stop()
        self.resubscribe.stop()
