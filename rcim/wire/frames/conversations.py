"""Frames of a user's conversations: what has changed since it was last told (RX-03, RX-04), and how it wants them (RX-01,
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
    """A stretch of messages."""

    from_seq: A[int, U64, "The first SEQ."]
    to_seq: A[int, U64, "The last; 0: it goes on."]


@row("ConversationEntry")
class ConversationEntry(Struct, frozen=True, gc=False):
    """A conversation as its user finds it (RX-03)."""

    conversation: A[str, CONVERSATION, "Its id."]
    type_: A[str, str8(32), "The name of its group type; `C2C` for a one-to-one conversation."]
    name: A[str, str8(30, one_line=True), "The group's name."]
    face_url: A[str, FACE_URL, "The group's face URL."]
    newest_seq: A[int, U64, "The newest SEQ; 0 if there is no message."]
    first_seq: A[
        int,
        U64,
        "The least SEQ that the user may see; above `newest_seq` if there is none. What is too old and not removed yet "
        "is not given by HISTORY, whose own `first_seq` is exact.",
    ]
    joined_seq: A[int, U64, "The newest SEQ when the user joined."]
    read_seq: A[int, U64, "MsgSeq: the user has read up to here."]
    unread: A[int, U32, "Messages behind that which count, 100 at the most; 0 where the type counts none (GT-19)."]
    last_time_ms: A[int, U64, "When its last message came, or it was made."]
    msg_flag: A[MsgFlag, Enum(MsgFlag), "The user's MsgFlag (RX-01, RX-02)."]
    role: A[int, U8, "The user's role in a group: 1 Member, 2 Admin, 3 Owner."]
    mentions: A[int, Ext(1, U32), "How many of the unread messages mention the user (MS-07)."] = 0
    mention_seq: A[int, Ext(2, U64), "The oldest of them."] = 0
    pinned_ms: A[int, Ext(3, U64), "When the user pinned it; absent: it is not pinned (RX-09)."] = 0
    removed: A[bool, Ext(4, Bool()), "True if the user removed it from its list, and there was no message since."] = (
        False
    )
    unstored: A[
        bool,
        Ext(5, Bool()),
        "True where messages are not stored: `newest_seq` then says nothing; begin at the first DELIVER (seq.md).",
    ] = False
    altered: A[
        Sequence[SeqEntry],
        Ext(6, StructList(SeqEntry, 1000)),
        "Messages that were recalled, edited or deleted since: read them again.",
    ] = ()
    reread: A[
        bool,
        Ext(7, Bool()),
        "True if more have changed than are named: forget all messages of it, and read them again.",
    ] = False
    uncounted: A[bool, Ext(8, Bool()), "True where the group's type counts no unread messages (GT-19)."] = False
    messages: A[
        Sequence[Message],
        Ext(9, StructList(Message, 20)),
        "The last message; or the newest unread ones, oldest first, if they were asked for.",
    ] = ()
    cleared_seq: A[int, Ext(10, U64), "The user has deleted for itself all messages up to this one (MS-10)."] = 0
    unheard: A[
        Sequence[SeqRange],
        Ext(11, StructList(SeqRange, 100)),
        "Messages that were not meant to come by DELIVER, oldest first: imported, or said while MsgFlag was DISCARD. "
        "They are no gap (seq.md).",
    ] = ()
    applications: A[
        int,
        Ext(12, U32),
        "How many applications to join wait for a decision, if the user may decide, 100 at the most "
        "(GROUP_APPLICATIONS lists them).",
    ] = 0


@frame(
    0x0110,
    "SYNC",
    "client",
    "request",
    reply="SYNC_OK",
    rules=(
        "Begin with an empty cursor. Each answer has the next one: with `more` ask again at once, else keep it, as long "
        "as what was told is kept, and ask with it after the next login: then only what has changed since comes.",
        "Conversations come with the newest change first. What changes meanwhile comes by push, and in the next sync.",
        "`messages` is how a client wants what it has missed (RX-04): 0 for the last message of each conversation, 1 to "
        "20 for so many of the newest unread ones, and none where nothing is unread.",
        "Of one sync the first 50 conversations that have any count their unread messages, and 100 of each; older ones "
        "stay in history.",
        "It counts as a read (LI-01).",
        "A guest is answered too, and has no conversations.",
    ),
    errors=("BAD_PARAMETER", "TOO_FREQUENT"),
)
class Sync(Frame, frozen=True, gc=False):
    """Asks what has changed in all of the user's conversations (RX-03)."""

    cursor: A[bytes, CURSOR, "Of the answer before; empty: everything."]
    limit: A[int, U16, "Conversations on a page; 0, or more than the server allows, is 100."]
    messages: A[int, Int("u8", (0, 20)), "Unread messages with each (RX-04)."]


