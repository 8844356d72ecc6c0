"""Frames of app administrators about API keys of back ends (ID-08), and the audit log."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.frames.kinds import PAGE_CURSOR, USER, USER_OR_NONE
from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U16, U32, U64, StrList, StructList, str8, str16

KEY_ID = str8(32, 1, one_line=True)
SCOPE = str8(32, 1, one_line=True)
SCOPES_MAX = 20
NAME = str8(64, 1, one_line=True)


@row("ApiKey")
class ApiKey(Struct, frozen=True, gc=False):
    """An API key, without its secret."""

    key_id: A[str, KEY_ID, "Its public part, with which its secret begins."]
    name: A[str, NAME, "What it is for."]
    scopes: A[list[str], StrList(SCOPE, SCOPES_MAX), "What it may do."]
    acts_as: A[str, USER, "The app administrator in whose name it acts."]
    created_by: A[str, USER, "Who made it."]
    created_ms: A[int, U64, "When, in milliseconds since 1970."]
    expires_ms: A[int, U64, "When it counts no more; 0: never."]
    per_s: A[int, U32, "Requests that it may make in a second, in each process of the server; 0: any number."]
    used_ms: A[int, U64, "When it was used last, to the minute; 0: never."]


@frame(
    0x0F91,
    "ADMIN_KEY_CREATE",
    "client",
    "request",
    reply="ADMIN_KEY_CREATE_OK",
    rules=(
        "The server keeps only the SHA-256 of the secret: nobody is told the secret again.",
        "Scopes are `messages:read`, `messages:write`, `groups:read`, `groups:write`, `users:read`, `users:write`, "
        "`personal-data`, `server:read`, `server:write` and `all`.",
        "An app has at most 1,000 keys, with those that have expired.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "TOO_MANY_ENTRIES", "OVERLOADED"),
    admin=True,
)
class AdminKeyCreate(Frame, frozen=True, gc=False):
    """Makes an API key for a back end (ID-08)."""

    name: A[str, NAME, "What it is for."]
    scopes: A[list[str], StrList(SCOPE, SCOPES_MAX, 1), "What it may do."]
    acts_as: A[str, USER_OR_NONE, "The app administrator in whose name it acts; empty: who asks."]
    expires_ms: A[int, U64, "When it counts no more, in milliseconds since 1970; 0: never."]
    per_s: A[int, U32, "Requests that it may make in a second, in each process of the server; 0: any number."]


@frame(0x8F91, "ADMIN_KEY_CREATE_OK", "server", "reply", admin=True)
class AdminKeyCreateOk(Frame, frozen=True, gc=False):
    """The key is made."""

    secret: A[str, str8(128, 1), "The secret: the key id, a dot, and 256 random bits."]
    key: A[list[ApiKey], StructList(ApiKey, 1000), "The key, alone in the list."]


@frame(
    0x0F92,
    "ADMIN_KEYS",
    "client",
    "request",
    reply="ADMIN_KEYS_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminKeys(Frame, frozen=True, gc=False):
    """Asks for a page of the API keys (ID-08)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means as many as fit."]


@frame(0x8F92, "ADMIN_KEYS_OK", "server", "reply", admin=True)
class AdminKeysOk(Frame, frozen=True, gc=False):
    """A page of keys, by id."""

    keys: A[list[ApiKey], StructList(ApiKey, 1000), "The keys."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0F93,
    "ADMIN_KEY_REVOKE",
    "client",
    "request",
    reply="ADMIN_KEY_REVOKE_OK",
    rules=("Every process of the server refuses the key after a second at the latest.",),
    errors=("ADMIN_REQUIRED", "NO_SUCH_KEY", "OVERLOADED"),
    admin=True,
)
class AdminKeyRevoke(Frame, frozen=True, gc=False):
    """Revokes an API key (ID-08)."""

    key_id: A[str, KEY_ID, "The key."]


@frame(0x8F93, "ADMIN_KEY_REVOKE_OK", "server", "reply", admin=True)
class AdminKeyRevokeOk(Frame, frozen=True, gc=False):
    """The key is revoked."""


@row("AuditEntry")
class AuditEntry(Struct, frozen=True, gc=False):
    """A change in the audit log."""

    time_ms: A[int, U64, "When it began, in milliseconds since 1970."]
    entry_id: A[str, str8(64), "Its id in the log."]
    user_id: A[str, USER_OR_NONE, "In whose name it was done."]
    key_id: A[str, str8(32), "The API key of the back end; empty: it has none."]
    api: A[str, str8(32), "Through which API it came; `client`: through a connection of a client."]
    address: A[str, str8(64), "The caller's address."]
    request_id: A[str, str8(64), "The id of the HTTP request; empty: it was none."]
    operation: A[str, str8(64), "What was done."]
    about: A[str, str16(20000), "To what: JSON, the ids in the request by field. Never bodies, secrets or tokens."]
    code: A[int, U32, "0: it was done; else the number of the error. 4294967295: no result is written."]


@frame(
    0x0F94,
    "ADMIN_AUDIT",
    "client",
    "request",
    reply="ADMIN_AUDIT_OK",
    rules=(
        "A change is written before it is carried out, its result after it. Without a result it is under way, or the "
        "process has died: it may or may not have been carried out.",
        "A page may be empty and have a `next`: the server looks at a bounded part of the log for each page.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminAudit(Frame, frozen=True, gc=False):
    """Asks for a page of the audit log: what app administrators and back ends have changed."""

    from_ms: A[int, U64, "Changes from this time on, in milliseconds since 1970; 0: from the first one on."]
    to_ms: A[int, U64, "Changes up to this time; 0: up to the last one."]
    who: A[str, USER_OR_NONE, "Only changes by this user or this API key; empty: by all."]
    operation: A[
        str, str8(64, one_line=True), "Only changes by this operation, such as `GROUP_DISSOLVE`; empty: by any."
    ]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means as many as fit."]


@frame(0x8F94, "ADMIN_AUDIT_OK", "server", "reply", admin=True)
class AdminAuditOk(Frame, frozen=True, gc=False):
    """A page of changes, the oldest first."""

    entries: A[list[AuditEntry], StructList(AuditEntry, 1000), "The changes."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]
