"""Frames of app administrators: groups, connections, counters, notices (AB-01, ID-08, MS-05)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.frames.group_lists import GroupEntry
from rcim.wire.frames.kinds import BODY, GROUP, PAGE_CURSOR, USER, USER_OR_NONE, USERS_MAX
from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U8, U16, U32, U64, Bool, StrList, StructList, str8, str16


@row("ConnectionEntry")
class ConnectionEntry(Struct, frozen=True, gc=False):
    """A connection in a list."""

    connection_id: A[int, U64, "The server's number for the connection."]
    user_id: A[str, USER_OR_NONE, "The user who is logged in; empty before login."]
    platform: A[int, U8, "Platform of LOGIN; 0 before login."]
    device_tag: A[str, str8(64), "Tag of LOGIN."]
    address: A[str, str8(64), "Address and port of the peer."]
    connected_ms: A[int, U64, "How long it has been connected."]
    queued_bytes: A[int, U32, "Bytes waiting to be sent to it."]
    agent: A[str, str8(64), "Agent of HELLO."]


@row("Stat")
class Stat(Struct, frozen=True, gc=False):
    """A counter or a level."""

    name: A[str, str8(64, 1), "Its name."]
    value: A[int, U64, "Its value."]


@frame(
    0x0F01,
    "ADMIN_GROUPS",
    "client",
    "request",
    reply="ADMIN_GROUPS_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminGroups(Frame, frozen=True, gc=False):
    """Asks for a page of all groups of the app."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x8F01, "ADMIN_GROUPS_OK", "server", "reply", admin=True)
class AdminGroupsOk(Frame, frozen=True, gc=False):
    """A page of groups, by id."""

    groups: A[list[GroupEntry], StructList(GroupEntry, 1000), "The groups."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0F02,
    "ADMIN_CONNECTIONS",
    "client",
    "request",
    reply="ADMIN_CONNECTIONS_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminConnections(Frame, frozen=True, gc=False):
    """Asks for a page of the connections of this server."""

    after_id: A[int, U64, "0 for the first page, else `next_id` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]
    user_id: A[str, USER_OR_NONE, "Only connections of this user; empty: all."]


@frame(0x8F02, "ADMIN_CONNECTIONS_OK", "server", "reply", admin=True)
class AdminConnectionsOk(Frame, frozen=True, gc=False):
    """A page of connections, by id."""

    connections: A[list[ConnectionEntry], StructList(ConnectionEntry, 1000), "The connections."]
    next_id: A[int, U64, "The `after_id` of the next page; 0: this is the last page."]


@frame(
    0x0F03,
    "ADMIN_STATS",
    "client",
    "request",
    reply="ADMIN_STATS_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminStats(Frame, frozen=True, gc=False):
    """Asks for the server's counters."""


@frame(0x8F03, "ADMIN_STATS_OK", "server", "reply", admin=True)
class AdminStatsOk(Frame, frozen=True, gc=False):
    """The server's counters, by name."""

    stats: A[list[Stat], StructList(Stat, 1000), "The counters."]


@row("HealthCheck")
class HealthCheck(Struct, frozen=True, gc=False):
    """A health check and what it has found."""

    name: A[
        str, str8(64, 1), "What is checked: store, disk, clock, consumers, loop, gateways, certificate, stopping."
    ]
    process: A[str, str8(64, 1), "The process that has checked it: `server`, `owner`, or `gateway` and a number."]
    state: A[str, str8(16, 1), "`ok`, `warning`, or `failed`: then clients can't be served as they should."]
    reason: A[str, str16(1024), "Why it is not ok; empty if it is."]
    figures: A[list[Stat], StructList(Stat, 32), "What was measured, by name."]


@frame(
    0x0FB2,
    "ADMIN_HEALTH",
    "client",
    "request",
    reply="ADMIN_HEALTH_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminHealth(Frame, frozen=True, gc=False):
    """Asks for the health checks of all processes of the server (OP-04)."""


@frame(0x8FB2, "ADMIN_HEALTH_OK", "server", "reply", admin=True)
class AdminHealthOk(Frame, frozen=True, gc=False):
    """What the checks have found."""

    ready: A[bool, Bool(), "True if no check has failed."]
    checks: A[list[HealthCheck], StructList(HealthCheck, 1000), "The checks."]


@frame(
    0x0F04,
    "ADMIN_NOTICE",
    "client",
    "request",
    reply="ADMIN_NOTICE_OK",
    rules=(
        "The receivers get NOTICE. It goes only to receivers who are online, is not stored, and is not limited "
        "by section FC.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP", "BODY_TOO_LARGE", "BAD_ELEMENT"),
    admin=True,
)
class AdminNotice(Frame, frozen=True, gc=False):
    """Sends a system notice to all members of a group, or to those named (MS-05)."""

    group_id: A[str, GROUP, "The group."]
    users: A[
        list[str],
        StrList(USER, USERS_MAX),
        "The receivers; empty: everyone who receives the group's messages. Users who are not members are skipped.",
    ]
    body: A[bytes, BODY, "Its elements."]


@frame(0x8F04, "ADMIN_NOTICE_OK", "server", "reply", admin=True)
class AdminNoticeOk(Frame, frozen=True, gc=False):
    """The notice has been sent."""
