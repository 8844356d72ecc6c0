"""Asking the app before something is done (CB-02, CB-03): the command waits, and others of the group do not wait for it.

An actor handles a command to its end without waiting. It emits a `BeforeCallback`, keeps the command under its number,
and gets the app's answer as a command of its own. Then it checks everything again: the sender may have been muted or
kicked meanwhile. Where no callback is configured none of this costs anything.
"""

from __future__ import annotations

import msgspec

from rcim.actor.app_config import AppConfig
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.commands import AlterMessage, CreateGroup, InviteUsers, JoinGroup, SendMessage
from rcim.actor.records import Message, MessageOptions
from rcim.rules.conversation_kinds import kind_name
from rcim.rules.message_types import CONTENT

CallbackSubject = SendMessage | AlterMessage | CreateGroup | JoinGroup | InviteUsers

ABOUT_GROUPS: dict[type, BeforeKind] = {
    CreateGroup: BeforeKind.CREATE,
    JoinGroup: BeforeKind.APPLY,
    InviteUsers: BeforeKind.INVITE,
}
"""Commands about a group that the app can be asked about. Sending and editing ask for themselves."""


class BeforeCallback(msgspec.Struct, frozen=True, gc=False):
    """What the app is asked."""

    number: int
    kind: BeforeKind
    group_id: str
    type: str
    command: CallbackSubject
    to: str = ""
    """In a one-to-one conversation: whom it goes to."""
    message: Message | None = None
    """Of an edit: the message as it is to be; its elements are the command's (MS-10)."""
    key: str = ""
    """Of the conversation."""


def asks_about(config: AppConfig, kind: BeforeKind, key: str, type_name: str, options: MessageOptions | None) -> bool:
    """True if the app is to be asked (CB-06). `key` and `type_name` are of the conversation, `options` those of the
    message that it is about."""
    wanted = config.asks.get(kind, ())
    if not wanted:
        return False
    name = options.type_name if options is not None else ""
    message = config.message_types.get(name, CONTENT).kind
    where = kind_name(key)
    return any(one.conversation(where, type_name) and one.message(message, name) for one in wanted)


def asks_about_group(config: AppConfig, kind: BeforeKind, key: str, type_name: str) -> bool:
    """True if the app is to be asked about what happens to a group (CB-06)."""
    where = kind_name(key)
    return any(one.conversation(where, type_name) for one in config.asks.get(kind, ()))
