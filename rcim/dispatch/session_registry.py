"""Who is logged in from where, in the whole server: slots (ID-04), presence (ID-07), closing a user's devices.

It is in memory alone. Who holds connections tells of each login and each end, and tells everything again to a new owner;
so it is right whoever dies, and a login costs no write. Who is watched is told of to those who watch, and nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeGuard

import msgspec

from rcim.actor.events import SessionChanged
from rcim.actor.queries import DevicesQuery, PresenceQuery, Query
from rcim.actor.workflows import CloseDevices
from rcim.base import clock
from rcim.base.errors import KICKED_BY_OTHER_DEVICE, LOGGED_OUT
from rcim.base.terms import DeviceEnd, DeviceNews, Platform, Presence
from rcim.dispatch.requests import DeliverySink
from rcim.rules.devices import Closing, Device, presence_of, too_many
from rcim.store.connection_answers import DevicesClosed, DevicesPage, PresencePage, PresenceRow

BEGUN_MAX = 10_000
"""Users of whom it is remembered when they have logged in: it matters for a moment, or while a clock is set back."""
Told = Callable[[str], None]
TellApp = Callable[[SessionChanged], None]


class SessionRegistry:
    """See the module's text. `slots` is that of rules/devices.py; `sink` is set when there is one."""

    def __init__(self, slots: Mapping[Platform, int]) -> None:
        self.slots = slots
        self._users: dict[str, dict[int, Device]] = {}
        self._replaced: set[int] = set()
        """Connections that were told to go, and are not gone yet."""
        self._own_choice: set[int] = set()
        """Those whose user has logged them out on another device, and that are not gone yet."""
        self._begun: dict[str, int] = {}
        """When the last session began of those who have logged in lately."""
        self._watched: set[str] = set()
        self.sink: DeliverySink | None = None
        self.tell_app: TellApp | None = None
        """Told of every login and every end, if the app wants to know."""
        self.on_first: Told = _nothing
        self.on_last: Told = _nothing
        """Told of each user whose first session begins, or whose last one has ended."""
        self.replaced = 0
        """Devices that had to go for a newer one, since the start."""

    # -- Owner: what connections say

    def here(self, user_id: str, device: Device) -> None:
        """A device is logged in, or what was known of it has changed."""
        if device.connection_id in self._replaced:  # it was told to go, and did not hear it or has not yet
            self._send_away(user_id, device.connection_id, "another session takes its place")
            return
        first = user_id not in self._users
        there = self._users.setdefault(user_id, {})
        told = self._row(user_id)
        new = device.connection_id not in there
        there[device.connection_id] = msgspec.structs.replace(device, news=DeviceNews.KNOWN)
        closed = self._make_room(user_id, there) if new else []
        if self.tell_app is not None and new:
            self._tell_app(
                tell=self.tell_app,
                user_id=user_id,
                connection_id=device.connection_id,
                news=device.news,
                closed=closed,
            )
        self._notify_watchers(user_id, told)
        if first:
            self.on_first(user_id)

    def is_here(self, user_id: str) -> bool:
        """True if the user has a session."""
        return bool(self._users.get(user_id))

    def _tell_app(
        self, tell: TellApp, user_id: str, connection_id: int, news: DeviceNews, closed: list[Closing]
    ) -> None:
        """ID-07: each login is told, and then once its end, or who has taken its place. A connection that goes on where
        another one of its session was is neither."""
        replaced = [one.device for one in closed if one.device.session != one.by.session]
        device = self._users[user_id].get(connection_id)
        now_ms = clock.wall_ms()
        if news is not DeviceNews.KNOWN:
            replaced = [one for one in replaced if one.connection_id != connection_id]  # it was refused at once
            if device is not None and not any(one.device.session == device.session for one in closed):
                tell(
                    SessionChanged(
                        time_ms=now_ms,
                        user_id=user_id,
                        platform=device.platform,
                        end=None,
                        replaced=tuple(one.platform for one in replaced),
                        tag=device.tag,
                        comes_back=news is DeviceNews.COMES_BACK,
                        connection_id=device.connection_id,
                        address=device.address,
                        replaced_tags=tuple(one.tag for one in replaced),
                    )
                )
                return
        for one in replaced:
            tell(
                SessionChanged(
                    time_ms=now_ms,
                    user_id=user_id,
                    platform=one.platform,
                    end=DeviceEnd.LINK_CLOSE,
                    tag=one.tag,
                    connection_id=one.connection_id,
                    address=one.address,
                )
            )

    def began_ms(self, user_id: str, claimed_ms: int) -> int:
        """When the session of a login began that says so (0: it begins now). What is yet to come is believed only up to
        the newest session of the user that is known here, which the server has begun while its clock was ahead; else it
        is now, so that nobody moves what begins later."""
        if not claimed_ms:
            return self.begin_ms(user_id)
        newest = max((one.began_ms for one in self._users.get(user_id, {}).values()), default=0)
        now_ms = clock.wall_ms()
        return claimed_ms if claimed_ms <= max(now_ms, newest, self._begun.get(user_id, 0)) else now_ms

    def begin_ms(self, user_id: str) -> int:
        """When the session of a login that is about to be begins: now, and after all others of the user, whatever the
        clock says; no other one gets the same."""
        there = self._users.get(user_id, {}).values()
        newest = max((one.began_ms for one in there), default=0)
        began_ms = max(clock.wall_ms(), newest + 1, self._begun.pop(user_id, 0) + 1)
        self._begun[user_id] = began_ms
        if len(self._begun) > BEGUN_MAX:
            del self._begun[next(iter(self._begun))]
        return began_ms

    def gone(self, user_id: str, device: Device, end: DeviceEnd) -> None:
        """A device is not there any more. It may have been replaced, or known to an owner before this one."""
        if device.connection_id in self._replaced:
            self._replaced.discard(device.connection_id)
            return
        there = self._users.get(user_id, {})
        told = self._row(user_id)
        known = there.pop(device.connection_id, None) is not None
        by_app = end is DeviceEnd.LOGGED_OUT and device.connection_id not in self._own_choice
        self._own_choice.discard(device.connection_id)
        if known and not there:
            del self._users[user_id]
        if self.tell_app is not None and end is not DeviceEnd.REPLACED:
            self.tell_app(
                SessionChanged(
                    time_ms=clock.wall_ms(),
                    user_id=user_id,
                    platform=device.platform,
                    end=DeviceEnd.LOGOUT if end is DeviceEnd.LOGGED_OUT else end,
                    tag=device.tag,
                    connection_id=device.connection_id,
                    address=device.address,
                    by_app=by_app,
                )
            )
        if known:
            self._notify_watchers(user_id, told)
            if not there:
                self.on_last(user_id)

    def _make_room(self, user_id: str, there: dict[int, Device]) -> list[Closing]:
        """Close what is too much."""
        closing = too_many(there.values(), self.slots)
        for one in closing:
            del there[one.device.connection_id]
            self._replaced.add(one.device.connection_id)
            self.replaced += 1
            text = f"a newer session replaced this one: {one.by.platform.name} {one.by.tag!r}"
            self._send_away(user_id, one.device.connection_id, text)
        return closing

    def _send_away(self, user_id: str, connection_id: int, text: str) -> None:
        assert self.sink is not None
        self.sink.close_devices(user_id, [connection_id], KICKED_BY_OTHER_DEVICE.number, text)

    # -- ID-07

    def watch(self, user_ids: Sequence[str]) -> None:
        """Say from now on what these do."""
        self._watched.update(user_ids)

    def unwatch(self, user_ids: Sequence[str]) -> None:
        """Nobody wants to know of these any more."""
        self._watched.difference_update(user_ids)

    def _row(self, user_id: str) -> PresenceRow:
        """By platform the device with the most presence."""
        there = self._users.get(user_id, {}).values()
        by_platform: dict[Platform, Presence] = {}
        for one in there:
            by_platform[one.platform] = min(one.state, by_platform.get(one.platform, Presence.OFFLINE))
        return PresenceRow(user_id, presence_of(there), sorted(by_platform.items()))

    def _notify_watchers(self, user_id: str, told: PresenceRow) -> None:
        if user_id in self._watched:
            now = self._row(user_id)
            if now != told:
                assert self.sink is not None
                self.sink.presence(now)

    # -- questions

    @staticmethod
    def takes(ask: Query) -> TypeGuard[DevicesQuery | PresenceQuery]:
        """True if `ask` is answered here, and nothing is to be looked up for it."""
        return isinstance(ask, DevicesQuery) or (isinstance(ask, PresenceQuery) and not ask.by)

    def answer(self, ask: DevicesQuery | PresenceQuery) -> DevicesPage | PresencePage:
        """What is known."""
        if isinstance(ask, PresenceQuery):
            return self.presence(ask, ask.users)
        return DevicesPage(sorted(self._users.get(ask.user_id, {}).values(), key=lambda one: one.age))

    def close(self, ask: CloseDevices) -> DevicesClosed:
        """ID-04: forced log-out; returns how many there were. They are gone from here when their connections say so."""
        assert self.sink is not None
        there = self._users.get(ask.user_id, {})
        named = dict.fromkeys(ask.connections or there)
        closed = [one for one in named if one in there and one != ask.but]
        if closed:
            if ask.by == ask.user_id:
                self._own_choice.update(closed)
            self.sink.close_devices(ask.user_id, closed, LOGGED_OUT.number, ask.text)
        return DevicesClosed(len(closed))

    def states(self, users: Sequence[str]) -> dict[str, Presence]:
        """What those of the users do who have a session."""
        return {user: presence_of(self._users[user].values()) for user in users if user in self._users}

    def presence(self, ask: PresenceQuery, seen: Sequence[str]) -> PresencePage:
        """What the users do whom who asks may see, `seen`; of the others as little as of who is nowhere."""
        may = set(seen)
        rows = [self._row(user) if user in may else PresenceRow(user, Presence.OFFLINE, []) for user in ask.users]
        return PresencePage(rows, ask.refused, [user for user in ask.users if user not in may], ask.connection_id)


def _nothing(user_id: str) -> None:
    """Nobody wants to know."""
