"""What queries about users' connections, devices and presence are answered with."""

from __future__ import annotations

import msgspec

from rcim.base.terms import Platform, Presence
from rcim.rules.devices import Device


class ConnectionRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A connection, for administrators."""

    connection_id: int
    user_id: str
    platform: int
    device_tag: str
    address: str
    age_ms: int
    queued_bytes: int
    agent: str


class DevicesPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """ID-04: a user's devices, the oldest session first."""

    devices: list[Device]


class DevicesClosed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """ID-04: how many devices were told to close their connections."""

    count: int


class PresenceRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """ID-07: what a user does, and each of its devices."""

    user_id: str
    state: Presence
    devices: list[tuple[Platform, Presence]]


class Seen(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """ID-07: the users whose presence the asking user may see."""

    users: list[str]


class PresencePage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """The presence of users (ID-07). `refused`: users whose changes are not told; `unseen`: those whom the asking user
    may not see, and finds OFFLINE. `connection_id` is that of the query."""

    rows: list[PresenceRow]
    refused: list[str]
    unseen: list[str] = []
    connection_id: int = 0


class ConnectionsPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Connections by id. `next` is 0 on the last page."""

    rows: list[ConnectionRow]
    next: int
