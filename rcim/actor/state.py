"""The state of one group, and how it changes: `settle` is the one way in which a command changes members, profile or
marks, so that what follows from a change (InfoSeq, the notice of GT-15, who hears the group) is written once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from rcim.actor.admission import Admission, Claim
from rcim.actor.app_state import AppState
from rcim.actor.applications import Application
from rcim.actor.before_callbacks import CallbackSubject, CallbackVerdict
from rcim.actor.commands import AlterMessage
from rcim.actor.effects import (
    Announce,
    Deliver,
    Effect,
    Entered,
    MemberGone,
    MembersAdded,
    MemberSilenced,
    Notify,
    Placed,
    Silenced,
)
from rcim.actor.notices import CLAIMS, Notices, change_of, is_announced, message_of
from rcim.actor.outcomes import AnyResult, Outcome, Refused
from rcim.actor.recent_ids import RecentIds
from rcim.actor.records import (
    Change,
    GroupChanged,
    GroupSnapshot,
    Member,
    Message,
    MessageOptions,
    Profile,
    UserRestriction,
)
from rcim.actor.unstored import Unstored
from rcim.base.errors import NO_SUCH_GROUP, NO_SUCH_MEMBER, NOT_PERMITTED, RcimError
from rcim.base.ids import TIP_PREFIX, is_guest
from rcim.base.ids import message_id as make_message_id
from rcim.base.terms import (
    ApplyJoinOption,
    ChangeKind,
    MessageState,
    MsgFlag,
    Place,
    Role,
    pair_of,
)
from rcim.rules.group_types import ChangeNotice, GroupType
from rcim.rules.rights import GUESTS_ALWAYS, Operation, check_right
from rcim.rules.roles import Standing

TAIL = 20
"""Messages kept in memory where they are not stored (GT-22)."""


class Became(NamedTuple):
    """What has become of a message: all of it but its elements (MS-10, MS-17)."""

    state: MessageState
    changed_ms: int
    extra: MessageOptions | None


class GroupState:
    """What a group's actor holds in memory. Everything in it is in the store too, but `tail`, `unstored`, `recent`,
    `admission`, `notices`."""

    def __init__(self, snapshot: GroupSnapshot, shard: int, app_state: AppState) -> None:
        self.key = snapshot.key
        self.shard = shard
        self.app_state = app_state
        self.profile = snapshot.profile
        self.next_seq = snapshot.next_seq
        self.reserved = snapshot.reserved
        """True if the counter in the store stands at `kept_next` without messages below it."""
        self.kept_next = snapshot.next_seq
        """Where the counter stands in the store."""
        self.last_msg_time_ms = snapshot.last_msg_time_ms
        self.info_seq = snapshot.info_seq
        self.last_info_time_ms = snapshot.last_info_time_ms
        self.pair = pair_of(snapshot.key)
        """C2-01: the two of a one-to-one conversation; None: it is a group."""
        self.deletions = app_state.deleted.count
        """How many accounts had been deleted when `listed` was read."""
        self.listed = set(snapshot.listed)
        """SC-07: who of the two has the other on which list."""
        self.members = {m.user_id: m for m in snapshot.members}
        """In the order of joining."""
        self.cleared = {m.user_id for m in snapshot.members if m.cleared_seq}
        """Those of them who have deleted the conversation for themselves (MS-10)."""
        self.marks = {m.user_id: m for m in snapshot.marks}
        self.erased = {m.user_id: m.erased_seq for m in snapshot.marks if m.erased_seq}
        """MS-10: sender to the SEQ up to which all of its messages are deleted."""
        self.altered: dict[int, Became] = {}
        """MS-10: what has become of messages, as long as somebody may have read them before it was kept."""
        self.sent_kept = {m.user_id: m.last_send_time_ms for m in snapshot.members if m.last_send_time_ms}
        """LastSendMsgTime as it is in the store."""
        self.tail: deque[Message] = deque(maxlen=TAIL)
        self.unstored = Unstored(app_state.limits.unstored_recall_max)
        self.recent = RecentIds(app_state.limits.dedupe_window_ms, app_state.limits.dedupe_entries_max)
        self.admission = Admission(snapshot.key, app_state)
        self.notices = Notices(self.admission, app_state.limits.flow_slice_ms)
        self.asked: dict[int, CallbackSubject] = {}
        """CB-03: commands that wait for the app, by number."""
        self.decided: dict[int, tuple[AlterMessage, CallbackVerdict]] = {}
        """Edits of which the app has said what is to become of them, and which wait for an earlier one, by number."""
        for message in snapshot.recent:
            if message.tip is None:
                self.recent.add(message)
                self._remember_sender(message)

    def _remember_sender(self, message: Message) -> None:
        """LastSendMsgTime, and MsgSeq by sending (RX-11), of the last minutes are not in the members' rows, but in the
        messages. A member of whose sending nothing is kept has sent none: they were imported (GR-08)."""
        member = self.members.get(message.sender)
        if member is not None and member.last_send_time_ms < message.time_ms and not message.directed:
            sent = message.sender in self.sent_kept
            self.members[message.sender] = msgspec.structs.replace(
                member,
                last_send_time_ms=message.time_ms,
                read_seq=max(member.read_seq, message.seq) if sent else member.read_seq,
            )

    def clear(self) -> tuple[tuple[int, AnyResult], ...]:
        """The group is gone; only its counter stays (MS-01). Returns what becomes of messages that waited."""
        self.profile = None
        self.members, self.marks, self.sent_kept = {}, {}, {}
        self.erased, self.altered = {}, {}
        self.cleared.clear()
        self.tail.clear()
        self.unstored.clear()
        self.notices.clear()
        self.app_state.guests.end(self.key)
        self.recent = RecentIds(self.app_state.limits.dedupe_window_ms, self.app_state.limits.dedupe_entries_max)
        refused = Refused(NO_SUCH_GROUP, NO_SUCH_GROUP.meaning)
        waiting = (*self.asked, *self.decided)
        self.asked, self.decided = {}, {}
        return (*self.admission.end(), *((number, refused) for number in waiting))

    # -- who asks, and may they

    def there(self, by: str, admin: bool) -> tuple[Profile, GroupType]:
        """The group as `by` finds it. Raises RcimError(NO_SUCH_GROUP): also while it is imported (GR-08), and before its
        owner's first message (GT-16), for everyone but those who may know of it."""
        profile = self.profile
        if profile is None:
            raise RcimError(NO_SUCH_GROUP)
        if not admin and not self.knows(profile, by):
            raise RcimError(NO_SUCH_GROUP)
        return profile, self.app_state.types.of_group(profile.type)

    @staticmethod
    def knows(profile: Profile, user_id: str) -> bool:
        """False as long as the group is hidden from the user: imported (GR-08), or before its owner's first message
        (GT-16)."""
        return not profile.importing and (profile.active or user_id == profile.owner)

    def who(self, by: str, admin: bool) -> Standing:
        """The standing of `by`."""
        if admin:
            return Standing.APP_ADMIN
        member = self.members.get(by)
        if member is not None:
            return Standing(member.role)
        return Standing.GUEST if is_guest(by) else Standing.ANYONE

    def allowed(self, operation: Operation, by: str, admin: bool) -> tuple[Profile, GroupType, Standing]:
        """The group, its type and the standing of `by`, who may do this. Raises RcimError."""
        profile, policy = self.there(by, admin)
        who = self.who(by, admin)
        check_right(operation, who, policy)
        if who is Standing.GUEST and operation not in GUESTS_ALWAYS and not self._is_guest_of(by):
            raise RcimError(NOT_PERMITTED, f"may not {operation.value}: the guest has not joined the group")
        return profile, policy, who

    @property
    def open_to_guests(self) -> bool:
        """ID-06, GT-21: true if a guest may be in the group: its type takes guests, and whoever wants to joins it."""
        profile = self.profile
        if profile is None or profile.importing or not profile.active:
            return False
        policy = self.app_state.types.of_group(profile.type)
        return policy.guests and policy.apply and profile.apply_join_option is ApplyJoinOption.FREE_ACCESS

    def _is_guest_of(self, by: str) -> bool:
        """True if the guest was let in, and the group would still let it in."""
        return self.app_state.guests.since(self.key, by) is not None and self.open_to_guests

    def own_member(self, by: str, admin: bool) -> tuple[Profile, GroupType, Member]:
        """The group, its type, and `by` as a member, who is to do something of its own. Raises RcimError."""
        profile, policy = self.there(by, admin)
        member = self.members.get(by)
        if member is None:
            check_right(Operation.OWN_MEMBER, self.who(by, admin), policy)
            raise RcimError(NO_SUCH_MEMBER, f"{by} is not a member")
        return profile, policy, member

    def rank(self, user_id: str) -> Standing:
        """The standing of whom something is done to, as a member."""
        member = self.members.get(user_id)
        return Standing(member.role) if member is not None else Standing.ANYONE

    def check_above(self, who: Standing, users: Iterable[str]) -> None:
        """Who acts on others has to stand above them, and nobody stands above the owner (GR-02). Raises
        RcimError(NOT_PERMITTED)."""
        most = Standing.ADMIN if who >= Standing.OWNER else Standing.MEMBER
        for user_id in users:
            rank = self.rank(user_id)
            if rank > most:
                raise RcimError(NOT_PERMITTED, f"{user_id} is {rank.name}; {who.name} may not do this to them")

    @property
    def newest(self) -> int:
        """The newest SEQ; 0 if there is no message."""
        return self.next_seq - 1

    def cap(self, policy: GroupType) -> int:
        """How many members there may be; 0: any number (GT-12)."""
        assert self.profile is not None
        caps = [cap for cap in (self.profile.max_member_num, policy.member_cap) if cap]
        return min(caps, default=0)

    # -- changing

    def numbered(self, now_ms: int, position: int, message: Message) -> Message:
        """MS-01: give `message` the next SEQ and its place. Time never falls within a conversation, even if the clock is
        set back."""
        made = msgspec.structs.replace(
            message,
            seq=self.next_seq,
            time_ms=max(now_ms, self.last_msg_time_ms),
            message_id=make_message_id(self.shard, position),
        )
        self.next_seq += 1
        self.kept_next = self.next_seq
        self.last_msg_time_ms = made.time_ms
        return made

    def begin_storing(self) -> bool:
        """Before the first message that is stored after some were not: the counter goes on behind them. True if so."""
        if not self.reserved:
            return False
        self.next_seq = max(self.next_seq, self.kept_next)
        self.reserved = False
        return True

    def settle(
        self,
        result: AnyResult,
        now_ms: int,
        position: int,
        *,
        by: str = "",
        change: tuple[ChangeKind, Sequence[str]] | None = None,
        what: Sequence[str] = (),
        claim: Claim | None = None,
        profile: Profile | None = None,
        put: Sequence[Member] = (),
        drop: Sequence[MemberGone] = (),
        marks: Sequence[UserRestriction] = (),
        info: bool = True,
        more: Sequence[Effect] = (),
        decided: Application | None = None,
    ) -> Outcome:
        """Change the group and say all that follows. What is given has been checked.

        `change` is announced as the type says (GT-15), by `by`, and takes its place in the group's limit as CLAIMS says,
        or `claim`; `put` are new or changed members, `drop` those who go; `info` raises InfoSeq (GR-07); `more` are
        effects that come last; `decided` is the application that was (GR-12). Raises RcimError(TOO_FREQUENT): nothing has
        changed then.
        """
        at_once = True
        if change is not None:
            as_it_will_be = profile or self.profile
            assert as_it_will_be is not None
            policy = self.app_state.types.of_group(as_it_will_be.type)
            at_once = self.notices.admit(as_it_will_be, policy, claim or CLAIMS.get(change[0], Claim.ANY), now_ms)
        before = self.profile
        if profile is not None:
            self.profile = profile
        came = [m for m in put if m.user_id not in self.members]
        released = self._released(put, marks)
        unmuted = [m.user_id for m in released if m.user_id in self.members and self._is_muted(m.user_id, now_ms)]
        marks = [*marks, *released]
        for member in put:
            self.members[member.user_id] = member
            if member.cleared_seq:
                self.cleared.add(member.user_id)
        for one in drop:
            self.members.pop(one.user_id, None)
            self.cleared.discard(one.user_id)
            self.sent_kept.pop(one.user_id, None)
        asked = sum(self._set_mark(mark) for mark in marks) > 0
        if info:
            self.info_seq += 1
            self.last_info_time_ms = now_ms
        effects: list[Effect] = [*self.entering(came, by, now_ms), *drop]
        if drop:
            effects.append(Placed([one.user_id for one in drop], Place.OUTSIDE))
        message = None
        if change is not None:
            message = self._announce(effects, change, what, by, now_ms, position, at_once)
        if unmuted:
            effects.append(Notify(unmuted, Silenced(0, by)))  # SC-09
        after = self.profile if self.profile is not before else None
        gone = [state.user_id for state in drop]
        deciders = self.deciders() if asked else []
        record = GroupChanged(self.key, now_ms, info, after, list(put), gone, list(marks), message, decided, deciders)
        return Outcome(result, record, (*effects, *more), again_in_ms=self.notices.due_in_ms(now_ms))

    def _released(self, put: Sequence[Member], marks: Sequence[UserRestriction]) -> list[UserRestriction]:
        """GR-02: whoever of `put` becomes the owner or an admin is no longer muted (SC-02) or blocked (GR-11), since
        nobody may stand above the member any more who could lift it. `marks` are what the command sets besides."""
        set_now = {mark.user_id: mark for mark in marks}
        released: list[UserRestriction] = []
        for member in put:
            if member.role > Role.MEMBER and member.role > self.rank(member.user_id):
                mark = set_now.get(member.user_id) or self.marks.get(member.user_id)
                if mark is not None and (mark.muted_until_ms or mark.blocked_until_ms):
                    released.append(msgspec.structs.replace(mark, muted_until_ms=0, blocked_until_ms=0))
        return released

    def _is_muted(self, user_id: str, now_ms: int) -> bool:
        mark = self.marks.get(user_id)
        return mark is not None and mark.muted_at(now_ms) > 0

    def deciders(self) -> list[str]:
        """GR-05: who is told of applications: the owner and the admins."""
        return [m.user_id for m in self.members.values() if m.role >= Role.ADMIN]

    def _set_mark(self, mark: UserRestriction) -> bool:
        """True if another application waits now, or none any more."""
        before = self.marks.get(mark.user_id)
        if mark.erased_seq:
            self.erased[mark.user_id] = mark.erased_seq
        if mark == UserRestriction(mark.user_id):
            self.marks.pop(mark.user_id, None)
        else:
            self.marks[mark.user_id] = mark
        return mark.applied_ms != (before.applied_ms if before is not None else 0)

    def entering(self, came: Sequence[Member], by: str, now_ms: int) -> list[Effect]:
        """`by` has made `came` members: they hear the group from now on, if it is open to them, and are told that they
        are in it (GR-07), and that they are muted (SC-09)."""
        p = self.profile
        assert p is not None
        heard: list[Member] = []
        unseen: list[str] = []
        for member in came:
            if not p.importing and (p.active or member.role is Role.OWNER):
                heard.append(member)
            else:
                unseen.append(member.user_id)
        effects: list[Effect] = []
        if heard:
            users = [m.user_id for m in heard]
            told = Notify(users, Entered(p.name, p.type, p.face_url, self.newest, by, now_ms))
            effects += [MembersAdded(users), Placed(users, Place.MEMBER), told]
            mutes = [(u, self.marks[u].muted_at(now_ms)) for u in users if u in self.marks]
            effects += [Notify([u], Silenced(until, "")) for u, until in mutes if until]
        if unseen:
            effects.append(Placed(unseen, Place.HIDDEN))
        return effects + [MemberSilenced(m.user_id, True) for m in heard if m.msg_flag is MsgFlag.DISCARD]

    def _announce(
        self,
        effects: list[Effect],
        change: tuple[ChangeKind, Sequence[str]],
        what: Sequence[str],
        by: str,
        now_ms: int,
        position: int,
        at_once: bool,
    ) -> Message | None:
        """The notice of GT-15: an effect, or a message, or nothing; or, if not `at_once`, it waits."""
        profile = self.profile
        assert profile is not None
        policy = self.app_state.types.of_group(profile.type)
        if not is_announced(profile, policy):
            return None
        kind, users = change
        said = change_of(policy, kind, by, users, len(self.members), self.info_seq, now_ms, what)
        if not at_once:
            self.notices.wait(said, now_ms)
            return None
        return self._told(effects, policy, said, now_ms, position)

    def _told(
        self, effects: list[Effect], policy: GroupType, said: Change, now_ms: int, position: int
    ) -> Message | None:
        """`said` is told as the type says, by an effect or by a message, whose delivery is one."""
        if policy.notice is ChangeNotice.WEAK:
            effects.append(Announce(said))
            return None
        assert self.profile is not None
        if self.begin_storing():
            self.profile = msgspec.structs.replace(self.profile, first_seq=self.next_seq)
        operator = self.members.get(said.operator)
        bare = message_of(said, operator.name_card if operator is not None else "")
        named = msgspec.structs.replace(bare, client_msg_id=f"{TIP_PREFIX}{self.next_seq}")
        message = self.numbered(now_ms, position, named)
        effects.append(Deliver(message))
        return message

    def tell_waiting(
        self, effects: list[Effect], gone: Sequence[Change], now_ms: int, position: int
    ) -> list[GroupChanged]:
        """Strong notices that have waited for room go: the records of their messages, the first of which has its place at
        `position`."""
        profile = self.profile
        assert profile is not None
        policy = self.app_state.types.of_group(profile.type)
        records: list[GroupChanged] = []
        for said in gone if is_announced(profile, policy) else ():  # the type may be another by now
            before = self.profile
            message = self._told(effects, policy, said, now_ms, position + len(records))
            if message is not None:
                after = self.profile if self.profile is not before else None
                records.append(GroupChanged(self.key, now_ms, False, after, [], [], [], message))
        return records
