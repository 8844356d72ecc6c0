"""Requests about push tokens (PU-03)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.service.bounds import Text
from rcim.service.requests.kinds import USER, USER_OR_NONE, Request

DEVICE_ID = Text(64, 1, one_line=True)
PROVIDER = Text(32, 1, one_line=True)


class PushTokenSet(Request, frozen=True, gc=False):
    """Registers the token by which a push service knows a device of the user (PU-03)."""

    device_id: A[str, DEVICE_ID]
    provider: A[str, PROVIDER]
    token: A[str, Text(16384)]
    topic: A[str, Text(200, one_line=True)] = ""
    sandbox: bool = False
    language: A[str, Text(35, one_line=True)] = ""
    user_id: A[str, USER_OR_NONE] = ""


class PushTokenRemove(Request, frozen=True, gc=False):
    """Removes push tokens of the user (PU-03)."""

    device_id: A[str, Text(64, one_line=True)] = ""
    provider: A[str, Text(32, one_line=True)] = ""
    user_id: A[str, USER_OR_NONE] = ""


class PushTokens(Request, frozen=True, gc=False):
    """Asks for the push tokens of the user (PU-03)."""

    user_id: A[str, USER_OR_NONE] = ""


class AdminPushTest(Request, frozen=True, gc=False):
    """Sends the devices of a user a push, to see whether it arrives (PU-01)."""

    user_id: A[str, USER]
    title: A[str, Text(200, one_line=True)]
    text: A[str, Text(1000)]
