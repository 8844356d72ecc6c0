"""The SDK's requests about devices and presence (ID-04, ID-07)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rcim.base.errors import ErrorKind, RcimError
from rcim.base.terms import Presence
from rcim.client.requests import Requests
from rcim.wire import frames

AT_ONCE = 100
AGAIN_S = 1.0


class DeviceRequests(Requests):
    """Part of the client. What it has said of itself, and whom it watches, it says again after a reconnection."""

    _watched: dict[str, None]
    _state: Presence = Presence.ONLINE

    async def devices(self, user_id: str = "") -> list[frames.DeviceEntry]:
        """The devices that are logged in, the oldest session first. `user_id`: whose, for app administrators. Raises
        RcimError."""
        return list((await self.request(frames.Devices(user_id), frames.DevicesOk)).devices)

    async def close_devices(self, connections: Sequence[int] = (), *, user_id: str = "", text: str = "") -> int:
        """Log devices out, up to 100 at a time; none named: all, of oneself all but this one. Returns how many. Raises
        RcimError."""
        frame = frames.DevicesClose([frames.DeviceId(one) for one in connections], text, user_id)
        # Asked again for all, it would close devices that have logged in since (ID-04).
        return (await self.request(frame, frames.DevicesCloseOk, repeat=bool(connections))).count

    async def set_presence(self, state: Presence) -> None:
        """Say that this device is ONLINE, or in the BACKGROUND. Raises RcimError."""
        await self.request(frames.PresenceSet(state), frames.PresenceSetOk)
        self._state = state

    async def presence(self, users: Sequence[str]) -> list[frames.PresenceEntry]:
        """What 1 to 100 users do, in their order. Raises RcimError."""
        return list((await self.request(frames.PresenceGet(list(users)), frames.PresenceGetOk)).users)

    async def watch_presence(self, users: Sequence[str]) -> list[frames.PresenceEntry]:
        """What 1 to 100 users do; changes come as PresenceEvent from now on, but of those whom too many watch already.
        Raises RcimError."""
        found = await self.request(frames.PresenceWatch(list(users)), frames.PresenceWatchOk)
        self._watched.update(dict.fromkeys(set(users) - set(found.refused)))
        return list(found.users)

    async def unwatch_presence(self, users: Sequence[str] = ()) -> None:
        """No more events of these; none named: of nobody. Raises RcimError."""
        await self.request(frames.PresenceUnwatch(list(users)), frames.PresenceUnwatchOk)
        for user_id in users or list(self._watched):
            self._watched.pop(user_id, None)

    async def _say_again(self) -> list[frames.PresenceEntry]:
        """After a reconnection: what was said of this device, and who is watched; returns what those do now."""
        while True:
            try:
                return await self._say_all()
            except RcimError as error:
                if error.code.kind not in (ErrorKind.OVERLOAD, ErrorKind.FAULT):
                    return []  # it is refused now, or the client has given up
                await asyncio.sleep(max(AGAIN_S, error.retry_after_ms / 1000))

    async def _say_all(self) -> list[frames.PresenceEntry]:
        found: list[frames.PresenceEntry] = []
        if self._state is not Presence.ONLINE:
            await self.request(frames.PresenceSet(self._state), frames.PresenceSetOk)
        users = list(self._watched)
        for at in range(0, len(users), AT_ONCE):
            part = frames.PresenceWatch(users[at : at + AT_ONCE])
            found += (await self.request(part, frames.PresenceWatchOk)).users
        return found
