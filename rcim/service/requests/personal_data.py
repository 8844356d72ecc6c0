"""Requests of app administrators about what the server has of one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.service.bounds import Items
from rcim.service.requests.kinds import CONVERSATION, USER, Request


class AdminUserUnread(Request, frozen=True, gc=False):
    """Asks how many messages a user has not read, by conversation; of `conversations` only, if any are named (AB-07)."""

    user_id: A[str, USER]
    conversations: A[Sequence[str], Items(100, each=CONVERSATION)] = ()
