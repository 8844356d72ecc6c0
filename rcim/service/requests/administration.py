"""Requests of app administrators about the server, its rules, and imports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import AppList, ApplyJoinOption
from rcim.service.bounds import U16, U32, U64, Data, Items, Text
from rcim.service.requests.kinds import (
    ATTRIBUTES,
    BODY,
    CLIENT_MSG_ID,
    CONVERSATION,
    CURSOR,
    GROUP,
    GROUP_OR_NONE,
    TYPE_NAME,
    USER,
    USER_OR_NONE,
    USERS_OR_NONE,
    Fields,
    ImportedMember,
    ImportedMessage,
    Request,
)


class AdminGroups(Request, frozen=True, gc=False):
    """Asks for a page of all groups of the app."""

    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class AdminConnections(Request, frozen=True, gc=False):
    """Asks for a page of the connections of this server."""

    after_id: A[int, U64] = 0
    limit: A[int, U16] = 0
    user_id: A[str, USER_OR_NONE] = ""


class AdminStats(Request, frozen=True, gc=False):
    """Asks for the server's counters."""


class AdminMetrics(Request, frozen=True, gc=False):
    """Asks for a page of the figures of all metrics, of the whole server (OP-02)."""

    after: A[int, U32] = 0


class AdminHealth(Request, frozen=True, gc=False):
    """Asks for the health checks of the whole server (OP-04)."""


class AdminFlow(Request, frozen=True, gc=False):
    """Asks what frequency control does, in one group or in all (FC-08)."""

    group_id: A[str, GROUP_OR_NONE] = ""


class AdminTrace(Request, frozen=True, gc=False):
    """Asks what became of a message: why did the others not get it?"""

    conversation: A[str, CONVERSATION]
    sender: A[str, USER]
    client_msg_id: A[str, CLIENT_MSG_ID]


class AdminList(Request, frozen=True, gc=False):
    """Asks for a page of one of the app's lists (SC-05, FC-07)."""

    which: AppList
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class AdminListChange(Request, frozen=True, gc=False):
    """Adds to and removes from one of the app's lists (SC-05, FC-07)."""

    which: AppList
    add: A[Sequence[str], Items(1000, each=USER)] = ()
    remove: A[Sequence[str], Items(1000, each=USER)] = ()


class AdminNotice(Request, frozen=True, gc=False):
    """Gives a system notice to all or to named members of a group (MS-05)."""

    group_id: A[str, GROUP]
    users: A[Sequence[str], USERS_OR_NONE]
    body: A[bytes, BODY]


class AdminGroupImport(Request, frozen=True, gc=False):
    """Begins to bring a group over from another service (GR-08)."""

    group_id: A[str, GROUP_OR_NONE]
    type: A[str, TYPE_NAME]
    owner: A[str, USER_OR_NONE]
    name: A[str, Text(30, 1)]
    introduction: A[str, Text(120)] = ""
    notification: A[str, Text(150)] = ""
    face_url: A[str, Text(100)] = ""
    apply_join_option: ApplyJoinOption = ApplyJoinOption.BY_TYPE
    create_time_ms: A[int, U64] = 0
    max_member_num: A[int, U32] = 0
    fields: A[Fields, Items(20)] = ()
    attributes: A[bytes, ATTRIBUTES] = b""
    creator: A[str, USER_OR_NONE] = ""
    opened: bool = False


class AdminMembersImport(Request, frozen=True, gc=False):
    """Brings members over (GR-08)."""

    group_id: A[str, GROUP]
    members: A[Sequence[ImportedMember], Items(500, 1)]


class AdminMessagesImport(Request, frozen=True, gc=False):
    """Brings messages over (GR-08)."""

    group_id: A[str, GROUP]
    messages: A[Sequence[ImportedMessage], Items(1000, 1)]


class AdminPairImport(Request, frozen=True, gc=False):
    """Brings a message over into a one-to-one conversation (GR-08). Not `counted`: both have read all up to it."""

    conversation: A[str, CONVERSATION]
    sender: A[str, USER]
    time_ms: A[int, U64]
    client_msg_id: A[str, CLIENT_MSG_ID]
    body: A[bytes, BODY]
    counted: bool = True
    cloud_data: A[bytes, Data(8192)] = b""


class AdminImportFinish(Request, frozen=True, gc=False):
    """Opens an imported group to its members (GR-08)."""

    group_id: A[str, GROUP]


class AdminTypes(Request, frozen=True, gc=False):
    """Asks for the group types in force (GT-20)."""

    cursor: A[str, CURSOR] = ""


class AdminTypeSet(Request, frozen=True, gc=False):
    """Makes a group type, or changes one (GT-20)."""

    name: A[str, TYPE_NAME]
    base: A[str, Text(32)]
    policies: A[Sequence[tuple[str, str]], Items(1000)]


class AdminTypeRemove(Request, frozen=True, gc=False):
    """Takes back a change of ADMIN_TYPE_SET (GT-20)."""

    name: A[str, TYPE_NAME]
