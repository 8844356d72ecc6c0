"""The state of one group, and how it changes: `settle` is the one way in which a command changes members, profile or
marks, so that the consequences of a change (InfoSeq, the notice of GT-15, subscriptions) are written once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rcim.actor.absences import Absences
from rcim.actor.admission import Claim
from rcim.actor.app_state import AppState
from rcim.actor.applications import Application
from rcim.actor.attributes import Attributes
from rcim.actor.before_callbacks import CallbackSubject
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.channel_news import channels_told
from rcim.actor.commands import AlterMessage
from rcim.actor.effects import (
    Announce,
    Deliver,
    Effect,
    Entered,
    MemberGone,
    Notify,
    Placed,
    Silenced,
)
from rcim.actor.entrance import entrance
from rcim.actor.notices import CLAIMS, Notices, change_of, is_announced, message_of
from rcim.actor.outcomes import AnyResult, Outcome, Refused
from rcim.actor.records import Change, GroupChanged, Member, Message, Profile, Record, UserRestriction
from rcim.actor.room_attributes import RoomAttributes
from rcim.actor.roster import MemoryRoster
from rcim.actor.roster_choice import roster_of
from rcim.actor.snapshots import GroupSnapshot, ParentFacts
from rcim.actor.timeline import Timeline
from rcim.actor.unique import after_change
from rcim.base.errors import NO_SUCH_GROUP, NO_SUCH_MEMBER, NOT_PERMITTED, RcimError
from rcim.base.ids import TIP_PREFIX, is_guest
from rcim.base.terms import (
    ApplyJoinOption,
    ChangeKind,
    Place,
    Role,
    pair_of,
)
from rcim.rules.group_types import ChangeNotice, GroupType
from rcim.rules.rights import GUESTS_ALWAYS, Operation, check_right
from rcim.rules.roles import Standing
from rcim.rules.visibility import is_known


class GroupState:
    """The state of a conversation's actor: timeline, roster and attributes, as the kind of the conversation says, and
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

    # -- changing

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
        """Change the group, and return everything that follows from that. The arguments have been checked.

        `change` is announced as the type says (GT-15), by `by`, and takes its place in the group's limit as CLAIMS says,
        or `claim`; `put` are new or changed members, `drop` those who leave; `info` raises InfoSeq (GR-07); `more` are
        effects that come last; `decided` is the decided application (GR-12). Raises RcimError(TOO_FREQUENT): nothing has
        changed then.
        """
        if self.attributes.profile is not None and self.attributes.profile.unique:  # C2-02
            profile = self._unique_after(profile or self.attributes.profile, put, drop)
        at_once = change is None or self._admit(change[0], claim, profile, now_ms)
        before = self.attributes.replace(profile)
        came = [m for m in put if m.user_id not in self.roster]
        self.came = [m.user_id for m in came]
        released = self._released(put, marks)
        unmuted = [m.user_id for m in released if m.user_id in self.roster and self._is_muted(m.user_id, now_ms)]
        marks = [*marks, *released]
        known = {m.user_id: self.roster.get(m.user_id) for m in put if self.channels}
        for member in put:
            self.roster.put(member)
        for one in drop:
            self.roster.drop(one.user_id)
            self.timeline.sent_kept.pop(one.user_id, None)
        if self.absences is not None and (came or drop):
            self._presence_changed(self.absences, came, drop)
        asked = sum(self._set_mark(mark) for mark in marks) > 0
        if info:
            self.attributes.raise_info(now_ms)
        effects: list[Effect] = [*self.entering(came, by, now_ms), *drop]
        if drop:
            effects.append(Placed([one.user_id for one in drop], Place.OUTSIDE))
        message = None
        if change is not None:
            message = self._announce(effects, change, what, by=by, now_ms=now_ms, position=position, at_once=at_once)
        if unmuted:
            effects.append(Notify(unmuted, Silenced(0, by)))  # SC-09
        after = self.attributes.profile if self.attributes.profile is not before else None
        gone = [one.user_id for one in drop]
        record = GroupChanged(
            key=self.key,
            time_ms=now_ms,
            info=info,
            profile=after,
            put=list(put),
            dropped=gone,
            marks=list(marks),
            message=message,
            decided=decided,
            deciders=[m.user_id for m in self.roster.admins()] if asked else [],
        )
        if self.channels:
            effects += channels_told(self.channels, self.roster.count, record, known)
        records = self._without_setters(gone, effects, now_ms) if drop else ()
        return Outcome(result, record, (*effects, *more), records, again_in_ms=self.due_in_ms(now_ms))

    def _admit(self, kind: ChangeKind, claim: Claim | None, profile: Profile | None, now_ms: int) -> bool:
        """A change of this kind takes its place in the group's limit; `profile` is the group's afterwards, if it changes.
        False: its notice is to wait. Raises RcimError(TOO_FREQUENT)."""
        as_it_will_be = profile or self.attributes.profile
        assert as_it_will_be is not None
        policy = self.app_state.config.types.of_group(as_it_will_be.type)
        return self.notices.admit(as_it_will_be, policy, claim or CLAIMS.get(kind, Claim.ANY), now_ms)

    def _unique_after(self, profile: Profile, put: Sequence[Member], drop: Sequence[MemberGone]) -> Profile:
        """C2-02: the profile of a unique conversation when its members have changed; itself, if they have not."""
        came = [member.user_id for member in put if member.user_id not in self.roster]
        gone = [one.user_id for one in drop]
        return after_change(profile, came, gone) if came or gone else profile

    def _released(self, put: Sequence[Member], marks: Sequence[UserRestriction]) -> list[UserRestriction]:
        """GR-02: a member in `put` who becomes the owner or an admin is no longer muted (SC-02) or blocked (GR-11), since
        there may be nobody with a higher role who could lift that. `marks` are what the command sets besides."""
        set_now = {mark.user_id: mark for mark in marks}
        released: list[UserRestriction] = []
        for member in put:
            if member.role > Role.MEMBER and member.role > self.roster.standing(member.user_id):
                mark = set_now.get(member.user_id) or self.roster.restrictions.get(member.user_id)
                if mark is not None and (mark.muted_until_ms or mark.blocked_until_ms):
                    released.append(msgspec.structs.replace(mark, muted_until_ms=0, blocked_until_ms=0))
        return released

    def _is_muted(self, user_id: str, now_ms: int) -> bool:
        mark = self.roster.restrictions.get(user_id)
        return mark is not None and mark.muted_at(now_ms) > 0

    def _set_mark(self, mark: UserRestriction) -> bool:
        """Set it. True if another application waits now, or none any more."""
        before = self.roster.restrictions.get(mark.user_id)
        if mark.erased_seq:
            self.timeline.erased[mark.user_id] = mark.erased_seq
        self.roster.restrictions.restrict(mark)
        return mark.applied_ms != (before.applied_ms if before is not None else 0)

    def entered(self, by: str, now_ms: int) -> Entered:
        """What users are told who are in it from now on, by `by` (GR-07)."""
        p = self.attributes.profile
        assert p is not None
        return Entered(
            name=p.name,
            type_name=p.type,
            face_url=p.face_url,
            newest_seq=self.timeline.newest,
            operator=by,
            time_ms=now_ms,
        )

    def entering(self, came: Sequence[Member], by: str, now_ms: int) -> list[Effect]:
        """`by` has made `came` members: they receive the group's messages, if it is open to them, and are notified that
        they are in it (GR-07), and if they are muted (SC-09)."""
        assert self.attributes.profile is not None
        return entrance(self.attributes.profile, came, self.entered(by, now_ms), self.roster.restrictions, now_ms)

    def _announce(
        self,
        effects: list[Effect],
        change: tuple[ChangeKind, Sequence[str]],
        what: Sequence[str],
        *,
        by: str,
        now_ms: int,
        position: int,
        at_once: bool,
    ) -> Message | None:
        """The notice of GT-15: an effect, a message, or nothing; if not `at_once`, it may wait."""
        profile = self.attributes.profile
        assert profile is not None
        policy = self.app_state.config.types.of_group(profile.type)
        if not is_announced(profile, policy):
            return None
        kind, users = change
        said = change_of(
            policy,
            kind,
            by,
            users,
            member_num=self.roster.count,
            info_seq=self.attributes.info_seq,
            time_ms=now_ms,
            what=what,
        )
        if not at_once:
            self.notices.wait(said, now_ms)
            return None
        return self._told(effects=effects, policy=policy, said=said, now_ms=now_ms, position=position)

    def _told(
        self, effects: list[Effect], policy: GroupType, said: Change, now_ms: int, position: int
    ) -> Message | None:
        """Announce `said` as the type says: by an effect, or by a message, whose delivery is the effect."""
        if policy.notice is ChangeNotice.WEAK:
            effects.append(Announce(said))
            return None
        assert self.attributes.profile is not None
        if self.timeline.begin_storing():
            self.attributes.profile = msgspec.structs.replace(
                self.attributes.profile, first_seq=self.timeline.next_seq
            )
        operator = self.roster.get(said.operator)
        bare = message_of(said, operator.name_card if operator is not None else "")
        named = msgspec.structs.replace(bare, client_msg_id=f"{TIP_PREFIX}{self.timeline.next_seq}")
        message = self.timeline.numbered(now_ms, position, named)
        effects.append(Deliver(message))
        return message

    def tell_waiting(
        self, effects: list[Effect], gone: Sequence[Change], now_ms: int, position: int
    ) -> list[GroupChanged]:
        """Send strong notices that have waited for room. Returns the records of their messages; the first has the running
        number `position`."""
        profile = self.attributes.profile
        assert profile is not None
        policy = self.app_state.config.types.of_group(profile.type)
        records: list[GroupChanged] = []
        for said in gone if is_announced(profile, policy) else ():  # the type may be another by now
            before = self.attributes.profile
            message = self._told(
                effects=effects, policy=policy, said=said, now_ms=now_ms, position=position + len(records)
            )
            if message is not None:
                after = self.attributes.profile if self.attributes.profile is not before else None
                records.append(
                    GroupChanged(
                        key=self.key,
                        time_ms=now_ms,
                        info=False,
                        profile=after,
                        put=[],
                        dropped=[],
                        marks=[],
                        message=message,
                    )
                )
        return records
