"""The machine of a channel: a group whose members are those of its ultra group (UG-02).

What differs from a group stands here: commands that only its group has are refused, a private channel is not there for
users who are not on its list, and mutes of the group hold in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rcim.actor import commands as c
from rcim.actor import import_commands
from rcim.actor import ultra_commands as uc
from rcim.actor.app_state import AppState
from rcim.actor.effects import ChannelClosed, ConversationGone, Effect, GroupCounted, MemberGone, MembersAdded, Notify
from rcim.actor.outcomes import AnyResult, Created, Done, Edited, Outcome
from rcim.actor.paged_group import PagedGroupActor
from rcim.actor.paged_roster import LoadAgain
from rcim.actor.records import GroupCreated, GroupDissolved, InsidersChanged, Profile
from rcim.actor.shared_roster import SharedRoster
from rcim.actor.snapshots import GroupSnapshot
from rcim.actor.state import GroupState
from rcim.actor.user_results import Listed
from rcim.base.errors import (
    BAD_PARAMETER,
    GROUP_ID_TAKEN,
    NO_SUCH_GROUP,
    NO_SUCH_MEMBER,
    NOT_PERMITTED,
    TOO_MANY_ENTRIES,
    RcimError,
)
from rcim.base.terms import ApplyJoinOption, ChangeKind, GoneReason, Role
from rcim.rules.built_in_types import CHANNEL
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation, check_right
from rcim.rules.roles import Standing

OF_THE_GROUP: frozenset[type] = frozenset(
    {
        c.CreateGroup,
        c.GiveGroup,
        import_commands.ImportMembers,
        import_commands.ImportMessages,
        import_commands.FinishImport,
        c.JoinGroup,
        c.DecideApplication,
        c.LeaveGroup,
        c.InviteUsers,
        c.AcceptInvitation,
        c.KickMembers,
        c.BlockUsers,
        c.PlaceMember,
        c.KeepGuest,
        uc.ListChannel,
        uc.UnlistChannel,
    }
)
"""Commands about who is a member, or about what a channel can't be."""


class ChannelState(GroupState):
    """As GroupState, with what a channel knows of its group."""

    __slots__ = ("ended", "members", "there_is_group")

    def __init__(self, snapshot: GroupSnapshot, shard: int, app_state: AppState) -> None:
        super().__init__(snapshot, shard, app_state)
        assert isinstance(self.roster, SharedRoster)
        self.members: SharedRoster = self.roster
        self.there_is_group = snapshot.channel_listed
        """The group has listed the channel, so that it may begin."""
        self.ended = False
        """The channel has ended since it was loaded: what its group is by now it does not know."""
        self.note_audience()

    def there(self, by: str, admin: bool) -> tuple[Profile, GroupType]:
        """As of a group. Raises RcimError(NO_SUCH_GROUP) also for users who do not see a private channel (UG-05)."""
        found = super().there(by, admin)
        if self.members.private and not admin and by not in self.members.insiders:
            raise RcimError(NO_SUCH_GROUP)
        return found

    def note_audience(self) -> None:
        """Say who hears what the channel says: all who hear its group, or who is on its list."""
        profile = self.attributes.profile
        if profile is not None and not profile.private:
            self.app_state.open_channels.add(self.key)
        else:
            self.app_state.open_channels.discard(self.key)

    def clear(self) -> tuple[tuple[int, AnyResult], ...]:
        """The channel has ended. Returns the effects for messages that waited."""
        self.ended = True
        self.there_is_group = False
        self.parent = None
        return super().clear()


class ChannelActor(PagedGroupActor):
    """The actor of a channel."""

    __slots__ = ()

    def _make_state(self, snapshot: GroupSnapshot, shard: int, app_state: AppState) -> GroupState:
        return ChannelState(snapshot, shard, app_state)

    def _handle(self, command: c.Command, now_ms: int, position: int) -> Outcome:
        state = self._state
        assert isinstance(state, ChannelState)
        if type(command) in OF_THE_GROUP:
            raise RcimError(NOT_PERMITTED, "the members of a channel are those of its ultra group: ask that")
        if isinstance(command, c.EditMember):
            _check_own_only(command)
        handler = _HANDLERS.get(type(command))
        if handler is not None:
            return handler(state, command, now_ms, position)
        return super()._handle(command, now_ms, position)


