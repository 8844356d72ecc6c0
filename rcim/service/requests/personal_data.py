"""Requests of app administrators about what the server has of one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.service.bounds import Data, Items
from rcim.service.requests.kinds import CONVERSATION, CURSOR, USER, Request


class AdminUserUnread(Request, frozen=True, gc=False):
    """Asks how many messages a user has not read, by conversation; of `conversations` only, if any are named (AB-07)."""

    user_id: A[str, USER]
    conversations: A[Sequence[str], Items(100, each=CONVERSATION)] = ()


class AdminUserExport(Request, frozen=True, gc=False):
    """Asks for the next part of all that is kept of a person, as lines of JSON (AB-06)."""

    user_id: A[str, USER]
    cursor: A[str, CURSOR] = ""


class AdminUserErase(Request, frozen=True, gc=False):
    """Erases all that is kept of a person, a step at a time (AB-06)."""

    user_id: A[str, USER]
    cursor: A[bytes, Data(1024)] = b""
