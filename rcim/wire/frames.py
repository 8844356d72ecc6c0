"""The table of frames (WI-03): the single hand-written source of what goes over the wire.

From it come the codec (schema.py), the construct reference (reference.py), and, by `make spec`,
protocol-spec/frames.json, frames.md, the vectors and the packet dissector.

Requests have types below 0x4000, pushes 0x4000 to 0x7FFF, and a reply is its request's type + 0x8000.
The doc string of a class is its purpose on the spec page; `rules` are sentences for the client's author.
"""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.ids import CLIENT_MSG_ID_BYTES_MAX, USER_ID_BYTES_MAX
from rcim.base.terms import ApplyJoinOption, GoneReason, Platform, Priority, Role
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U8, U16, U32, U64, Bool, Elements, Enum, StrList, StructList, str8, str16

USER = str8(USER_ID_BYTES_MAX, 1)
USER_OR_NONE = str8(USER_ID_BYTES_MAX)
CONVERSATION = str8(160, 1)
GROUP = str8(160, 1)
NICKNAME = str8(120)
FACE_URL = str8(100)
NAME_CARD = str8(50)
CLIENT_MSG_ID = str8(CLIENT_MSG_ID_BYTES_MAX, 1)
BODY = Elements("u16", 65535)
PAGE_CURSOR = str8(255)

# ------------------------------------------------------------------------------------------------- session


@frame(
    0x0001,
    "HELLO",
    "client",
    "request",
    reply="HELLO_OK",
    rules=(
        "It is the first frame of a connection; any other first frame is HELLO_EXPECTED.",
        "The server takes the highest version that both sides know, and of the features those that both name.",
    ),
    errors=("VERSION_UNSUPPORTED",),
)
class Hello(Frame, frozen=True, gc=False):
    """Opens the connection and agrees on version and features (WI-02)."""

    version_min: A[int, U16, "The oldest protocol version the client speaks."]
    version_max: A[int, U16, "The newest protocol version the client speaks."]
    heartbeat_ms: A[
        int,
        U32,
        "How often the client would like to send PING: from 1,000 up to the server's usual interval (less or more is "
        "taken for these); 0 leaves it to the server.",
    ]
    features: A[list[str], StrList(str8(32, 1), 32), "Features the client can use. Version 1 defines none."]
    agent: A[str, str8(64), "Name and version of the client, for the operator."]


@frame(0x8001, "HELLO_OK", "server", "reply")
class HelloOk(Frame, frozen=True, gc=False):
    """What was agreed on."""

    version: A[int, U16, "The version that both sides speak from now on."]
    heartbeat_ms: A[int, U32, "The client sends PING when it has sent nothing else for this long."]
    silence_ms_max: A[int, U32, "After this long without a byte from the client the server drops it."]
    server_time_ms: A[int, U64, "The server's clock, milliseconds since 1970."]
    frame_bytes_before_login: A[int, U32, "The longest frame the server takes before login, all of it."]
    features: A[list[str], StrList(str8(32, 1), 32), "The features in force: those that both sides named."]
    agent: A[str, str8(64), "Name and version of the server."]


@frame(
    0x0002,
    "LOGIN",
    "client",
    "request",
    reply="LOGIN_OK",
    rules=(
        "After LOGIN the client may send requests at once; the server answers them after LOGIN_OK.",
        "A refused login closes the connection.",
        "From LOGIN_OK on, messages of every group the user is in come as DELIVER.",
    ),
    errors=(
        "USERSIG_EMPTY",
        "USERSIG_MALFORMED",
        "USERSIG_BAD_KEY",
        "USERSIG_OTHER_APP",
        "USERSIG_OTHER_USER",
        "USERSIG_EXPIRED",
        "USERSIG_FROM_FUTURE",
        "BAD_PARAMETER",
    ),
)
class Login(Frame, frozen=True, gc=False):
    """Says who the user is and proves it by a UserSig (ID-02)."""

    user_id: A[str, USER, "1 to 64 bytes without control characters (ID-01)."]
    user_sig: A[str, str16(3500), "A UserSig made for this user with the app's key (session.md)."]
    platform: A[Platform, Enum(Platform), "What the client runs on (ID-04)."]
    device_tag: A[str, str8(64), "The app's name for this device; may be empty."]


