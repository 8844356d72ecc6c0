"""Joining: join and apply, decide, invite, accept; and what the app says of who is a member (GR-05, GR-10)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rcim.actor.applications import Application
from rcim.actor.commands import (
    AcceptInvitation,
    DecideApplication,
    InviteUsers,
    JoinGroup,
    PlaceMember,
)
from rcim.actor.effects import Decided, MemberGone, Notify, Requested
from rcim.actor.leaving import gone
from rcim.actor.outcomes import Added, Done, Joined, Outcome
from rcim.actor.records import Member, UserRestriction
from rcim.actor.restrictions import check_entries, expired, waits
from rcim.actor.state import GroupState
from rcim.actor.visiting import check_not_blocked, enter, is_blocked
from rcim.base.errors import (
    ALREADY_HANDLED,
    ALREADY_MEMBER,
    GROUP_FULL,
    NO_SUCH_GROUP,
    NOT_PERMITTED,
    OWNER_MAY_NOT_LEAVE,
    RcimError,
)
from rcim.base.terms import AddResult, ApplicationState, ApplyJoinOption, ChangeKind, GoneReason, JoinStatus, Role
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation, check_right
from rcim.rules.roles import Standing


def check_room(state: GroupState, policy: GroupType, count: int) -> None:
    """GT-12. Raises RcimError(GROUP_FULL)."""
    cap = state.cap(policy)
    if cap and state.roster.count + count > cap:
        raise RcimError(GROUP_FULL, f"the group takes at most {cap} members")


def _member(state: GroupState, policy: GroupType, user_id: str, now_ms: int, card: str = "") -> Member:
    newest = state.timeline.newest
    return Member(
        user_id=user_id,
        role=Role.MEMBER,
        join_time_ms=now_ms,
        joined_seq=newest,
        name_card=card,
        msg_flag=policy.msg_flag,
        read_seq=newest,
    )


def _without_application(state: GroupState, users: Sequence[str]) -> list[UserRestriction]:
    """Who is a member waits no longer."""
    kept = map(state.roster.restrictions.get, users)
    waiting = (mark for mark in kept if mark is not None and mark.applied_ms)
    return [msgspec.structs.replace(mark, applied_ms=0, text="", name_card="") for mark in waiting]


def join(state: GroupState, command: JoinGroup, now_ms: int, position: int) -> Outcome:
    """GR-05: join, or apply. A guest only hears (ID-06)."""
    if command.by in state.roster:
        state.there(command.by, command.admin)
        raise RcimError(ALREADY_MEMBER)
    profile, policy, who = state.allowed(Operation.JOIN, command.by, command.admin)
    check_not_blocked(state, command.by, now_ms)
    state.app_state.entering.check(command.admissions, command.by)
    option = profile.apply_join_option
    if command.again_ms and (command.again_ms != profile.create_time_ms or option is not ApplyJoinOption.FREE_ACCESS):
        raise RcimError(NOT_PERMITTED, "it is another room now, or one that is joined by applying")
    if who is not Standing.APP_ADMIN and option is ApplyJoinOption.DISABLE_APPLY:  # GT-05
        raise RcimError(NOT_PERMITTED, "the group takes no applications")
    if who is Standing.GUEST:
        return enter(state, command.by)
    if who is not Standing.APP_ADMIN and option is ApplyJoinOption.NEED_PERMISSION:
        return _apply(state, command, now_ms, position)
    check_room(state, policy, 1)
    member = _member(
        state=state,
        policy=policy,
        user_id=command.by,
        now_ms=now_ms,
        card=state.app_state.config.lists.screened("name_card", command.name_card),
    )  # SC-08
    return state.settle(
        Joined(state.timeline.newest, state.roster.count + 1),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.JOINED, [command.by]),
        put=[member],
        marks=_without_application(state, [command.by]),
    )


def _deciders(state: GroupState) -> list[str]:
    """GR-05: who is told of applications: the owner and the admins."""
    return [member.user_id for member in state.roster.admins()]


def _apply(state: GroupState, command: JoinGroup, now_ms: int, position: int) -> Outcome:
    """The application is kept until it is decided, or for so long (GR-12); who may decide is told of it once."""
    before = state.roster.restrictions.get(command.by, UserRestriction(command.by))
    since_ms = before.applied_ms if waits(state, before, now_ms) else now_ms
    check_entries(state, [command.by], now_ms)
    card = state.app_state.config.lists.screened("name_card", command.name_card)  # SC-08
    mark = msgspec.structs.replace(before, applied_ms=since_ms, text=command.text, name_card=card)
    tell = (
        ()
        if since_ms == before.applied_ms
        else (Notify(_deciders(state), Requested(command.by, command.text, now_ms)),)
    )
    result = Joined(state.timeline.newest, state.roster.count, JoinStatus.WAITING)
    return state.settle(result, now_ms, position, marks=[*expired(state, now_ms), mark], info=False, more=tell)


def decide(state: GroupState, command: DecideApplication, now_ms: int, position: int) -> Outcome:
    """GR-05: approve or refuse; only once. The applicant finds the decision also later (GR-12)."""
    _, policy, _ = state.allowed(Operation.DECIDE, command.by, command.admin)
    user_id = command.user_id
    mark = state.roster.restrictions.get(user_id)
    if mark is None or not waits(state, mark, now_ms):
        raise RcimError(ALREADY_HANDLED, f"no application of {user_id} waits")
    said = Decided(
        user_id=user_id,
        approved=command.approve,
        operator=command.by,
        text=command.text,
        newest_seq=state.timeline.newest if command.approve else 0,
    )
    told = Notify([*_deciders(state), user_id], said)
    marks = _without_application(state, [user_id])
    decision = ApplicationState.APPROVED if command.approve else ApplicationState.REFUSED
    kept = Application(
        user_id=user_id,
        key=state.key,
        time_ms=mark.applied_ms,
        text=mark.text,
        state=decision,
        decided_ms=now_ms,
        operator=command.by,
        answer=command.text,
    )
    if not command.approve:
        return state.settle(Done(), now_ms, position, marks=marks, info=False, more=(told,), decided=kept)
    state.app_state.entering.check(command.admissions, user_id)
    check_room(state, policy, 1)
    return state.settle(
        Done(),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.JOINED, [user_id]),
        put=[_member(state=state, policy=policy, user_id=user_id, now_ms=now_ms, card=mark.name_card)],
        marks=marks,
        more=(told,),
        decided=kept,
    )


def invite(state: GroupState, command: InviteUsers, now_ms: int, position: int) -> Outcome:
    """GR-05, GT-07. All who can be added are, or, if they do not fit, none; who is to be asked first is not added yet."""
    profile, policy, _ = state.allowed(Operation.INVITE, command.by, command.admin)
    ask_first = set(command.ask_first)
    results: list[tuple[str, AddResult]] = []
    added: list[str] = []
    for user_id in dict.fromkeys(command.users):
        if user_id in state.roster:
            results.append((user_id, AddResult.ALREADY))
        elif is_blocked(state, user_id, now_ms):
            results.append((user_id, AddResult.FAILED))
        elif user_id in ask_first:
            results.append((user_id, AddResult.WAITING))
        elif not state.app_state.entering.holds(command.admissions, user_id):
            results.append((user_id, AddResult.FAILED))
        else:
            results.append((user_id, AddResult.ADDED))
            added.append(user_id)
    check_room(state, policy, len(added))
    result = Added(results, profile.name if ask_first else "")
    if not added:
        return Outcome(result)
    return state.settle(
        result,
        now_ms,
        position,
        by=command.by,
        change=None if command.silent else (ChangeKind.INVITED, added),
        put=[_member(state, policy, user_id, now_ms) for user_id in added],
        marks=_without_application(state, added),
    )


def accept(state: GroupState, command: AcceptInvitation, now_ms: int, position: int) -> Outcome:
    """GT-07: who invited had the right to when it did; it has to be a member still, and the group the same one."""
    profile, policy = state.there(command.by, True)
    if profile.importing:
        raise RcimError(NO_SUCH_GROUP)
    if command.by in state.roster:
        raise RcimError(ALREADY_MEMBER)
    if command.inviter not in state.roster or profile.create_time_ms > command.time_ms:
        raise RcimError(NOT_PERMITTED, f"{command.inviter}, who sent the invitation, is no longer in the group")
    check_not_blocked(state, command.by, now_ms)
    state.app_state.entering.check(command.admissions, command.by)
    check_room(state, policy, 1)
    return state.settle(
        Joined(state.timeline.newest, state.roster.count + 1),
        now_ms,
        position,
        by=command.inviter,
        change=(ChangeKind.INVITED, [command.by]),
        put=[_member(state, policy, command.by, now_ms)],
        marks=_without_application(state, [command.by]),
    )


def place(state: GroupState, command: PlaceMember, now_ms: int, position: int) -> Outcome:
    """GR-10, ID-09: the app says who is in. The cap, blocks and the owner's place count, and that nobody is added to
    (GT-07), or taken out of (GT-10), a group of a type that does not even let the app do so. Where the account is deleted
    it is out in any case, and has applied for nothing."""
    _, policy = state.there(command.by, True)
    user_id = command.by
    if command.inside == (user_id in state.roster):
        withdrawn = _without_application(state, [user_id]) if command.forced and not command.inside else []
        return state.settle(Done(), now_ms, position, marks=withdrawn, info=False) if withdrawn else Outcome(Done())
    if not command.forced:
        check_right(Operation.INVITE if command.inside else Operation.KICK, Standing.APP_ADMIN, policy)
    if not command.inside:
        if state.roster.standing(user_id) is Standing.OWNER and not (policy.owner_may_leave or command.forced):
            raise RcimError(OWNER_MAY_NOT_LEAVE)
        removed = MemberGone(user_id, GoneReason.REMOVED)
        return gone(state, policy, [removed], ChangeKind.LEFT, by="", now_ms=now_ms, position=position)
    check_not_blocked(state, user_id, now_ms)
    state.app_state.entering.check(command.admissions, user_id)
    check_room(state, policy, 1)
    return state.settle(
        Done(),
        now_ms,
        position,
        change=(ChangeKind.JOINED, [user_id]),
        put=[_member(state, policy, user_id, now_ms)],
        marks=_without_application(state, [user_id]),
    )
