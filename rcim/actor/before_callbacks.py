"""Asking the app before something is done (CB-02, CB-03): the command waits, and others of the group do not wait for it.

An actor handles a command to its end without waiting. So what is to be asked leaves it as an `Ask`, the command is kept
under its number, and the app's answer comes back as a command of its own. Then everything is looked at again: who
sent may have been muted or kicked meanwhile. Where nobody is to be asked none of this costs anything.
"""

from __future__ import annotations

import msgspec

from rcim.actor.commands import AlterMessage, CreateGroup, InviteUsers, JoinGroup, SendMessage
from rcim.actor.records import Message
from rcim.base.errors import CALLBACK_FAILED, CALLBACK_REFUSED, OVERLOADED, ErrorCode, app_code, is_app_code


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


class CallbackVerdict(msgspec.Struct, frozen=True, gc=False):
    """What the app says."""

    allow: bool = True
    code: int = 0
    """Of a refusal: the app's own, or 0."""
    text: str = ""
    drop: bool = False
    """Of a message: it goes nowhere, and its sender is told that it was sent."""
    body: bytes | None = None
    """Of a message: its elements in place of what was sent."""
    cloud_data: bytes | None = None
    refused: tuple[str, ...] = ()
    """Of an invitation: who is not to be invited."""

    def error(self, refused: ErrorCode = CALLBACK_REFUSED) -> tuple[ErrorCode, str]:
        """The code and text of a refusal; `refused` where the app names no code of its own."""
        for own in (CALLBACK_FAILED, OVERLOADED):
            if self.code == own.number:
                return own, own.meaning
        code = app_code(self.code) if is_app_code(self.code) else refused
        return code, self.text or code.meaning


ALLOWED = CallbackVerdict()
