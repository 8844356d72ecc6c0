"""Frames of a user's conversations: changes since the last sync (RX-03, RX-04), and the user's settings for them (RX-01,
RX-09)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import MsgFlag
from rcim.wire.frames.kinds import CONVERSATION, CONVERSATION_OR_NONE, FACE_URL, USER_OR_NONE, SeqEntry
from rcim.wire.frames.messages import Message
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U8, U16, U32, U64, Bool, Bytes, Enum, Int, StrList, StructList, str8, str16

CURSOR = Bytes("u16", 1024)


@row("SeqRange")
class SeqRange(Struct, frozen=True, gc=False):
    """A range of messages."""

    from_seq: A[int, U64, "The first SEQ."]
    to_seq: A[int, U64, "The last SEQ; 0: no end."]


@row("ConversationEntry")
class ConversationEntry(Struct, frozen=True, gc=False):
    """A conversation as its user sees it (RX-03)."""

    conversation: A[str, CONVERSATION, "Its id."]
    type_: A[
        str, str8(32), "The name of its group type; `C2C` for a one-to-one conversation, `Broadcast` for `b:all`."
    ]
    name: A[str, str8(30, one_line=True), "The group's name; empty where there is none."]
    face_url: A[str, FACE_URL, "The group's face URL."]
    newest_seq: A[int, U64, "The newest SEQ; 0 if there is no message."]
    first_seq: A[
        int,
        U64,
        "The lowest SEQ that the user may see; above `newest_seq` if there is none. HISTORY does not return "
        "messages that are too old but not removed yet; its own `first_seq` is exact.",
    ]
    joined_seq: A[int, U64, "The newest SEQ when the user joined."]
    read_seq: A[int, U64, "MsgSeq: the user has read up to here."]
    unread: A[int, U32, "Later messages that count as unread, at most 100; 0 where the type counts none (GT-19)."]
    last_time_ms: A[int, U64, "The time of its last message, or of its creation."]
    msg_flag: A[MsgFlag, Enum(MsgFlag), "The user's MsgFlag (RX-01, RX-02)."]
    role: A[int, U8, "The user's role in a group: 1 Member, 2 Admin, 3 Owner."]
    mentions: A[int, Ext(1, U32), "The number of unread messages that mention the user (MS-07)."] = 0
    mention_seq: A[int, Ext(2, U64), "The oldest of them."] = 0
    pinned_ms: A[int, Ext(3, U64), "When the user pinned it; absent: it is not pinned (RX-09)."] = 0
    removed: A[
        bool, Ext(4, Bool()), "True if the user removed it from their list, and no message has come since."
    ] = False
    unstored: A[
        bool,
        Ext(5, Bool()),
        "True where messages are not stored: `newest_seq` then has no meaning; begin at the first DELIVER (seq.md).",
    ] = False
    altered: A[
        Sequence[SeqEntry],
        Ext(6, StructList(SeqEntry, 1000)),
        "Messages that were recalled, edited or deleted since then: read them again.",
    ] = ()
    reread: A[
        bool,
        Ext(7, Bool()),
        "True if more have changed than are named: discard all its messages, and read them again.",
    ] = False
    uncounted: A[bool, Ext(8, Bool()), "True where the group's type counts no unread messages (GT-19)."] = False
    messages: A[
        Sequence[Message],
        Ext(9, StructList(Message, 20)),
        "The last message; or the newest unread ones, oldest first, if they were asked for.",
    ] = ()
    cleared_seq: A[int, Ext(10, U64), "The user has deleted all messages up to this SEQ for themselves (MS-10)."] = 0
    unheard: A[
        Sequence[SeqRange],
        Ext(11, StructList(SeqRange, 100)),
        "Messages that were never to come by DELIVER, oldest first: imported, or sent while MsgFlag was DISCARD. "
        "They are no gap (seq.md).",
    ] = ()
    applications: A[
        int,
        Ext(12, U32),
        "The number of applications to join that wait for a decision, if the user may decide; at most 100 "
        "(GROUP_APPLICATIONS lists them).",
    ] = 0
    ends_ms: A[
        int, Ext(40, U64), "When a temporary conversation ends by itself; a client drops it then (conversations.md)."
    ] = 0


@frame(
    0x0110,
    "SYNC",
    "client",
    "request",
    reply="SYNC_OK",
    rules=(
        "Begin with an empty cursor. Each answer has the next one. If `more` is set, ask again with it at once. "
        "Otherwise keep it for as long as you keep the answers, and use it after the next login to get only the "
        "later changes.",
        "Conversations with the newest changes come first. Changes during the sync come by push, and again in the "
        "next sync.",
        "`messages` says which missed messages a client wants (RX-04): 0 for the last message of each "
        "conversation; 1 to 20 for up to that number of the newest unread ones, and none where nothing is unread.",
        "In one sync, unread messages are counted only for the first 50 conversations that have any, up to 100 "
        "each; older ones stay in history.",
        "The request counts as a read (LI-01).",
        "A guest gets an answer too, without conversations.",
    ),
    errors=("BAD_PARAMETER", "TOO_FREQUENT", "ADMIN_REQUIRED"),
)
class Sync(Frame, frozen=True, gc=False):
    """Asks for the changes in all of the user's conversations (RX-03)."""

    cursor: A[bytes, CURSOR, "The cursor of the previous answer; empty: everything."]
    limit: A[int, U16, "Conversations on a page; 0, or more than the server allows, means 100."]
    messages: A[int, Int("u8", (0, 20)), "Unread messages to return with each conversation (RX-04)."]
    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8110, "SYNC_OK", "server", "reply")
