"""The client's requests of app administrators about what the server has of one person (AB-06, AB-07)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from rcim.client.model import Where, conversation_of
from rcim.client.requests import Requests
from rcim.wire import frames


class PersonalDataRequests(Requests):
    """Part of Client, for app administrators; others get ADMIN_REQUIRED. Each raises RcimError with the server's code."""

    async def unread_of(self, user_id: str, conversations: Sequence[Where] = ()) -> frames.AdminUserUnreadOk:
        """How many messages a user has not read, in all or in up to 100 conversations; a group by its id, another by
        whom the user has it with."""
        keys = [conversation_of(where, user_id) for where in conversations]
        return await self.request(frames.AdminUserUnread(user_id, keys), frames.AdminUserUnreadOk)

    async def export_user(self, user_id: str) -> AsyncIterator[bytes]:
        """All that is kept of a person, as parts of lines of JSON: write them one after the other."""
        cursor = ""
        while True:
            page = await self.request(frames.AdminUserExport(user_id, cursor), frames.AdminUserExportOk)
            if page.data:
                yield page.data
            cursor = page.next
            if not cursor:
                return

    async def erase_user(self, user_id: str) -> AsyncIterator[int]:
        """Erase all that is kept of a person; ends when it is done. For each step how many messages became placeholders
        in all. If it is broken off, begin again: what is left is done."""
        cursor, done = b"", 0
        while True:
            step = await self.request(frames.AdminUserErase(user_id, cursor), frames.AdminUserEraseOk, repeat=False)
            done += step.messages
            yield done
            cursor = step.next
            if not cursor:
                return
            await asyncio.sleep(step.retry_after_ms / 1000)