@frame(0x8002, "LOGIN_OK", "server", "reply")
class LoginOk(Frame, frozen=True, gc=False):
    """The session is open."""

    connection_id: A[int, U64, "The server's number for this connection, as the operator sees it."]
    server_time_ms: A[int, U64, "The server's clock, milliseconds since 1970."]
    frame_bytes_max: A[int, U32, "The longest frame, all of it, that either side sends from now on."]
    body_bytes_max: A[int, U32, "The longest message body the server takes."]
    is_admin: A[bool, Bool(), "True for an app administrator (ID-08)."]
    nickname: A[str, NICKNAME, "The user's nickname as the server has it; may be empty."]
    face_url: A[str, FACE_URL, "The user's face URL as the server has it; may be empty."]


@frame(
    0x0003,
    "LOGOUT",
    "client",
    "request",
    reply="LOGOUT_OK",
    rules=("The server answers what it has accepted, then LOGOUT_OK, then closes.",),
)
class Logout(Frame, frozen=True, gc=False):
    """Ends the session in good order."""


@frame(0x8003, "LOGOUT_OK", "server", "reply")
class LogoutOk(Frame, frozen=True, gc=False):
    """The session is over; the server closes the connection."""


@frame(
    0x0004,
    "PING",
    "both",
    "request",
    reply="PONG",
    rules=(
        "Either side may send it at any time after HELLO_OK; the other answers with PONG and the same `token`.",
        "A client's PING is a request and needs a request id other than 0. A PING by the server has request id 0, "
        "and "
        "so has its PONG.",
    ),
)
class Ping(Frame, frozen=True, gc=False):
    """Heartbeat (WI-05)."""

    token: A[int, U64, "Any number; the PONG repeats it."]


@frame(0x8004, "PONG", "both", "reply")
class Pong(Frame, frozen=True, gc=False):
    """Answer to PING."""

    token: A[int, U64, "The number from the PING."]


@frame(
    0x8000,
    "ERROR",
    "server",
    "error",
    rules=(
        "It stands in place of the reply: its request id is the request's. With request id 0 it is about the "
        "connection as a whole.",
        "If `closes` is true the server closes the connection after this frame.",
    ),
)
class Error(Frame, frozen=True, gc=False):
    """Says that a request was refused or failed, or why the connection ends (errors.md)."""

    code: A[int, U32, "The number of the error (errors.json)."]
    closes: A[bool, Bool(), "True if the connection ends with this frame."]
    about: A[int, U16, "The type of the frame that caused it; 0 if none did."]
    text: A[str, str16(1024), "What exactly was wrong, in English, for a developer."]
    retry_after_ms: A[int, Ext(1, U32), "Ask again after this long; absent: nothing is said about it."] = 0


@frame(
    0x4003,
    "GOING_AWAY",
    "server",
    "push",
    rules=(
        "The client sends no new request on this connection, waits for the answers it is owed, and closes.",
        "It connects again after a time picked at random between 0 and `reconnect_within_ms`, which the server makes "
        "longer the more clients it has.",
    ),
)
class GoingAway(Frame, frozen=True, gc=False):
    """The server is about to stop or wants this client elsewhere (WI-07)."""

    grace_ms: A[int, U32, "The server closes the connection after this long at the latest."]
    reconnect_within_ms: A[int, U32, "Come back at a random moment within this time."]
    host: A[str, str8(255), "Where to connect; empty: the same host as now."]
    port: A[int, U16, "Where to connect; 0: the same port as now."]


# ------------------------------------------------------------------------------------------------ messages


@row("Message")
class Message(Struct, frozen=True, gc=False):
    """An ordinary message (MS-01, MS-04)."""

    seq: A[int, U64, "Its SEQ in the conversation: 1, 2, 3 … without a gap."]
    time_ms: A[int, U64, "When the server took it, milliseconds since 1970; never less than the one before."]
    message_id: A[int, U64, "Unique in the app."]
    priority: A[Priority, Enum(Priority), "The priority it was sent with."]
    sender: A[str, USER, "The sender's user id."]
    nickname: A[str, NICKNAME, "The sender's nickname when it was sent; may be empty."]
    face_url: A[str, FACE_URL, "The sender's face URL when it was sent; may be empty."]
    name_card: A[str, NAME_CARD, "The sender's name card in this group when it was sent; may be empty."]
    client_msg_id: A[str, CLIENT_MSG_ID, "The id that the sender's client gave it."]
    body: A[bytes, BODY, "Its elements (frames.md, Elements)."]


