"""Workflows: requests that take several commands, or that change what no actor has. dispatch/workflows/ runs them.

A command goes to one actor (commands.py, user_commands.py), a query only reads (queries.py); everything else is a
workflow. Each of its commands is idempotent, so whoever runs a workflow again, after it was cut off, has the rest done.
"""

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
from rcim.actor.log_workflows import ExpireMessageLog as ExpireMessageLog
from rcim.actor.outbox_workflows import OutboxWorkflow
from rcim.actor.person_workflows import PersonWorkflow
from rcim.actor.records import MessageOptions
from rcim.actor.reload_workflows import Reload
from rcim.actor.workflow import Workflow as Workflow
from rcim.base.terms import AppList, Platform, UserList
from rcim.rules.targets import LabelChange


class Login(Workflow, frozen=True, gc=False):
    """`by` logs in (ID-02, ID-06): what it is in, and when its session began."""

    guest: bool
    signed_ms: int = 0
    """When the UserSig was made that the user logs in with; a guest has none."""
    began_ms: int = 0
    """When the session began that the login says to continue; 0: it begins one (ID-04)."""
    administrator: bool = False
    """An app administrator."""
    platform: Platform | None = None
    """What it logs in on."""
    address: str = ""
    """As in Credential."""


class ReadmitGuest(Workflow, frozen=True, gc=False):
    """ID-06: the guest `by` is still connected, and the owner of the conversations is a new one: it is let in again."""

    groups: list[str]
    """Keys of the groups that it hears."""


class CloseDevices(Workflow, frozen=True, gc=False):
    """ID-04: log these connections of `user_id` out; none: all of them, but `but`."""

    user_id: str
    connections: list[int]
    but: int
    text: str


class SendAs(Workflow, frozen=True, gc=False):
    """MS-06: a message whose sender's profile is not at hand. `send` is a commands.SendMessage without it."""

    key: str
    client_msg_id: str
    priority: int
    body: bytes
    extra: MessageOptions | None = None
    transient: bool = False


class SystemSend(Workflow, frozen=True, gc=False):
    """SY-01: a message of a system account to each of these users."""

    account: str
    users: list[str]
    client_msg_id: str
    priority: int
    body: bytes
    extra: MessageOptions | None = None


class WriteToSystem(Workflow, frozen=True, gc=False):
    """SY-01: `by` writes to the account of a system conversation, if there is one. `key` is their conversation."""

    account: str
    key: str
    command: commands.SendMessage


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


class ChangeAppList(Workflow, frozen=True, gc=False):
    """SC-05, FC-07: one of the app's lists is changed, with the word filter made before; fields as of
    user_commands.ChangeList."""

    which: AppList
    add: list[str]
    remove: list[str]


class Broadcast(Workflow, frozen=True, gc=False):
    """SY-03: a broadcast of `by`, whose profile is not at hand; fields as of commands.SendBroadcast."""

    client_msg_id: str
    priority: int
    body: bytes
    extra: MessageOptions
    expires_s: int


class LabelUsers(Workflow, frozen=True, gc=False):
    """SY-04: change tags and attributes of each of these users."""

    users: list[str]
    change: LabelChange


class CreateChannel(Workflow, frozen=True, gc=False, kw_only=True):
    """UG-02: `by` makes a channel of the ultra group `key`."""

    key: str
    admin: bool
    name_id: str
    name: str
    introduction: str
    private: bool


class DissolveChannel(Workflow, frozen=True, gc=False, kw_only=True):
    """UG-02: `by` ends the channel `key`."""

    key: str
    admin: bool


class TrimUpTo(Workflow, frozen=True, gc=False, kw_only=True):
    """UG-04: `by` deletes the messages of a conversation up to a time (wall clock)."""

    key: str
    admin: bool
    to_time_ms: int


AnyWorkflow = (
    Login
    | ReadmitGuest
    | CloseDevices
    | SendAs
    | SystemSend
    | WriteToSystem
    | WithMessage
    | Trace
    | SyncGroups
    | EnterGroup
    | AcceptInvitation
    | DeleteUsers
    | ImportUsers
    | ListUsers
    | ChangeAppList
    | Broadcast
    | LabelUsers
    | CreateChannel
    | DissolveChannel
    | TrimUpTo
    | OutboxWorkflow
    | ExpireMessageLog
    | PersonWorkflow
    | Reload
)
