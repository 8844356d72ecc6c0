"""Commands: what a conversation's actor is asked. What a user's actor and the app's are asked: user_commands.py."""

from __future__ import annotations

from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.import_commands import (
    FinishImport,
    ImportMembers,
    ImportMessages,
    ImportPairMessage,
)
from rcim.actor.key_commands import KeyCommand
from rcim.actor.records import Fields, Message, MessageOptions
from rcim.actor.room_commands import RoomCommand
from rcim.actor.ultra_commands import ChannelCommand, UltraCommand
from rcim.actor.user_commands import AppCommand, Asked, ReadFlow, UserCommand
from rcim.base.terms import ApplyJoinOption, MemberOrder, MessageState, MsgFlag, Priority, Role, UserList

# ----------------------------------------------------------------------------------------------- messages


class SendMessage(Asked, frozen=True, gc=False):
    """MS-02. The sender's nickname, face URL and fields come with it, so that a send reads nothing (MS-04). With `admin`,
    `by` is whose message it is (MS-06)."""

    nickname: str
    face_url: str
    client_msg_id: str
    priority: Priority
    body: bytes
    user_fields: Fields = ()
    extra: MessageOptions | None = None
    transient: bool = False
    """MS-08: it goes to who is online, and is gone."""
    words_replaced: bool = False
    """The word filter has replaced words of it (SC-05)."""


class SendBroadcast(Asked, frozen=True, gc=False):
    """SY-03: to the conversation of broadcasts. `by` is whose message it is; `extra` has its target; it expires
    `expires_s` seconds after it is sent."""

    nickname: str
    face_url: str
    client_msg_id: str
    priority: Priority
    body: bytes
    user_fields: Fields
    extra: MessageOptions
    expires_s: int


class EndSlice(Asked, frozen=True, gc=False):
    """FC-03: give out what room there is to messages that wait."""


class TakeVerdict(Asked, frozen=True, gc=False):
    """CB-03: the app's answer to what was asked under this number."""

    number: int
    verdict: CallbackVerdict


class ReadHistory(Asked, frozen=True, gc=False):
    """RX-06. Bounds as in the HISTORY frame."""

    from_seq: int
    to_seq: int
    limit: int
    backwards: bool
    from_time_ms: int
    to_time_ms: int
    seqs: list[int] = []
    """RX-12: only these, ascending; empty: all."""


class AlterMessage(Asked, frozen=True, gc=False):
    """MS-10: recall, edit, delete for all. `original` is what the store had when it was asked for, if anything. What an
    edit may change beside the body (MS-17) is None where it stays as it was."""

    seq: int
    state: MessageState
    body: bytes = b""
    original: Message | None = None
    mentions: tuple[str, ...] | None = None
    mentions_all: bool | None = None
    cloud_data: bytes | None = None


class ReadReceipts(Asked, frozen=True, gc=False):
    """MS-11: who has read a message (or, without `read`, who has not)."""

    seq: int
    read: bool
    cursor: str
    limit: int
    original: Message | None = None


class HideMessages(Asked, frozen=True, gc=False):
    """MS-10: delete for oneself."""

    seqs: list[int]


class ClearMessages(Asked, frozen=True, gc=False):
    """MS-10: delete the whole conversation for oneself."""


class ScrubMessages(Asked, frozen=True, gc=False):
    """AB-06: these messages of a user, as the store has them, become placeholders."""

    user_id: str
    messages: list[Message]


class EraseSender(Asked, frozen=True, gc=False):
    """MS-10: delete for all what a user has sent so far."""

    user_id: str


class MarkRead(Asked, frozen=True, gc=False):
    """GR-04, MsgSeq; MS-11 in a one-to-one conversation."""

    seq: int


class SetFlag(Asked, frozen=True, gc=False):
    """RX-01, RX-02: one's own MsgFlag."""

    msg_flag: MsgFlag


class GiveNotice(Asked, frozen=True, gc=False):
    """MS-05; no users: everyone."""

    users: list[str]
    body: bytes


# --------------------------------------------------------------------------------------------- life cycle


class PutsIn(Asked, frozen=True, gc=False, kw_only=True):
    """What puts users into a group, or may."""

    admissions: dict[str, int] = {}
    """The numbers of those that users have given for it (entering.py); who stands here and has withdrawn it is left out,
    or the command refused. Who does not needs none."""


