"""The Python SDK, on the same session core as the server.

`Client` is what an app uses; `Link` is one connection without comfort, for tools that hold thousands of them.
"""

from rcim.base.errors import RcimError
from rcim.base.terms import (
    PERMANENT_S,
    AddResult,
    ApplyJoinOption,
    JoinStatus,
    MessageState,
    MsgFlag,
    OwnChange,
    Platform,
    Presence,
    Priority,
    Role,
    UserList,
)
from rcim.client.client import Client
from rcim.client.conversations import Conversation
from rcim.client.model import (
    ApplicationEvent,
    ChangedEvent,
    ChangesEvent,
    DecisionEvent,
    ErasedEvent,
    GroupEvent,
    HiddenEvent,
    JoinResult,
    ListEvent,
    Message,
    NoticeEvent,
    OwnEvent,
    PresenceEvent,
    ReadEvent,
    RereadEvent,
    SendResult,
    TransientEvent,
    User,
    Where,
)
from rcim.client.trust import client_context

__all__ = [
    "PERMANENT_S",
    "AddResult",
    "ApplicationEvent",
    "ApplyJoinOption",
    "ChangedEvent",
    "ChangesEvent",
    "Client",
    "Conversation",
    "DecisionEvent",
    "ErasedEvent",
    "GroupEvent",
    "HiddenEvent",
    "JoinResult",
    "JoinStatus",
    "ListEvent",
    "Message",
    "MessageState",
    "MsgFlag",
    "NoticeEvent",
    "OwnChange",
    "OwnEvent",
    "Platform",
    "Presence",
    "PresenceEvent",
    "Priority",
    "RcimError",
    "ReadEvent",
    "RereadEvent",
    "Role",
    "SendResult",
    "TransientEvent",
    "User",
    "UserList",
    "Where",
    "client_context",
]
