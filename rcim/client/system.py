"""The client's requests about system conversations (SY-01) and system senders (SY-06).

Users subscribe with `join` and unsubscribe with `leave`. What they send to a system conversation goes to the app alone,
into the one-to-one conversation with its account: `User("@SYS#news")`.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence

from rcim.base.terms import Priority
from rcim.client.groups import GroupRequests
from rcim.client.model import SendResult, User
from rcim.content import elements
from rcim.wire import frames

USERS_AT_ONCE = 100
"""Users named in one request."""


class SystemRequests(GroupRequests):
    """Part of Client. Each raises RcimError with the server's code."""

    async def write_to_system(self, group_id: str, content: str | Sequence[elements.Element]) -> SendResult:
        """Write to the app as a user; no other subscriber sees it. What is sent is in the conversation with
        `User(group_id)`, where the app answers."""
        return await self.send(User(group_id), content)

    # -- for app administrators

    async def create_system(
        self,
        name: str,
        *,
        group_id: str = "",
        introduction: str = "",
        face_url: str = "",
        attributes: Mapping[str, object] | None = None,
    ) -> str:
        """Make a system conversation; returns its id, which begins with `@SYS#`. Its account has the same id."""
        return await self.create_group(
            name,
            group_id=group_id,
            type_="System",
            introduction=introduction,
            face_url=face_url,
            attributes=attributes,
        )

    async def system_send(self, group_id: str, content: str | Sequence[elements.Element]) -> SendResult:
        """Send to all subscribers, in the name of the system account."""
        return await self.send(group_id, content, as_user=group_id)

    async def system_send_to(
        self,
        group_id: str,
        users: Sequence[str],
        content: str | Sequence[elements.Element],
        *,
        priority: Priority = Priority.NORMAL,
        client_msg_id: str | None = None,
        type_name: str = "",
        cloud_data: bytes = b"",
        push: bytes = b"",
    ) -> list[frames.SystemSending]:
        """Send to up to 100 users, whether they subscribe or not; returns what became of each. With the same
        `client_msg_id` nothing is sent twice."""
        parts = [elements.Text(content)] if isinstance(content, str) else content
        frame = frames.AdminSystemSend(
            group_id=group_id,
            users=list(users),
            client_msg_id=client_msg_id or uuid.uuid4().hex,
            priority=priority,
            body=elements.encode_body(parts),
            type_name=type_name,
            cloud_data=cloud_data,
            push=push,
        )
        return (await self.request(frame, frames.AdminSystemSendOk)).results

    async def system_writers(self, group_id: str) -> AsyncIterator[frames.SystemWriter]:
        """All users who have written to a system conversation. They are asked for as they are taken; `history` of
        `User(one.user_id, of=group_id)` is what one of them has written."""
        cursor = ""
        while True:
            page = await self.request(frames.AdminSystemWriters(group_id, cursor, 0), frames.AdminSystemWritersOk)
            for row in page.writers:
                yield row
            cursor = page.next
            if not cursor:
                return

    async def set_system_sender(self, user_id: str, on: bool = True) -> None:
        """Make an account one that only sends in the app's name and cannot log in, or an ordinary one again."""
        await self.request(frames.AdminSenderSet(user_id, on), frames.AdminSenderSetOk)
