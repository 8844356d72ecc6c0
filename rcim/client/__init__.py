"""The Python SDK, on the same session core as the server.

`Client` is what an app uses; `Link` is one connection without comfort, for tools that hold thousands of them.
"""

from rcim.base.errors import RcimError
from rcim.base.terms import (
    PERMANENT_S,
    AddResult,
    ApplicationState,
    ApplyJoinOption,
    InviteConsent,
    JoinStatus,
    MessageState,
    MsgFlag,
    OwnChange,
    Platform,
    Presence,
    Priority,
    PushLevel,
    Role,
    UserList,
)
from rcim.client.broadcasts import BroadcastTarget
from rcim.client.client import Client
from rcim.client.conversations import Conversation
from rcim.client.events import (
    ApplicationEvent,
    AttributesEvent,
    ChangedEvent,
    ChangesEvent,
    DecisionEvent,
    EnteredEvent,
    ErasedEvent,
    GroupEvent,
    HiddenEvent,
    InvitationEvent,
    ListEvent,
    MuteEvent,
    NoticeEvent,
    OwnEvent,
    PostedEvent,
    PresenceEvent,
    ReadEvent,
    RereadEvent,
    TransientEvent,
)
from rcim.client.local import LocalStore, LocalStoreError
from rcim.client.member_settings import MemberSetting
from rcim.client.model import BROADCASTS, Broadcasts, JoinResult, Message, SendResult, User, Where
from rcim.client.outbox import Post
from rcim.client.rooms import Room
from rcim.client.trust import client_context

__all__ = [
    "BROADCASTS",
    "PERMANENT_S",
    "AddResult",
    "ApplicationEvent",
    "ApplicationState",
    "ApplyJoinOption",
    "AttributesEvent",
    "BroadcastTarget",
    "Broadcasts",
    "ChangedEvent",
    "ChangesEvent",
    "Client",
    "Conversation",
    "DecisionEvent",
    "EnteredEvent",
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
    "MemberSetting",
    "Message",
    "MessageState",
    "MsgFlag",
    "MuteEvent",
    "NoticeEvent",
    "OwnChange",
    "OwnEvent",
    "Platform",
    "Post",
    "PostedEvent",
    "Presence",
    "PresenceEvent",
    "Priority",
    "PushLevel",
    "RcimError",
    "ReadEvent",
    "RereadEvent",
    "Role",
    "Room",
    "SendResult",
    "TransientEvent",
    "User",
    "UserList",
    "Where",
    "client_context",
]
