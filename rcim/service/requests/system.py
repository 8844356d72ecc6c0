"""Requests of app administrators about system conversations and the accounts that send in the app's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import Priority
from rcim.service.bounds import U16, Data, Text
from rcim.service.requests.kinds import BODY, CLIENT_MSG_ID, CURSOR, GROUP, USER, USERS, Request


class AdminSystemWriters(Request, frozen=True, gc=False):
    """Asks for a page of the users who have written to a system conversation (SY-01)."""

    group_id: A[str, GROUP]
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class AdminSystemSend(Request, frozen=True, gc=False):
    """Sends a message of a system conversation to named users (SY-01)."""

    group_id: A[str, GROUP]
    users: A[Sequence[str], USERS]
    client_msg_id: A[str, CLIENT_MSG_ID]
    priority: Priority
    body: A[bytes, BODY]
    type_name: A[str, Text(32)] = ""
    cloud_data: A[bytes, Data(8192)] = b""
    push: A[bytes, Data(8192)] = b""


class AdminSenderSet(Request, frozen=True, gc=False):
    """Makes an account one that only sends in the app's name, or an ordinary one (SY-06)."""

    user_id: A[str, USER]
    on: bool