@frame(
    0x0101,
    "SEND",
    "client",
    "request",
    reply="SEND_OK",
    rules=(
        "The reply comes after the message is durable (MS-02).",
        "Sent again with the same `client_msg_id` by the same user to the same conversation within 10 minutes, "
        "it is not sent twice: the reply is the first one's, with `duplicate` set.",
        "The sender's own connections get the message by DELIVER like everybody's.",
        "Messages of one connection to one conversation get their SEQ in the order in which they were sent.",
        "The body is checked before the group is looked for, and before `client_msg_id` is.",
        "A conversation id that is not `g:` and a group id is NO_SUCH_GROUP.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BODY_TOO_LARGE", "BAD_ELEMENT", "STORE_UNAVAILABLE"),
)
class Send(Frame, frozen=True, gc=False):
    """Sends an ordinary message into a conversation."""

    conversation: A[str, CONVERSATION, "Where to: `g:` and the group id."]
    client_msg_id: A[
        str, CLIENT_MSG_ID, "Chosen by the client, unique for each message it means to send. No control characters."
    ]
    priority: A[
        Priority, Enum(Priority), "How important it is: what goes first when not everything can (HIGH first)."
    ]
    body: A[bytes, BODY, "At least one element, and not more than `body_bytes_max` of LOGIN_OK."]


@frame(0x8101, "SEND_OK", "server", "reply")
class SendOk(Frame, frozen=True, gc=False):
    """The message is kept and has a SEQ."""

    seq: A[int, U64, "The message's SEQ."]
    time_ms: A[int, U64, "The server's time of the message."]
    message_id: A[int, U64, "The message's id, unique in the app."]
    duplicate: A[bool, Bool(), "True if this `client_msg_id` had been accepted before."]


@frame(
    0x4001,
    "DELIVER",
    "server",
    "push",
    rules=(
        "Within a conversation SEQ only grows from one DELIVER to the next on a connection.",
        "A jump in SEQ means that something was left out for this connection: ask for it with HISTORY (RX-05).",
    ),
)
class Deliver(Frame, frozen=True, gc=False):
    """Messages of one conversation, oldest first: what one turn has for it in one frame (WI-08)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    messages: A[list[Message], StructList(Message, 1000), "The messages, by SEQ."]


@frame(
    0x4002,
    "RESYNC",
    "server",
    "push",
    rules=(
        "The connection was too slow and messages were left out, and it takes again now (RX-07); or a part of the server "
        "died and messages may not have come.",
        "The client asks with HISTORY for everything from `from_seq` that it has not got.",
    ),
)
class Resync(Frame, frozen=True, gc=False):
    """Tells a receiver from where it has to ask."""

    conversation: A[str, CONVERSATION, "The conversation."]
    from_seq: A[int, U64, "The first SEQ that was left out, or may have been."]
    newest_seq: A[int, U64, "The newest SEQ of the conversation that was left out, or may have been."]


@frame(
    0x0102,
    "HISTORY",
    "client",
    "request",
    reply="HISTORY_OK",
    rules=(
        "By SEQ: all messages with from_seq <= SEQ <= to_seq, oldest first, or newest first if `backwards`.",
        "`to_seq` 0 means up to the newest.",
        "With `from_time_ms` or `to_time_ms` only messages of that time count as well.",
        "Bounds beyond what there is, and a `from_seq` above `to_seq`, are no error: the page holds what is there.",
        "A page ends at `limit` messages or where the frame would be too long; then `more` is set, and the next "
        "page begins after (before, if `backwards`) the last SEQ given. Stop when `more` is unset: after SEQ 1 a "
        "`to_seq` of 0 would mean the newest again.",
        "Messages from before the user joined are not shown in a Public group (GT-14).",
        "Who is not a member gets NOT_PERMITTED, not an empty page (RX-06).",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class History(Frame, frozen=True, gc=False):
    """Asks for a page of messages (RX-06)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    from_seq: A[int, U64, "The least SEQ wanted; 0 or 1 is the beginning."]
    to_seq: A[int, U64, "The greatest SEQ wanted; 0 is the newest."]
    limit: A[int, U16, "At most so many messages; 0 is the server's usual page of 20, more than 100 is 100."]
    backwards: A[bool, Bool(), "Newest first."]
    from_time_ms: A[int, Ext(1, U64), "Only messages of this time or later."] = 0
    to_time_ms: A[int, Ext(2, U64), "Only messages of this time or earlier; 0 is no bound."] = 0


