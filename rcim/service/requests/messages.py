"""Requests about messages: send, read history, alter, search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import Priority
from rcim.service.bounds import U16, U64, Data, Items, Text
from rcim.service.requests.kinds import (
    BODY,
    CLIENT_MSG_ID,
    CONVERSATION,
    CURSOR,
    USER,
    USER_OR_NONE,
    USERS_OR_NONE,
    Request,
)


class Send(Request, frozen=True, gc=False):
    """Sends an ordinary message into a conversation."""

    conversation: A[str, CONVERSATION]
    client_msg_id: A[str, CLIENT_MSG_ID]
    priority: Priority
    body: A[bytes, BODY]
    as_user: A[str, USER_OR_NONE] = ""
    type_name: A[str, Text(32)] = ""
    to: A[Sequence[str], USERS_OR_NONE] = ()
    mentions: A[Sequence[str], USERS_OR_NONE] = ()
    mentions_all: bool = False
    transient: bool = False
    cloud_data: A[bytes, Data(8192)] = b""
    push: A[bytes, Data(8192)] = b""


class AdminSend(Send, frozen=True, gc=False):
    """Sends an ordinary message for the app's back end, with what only the app may say of it (MS-06, MS-09, CB-03)."""

    counted: bool = True
    unasked: bool = False
    untold: bool = False


class History(Request, frozen=True, gc=False):
    """Asks for a page of messages (RX-06)."""

    conversation: A[str, CONVERSATION]
    from_seq: A[int, U64] = 0
    to_seq: A[int, U64] = 0
    limit: A[int, U16] = 0
    backwards: bool = False
    from_time_ms: A[int, U64] = 0
    to_time_ms: A[int, U64] = 0
    seqs: A[Sequence[int], Items(1000, each=U64)] = ()


class MessageRecall(Request, frozen=True, gc=False):
    """Takes a message back (MS-10)."""

    conversation: A[str, CONVERSATION]
    seq: A[int, U64]


class MessageEdit(Request, frozen=True, gc=False):
    """Gives a message other elements (MS-10)."""

    conversation: A[str, CONVERSATION]
    seq: A[int, U64]
    body: A[bytes, BODY]
    mentions: A[Sequence[str] | None, USERS_OR_NONE] = None
    mentions_all: bool | None = None
    cloud_data: A[bytes | None, Data(8192)] = None


class MessageDelete(Request, frozen=True, gc=False):
    """Deletes a message for all (MS-10)."""

    conversation: A[str, CONVERSATION]
    seq: A[int, U64]


class MessagesErase(Request, frozen=True, gc=False):
    """Deletes for all what a user has sent so far (MS-10)."""

    conversation: A[str, CONVERSATION]
    sender: A[str, USER]


class MessagesHide(Request, frozen=True, gc=False):
    """Deletes messages for oneself (MS-10)."""

    conversation: A[str, CONVERSATION]
    messages: A[Sequence[int], Items(1000, 1, each=U64)]


class ConversationClear(Request, frozen=True, gc=False):
    """Deletes all messages that there are for oneself (MS-10)."""

    conversation: A[str, CONVERSATION]


class MessageReceipts(Request, frozen=True, gc=False):
    """Asks who has read a message, or has not (MS-11)."""

    conversation: A[str, CONVERSATION]
    seq: A[int, U64]
    read: bool
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class ConversationRead(Request, frozen=True, gc=False):
    """Says how far the user has read a conversation (MsgSeq, GR-04; MS-11)."""

    conversation: A[str, CONVERSATION]
    seq: A[int, U64]


class Search(Request, frozen=True, gc=False):
    """Looks for messages in what the user may read (RX-10)."""

    words: A[str, Text(512)]
    cursor: A[bytes, Data(1024)] = b""
    limit: A[int, U16] = 0
    conversation: A[str, Text(519, one_line=True)] = ""
    sender: A[str, USER_OR_NONE] = ""
    from_time_ms: A[int, U64] = 0
    to_time_ms: A[int, U64] = 0