class SyncOk(Frame, frozen=True, gc=False):
    """A page of conversations that have changed."""

    conversations: A[list[ConversationEntry], StructList(ConversationEntry, 1000), "The newest change first."]
    gone: A[list[str], StrList(CONVERSATION, 1000), "Conversations that the user has left, on the first page only."]
    cursor: A[bytes, CURSOR, "The cursor for the next request."]
    more: A[bool, Bool(), "True if there are more pages of this sync."]
    reset: A[
        bool,
        Bool(),
        "True if the cursor was too old, or from another server: this is instead the first page of all conversations.",
    ]


@row("HeadEntry")
class HeadEntry(Struct, frozen=True, gc=False):
    """The newest SEQ of a conversation."""

    conversation: A[str, CONVERSATION, "Its id."]
    newest_seq: A[int, U64, "Its newest SEQ."]


@frame(
    0x4010,
    "HEADS",
    "server",
    "push",
    rules=(
        "It follows PONG. It lists the conversations with a message since the last HEADS of this connection (the "
        "first time: since login), at most the latest 100, without those that deliver nothing to the user "
        "(RX-01). It is not sent if there are none.",
        "It comes after the messages that it lists: everything to be sent by DELIVER has been sent before. If a "
        "client does not have a newest SEQ, that message was left out: ask HISTORY (seq.md).",
    ),
)
class Heads(Frame, frozen=True, gc=False):
    """The newest SEQ of active conversations, with each heartbeat: it reveals that a last message was lost (RX-05)."""

    heads: A[list[HeadEntry], StructList(HeadEntry, 1000), "The conversations."]


