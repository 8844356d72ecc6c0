"""Requests of app administrators about accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import Gender
from rcim.service.bounds import U16, U32, Items, Text
from rcim.service.requests.kinds import CURSOR, GROUP, USER, USERS, Account, Fields, Request


class AdminUserMute(Request, frozen=True, gc=False):
    """Keeps users from sending in every chat room for a time, or lets them again (SC-04)."""

    users: A[Sequence[str], USERS]
    seconds: A[int, U32]


class AdminUserMuted(Request, frozen=True, gc=False):
    """Asks for a page of those who are muted in every chat room (SC-04)."""

    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class AdminUserBlock(Request, frozen=True, gc=False):
    """Keeps users from logging in for a time, or lets them again (ID-09)."""

    users: A[Sequence[str], USERS]
    seconds: A[int, U32]


class AdminUserBlocked(Request, frozen=True, gc=False):
    """Asks for a page of those who are kept from logging in (ID-09)."""

    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class AdminAccountsImport(Request, frozen=True, gc=False):
    """Imports accounts (ID-09)."""

    accounts: A[Sequence[Account], Items(500, 1)]


class AdminAccountsDelete(Request, frozen=True, gc=False):
    """Deletes accounts (ID-09)."""

    users: A[Sequence[str], USERS]


class AdminAccountsQuery(Request, frozen=True, gc=False):
    """Asks which users are known (ID-09)."""

    users: A[Sequence[str], USERS]


class AdminAccountInvalidate(Request, frozen=True, gc=False):
    """Logs a user out everywhere and refuses its older signatures (ID-09)."""

    user_id: A[str, USER]


class AdminProfileSet(Request, frozen=True, gc=False):
    """Sets a user's profile (AB-05)."""

    user_id: A[str, USER]
    nickname: A[str | None, Text(120)] = None
    face_url: A[str | None, Text(100)] = None
    gender: Gender | None = None
    signature: A[str | None, Text(500)] = None
    fields: A[Fields, Items(20)] = ()


class AdminGroupsSync(Request, frozen=True, gc=False):
    """Makes a user's groups those of the app's own data (GR-10)."""

    user_id: A[str, USER]
    groups: A[Sequence[str], Items(1000, each=GROUP)]