class CreateGroup(PutsIn, frozen=True, gc=False):
    """GR-01, and GR-08 with `importing`. `owner`: who is to own it, empty for nobody."""

    group_id: str
    type: str
    name: str
    introduction: str
    notification: str
    face_url: str
    apply_join_option: ApplyJoinOption
    members: list[str]
    owner: str
    max_member_num: int = 0
    fields: Fields = ()
    importing: bool = False
    create_time_ms: int = 0
    """0: now."""
    made_number: int = 0
    """Not 0: nobody has chosen the id; it is made of this number (GT-25)."""
    creator: str = ""
    """Of an import: who made the group (GR-13); empty: its owner. Else `by` makes it."""
    attributes: bytes = b""
    """Canonical JSON (rules/custom_attributes.py)."""
    ttl_s: int | None = None
    """SY-02: for how many seconds it lives; None: for as long as its type says."""
    unique: bool = False
    """C2-02: the conversation of exactly these users; `expected` of them come later, if at all."""
    expected: list[str] = []
    opened: bool = False
    """GR-08, with `importing`: it is open to its members from the beginning."""
    admins: list[str] = []
    """Those of `members` who are admins; only the app says so."""
    member_fields: dict[str, Fields] = {}
    """The fields of `members` by user; only the app says so."""


class EditGroup(Asked, frozen=True, gc=False):
    """GR-03; None: as it was."""

    texts: dict[str, str]
    """Those of name, introduction, notification, face_url that are to change."""
    apply_join_option: ApplyJoinOption | None
    max_member_num: int | None
    fields: Fields
    attributes: bytes | None = None
    """All of them, as canonical JSON (GR-13)."""
    attribute_changes: tuple[tuple[str, bytes], ...] = ()
    """Dotted keys with their values as JSON, made after `attributes`; they have been checked."""
    mute_all: bool | None = None
    """SC-03: nobody may send from now on but owner and admins, or all may again."""


class GiveGroup(Asked, frozen=True, gc=False):
    """GR-01: change of owner."""

    user_id: str


class DissolveGroup(Asked, frozen=True, gc=False):
    """End the group and delete all that is kept of it (GR-01, GT-04)."""


class ReclaimGroup(Asked, frozen=True, gc=False):
    """GT-24: end it if nothing has happened since `before_ms`."""

    before_ms: int


class EndTemporary(Asked, frozen=True, gc=False):
    """SY-02: end it if its time is over. `by` is nobody: the server asks."""


# ------------------------------------------------------------------------------------------------- members


class JoinGroup(PutsIn, frozen=True, gc=False):
    """`by` joins, or applies to join, with `text` for those who decide (GR-05)."""

    name_card: str
    text: str = ""
    again_ms: int = 0
    """CR-02: not 0: they come back into the room that was created then, without having asked to. So they apply for
    nothing."""


class DecideApplication(PutsIn, frozen=True, gc=False):
    """Approve or refuse what `user_id` has applied for, with `text` for the applicant (GR-05)."""

    user_id: str
    approve: bool
    text: str


class LeaveGroup(Asked, frozen=True, gc=False):
    """`by` leaves the group (GR-05, GT-08)."""


class InviteUsers(PutsIn, frozen=True, gc=False):
    """`by` adds `users` to the group (GR-05, GT-07)."""

    users: list[str]
    ask_first: list[str] = []
    """Those of them who are not added, but asked (GT-07)."""
    silent: bool = False
    """The change is not announced to the others (GT-15)."""


class AcceptInvitation(PutsIn, frozen=True, gc=False):
    """GT-07: who was asked comes in; `inviter` has asked at `time_ms`."""

    inviter: str
    time_ms: int


class KickMembers(Asked, frozen=True, gc=False):
    """Remove `users` from the group; they may join again (GR-05, GT-10). `silent`: it is not announced to the others."""

    users: list[str]
    text: str
    silent: bool = False


class BlockUsers(Asked, frozen=True, gc=False):
    """Keep users out of a group (GR-11). `seconds` 0 ends the block; PERMANENT_S never ends."""

    users: list[str]
    seconds: int
    text: str


