"""Frames of app administrators about broadcasts (SY-03, SY-04), and about tags and attributes of users (SY-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import MessageState, Priority
from rcim.wire.frames.groups import AddedEntry
from rcim.wire.frames.kinds import BODY, CLIENT_MSG_ID, CLOUD_DATA, TYPE_NAME, USER, USER_OR_NONE
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import I32, U8, U16, U32, U64, Bool, Enum, StrList, StructList, str8

TAG = str8(50, 1, one_line=True)
ATTRIBUTE_NAME = str8(50, 1, one_line=True)
ATTRIBUTE_VALUE = str8(50, one_line=True)
THROUGH = str8(160, one_line=True)
TAGS_MAX = 100
LABELLED_MAX = 100
"""Users in one request."""


@row("UserAttribute")
class UserAttribute(Struct, frozen=True, gc=False):
    """An attribute of a user (SY-04)."""

    name: A[str, ATTRIBUTE_NAME, "One of the names of ADMIN_ATTRIBUTE_NAMES_SET."]
    value: A[str, ATTRIBUTE_VALUE, "Its value."]


@row("AttributeName")
class AttributeName(Struct, frozen=True, gc=False):
    """An attribute that users can have (SY-04)."""

    number: A[int, U8, "0 to 9."]
    name: A[str, str8(50, one_line=True), "Its name; empty in a request: the attribute is removed."]


@row("UserLabels")
class UserLabels(Struct, frozen=True, gc=False):
    """The tags and attributes of a user (SY-04)."""

    user_id: A[str, USER, "The user."]
    tags: A[list[str], StrList(TAG, TAGS_MAX), "The user's tags, in order."]
    attributes: A[list[UserAttribute], StructList(UserAttribute, 10), "The user's attributes, by name."]


@row("BroadcastEntry")
class BroadcastEntry(Struct, frozen=True, gc=False):
    """A broadcast of the app (SY-03)."""

    seq: A[int, U64, "Its SEQ in the conversation `b:all`."]
    time_ms: A[int, U64, "When it was sent, in milliseconds since 1970."]
    message_id: A[int, U64, "Its message id."]
    sender: A[str, USER, "In whose name it was sent."]
    client_msg_id: A[str, CLIENT_MSG_ID, "The id that it was sent with."]
    expires_ms: A[int, U64, "When it expires (SY-06)."]
    state: A[MessageState, Enum(MessageState), "Its state: RECALLED, for example."]
    system_conversation: A[str, Ext(1, THROUGH), "The system conversation it was sent through; may be absent."] = ""
    tags_any: A[Sequence[str], Ext(2, StrList(TAG, TAGS_MAX)), "Its target, as in ADMIN_BROADCAST."] = ()
    tags_all: A[Sequence[str], Ext(3, StrList(TAG, TAGS_MAX)), "Its target, as in ADMIN_BROADCAST."] = ()
    attributes_any: A[
        Sequence[UserAttribute], Ext(4, StructList(UserAttribute, TAGS_MAX)), "Its target, as in ADMIN_BROADCAST."
    ] = ()
    attributes_all: A[
        Sequence[UserAttribute], Ext(5, StructList(UserAttribute, TAGS_MAX)), "Its target, as in ADMIN_BROADCAST."
    ] = ()


@frame(
    0x0F58,
    "ADMIN_BROADCAST",
    "client",
    "request",
    reply="ADMIN_BROADCAST_OK",
    rules=(
        "The broadcast is a message of the conversation `b:all` (broadcasts.md).",
        "Over the limits of the app (`broadcasts_per_day`, `broadcasts_per_hour`) it is refused with BROADCAST_LIMIT: "
        "nothing has happened.",
        "The same `client_msg_id` of the same sender within 10 minutes sends nothing again, as with SEND.",
        "Each part of the target that is not empty has to match. The parts together have at most 100 entries.",
    ),
    errors=(
        "ADMIN_REQUIRED",
        "BROADCAST_LIMIT",
        "BAD_PARAMETER",
        "BAD_ELEMENT",
        "BAD_PUSH_INFO",
        "BODY_TOO_LARGE",
        "DIRTY_WORD",
        "NO_SUCH_GROUP",
        "STORE_UNAVAILABLE",
    ),
    admin=True,
)
class AdminBroadcast(Frame, frozen=True, gc=False):
    """Sends a message to all users of the app, or to those who match a target (SY-03, SY-04)."""

    client_msg_id: A[str, CLIENT_MSG_ID, "Chosen by the client, as in SEND."]
    priority: A[Priority, Enum(Priority), "Its importance."]
    body: A[bytes, BODY, "At least one element, as in SEND."]
    sender: A[str, Ext(1, USER_OR_NONE), "In whose name it is sent; absent: the administrator who is logged in."] = ""
    type_name: A[str, Ext(2, TYPE_NAME), "Its registered type (messages.md); absent: an ordinary message."] = ""
    expires_s: A[
        int, Ext(3, U32), "Seconds until it expires, at most 2,592,000 (30 days); 0: only for users who are online."
    ] = 604_800
    system_conversation: A[
        str, Ext(4, THROUGH), "The group id of a system conversation through which it is sent; absent: none."
    ] = ""
    tags_any: A[Sequence[str], Ext(5, StrList(TAG, TAGS_MAX)), "Only for users with one of these tags."] = ()
    tags_all: A[Sequence[str], Ext(6, StrList(TAG, TAGS_MAX)), "Only for users with all of these tags."] = ()
    attributes_any: A[
        Sequence[UserAttribute],
        Ext(7, StructList(UserAttribute, TAGS_MAX)),
        "Only for users with one of these attributes.",
    ] = ()
    attributes_all: A[
        Sequence[UserAttribute],
        Ext(8, StructList(UserAttribute, TAGS_MAX)),
        "Only for users with all of these attributes.",
    ] = ()
    push: A[bytes, Ext(50, CLOUD_DATA), "What its push says, as in SEND (push.md)."] = b""


@frame(0x8F58, "ADMIN_BROADCAST_OK", "server", "reply", admin=True)
class AdminBroadcastOk(Frame, frozen=True, gc=False):
    """The broadcast is stored."""

    seq: A[int, U64, "Its SEQ in `b:all`."]
    time_ms: A[int, U64, "The server's time of it."]
    message_id: A[int, U64, "Its message id."]
    duplicate: A[bool, Bool(), "True if this `client_msg_id` had been accepted before."]
    remaining: A[int, I32, "How many more may be sent in the same 24 hours; -1: any number."]


@frame(
    0x0F59,
    "ADMIN_BROADCASTS",
    "client",
    "request",
    reply="ADMIN_BROADCASTS_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminBroadcasts(Frame, frozen=True, gc=False):
    """Asks for a page of the app's broadcasts, newest first."""

    before_seq: A[int, U64, "Only broadcasts with a lower SEQ; 0: from the newest on."]
    limit: A[int, U16, "The most broadcasts wanted; 0 means 20, more than 100 means 100."]