@frame(0x8110, "SYNC_OK", "server", "reply")
class SyncOk(Frame, frozen=True, gc=False):
    """A page of conversations that have changed."""

    conversations: A[list[ConversationEntry], StructList(ConversationEntry, 1000), "The newest change first."]
    gone: A[list[str], StrList(CONVERSATION, 1000), "Conversations that the user is in no longer. On the first page."]
    cursor: A[bytes, CURSOR, "What to ask with next."]
    more: A[bool, Bool(), "True if there are more pages of this sync."]
    reset: A[
        bool,
        Bool(),
        "True if the cursor was too old, or of another server: this is the first page of everything instead.",
    ]


@row("HeadEntry")
class HeadEntry(Struct, frozen=True, gc=False):
    """How far a conversation is."""

    conversation: A[str, CONVERSATION, "Its id."]
    newest_seq: A[int, U64, "Its newest SEQ."]


@frame(
    0x4010,
    "HEADS",
    "server",
    "push",
    rules=(
        "It comes after PONG, of conversations that had a message since the last HEADS of this connection (the first "
        "time: since login) and of which the user gets anything delivered (RX-01), the latest "
        "100 of them; if there are none it does not come.",
        "It comes behind what it tells of: whatever was to come by DELIVER has come before. A newest SEQ that a client "
        "has not got is one that was left out: ask HISTORY (seq.md).",
    ),
)
class Heads(Frame, frozen=True, gc=False):
    """The newest SEQ of active conversations, with each heartbeat: a lost last message shows in nothing else (RX-05)."""

    heads: A[list[HeadEntry], StructList(HeadEntry, 1000), "The conversations."]


