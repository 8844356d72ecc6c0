"""Requests of app administrators about what the server does now (OP-02)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import HotSort, SlowSort
from rcim.service.bounds import U16, Text
from rcim.service.requests.kinds import CONVERSATION, USER_OR_NONE, Request

SEARCH = Text(255, one_line=True)


class AdminHot(Request, frozen=True, gc=False):
    """Asks for a page of the conversations in memory, by what they do."""

    sort: HotSort = HotSort.IN_10S
    ascending: bool = False
    search: A[str, SEARCH] = ""
    skip: A[int, U16] = 0
    limit: A[int, U16] = 0


class AdminActivity(Request, frozen=True, gc=False):
    """Asks what one conversation does, and who sends most in it."""

    conversation: A[str, CONVERSATION]


class AdminSlow(Request, frozen=True, gc=False):
    """Asks for connections by what they have not taken."""

    sort: SlowSort = SlowSort.QUEUED
    ascending: bool = False
    user_id: A[str, USER_OR_NONE] = ""
    search: A[str, SEARCH] = ""
    limit: A[int, U16] = 0


class AdminProcesses(Request, frozen=True, gc=False):
    """Asks what each process of the server uses."""
