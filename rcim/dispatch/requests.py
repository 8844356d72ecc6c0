"""The one small interface between who owns the conversations and who holds the connections.

Engine (in): commands, queries, workflows; room again, users who have left. The dispatcher is one; a link to it another.
ReplyTo and DeliverySink (back): answers, deliveries, changes of who is in a conversation. A hub is a sink; so is the
owner's end of all links. In one process it is a direct call, between processes a Unix socket (rcim/bus): nothing on
either side knows which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from rcim.actor.commands import Command
from rcim.actor.effects import Notice
from rcim.actor.outcomes import AnyResult, Refused
from rcim.actor.queries import Look, Query
from rcim.actor.records import Change, Message
from rcim.actor.workflows import AnyWorkflow
from rcim.base.terms import DeviceEnd, GoneReason, Priority
from rcim.rules.devices import Device
from rcim.rules.targets import Labels
from rcim.store.answers import Answer
from rcim.store.connection_answers import PresenceRow


class Delivery(NamedTuple):
    """A message on its way to those who are online. Nobody encodes it before the process that holds their connections."""

    message: Message
    priority: Priority
    """By which it is dropped where there is too much (RX-07); Lowest for a type of low ones (FC-07)."""


class ReplyTo(Protocol):
    """Who asked. `answer` is called once for each request, from the loop, in the order of commits."""

    def answer(self, token: int, result: AnyResult | Answer) -> None: ...

    def mailbox_drained(self, key: str) -> None:
        """The mailbox of `key`, which had no room for its command, has room again."""


class DeliverySink(Protocol):
    """Where deliveries and changes of who is in a conversation go. Called only for what is durable."""

    def congested(self, conversation: str) -> bool:
        """True while so much waits to be given out there that its actor has to pause; `Dispatcher.resume` after."""

    def listening(self, conversation: str) -> bool:
        """True if anybody may be online in it: what is for nobody need not be made."""

    def deliver(self, conversation: str, messages: Sequence[Delivery]) -> None: ...

    def members_added(self, conversation: str, user_ids: Sequence[str]) -> None: ...

    def member_gone(self, conversation: str, user_id: str, reason: GoneReason, operator: str, text: str) -> None: ...

    def member_silenced(self, conversation: str, user_id: str, silent: bool) -> None:
        """The member wants nothing delivered any more, or again everything (RX-01)."""

    def conversation_gone(self, conversation: str, silently: bool, reason: GoneReason) -> None: ...

    def announce(self, conversation: str, change: Change) -> None:
        """Tell those who are online; changes of a large room are joined together (GT-15)."""

    def tell(self, conversation: str, user_ids: Sequence[str] | None, notice: Notice) -> None:
        """Give a notice to these users, or, with None, to all who are online in the conversation."""

    def user_profile_changed(
        self, user_id: str, nickname: str, face_url: str, fields: Mapping[str, bytes]
    ) -> None: ...

    def labels_changed(self, user_id: str, labels: Labels) -> None:
        """Broadcasts to the user are targeted by these from now on (SY-04)."""

    def user_logged_out(self, user_id: str) -> None:
        """Close all connections of the user (ID-09)."""

    def close_devices(self, user_id: str, connections: Sequence[int], code: int, text: str) -> None:
        """Close these connections of the user with this error (ID-04)."""

    def presence(self, row: PresenceRow) -> None:
        """What a user does now who is watched (ID-07)."""

    def presence_barred(self, user_id: str, others: Sequence[str]) -> None:
        """These are told no more what the user does (ID-07)."""

    def look(self, query: Look, done: Callable[[Any], None]) -> None:
        """Call `done` with what is to be seen there: rows of connections, counters by name,
        or ids of users; with None for an OnlineQuery that not everybody has answered."""


class Engine(Protocol):
    """Who owns the conversations, seen from who holds connections. There are three kinds of requests, never mixed: a
    command goes to one actor and may write; a query only reads; a workflow is several commands, each idempotent."""

    def submit(self, request: CommandRequest) -> bool:
        """Put a command into the mailbox of `request.key`. False if it is full: `reply_to` is then told by
        `mailbox_drained` when there is room, and submits again."""

    def ask(self, request: QueryRequest) -> None:
        """Answer a query. Raises TypeError for anything else: that is a fault of ours, and nothing was done."""

    def run(self, request: WorkflowRequest) -> None:
        """Carry out a workflow; it may wait for its turn. Raises TypeError for anything else."""

    def resume(self, key: str) -> None:
        """`congested` is over for `key`."""

    def nobody_in(self, key: str) -> None:
        """No connection here is in the conversation any more: deliveries need not come."""

    def user_gone(self, user_id: str) -> None:
        """The user has no connection here any more."""

    def device_here(self, user_id: str, device: Device, kept: Callable[[], None] | None = None) -> None:
        """The device is logged in here, or its state has changed (ID-04, ID-07). `kept` is called when what the app is to
        hear of it is durable. If the owner is away, or dies before, it is not called: the owner is to be told again, and
        of the same news, when it is back."""

    def device_gone(self, user_id: str, device: Device, end: DeviceEnd) -> None:
        """It is not logged in any more."""

    def watch(self, user_ids: Sequence[str]) -> None:
        """Somebody here wants to be told what these do: `DeliverySink.presence` from now on."""

    def unwatch(self, user_ids: Sequence[str]) -> None:
        """Nobody here wants to any more."""

    def online_elsewhere(self, key: str) -> int:
        """How many users are online in the conversation that are not here. Asked while an answer is given out."""


Body = TypeVar("Body", bound=Command | Query | AnyWorkflow)


class Request(Generic[Body]):
    """A command, query or workflow (`body`) on its way. `key` is the conversation of a command, else empty. `token` is
    the number of whoever asked (a connection's request id)."""

    __slots__ = ("alone", "body", "came_s", "key", "reply_to", "token")

    def __init__(self, key: str, body: Body, reply_to: ReplyTo, token: int) -> None:
        self.key = key
        self.body = body
        self.reply_to = reply_to
        self.token = token
        self.came_s = 0.0
        """When it was put into a mailbox, if that is measured (`time.perf_counter`, OP-02)."""
        self.alone = False
        """True: a batch with it in it has failed, maybe for another's sake; it is to be committed by itself (ST-04)."""

    def refuse(self, refused: Refused) -> None:
        """Answer that it was not done."""
        self.reply_to.answer(self.token, refused)


CommandRequest = Request[Command]
QueryRequest = Request[Query]
WorkflowRequest = Request[AnyWorkflow]
