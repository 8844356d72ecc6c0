"""What rooms can besides: attributes (CR-03), what the app sets (CR-01, CR-04, CR-07), and members who are not online
leave (CR-01, CR-02)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rcim.actor.absences import NEVER
from rcim.actor.admission import Claim
from rcim.actor.barring import check_not_muted
from rcim.actor.effects import Effect, LookForAbsent, MemberGone, RoomLost
from rcim.actor.leaving import gone
from rcim.actor.lifecycle import end, ended_if_empty
from rcim.actor.outcomes import AttributesPage, AttributesSet, Done, Outcome
from rcim.actor.read_commands import page_bytes
from rcim.actor.records import Profile, RoomAttribute, RoomAttributesChanged
from rcim.actor.room_attributes import RoomAttributes, bare, size_of
from rcim.actor.room_commands import (
    CloseEmpty,
    DeleteRoomAttributes,
    LeaveAbsent,
    NoteAbsent,
    NoteBack,
    ReadProtected,
    ReadRoomAttributes,
    SetRoom,
    SetRoomAttributes,
)
from rcim.actor.state import GroupState
from rcim.actor.user_results import Listed
from rcim.base.errors import NO_SUCH_ATTRIBUTE, TOO_MANY_ENTRIES, RcimError
from rcim.base.terms import AppList, ChangeKind, GoneReason, Role
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation

PROTECTED_MAX = 100
"""Users on the protected list of one room, which stands in its profile."""
LEAVE_AT_ONCE = 1000
"""Members who leave with one commit and one notice: some 6 ms of the actor, and as much of the committing thread."""

# ------------------------------------------------------------------------------------------------- attributes


def set_attributes(state: GroupState, command: SetRoomAttributes, now_ms: int, position: int) -> Outcome:
    """CR-03: set attributes, all of them or none. Raises RcimError."""
    policy = _may_change(state, command, now_ms)
    room = state.room or RoomAttributes(state.key)
    named = {entry.key for entry in command.entries}
    gone = [one.key for one in room.all() if one.key not in named] if command.replace else []
    wanted = room.check_set(command.entries, command.by, forced=command.forced, without=gone)
    if not wanted and not gone and not command.notice:
        return Outcome(AttributesSet(room.version))
    state.timeline.admission.admit(policy, Claim.APART, now_ms)
    state.room = room
    entries = command.entries if command.notice else wanted
    records = [room.remove(gone, command.by, now_ms)] if gone else []
    if entries:
        records.append(room.set(entries, command.by, now_ms, command.notice))
    return _told(state, room, records, now_ms)


def delete_attributes(state: GroupState, command: DeleteRoomAttributes, now_ms: int, position: int) -> Outcome:
    """CR-03: remove attributes, all of them or none. Raises RcimError."""
    policy = _may_change(state, command, now_ms)
    room = state.room
    if room is None:
        raise RcimError(NO_SUCH_ATTRIBUTE, "the room has no attributes")
    room.check_removal(command.keys, command.by, forced=command.forced)
    state.timeline.admission.admit(policy, Claim.APART, now_ms)
    return _told(state, room, [room.remove(command.keys, command.by, now_ms, command.notice)], now_ms)


def _may_change(state: GroupState, command: SetRoomAttributes | DeleteRoomAttributes, now_ms: int) -> GroupType:
    """Who may not send, because they are muted, changes no attributes either. Raises RcimError."""
    profile, policy, _ = state.allowed(Operation.SET_ATTRIBUTES, command.by, command.admin)
    if not command.admin:
        check_not_muted(state=state, profile=profile, policy=policy, by=command.by, now_ms=now_ms)
    return policy


def _told(state: GroupState, room: RoomAttributes, records: Sequence[RoomAttributesChanged], now_ms: int) -> Outcome:
    effects = room.news(now_ms, state.app_state.config.limits.flow_slice_ms)
    result = AttributesSet(room.version)
    return Outcome(result, records[0], effects, tuple(records[1:]), again_in_ms=room.due_in_ms(now_ms))


def read_attributes(state: GroupState, command: ReadRoomAttributes, now_ms: int, position: int) -> Outcome:
    """CR-03: a page of attributes, as much as fits a frame. Raises RcimError."""
    state.allowed(Operation.ATTRIBUTES, command.by, command.admin)
    room = state.room
    if room is None:
        return Outcome(AttributesPage(0, not command.keys, [], False))
    if command.keys:
        page, more = _fitting(state, room.named(command.keys))
        return Outcome(AttributesPage(room.version, False, page, more))
    reset = room.is_unknown(command.since)
    if reset:
        rows = room.since(command.after) if command.after else room.all()
    else:
        rows = room.since(max(command.since, command.after))
    page, more = _fitting(state, rows)
    return Outcome(AttributesPage(room.version, reset, page, more))


def _fitting(state: GroupState, rows: Sequence[RoomAttribute]) -> tuple[list[RoomAttribute], bool]:
    """The first of these rows that fit a frame, and whether there are more."""
    page: list[RoomAttribute] = []
    left = page_bytes(state)
    for row in rows:
        left -= size_of(row)
        if left < 0 and page:
            return page, True
        page.append(bare(row))
    return page, False


# ------------------------------------------------------------------------------------------------- the app


def set_room(state: GroupState, command: SetRoom, now_ms: int, position: int) -> Outcome:
    """CR-01, CR-04, CR-07: the app keeps the room alive, stops its distribution, protects members. A room without
    members that is kept alive no longer ends as its type says. Raises RcimError."""
    profile, policy = state.there(command.by, True)
    removed = set(command.unprotect)
    protected = [user for user in dict.fromkeys((*profile.protected, *command.protect)) if user not in removed]
    if len(protected) > PROTECTED_MAX:
        raise RcimError(TOO_MANY_ENTRIES, f"a room protects at most {PROTECTED_MAX} users")
    changed = msgspec.structs.replace(
        profile,
        keep_alive=profile.keep_alive if command.keep_alive is None else command.keep_alive,
        stopped=profile.stopped if command.stopped is None else command.stopped,
        protected=protected,
    )
    if changed == profile:
        return Outcome(Done())
    outcome = state.settle(Done(), now_ms, position, profile=changed, info=False)
    return ended_if_empty(state, policy, outcome) if profile.keep_alive and not changed.keep_alive else outcome


def read_protected(state: GroupState, command: ReadProtected, now_ms: int, position: int) -> Outcome:
    """CR-01: whom the room protects. Raises RcimError."""
    profile, _ = state.there(command.by, True)
    return Outcome(Listed(sorted(profile.protected), ""))


def close_empty(state: GroupState, command: CloseEmpty, now_ms: int, position: int) -> Outcome:
    """CR-04: nobody has been in the room for so long. What counts is when its data changed last, which is when the last
    member left, or later if the app has edited it."""
    profile, policy = state.there(command.by, True)
    inside = state.roster.count or state.app_state.guests.of(state.key)
    since_ms = max(state.attributes.last_info_time_ms, profile.create_time_ms)
    if inside or profile.keep_alive or profile.importing or not policy.empty_minutes or since_ms >= command.before_ms:
        return Outcome(Done())
    return end(state, profile, silently=True)


# ------------------------------------------------------------------------------------------------- absences


def note_absent(state: GroupState, command: NoteAbsent, now_ms: int, position: int) -> Outcome:
    """CR-01: the member's clock starts with the next message; CR-02: of a user who can be in one room only the lost
    connection leaves it. The user may be back already."""
    profile, absences = state.attributes.profile, state.absences
    if absences is None or profile is None or command.by not in state.roster:
        return Outcome(Done())
    if state.app_state.rooms.is_online(command.by):
        return Outcome(Done())
    policy = state.app_state.config.types.of_group(profile.type)
    if not policy.one_room:
        absences.away(command.by)
        return Outcome(Done())
    if _stays(state, command.by) or profile.importing or not profile.active:
        absences.away(command.by)
        return Outcome(Done())
    return _left(state, policy, [command.by], now_ms, position, more=(_lost(profile, command.by),))


def note_back(state: GroupState, command: NoteBack, now_ms: int, position: int) -> Outcome:
    """CR-01: the member goes on as if they had never been away."""
    if state.absences is not None:
        state.absences.back(command.by)
    return Outcome(Done())


def leave_absent(state: GroupState, command: LeaveAbsent, now_ms: int, position: int) -> Outcome:
    """CR-01: those who have been absent for long enough leave, LEAVE_AT_ONCE with one commit; the owner and protected
    users stay, and their clocks start again with the next message: they may be neither by then."""
    profile, absences = state.attributes.profile, state.absences
    if absences is None or profile is None or profile.importing or not profile.active:
        return Outcome(Done())
    policy = state.app_state.config.types.of_group(profile.type)
    if not policy.drops_absent:
        return Outcome(Done())
    due = absences.due(policy, now_ms, LEAVE_AT_ONCE)
    there = [user for user in due if user in state.roster]
    stay = {user for user in there if _stays(state, user)}
    for user in stay:
        absences.away(user)
    users = [user for user in there if user not in stay]
    wait = absences.due_in_ms(policy, now_ms)
    again: tuple[Effect, ...] = (LookForAbsent(wait),) if wait != NEVER else ()
    if not users:
        return Outcome(Done(), None, again)
    lost = tuple(_lost(profile, user) for user in users) if policy.one_room else ()
    return _left(state, policy, users, now_ms, position, more=(*again, *lost))


def _lost(profile: Profile, user_id: str) -> RoomLost:
    return RoomLost(user_id, profile.create_time_ms)


def _left(
    state: GroupState, policy: GroupType, users: Sequence[str], now_ms: int, position: int, *, more: Sequence[Effect]
) -> Outcome:
    drop = [MemberGone(user, GoneReason.OFFLINE) for user in users]
    outcome = gone(state, policy, drop, ChangeKind.OFFLINE, by="", now_ms=now_ms, position=position)
    return msgspec.structs.replace(outcome, effects=(*outcome.effects, *more))


def _stays(state: GroupState, user_id: str) -> bool:
    """CR-01: the owner, and whom the app or the room protects."""
    profile, member = state.attributes.profile, state.roster.get(user_id)
    if profile is None or (member is not None and member.role is Role.OWNER) or user_id in profile.protected:
        return True
    lists = state.app_state.config.lists
    return lists.protects and lists.holds(AppList.PROTECTED_USERS, user_id)
