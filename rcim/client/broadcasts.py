"""The client's requests about broadcasts (SY-03), and about the tags and attributes by which they are targeted (SY-04).

A broadcast comes as a message of the conversation BROADCASTS, which is in every user's list once there has been one. It
is read, deleted for oneself and flagged like any other: `client.mark_read(BROADCASTS, seq)`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rcim.base.terms import AddResult, Priority
from rcim.client.requests import Requests
from rcim.content import elements
from rcim.wire import frames

PAGE = 100
EXPIRES_S = 604_800
"""Seven days, as the server has it."""
Attributes = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class BroadcastTarget:
    """Whom a broadcast is for: each part that is not empty has to hold. Attributes are names and values."""

    tags_any: Sequence[str] = ()
    tags_all: Sequence[str] = ()
    attributes_any: Sequence[tuple[str, str]] = ()
    attributes_all: Sequence[tuple[str, str]] = ()


EVERYBODY = BroadcastTarget()


class BroadcastRequests(Requests):
    """Part of Client, for app administrators; others get ADMIN_REQUIRED. Each raises RcimError with the server's code."""

    async def broadcast(
        self,
        content: str | Sequence[elements.Element],
        *,
        sender: str = "",
        target: BroadcastTarget = EVERYBODY,
        expires_s: int = EXPIRES_S,
        priority: Priority = Priority.NORMAL,
        type_name: str = "",
        system_conversation: str = "",
        client_msg_id: str = "",
        push: bytes = b"",
    ) -> frames.AdminBroadcastOk:
        """Send a message to all users, or to those whom `target` means. It expires after `expires_s` seconds, at most 30
        days; 0: it is for users who are online only. `sender`: in whose name; empty: one's own. `push`: what its push
        says, as with `send`. Raises RcimError(BROADCAST_LIMIT) with `retry_after_ms` when the app has sent as many as it
        may."""
        parts = [elements.Text(content)] if isinstance(content, str) else content
        frame = frames.AdminBroadcast(
            client_msg_id=client_msg_id or uuid.uuid4().hex,
            priority=priority,
            body=elements.encode_body(parts),
            sender=sender,
            type_name=type_name,
            expires_s=expires_s,
            system_conversation=system_conversation,
            tags_any=list(target.tags_any),
            tags_all=list(target.tags_all),
            attributes_any=_wire(target.attributes_any),
            attributes_all=_wire(target.attributes_all),
            push=push,
        )
        return await self.request(frame, frames.AdminBroadcastOk)

    async def broadcasts(self, limit: int = 20) -> list[frames.BroadcastEntry]:
        """The newest `limit` broadcasts of the app, newest first."""
        found: list[frames.BroadcastEntry] = []
        before = 0
        while len(found) < limit:
            ask = frames.AdminBroadcasts(before, min(limit - len(found), PAGE))
            page = await self.request(ask, frames.AdminBroadcastsOk)
            found += page.broadcasts
            if not page.more or not page.broadcasts:
                break
            before = found[-1].seq
        return found

    async def recall_broadcast(self, seq: int) -> int:
        """Recall a broadcast for everybody; returns when that was done first."""
        return (await self.request(frames.AdminBroadcastRecall(seq), frames.AdminBroadcastRecallOk)).changed_ms

    # -- tags and attributes (SY-04)

    async def change_tags(
        self, users: Sequence[str], *, add: Sequence[str] = (), remove: Sequence[str] = (), remove_all: bool = False
    ) -> dict[str, AddResult]:
        """Change the tags of up to 100 users in the same way; FAILED: the user would have too many."""
        frame = frames.AdminTagsChange(list(users), list(add), list(remove), remove_all)
        ok = await self.request(frame, frames.AdminTagsChangeOk)
        return {entry.user_id: entry.result for entry in ok.results}

    async def change_attributes(
        self, users: Sequence[str], *, set_: Attributes = (), remove: Sequence[str] = ()
    ) -> dict[str, AddResult]:
        """Change the attributes of up to 100 users in the same way. Their names have to be declared
        (`set_attribute_names`)."""
        pairs = list(set_.items()) if isinstance(set_, Mapping) else set_
        frame = frames.AdminAttributesChange(list(users), _wire(pairs), list(remove))
        ok = await self.request(frame, frames.AdminAttributesChangeOk)
        return {entry.user_id: entry.result for entry in ok.results}

    async def labels(self, users: Sequence[str]) -> dict[str, frames.UserLabels]:
        """The tags and attributes of up to 100 users."""
        left, found = list(dict.fromkeys(users)), {}
        while left:
            page = await self.request(frames.AdminLabels(left), frames.AdminLabelsOk)
            found.update({row.user_id: row for row in page.users})
            left = left[max(page.taken, 1) :]
        return found

    async def attribute_names(self) -> dict[int, str]:
        """The attributes that users can have, by number."""
        ok = await self.request(frames.AdminAttributeNames(), frames.AdminAttributeNamesOk)
        return {row.number: row.name for row in ok.names}

    async def set_attribute_names(self, names: Mapping[int, str]) -> None:
        """Declare attributes that users can have, by number from 0 to 9; an empty name removes one."""
        rows = [frames.AttributeName(number, name) for number, name in names.items()]
        await self.request(frames.AdminAttributeNamesSet(rows), frames.AdminAttributeNamesSetOk)


def _wire(pairs: Sequence[tuple[str, str]]) -> list[frames.UserAttribute]:
    return [frames.UserAttribute(name, value) for name, value in pairs]
