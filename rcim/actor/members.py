"""What a group keeps of its members: name card, MsgFlag, role, fields, how far read; mutes (GR-02, GR-04, SC-02)."""

from __future__ import annotations

import msgspec

from rcim.actor.admission import Claim
from rcim.actor.barring import is_barred
from rcim.actor.commands import EditMember, MarkRead, MuteAll, MuteUsers, SetFlag
from rcim.actor.durations import FOR_EVER_MS, until_ms
from rcim.actor.effects import Effect, Flagged, MemberSilenced, Notify, ReadUpTo, Silenced
from rcim.actor.outcomes import Done, Outcome, Read
from rcim.actor.records import Member, Profile, UserRestriction
from rcim.actor.restrictions import check_entries, expired, whom_to_restrain
from rcim.actor.state import GroupState
from rcim.actor.unheard import flagged
from rcim.base.errors import BAD_PARAMETER, NO_SUCH_MEMBER, NOT_PERMITTED, RcimError
from rcim.base.terms import ChangeKind, MsgFlag, Role
from rcim.rules.custom_fields import MEMBER_VALUE_BYTES_MAX, written
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation, check_right
from rcim.rules.roles import Standing


def edit_member(state: GroupState, command: EditMember, now_ms: int, position: int) -> Outcome:
    """GR-04: all of it or nothing."""
    _, policy = state.there(command.by, command.admin)
    who = state.who(command.by, command.admin)
    own = command.user_id == command.by
    check_right(Operation.OWN_MEMBER, who, policy)
    if not own and who < Standing.ADMIN:
        check_right(Operation.MEMBERS, who, policy)  # who may not see the members does not learn who is one
    member = state.roster.get(command.user_id)
    if member is None:
        raise RcimError(NO_SUCH_MEMBER, f"{command.user_id} is not a member")
    if command.name_card is not None and not own:
        check_right(Operation.EDIT_MEMBER, who, policy)
        if who is not Standing.APP_ADMIN:
            state.check_above(who, [command.user_id])
    if command.msg_flag is not None and not own and who is not Standing.APP_ADMIN:
        raise RcimError(NOT_PERMITTED, "msg_flag: only the member may change it")
    if command.unread is not None and who is not Standing.APP_ADMIN:
        raise RcimError(NOT_PERMITTED, "unread: only an app administrator may set it")
    mutes = _mutes(state, command, now_ms)
    card = (
        None if command.name_card is None else state.app_state.config.lists.screened("name_card", command.name_card)
    )  # SC-08
    kind = _appointed(state=state, policy=policy, who=who, member=member, role=command.role)
    fields = written(
        rules=policy.member_fields,
        values=member.fields,
        changes=command.fields,
        who=who,
        bytes_max=MEMBER_VALUE_BYTES_MAX,
        own=own,
    )
    new = msgspec.structs.replace(
        flagged(member, command.msg_flag or member.msg_flag, state.timeline.newest),
        name_card=member.name_card if card is None else card,
        role=command.role or member.role,
        fields=fields,
        read_seq=member.read_seq if command.unread is None else max(state.timeline.newest - command.unread, 0),
    )
    if new == member and not mutes:
        return Outcome(Done())
    if kind is None and mutes:
        kind = ChangeKind.MUTED if command.mute_s else ChangeKind.UNMUTED
    only_own = (
        msgspec.structs.replace(new, msg_flag=member.msg_flag, unheard=member.unheard, read_seq=member.read_seq)
        == member
    )
    return state.settle(
        Done(),
        now_ms,
        position,
        by=command.by,
        change=(kind, [command.user_id]) if kind is not None else None,
        put=[new],
        marks=mutes,
        info=not only_own,
        more=[
            *_flagged(state, member, new.msg_flag),
            *_read_anew(member, new, now_ms),
            *(Notify([mark.user_id], Silenced(mark.muted_until_ms, command.by)) for mark in mutes),
        ],
    )


def _mutes(state: GroupState, command: EditMember, now_ms: int) -> list[UserRestriction]:
    """SC-02: the mark of the member, if the command mutes or lifts it and that changes anything. Raises RcimError."""
    if command.mute_s is None:
        return []
    if not command.admin:
        raise RcimError(NOT_PERMITTED, "mute_s: only an app administrator may set it here; use GROUP_MUTE")
    whom_to_restrain(state, Operation.MUTE, MuteUsers(command.by, True, [command.user_id], command.mute_s))
    end = until_ms(command.mute_s, now_ms)
    if end:
        check_entries(state, [command.user_id], now_ms)
    before = state.roster.restrictions.get(command.user_id, UserRestriction(command.user_id))
    return [msgspec.structs.replace(before, muted_until_ms=end)] if before.muted_at(now_ms) != end else []


def _read_anew(before: Member, after: Member, now_ms: int) -> list[Effect]:
    """The app has said how far a member has read: all of the user's connections are told (RX-08)."""
    if after.read_seq == before.read_seq:
        return []
    return [Notify([after.user_id], ReadUpTo(after.user_id, after.read_seq, now_ms))]


