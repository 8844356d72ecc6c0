"""The client's requests of app administrators (AB-01): accounts, group types, imports, notices, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rcim.base.terms import AddResult, AppList, ApplyJoinOption, Gender, MuteScope
from rcim.client.attributes import wire_attributes
from rcim.client.model import Where
from rcim.client.requests import Requests, wire_fields
from rcim.content import elements
from rcim.wire import frames


class AdminRequests(Requests):
    """Part of Client, for app administrators; others get ADMIN_REQUIRED. Each raises RcimError with the server's code."""

    async def all_groups(self) -> list[frames.GroupEntry]:
        """All groups of the app."""
        return await self._pages(
            lambda cursor: frames.AdminGroups(cursor, 0), frames.AdminGroupsOk, lambda page: page.groups
        )

    async def notice(
        self, group_id: str, content: str | Sequence[elements.Element], *, users: Sequence[str] = ()
    ) -> None:
        """Give a system notice to all or to named members who are online (MS-05)."""
        parts = [elements.Text(content)] if isinstance(content, str) else content
        frame = frames.AdminNotice(group_id, list(users), elements.encode_body(parts))
        await self.request(frame, frames.AdminNoticeOk, repeat=False)

    # -- import (GR-08)

    async def import_group(
        self,
        name: str,
        *,
        group_id: str = "",
        type_: str = "Public",
        owner: str = "",
        introduction: str = "",
        notification: str = "",
        face_url: str = "",
        apply_join_option: ApplyJoinOption = ApplyJoinOption.BY_TYPE,
        create_time_ms: int = 0,
        max_member_num: int = 0,
        fields: Mapping[str, bytes] | None = None,
        attributes: Mapping[str, object] | None = None,
        creator: str = "",
        opened: bool = False,
    ) -> str:
        """Begin to import a group; it stays closed until `finish_import`, or, with `opened`, is open to its members
        meanwhile. Returns its id. `creator`: who made it; empty: the owner (GR-13)."""
        frame = frames.AdminGroupImport(
            group_id=group_id,
            type_=type_,
            owner=owner,
            name=name,
            introduction=introduction,
            notification=notification,
            face_url=face_url,
            apply_join_option=apply_join_option,
            create_time_ms=create_time_ms,
            max_member_num=max_member_num,
            fields=wire_fields(fields),
            attributes=wire_attributes(attributes) if attributes else b"",
            creator=creator,
            opened=opened,
        )
        return (await self.request(frame, frames.AdminGroupImportOk, repeat=bool(group_id))).group_id

    async def import_members(self, group_id: str, members: Sequence[frames.ImportedMember]) -> dict[str, AddResult]:
        """Import up to 300 members."""
        frame = frames.AdminMembersImport(group_id, list(members))
        ok = await self.request(frame, frames.AdminMembersImportOk)
        return {entry.user_id: entry.result for entry in ok.results}

    async def import_messages(
        self, group_id: str, messages: Sequence[frames.ImportedMessage]
    ) -> frames.AdminMessagesImportOk:
        """Import up to 100 messages, in the order of their times; returns their SEQs."""
        frame = frames.AdminMessagesImport(group_id, list(messages))
        return await self.request(frame, frames.AdminMessagesImportOk, repeat=False)

    async def import_pair_message(self, frame: frames.AdminPairImport) -> int:
        """Import a message of a one-to-one conversation; returns its SEQ."""
        return (await self.request(frame, frames.AdminPairImportOk, repeat=False)).seq

    async def finish_import(self, group_id: str) -> None:
        """Open an imported group."""
        await self.request(frames.AdminImportFinish(group_id), frames.AdminImportFinishOk, repeat=False)

    async def flow(self, group_id: str = "") -> list[frames.FlowEntry]:
        """What frequency control does in a group, or in all groups by type (FC-08)."""
        return (await self.request(frames.AdminFlow(group_id), frames.AdminFlowOk)).rows

    async def health(self) -> frames.AdminHealthOk:
        """The health checks of all processes of the server (OP-04)."""
        return await self.request(frames.AdminHealth(), frames.AdminHealthOk)

    async def trace(self, where: Where, sender: str, client_msg_id: str) -> frames.AdminTraceOk:
        """What became of a message: where it stopped and why, or what it is now."""
        frame = frames.AdminTrace(self._conversation(where), sender, client_msg_id)
        return await self.request(frame, frames.AdminTraceOk)

    async def app_list(self, which: AppList) -> list[str]:
        """All of one of the app's lists (SC-05, FC-07)."""
        return await self._pages(
            lambda cursor: frames.AdminList(which, cursor, 0), frames.AdminListOk, lambda page: page.entries
        )

    async def change_app_list(self, which: AppList, add: Sequence[str] = (), remove: Sequence[str] = ()) -> list[str]:
        """Add to and remove from one of the app's lists, up to 500 entries. Returns those of `remove` that come back when
        the server starts again: its settings, or a file, say them (SC-08)."""
        frame = frames.AdminListChange(which, list(add), list(remove))
        return list((await self.request(frame, frames.AdminListChangeOk)).back_later)

    # -- group types (GT-20)

    async def group_types(self) -> list[frames.GroupTypeEntry]:
        """All group types in force."""
        return await self._pages(
            lambda cursor: frames.AdminTypes(cursor), frames.AdminTypesOk, lambda page: page.types
        )

    async def set_group_type(self, name: str, policies: Mapping[str, str], *, base: str = "") -> None:
        """Make a type from `base`, or change one that is there."""
        rows = [frames.Policy(key, value) for key, value in policies.items()]
        await self.request(frames.AdminTypeSet(name, base, rows), frames.AdminTypeSetOk)

    async def remove_group_type(self, name: str) -> None:
        """Take back what `set_group_type` did."""
        await self.request(frames.AdminTypeRemove(name), frames.AdminTypeRemoveOk, repeat=False)

    # -- users (ID-09, AB-05, GR-10, SC-04)

    async def import_accounts(self, accounts: Sequence[frames.Account]) -> dict[str, AddResult]:
        """Import up to 100 accounts."""
        ok = await self.request(frames.AdminAccountsImport(list(accounts)), frames.AdminAccountsImportOk)
        return {entry.user_id: entry.result for entry in ok.results}

    async def delete_accounts(self, users: Sequence[str]) -> dict[str, AddResult]:
        """Delete up to 100 accounts: ADDED is deleted, ALREADY that there was none."""
        frame = frames.AdminAccountsDelete(list(users))
        ok = await self.request(frame, frames.AdminAccountsDeleteOk, repeat=False)
        return {entry.user_id: entry.result for entry in ok.results}

    async def query_accounts(self, users: Sequence[str]) -> list[frames.AccountStatus]:
        """What is known of up to 100 users."""
        return (await self.request(frames.AdminAccountsQuery(list(users)), frames.AdminAccountsQueryOk)).accounts

    async def invalidate_account(self, user_id: str) -> int:
        """Log a user out everywhere and refuse older signatures; returns from when on they count."""
        frame = frames.AdminAccountInvalidate(user_id)
        return (await self.request(frame, frames.AdminAccountInvalidateOk, repeat=False)).valid_from_ms

    async def set_profile_of(
        self,
        user_id: str,
        *,
        nickname: str | None = None,
        face_url: str | None = None,
        gender: Gender | None = None,
        signature: str | None = None,
        fields: Mapping[str, bytes] | None = None,
    ) -> None:
        """Change what is given of a user's profile."""
        frame = frames.AdminProfileSet(
            user_id=user_id,
            nickname=nickname,
            face_url=face_url,
            gender=gender,
            signature=signature,
            fields=wire_fields(fields),
        )
        await self.request(frame, frames.AdminProfileSetOk)

    async def sync_groups(self, user_id: str, groups: Sequence[str]) -> list[frames.GroupResult]:
        """Make a user's groups these; what was changed, and what could not be (GR-10)."""
        return (await self.request(frames.AdminGroupsSync(user_id, list(groups)), frames.AdminGroupsSyncOk)).results

    async def block_logins(self, users: Sequence[str], seconds: int) -> None:
        """Keep users from logging in for a time, and log them out; 0 lets them again (ID-09)."""
        await self.request(frames.AdminUserBlock(list(users), seconds), frames.AdminUserBlockOk, repeat=False)

    async def blocked_logins(self) -> dict[str, int]:
        """Who is kept from logging in, and until when (ID-09)."""
        rows = await self._pages(
            lambda cursor: frames.AdminUserBlocked(cursor, 0), frames.AdminUserBlockedOk, lambda page: page.blocked
        )
        return {row.user_id: row.until_ms for row in rows}

    async def mute_everywhere(
        self, users: Sequence[str], seconds: int, where: MuteScope = MuteScope.CHAT_ROOMS
    ) -> None:
        """Keep users from sending in all chat rooms, or elsewhere, for a time; 0 lets them again (SC-04)."""
        await self.request(frames.AdminUserMute(list(users), seconds, where), frames.AdminUserMuteOk, repeat=False)

    async def muted_everywhere(self, where: MuteScope = MuteScope.CHAT_ROOMS) -> dict[str, int]:
        """Who is muted in all chat rooms, or elsewhere, and until when (SC-04)."""
        rows = await self._pages(
            lambda cursor: frames.AdminUserMuted(cursor, 0, where), frames.AdminUserMutedOk, lambda page: page.muted
        )
        return {row.user_id: row.until_ms for row in rows}
