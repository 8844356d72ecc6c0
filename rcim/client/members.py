"""The client's requests about members: join, decide, invite, leave, kick, block, mute, roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rcim.base.terms import AddResult, InviteConsent, JoinStatus, MsgFlag, Role
from rcim.client.model import JoinResult
from rcim.client.requests import Requests, wire_fields
from rcim.wire import frames


class MemberRequests(Requests):
    """Part of Client. Each raises RcimError with the server's code."""

    async def join(self, group_id: str, *, name_card: str = "", text: str = "") -> JoinResult:
        """Join a group, or apply to with `text` (GR-05); see the result's status."""
        frame = frames.GroupJoin(group_id, name_card, text)
        ok = await self.request(frame, frames.GroupJoinOk, repeat=False)
        if ok.status is JoinStatus.JOINED:
            self._track(group_id, ok.newest_seq)
        return JoinResult(ok.status, ok.newest_seq, ok.member_num)

    async def leave(self, group_id: str) -> None:
        """Leave a group (GR-05)."""
        await self.request(frames.GroupLeave(group_id), frames.GroupLeaveOk, repeat=False)
        self._forget(group_id)

    async def applications(self, group_id: str) -> list[frames.Application]:
        """The applications that wait for a decision (GR-05)."""
        return await self._pages(
            lambda cursor: frames.GroupApplications(group_id, cursor, 0),
            frames.GroupApplicationsOk,
            lambda page: page.applications,
        )

    async def own_applications(self, *, user_id: str = "") -> list[frames.OwnApplication]:
        """What has become of one's own applications (GR-12). `user_id`: whose, for app administrators."""
        return await self._pages(
            lambda cursor: frames.ApplicationsOwn(cursor, 0, user_id),
            frames.ApplicationsOwnOk,
            lambda page: page.applications,
        )

    async def decide(self, group_id: str, user_id: str, approve: bool, *, text: str = "") -> None:
        """Approve or refuse an application (GR-05)."""
        frame = frames.GroupApplicationDecide(group_id, user_id, approve, text)
        await self.request(frame, frames.GroupApplicationDecideOk, repeat=False)

    async def invite(self, group_id: str, users: Sequence[str], *, silent: bool = False) -> dict[str, AddResult]:
        """Bring users into a group (GR-05); what became of each. WAITING: it is asked first. `silent`, for app
        administrators: the others get no notice."""
        frame = frames.GroupInvite(group_id, list(users), silent)
        ok = await self.request(frame, frames.GroupInviteOk, repeat=False)
        return {entry.user_id: entry.result for entry in ok.results}

    async def invitations(self) -> list[frames.Invitation]:
        """The invitations that wait for one's answer (GT-07)."""
        return await self._pages(
            lambda cursor: frames.GroupInvitations(cursor, 0),
            frames.GroupInvitationsOk,
            lambda page: page.invitations,
        )

    async def set_invite_consent(self, consent: InviteConsent, *, user_id: str = "") -> None:
        """Whether one is asked before others add one to a group (GT-07). `user_id`: whose, for app administrators."""
        await self.request(frames.InviteConsentSet(consent, user_id), frames.InviteConsentSetOk)

    async def invite_consent(self, *, user_id: str = "") -> InviteConsent:
        """What was said of it. `user_id`: whose, for app administrators."""
        return (await self.request(frames.InviteConsentGet(user_id), frames.InviteConsentOk)).consent

    async def answer_invitation(self, group_id: str, accept: bool) -> None:
        """Come into a group that one is invited to, or refuse (GT-07)."""
        frame = frames.GroupInvitationAnswer(group_id, accept)
        ok = await self.request(frame, frames.GroupInvitationAnswerOk, repeat=False)
        if accept:
            self._track(group_id, ok.newest_seq)

    async def kick(self, group_id: str, users: Sequence[str], *, text: str = "", silent: bool = False) -> None:
        """Remove members (GR-05). `silent`, for app administrators: the others get no notice."""
        frame = frames.GroupKick(group_id, list(users), text, silent)
        await self.request(frame, frames.GroupKickOk, repeat=False)

    async def block(self, group_id: str, users: Sequence[str], seconds: int, *, text: str = "") -> None:
        """Keep users out for a time (GR-11); 0 lets them in again, PERMANENT_S has no end."""
        await self.request(frames.GroupBlock(group_id, list(users), seconds, text), frames.GroupBlockOk, repeat=False)

    async def blocked(self, group_id: str) -> dict[str, int]:
        """Who is kept out, and until when, in milliseconds since 1970 (GR-11)."""
        rows = await self._pages(
            lambda cursor: frames.GroupBlocked(group_id, cursor, 0), frames.GroupBlockedOk, lambda page: page.blocked
        )
        return {row.user_id: row.until_ms for row in rows}

    async def members(self, group_id: str, *, role: Role | None = None) -> list[frames.MemberEntry]:
        """The members of a group as far as its type shows them (GR-05, GT-03); with `role` only those."""
        return await self._pages(
            lambda cursor: frames.GroupMembers(group_id, cursor, 0, role),
            frames.GroupMembersOk,
            lambda page: page.members,
        )

    async def some_members(self, group_id: str, users: Sequence[str]) -> dict[str, frames.MemberEntry]:
        """Those of `users` who are members (GR-04)."""
        ok = await self.request(frames.GroupMemberGet(group_id, list(users)), frames.GroupMemberGetOk)
        return {entry.user_id: entry for entry in ok.members}

    async def edit_member(
        self,
        group_id: str,
        user_id: str,
        *,
        name_card: str | None = None,
        msg_flag: MsgFlag | None = None,
        role: Role | None = None,
        fields: Mapping[str, bytes] | None = None,
    ) -> None:
        """Change what is given of a member, who may be oneself (GR-02, GR-04)."""
        frame = frames.GroupMemberSet(
            group_id=group_id,
            user_id=user_id,
            name_card=name_card,
            msg_flag=msg_flag,
            role=role,
            fields=wire_fields(fields),
        )
        await self.request(frame, frames.GroupMemberSetOk)

    async def mute(self, group_id: str, users: Sequence[str], seconds: int) -> None:
        """Keep users from sending for a time (SC-02); 0 lets them again, PERMANENT_S has no end."""
        await self.request(frames.GroupMute(group_id, list(users), seconds), frames.GroupMuteOk, repeat=False)

    async def muted(self, group_id: str) -> dict[str, int]:
        """Who is muted, and until when, in milliseconds since 1970 (SC-02)."""
        rows = await self._pages(
            lambda cursor: frames.GroupMuted(group_id, cursor, 0), frames.GroupMutedOk, lambda page: page.muted
        )
        return {row.user_id: row.until_ms for row in rows}

    async def mute_all(self, group_id: str, on: bool, *, speakers: Sequence[str] = ()) -> None:
        """Mute a whole group but for `speakers`, admins and the owner, or end that (SC-03)."""
        await self.request(frames.GroupMuteAll(group_id, on, list(speakers)), frames.GroupMuteAllOk)
