"""The client's requests of app administrators about what the server has of one person (AB-07)."""

from __future__ import annotations

from collections.abc import Sequence

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
