"""Effects: what is carried out once a command's record is durable (dispatch/effect_runner.py)."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Change, Message, Record, RoomAttribute
from rcim.actor.ultra_commands import ParentChange
from rcim.actor.user_records import Invitation
from rcim.base.terms import GoneReason, MsgFlag, OwnChange, Place
from rcim.rules.targets import Labels


class Deliver(msgspec.Struct, frozen=True, gc=False):
    """Give the message to all who are online in the conversation."""

    message: Message
    by_app: bool = False
    """An app administrator has sent it."""
    words_replaced: bool = False
    """The word filter has replaced words of it (SC-05)."""


class MembersAdded(msgspec.Struct, frozen=True, gc=False):
    """From now on these users get what the conversation delivers."""

    user_ids: list[str]


class MemberGone(msgspec.Struct, frozen=True, gc=False):
    """From now on this user gets nothing more of the conversation."""

    user_id: str
    reason: GoneReason = GoneReason.LEFT
    operator: str = ""
    text: str = ""


class MemberSilenced(msgspec.Struct, frozen=True, gc=False):
    """RX-01: the member wants nothing delivered, or again everything."""

    user_id: str
    silent: bool


class ConversationGone(msgspec.Struct, frozen=True, gc=False):
    """The conversation has ended for everyone; `silently`: nobody is told (GT-24)."""

    silently: bool = False
    reason: GoneReason = GoneReason.DISSOLVED


class ChannelClosed(msgspec.Struct, frozen=True, gc=False):
    """A public channel is private from now on: all who hear its ultra group are told that it is gone (UG-05)."""


class Placed(msgspec.Struct, frozen=True, gc=False):
    """What these users are in the group from now on, for their own actors (entering.py)."""

    user_ids: list[str]
    place: Place


class AllPlaced(msgspec.Struct, frozen=True, gc=False):
    """As Placed, of a group that has ended with too many members to name them: every user in memory is told."""

    place: Place


class ChannelsTold(msgspec.Struct, frozen=True, gc=False):
    """UG-02: the channels of an ultra group with these names, as far as they are in memory, learn what has changed in it;
    None: it has ended."""

    names: list[str]
    change: ParentChange | None


class ClosedToGuests(msgspec.Struct, frozen=True, gc=False):
    """ID-06: guests that are in the group are to go."""


class Announce(msgspec.Struct, frozen=True, gc=False):
    """A weak notice to who is online (GT-15)."""

    change: Change


class NoticeBase(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Base of the notices: what somebody who is online is told, and nothing keeps."""


class Requested(NoticeBase, frozen=True, gc=False, tag=0):
    """An application, for those who may decide (GR-05)."""

    user_id: str
    text: str
    time_ms: int


class Decided(NoticeBase, frozen=True, gc=False, tag=1):
    """A decision on an application (GR-05)."""

    user_id: str
    approved: bool
    operator: str
    text: str
    newest_seq: int
    """At the moment of joining."""


class Entered(NoticeBase, frozen=True, gc=False, tag=2):
    """Users are in the group from now on, whoever has put them into it (GR-07)."""

    name: str
    type_name: str
    face_url: str
    newest_seq: int
    """At the moment of joining."""
    operator: str
    """Who has done it; empty: the server."""
    time_ms: int


class Silenced(NoticeBase, frozen=True, gc=False, tag=3):
    """SC-09: who is told may not send until then, or may again (0); `everyone`: the whole group (SC-03)."""

    until_ms: int
    operator: str
    everyone: bool = False


class Invited(NoticeBase, frozen=True, gc=False, tag=4):
    """A user is asked into a group (GT-07)."""

    invitation: Invitation


class Noticed(NoticeBase, frozen=True, gc=False, tag=5):
    """A system notice (MS-05)."""

    time_ms: int
    body: bytes


class Transient(NoticeBase, frozen=True, gc=False, tag=6):
    """A transient message (MS-08); its SEQ is 0."""

    message: Message


class Altered(NoticeBase, frozen=True, gc=False, tag=7):
    """A message is now this one (MS-10)."""

    message: Message


class Erased(NoticeBase, frozen=True, gc=False, tag=8):
    """All messages of a sender up to a SEQ are deleted (MS-10)."""

    sender: str
    to_seq: int


