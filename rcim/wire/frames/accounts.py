"""Frames of app administrators about users: accounts, profiles, groups, mutes (ID-09, AB-05, GR-10, SC-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import Gender
from rcim.wire.frames.groups import PROFILE_RULE, AddedEntry
from rcim.wire.frames.kinds import FACE_URL, GROUP, NICKNAME, PAGE_CURSOR, SIGNATURE, USER, USERS_MAX, CustomField
from rcim.wire.frames.members import Until
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U32, U64, Bool, Enum, StrList, StructList


@frame(
    0x0F0C,
    "ADMIN_USER_MUTE",
    "client",
    "request",
    reply="ADMIN_USER_MUTE_OK",
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "TOO_MANY_ENTRIES"),
    admin=True,
)
class AdminUserMute(Frame, frozen=True, gc=False):
    """Mutes users in every chat room for a time, or ends that (SC-04)."""

    users: A[list[str], StrList(USER, USERS_MAX, 1), "The users: 1 to 500."]
    seconds: A[int, U32, "0 ends the mute, 4294967295 is without an end."]


@frame(0x8F0C, "ADMIN_USER_MUTE_OK", "server", "reply", admin=True)
class AdminUserMuteOk(Frame, frozen=True, gc=False):
    """The mutes are set or lifted."""


@frame(
    0x0F0D,
    "ADMIN_USER_MUTED",
    "client",
    "request",
    reply="ADMIN_USER_MUTED_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminUserMuted(Frame, frozen=True, gc=False):
    """Asks for a page of the users who are muted in every chat room (SC-04)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x8F0D, "ADMIN_USER_MUTED_OK", "server", "reply", admin=True)
class AdminUserMutedOk(Frame, frozen=True, gc=False):
    """A page of the muted users, by user id."""

    muted: A[list[Until], StructList(Until, 1000), "The muted."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0F86,
    "ADMIN_USER_BLOCK",
    "client",
    "request",
    reply="ADMIN_USER_BLOCK_OK",
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "TOO_MANY_ENTRIES"),
    admin=True,
)
class AdminUserBlock(Frame, frozen=True, gc=False):
    """Keeps users from logging in for a time and logs them out, or lets them log in again (ID-09)."""

    users: A[list[str], StrList(USER, USERS_MAX, 1), "The users: 1 to 500."]
    seconds: A[int, U32, "0 ends the block, 4294967295 is without an end."]


@frame(0x8F86, "ADMIN_USER_BLOCK_OK", "server", "reply", admin=True)
class AdminUserBlockOk(Frame, frozen=True, gc=False):
    """The blocks are set or lifted."""


