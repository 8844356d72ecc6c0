"""Asking the app before something is done (CB-02, CB-03): the command waits, and others of the group do not wait for it.

An actor handles a command to its end without waiting. It emits a `BeforeCallback`, keeps the command under its number,
and gets the app's answer as a command of its own. Then it checks everything again: the sender may have been muted or
kicked meanwhile. Where no callback is configured none of this costs anything.
"""

from __future__ import annotations

import msgspec

from rcim.actor.commands import AlterMessage, CreateGroup, InviteUsers, JoinGroup, SendMessage
from rcim.actor.records import Message


class SendInPair:
    """SendMessage in a one-to-one conversation, which has an event of its own."""


CallbackSubject = SendMessage | AlterMessage | CreateGroup | JoinGroup | InviteUsers

EVENTS: dict[str, type] = {
    "Group.CallbackBeforeSendMsg": SendMessage,
    "C2C.CallbackBeforeSendMsg": SendInPair,
    "Group.CallbackBeforeCreateGroup": CreateGroup,
    "Group.CallbackBeforeApplyJoinGroup": JoinGroup,
    "Group.CallbackBeforeInviteJoinGroup": InviteUsers,
}
"""The vendor's names of what can be asked, and the commands that are. An edit is asked about as a message is (MS-10)."""


class BeforeCallback(msgspec.Struct, frozen=True, gc=False):
    """What the app is asked: `name` is one of EVENTS."""

    number: int
    name: str
    group_id: str
    type: str
    command: CallbackSubject
    to: str = ""
    """In a one-to-one conversation: whom it goes to."""
    message: Message | None = None
    """Of an edit: the message as it is to be; its elements are the command's (MS-10)."""
