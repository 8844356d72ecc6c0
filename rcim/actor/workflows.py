"""Workflows: requests that take several commands. dispatch/workflows.py runs them."""

from __future__ import annotations

from rcim.actor import commands
from rcim.actor.commands import (
    AlterMessage,
    CreateGroup,
    DecideApplication,
    InviteUsers,
    JoinGroup,
    ReadReceipts,
    TraceMessage,
)
from rcim.actor.records import MessageOptions
from rcim.actor.user_commands import OnCredential
from rcim.base.terms import UserList


class Workflow(OnCredential, frozen=True, gc=False):
    """Base of all of them."""

    by: str


class SendAs(Workflow, frozen=True, gc=False):
    """MS-06: a message whose sender's profile is not at hand. `send` is a commands.SendMessage without it."""

    key: str
    client_msg_id: str
    priority: int
    body: bytes
    extra: MessageOptions | None = None
    transient: bool = False


class WithMessage(Workflow, frozen=True, gc=False):
    """MS-10, MS-11: a command that needs the message which it is about."""

    key: str
    command: AlterMessage | ReadReceipts


class Trace(Workflow, frozen=True, gc=False):
    """What became of a message: from the group's actor, and from the store what it is now."""

    key: str
    command: TraceMessage


class SyncGroups(Workflow, frozen=True, gc=False):
    """GR-10: `by` should be in these and no others."""

    groups: list[str]


class EnterGroup(Workflow, frozen=True, gc=False):
    """A command that puts users into a group, each of whose own actors is asked before."""

    key: str
    command: JoinGroup | CreateGroup | InviteUsers | DecideApplication | commands.AcceptInvitation


class AcceptInvitation(Workflow, frozen=True, gc=False):
    """GT-07: `by` comes into the group that it is invited to."""

    key: str


class DeleteUsers(Workflow, frozen=True, gc=False):
    """Delete these accounts: they are logged out and leave their groups (ID-09)."""

    users: list[str]


class ImportUsers(Workflow, frozen=True, gc=False):
    """ID-09: (user id, nickname, face URL)."""

    users: list[tuple[str, str, str]]


class ListUsers(Workflow, frozen=True, gc=False):
    """SC-07: a list of `by` is changed; conversations with those whom it concerns get to know of it."""

    which: UserList
    add: list[str]
    remove: list[str]


AnyWorkflow = (
    SendAs | WithMessage | Trace | SyncGroups | EnterGroup | AcceptInvitation | DeleteUsers | ImportUsers | ListUsers
)