@frame(
    0x0111,
    "CONVERSATION_FLAG",
    "client",
    "request",
    reply="CONVERSATION_FLAG_OK",
    rules=(
        "In a group it is what GROUP_MEMBER_SET does. A one-to-one conversation can't be discarded.",
        "All connections of the user get CONVERSATION_FLAGGED.",
        "Before the first message of a one-to-one conversation it makes the conversation, for both: who may not send to "
        "the other gets BLACKLISTED or NOT_WHITELISTED (SC-07).",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER", "BAD_PARAMETER", "BLACKLISTED", "NOT_WHITELISTED"),
)
class ConversationFlag(Frame, frozen=True, gc=False):
    """Sets the user's own MsgFlag: whether it wants to be disturbed (RX-01, RX-02)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    msg_flag: A[MsgFlag, Enum(MsgFlag), "From now on."]


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
        "Up to 100 are pinned. All connections of the user get CONVERSATION_LISTED. What the user is in no longer is "
        "passed over.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "TOO_MANY_ENTRIES"),
)
class ConversationPin(Frame, frozen=True, gc=False):
    """Puts a conversation on top of the user's list, or no longer (RX-09)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    pinned: A[bool, Bool(), "False: no longer."]


@frame(0x8112, "CONVERSATION_PIN_OK", "server", "reply")
class ConversationPinOk(Frame, frozen=True, gc=False):
    """It is kept."""


@frame(
    0x0113,
    "CONVERSATION_REMOVE",
    "client",
    "request",
    reply="CONVERSATION_REMOVE_OK",
    rules=(
        "Its messages stay; CONVERSATION_CLEAR deletes them for the user. The next message brings it back. It is pinned "
        "no longer. One whose messages are not stored stays in the list.",
        "All connections of the user get CONVERSATION_LISTED.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER"),
)
class ConversationRemove(Frame, frozen=True, gc=False):
    """Takes a conversation out of the user's list (RX-09)."""

    conversation: A[str, CONVERSATION, "The conversation."]


@frame(0x8113, "CONVERSATION_REMOVE_OK", "server", "reply")
class ConversationRemoveOk(Frame, frozen=True, gc=False):
    """It is kept."""


@frame(0x400E, "CONVERSATION_LISTED", "server", "push")
class ConversationListed(Frame, frozen=True, gc=False):
    """The user has pinned or removed a conversation, here or on another device (RX-09, ID-05)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    pinned_ms: A[int, U64, "Since when it is pinned; 0: it is not."]
    removed: A[bool, Bool(), "True: it is out of the list until its next message."]


@frame(0x400F, "CONVERSATION_FLAGGED", "server", "push")
class ConversationFlagged(Frame, frozen=True, gc=False):
    """The user's MsgFlag is another one, here or on another device (RX-01, ID-05)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    msg_flag: A[MsgFlag, Enum(MsgFlag), "From now on."]
    newest_seq: A[
        int, Ext(1, U64), "The newest SEQ then: what comes behind it is discarded, or is not any more (seq.md)."
    ] = 0


@row("FoundEntry")
class FoundEntry(Struct, frozen=True, gc=False):
    """A message that was looked for (RX-10)."""

    conversation: A[str, CONVERSATION, "Where it is."]
    messages: A[list[Message], StructList(Message, 20), "It; one message now, and more of the same place if ever."]


@frame(
    0x0114,
    "SEARCH",
    "client",
    "request",
    reply="SEARCH_OK",
    rules=(
        "All of the words have to be in a message, as they are or as a part of something, letters in any case: in its "
        "texts, names of files and places, descriptions of custom elements, titles and lines of forwarded messages.",
        "What the user may not read, has deleted, or nobody can read any more is not found. App administrators that name "
        "a conversation search in all that is there.",
        "The answer may hold fewer messages than there are, or none, and still a cursor: the server looks at about "
        "10,000 messages at a time. Ask on until the cursor is empty, or the user has seen enough.",
        "Within a conversation the newest come first; conversations come by their id.",
        "A cursor is a place: ask with the same words, sender, bounds and conversation.",
        "It counts as a read (LI-01).",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "NO_SUCH_GROUP", "TOO_FREQUENT"),
)
class Search(Frame, frozen=True, gc=False):
    """Looks for messages in what the user may read (RX-10)."""

    words: A[str, str16(512), "Up to 10 of them, with spaces between; empty: any message of `sender`."]
    cursor: A[bytes, CURSOR, "Of the answer before; empty: from the beginning."]
    limit: A[int, U16, "Messages in one answer; 0 is 20, at most 50."]
    conversation: A[str, Ext(1, CONVERSATION_OR_NONE), "Only in this one; absent: in all that the user is in."] = ""
    sender: A[str, Ext(2, USER_OR_NONE), "Only what this user has sent."] = ""
    from_time_ms: A[int, Ext(3, U64), "Only messages from then on."] = 0
    to_time_ms: A[int, Ext(4, U64), "Only messages up to then."] = 0


@frame(0x8114, "SEARCH_OK", "server", "reply")
class SearchOk(Frame, frozen=True, gc=False):
    """Messages that were found."""

    found: A[list[FoundEntry], StructList(FoundEntry, 100), "The messages."]
    cursor: A[bytes, CURSOR, "To go on with; empty: there is nothing more."]
