"""The principal of a connection: who is logged in, and with which rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rcim.actor.api_keys import ApiKey
from rcim.actor.user_commands import Credential
from rcim.rules.targets import NO_LABELS

CLIENT = "client"


class Source(NamedTuple):
    """Where requests come from, for the audit log."""

    api: str
    """The name of the API; CLIENT: it is a connection."""
    address: str = ""
    """The caller's address."""
    request_id: str = ""
    """As in the access log."""


class Principal:
    """Who is logged in on a connection. Nickname, face URL and fields follow the user's profile while it is open."""

    __slots__ = (
        "acted_by",
        "admin",
        "connection_id",
        "credential",
        "face_url",
        "fields",
        "groups",
        "key",
        "labels",
        "nickname",
        "reserve",
        "scopes",
        "source",
        "user_id",
    )

    def __init__(self, user_id: str, admin: bool, nickname: str = "", face_url: str = "") -> None:
        self.user_id = user_id
        self.admin = admin
        self.nickname = nickname
        self.face_url = face_url
        self.fields: tuple[tuple[str, bytes], ...] = ()
        """Those custom fields of the user that go with its messages."""
        self.labels = NO_LABELS
        """By which broadcasts are targeted (SY-04)."""
        self.connection_id = 0
        self.credential: Credential | None = None
        """What it has logged in with; None: it is a guest."""
        self.key: ApiKey | None = None
        """Of a back end: the API key that it has (ID-08)."""
        self.scopes: frozenset[str] | None = None
        """What it may do (rcim/service/scopes.py); None: all that its user may."""
        self.source: Source | None = None
        """Where its requests come from; None: the server itself asks."""
        self.acted_by = ""
        """The caller, if a back end acts in the name of this user (BackEnds.acting_for), whoever that is; else empty."""
        self.groups: Callable[[], int] = int
        """How many groups a guest hears, those that it is about to enter among them (ID-06)."""
        self.reserve: Callable[[int], None] = _nothing
        """Count one that it is about to enter (1), or no longer is (-1)."""


def _nothing(_: int) -> None:
    """Nothing is reserved before somebody is logged in."""