def _check_own_only(command: c.EditMember) -> None:
    """UG-02: role and name card are those of the group. Raises RcimError(NOT_PERMITTED)."""
    if command.name_card is not None or command.role is not None or command.fields:
        raise RcimError(NOT_PERMITTED, "in a channel, only msg_flag can be set: the rest is that of its ultra group")


def open_channel(state: ChannelState, command: uc.OpenChannel, now_ms: int, position: int) -> Outcome:
    """UG-02: the channel begins. Its group has checked who asks, and has listed it. Raises LoadAgain if another channel
    with its name has ended since the actor was loaded."""
    if state.ended:
        raise LoadAgain
    if state.attributes.profile is not None:
        raise RcimError(GROUP_ID_TAKEN, "the ultra group has a channel with this name")
    if state.ending:
        raise RcimError(GROUP_ID_TAKEN, "a channel with this name is still being removed; try again in a moment")
    if not state.there_is_group:
        raise RcimError(NO_SUCH_GROUP)
    policy = state.app_state.config.types.named(CHANNEL.name)
    words = state.app_state.config.lists
    named = words.screened("name", command.name), words.screened("introduction", command.introduction)
    if policy.stored:
        state.timeline.begin_storing()
    profile = Profile(
        group_id=command.group_id,
        type=policy.name,
        name=named[0],
        introduction=named[1],
        notification="",
        face_url="",
        owner="",
        create_time_ms=now_ms,
        apply_join_option=ApplyJoinOption.DISABLE_APPLY,
        max_member_num=0,
        first_seq=state.timeline.next_seq,
        private=command.private,
        creator=command.by,
    )
    state.attributes.profile = profile
    state.members.private = command.private
    inside = [] if command.admin else [command.by]
    state.members.insiders.update(inside)
    state.timeline.last_msg_time_ms = 0
    state.attributes.info_seq += 1
    state.attributes.last_info_time_ms = now_ms
    state.note_audience()
    made = GroupCreated(key=state.key, profile=profile, members=[], time_ms=now_ms, stored=policy.stored)
    more = (InsidersChanged(state.key, inside, []),) if inside else ()
    effects: list[Effect] = [GroupCounted(policy.name, 1)]
    if inside:
        effects.append(MembersAdded(inside))
    effects.append(Notify(inside if command.private else None, state.entered(command.by, now_ms)))
    return Outcome(Created(command.group_id, []), made, tuple(effects), more)


def tell(state: ChannelState, command: uc.TellChannel, now_ms: int, position: int) -> Outcome:
    """Take a change of the group, or its end, which is durable already."""
    change = command.change
    if change is None:
        return Outcome(Done(), settled=state.clear())
    state.members.parent_changed(change.users, change.gone, change.member_num, change.joined_ms)
    for user_id in change.gone:  # who comes again has sent nothing, and their row says so
        state.timeline.sent_kept.pop(user_id, None)
    if state.parent is not None:
        for mark in change.marks:
            _note_until(state.parent.muted, mark.user_id, mark.muted_until_ms, now_ms)
            _note_until(state.parent.blocked, mark.user_id, mark.blocked_until_ms, now_ms)
        if change.profile is not None:
            state.parent = msgspec.structs.replace(state.parent, profile=change.profile)
    return Outcome(Done())


def _note_until(until: dict[str, int], user_id: str, until_ms: int, now_ms: int) -> None:
    if until_ms > now_ms:
        until[user_id] = until_ms
    else:
        until.pop(user_id, None)


def dissolve(state: ChannelState, command: c.DissolveGroup, now_ms: int, position: int) -> Outcome:
    """UG-02: the channel ends. Its group is told by whoever runs the workflow. Raises RcimError."""
    profile, _, _ = state.allowed(Operation.DISSOLVE, command.by, command.admin)
    settled = state.clear()
    effects = (ConversationGone(), GroupCounted(profile.type, -1))
    return Outcome(Done(), GroupDissolved(state.key), effects, settled=settled)


