"""The Python SDK, on the same session core as the server.

`Client` is what an app uses; `Link` is one connection without comfort, for tools that hold thousands of them.
"""

from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, Platform, Priority, Role
from rcim.client.client import Client
from rcim.client.model import GroupEvent, Message, SendResult
from rcim.client.trust import client_context

__all__ = [
    "ApplyJoinOption",
    "Client",
    "GroupEvent",
    "Message",
    "Platform",
    "Priority",
    "RcimError",
    "Role",
    "SendResult",
    "client_context",
]
