"""What connections get besides results: messages, notices, and pushes about the connection itself.

Adapters take all of these types from this module, and define a Codec that encodes them.
"""

from rcim.actor.app import APP_KEY
from rcim.actor.effects import (
    Altered,
    Decided,
    Entered,
    Erased,
    Flagged,
    Hidden,
    Invited,
    ListEntryChanged,
    Notice,
    Noticed,
    OwnSettingChanged,
    ReadUpTo,
    Requested,
    RoomAttributesNews,
    Silenced,
    Transient,
    Trimmed,
)
from rcim.actor.records import Change, Message, MessageOptions, Profile, RoomAttribute
from rcim.connect.codec import (
    Codec,
    ConversationHeads,
    ConversationLeft,
    GoingAway,
    GroupChangesNews,
    MessagesMissed,
    PresenceNews,
    Push,
)

__all__ = [
    "APP_KEY",
    "Altered",
    "Change",
    "Codec",
    "ConversationHeads",
    "ConversationLeft",
    "Decided",
    "Entered",
    "Erased",
    "Flagged",
    "GoingAway",
    "GroupChangesNews",
    "Hidden",
    "Invited",
    "ListEntryChanged",
    "Message",
    "MessageOptions",
    "MessagesMissed",
    "Notice",
    "Noticed",
    "OwnSettingChanged",
    "PresenceNews",
    "Profile",
    "Push",
    "ReadUpTo",
    "Requested",
    "RoomAttribute",
    "RoomAttributesNews",
    "Silenced",
    "Transient",
    "Trimmed",
]