@frame(0x8F59, "ADMIN_BROADCASTS_OK", "server", "reply", admin=True)
class AdminBroadcastsOk(Frame, frozen=True, gc=False):
    """A page of broadcasts."""

    broadcasts: A[list[BroadcastEntry], StructList(BroadcastEntry, 1000), "Newest first."]
    more: A[bool, Bool(), "True if there are older ones."]


@frame(
    0x0F5A,
    "ADMIN_BROADCAST_RECALL",
    "client",
    "request",
    reply="ADMIN_BROADCAST_RECALL_OK",
    rules=("As MESSAGE_RECALL of the conversation `b:all`: users who are online get MESSAGE_CHANGED.",),
    errors=("ADMIN_REQUIRED", "NO_SUCH_MESSAGE", "NOT_RECALLABLE", "STORE_UNAVAILABLE"),
    admin=True,
)
class AdminBroadcastRecall(Frame, frozen=True, gc=False):
    """Recalls a broadcast for everybody."""

    seq: A[int, U64, "Its SEQ."]


@frame(0x8F5A, "ADMIN_BROADCAST_RECALL_OK", "server", "reply", admin=True)
class AdminBroadcastRecallOk(Frame, frozen=True, gc=False):
    """It is recalled."""

    changed_ms: A[int, U64, "When it was recalled first."]