@frame(
    0x0F87,
    "ADMIN_USER_BLOCKED",
    "client",
    "request",
    reply="ADMIN_USER_BLOCKED_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminUserBlocked(Frame, frozen=True, gc=False):
    """Asks for a page of the users who are kept from logging in (ID-09)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x8F87, "ADMIN_USER_BLOCKED_OK", "server", "reply", admin=True)
class AdminUserBlockedOk(Frame, frozen=True, gc=False):
    """A page of the users who are kept from logging in, by user id."""

    blocked: A[list[Until], StructList(Until, 1000), "The blocked."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@row("Account")
class Account(Struct, frozen=True, gc=False):
    """A user with nickname and face URL."""

    user_id: A[str, USER, "UserID."]
    nickname: A[str, NICKNAME, "Nick; may be empty."]
    face_url: A[str, FACE_URL, "FaceUrl; may be empty."]


@row("AccountStatus")
class AccountStatus(Struct, frozen=True, gc=False):
    """Whether a user is known."""

    user_id: A[str, USER, "UserID."]
    imported: A[bool, Bool(), "True if the account was imported, or has set a profile."]
    online: A[bool, Bool(), "True if the user is logged in now."]
    groups: A[int, U32, "The number of groups that the user is in."]
    valid_from_ms: A[int, U64, "UserSigs made before this are refused; 0: none was ever invalidated."]
    system_sender: A[
        bool, Ext(30, Bool()), "True if the account only sends in the app's name and cannot log in (SY-06)."
    ] = False


@frame(
    0x0F0E,
    "ADMIN_ACCOUNTS_IMPORT",
    "client",
    "request",
    reply="ADMIN_ACCOUNTS_IMPORT_OK",
    rules=(
        "An existing account keeps the fields that are not given. Each account is handled separately: see its "
        "result.",
        PROFILE_RULE,
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminAccountsImport(Frame, frozen=True, gc=False):
    """Imports accounts (ID-09)."""

    accounts: A[list[Account], StructList(Account, USERS_MAX, 1), "1 to 100 of them."]


@frame(0x8F0E, "ADMIN_ACCOUNTS_IMPORT_OK", "server", "reply", admin=True)
class AdminAccountsImportOk(Frame, frozen=True, gc=False):
    """The result for each."""

    results: A[list[AddedEntry], StructList(AddedEntry, USERS_MAX), "In the order of the request."]


@frame(
    0x0F0F,
    "ADMIN_ACCOUNTS_DELETE",
    "client",
    "request",
    reply="ADMIN_ACCOUNTS_DELETE_OK",
    rules=(
        "The user is logged out everywhere, the profile is removed, and the user leaves all groups. A group that "
        "the user owned goes on without an owner. The user's messages stay. Earlier UserSigs are refused.",
        "All of that has been done when the reply comes. Users who are logged out by it get no GROUP_GONE.",
        "One-to-one conversations stay for the other users; a later user with the same id sees nothing of them. "
        "The black and white list of the deleted user are emptied; other users' lists keep the id.",
        "An application that the user made stays until it is decided. An unknown user (nothing stored, in no "
        "group) gets ALREADY; their UserSigs are refused all the same. An administrator can't delete their own "
        "account (BAD_PARAMETER).",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminAccountsDelete(Frame, frozen=True, gc=False):
    """Deletes accounts (ID-09)."""

    users: A[list[str], StrList(USER, USERS_MAX, 1), "1 to 100 of them."]


@frame(0x8F0F, "ADMIN_ACCOUNTS_DELETE_OK", "server", "reply", admin=True)
class AdminAccountsDeleteOk(Frame, frozen=True, gc=False):
    """The result for each."""

    results: A[
        list[AddedEntry], StructList(AddedEntry, USERS_MAX), "ADDED: deleted; ALREADY: there was no such account."
    ]


@frame(
    0x0F10,
    "ADMIN_ACCOUNTS_QUERY",
    "client",
    "request",
    reply="ADMIN_ACCOUNTS_QUERY_OK",
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminAccountsQuery(Frame, frozen=True, gc=False):
    """Asks which users are known (ID-09)."""

    users: A[list[str], StrList(USER, USERS_MAX, 1), "1 to 100 of them."]


@frame(0x8F10, "ADMIN_ACCOUNTS_QUERY_OK", "server", "reply", admin=True)
class AdminAccountsQueryOk(Frame, frozen=True, gc=False):
    """Each of them."""

    accounts: A[list[AccountStatus], StructList(AccountStatus, USERS_MAX), "In the order of the request."]


@frame(
    0x0F11,
    "ADMIN_ACCOUNT_INVALIDATE",
    "client",
    "request",
    reply="ADMIN_ACCOUNT_INVALIDATE_OK",
    rules=(
        "UserSigs made up to now are refused from now on (USERSIG_INVALIDATED). New ones have a TLS.time of "
        "`valid_from_ms` / 1000 or later: that is the next second, and a UserSig with that date is accepted at "
        "once.",
        "If UserSigs of the last hour were dated ahead of the server's clock, `valid_from_ms` is later by the "
        "same time, at most 60 s, so that UserSigs made earlier by a fast clock are refused too.",
        "Requests of the user that are still waiting are refused with NOT_PERMITTED.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminAccountInvalidate(Frame, frozen=True, gc=False):
    """Logs a user out everywhere and refuses its older signatures (ID-09)."""

    user_id: A[str, USER, "The user."]


@frame(0x8F11, "ADMIN_ACCOUNT_INVALIDATE_OK", "server", "reply", admin=True)
class AdminAccountInvalidateOk(Frame, frozen=True, gc=False):
    """The user is logged out, and the older signatures are refused."""

    valid_from_ms: A[int, U64, "UserSigs made before this are refused."]


@frame(
    0x0F12,
    "ADMIN_PROFILE_SET",
    "client",
    "request",
    reply="ADMIN_PROFILE_SET_OK",
    rules=("Absent fields stay as they are. Either all of it is done or nothing.", PROFILE_RULE),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminProfileSet(Frame, frozen=True, gc=False):
    """Sets a user's profile (AB-05)."""

    user_id: A[str, USER, "The user."]
    nickname: A[str | None, Ext(1, NICKNAME), "Nickname."] = None
    face_url: A[str | None, Ext(2, FACE_URL), "Face URL."] = None
    gender: A[Gender | None, Ext(3, Enum(Gender)), "Gender."] = None
    signature: A[str | None, Ext(4, SIGNATURE), "Signature."] = None
    fields: A[
        Sequence[CustomField],
        Ext(5, StructList(CustomField, 20)),
        "Custom fields to set; an empty value removes a field.",
    ] = ()


@frame(0x8F12, "ADMIN_PROFILE_SET_OK", "server", "reply", admin=True)
class AdminProfileSetOk(Frame, frozen=True, gc=False):
    """The profile is stored."""


@row("GroupResult")
class GroupResult(Struct, frozen=True, gc=False):
    """The result for one group."""

    group_id: A[str, GROUP, "The group."]
    joined: A[bool, Bool(), "True: the user should be in the group; false: should not."]
    code: A[int, U32, "0: done; else the number of the error."]


@frame(
    0x0F13,
    "ADMIN_GROUPS_SYNC",
    "client",
    "request",
    reply="ADMIN_GROUPS_SYNC_OK",
    rules=(
        "The user joins the listed groups and leaves all others; groups where nothing changes cost nothing. It "
        "does not matter whether a group takes applications; its cap does.",
        "Each group is handled separately: see its result. Groups in which nothing changed are left out. The "
        "owner of a group whose type does not let its owner leave stays in it (OWNER_MAY_NOT_LEAVE); a blocked "
        "user is not added (BLOCKED).",
        "If the type lets nobody do something, not even an app administrator, it is not done here either "
        "(NOT_PERMITTED): adding where `invite` is nobody (GT-07), removing where `kick` is nobody (GT-10), as in "
        "an AVChatRoom.",
        "The user need not have an account yet. A user who is removed gets GROUP_GONE with REMOVED; the other "
        "members see JOINED or LEFT without an operator.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminGroupsSync(Frame, frozen=True, gc=False):
    """Makes the user's groups match the app's own data (GR-10)."""

    user_id: A[str, USER, "The user."]
    groups: A[list[str], StrList(GROUP, 1000), "All groups that the user should be in."]


@frame(0x8F13, "ADMIN_GROUPS_SYNC_OK", "server", "reply", admin=True)
class AdminGroupsSyncOk(Frame, frozen=True, gc=False):
    """The changes that were made, and those that failed."""

    results: A[
        list[GroupResult],
        StructList(GroupResult, 1000),
        "First the failures, then the changes, each by group id; at most 700 in all.",
    ]
    left_out: A[int, Ext(1, U32), "The number of further changes, which are not listed."] = 0