class Hidden(NoticeBase, frozen=True, gc=False, tag=9):
    """Messages are deleted for the one who is told: these, and all up to `to_seq` (MS-10)."""

    seqs: list[int]
    to_seq: int


class ReadUpTo(NoticeBase, frozen=True, gc=False, tag=10):
    """A member has read up to `seq` (MS-11, RX-08)."""

    user_id: str
    seq: int
    time_ms: int


class ListEntryChanged(NoticeBase, frozen=True, gc=False, tag=11):
    """What a user has said of a conversation in its list (RX-09)."""

    conversation: str
    pinned_ms: int
    removed: bool


class Flagged(NoticeBase, frozen=True, gc=False, tag=12):
    """A member's own MsgFlag (RX-01, RX-02), from the message after `newest_seq` on."""

    msg_flag: MsgFlag
    newest_seq: int


class OwnSettingChanged(NoticeBase, frozen=True, gc=False, tag=13):
    """What a user has set of its own (ID-05)."""

    what: OwnChange


class RoomAttributesNews(NoticeBase, frozen=True, gc=False, tag=20):
    """CR-03: attributes of a room were set or removed after version `since`; the version is `version` now."""

    since: int
    version: int
    rows: list[RoomAttribute]


class Trimmed(NoticeBase, frozen=True, gc=False, tag=23):
    """UG-04: messages below this SEQ are deleted for all."""

    first_seq: int


Notice = (
    OwnSettingChanged
    | Requested
    | Decided
    | Entered
    | Silenced
    | Invited
    | Noticed
    | Transient
    | Altered
    | Erased
    | Hidden
    | ReadUpTo
    | ListEntryChanged
    | Flagged
    | RoomAttributesNews
    | Trimmed
)


class Notify(msgspec.Struct, frozen=True, gc=False):
    """Tell these users, if they are online; None: all who are online in the conversation."""

    user_ids: list[str] | None
    said: Notice


class UserProfileChanged(msgspec.Struct, frozen=True, gc=False):
    """Sessions of the user send with this from now on."""

    user_id: str
    nickname: str
    face_url: str
    fields: dict[str, bytes] = {}


class UserLoggedOut(msgspec.Struct, frozen=True, gc=False):
    """Close all connections of the user (ID-09)."""

    user_id: str


class LabelsChanged(msgspec.Struct, frozen=True, gc=False):
    """SY-04: broadcasts to the user are targeted by these from now on."""

    user_id: str
    labels: Labels


class PresenceBarred(msgspec.Struct, frozen=True, gc=False):
    """ID-07: `others` are on the user's black list from now on, and are told no more what it does."""

    user_id: str
    others: list[str]


class SignaturesInvalidated(msgspec.Struct, frozen=True, gc=False):
    """ID-09: what was asked on a UserSig made before `valid_from_ms` is refused from now on, wherever it waits.
    `invalidated_ms` is when that was set (rules/signatures.py)."""

    user_id: str
    valid_from_ms: int
    invalidated_ms: int


class AccountDeleted(msgspec.Struct, frozen=True, gc=False):
    """ID-09: what the user had set is gone with the account."""

    user_id: str


class GroupCounted(msgspec.Struct, frozen=True, gc=False):
    """One group more (1) or less (-1) of a type (GT-13)."""

    type: str
    by: int


class AppChanged(msgspec.Struct, frozen=True, gc=False):
    """What belongs to the whole app has changed: the record says what (GT-20, SC-04)."""

    record: Record


class LookForAbsent(msgspec.Struct, frozen=True, gc=False):
    """CR-01: in `after_ms` milliseconds absent members are to leave (LeaveAbsent)."""

    after_ms: int


class RoomLost(msgspec.Struct, frozen=True, gc=False):
    """CR-02: the user has left the room with their connection, and joins it again if they log in soon."""

    user_id: str
    made_ms: int
    """When the room was created: by then another one may have its id."""


Effect = (
    Deliver
    | MembersAdded
    | MemberGone
    | MemberSilenced
    | ConversationGone
    | ChannelClosed
    | Placed
    | AllPlaced
    | ChannelsTold
    | ClosedToGuests
    | Announce
    | Notify
    | UserProfileChanged
    | UserLoggedOut
    | LabelsChanged
    | PresenceBarred
    | SignaturesInvalidated
    | AccountDeleted
    | GroupCounted
    | AppChanged
    | LookForAbsent
    | RoomLost
)
