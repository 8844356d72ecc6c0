"""What comes out of an actor: a result for who asked, a record to commit, effects to carry out once it is durable,
or a query that the store answers."""

from __future__ import annotations

import msgspec

from rcim.actor.api_keys import KeyResult
from rcim.actor.applications import Application
from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.effects import Effect
from rcim.actor.events import AnyEvent
from rcim.actor.outbox_results import OutboxResult
from rcim.actor.queries import MarksQuery, MembersQuery, MessagesQuery
from rcim.actor.records import Fields, Member, Message, Profile, Record, RoomAttribute, UserRestriction
from rcim.actor.reload_results import Reloaded
from rcim.actor.user_records import Invitation
from rcim.actor.user_results import (
    BlockedUsers,
    Flow,
    Invalidated,
    ListAltered,
    Listed,
    MutedUsers,
    Profiles,
    Result,
    Types,
    UserFacts,
    UserImported,
)
from rcim.base.errors import ErrorCode
from rcim.base.terms import AddResult, HeldBack, JoinStatus, MessageState, PushLevel

# ------------------------------------------------------------------------------------------------- results


class Refused(Result, frozen=True, gc=False):
    """The request was refused or failed; nothing was done."""

    code: ErrorCode
    detail: str
    retry_after_ms: int = 0


class Sent(Result, frozen=True, gc=False):
    """What became of a send (MS-02). `seq` is 0 if it is transient or held back. Times are wall clock, in ms."""

    seq: int
    time_ms: int
    message_id: int
    duplicate: bool
    held_back: HeldBack = HeldBack.NO
    """Not NO: it got no SEQ, and nobody gets it (FC-05)."""


class BroadcastSent(Result, frozen=True, gc=False):
    """SY-03: as Sent, with how many more the app may send in the same 24 hours; -1: any number."""

    seq: int
    time_ms: int
    message_id: int
    duplicate: bool
    remaining: int


class AttributeNames(Result, frozen=True, gc=False):
    """SY-04: the attributes that users can have, by number."""

    names: dict[int, str]


class Done(Result, frozen=True, gc=False):
    """It is done, and there is nothing to say about it."""


class Created(Result, frozen=True, gc=False):
    """A group was created, or created for an import (GR-01, GR-08)."""

    group_id: str
    left_out: list[tuple[str, AddResult]] = []
    """Who was named as a member and could not be added."""
    existed: bool = False
    """C2-02: it was there already."""


class Joined(Result, frozen=True, gc=False):
    """A user has joined or applied (GR-05): the newest SEQ and how many members the group has."""

    newest_seq: int
    member_num: int
    status: JoinStatus = JoinStatus.JOINED


class Edited(Result, frozen=True, gc=False):
    """A profile was changed; its InfoSeq now (GR-03)."""

    info_seq: int


class Read(Result, frozen=True, gc=False):
    """The SEQ up to which the user has read the conversation now (GR-04: MsgSeq)."""

    read_seq: int


class Added(Result, frozen=True, gc=False):
    """What became of each user of many."""

    results: list[tuple[str, AddResult]]
    name: str = ""
    """Of the group, if any of them is to be asked first."""


class AsksFirst(Result, frozen=True, gc=False):
    """The user is to be asked before it is added to a group (GT-07)."""


class Invitations(Result, frozen=True, gc=False):
    """GT-07: invitations that wait for the user's answer."""

    rows: list[Invitation]
    next: str = ""


class Applied(Result, frozen=True, gc=False):
    """GR-12: a page of a user's own applications."""

    rows: list[Application]
    next: str = ""


class Imported(Result, frozen=True, gc=False):
    """Messages were imported: the SEQs of the first and the last (GR-08)."""

    first_seq: int
    last_seq: int


class Info(Result, frozen=True, gc=False):
    """A conversation's profile and counts (GR-03). `fields`: those that the asking user may read."""

    key: str
    profile: Profile
    info_seq: int
    last_info_time_ms: int
    last_msg_time_ms: int
    next_seq: int
    member_num: int
    fields: Fields


class MemberRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A member as somebody may see it."""

    member: Member
    muted_until_ms: int
    """0: it is not muted, or no longer (SC-02)."""
    fields: Fields
    push_level: PushLevel = PushLevel.AS_ABOVE
    """UG-03: of which messages the member gets a push; AS_ABOVE: it was not looked up."""


class Members(Result, frozen=True, gc=False):
    """A page of members (GR-05). `next` is empty on the last page."""

    rows: list[MemberRow]
    next: str = ""


class Marks(Result, frozen=True, gc=False):
    """A page of marks; `which` as in ReadMarks."""

    which: str
    marks: list[UserRestriction]
    next: str


class Page(Result, frozen=True, gc=False):
    """A page of history (RX-06). `more`: messages of the range that was asked for are left."""

    newest_seq: int
    first_seq: int
    more: bool
    messages: list[Message]


class Altered(Result, frozen=True, gc=False):
    """A message was recalled, edited or deleted at this time, wall clock in ms (MS-10)."""

    changed_ms: int


class Receipts(Result, frozen=True, gc=False):
    """How many members have read a message (MS-11). `users` are a page of those asked for; `next` is empty on
    the last one."""

    read_num: int
    unread_num: int
    users: list[str]
    next: str


class Traced(Result, frozen=True, gc=False):
    """What became of a message. `stage` is one of tracing.Stage; `seq` 0: it has none."""

    key: str
    stage: str
    time_ms: int = 0
    code: int = 0
    text: str = ""
    seq: int = 0
    members: int = 0
    silent: int = 0
    """Members that want nothing delivered (RX-01)."""
    state: MessageState = MessageState.AS_SENT
    to: tuple[str, ...] = ()
    """Whom alone it is for."""


class Synced(Result, frozen=True, gc=False):
    """GR-10: (key, whether it should be in, 0 or the number of the error)."""

    results: list[tuple[str, bool, int]]


class SystemSending(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What became of a system account's message to one user (SY-01). `code` is that of the error, 0 if it was sent."""

    user_id: str
    code: int
    seq: int = 0
    time_ms: int = 0
    message_id: int = 0


class SystemSent(Result, frozen=True, gc=False):
    """SY-01: what became of a message to named users, in their order."""

    rows: list[SystemSending]


class SystemWriter(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A user who has written to a system account: the newest SEQ of their conversation, and when the user wrote last,
    which may be up to 10 minutes too early."""

    user_id: str
    newest_seq: int
    written_ms: int


class SystemWriters(Result, frozen=True, gc=False):
    """SY-01: a page of them. `next` is empty on the last page."""

    rows: list[SystemWriter]
    next: str


class AttributesSet(Result, frozen=True, gc=False):
    """CR-03: attributes were set or removed; the version of the room's attributes now."""

    version: int


class AttributesPage(Result, frozen=True, gc=False):
    """CR-03: a page of a room's attributes. `reset`: it begins anew, and what is not on its pages is gone."""

    version: int
    reset: bool
    rows: list[RoomAttribute]
    more: bool


class PushLevels(Result, frozen=True, gc=False):
    """UG-03: of which messages of a conversation a member gets a push, and what is set by whom."""

    in_force: PushLevel
    user_in_channel: PushLevel
    user_in_group: PushLevel
    channel: PushLevel
    group: PushLevel


class TrimmedTo(Result, frozen=True, gc=False):
    """UG-04: the least SEQ that is left."""

    first_seq: int


class ErasedSome(Result, frozen=True, gc=False):
    """AB-06: how many messages became placeholders, and after which row to go on; empty: nothing is left to do.
    `retry_after_ms`: a conversation takes no more changes for so long."""

    messages: int
    after: bytes
    retry_after_ms: int = 0


class MembersSet(Result, frozen=True, gc=False):
    """AB-08: for each row 0, or the number of the error."""

    codes: list[int]


class ChannelRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """UG-02: one channel of an ultra group."""

    profile: Profile
    newest_seq: int


class Channels(Result, frozen=True, gc=False):
    """UG-02: the channels of an ultra group that the asking user may see."""

    rows: list[ChannelRow]


AnyResult = (
    Refused
    | Sent
    | Done
    | Created
    | Joined
    | Edited
    | Read
    | Added
    | Imported
    | AsksFirst
    | Invitations
    | Applied
    | Info
    | Members
    | Marks
    | Page
    | Altered
    | Receipts
    | UserFacts
    | Profiles
    | Invalidated
    | UserImported
    | Types
    | MutedUsers
    | BlockedUsers
    | Flow
    | ListAltered
    | Listed
    | Traced
    | Synced
    | BroadcastSent
    | AttributeNames
    | SystemSent
    | SystemWriters
    | AttributesSet
    | AttributesPage
    | PushLevels
    | TrimmedTo
    | Channels
    | ErasedSome
    | MembersSet
    | OutboxResult
    | KeyResult
    | Reloaded
)


WITH_ONLINE = frozenset({Info, Traced})
"""Results whose frames say how many users are online: between processes their answers carry how many are elsewhere."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What one command led to. With a record, nothing else of it counts before the record is durable. `more` are further
    records, which take the running numbers after it."""

    result: AnyResult | MessagesQuery | MembersQuery | MarksQuery
    record: Record | None = None
    effects: tuple[Effect, ...] = ()
    more: tuple[Record, ...] = ()
    wait: int = 0
    """Not 0: the command waits under this number (FC-03), and a later outcome settles it; `result` says nothing."""
    settled: tuple[tuple[int, AnyResult], ...] = ()
    """What became of commands that waited, by their numbers."""
    asks: tuple[BeforeCallback, ...] = ()
    """What the app is to be asked; its answers come as TakeVerdict."""
    events: tuple[AnyEvent, ...] = ()
    """What has happened, of the kinds that somebody wants; kept with the records."""
    again_in_ms: int = -1
    """Not negative: commands wait, and after so long EndSlice is to be given."""
