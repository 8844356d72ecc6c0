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
    Platform,
    Priority,
    Role,
    UserList,
)
from rcim.client.client import Client
from rcim.client.model import (
    ApplicationEvent,
    ChangedEvent,
    ChangesEvent,
    DecisionEvent,
    ErasedEvent,
    GroupEvent,
    HiddenEvent,
    JoinResult,
    Message,
    NoticeEvent,
    ReadEvent,
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
    "DecisionEvent",
    "ErasedEvent",
    "GroupEvent",
    "HiddenEvent",
    "JoinResult",
    "JoinStatus",
    "Message",
    "MessageState",
    "MsgFlag",
    "NoticeEvent",
    "Platform",
    "Priority",
    "RcimError",
    "ReadEvent",
    "Role",
    "SendResult",
    "TransientEvent",
    "User",
    "UserList",
    "Where",
    "client_context",
]
