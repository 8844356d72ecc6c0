"""What handlers are given and what they give back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from rcim.base.limits import Limits
from rcim.wire.schema import Frame


class Caller:
    """Who is logged in on a connection. Nickname, face URL and fields follow the user's profile while it is open."""

    __slots__ = ("admin", "face_url", "fields", "groups", "nickname", "reserve", "signed_ms", "user_id")

    def __init__(self, user_id: str, admin: bool, nickname: str = "", face_url: str = "") -> None:
        self.user_id = user_id
        self.admin = admin
        self.nickname = nickname
        self.face_url = face_url
        self.fields: tuple[tuple[str, bytes], ...] = ()
        """Those custom fields of the user that go with its messages."""
        self.signed_ms = 0
        """When the UserSig was made that it has logged in with."""
        self.groups: Callable[[], int] = int
        """How many conversations the user is in, those that it is about to enter among them."""
        self.reserve: Callable[[int], None] = _nothing
        """Count a conversation that the user is about to enter (1), or no longer is (-1)."""


def _nothing(_: int) -> None:
    """A caller that is not yet anybody reserves nothing."""


class Desk(Protocol):
    """What a handler may ask of the connection manager, answered at once."""

    limits: Limits

    def online(self, conversation: str) -> int:
        """How many members are online in the conversation."""


class ToActor(msgspec.Struct, frozen=True, gc=False):
    """Put this command into the mailbox of `key`."""

    key: str
    command: Any


class ToStore(msgspec.Struct, frozen=True, gc=False):
    """Answer this query, which needs no actor."""

    query: Any


Work = ToActor | ToStore | Frame
"""What a request becomes; a Frame is the answer already."""
