"""What ultra groups have: channels (UG-02); and what any group has for them: push levels (UG-03), deleting by time
(UG-04)."""

from __future__ import annotations

import msgspec

from rcim.actor.effects import ChannelsTold, Notify, Trimmed
from rcim.actor.outcomes import Done, Outcome, PushLevels, TrimmedTo
from rcim.actor.records import ChannelListed, Member, Profile
from rcim.actor.state import GroupState
from rcim.actor.ultra_commands import ListChannel, ReadPushLevel, SetPushLevel, TrimHistory, UnlistChannel
from rcim.base.errors import NO_SUCH_GROUP, NOT_PERMITTED, TOO_MANY_CHANNELS, RcimError
from rcim.base.terms import PushLevel
from rcim.rules.conversation_kinds import ULTRA, kind_of
from rcim.rules.push_level import level_in_force
from rcim.rules.rights import Operation, check_right


def list_channel(state: GroupState, command: ListChannel, now_ms: int, position: int) -> Outcome:
    """UG-02: owner, admins and the app add channels, up to as many as a group may have. Raises RcimError."""
    if kind_of(state.key) is not ULTRA:
        raise RcimError(NO_SUCH_GROUP)
    state.allowed(Operation.CHANNELS, command.by, command.admin)
    words = state.app_state.config.lists
    words.screened("name", command.called)
    words.screened("introduction", command.introduction)
    if command.name in state.channels:
        return Outcome(Done())
    most = state.app_state.config.limits.channels_per_group_max
    if len(state.channels) >= most:
        raise RcimError(
            TOO_MANY_CHANNELS, f"the group has {len(state.channels)} channels; at most {most} are allowed"
        )
    state.channels[command.name] = None
    return Outcome(Done(), ChannelListed(state.key, command.name, True))


def unlist_channel(state: GroupState, command: UnlistChannel, now_ms: int, position: int) -> Outcome:
    """UG-02: the channel has ended. Its actor leaves memory: another one with its name begins with what the store has.
    Raises RcimError."""
    state.allowed(Operation.CHANNELS, command.by, command.admin)
    if command.name not in state.channels:
        return Outcome(Done())
    del state.channels[command.name]
    gone = ChannelsTold([command.name], None)
    return Outcome(Done(), ChannelListed(state.key, command.name, False), (gone,))


# ------------------------------------------------------------------------------------------------- push, history


def set_push_level(state: GroupState, command: SetPushLevel, now_ms: int, position: int) -> Outcome:
    """UG-03: a member's own, or, by owner, admins and the app, that of all who have set nothing. Raises RcimError."""
    if command.whole:
        profile, _, _ = state.allowed(Operation.EDIT_SETTINGS, command.by, command.admin)
        if profile.push_level is command.level:
            return Outcome(Done())
        new = msgspec.structs.replace(profile, push_level=command.level)
        return state.settle(Done(), now_ms, position, by=command.by, profile=new)
    _, _, member = state.own_member(command.by, command.admin)
    if member.push_level is command.level:
        return Outcome(Done())
    put = [msgspec.structs.replace(member, push_level=command.level)]
    return state.settle(Done(), now_ms, position, put=put, info=False)


def read_push_level(state: GroupState, command: ReadPushLevel, now_ms: int, position: int) -> Outcome:
    """UG-03: what is set for the member, and what of it is in force."""
    profile, _, member = state.own_member(command.by, command.admin)
    return Outcome(push_levels(profile, state.parent.profile if state.parent is not None else None, member))


def push_levels(profile: Profile, parent: Profile | None, member: Member) -> PushLevels:
    """UG-03, of a member of a conversation; `parent` is the profile of the ultra group that it is a channel of."""
    if parent is None:
        in_force = level_in_force(
            user_in_channel=PushLevel.AS_ABOVE,
            user_in_group=member.push_level,
            channel=PushLevel.AS_ABOVE,
            group=profile.push_level,
        )
        return PushLevels(in_force, PushLevel.AS_ABOVE, member.push_level, PushLevel.AS_ABOVE, profile.push_level)
    in_force = level_in_force(
        user_in_channel=member.push_level,
        user_in_group=member.group_push_level,
        channel=profile.push_level,
        group=parent.push_level,
    )
    return PushLevels(in_force, member.push_level, member.group_push_level, profile.push_level, parent.push_level)


def trim(state: GroupState, command: TrimHistory, now_ms: int, position: int) -> Outcome:
    """UG-04: at once, however many there are: history begins after them. The store removes them little by little. Raises
    RcimError."""
    profile, policy, who = state.allowed(Operation.ALTER, command.by, command.admin)
    check_right(Operation.DISSOLVE, who, policy)
    if not policy.stored:
        raise RcimError(NOT_PERMITTED, f"a {policy.name} group stores no messages, so there is nothing to delete")
    first = min(command.to_seq, state.timeline.newest) + 1
    if first <= profile.first_seq:
        return Outcome(TrimmedTo(profile.first_seq))
    new = msgspec.structs.replace(profile, first_seq=first)
    return state.settle(
        TrimmedTo(first), now_ms, position, profile=new, info=False, more=(Notify(None, Trimmed(first)),)
    )
