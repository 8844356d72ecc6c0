"""What the members of a group are told of its changes (GT-15), and how strong notices keep to the group's limit (FC-02).

1. A weak notice is an effect, and joined with others where it goes out (connect/changes.py). A strong one is a message.
2. Where clients get no member list (GT-03) a notice names nobody: it gives numbers.
3. A strong notice goes at once as long as the group is not near its limit: nothing waits, and in the last second half
   as much has passed as may.
4. Near it notices wait for the end of a slice and are joined meanwhile (joining.py); each row becomes one message, in the
   order in which things happened. A row goes as soon as there is room, before all messages that wait, and is never held
   back, however long that takes.
5. What waits is in memory alone: the change itself is durable, and InfoSeq says that there was one. If the server dies
   within that slice, the change is told by no message.
6. Who asked for a change of the profile, the owner or roles is told TOO_FREQUENT if there is no room for its notice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from rcim.actor.admission import Admission, Claim
from rcim.actor.joining import JoinedChanges
from rcim.actor.records import Change, Message, Profile
from rcim.base.ids import SYSTEM_USER
from rcim.base.terms import ChangeKind, Priority
from rcim.rules.group_types import ChangeNotice, GroupType, MemberList

CHANGE_USERS_MAX = 100
"""Users named in one notice; how many there were in all is said beside."""
READY_MAX = 1000
"""Rows that wait for room: past it notices go at once, over the limit. Only hundreds of members who add and remove others
at the same time get there, since what one of them does is one row."""
CLAIMS = {
    ChangeKind.PROFILE_CHANGED: Claim.ROOM,
    ChangeKind.OWNER_CHANGED: Claim.ROOM,
    ChangeKind.ADMIN_APPOINTED: Claim.ROOM,
    ChangeKind.ADMIN_REMOVED: Claim.ROOM,
    ChangeKind.MUTED: Claim.OWN,
    ChangeKind.UNMUTED: Claim.OWN,
}
"""FC-02: which place in the group's limit a notice asks for; all others are of who comes and goes."""


def is_announced(profile: Profile, policy: GroupType) -> bool:
    """True if anybody is told of changes."""
    return policy.notice is not ChangeNotice.NONE and not profile.importing and profile.active


def change_of(
    policy: GroupType,
    kind: ChangeKind,
    operator: str,
    users: Sequence[str],
    *,
    member_num: int,
    info_seq: int,
    time_ms: int,
    what: Sequence[str] = (),
) -> Change:
    """What is told of a change to `users`, which has left the group with this MemberNum and InfoSeq."""
    count = len(users)
    if policy.member_list is MemberList.NONE:  # GT-03
        operator, users = "", ()
    return Change(
        kind=kind,
        operator=operator,
        users=list(users[:CHANGE_USERS_MAX]),
        count=count,
        member_num=member_num,
        info_seq=info_seq,
        time_ms=time_ms,
        what=list(what),
    )


def message_of(change: Change, name_card: str) -> Message:
    """A strong notice, which has no SEQ yet; `name_card` is the operator's."""
    return Message(
        seq=0,
        time_ms=0,
        message_id=0,
        priority=Priority.HIGH,
        sender=change.operator or SYSTEM_USER,
        nickname="",
        face_url="",
        name_card=name_card,
        client_msg_id="",
        body=b"",
        tip=change,
    )


class Notices:
    """Strong notices of one group that wait for room. `slice_ms`: how long they are joined. See the module's text."""

    __slots__ = ("_admission", "_due_ms", "_gathering", "_offered", "_ready", "_slice_ms")

    def __init__(self, admission: Admission, slice_ms: int) -> None:
        self._admission = admission
        self._slice_ms = slice_ms
        self._gathering = JoinedChanges(CHANGE_USERS_MAX)
        self._ready: deque[Change] = deque()
        """Rows that nothing can be joined to any more without breaking the order; they go before what is gathered."""
        self._due_ms = 0
        self._offered = False
        """True while frequency control has been asked for a place."""

    def __bool__(self) -> bool:
        return bool(self._ready or self._gathering)

    def admit(self, profile: Profile, policy: GroupType, claim: Claim, now_ms: int) -> bool:
        """A change is about to be made. True: its notice, if there is any, goes at once. False: it has to `wait`. A weak
        one of who comes and goes does not count. Raises RcimError(TOO_FREQUENT): the change is not to be made."""
        if not is_announced(profile, policy):
            return True
        if policy.notice is ChangeNotice.STRONG:
            room = self._admission.admit_notice(policy, claim, now_ms)
            return (room and not self) or len(self._ready) >= READY_MAX
        if claim is not Claim.ANY:
            self._admission.admit(policy, claim, now_ms)
        return True

    def wait(self, change: Change, now_ms: int) -> None:
        """Join it to those that wait."""
        if not self:
            self._due_ms = now_ms + self._slice_ms
        if self._gathering.full or not self._gathering.add(change):
            self._ready += self._gathering.rows()
            self._gathering.add(change)

    def due_in_ms(self, now_ms: int) -> int:
        """When `begin` is to be called; -1: not at all."""
        return -1 if self._offered or not self else max(0, self._due_ms - now_ms)

    def begin(self, policy: GroupType, now_ms: int) -> list[Change]:
        """The slice is over, or not yet: those that go now. For the others a place is asked for, which `take` gives."""
        return self._go(policy, now_ms) if self.due_in_ms(now_ms) == 0 else []

    def take(self, policy: GroupType, now_ms: int) -> list[Change]:
        """The place that was asked for is there: one goes, and what else finds room."""
        self._offered = False
        return [*self._next(), *self._go(policy, now_ms)]

    def operators(self) -> set[str]:
        """Whose changes wait; "" may be among them: nobody's."""
        return {change.operator for change in self._ready} | self._gathering.operators()

    def clear(self) -> None:
        """The group is gone."""
        self._ready.clear()
        self._gathering.rows()
        self._offered = False

    def _go(self, policy: GroupType, now_ms: int) -> list[Change]:
        gone: list[Change] = []
        while self:
            if not self._admission.offer_notice(policy, now_ms):
                self._offered = True
                break
            gone += self._next()
        return gone

    def _next(self) -> list[Change]:
        """The row that is next, or none if what was gathered has undone itself."""
        if not self._ready:
            self._ready += self._gathering.rows()
        return [self._ready.popleft()] if self._ready else []
