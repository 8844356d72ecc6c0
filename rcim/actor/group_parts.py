"""What the actor of a group has, and what it says of who asks. How it changes is state.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rcim.actor.absences import Absences
from rcim.actor.app_state import AppState
from rcim.actor.attributes import Attributes
from rcim.actor.before_callbacks import CallbackSubject
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.commands import AlterMessage
from rcim.actor.effects import Effect, MemberGone
from rcim.actor.notices import Notices
from rcim.actor.outcomes import AnyResult, Refused
from rcim.actor.records import Member, Message, Profile, Record
from rcim.actor.room_attributes import RoomAttributes
from rcim.actor.roster import MemoryRoster
from rcim.actor.roster_choice import roster_of
from rcim.actor.snapshots import GroupSnapshot, ParentFacts
from rcim.actor.timeline import Timeline
from rcim.base.errors import NO_SUCH_GROUP, NO_SUCH_MEMBER, NOT_PERMITTED, RcimError
from rcim.base.ids import is_guest
from rcim.base.terms import ApplyJoinOption, pair_of
from rcim.rules.group_types import GroupType
from rcim.rules.rights import GUESTS_ALWAYS, Operation, check_right
from rcim.rules.roles import Standing
from rcim.rules.visibility import is_known


class GroupParts:
    """The parts of a conversation's actor: timeline, roster and attributes, as the kind of the conversation says, and
    waiting notices and commands (those about which the app is being asked)."""

    __slots__ = (
        "absences",
        "app_state",
        "asked",
        "attributes",
        "came",
        "channels",
        "decided",
        "deletions",
        "ending",
        "key",
        "listed",
        "notices",
        "pair",
        "parent",
        "room",
        "roster",
        "timeline",
    )

    def __init__(self, snapshot: GroupSnapshot, shard: int, app_state: AppState) -> None:
        """`snapshot` is what the store has; `shard` is the shard that the key belongs to; `app_state` is what all actors
        share."""
        self.key = snapshot.key
        self.app_state = app_state
        self.timeline = Timeline(snapshot, shard, app_state)
        self.attributes = Attributes(snapshot)
        self.roster = roster_of(snapshot, app_state.config.limits)
        self.pair = pair_of(snapshot.key)
        """C2-01: the two users of a one-to-one conversation; None: it is a group."""
        self.deletions = app_state.deleted.count
        """How many accounts had been deleted when `listed` was read."""
        self.listed = set(snapshot.listed)
        """SC-07: which of the two has the other on which list."""
        self.notices = Notices(self.timeline.admission, app_state.config.limits.flow_slice_ms)
        self.came: list[str] = []
        """Users who entered with the command that was settled last."""
        self.asked: dict[int, CallbackSubject] = {}
        """CB-03: commands waiting for the app's verdict, by number."""
        self.decided: dict[int, tuple[AlterMessage, CallbackVerdict]] = {}
        """Edits with the app's verdict that wait for an earlier edit, by number."""
        self.room = RoomAttributes(snapshot.key, snapshot.room) if snapshot.room is not None else None
        """CR-03; None: the room has never had an attribute."""
        self.absences: Absences | None = None
        """CR-01; None: members do not leave by themselves."""
        self.channels: dict[str, None] = dict.fromkeys(snapshot.channels)
        """UG-02, of an ultra group: the names of its channels."""
        self.parent: ParentFacts | None = snapshot.parent
        """UG-02, of a channel: what holds in its ultra group."""
        self.ending = snapshot.ending
        """Members of an earlier group with this id are still being removed."""
        if isinstance(self.roster, MemoryRoster):
            for message in snapshot.recent:
                if message.tip is None:
                    self._remember_sender(message)

    def watch_presence(self) -> None:
        """CR-01: from now on it counts which members are online, if the type says that absent ones leave. All who are not
        known to be online are absent, so that nobody stays for ever."""
        profile, rooms = self.attributes.profile, self.app_state.rooms
        if profile is None or self.pair is not None or not isinstance(self.roster, MemoryRoster):
            return
        if self.app_state.config.types.of_group(profile.type).drops_absent:
            rooms.begin(self.key, (member.user_id for member in self.roster))
            self.absences = Absences(m.user_id for m in self.roster if not rooms.is_online(m.user_id))

    def _presence_changed(self, absences: Absences, came: Sequence[Member], drop: Sequence[MemberGone]) -> None:
        """CR-01: members have come and gone; one who is put in without being online is absent."""
        rooms = self.app_state.rooms
        gone = [one.user_id for one in drop]
        rooms.leave(self.key, gone)
        for user_id in gone:
            absences.back(user_id)
        rooms.enter(self.key, (member.user_id for member in came))
        for member in came:
            if not rooms.is_online(member.user_id):
                absences.away(member.user_id)

    def _without_setters(self, gone: Sequence[str], effects: list[Effect], now_ms: int) -> tuple[Record, ...]:
        """CR-03: attributes that go with their setters, as records; what is to be told is added to `effects`."""
        keys = self.room.set_by(gone) if self.room is not None else ()
        if self.room is None or not keys:
            return ()
        record = self.room.remove(keys, "", now_ms)
        effects += self.room.news(now_ms, self.app_state.config.limits.flow_slice_ms)
        return (record,)

    @property
    def waits(self) -> bool:
        """True if notices, or news of attributes, wait."""
        return bool(self.notices) or (self.room is not None and self.room.due_in_ms(0) >= 0)

    def due_in_ms(self, now_ms: int) -> int:
        """When notices, and news of attributes, that wait are to be told; -1: none waits."""
        due = self.notices.due_in_ms(now_ms)
        if self.room is None:
            return due
        news = self.room.due_in_ms(now_ms)
        return news if due < 0 else due if news < 0 else min(due, news)

    def _remember_sender(self, message: Message) -> None:
        """LastSendMsgTime, and MsgSeq by sending (RX-11), of the last minutes are not in the members' rows, but in the
        messages. A member of whose sending nothing is kept has sent none: they were imported (GR-08)."""
        member = self.roster.get(message.sender)
        if member is not None and member.last_send_time_ms <= message.time_ms and not message.directed:
            sent = message.sender in self.timeline.sent_kept
            seen = msgspec.structs.replace(
                member,
                last_send_time_ms=message.time_ms,
                read_seq=max(member.read_seq, message.seq) if sent else member.read_seq,
            )
            self.roster.update(message.sender, seen)

    def clear(self) -> tuple[tuple[int, AnyResult], ...]:
        """The group is removed; only its counter stays (MS-01). Returns the effects for messages that waited."""
        self.attributes.profile = None
        self.roster.clear()
        self.notices.clear()
        self.app_state.guests.end(self.key)
        self.app_state.rooms.end(self.key)
        self.room = self.absences = None
        refused = Refused(NO_SUCH_GROUP, NO_SUCH_GROUP.meaning)
        waiting = (*self.asked, *self.decided)
        self.asked, self.decided = {}, {}
        return (*self.timeline.clear(), *((number, refused) for number in waiting))

    # -- who asks, and may they

    def there(self, by: str, admin: bool) -> tuple[Profile, GroupType]:
        """The group as `by` sees it. Raises RcimError(NO_SUCH_GROUP): also while it is imported (GR-08), and before its
        owner's first message (GT-16), for everyone except users who may know of it."""
        profile = self.attributes.profile
        if profile is None:
            raise RcimError(NO_SUCH_GROUP)
        # Asked for each message: nearly all groups are known to everyone.
        if not (admin or (profile.active and not profile.importing)) and not self.knows(profile, by):
            raise RcimError(NO_SUCH_GROUP)
        return profile, self.app_state.config.types.of_group(profile.type)

    @staticmethod
    def knows(profile: Profile, user_id: str) -> bool:
        """False while the group is hidden from the user: imported (GR-08), or before its owner's first message
        (GT-16)."""
        return is_known(user_id, profile.owner, active=profile.active, importing=profile.importing)

    def who(self, by: str, admin: bool) -> Standing:
        """The standing of `by`."""
        if admin:
            return Standing.APP_ADMIN
        member = self.roster.get(by)
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
        """ID-06, GT-21: true if a guest may be in the group: its type admits guests, and anyone may join it."""
        profile = self.attributes.profile
        if profile is None or profile.importing or not profile.active:
            return False
        policy = self.app_state.config.types.of_group(profile.type)
        return policy.guests and policy.apply and profile.apply_join_option is ApplyJoinOption.FREE_ACCESS

    def _is_guest_of(self, by: str) -> bool:
        """True if the guest was admitted, and the group would still admit them."""
        return self.app_state.guests.since(self.key, by) is not None and self.open_to_guests

    def own_member(self, by: str, admin: bool) -> tuple[Profile, GroupType, Member]:
        """The group, its type, and `by` as a member, for a member's own actions. Raises RcimError."""
        profile, policy = self.there(by, admin)
        member = self.roster.get(by)
        if member is None:
            check_right(Operation.OWN_MEMBER, self.who(by, admin), policy)
            raise RcimError(NO_SUCH_MEMBER, f"{by} is not a member")
        return profile, policy, member

    def check_above(self, who: Standing, users: Iterable[str]) -> None:
        """A user who acts on others needs a higher role than theirs, and no role is above the owner (GR-02). Raises
        RcimError(NOT_PERMITTED)."""
        most = Standing.ADMIN if who >= Standing.OWNER else Standing.MEMBER
        for user_id in users:
            rank = self.roster.standing(user_id)
            if rank > most:
                raise RcimError(NOT_PERMITTED, f"{user_id} is {rank.name}; {who.name} may not do this to them")

    def cap(self, policy: GroupType) -> int:
        """The most members allowed; 0: any number (GT-12)."""
        assert self.attributes.profile is not None
        caps = [cap for cap in (self.attributes.profile.max_member_num, policy.member_cap) if cap]
        return min(caps, default=0)
