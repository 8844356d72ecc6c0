"""The client's requests about ultra groups: channels, their own lists, push levels, deleting by time (UG-02 to UG-05)."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.base.terms import PushLevel
from rcim.client.requests import Requests
from rcim.wire import frames


class UltraRequests(Requests):
    """Part of Client. Each raises RcimError with the server's code. A channel is named by its group id, as a group is."""

    async def create_channel(
        self, group_id: str, name_id: str, *, name: str = "", introduction: str = "", private: bool = False
    ) -> str:
        """Make a channel of an ultra group (UG-02); returns its group id. `name_id`: 1 to 20 of A-Z, a-z, 0-9, _, -."""
        frame = frames.ChannelCreate(group_id, name_id, name or name_id, introduction, private)
        return (await self.request(frame, frames.ChannelCreateOk, repeat=False)).group_id

    async def channels(self, group_id: str) -> list[frames.Channel]:
        """The channels of an ultra group that the user sees (UG-02)."""
        return list((await self.request(frames.Channels(group_id), frames.ChannelsOk)).channels)

    async def change_channel_users(
        self, group_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        """Put users on a channel's own list, and take others off (UG-05)."""
        frame = frames.ChannelUsersChange(group_id, list(add), list(remove))
        await self.request(frame, frames.ChannelUsersChangeOk, repeat=False)

    async def channel_users(self, group_id: str) -> list[str]:
        """The users on a channel's own list (UG-05)."""
        return await self._pages(
            lambda cursor: frames.ChannelUsers(group_id, cursor, 0),
            frames.ChannelUsersOk,
            lambda page: page.users,
        )

    async def set_channel_private(self, group_id: str, private: bool) -> None:
        """Let only users on its list see a channel, or all members of its ultra group (UG-05)."""
        await self.request(frames.ChannelPrivateSet(group_id, private), frames.ChannelPrivateSetOk)

    async def set_push_level(self, group_id: str, level: PushLevel, *, whole: bool = False) -> None:
        """Set of which messages the user gets a push; with `whole`, everyone who has set nothing (UG-03)."""
        await self.request(frames.PushLevelSet(group_id, level, whole), frames.PushLevelSetOk)

    async def push_level(self, group_id: str) -> frames.PushLevelOk:
        """Of which messages the user gets a push, and which settings there are (UG-03)."""
        return await self.request(frames.PushLevelGet(group_id), frames.PushLevelOk)

    async def trim_history(self, group_id: str, to_time_ms: int) -> int:
        """Delete all messages up to this time for everyone (UG-04); returns the least SEQ that is left."""
        return (await self.request(frames.HistoryTrim(group_id, to_time_ms), frames.HistoryTrimOk)).first_seq