def _flagged(state: GroupState, member: Member, flag: MsgFlag) -> list[Effect]:
    """What follows from another MsgFlag: who discards hears nothing, and all of the user's connections are told."""
    if flag is member.msg_flag:
        return []
    effects: list[Effect] = [Notify([member.user_id], Flagged(flag, state.timeline.newest))]
    if MsgFlag.DISCARD in (flag, member.msg_flag):
        effects.append(MemberSilenced(member.user_id, flag is MsgFlag.DISCARD))
    return effects


def set_flag(state: GroupState, command: SetFlag, now_ms: int, position: int) -> Outcome:
    """RX-01; in a one-to-one conversation it is heard or quiet (RX-02)."""
    _, _, member = state.own_member(command.by, command.admin)
    if state.pair is not None and command.msg_flag is MsgFlag.DISCARD:
        raise RcimError(BAD_PARAMETER, "msg_flag: DISCARD is for groups only; use a black list")
    if command.msg_flag is member.msg_flag:
        return Outcome(Done())
    put = [flagged(member, command.msg_flag, state.timeline.newest)]
    return state.settle(Done(), now_ms, position, put=put, info=False, more=_flagged(state, member, command.msg_flag))


def _appointed(
    state: GroupState, policy: GroupType, who: Standing, member: Member, role: Role | None
) -> ChangeKind | None:
    """GT-09, GR-02: what the change of role is, if it is one."""
    if role is None:
        return None
    check_right(Operation.APPOINT, who, policy)
    if role is Role.OWNER or member.role is Role.OWNER:
        raise RcimError(BAD_PARAMETER, "role: to change the owner use GROUP_OWNER_SET")
    if role is member.role:
        return None
    return ChangeKind.ADMIN_APPOINTED if role is Role.ADMIN else ChangeKind.ADMIN_REMOVED


def mark_read(state: GroupState, command: MarkRead, now_ms: int, position: int) -> Outcome:
    """GR-04, MsgSeq: it only grows. The user's other connections are told (RX-08), and in a one-to-one conversation who
    sent (MS-11), if that one wants to hear of the user (SC-07)."""
    _, _, member = state.own_member(command.by, command.admin)
    seq = min(command.seq, state.timeline.newest)
    if seq <= member.read_seq:
        return Outcome(Read(member.read_seq))
    put = [msgspec.structs.replace(member, read_seq=seq)]
    told = [command.by] if state.pair is None or is_barred(state, command.by) else list(state.pair)
    said = Notify(told, ReadUpTo(command.by, seq, now_ms))
    return state.settle(Read(seq), now_ms, position, put=put, info=False, more=(said,))


def mute(state: GroupState, command: MuteUsers, now_ms: int, position: int) -> Outcome:
    """SC-02: through leaving and joining again. All of them or none; those of them who are in the group are told of what
    has changed for them (SC-09)."""
    profile, _ = state.there(command.by, command.admin)
    users = whom_to_restrain(state, Operation.MUTE, command)
    end = until_ms(command.seconds, now_ms)
    if end:
        check_entries(state, users, now_ms)
    before = [state.roster.restrictions.get(u, UserRestriction(u)) for u in users]
    marks = [msgspec.structs.replace(mark, muted_until_ms=end) for mark in before]
    other = [m.user_id for m in before if m.muted_at(now_ms) != end]
    told = [u for u in other if u in state.roster and state.knows(profile, u)]
    return state.settle(
        Done(),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.MUTED if end else ChangeKind.UNMUTED, users),
        marks=[*expired(state, now_ms), *marks],
        info=False,
        more=(Notify(told, Silenced(end, command.by)),) if told else (),
    )


def mute_all(state: GroupState, command: MuteAll, now_ms: int, position: int) -> Outcome:
    """SC-03. All who hear the group are told (SC-09), also where its type announces nothing (GT-15). The app ends it also
    where the type offers no muting any more."""
    if command.admin and not command.on:
        profile, policy = state.there(command.by, True)
    else:
        profile, policy, _ = state.allowed(Operation.MUTE, command.by, command.admin)
    if command.speakers and not command.on:
        raise RcimError(BAD_PARAMETER, "speakers: must be empty when the mute ends")
    speakers = list(dict.fromkeys(command.speakers))
    new: Profile = msgspec.structs.replace(profile, mute_all=command.on, speakers=speakers)
    if new == profile:
        return Outcome(Done())
    state.timeline.admission.admit(policy, Claim.OWN, now_ms)  # besides that of the announcement (FC-02)
    said = Silenced(FOR_EVER_MS if command.on else 0, command.by, True)
    return state.settle(
        Done(),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.PROFILE_CHANGED, ()),
        what=["mute_all"],
        claim=Claim.OWN,
        profile=new,
        more=(Notify(None, said),),
    )
