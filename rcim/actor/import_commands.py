"""Commands that bring in what another system had: messages and members with their times (GR-08)."""

from __future__ import annotations

import msgspec

from rcim.actor.user_commands import Asked
from rcim.base.terms import Priority, Role


class ImportedMessage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One of ImportMessages."""

    sender: str
    time_ms: int
    priority: Priority
    client_msg_id: str
    body: bytes


class ImportMessages(Asked, frozen=True, gc=False):
    """Add old messages to a group that is imported, in order of time (GR-08)."""

    messages: list[ImportedMessage]


class ImportPairMessage(Asked, frozen=True, gc=False):
    """Add a message of another service to a one-to-one conversation (GR-08). Not `counted`: both have read it, and all
    before it."""

    message: ImportedMessage
    counted: bool
    cloud_data: bytes = b""


class ImportedMember(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One of ImportMembers."""

    user_id: str
    role: Role
    join_time_ms: int
    unread: int


class ImportMembers(Asked, frozen=True, gc=False):
    """Add members, with the times at which they joined, to a group that is imported (GR-08)."""

    members: list[ImportedMember]


class FinishImport(Asked, frozen=True, gc=False):
    """The import is complete: the group opens to others (GR-08)."""