@frame(
    0x0F5B,
    "ADMIN_TAGS_CHANGE",
    "client",
    "request",
    reply="ADMIN_TAGS_CHANGE_OK",
    rules=("A user has at most 100 tags; one who would have more is FAILED, and keeps the tags that they had.",),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminTagsChange(Frame, frozen=True, gc=False):
    """Adds and removes tags of users (SY-04)."""

    users: A[list[str], StrList(USER, 500), "The users, 1 to 100; each gets the same change."]
    add: A[list[str], StrList(TAG, TAGS_MAX), "Tags to add."]
    remove: A[list[str], StrList(TAG, TAGS_MAX), "Tags to remove, before others are added."]
    remove_all: A[bool, Bool(), "True: all tags but those in `add` are removed."]


@frame(0x8F5B, "ADMIN_TAGS_CHANGE_OK", "server", "reply", admin=True)
class AdminTagsChangeOk(Frame, frozen=True, gc=False):
    """What became of each user."""

    results: A[list[AddedEntry], StructList(AddedEntry, 500), "ADDED: as asked; FAILED: unchanged."]


@frame(
    0x0F5C,
    "ADMIN_ATTRIBUTES_CHANGE",
    "client",
    "request",
    reply="ADMIN_ATTRIBUTES_CHANGE_OK",
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminAttributesChange(Frame, frozen=True, gc=False):
    """Sets and removes attributes of users (SY-04)."""

    users: A[list[str], StrList(USER, 500), "The users, 1 to 100; each gets the same change."]
    set: A[list[UserAttribute], StructList(UserAttribute, 10), "Attributes to set."]
    remove: A[list[str], StrList(ATTRIBUTE_NAME, 10), "Names of attributes to remove, before others are set."]


@frame(0x8F5C, "ADMIN_ATTRIBUTES_CHANGE_OK", "server", "reply", admin=True)
class AdminAttributesChangeOk(Frame, frozen=True, gc=False):
    """What became of each user."""

    results: A[list[AddedEntry], StructList(AddedEntry, 500), "ADDED: as asked; FAILED: unchanged."]


@frame(
    0x0F5D,
    "ADMIN_LABELS",
    "client",
    "request",
    reply="ADMIN_LABELS_OK",
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminLabels(Frame, frozen=True, gc=False):
    """Asks for the tags and attributes of users (SY-04)."""

    users: A[list[str], StrList(USER, 500), "The users, 1 to 100, each once."]


@frame(0x8F5D, "ADMIN_LABELS_OK", "server", "reply", admin=True)
class AdminLabelsOk(Frame, frozen=True, gc=False):
    """Tags and attributes of users."""

    users: A[list[UserLabels], StructList(UserLabels, 500), "The users, in the order of the request."]
    taken: A[int, U16, "The number of users of the request that are answered; ask again for the others."]


@frame(
    0x0F5E,
    "ADMIN_ATTRIBUTE_NAMES",
    "client",
    "request",
    reply="ADMIN_ATTRIBUTE_NAMES_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminAttributeNames(Frame, frozen=True, gc=False):
    """Asks which attributes users can have (SY-04)."""


@frame(0x8F5E, "ADMIN_ATTRIBUTE_NAMES_OK", "server", "reply", admin=True)
class AdminAttributeNamesOk(Frame, frozen=True, gc=False):
    """The attributes that users can have."""

    names: A[list[AttributeName], StructList(AttributeName, 10), "By number."]


@frame(
    0x0F5F,
    "ADMIN_ATTRIBUTE_NAMES_SET",
    "client",
    "request",
    reply="ADMIN_ATTRIBUTE_NAMES_SET_OK",
    rules=(
        "Other numbers stay as they are. When an attribute is renamed or removed, the values that users have under its "
        "old name do not count any more, and go with the next change of the user's labels.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "OVERLOADED", "STORE_UNAVAILABLE"),
    admin=True,
)
class AdminAttributeNamesSet(Frame, frozen=True, gc=False):
    """Declares attributes that users can have, by number (SY-04)."""

    names: A[list[AttributeName], StructList(AttributeName, 10), "Numbers and names, each once."]


@frame(0x8F5F, "ADMIN_ATTRIBUTE_NAMES_SET_OK", "server", "reply", admin=True)
class AdminAttributeNamesSetOk(Frame, frozen=True, gc=False):
    """They are declared."""
