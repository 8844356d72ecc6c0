"""What the fields of requests have in common: their bounds, in UTF-8 bytes, and rows of lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

import msgspec

from rcim.base.ids import USER_ID_BYTES_MAX
from rcim.base.terms import Priority, Role
from rcim.service.bounds import U32, U64, Data, Items, Text

USER = Text(USER_ID_BYTES_MAX, 1, one_line=True)
USER_OR_NONE = Text(USER_ID_BYTES_MAX, one_line=True)
USERS = Items(500, 1, each=USER)
USERS_OR_NONE = Items(500, each=USER)
GROUP = Text(160, 1)
GROUP_OR_NONE = Text(160)
"""What may be in a group id, the operation says (BAD_GROUP_ID, NO_SUCH_GROUP)."""
CONVERSATION = Text(519, 1)
"""`g:` and a group id, or `c:`, a length and two user ids."""
CLIENT_MSG_ID = Text(64, 1, one_line=True)
TYPE_NAME = Text(32, 1)
CURSOR = Text(1024)
BODY = Data(65535)

ATTRIBUTES = Data(16384)
"""GR-13: JSON. What it may hold, rules/custom_attributes.py says."""

Fields = Sequence[tuple[str, bytes]]
"""Custom fields: key and value."""


class Request(msgspec.Struct, frozen=True, gc=False):
    """Base of all requests: what somebody asks of the service."""


class MemberField(msgspec.Struct, frozen=True, gc=False):
    """A custom field of a new member (GR-06)."""

    user_id: A[str, USER]
    key: A[str, Text(16, 1)]
    value: A[bytes, Data(64)]


class ImportedMember(msgspec.Struct, frozen=True, gc=False):
    """A member that a group is imported with (GR-08). `join_time_ms` 0: now."""

    user_id: A[str, USER]
    role: Role
    join_time_ms: A[int, U64]
    unread: A[int, U32]


class ImportedMessage(msgspec.Struct, frozen=True, gc=False):
    """A message that a group is imported with (GR-08)."""

    sender: A[str, USER]
    time_ms: A[int, U64]
    priority: Priority
    client_msg_id: A[str, CLIENT_MSG_ID]
    body: A[bytes, BODY]


class Account(msgspec.Struct, frozen=True, gc=False):
    """An account that is imported (ID-09)."""

    user_id: A[str, USER]
    nickname: A[str, Text(120)]
    face_url: A[str, Text(100)] = ""
