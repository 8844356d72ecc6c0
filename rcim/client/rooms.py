"""The client's requests about rooms (CR-01 to CR-07), and rooms whose attributes are kept up to date by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from rcim.base.errors import RcimError
from rcim.base.terms import MemberOrder
from rcim.client.link import ConnectionGone
from rcim.client.requests import Requests
from rcim.wire import frames

Spawn = Callable[[Coroutine[Any, Any, None]], None]


class Room:
    """A room whose attributes are kept up to date (CR-03): see `RoomRequests.room`."""

    def __init__(self, group_id: str) -> None:
        self.group_id = group_id
        self.entries: dict[str, frames.RoomAttribute] = {}
        """By key, with who has set it and when."""
        self.version = 0
        """The version of the attributes."""
        self.asking = asyncio.Lock()

    @property
    def attributes(self) -> dict[str, str]:
        """The room's attributes, as far as the client has heard."""
        return {key: row.value for key, row in self.entries.items()}

    def take(self, rows: Sequence[frames.RoomAttribute]) -> None:
        """Take changed attributes; a row older than the known one is skipped."""
        for row in rows:
            there = self.entries.get(row.key)
            if there is None or there.version < row.version:
                if row.removed:
                    self.entries.pop(row.key, None)
                else:
                    self.entries[row.key] = row


class FollowedRooms:
    """The rooms whose attributes a client keeps up to date. `ask` gets one page, `spawn` runs a coroutine for as long as
    the client lives."""

    def __init__(self, requests: Requests, spawn: Spawn) -> None:
        self._requests = requests
        self._spawn = spawn
        self._rooms: dict[str, Room] = {}

    def room(self, group_id: str) -> Room:
        """Follow the room from now on, and return it."""
        return self._rooms.setdefault(group_id, Room(group_id))

    def drop(self, group_id: str) -> None:
        """Follow the room no longer."""
        self._rooms.pop(group_id, None)

    def changed(self, push: frames.RoomAttributesChanged) -> None:
        """Take a push of changes. If the client has missed some, ask for all since its version."""
        room = self._rooms.get(push.group_id)
        if room is None:
            return
        room.take(push.attributes)
        if push.since <= room.version and not room.asking.locked():
            room.version = max(room.version, push.version)
        else:
            self._spawn(self.refresh_later(room))

    def entered(self, group_id: str) -> None:
        """The user has entered the group, maybe again: ask for what has changed."""
        room = self._rooms.get(group_id)
        if room is not None:
            self._spawn(self.refresh_later(room))

    def came_back(self) -> None:
        """There is a new connection: ask for what has changed meanwhile."""
        for room in self._rooms.values():
            self._spawn(self.refresh_later(room))

    async def refresh_later(self, room: Room) -> None:
        """As `refresh`; a room that can't be asked about is asked about again when it is entered."""
        try:
            await self.refresh(room)
        except (RcimError, ConnectionGone):
            return

    async def refresh(self, room: Room) -> None:
        """Ask for what has changed. Raises RcimError and ConnectionGone."""
        async with room.asking:
            since, after = room.version, 0
            while True:
                frame = frames.RoomAttributes(room.group_id, since, after)
                page = await self._requests.request(frame, frames.RoomAttributesOk)
                if page.reset and not after:
                    room.entries.clear()
                room.take(page.attributes)
                if not page.more:
                    break
                after = page.attributes[-1].version
            room.version = page.version


class RoomRequests(Requests):
    """Part of Client. Each raises RcimError with the server's code."""

    followed: FollowedRooms

    async def room(self, group_id: str) -> Room:
        """The room, with its attributes, which are kept up to date from now on, over reconnections too. The user has to
        be in it; `followed.drop` ends it, and so does the end of the room."""
        room = self.followed.room(group_id)
        try:
            await self.followed.refresh(room)
        except RcimError:
            self.followed.drop(group_id)
            raise
        return room

    async def set_attributes(
        self,
        group_id: str,
        attributes: Mapping[str, str],
        *,
        with_setter: bool = False,
        forced: bool = False,
        notice: bytes = b"",
    ) -> int:
        """Set 1 to 20 attributes of a room, all or none (CR-03); returns their version. `with_setter`: they go when the
        user leaves; `forced`, for app administrators: also what others have set; `notice` goes with the change."""
        rows = [frames.AttributeToSet(key, value, with_setter) for key, value in attributes.items()]
        frame = frames.RoomAttributesSet(group_id, rows, forced, notice)
        return (await self.request(frame, frames.RoomAttributesSetOk, repeat=False)).version

    async def delete_attributes(
        self, group_id: str, keys: Sequence[str], *, forced: bool = False, notice: bytes = b""
    ) -> int:
        """Remove 1 to 20 attributes of a room, all or none (CR-03); returns their version."""
        frame = frames.RoomAttributesDelete(group_id, list(keys), forced, notice)
        return (await self.request(frame, frames.RoomAttributesDeleteOk, repeat=False)).version

    async def attributes(self, group_id: str, keys: Sequence[str] = ()) -> dict[str, str]:
        """The attributes of a room, or those with these keys (CR-03), as the server has them now."""
        found: dict[str, str] = {}
        after = 0
        while True:
            page = await self.request(frames.RoomAttributes(group_id, 0, after, list(keys)), frames.RoomAttributesOk)
            for row in page.attributes:
                found.pop(row.key, None)
                if not row.removed:
                    found[row.key] = row.value
            if not page.more or keys:
                return found
            after = page.attributes[-1].version

    async def members_by_joining(self, group_id: str, *, latest: bool = False) -> list[frames.MemberEntry]:
        """The first 500 members who have joined, or with `latest` the last 500, the latest first (CR-05)."""
        order = MemberOrder.LATEST if latest else MemberOrder.EARLIEST
        return await self._pages(
            lambda cursor: frames.GroupMembers(group_id, cursor, 0, order=order),
            frames.GroupMembersOk,
            lambda page: page.members,
        )

    # -- app administrators

    async def rooms(self, group_ids: Sequence[str]) -> list[frames.RoomEntry]:
        """The rooms among 1 to 20 ids that exist (CR-07). For app administrators."""
        return (await self.request(frames.AdminRooms(list(group_ids)), frames.AdminRoomsOk)).rooms

    async def kept_rooms(self) -> list[frames.RoomEntry]:
        """All rooms that are kept alive (CR-04). For app administrators."""
        return await self._pages(
            lambda cursor: frames.AdminRoomsKept(cursor, 0), frames.AdminRoomsKeptOk, lambda page: page.rooms
        )

    async def set_room(
        self,
        group_id: str,
        *,
        keep_alive: bool | None = None,
        stopped: bool | None = None,
        protect: Sequence[str] = (),
        unprotect: Sequence[str] = (),
    ) -> None:
        """Keep a room alive or no longer (CR-04), stop or resume its distribution (CR-07), protect members from leaving
        by themselves (CR-01)."""
        frame = frames.AdminRoomSet(group_id, keep_alive, stopped, list(protect), list(unprotect))
        await self.request(frame, frames.AdminRoomSetOk)

    async def protected_users(self, group_id: str) -> list[str]:
        """The users whom the room protects (CR-01). For app administrators."""
        return (await self.request(frames.AdminRoomProtected(group_id), frames.AdminRoomProtectedOk)).users