class MuteUsers(Asked, frozen=True, gc=False):
    """Mute members of a group (SC-02). `seconds` as in BlockUsers."""

    users: list[str]
    seconds: int


class MuteAll(Asked, frozen=True, gc=False):
    """Mute everybody but `speakers`, owner and admins, or end that (SC-03)."""

    on: bool
    speakers: list[str]


class EditMember(Asked, frozen=True, gc=False):
    """GR-04; None: as it was."""

    user_id: str
    name_card: str | None
    msg_flag: MsgFlag | None
    role: Role | None
    fields: Fields
    unread: int | None = None
    """How many of the newest messages are unread from now on; only the app says so."""
    mute_s: int | None = None
    """SC-02: as MuteUsers; only the app says so."""


class DropOffline(Asked, frozen=True, gc=False):
    """GT-11: remove ordinary members that are not in `online` and have been in since before `before_ms`."""

    online: list[str]
    before_ms: int


class PlaceMember(PutsIn, frozen=True, gc=False):
    """GR-10, ID-09: be in the group, or not, whatever its rules of joining and leaving; `by` is the user. With `forced`
    also as the owner (GT-08)."""

    inside: bool
    forced: bool = False


class KeepGuest(Asked, frozen=True, gc=False):
    """ID-06: the guest `by` hears the group, by what those say who hold its connection; the owner is a new one."""


class DropGuests(Asked, frozen=True, gc=False):
    """ID-06: the group may have been closed to guests. `by` is nobody: the server asks."""


class TakeListed(Asked, frozen=True, gc=False):
    """SC-07, to a one-to-one conversation: `by` has the other on this list from now on, or no longer. It is kept with the
    user; here it is only known."""

    which: UserList
    on: bool


class ForgetUser(Asked, frozen=True, gc=False):
    """ID-09, to a one-to-one conversation or that of broadcasts: the account `by` is deleted."""


# ------------------------------------------------------------------------------------------------- reading


class TraceMessage(Asked, frozen=True, gc=False):
    """What became of a message, by who sent it and its client message id."""

    sender: str
    client_msg_id: str


class ReadInfo(Asked, frozen=True, gc=False):
    """The group's profile and custom fields, as `by` may read them (GR-03, GR-06)."""


class ReadMembers(Asked, frozen=True, gc=False):
    """A page of members after `cursor`, by user id, at most `limit`, only those with `role` if given (GR-05)."""

    cursor: str
    limit: int
    role: Role | None = None
    order: MemberOrder = MemberOrder.OF_TYPE
    """CR-05: another one gives the first or last 500 of those who have joined."""


class ReadSome(Asked, frozen=True, gc=False):
    """GR-04, of some members."""

    users: list[str]


class ReadMarks(Asked, frozen=True, gc=False):
    """A page of applications, of the muted, or of the blocked (GR-05, SC-02, GR-11)."""

    which: str
    """`applied`, `muted` or `blocked`."""
    cursor: str
    limit: int


GroupCommand = (
    SendMessage
    | EndSlice
    | TakeVerdict
    | ReadHistory
    | ImportMessages
    | AlterMessage
    | ReadReceipts
    | HideMessages
    | ClearMessages
    | EraseSender
    | ScrubMessages
    | MarkRead
    | SetFlag
    | GiveNotice
    | CreateGroup
    | EditGroup
    | GiveGroup
    | DissolveGroup
    | ReclaimGroup
    | EndTemporary
    | ImportMembers
    | FinishImport
    | JoinGroup
    | DecideApplication
    | LeaveGroup
    | InviteUsers
    | AcceptInvitation
    | KickMembers
    | BlockUsers
    | MuteUsers
    | MuteAll
    | EditMember
    | DropOffline
    | PlaceMember
    | KeepGuest
    | DropGuests
    | TraceMessage
    | ReadFlow
    | ReadInfo
    | ReadMembers
    | ReadSome
    | ReadMarks
    | UltraCommand
)
PairCommand = TakeListed | ForgetUser | ImportPairMessage
Command = (
    GroupCommand | RoomCommand | PairCommand | ChannelCommand | SendBroadcast | UserCommand | AppCommand | KeyCommand
)
