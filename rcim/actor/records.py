"""Records: what an actor commits. Applying records to the store is one function (store/apply.py), and an actor's own
state follows from the same records. They are kept and, beyond one machine, sent: fields are only ever added at the
end, with a default.
"""

from __future__ import annotations

import msgspec

from rcim.actor.api_keys import KeySaved
from rcim.actor.applications import Application
from rcim.actor.push_records import PushTokenRemoved, PushTokenSaved
from rcim.actor.user_records import ConversationChosen, InvitationsChanged, UserListed, UserSaved, UserSeen
from rcim.base.ids import SYSTEM_USER, TIP_PREFIX
from rcim.base.terms import AppList, ApplyJoinOption, ChangeKind, MessageState, MsgFlag, Priority, PushLevel, Role
from rcim.rules.push_info import PushInfo
from rcim.rules.targets import Target
from rcim.rules.type_table import TypeChange
from rcim.rules.visibility import Sight, is_for

Fields = tuple[tuple[str, bytes], ...]
"""Custom fields that go with a message: key and value."""


class Change(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What has happened in a group (GT-15): as a notice, or within a message."""

    kind: ChangeKind
    operator: str
    users: list[str]
    """The first of them, at most CHANGE_USERS_MAX."""
    count: int
    member_num: int
    info_seq: int
    time_ms: int
    what: list[str] = []


class MessageOptions(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What few messages have: a type of its own (MS-09), named receivers and mentions (MS-07), data of the app."""

    type_name: str = ""
    to: tuple[str, ...] = ()
    """Only these members, and the sender, get it; empty: all."""
    mentions: tuple[str, ...] = ()
    mentions_all: bool = False
    cloud_data: bytes = b""
    counted: bool = True
    """It counts as unread (MS-09)."""
    expires_ms: int = 0
    """Of a broadcast: when it is an offline message no more (SY-06); 0: it is none."""
    target: Target | None = None
    """Of a broadcast: whom it is for (SY-04); None: everybody."""
    through: str = ""
    """Of a broadcast: the id of the system conversation through which it is sent (SY-03); it may have none."""
    push: PushInfo | None = None
    """What it says of its push (PU-02); None: nothing."""
    unasked: bool = False
    """The app is not asked before it is sent (CB-03): the app itself has said so."""
    untold: bool = False
    """The app is not told by a callback that it was sent (CB-04): the app itself has said so."""

    @property
    def for_whom(self) -> MessageOptions | None:
        """Of these what says who may see the message; None if that is everybody."""
        if not (self.to or self.expires_ms):
            return None
        return MessageOptions(to=self.to, expires_ms=self.expires_ms, target=self.target, through=self.through)


class Message(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An ordinary message as it is kept (MS-01, MS-04)."""

    seq: int
    time_ms: int
    message_id: int
    priority: Priority
    sender: str
    nickname: str
    face_url: str
    name_card: str
    client_msg_id: str
    body: bytes
    user_fields: Fields = ()
    member_fields: Fields = ()
    tip: Change | None = None
    """In place of a body: a strong notice (GT-15)."""
    extra: MessageOptions | None = None
    state: MessageState = MessageState.AS_SENT
    changed_ms: int = 0
    """When its state was changed; 0 if it is as it was sent."""
    changed_by: str = ""
    group_fields: Fields = ()

    @property
    def directed(self) -> bool:
        """True if it is not for all (MS-07)."""
        return self.extra is not None and bool(self.extra.to)

    @property
    def recipients(self) -> tuple[str, ...]:
        """MS-07: the users who alone may see it; empty if all may."""
        return (self.sender, *self.extra.to) if self.extra is not None and self.extra.to else ()

    def is_for(self, user_id: str) -> bool:
        """True if the user may see it: all but directed ones (MS-07)."""
        return self.extra is None or is_for(user_id, self.sender, self.extra.to)

    def removed(self, state: MessageState, now_ms: int, by: str) -> Message:
        """It as everybody gets it once it is recalled or deleted: who sent it, and when, and nothing of what it said."""
        whom = self.extra.for_whom if self.extra is not None else None
        return msgspec.structs.replace(
            self,
            body=b"",
            user_fields=(),
            member_fields=(),
            group_fields=(),
            extra=whom,
            state=state,
            changed_ms=now_ms,
            changed_by=by,
        )

    def seen_as(self, sight: Sight) -> Message:
        """What somebody gets of it who sees it so (rules/visibility.py)."""
        if sight is Sight.WHOLE:
            return self
        if sight is Sight.ERASED:
            return self.removed(MessageState.DELETED, max(self.changed_ms, self.time_ms), "")
        return self.veiled(MessageState.DELETED if sight is Sight.HIDDEN else MessageState.NOT_FOR_YOU)

    def veiled(self, state: MessageState) -> Message:
        """It without anything but its place: what somebody gets who may not see it, or nobody may any more."""
        return Message(
            seq=self.seq,
            time_ms=self.time_ms,
            message_id=0,
            priority=self.priority,
            sender=SYSTEM_USER,
            nickname="",
            face_url="",
            name_card="",
            client_msg_id=f"{TIP_PREFIX}{self.seq}",
            body=b"",
            state=state,
        )


class Profile(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What belongs to the group as such (GR-03)."""

    group_id: str
    type: str
    name: str
    introduction: str
    notification: str
    face_url: str
    owner: str
    create_time_ms: int
    apply_join_option: ApplyJoinOption
    max_member_num: int
    """0: no cap."""
    first_seq: int
    """The SEQ of the group's first message: 1, or more where a dissolved group had the id before."""
    active: bool = True
    """False until the owner's first message, where the type asks for one (GT-16)."""
    importing: bool = False
    """True until its import is finished (GR-08)."""
    mute_all: bool = False
    speakers: list[str] = []
    """Who may send although all are muted (SC-03)."""
    fields: dict[str, bytes] = {}
    creator: str = ""
    """Who made it, for ever (GR-13); empty for what was made before this was kept."""
    attributes: bytes = b""
    """The app's own, as canonical JSON (GR-13); empty for an empty object."""
    ends_ms: int = 0
    """SY-02: when it ends by itself; 0: never."""
    unique: bool = False
    """C2-02: it is the conversation of the users for whom it was made; false once others have come, or one has left."""
    expected: list[str] = []
    """C2-02: of a unique conversation, whom it was made for as well and who has not come yet (GT-07)."""
    keep_alive: bool = False
    """CR-04: it stays without members, and only the app destroys it."""
    stopped: bool = False
    """CR-07: messages of users are accepted and not given to anybody."""
    protected: list[str] = []
    """CR-01: members who do not leave by themselves."""
    private: bool = False
    """Of a channel: only users on its own list see it (UG-05)."""
    push_level: PushLevel = PushLevel.AS_ABOVE
    """Of which messages members get a push who have set nothing themselves (UG-03)."""
    imported_seq: int = -1
    """Of a group that is open while it is imported (GR-08): the newest SEQ that the import has given; -1: it is none."""


def bare_profile(type_: str, group_id: str = "", first_seq: int = 1) -> Profile:
    """The profile of a conversation of which nothing else is kept, or may be told."""
    return Profile(
        group_id=group_id,
        type=type_,
        name="",
        introduction="",
        notification="",
        face_url="",
        owner="",
        create_time_ms=0,
        apply_join_option=ApplyJoinOption.DISABLE_APPLY,
        max_member_num=0,
        first_seq=first_seq,
    )


class Member(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A member of a group (GR-04)."""

    user_id: str
    role: Role
    join_time_ms: int
    joined_seq: int
    """The newest SEQ at the moment of joining: what came after it may be seen (GT-14)."""
    name_card: str
    msg_flag: MsgFlag = MsgFlag.ACCEPT_AND_NOTIFY
    read_seq: int = 0
    last_send_time_ms: int = 0
    fields: dict[str, bytes] = {}
    import_unread: int = 0
    """While the group is imported: how many of the newest messages are unread."""
    cleared_seq: int = 0
    """What is up to it is deleted for the member alone (MS-10)."""
    unheard: list[tuple[int, int]] = []
    """Stretches of SEQ that were not meant to come by DELIVER (unheard.py)."""
    push_level: PushLevel = PushLevel.AS_ABOVE
    """What the member has set for the conversation (UG-03)."""
    group_push_level: PushLevel = PushLevel.AS_ABOVE
    """Of a member of a channel: what they have set for the ultra group, as it was when the row was read."""


class UserRestriction(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a group keeps of a user whether it is a member or not: mute (SC-02), block (GR-11), application (GR-05)."""

    user_id: str
    muted_until_ms: int = 0
    blocked_until_ms: int = 0
    applied_ms: int = 0
    """0: no application waits."""
    text: str = ""
    name_card: str = ""
    erased_seq: int = 0
    """Messages of the user up to this SEQ are deleted for all (MS-10)."""

    def muted_at(self, now_ms: int) -> int:
        """SC-02: until when the user is muted; 0 if it is not, or not any more at `now_ms`."""
        return self.muted_until_ms if self.muted_until_ms > now_ms else 0

    def ended(self, now_ms: int) -> bool:
        """True if neither a mute nor a block holds any more."""
        return not self.muted_at(now_ms) and self.blocked_until_ms <= now_ms


class GroupCreated(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=1):
    """A group is there from now on, with these members (GR-01, GR-08)."""

    key: str
    profile: Profile
    members: list[Member]
    time_ms: int
    stored: bool = True
    """Its messages are: they begin where the counter stands."""


class GroupDissolved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=2):
    """GR-01. The SEQ counter stays, so that an id and a SEQ name one message for ever (MS-01)."""

    key: str


class GroupChanged(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=3):
    """What one command changed in a group, all of it at once: profile, members, marks, and the message that says so."""

    key: str
    time_ms: int
    info: bool
    """True if InfoSeq is raised (GR-07)."""
    profile: Profile | None
    """The new one; None: as it was."""
    put: list[Member]
    """Members that are new or have changed."""
    dropped: list[str]
    marks: list[UserRestriction]
    """New state of marks; an empty one is removed."""
    message: Message | None
    decided: Application | None = None
    """GR-12: one that waited, and was approved or refused; others that wait no longer are forgotten."""
    deciders: list[str] = []
    """GR-12: whom it concerns that other applications wait than before."""


class SeqReserved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=4):
    """MS-01 where messages are not stored: the counter will go on from here after a restart."""

    key: str
    next_seq: int


class MessageKept(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=5):
    """MS-01: the message has its SEQ, and the counter stands one higher."""

    key: str
    message: Message
    sender: Member | None = None
    """The sender's row, when it is time to keep LastSendMsgTime."""
    profile: Profile | None = None
    """The new one, when the message changes it: the first one (GT-16), the first that is stored after some were not."""


class TypeSaved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=7):
    """GT-20; `change` None takes it back."""

    name: str
    change: TypeChange | None