@frame(0x8102, "HISTORY_OK", "server", "reply")
class HistoryOk(Frame, frozen=True, gc=False):
    """A page of messages."""

    newest_seq: A[int, U64, "The newest SEQ of the conversation now; 0 if it has no message."]
    first_seq: A[int, U64, "The least SEQ that this user may see."]
    more: A[bool, Bool(), "True if messages of the asked range are left."]
    messages: A[list[Message], StructList(Message, 1000), "In the order asked for."]


# -------------------------------------------------------------------------------------------------- groups


@row("GroupEntry")
class GroupEntry(Struct, frozen=True, gc=False):
    """A group in a list (GR-03, GR-05)."""

    group_id: A[str, GROUP, "GroupId."]
    type_: A[str, str8(32), "Type: the name of its group type."]
    name: A[str, str8(30), "Name."]
    owner: A[str, USER_OR_NONE, "Owner_Account; empty if there is none."]
    member_num: A[int, U32, "MemberNum."]
    newest_seq: A[int, U64, "NextMsgSeq - 1: the newest SEQ, 0 if there is no message."]
    role: A[int, U8, "The asking user's role: 0 not a member, 1 Member, 2 Admin, 3 Owner."]
    joined_seq: A[int, U64, "The newest SEQ when the asking user joined; 0 if not a member."]


@row("MemberEntry")
class MemberEntry(Struct, frozen=True, gc=False):
    """A member in a list (GR-04)."""

    user_id: A[str, USER, "Member_Account."]
    role: A[Role, Enum(Role), "Role."]
    join_time_ms: A[int, U64, "JoinTime."]
    name_card: A[str, NAME_CARD, "NameCard."]


_PROFILE_RULE = (
    "Bounds are UTF-8 bytes; longer is BAD_PARAMETER, never cut (GR-03). No control characters in name, face URL, "
    "name card and nickname; introduction and notification may have them."
)


@frame(
    0x0201,
    "GROUP_CREATE",
    "client",
    "request",
    reply="GROUP_CREATE_OK",
    rules=(
        "The creator becomes the owner. The group exists, and the named members are in it, when the reply comes.",
        _PROFILE_RULE,
        "Without a `group_id` the server makes one that begins with `@TGS#` (GT-25).",
    ),
    errors=("BAD_GROUP_ID", "GROUP_ID_TAKEN", "GROUP_ID_TAKEN_BY_YOU", "BAD_PARAMETER", "GROUP_FULL"),
)
class GroupCreate(Frame, frozen=True, gc=False):
    """Makes a group (GR-01)."""

    group_id: A[
        str,
        str8(160),
        "The id wanted: 1 to 48 bytes of 0x20 to 0x7E, not beginning with `@TGS#`; empty: the server makes one.",
    ]
    type_: A[str, str8(32, 1), "Type. This version has `Public`."]
    name: A[str, str8(30, 1), "Name."]
    introduction: A[str, str8(120), "Introduction."]
    notification: A[str, str8(150), "Notification."]
    face_url: A[str, FACE_URL, "FaceUrl."]
    apply_join_option: A[ApplyJoinOption, Enum(ApplyJoinOption), "This version takes FREE_ACCESS, DISABLE_APPLY."]
    members: A[
        list[str],
        StrList(USER, 500),
        "Members from the start, besides the creator: at most 100 (limits.md). Doubles count once; users need not "
        "have logged in before.",
    ]


@frame(0x8201, "GROUP_CREATE_OK", "server", "reply")
class GroupCreateOk(Frame, frozen=True, gc=False):
    """The group exists."""

    group_id: A[str, GROUP, "Its id."]


