"""What goes over the bus: one small struct for each call of the interface, and what keeps the two ends in step.

Both ends are of one version and on one machine: nothing here is kept, and nothing of it is seen by clients.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rcim.actor.commands import Command
from rcim.actor.effects import Notice
from rcim.actor.outcomes import AnyResult
from rcim.actor.queries import Look, Query
from rcim.actor.records import Change
from rcim.actor.workflows import AnyWorkflow
from rcim.base.terms import DeviceEnd, GoneReason
from rcim.dispatch.requests import Delivery
from rcim.rules.devices import Device
from rcim.rules.targets import Labels
from rcim.store.answers import Answer
from rcim.store.connection_answers import PresenceRow


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """The first message of a gateway: its number."""

    number: int


class Do(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=1):
    """Engine.submit."""

    number: int
    key: str
    command: Command


class QueryMessage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=2):
    """Engine.ask."""

    number: int
    query: Query


class WorkflowMessage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=13):
    """Engine.run."""

    number: int
    workflow: AnyWorkflow


class Resume(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=3):
    """Engine.resume."""

    key: str


class Congested(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=4):
    """The answer to DeliverySink.congested would be True from now on, until Resume."""

    key: str


class NobodyIn(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=5):
    """Engine.nobody_in, as of the `heard`-th message that came down."""

    key: str
    heard: int


class UserGone(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=6):
    """Engine.user_gone."""

    user_id: str


class Looked(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """What DeliverySink.look found, for the question with this number."""

    number: int
    found: Any


class Ping(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=8):
    """Still there."""


class DeviceHere(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=9):
    """Engine.device_here."""

    user_id: str
    device: Device


class DeviceGone(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=10):
    """Engine.device_gone."""

    user_id: str
    device: Device
    end: DeviceEnd


class Watch(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=11):
    """Engine.watch."""

    user_ids: list[str]


class Unwatch(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=12):
    """Engine.unwatch."""

    user_ids: list[str]


class Traced(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=14):
    """OP-02: the message with this client message id, which is asked for next, continues a trace of a back end. Sent for
    no other message. `context` is a `traceparent`: the trace, and the message's first span."""

    key: str
    client_msg_id: str
    context: str


Up = (
    Hello
    | Do
    | QueryMessage
    | WorkflowMessage
    | Resume
    | Congested
    | NobodyIn
    | UserGone
    | Looked
    | Ping
    | DeviceHere
    | DeviceGone
    | Watch
    | Unwatch
    | Traced
)


class Answered(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=0):
    """Origin.answer. `elsewhere` is what Engine.online_elsewhere says meanwhile."""

    number: int
    result: AnyResult | Answer
    elsewhere: int = 0


class Deliver(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=1):
    """DeliverySink.deliver."""

    key: str
    messages: list[Delivery]


class MembersAdded(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=2):
    """DeliverySink.members_added, of those users who are online at this gateway."""

    key: str
    user_ids: list[str]


class MemberGone(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=3):
    """DeliverySink.member_gone."""

    key: str
    user_id: str
    reason: GoneReason
    operator: str
    text: str


class ConversationGone(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=4):
    """DeliverySink.conversation_gone."""

    key: str
    silently: bool
    reason: GoneReason


class UserProfileChanged(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=5):
    """DeliverySink.user_profile_changed."""

    user_id: str
    nickname: str
    face_url: str
    fields: dict[str, bytes]


class LabelsChanged(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=35):
    """DeliverySink.labels_changed."""

    user_id: str
    labels: Labels


class LookAt(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=6):
    """DeliverySink.look."""

    number: int
    query: Look


class Pong(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=7):
    """Still here."""


class MemberSilenced(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=8):
    """DeliverySink.member_silenced."""

    key: str
    user_id: str
    silent: bool


class Announce(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=9):
    """DeliverySink.announce."""

    key: str
    change: Change


class NotifyMessage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=10):
    """DeliverySink.tell."""

    key: str
    user_ids: list[str] | None
    notice: Notice


class UserLoggedOut(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=11):
    """DeliverySink.user_logged_out."""

    user_id: str


class CloseDevices(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=12):
    """DeliverySink.close_devices."""

    user_id: str
    connections: list[int]
    code: int
    text: str


class Presence(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=13):
    """DeliverySink.presence."""

    row: PresenceRow


class PresenceBarred(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=14):
    """DeliverySink.presence_barred."""

    user_id: str
    others: list[str]


class DeviceKept(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=15):
    """Of this device, Engine.device_here: `kept`."""

    user_id: str
    connection_id: int


class TracedBelow(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=16):
    """Traced, as another gateway has said it."""

    key: str
    client_msg_id: str
    context: str


Down = (
    Answered
    | Deliver
    | MembersAdded
    | MemberGone
    | ConversationGone
    | UserProfileChanged
    | LabelsChanged
    | LookAt
    | Pong
    | MemberSilenced
    | Announce
    | NotifyMessage
    | UserLoggedOut
    | CloseDevices
    | Presence
    | PresenceBarred
    | DeviceKept
    | TracedBelow
)