class UsersMuted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=8):
    """SC-04: users to the end of their mute, 0 for none."""

    until_ms: dict[str, int]


class LoginsBlocked(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=70):
    """ID-09: users to the end of the time in which they can't log in, 0 for none."""

    until_ms: dict[str, int]


class MessageAltered(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=9):
    """MS-10: the message with this SEQ is now this one."""

    key: str
    message: Message
    only: str = ""
    """SC-07: the one user whose list of conversations says so; empty: everyone's."""


class MessagesHidden(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=10):
    """MS-10: deleted for the user alone."""

    key: str
    user_id: str
    seqs: list[int]


class ListChanged(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=11):
    """SC-05, FC-07: entries of one of the app's lists."""

    which: AppList
    add: list[str]
    remove: list[str]


class RoomAttribute(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An attribute of a room (CR-03), or, with `removed`, that there is none any more."""

    key: str
    value: str
    by: str
    """Who has set or removed it last; empty: the server."""
    time_ms: int
    version: int
    """Of the room's attributes when it was set or removed; no two attributes of a room have the same."""
    with_setter: bool = False
    """It goes when its setter leaves the room."""
    removed: bool = False
    notice: bytes = b""
    """Data of the app that goes with the change, and is not kept."""


class RoomAttributesChanged(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=20):
    """CR-03: attributes of a room that are set, or removed, and removed ones that nobody need be told of any more."""

    key: str
    version: int
    floor: int
    """Whoever knows the attributes as of a lower version is told all of them."""
    put: list[RoomAttribute]
    forgotten: list[str]


class AttributeNamesSaved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=32):
    """SY-04: these are the attributes that users can have, by number."""

    names: dict[int, str]


class ChannelListed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=25):
    """UG-02: the ultra group has this channel from now on, or not any more."""

    key: str
    name: str
    listed: bool


class InsidersChanged(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=26):
    """UG-05: users who are put on a channel's own list, and taken from it."""

    key: str
    add: list[str]
    remove: list[str]


Record = (
    GroupCreated
    | GroupDissolved
    | GroupChanged
    | SeqReserved
    | MessageKept
    | UserSaved
    | TypeSaved
    | UsersMuted
    | LoginsBlocked
    | MessageAltered
    | MessagesHidden
    | ListChanged
    | UserListed
    | ConversationChosen
    | InvitationsChanged
    | AttributeNamesSaved
    | UserSeen
    | RoomAttributesChanged
    | ChannelListed
    | InsidersChanged
    | PushTokenSaved
    | PushTokenRemoved
    | KeySaved
)