# ---------------------------------------------------------------------------------------------- private channels


def _check_manages(state: ChannelState, by: str, admin: bool) -> None:
    """UG-05: the list is changed by admins of the group who are on it, by its owner, and by the app. Others learn only
    what they may know. Raises RcimError."""
    if state.attributes.profile is None:
        raise RcimError(NO_SUCH_GROUP)
    if admin:
        return
    member = state.members.group_member(by)
    if member is not None and member.role is Role.OWNER:
        return
    state.there(by, False)
    who = Standing(member.role) if member is not None else Standing.ANYONE
    check_right(Operation.EDIT_PROFILE, who, CHANNEL)


def change_insiders(state: ChannelState, command: uc.ChangeInsiders, now_ms: int, position: int) -> Outcome:
    """UG-05: all of it or nothing. Only members of the group can be put on the list."""
    _check_manages(state, command.by, command.admin)
    inside = state.members.insiders
    add = [user_id for user_id in dict.fromkeys(command.add) if user_id not in inside]
    remove = [user_id for user_id in dict.fromkeys(command.remove) if user_id in inside]
    both = set(command.add) & set(command.remove)
    if both:
        raise RcimError(BAD_PARAMETER, f"add and remove: both name {min(both)}")
    for user_id in add:
        if state.members.group_member(user_id) is None:
            raise RcimError(NO_SUCH_MEMBER, f"{user_id} is not a member of the ultra group")
    most = state.app_state.config.limits.channel_members_max
    if len(inside) + len(add) - len(remove) > most:
        raise RcimError(TOO_MANY_ENTRIES, f"the list of a channel has at most {most} users")
    if not add and not remove:
        return Outcome(Done())
    inside.update(add)
    inside.difference_update(remove)
    private = state.members.private
    effects: list[Effect] = [MembersAdded(add)] if add else []
    if add and private:
        effects.append(Notify(add, state.entered(command.by, now_ms)))
    effects += [MemberGone(u, GoneReason.KICKED, command.by) for u in remove if private]
    return Outcome(Done(), InsidersChanged(state.key, add, remove), tuple(effects))


def read_insiders(state: ChannelState, command: uc.ReadInsiders, now_ms: int, position: int) -> Outcome:
    """UG-05: a page of the list, for who may read the members."""
    if not command.admin:
        state.allowed(Operation.MEMBERS, command.by, False)
    elif state.attributes.profile is None:
        raise RcimError(NO_SUCH_GROUP)
    found = sorted(user_id for user_id in state.members.insiders if user_id > command.cursor)
    page = found[: command.limit]
    return Outcome(Listed(page, page[-1] if len(found) > len(page) else ""))


def set_private(state: ChannelState, command: uc.SetPrivate, now_ms: int, position: int) -> Outcome:
    """UG-05: the list stays as it is. Whoever opens a channel shows its history, as far back as each member joined. When
    it is closed, it is gone for all members, and then there again for those on its list."""
    _check_manages(state, command.by, command.admin)
    profile = state.attributes.profile
    assert profile is not None
    if profile.private is command.private:
        return Outcome(Done())
    outcome = state.settle(
        Edited(state.attributes.info_seq + 1),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.PROFILE_CHANGED, ()),
        what=["private"],
        profile=msgspec.structs.replace(profile, private=command.private),
    )
    state.members.private = command.private
    state.note_audience()
    told = sorted(state.members.insiders) if command.private else None
    closed = (ChannelClosed(),) if command.private else ()
    effects = (*closed, *outcome.effects, Notify(told, state.entered(command.by, now_ms)))
    return msgspec.structs.replace(outcome, result=Done(), effects=effects)


_HANDLERS: dict[type, Callable[[ChannelState, Any, int, int], Outcome]] = {
    uc.OpenChannel: open_channel,
    uc.TellChannel: tell,
    uc.ChangeInsiders: change_insiders,
    uc.ReadInsiders: read_insiders,
    uc.SetPrivate: set_private,
    c.DissolveGroup: dissolve,
}
