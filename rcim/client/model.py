"""What the SDK hands to the app: results, messages, events."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.base.terms import GoneReason, Priority
from rcim.wire import elements, frames


@dataclass(frozen=True, slots=True)
class SendResult:
    """MS-02. `duplicate`: it had been accepted before (this was a repeat)."""

    seq: int
    time_ms: int
    message_id: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Message:
    """An ordinary message of a group (MS-01, MS-04)."""

    group_id: str
    seq: int
    time_ms: int
    message_id: int
    priority: Priority
    sender: str
    nickname: str
    face_url: str
    name_card: str
    client_msg_id: str
    elements: tuple[elements.Element, ...]

    @property
    def text(self) -> str:
        """The text elements, joined."""
        return "".join(e.text for e in self.elements if isinstance(e, elements.Text))

    @property
    def display_name(self) -> str:
        """Name card before nickname before id."""
        return self.name_card or self.nickname or self.sender


@dataclass(frozen=True, slots=True)
class GroupEvent:
    """The group is no longer there for this user."""

    group_id: str
    reason: GoneReason


def message_of(group_id: str, m: frames.Message) -> Message:
    """A message from the wire as the app gets it. Elements newer than this program are left out."""
    return Message(
        group_id,
        m.seq,
        m.time_ms,
        m.message_id,
        m.priority,
        m.sender,
        m.nickname,
        m.face_url,
        m.name_card,
        m.client_msg_id,
        tuple(elements.decode_body(m.body)),
    )
