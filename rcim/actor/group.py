"""The machine of one group. `handle` takes a command to its end; SEQ is assigned here and nowhere else (MS-01).

State changes at once, but what is returned counts only when its record is durable. If the commit fails, whoever
runs the machine throws it away and loads it again: a failed batch leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable

from rcim.actor.commands import (
    CreateGroup,
    DissolveGroup,
    GroupCommand,
    JoinGroup,
    LeaveGroup,
    ReadHistory,
    ReadInfo,
    ReadMembers,
    SendMessage,
)
from rcim.actor.outcomes import (
    ConversationGone,
    Created,
    Deliver,
    Dissolved,
    Info,
    Joined,
    Left,
    MemberGone,
    MembersAdded,
    MembersQuery,
    MessagesQuery,
    Outcome,
    Sent,
)
from rcim.actor.recent_ids import RecentIds
from rcim.actor.records import (
    GroupCreated,
    GroupDissolved,
    GroupSnapshot,
    Member,
    MemberJoined,
    MemberLeft,
    Message,
    MessageKept,
    Profile,
)
from rcim.base.errors import (
    ALREADY_MEMBER,
    BAD_PARAMETER,
    GROUP_FULL,
    GROUP_ID_TAKEN,
    GROUP_ID_TAKEN_BY_YOU,
    NO_SUCH_GROUP,
    NOT_PERMITTED,
    RcimError,
)
from rcim.base.ids import message_id as make_message_id
from rcim.base.limits import Limits
from rcim.base.terms import ApplyJoinOption, Role
from rcim.rules.group_types import GroupType, type_named
from rcim.rules.rights import Operation, Who, check_right


class GroupActor:
    """`types` is the policy table in force; `shard` is the shard that the group's key belongs to."""

    def __init__(self, snapshot: GroupSnapshot, shard: int, types: dict[str, GroupType], limits: Limits) -> None:
        self._key = snapshot.key
        self._shard = shard
        self._types = types
        self._limits = limits
        self._profile = snapshot.profile
        self._next_seq = snapshot.next_seq
        self._last_msg_time_ms = snapshot.last_msg_time_ms
        self._info_seq = snapshot.info_seq
        self._last_info_time_ms = snapshot.last_info_time_ms
        self._members = {m.user_id: m for m in snapshot.members}
        self._recent = RecentIds(limits.dedupe_window_ms, limits.dedupe_entries_max)
        for message in snapshot.recent:
            self._recent.add(message)

    @property
    def exists(self) -> bool:
        """False if there is no such group: then nothing of it is worth keeping in memory."""
        return self._profile is not None

    def handle(self, command: GroupCommand, now_ms: int, position: int) -> Outcome:
        """Carry out one command. `now_ms` is the wall clock; `position` is the running number that a record of this
        command would have in the shard. Raises RcimError: refused, and nothing has changed."""
        return _HANDLERS[type(command)](self, command, now_ms, position)

    # -- what the rest asks

    def _existing(self) -> tuple[Profile, GroupType]:
        if self._profile is None:
            raise RcimError(NO_SUCH_GROUP)
        return self._profile, type_named(self._types, self._profile.type)

    def _who(self, user_id: str, admin: bool) -> Who:
        if admin:
            return Who.APP_ADMIN
        member = self._members.get(user_id)
        return Who(member.role) if member else Who.STRANGER

    def _allowed(self, operation: Operation, user_id: str, admin: bool) -> Profile:
        profile, group_type = self._existing()
        check_right(operation, self._who(user_id, admin), group_type)
        return profile

    # -- sending: the stages of section 5 of the requirements, in their order

    def _send(self, command: SendMessage, now_ms: int, position: int) -> Outcome:
        self._allowed(Operation.SEND, command.by, command.admin)  # 5.2, SC-01
        first = self._recent.find(command.by, command.client_msg_id, now_ms)  # MS-02
        if first is not None:
            return Outcome(Sent(first[0], first[1], first[2], True))
        # Before-send callback (CB-03) and frequency control (section 6) stand here, before a SEQ is spent.
        message = self._numbered(command, now_ms, position)
        return Outcome(
            Sent(message.seq, message.time_ms, message.message_id, False),
            MessageKept(self._key, message),
            (Deliver(message),),
        )

    def _numbered(self, command: SendMessage, now_ms: int, position: int) -> Message:
        """MS-01: give the next SEQ. Time never falls within a conversation, even if the clock is set back."""
        member = self._members.get(command.by)
        message = Message(
            seq=self._next_seq,
            time_ms=max(now_ms, self._last_msg_time_ms),
            message_id=make_message_id(self._shard, position),
            priority=command.priority,
            sender=command.by,
            nickname=command.nickname,
            face_url=command.face_url,
            name_card=member.name_card if member else "",
            client_msg_id=command.client_msg_id,
            body=command.body,
        )
        self._next_seq += 1
        self._last_msg_time_ms = message.time_ms
        self._recent.add(message)
        return message

    # -- reading

    def _history(self, command: ReadHistory, now_ms: int, position: int) -> Outcome:
        profile = self._allowed(Operation.HISTORY, command.by, command.admin)
        first = self._first_visible(profile, command)
        newest = self._next_seq - 1
        return Outcome(
            MessagesQuery(
                key=self._key,
                from_seq=max(command.from_seq, first),
                to_seq=min(command.to_seq or newest, newest),
                limit=command.limit,
                backwards=command.backwards,
                from_time_ms=command.from_time_ms,
                to_time_ms=command.to_time_ms,
                newest_seq=newest,
                first_seq=first,
            )
        )

    def _first_visible(self, profile: Profile, command: ReadHistory) -> int:
        """The least SEQ that this user may see (GT-14)."""
        _, group_type = self._existing()
        member = self._members.get(command.by)
        if command.admin or group_type.history_before_joining or member is None:
            return profile.first_seq
        return max(profile.first_seq, member.joined_seq + 1)

    def _info(self, command: ReadInfo, now_ms: int, position: int) -> Outcome:
        profile = self._allowed(Operation.INFO, command.by, command.admin)
        return Outcome(
            Info(
                self._key,
                profile,
                self._info_seq,
                self._last_info_time_ms,
                self._last_msg_time_ms,
                self._next_seq,
                len(self._members),
            )
        )

    def _list(self, command: ReadMembers, now_ms: int, position: int) -> Outcome:
        self._allowed(Operation.MEMBERS, command.by, command.admin)
        return Outcome(MembersQuery(self._key, command.cursor, command.limit))

    # -- life cycle and members

    def _create(self, command: CreateGroup, now_ms: int, position: int) -> Outcome:
        if self._profile is not None:
            mine = self._profile.owner == command.by
            raise RcimError(GROUP_ID_TAKEN_BY_YOU if mine else GROUP_ID_TAKEN)
        group_type = type_named(self._types, command.type)
        _check_join_option(group_type, command.apply_join_option)
        others = [user for user in dict.fromkeys(command.members) if user != command.by]
        if others and not group_type.members_at_creation:  # GT-07
            raise RcimError(NOT_PERMITTED, f"a {group_type.name} group is created without members")
        if len(others) + 1 > group_type.member_cap:  # GT-12
            raise RcimError(GROUP_FULL, f"at most {group_type.member_cap} members")
        self._profile = Profile(
            group_id=command.group_id,
            type=group_type.name,
            name=command.name,
            introduction=command.introduction,
            notification=command.notification,
            face_url=command.face_url,
            owner=command.by,
            create_time_ms=now_ms,
            apply_join_option=command.apply_join_option,
            max_member_num=group_type.member_cap,
            first_seq=self._next_seq,
        )
        newest = self._next_seq - 1
        members = [Member(command.by, Role.OWNER, now_ms, newest, "")]
        members += [Member(user, Role.MEMBER, now_ms, newest, "") for user in others]
        self._members = {m.user_id: m for m in members}
        self._touch_info(now_ms)
        return Outcome(
            Created(command.group_id),
            GroupCreated(self._key, self._profile, members),
            (MembersAdded([m.user_id for m in members]),),
        )

    def _dissolve(self, command: DissolveGroup, now_ms: int, position: int) -> Outcome:
        self._allowed(Operation.DISSOLVE, command.by, command.admin)
        self._profile = None
        self._members = {}
        self._recent = RecentIds(self._limits.dedupe_window_ms, self._limits.dedupe_entries_max)
        return Outcome(Dissolved(), GroupDissolved(self._key), (ConversationGone(),))

    def _join(self, command: JoinGroup, now_ms: int, position: int) -> Outcome:
        profile, group_type = self._existing()
        if command.by in self._members:
            raise RcimError(ALREADY_MEMBER)
        if profile.apply_join_option is not ApplyJoinOption.FREE_ACCESS and not command.admin:  # GT-05
            raise RcimError(NOT_PERMITTED, "the group takes no applications")
        if len(self._members) >= min(profile.max_member_num, group_type.member_cap):  # GT-12
            raise RcimError(GROUP_FULL, f"at most {min(profile.max_member_num, group_type.member_cap)} members")
        newest = self._next_seq - 1
        member = Member(command.by, Role.MEMBER, now_ms, newest, command.name_card)
        self._members[command.by] = member
        self._touch_info(now_ms)
        return Outcome(
            Joined(newest, len(self._members)),
            MemberJoined(self._key, member, now_ms),
            (MembersAdded([command.by]),),
        )

    def _leave(self, command: LeaveGroup, now_ms: int, position: int) -> Outcome:
        _, group_type = self._existing()
        member = self._members.get(command.by)
        # An administrator who is a member leaves as that member: being one gives no right to leave.
        check_right(Operation.LEAVE, Who(member.role) if member else Who.STRANGER, group_type)
        del self._members[command.by]
        self._touch_info(now_ms)
        return Outcome(Left(), MemberLeft(self._key, command.by, now_ms), (MemberGone(command.by),))

    def _touch_info(self, now_ms: int) -> None:
        """GR-07: a change of profile or members raises InfoSeq."""
        self._info_seq += 1
        self._last_info_time_ms = now_ms


def _check_join_option(group_type: GroupType, option: ApplyJoinOption) -> None:
    if option not in group_type.join_options:
        allowed = ", ".join(o.name for o in sorted(group_type.join_options))
        raise RcimError(BAD_PARAMETER, f"apply_join_option of a {group_type.name} group: {allowed}")


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    SendMessage: GroupActor._send,
    ReadHistory: GroupActor._history,
    ReadInfo: GroupActor._info,
    ReadMembers: GroupActor._list,
    CreateGroup: GroupActor._create,
    DissolveGroup: GroupActor._dissolve,
    JoinGroup: GroupActor._join,
    LeaveGroup: GroupActor._leave,
}
