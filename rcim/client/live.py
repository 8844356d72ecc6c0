"""The client's requests of app administrators about what the server does now (OP-02)."""

from __future__ import annotations

from rcim.base.terms import HotSort, SlowSort
from rcim.client.model import Where
from rcim.client.requests import Requests
from rcim.wire import frames


class LiveRequests(Requests):
    """Part of Client, for app administrators; others get ADMIN_REQUIRED."""

    async def hot(
        self,
        sort: HotSort = HotSort.IN_10S,
        *,
        ascending: bool = False,
        search: str = "",
        skip: int = 0,
        limit: int = 0,
    ) -> frames.AdminHotOk:
        """A page of the conversations in memory, by what they do. Raises RcimError."""
        return await self.request(frames.AdminHot(sort, ascending, search, skip, limit), frames.AdminHotOk)

    async def activity(self, where: Where) -> frames.AdminActivityOk:
        """What one conversation does, and who sends most in it. Raises RcimError."""
        return await self.request(frames.AdminActivity(self._conversation(where)), frames.AdminActivityOk)

    async def slow(
        self,
        sort: SlowSort = SlowSort.QUEUED,
        *,
        ascending: bool = False,
        user_id: str = "",
        search: str = "",
        limit: int = 0,
    ) -> frames.AdminSlowOk:
        """Connections by what they have not taken. Raises RcimError."""
        return await self.request(frames.AdminSlow(sort, ascending, user_id, search, limit), frames.AdminSlowOk)

    async def processes(self) -> list[frames.ProcessEntry]:
        """What each process of the server uses. Raises RcimError."""
        return list((await self.request(frames.AdminProcesses(), frames.AdminProcessesOk)).rows)

    async def stats(self) -> dict[str, int]:
        """The server's counters, by name. Raises RcimError."""
        found = await self.request(frames.AdminStats(), frames.AdminStatsOk)
        return {stat.name: stat.value for stat in found.stats}
