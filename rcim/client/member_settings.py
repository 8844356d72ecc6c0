"""The client's requests of app administrators about settings of any members (AB-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rcim.base.terms import MsgFlag
from rcim.client.model import Where, conversation_of
from rcim.client.requests import Requests, wire_fields
from rcim.wire import frames


@dataclass(frozen=True, slots=True)
class MemberSetting:
    """What is to be set of a user in a conversation: a group by its id, another by whom the user has it with. None: it
    stays as it is."""

    where: Where
    user_id: str
    msg_flag: MsgFlag | None = None
    read_seq: int | None = None
    name_card: str | None = None
    fields: Mapping[str, bytes] | None = None


class MemberSettingRequests(Requests):
    """Part of Client, for app administrators; others get ADMIN_REQUIRED. Each raises RcimError with the server's code."""

    async def set_members(self, rows: Sequence[MemberSetting]) -> list[int]:
        """Set MsgFlag, read position, name card and fields of up to 100 members. For each row 0, or the number of
        the error."""
        changes = [
            frames.MemberChange(
                conversation=conversation_of(row.where, row.user_id),
                user_id=row.user_id,
                msg_flag=row.msg_flag,
                read_seq=row.read_seq,
                name_card=row.name_card,
                fields=wire_fields(row.fields),
            )
            for row in rows
        ]
        ok = await self.request(frames.AdminMembersSet(changes), frames.AdminMembersSetOk)
        return [one.code for one in ok.codes]

    async def member_settings(self, places: Sequence[tuple[Where, str]]) -> list[frames.MemberSettings]:
        """MsgFlag, read position, name card and fields of up to 100 members, each named by conversation and user."""
        left, found = [frames.MemberPlace(conversation_of(where, user), user) for where, user in places], []
        while left:
            page = await self.request(frames.AdminMembersGet(left), frames.AdminMembersGetOk)
            found += page.rows
            left = left[max(len(page.rows), 1) :]
        return found
