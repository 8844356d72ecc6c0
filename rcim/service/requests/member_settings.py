"""Requests of app administrators about settings of any members (AB-08)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

import msgspec

from rcim.base.terms import MsgFlag
from rcim.service.bounds import U64, Items, Text
from rcim.service.requests.kinds import CONVERSATION, USER, Fields, Request

ROWS_MAX = 100


class MemberChange(msgspec.Struct, frozen=True, gc=False):
    """What is to be set of a user in a conversation; None and empty: it stays as it is."""

    conversation: A[str, CONVERSATION]
    user_id: A[str, USER]
    msg_flag: MsgFlag | None = None
    read_seq: A[int | None, U64] = None
    name_card: A[str | None, Text(255)] = None
    fields: A[Fields, Items(5)] = ()


class MemberPlace(msgspec.Struct, frozen=True, gc=False):
    """A user in a conversation."""

    conversation: A[str, CONVERSATION]
    user_id: A[str, USER]


class AdminMembersSet(Request, frozen=True, gc=False):
    """Sets MsgFlag, read position, name card and fields of any members; each row by itself (AB-08)."""

    rows: A[Sequence[MemberChange], Items(ROWS_MAX, 1)]


class AdminMembersGet(Request, frozen=True, gc=False):
    """Asks for MsgFlag, read position, name card and fields of any members (AB-08)."""

    rows: A[Sequence[MemberPlace], Items(ROWS_MAX, 1)]
