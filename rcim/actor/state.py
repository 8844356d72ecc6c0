"""The state of one group, and how it changes: `settle` is the one way in which a command changes members, profile or
marks, so that the consequences of a change (InfoSeq, the notice of GT-15, subscriptions) are written once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rcim.actor.admission import Claim
from rcim.actor.applications import Application
from rcim.actor.channel_news import channels_told
from rcim.actor.effects import Announce, Deliver, Effect, Entered, MemberGone, Notify, Placed, Silenced
from rcim.actor.entrance import entrance
from rcim.actor.group_parts import GroupParts
from rcim.actor.notices import CLAIMS, change_of, is_announced, message_of
from rcim.actor.outcomes import AnyResult, Outcome
from rcim.actor.records import Change, GroupChanged, Member, Message, Profile, UserRestriction
from rcim.actor.unique import after_change
from rcim.base.ids import TIP_PREFIX
from rcim.base.terms import ChangeKind, Place, Role
from rcim.rules.group_types import ChangeNotice, GroupType


class GroupState(GroupParts):
    """See the module's text."""

    __slots__ = ()

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
