"""Requests of app administrators about API keys of back ends (ID-08), and the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.service.bounds import U16, U32, U64, Items, Text
from rcim.service.requests.kinds import CURSOR, USER_OR_NONE, Request

KEY_ID = Text(32, 1, one_line=True)
SECRET = Text(128, 1)
SCOPE = Text(32, 1, one_line=True)


class AdminKeyCreate(Request, frozen=True, gc=False):
    """Makes an API key (ID-08). `acts_as` empty: whoever asks; `expires_ms` 0: never; `per_s` 0: any number."""

    name: A[str, Text(64, 1, one_line=True)]
    scopes: A[Sequence[str], Items(20, 1, each=SCOPE)]
    acts_as: A[str, USER_OR_NONE] = ""
    expires_ms: A[int, U64] = 0
    per_s: A[int, U32] = 0


class AdminKeys(Request, frozen=True, gc=False):
    """Asks for a page of the API keys, without their secrets (ID-08)."""

    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class AdminKeyRevoke(Request, frozen=True, gc=False):
    """Revokes an API key: it counts no more (ID-08)."""

    key_id: A[str, KEY_ID]


class AdminKeyUse(Request, frozen=True, gc=False):
    """Asks whose secret this is, and notes that the key is in use (ID-08). Only the server itself asks."""

    secret: A[str, SECRET]


class AdminAudit(Request, frozen=True, gc=False):
    """Asks for a page of the audit log, the oldest changes first. `from_ms` and `to_ms` 0: any time; `who`, a user or an
    API key, and `operation` empty: any."""

    from_ms: A[int, U64] = 0
    to_ms: A[int, U64] = 0
    who: A[str, USER_OR_NONE] = ""
    operation: A[str, Text(64, one_line=True)] = ""
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0
