"""Requests about a user's conversations: sync, list, flags, read up to."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import MsgFlag
from rcim.service.bounds import U16, Data, Number
from rcim.service.requests.kinds import CONVERSATION, USER_OR_NONE, Request


class Sync(Request, frozen=True, gc=False):
    """Asks what has changed in all of the user's conversations, or in those of `user_id` (RX-03)."""

    cursor: A[bytes, Data(1024)] = b""
    limit: A[int, U16] = 0
    messages: A[int, Number(20)] = 0
    user_id: A[str, USER_OR_NONE] = ""


class ConversationFlag(Request, frozen=True, gc=False):
    """Sets the user's own MsgFlag: whether it wants to be disturbed (RX-01, RX-02)."""

    conversation: A[str, CONVERSATION]
    msg_flag: MsgFlag


class ConversationPin(Request, frozen=True, gc=False):
    """Puts a conversation on top of the user's list, or no longer (RX-09)."""

    conversation: A[str, CONVERSATION]
    pinned: bool


class ConversationRemove(Request, frozen=True, gc=False):
    """Takes a conversation out of the user's list, or that of `user_id` (RX-09)."""

    conversation: A[str, CONVERSATION]
    user_id: A[str, USER_OR_NONE] = ""
