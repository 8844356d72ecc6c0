"""Asking the app before something is done (CB-02, CB-03): the command waits, and others of the group do not wait for it.

An actor handles a command to its end without waiting. It emits a `BeforeCallback`, keeps the command under its number,
and gets the app's answer as a command of its own. Then it checks everything again: the sender may have been muted or
kicked meanwhile. Where no callback is configured none of this costs anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rcim.actor.app_config import AppConfig
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.commands import (
    AlterMessage,
    BlockUsers,
    Command,
    CreateGroup,
    EditGroup,
    InviteUsers,
    JoinGroup,
    KickMembers,
    MuteAll,
    SendMessage,
)
from rcim.actor.records import Message, MessageOptions, Profile
from rcim.actor.ultra_commands import ListChannel
from rcim.actor.user_commands import Asked
from rcim.base.terms import Platform
from rcim.rules.conversation_kinds import kind_name
from rcim.rules.message_types import CONTENT

AboutGroup = CreateGroup | JoinGroup | InviteUsers | KickMembers | BlockUsers | EditGroup | MuteAll | ListChannel


class LogIn(Asked, frozen=True, gc=False):
    """A login of `by`, as the subject of a question. No actor handles it."""


CallbackSubject = SendMessage | AlterMessage | AboutGroup

ABOUT_GROUPS: dict[type, BeforeKind] = {
    CreateGroup: BeforeKind.CREATE,
    JoinGroup: BeforeKind.APPLY,
    InviteUsers: BeforeKind.INVITE,
    ListChannel: BeforeKind.CREATE_CHANNEL,
    KickMembers: BeforeKind.REMOVE,
    BlockUsers: BeforeKind.REMOVE,
    EditGroup: BeforeKind.UPDATE,
    MuteAll: BeforeKind.UPDATE,
}
"""Commands about a group that the app can be asked about. Sending, editing and recalling ask for themselves."""


class BeforeCallback(msgspec.Struct, frozen=True, gc=False):
    """What the app is asked."""

    number: int
    kind: BeforeKind
    group_id: str
    type: str
    command: CallbackSubject | LogIn
    to: str = ""
    """In a one-to-one conversation: whom it goes to."""
    message: Message | None = None
    """Of an edit: the message as it is to be; its elements are the command's (MS-10). Of a recall: as it is."""
    key: str = ""
    """Of the conversation."""
    profile: Profile | None = None
    """Of a group that is there: as it is before the command."""

    @property
    def operator(self) -> str:
        """Who asks; of a message that is sent, whose it is (MS-06)."""
        return self.command.by

    @property
    def address(self) -> str:
        """Where the one who asks is; empty: it is not known, or not to be told (`app.client_addresses`)."""
        credential = self.command.credential
        return credential.address if credential is not None else ""

    @property
    def platform(self) -> Platform | None:
        """On which platform the one who asks is; None: it is not known."""
        credential = self.command.credential
        return credential.platform if credential is not None else None

    @property
    def members(self) -> Sequence[str]:
        """Of what is done with members: who they are."""
        return users_of(self.command)

    @property
    def what(self) -> Sequence[str]:
        """Of a change of a group (UPDATE): the names of what is to change, as GroupChanged has them."""
        return changes_of(self.command)


def subject_of(command: Command) -> AboutGroup | None:
    """The command, if it is about a group, and there is something in it that the app can decide."""
    if isinstance(command, InviteUsers | KickMembers):
        return command if command.users else None
    if isinstance(command, BlockUsers):
        return command if command.seconds and command.users else None  # its end lets somebody in again
    if isinstance(command, CreateGroup):
        return None if command.importing else command  # GR-08
    return command if isinstance(command, JoinGroup | EditGroup | MuteAll | ListChannel) else None


def users_of(command: CallbackSubject | LogIn) -> Sequence[str]:
    """Whom the command makes members, or removes."""
    match command:
        case CreateGroup():
            return list(dict.fromkeys(filter(None, (command.owner, *command.members))))
        case JoinGroup():
            return [command.by]
        case InviteUsers() | KickMembers() | BlockUsers():
            return command.users
        case _:
            return ()


def changes_of(command: CallbackSubject | LogIn) -> Sequence[str]:
    """The names of what the command changes of a group."""
    if isinstance(command, MuteAll):
        return ["mute_all"]
    if not isinstance(command, EditGroup):
        return ()
    there = {
        "apply_join_option": command.apply_join_option is not None,
        "max_member_num": command.max_member_num is not None,
        "mute_all": command.mute_all is not None,
        "attributes": command.attributes is not None or bool(command.attribute_changes),
    }
    fields = [f"fields.{key}" for key, _ in command.fields]
    return [*command.texts, *(name for name, changes in there.items() if changes), *fields]


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
