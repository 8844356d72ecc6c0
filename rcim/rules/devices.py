"""ID-04: which of a user's devices may be logged in side by side, and which is closed when there are too many.

1. A session begins with a login that continues none; reconnecting continues it, however long it was cut off.
2. Of each platform so many sessions go side by side as its slots say; of those with the same tag, one. Of two connections
   of one session, the older is one that was lost.
3. What is too much goes by the session's beginning: the one begun last stays. So two devices that both reconnect by
   themselves do not close each other in turns: the older one is refused, and stays away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from rcim.base.terms import DeviceNews, Platform, Presence

SLOTS: Mapping[Platform, int] = {
    Platform.WEB: 1,
    Platform.DESKTOP: 1,
    Platform.MOBILE: 1,
    Platform.PAD: 1,
    Platform.SERVER: 0,
}
"""Sessions of one user on a platform at a time; 0: as many as there are."""
DEVICES_MAX = 100
"""Sessions of one user in all, whatever the slots say: what it is told of goes to each of them."""


class Device(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A connection that is logged in. Times are milliseconds since 1970."""

    connection_id: int
    platform: Platform
    tag: str
    began_ms: int
    """When the session began: at its first login, and not later than `login_ms`."""
    login_ms: int
    state: Presence = Presence.ONLINE
    news: DeviceNews = DeviceNews.KNOWN
    address: str = ""
    """As in Credential."""

    @property
    def age(self) -> tuple[int, int, int]:
        """What is greater is newer."""
        return self.began_ms, self.login_ms, self.connection_id

    @property
    def session(self) -> tuple[Platform, str, int]:
        """What two connections of one session have in common."""
        return self.platform, self.tag, self.began_ms


class Closing(NamedTuple):
    """A device that is to be closed, and the newer one that is the reason."""

    device: Device
    by: Device


def too_many(devices: Iterable[Device], slots: Mapping[Platform, int]) -> list[Closing]:
    """Which of a user's `devices` have to go, the newest of them first."""
    on: dict[Platform, list[Device]] = {}
    sessions: dict[tuple[Platform, str, int], Device] = {}
    tagged: dict[str, Device] = {}
    staying: list[Device] = []
    closing: list[Closing] = []
    for device in sorted(devices, key=lambda one: one.age, reverse=True):
        there, most = on.setdefault(device.platform, []), slots[device.platform]
        by = sessions.get(device.session) or (tagged.get(device.tag) if device.tag else None)
        if by is None and most and len(there) >= most:
            by = there[0]
        if by is None and len(staying) >= DEVICES_MAX:
            by = staying[0]
        if by is not None:
            closing.append(Closing(device, by))
            continue
        there.append(device)
        staying.append(device)
        sessions[device.session] = device
        if device.tag:
            tagged[device.tag] = device
    return closing


def presence_of(devices: Iterable[Device]) -> Presence:
    """ID-07: of a user with these devices."""
    return min((device.state for device in devices), default=Presence.OFFLINE)