@frame(
    0x0202,
    "GROUP_DISSOLVE",
    "client",
    "request",
    reply="GROUP_DISSOLVE_OK",
    rules=("Only the owner and app administrators may (GT-04). Messages and members are gone with it.",),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupDissolve(Frame, frozen=True, gc=False):
    """Ends a group (GR-01)."""

    group_id: A[str, GROUP, "The group."]


@frame(0x8202, "GROUP_DISSOLVE_OK", "server", "reply")
class GroupDissolveOk(Frame, frozen=True, gc=False):
    """The group is gone."""


@frame(
    0x0203,
    "GROUP_JOIN",
    "client",
    "request",
    reply="GROUP_JOIN_OK",
    rules=(
        "All connections of the user get the group's messages with a SEQ above `newest_seq` by DELIVER, which may "
        "come before this reply.",
        "A group whose ApplyJoinOption is DISABLE_APPLY answers NOT_PERMITTED.",
        _PROFILE_RULE,
    ),
    errors=("NO_SUCH_GROUP", "ALREADY_MEMBER", "GROUP_FULL", "NOT_PERMITTED"),
)
class GroupJoin(Frame, frozen=True, gc=False):
    """Joins a group whose ApplyJoinOption is FREE_ACCESS (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    name_card: A[str, NAME_CARD, "The name card to use in it; may be empty."]


@frame(0x8203, "GROUP_JOIN_OK", "server", "reply")
class GroupJoinOk(Frame, frozen=True, gc=False):
    """The user is a member."""

    newest_seq: A[int, U64, "The newest SEQ at the moment of joining; 0 if there is no message."]
    member_num: A[int, U32, "MemberNum, with the new member."]


@frame(
    0x0204,
    "GROUP_LEAVE",
    "client",
    "request",
    reply="GROUP_LEAVE_OK",
    rules=("No DELIVER of the group comes after the reply.",),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "OWNER_MAY_NOT_LEAVE"),
)
class GroupLeave(Frame, frozen=True, gc=False):
    """Leaves a group (GR-05)."""

    group_id: A[str, GROUP, "The group."]


@frame(0x8204, "GROUP_LEAVE_OK", "server", "reply")
class GroupLeaveOk(Frame, frozen=True, gc=False):
    """The user is no longer a member."""


@frame(
    0x0205,
    "GROUP_INFO",
    "client",
    "request",
    reply="GROUP_INFO_OK",
    rules=("Members and app administrators may ask.",),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupInfo(Frame, frozen=True, gc=False):
    """Asks for a group's profile (GR-03)."""

    group_id: A[str, GROUP, "The group."]


@frame(0x8205, "GROUP_INFO_OK", "server", "reply")
class GroupInfoOk(Frame, frozen=True, gc=False):
    """A group's profile."""

    group_id: A[str, GROUP, "GroupId."]
    type_: A[str, str8(32), "Type."]
    name: A[str, str8(30), "Name."]
    introduction: A[str, str8(120), "Introduction."]
    notification: A[str, str8(150), "Notification."]
    face_url: A[str, FACE_URL, "FaceUrl."]
    owner: A[str, USER_OR_NONE, "Owner_Account; empty if there is none."]
    create_time_ms: A[int, U64, "CreateTime."]
    info_seq: A[int, U64, "InfoSeq: grows with every change of profile or members."]
    last_info_time_ms: A[int, U64, "LastInfoTime."]
    last_msg_time_ms: A[int, U64, "LastMsgTime; 0 if there is no message."]
    next_msg_seq: A[int, U64, "NextMsgSeq: the SEQ that the next message gets."]
    member_num: A[int, U32, "MemberNum."]
    max_member_num: A[int, U32, "MaxMemberNum."]
    online_num: A[int, U32, "Members that are online now."]
    apply_join_option: A[ApplyJoinOption, Enum(ApplyJoinOption), "ApplyJoinOption."]


@frame(
    0x0206,
    "GROUP_MEMBERS",
    "client",
    "request",
    reply="GROUP_MEMBERS_OK",
    rules=(
        "Members and app administrators may ask. Begin with an empty cursor, go on with `next`, whose content "
        "means nothing to a client.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupMembers(Frame, frozen=True, gc=False):
    """Asks for a page of a group's members (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many rows; 0, or more than the server allows, is 100."]


@frame(0x8206, "GROUP_MEMBERS_OK", "server", "reply")
class GroupMembersOk(Frame, frozen=True, gc=False):
    """A page of members, by user id."""

    members: A[list[MemberEntry], StructList(MemberEntry, 1000), "The members."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]


@frame(
    0x0207,
    "GROUPS_JOINED",
    "client",
    "request",
    reply="GROUPS_JOINED_OK",
    rules=("After each login a client asks for this and pulls what it lacks by HISTORY.",),
)
class GroupsJoined(Frame, frozen=True, gc=False):
    """Asks for a page of the groups that the user is in (GR-05)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many rows; 0, or more than the server allows, is 100."]


@frame(0x8207, "GROUPS_JOINED_OK", "server", "reply")
class GroupsJoinedOk(Frame, frozen=True, gc=False):
    """A page of groups, by id."""

    groups: A[list[GroupEntry], StructList(GroupEntry, 1000), "The groups."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]


@frame(
    0x4004,
    "GROUP_GONE",
    "server",
    "push",
    rules=(
        "No message of the group comes after it.",
        "Every connection of every user concerned gets it; the one that asked gets it before its reply.",
    ),
)
class GroupGone(Frame, frozen=True, gc=False):
    """The group is no longer there for this user."""

    group_id: A[str, GROUP, "The group."]
    reason: A[GoneReason, Enum(GoneReason), "Dissolved, or left by another device of the user."]


# --------------------------------------------------------------------------------------------------- users


@frame(
    0x0301,
    "PROFILE_SET",
    "client",
    "request",
    reply="PROFILE_SET_OK",
    rules=("It goes with the messages that are sent from then on (MS-04).", _PROFILE_RULE),
    errors=("BAD_PARAMETER",),
)
class ProfileSet(Frame, frozen=True, gc=False):
    """Sets the user's own nickname and face URL."""

    nickname: A[str, NICKNAME, "Up to 120 bytes without control characters; may be empty."]
    face_url: A[str, FACE_URL, "May be empty."]


@frame(0x8301, "PROFILE_SET_OK", "server", "reply")
class ProfileSetOk(Frame, frozen=True, gc=False):
    """The profile is kept."""


@frame(0x0302, "PROFILE_GET", "client", "request", reply="PROFILE_GET_OK")
class ProfileGet(Frame, frozen=True, gc=False):
    """Asks for a user's nickname and face URL. A user that never set any has empty ones."""

    user_id: A[str, USER, "The user."]


@frame(0x8302, "PROFILE_GET_OK", "server", "reply")
class ProfileGetOk(Frame, frozen=True, gc=False):
    """A user's profile."""

    nickname: A[str, NICKNAME, "May be empty."]
    face_url: A[str, FACE_URL, "May be empty."]


# ------------------------------------------------------------------------------------------- administration


@row("ConnectionEntry")
class ConnectionEntry(Struct, frozen=True, gc=False):
    """A connection in a list."""

    connection_id: A[int, U64, "The server's number for it."]
    user_id: A[str, USER_OR_NONE, "Who is logged in; empty before login."]
    platform: A[int, U8, "Platform of LOGIN; 0 before login."]
    device_tag: A[str, str8(64), "Tag of LOGIN."]
    address: A[str, str8(64), "Address and port of the peer."]
    connected_ms: A[int, U64, "For how long it has been connected."]
    queued_bytes: A[int, U32, "Bytes that wait to be sent to it."]
    agent: A[str, str8(64), "Agent of HELLO."]


@row("Stat")
class Stat(Struct, frozen=True, gc=False):
    """A counter or a level."""

    name: A[str, str8(64, 1), "Its name."]
    value: A[int, U64, "Its value."]


@frame(
    0x0F01,
    "ADMIN_GROUPS",
    "client",
    "request",
    reply="ADMIN_GROUPS_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminGroups(Frame, frozen=True, gc=False):
    """Asks for a page of all groups of the app."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many rows; 0, or more than the server allows, is 100."]


@frame(0x8F01, "ADMIN_GROUPS_OK", "server", "reply", admin=True)
class AdminGroupsOk(Frame, frozen=True, gc=False):
    """A page of groups, by id."""

    groups: A[list[GroupEntry], StructList(GroupEntry, 1000), "The groups."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]


@frame(
    0x0F02,
    "ADMIN_CONNECTIONS",
    "client",
    "request",
    reply="ADMIN_CONNECTIONS_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminConnections(Frame, frozen=True, gc=False):
    """Asks for a page of the connections of this server."""

    after_id: A[int, U64, "0 for the first page, else `next_id` of the page before."]
    limit: A[int, U16, "At most so many rows; 0, or more than the server allows, is 100."]
    user_id: A[str, USER_OR_NONE, "Only this user's; empty: all."]


@frame(0x8F02, "ADMIN_CONNECTIONS_OK", "server", "reply", admin=True)
class AdminConnectionsOk(Frame, frozen=True, gc=False):
    """A page of connections, by id."""

    connections: A[list[ConnectionEntry], StructList(ConnectionEntry, 1000), "The connections."]
    next_id: A[int, U64, "The `after_id` of the next page; 0: this was the last."]


@frame(
    0x0F03,
    "ADMIN_STATS",
    "client",
    "request",
    reply="ADMIN_STATS_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminStats(Frame, frozen=True, gc=False):
    """Asks for the server's counters."""


@frame(0x8F03, "ADMIN_STATS_OK", "server", "reply", admin=True)
class AdminStatsOk(Frame, frozen=True, gc=False):
    """The server's counters, by name."""

    stats: A[list[Stat], StructList(Stat, 1000), "The counters."]