@frame(
    0x0111,
    "CONVERSATION_FLAG",
    "client",
    "request",
    reply="CONVERSATION_FLAG_OK",
    rules=(
        "In a group it does the same as GROUP_MEMBER_SET. DISCARD is not allowed for a one-to-one conversation.",
        "All connections of the user get CONVERSATION_FLAGGED.",
        "Before the first message of a one-to-one conversation, it creates the conversation for both users: a "
        "user who may not send to the other gets BLACKLISTED or NOT_WHITELISTED (SC-07).",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER", "BAD_PARAMETER", "BLACKLISTED", "NOT_WHITELISTED"),
)
class ConversationFlag(Frame, frozen=True, gc=False):
    """Sets the user's own MsgFlag: whether they want to be disturbed (RX-01, RX-02)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    msg_flag: A[MsgFlag, Enum(MsgFlag), "The new MsgFlag."]


@frame(0x8111, "CONVERSATION_FLAG_OK", "server", "reply")
class ConversationFlagOk(Frame, frozen=True, gc=False):
    """It is set."""


@frame(
    0x0112,
    "CONVERSATION_PIN",
    "client",
    "request",
    reply="CONVERSATION_PIN_OK",
    rules=(
        "At most 100 conversations can be pinned. All connections of the user get CONVERSATION_LISTED. A "
        "conversation that the user is no longer in is ignored.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "TOO_MANY_ENTRIES"),
)
class ConversationPin(Frame, frozen=True, gc=False):
    """Pins a conversation to the top of the user's list, or unpins it (RX-09)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    pinned: A[bool, Bool(), "False: unpin it."]


@frame(0x8112, "CONVERSATION_PIN_OK", "server", "reply")
class ConversationPinOk(Frame, frozen=True, gc=False):
    """The conversation is pinned or unpinned."""


@frame(
    0x0113,
    "CONVERSATION_REMOVE",
    "client",
    "request",
    reply="CONVERSATION_REMOVE_OK",
    rules=(
        "Its messages stay; CONVERSATION_CLEAR deletes them for the user. The next message brings it back. It is "
        "no longer pinned. A conversation whose messages are not stored stays in the list.",
        "All connections of the user get CONVERSATION_LISTED.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "ADMIN_REQUIRED"),
)
class ConversationRemove(Frame, frozen=True, gc=False):
    """Removes a conversation from the user's list (RX-09)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8113, "CONVERSATION_REMOVE_OK", "server", "reply")
class ConversationRemoveOk(Frame, frozen=True, gc=False):
    """The conversation is removed from the list."""


@frame(0x400E, "CONVERSATION_LISTED", "server", "push")
class ConversationListed(Frame, frozen=True, gc=False):
    """The user has pinned or removed a conversation, here or on another device (RX-09, ID-05)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    pinned_ms: A[int, U64, "When it was pinned; 0: it is not pinned."]
    removed: A[bool, Bool(), "True: it is not in the list until its next message."]


@frame(0x400F, "CONVERSATION_FLAGGED", "server", "push")
class ConversationFlagged(Frame, frozen=True, gc=False):
    """The user's MsgFlag has changed, here or on another device (RX-01, ID-05)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    msg_flag: A[MsgFlag, Enum(MsgFlag), "The new MsgFlag."]
    newest_seq: A[
        int,
        Ext(1, U64),
        "The newest SEQ at that time: messages after it are discarded, or are no longer discarded (seq.md).",
    ] = 0


@row("FoundEntry")
class FoundEntry(Struct, frozen=True, gc=False):
    """A message that was found (RX-10)."""

    conversation: A[str, CONVERSATION, "The conversation that it is in."]
    messages: A[
        list[Message],
        StructList(Message, 20),
        "The message: one today; later versions may add more from the same conversation.",
    ]


@frame(
    0x0114,
    "SEARCH",
    "client",
    "request",
    reply="SEARCH_OK",
    rules=(
        "A message must contain all of the words, each as a word or as part of one, in upper or lower case. The "
        "server searches texts, names of files and places, descriptions of custom elements, and titles and lines "
        "of forwarded messages.",
        "Messages that the user may not read or has deleted, or that nobody can read any more, are not found. App "
        "administrators who name a conversation search everything in it.",
        "An answer may have fewer messages than there are, or none, and still have a cursor: the server looks at "
        "about 10,000 messages at a time. Ask again until the cursor is empty, or the user has seen enough.",
        "Within a conversation the newest messages come first; conversations are ordered by id.",
        "A cursor is only a position: send it with the same words, sender, times and conversation.",
        "The request counts as a read (LI-01).",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "NO_SUCH_GROUP", "TOO_FREQUENT"),
)
class Search(Frame, frozen=True, gc=False):
    """Searches the messages that the user may read (RX-10)."""

    words: A[str, str16(512), "Up to 10 words, separated by spaces; empty: any message of `sender`."]
    cursor: A[bytes, CURSOR, "The cursor of the previous answer; empty: from the beginning."]
    limit: A[int, U16, "Messages in one answer, at most 50; 0 means 20."]
    conversation: A[
        str, Ext(1, CONVERSATION_OR_NONE), "Search only this conversation; absent: all that the user is in."
    ] = ""
    sender: A[str, Ext(2, USER_OR_NONE), "Only messages of this user."] = ""
    from_time_ms: A[int, Ext(3, U64), "Only messages from then on."] = 0
    to_time_ms: A[int, Ext(4, U64), "Only messages up to then."] = 0


@frame(0x8114, "SEARCH_OK", "server", "reply")
class SearchOk(Frame, frozen=True, gc=False):
    """Messages that were found."""

    found: A[list[FoundEntry], StructList(FoundEntry, 100), "The messages."]
    cursor: A[bytes, CURSOR, "The cursor for the next request; empty: this was the last answer."]
