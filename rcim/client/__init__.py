"""The Python SDK, on the same session core as the server.

`Client` is what an app uses; `Link` is one connection without comfort, for tools that hold thousands of them.
"""

from rcim.base.errors import RcimError
from rcim.base.terms import (
    PERMANENT_S,
    AddResult,
    ApplyJoinOption,
    InviteConsent,
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
from rcim.client.local import LocalStore, LocalStoreError
from rcim.client.model import (
    ApplicationEvent,
    ChangedEvent,
    ChangesEvent,
    DecisionEvent,
    ErasedEvent,
    GroupEvent,
    HiddenEvent,
    InvitationEvent,
    JoinResult,
    ListEvent,
    Message,
    NoticeEvent,
    OwnEvent,
    PostedEvent,
    PresenceEvent,
    ReadEvent,
    RereadEvent,
    SendResult,
    TransientEvent,
    User,
    Where,
)
from rcim.client.outbox import Post
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
    "InvitationEvent",
    "InviteConsent",
    "JoinResult",
    "JoinStatus",
    "ListEvent",
    "LocalStore",
    "LocalStoreError",
    "Message",
    "MessageState",
    "MsgFlag",
    "NoticeEvent",
    "OwnChange",
    "OwnEvent",
    "Platform",
    "Post",
    "PostedEvent",
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
