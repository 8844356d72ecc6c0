"""Deliveries: what the engine has for those who are online here (DeliverySink), given to their connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from rcim.actor.effects import Altered, Notice
from rcim.actor.live_queries import LiveLook
from rcim.actor.queries import Look
from rcim.actor.records import Change
from rcim.base import clock
from rcim.base.errors import code_of
from rcim.base.terms import GoneReason
from rcim.connect.audience import Audience
from rcim.connect.codec import ConversationHeads, ConversationLeft, Encoded
from rcim.connect.fanout import Fanout
from rcim.connect.inspection import Inspection
from rcim.connect.live_inspection import LiveInspection
from rcim.connect.logins import Logins
from rcim.connect.outgoing import Outgoing
from rcim.connect.presence_subscriptions import PresenceSubscriptions
from rcim.connect.resubscribe import Resubscribe
from rcim.connect.subscriptions import Subscriptions
from rcim.connect.table import for_each
from rcim.dispatch.requests import Delivery, DeliverySink
from rcim.rules.conversation_kinds import addressed, heard_with
from rcim.rules.targets import Labels
from rcim.store.connection_answers import PresenceRow

HEADS_MAX = 100
"""Conversations that are told of with one heartbeat."""


class Deliveries(DeliverySink):
    """See the module's text."""

    def __init__(
        self,
        fanout: Fanout,
        logins: Logins,
        subscriptions: Subscriptions,
        presence: PresenceSubscriptions,
        inspection: Inspection,
        live: LiveInspection,
        resubscribe: Resubscribe,
    ) -> None:
        self._fanout = fanout
        self._logins = logins
        self._subscriptions = subscriptions
        self._presence = presence
        self._inspection = inspection
        self._live = live
        self._resubscribe = resubscribe

    # -- DeliverySink

    def congested(self, conversation: str) -> bool:
        return self._fanout.congested(conversation)

    def listening(self, conversation: str) -> bool:
        return self._subscriptions.listening(heard_with(conversation))

    def deliver(self, conversation: str, messages: Sequence[Delivery]) -> None:
        self._fanout.deliver(conversation, messages)

    def members_added(self, conversation: str, user_ids: Sequence[str]) -> None:
        for user_id in user_ids:
            self._subscriptions.joined(user_id, conversation)

    def member_gone(
        self,
        conversation: str,
        user_id: str,
        reason: GoneReason = GoneReason.LEFT,
        operator: str = "",
        text: str = "",
    ) -> None:
        gone = Encoded(conversation, [ConversationLeft(reason, operator, text)])
        _write(self._subscriptions.left(user_id, conversation), gone)

    def member_silenced(self, conversation: str, user_id: str, silent: bool) -> None:
        self._subscriptions.silenced(user_id, conversation, silent)

    def conversation_gone(self, conversation: str, silently: bool, reason: GoneReason = GoneReason.DISSOLVED) -> None:
        address = conversation
        unheard = self._subscriptions.ended(conversation) if address == addressed(address) else []
        self._fanout.end(conversation, silently, reason)
        if not silently:
            _write(unheard, Encoded(conversation, [ConversationLeft(reason)]))

    def announce(self, conversation: str, change: Change) -> None:
        self._fanout.announce(conversation, change)

    def tell(self, conversation: str, user_ids: Sequence[str] | None, notice: Notice) -> None:
        if user_ids is None:
            if isinstance(notice, Altered) and notice.message.extra is not None and notice.message.extra.target:
                self._fanout.tell_those_meant(conversation, notice, notice.message.extra.target)  # SY-04
            else:
                self._fanout.tell_all(conversation, notice)
            return
        encoded = Encoded(conversation, [notice])
        for user_id in user_ids:
            for connection in self._subscriptions.connections(user_id):
                connection.offer_notice(encoded(connection.codec))

    def user_profile_changed(self, user_id: str, nickname: str, face_url: str, fields: Mapping[str, bytes]) -> None:
        self._logins.profile_changed(user_id, nickname, face_url, fields)

    def labels_changed(self, user_id: str, labels: Labels) -> None:
        self._logins.labels_changed(user_id, labels)

    def user_logged_out(self, user_id: str) -> None:
        self._logins.log_out(user_id)

    def close_devices(self, user_id: str, connections: Sequence[int], code: int, text: str) -> None:
        named = [one for one in self._subscriptions.connections(user_id) if one.id in connections]
        for_each(named, lambda connection: connection.refuse_all(code_of(code), text))

    def presence(self, row: PresenceRow) -> None:
        self._presence.told(row)

    def presence_barred(self, user_id: str, others: Sequence[str]) -> None:
        self._presence.barred(user_id, set(others))

    def look(self, query: Look, done: Callable[[Any], None]) -> None:
        if isinstance(query, LiveLook):
            self._live.look(query, done)
        else:
            done(self._inspection.found(query))

    # -- the engine is another process, and may be replaced by a new one (rcim/bus/remote.py)

    def tell_owner(self) -> None:
        """A new engine gets to know who is here and who is watched, before it is asked anything."""
        for user_id, user in self._subscriptions.everyone():
            for connection in user.connections:
                self._logins.report_device(user_id, connection)
        self._presence.tell_owner()

    def owner_is_new(self) -> None:
        """The engine has died, and another is there: what was to be heard may not have come."""
        self._presence.ask_again()
        self._resubscribe.ask()

    # -- heartbeats

    def tell_heads(self, connection: Outgoing) -> None:
        """RX-05, with a heartbeat: how far active conversations are, of those of which nothing is on its way."""
        if connection.principal is None or not connection.quick:
            return  # who is behind is told by MessagesMissed
        since_ms, connection.heads_ms = connection.heads_ms, clock.steady_ms()
        found = []
        for audience in self._heard_since(connection.principal.user_id, since_ms):
            if not audience.is_heard_by(connection):
                continue
            if audience.has_got_all(connection):
                found.append(audience)
            else:  # with the next heartbeat
                connection.heads_ms = min(connection.heads_ms, audience.head_ms)
        found.sort(key=lambda audience: audience.head_ms)
        rows = [(audience.key, audience.head_seq) for audience in found[-HEADS_MAX:]]
        if rows:
            connection.push("", ConversationHeads(rows))

    def _heard_since(self, user_id: str, since_ms: int) -> list[Audience]:
        """Audiences in which a message has come since then, all of those that the user is in among them. Of the
        conversations of the process and those of the user, it looks at whichever are fewer."""
        most = self._subscriptions.count_of(user_id)
        found = list(islice(self._fanout.heard_since(since_ms), most + 1))
        if len(found) <= most:
            return found
        own = [one for one in map(self._fanout.find, self._subscriptions.heard_by(user_id)) if one is not None]
        channels = [child for audience in own for child in audience.children.values()]
        return [audience for audience in (*own, *channels) if audience.head_ms >= since_ms]


def _write(connections: Iterable[Outgoing], encoded: Encoded) -> None:
    for connection in connections:
        connection.write(encoded(connection.codec))
