"""The owner's end: all gateways (gateway_link.py) together are one DeliverySink.

Who is there: a gateway is one that listens to a conversation from the moment it is told of a member of it (by the answer
to a login, or by MembersAdded) until it says that nobody is in it any more; and it has a user from the login's question
until it says that the user is gone. What crosses on the way is told apart by counting the messages that go down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from rcim.actor.effects import Notice
from rcim.actor.queries import Look, MetricsQuery
from rcim.actor.records import Change, Message
from rcim.base.limited_log import LimitedLog
from rcim.base.meters import Meters
from rcim.base.terms import GoneReason
from rcim.bus import messages as m
from rcim.bus.gateway_link import GatewayLink
from rcim.bus.lateness import Lateness
from rcim.bus.pipe import Pipe, encoded
from rcim.bus.scatter_gather import ScatterGather
from rcim.bus.session_grace import SessionGrace
from rcim.dispatch.requests import Delivery, Engine
from rcim.rules.conversation_kinds import addressed, heard_with
from rcim.rules.targets import Labels
from rcim.store.answers import Metrics
from rcim.store.connection_answers import PresenceRow
from rcim.store.metric_rows import added_up, rows_of

log = LimitedLog("rcim.bus")

DELIVER_BYTES = 1 << 20
"""A batch of more goes down in several messages."""
MESSAGE_BYTES = 1024
"""What a message takes besides its body, its fields, and whom it names: ids, names, a URL."""
TARGET_BYTES = 48 * 1024
"""What a target takes at the most: 100 names and values."""
CHARACTER_BYTES = 4
SETTLE_S = 1.0
"""After the owner's start: gateways look for it every 0.1 s, and have said by then who is there. What is asked about
devices waits so long. And so long the devices of a gateway that is gone are taken to be there."""
WATCH_S = 1.0
SILENT_S = 10.0
"""A gateway from which nothing comes for so long is given up; it says something every second."""


class GatewayRouter:
    """See the module's text. A DeliverySink for the owner, and a listener for gateways."""

    def __init__(
        self,
        owner: Engine,
        loop: asyncio.AbstractEventLoop,
        meters: Meters | None = None,
        gateways: int = 0,
    ) -> None:
        """`meters` has the figures of this process; `gateways`: so many there are to be."""
        self.owner = owner
        self._meters = meters if meters is not None else Meters()
        self._gateways = gateways
        self.loop = loop
        self._links: dict[int, GatewayLink] = {}
        self._strangers: set[GatewayLink] = set()
        self._listening: dict[str, dict[GatewayLink, int]] = {}
        """Conversation to those who listen, each with the number of the message that told it last of a member."""
        self._users: dict[str, set[GatewayLink]] = {}
        self._watching: dict[str, set[GatewayLink]] = {}
        """ID-07: user to those who want to be told what it does."""
        self.scatter_gather: ScatterGather[GatewayLink] = ScatterGather(
            loop, lambda: set(self._links.values()), self._is_at
        )
        self.session_grace = SessionGrace(owner, loop, SETTLE_S)
        self.on_trace: Callable[[str, str, str], None] | None = None
        """OP-02: is told of messages that continue a trace: conversation, client message id, `traceparent`."""
        self._stopped = False
        self._settled_s = loop.time() + SETTLE_S
        self._server: asyncio.AbstractServer | None = None
        self._lateness = Lateness(loop, WATCH_S)
        self._watch: asyncio.TimerHandle | None = None

    async def listen_at(self, path: Path) -> None:
        """Take gateways on this Unix socket. Raises OSError."""
        path.unlink(missing_ok=True)
        self._server = await self.loop.create_unix_server(self._accept, str(path))
        path.chmod(0o600)
        self._tick()

    def _accept(self) -> Pipe:
        link = GatewayLink(self)
        self._strangers.add(link)
        return link.pipe

    def _tick(self) -> None:
        self._watch = self.loop.call_later(WATCH_S, self._tick)
        self.scatter_gather.forget_old()
        oldest, late_s = self.loop.time() - SILENT_S, self._lateness.came()
        for link in [*self._links.values(), *self._strangers]:
            link.pipe.heard_s += late_s
            if link.pipe.heard_s < oldest:
                log.error(
                    "a gateway has been silent for too long and is given up", gateway=link.number, seconds=SILENT_S
                )
                link.pipe.close()

    @property
    def unsettled_s(self) -> float:
        """How long it may take until all gateways have said who is there."""
        return self._settled_s - self.loop.time()

    def stop(self) -> None:
        """Take no more and close all."""
        self._stopped = True
        self.session_grace.stop()
        if self._watch is not None:
            self._watch.cancel()
        if self._server is not None:
            self._server.close()
        for link in [*self._links.values(), *self._strangers]:
            link.pipe.close()

    # -- who is there

    def enter(self, link: GatewayLink) -> None:
        """A gateway has said its number. One that had it before is gone."""
        before = self._links.get(link.number)
        if before is not None:
            before.pipe.close()
        self._strangers.discard(link)
        self._links[link.number] = link

    def leave(self, link: GatewayLink) -> None:
        """A gateway is gone, and all its connections with it."""
        self._strangers.discard(link)
        if self._links.get(link.number) is link:
            del self._links[link.number]
        freed = [*link.congested, *link.parked]
        for key in [key for key, there in self._listening.items() if link in there]:
            self._forget(link, key)
        for user_id in [user_id for user_id, there in self._users.items() if link in there]:
            self.user_gone(link, user_id)
        if not self._stopped:
            self.session_grace.leave(link)
        self.unwatch(link, [user_id for user_id, there in self._watching.items() if link in there])
        self.scatter_gather.gone(link)
        for key in freed:
            self.owner.resume(key)

    def watch(self, link: GatewayLink, user_ids: Sequence[str]) -> None:
        """`link` is told from now on what these users do."""
        for user_id in user_ids:
            self._watching.setdefault(user_id, set()).add(link)
        self.owner.watch(user_ids)

    def unwatch(self, link: GatewayLink, user_ids: Sequence[str]) -> None:
        """`link` is told no more."""
        for user_id in user_ids:
            there = self._watching.get(user_id)
            if there is None:
                continue
            there.discard(link)
            if not there:
                del self._watching[user_id]
                self.owner.unwatch([user_id])

    def traced(self, link: GatewayLink, message: m.Traced) -> None:
        """The message that `link` asks for next continues a trace: whoever may give it out hears of it before."""
        if self.on_trace is not None:
            self.on_trace(message.key, message.client_msg_id, message.context)
        data = encoded(m.TracedBelow(message.key, message.client_msg_id, message.context))
        for other in self._links.values():
            if other is not link:
                other.send(data)

    def others(self, link: GatewayLink) -> bool:
        """True if there are other gateways."""
        return len(self._links) > 1 or link.number not in self._links

    def listen(self, link: GatewayLink, key: str) -> None:
        """With the message that is sent next, `link` is told of a member of `key`."""
        self._listening.setdefault(key, {})[link] = link.sent + 1

    def nobody_in(self, link: GatewayLink, key: str, heard: int) -> None:
        """`link` had nobody in `key` when it had heard so many messages."""
        there = self._listening.get(key)
        if there is not None and there.get(link, heard + 1) <= heard:
            self._forget(link, key)

    def _forget(self, link: GatewayLink, key: str) -> None:
        there = self._listening[key]
        del there[link]
        if not there:
            del self._listening[key]

    def user_here(self, link: GatewayLink, user_id: str) -> None:
        """The user logs in at `link`."""
        self._users.setdefault(user_id, set()).add(link)

    def _is_at(self, link: GatewayLink, user_id: str) -> bool:
        return link in self._users.get(user_id, ())

    def user_gone(self, link: GatewayLink, user_id: str) -> None:
        """The user has no connection at `link` any more."""
        there = self._users.get(user_id)
        if there is not None:
            there.discard(link)
            if not there:
                del self._users[user_id]
                self.owner.user_gone(user_id)

    # -- DeliverySink

    def congested(self, conversation: str) -> bool:
        full = False
        key = addressed(conversation)
        for link in self._listening.get(heard_with(conversation), ()):
            if link.pipe.full:
                link.parked.add(key)
                full = True
            full = full or key in link.congested
        return full

    def listening(self, conversation: str) -> bool:
        return heard_with(conversation) in self._listening

    def deliver(self, conversation: str, messages: Sequence[Delivery]) -> None:
        listening = self._listening.get(heard_with(conversation), {})
        for part in _parts(messages):
            data = encoded(m.Deliver(conversation, part))
            for link in listening:
                link.send(data)

    def members_added(self, conversation: str, user_ids: Sequence[str]) -> None:
        told: dict[GatewayLink, list[str]] = {}
        for user_id in user_ids:
            for link in self._users.get(user_id, ()):
                told.setdefault(link, []).append(user_id)
        for link, users in told.items():
            self.listen(link, conversation)
            link.send(encoded(m.MembersAdded(conversation, users)))

    def member_gone(self, conversation: str, user_id: str, reason: GoneReason, operator: str, text: str) -> None:
        self._tell_those_with(
            user_id, m.MemberGone(key=conversation, user_id=user_id, reason=reason, operator=operator, text=text)
        )

    def member_silenced(self, conversation: str, user_id: str, silent: bool) -> None:
        for link in self._users.get(user_id, ()):
            self.listen(link, conversation)
            link.send(encoded(m.MemberSilenced(conversation, user_id, silent)))

    def announce(self, conversation: str, change: Change) -> None:
        data = encoded(m.Announce(conversation, change))
        for link in self._listening.get(heard_with(conversation), ()):
            link.send(data)

    def tell(self, conversation: str, user_ids: Sequence[str] | None, notice: Notice) -> None:
        if user_ids is None:
            data = encoded(m.NotifyMessage(conversation, None, notice))
            for link in self._listening.get(heard_with(conversation), ()):
                link.send(data)
            return
        told: dict[GatewayLink, list[str]] = {}
        for user_id in user_ids:
            for link in self._users.get(user_id, ()):
                told.setdefault(link, []).append(user_id)
        for link, users in told.items():
            link.send(encoded(m.NotifyMessage(conversation, users, notice)))

    def user_logged_out(self, user_id: str) -> None:
        self._tell_those_with(user_id, m.UserLoggedOut(user_id))

    def close_devices(self, user_id: str, connections: Sequence[int], code: int, text: str) -> None:
        wanted = set(connections)
        for link in self._links.values():
            here = [one for one in wanted if (user_id, one) in link.devices]
            if here:
                link.send(encoded(m.CloseDevices(user_id, here, code, text)))
        self.session_grace.close_later(user_id, wanted, code, text)

    def presence(self, row: PresenceRow) -> None:
        data = encoded(m.Presence(row))
        for link in self._watching.get(row.user_id, ()):
            link.send(data)

    def presence_barred(self, user_id: str, others: Sequence[str]) -> None:
        for link in self._watching.get(user_id, ()):
            link.send(encoded(m.PresenceBarred(user_id, list(others))))

    def conversation_gone(self, conversation: str, silently: bool, reason: GoneReason) -> None:
        data = encoded(m.ConversationGone(conversation, silently, reason))
        for link in self._links.values():  # all: a login that is under way may be about to enter it
            link.send(data)

    def user_profile_changed(self, user_id: str, nickname: str, face_url: str, fields: Mapping[str, bytes]) -> None:
        self._tell_those_with(user_id, m.UserProfileChanged(user_id, nickname, face_url, dict(fields)))

    def labels_changed(self, user_id: str, labels: Labels) -> None:
        self._tell_those_with(user_id, m.LabelsChanged(user_id, labels))

    def _tell_those_with(self, user_id: str, message: msgspec.Struct) -> None:
        data = encoded(message)
        for link in self._users.get(user_id, ()):
            link.send(data)

    def look(self, query: Look, done: Callable[[Any], None]) -> None:
        if not isinstance(query, MetricsQuery):
            self.scatter_gather.look(query, done)
            return

        away = max(0, self._gateways - len(self._links))

        def with_own(found: Metrics) -> None:
            """OP-02: with what this process has, and with the gateways that are not there."""
            rows = added_up([found.rows, rows_of(self._meters.figures())])
            done(Metrics(rows, found.missing + away))

        self.scatter_gather.look(query, with_own)


def _parts(messages: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """`messages` in runs that are each far below the longest message of a pipe."""
    part: list[Delivery] = []
    size = 0
    for one in messages:
        part.append(one)
        size += _size(one.message)
        if size > DELIVER_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _size(message: Message) -> int:
    """What a message takes at the most, in bytes."""
    size = MESSAGE_BYTES + len(message.body)
    for name, value in (*message.user_fields, *message.member_fields, *message.group_fields):
        size += len(name) + len(value)
    extra = message.extra
    if extra is not None:
        size += len(extra.cloud_data) + CHARACTER_BYTES * sum(map(len, (*extra.to, *extra.mentions)))
        size += TARGET_BYTES if extra.target is not None else 0
    return size
