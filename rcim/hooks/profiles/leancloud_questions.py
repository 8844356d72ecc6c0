"""The parameters of LeanCloud's hooks that decide (CB-02, CB-03). Addresses of clients
are empty unless the settings want them told."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.actor.before_callbacks import BeforeCallback, LogIn
from rcim.actor.commands import AlterMessage, CreateGroup, EditGroup, MuteAll, SendMessage
from rcim.actor.records import Message, MessageOptions
from rcim.base import clock
from rcim.base.terms import MessageState
from rcim.content.elements import decode_body
from rcim.content.leancloud_json import RECALLED, LeanContent, to_leancloud
from rcim.hooks.profile import Json
from rcim.hooks.profiles.leancloud_updates import attr_of
from rcim.rules.json_decoding import decode_json
from rcim.vendors.leancloud_ids import conv_id, is_system, msg_id


def fields_of(ask: BeforeCallback, members: Sequence[str]) -> Json:
    """What the hook gets. `members` are those of the conversation, where its receivers are to be named."""
    command = ask.command
    match command:
        case SendMessage():
            return _message(ask, command, members)
        case AlterMessage():
            assert ask.message is not None
            return _update(ask, command, ask.message, members)
        case CreateGroup():
            return {"initBy": command.by, "members": list(ask.members), "attr": _attributes_made(command)}
        case EditGroup() | MuteAll():
            return {"initBy": command.by, "convId": conv_id(ask.key), "attr": attr_of(command)}
        case LogIn():
            return _user(command.by)
        case _:
            return {"initBy": command.by, "members": list(ask.members), "convId": conv_id(ask.key)}


def _peers(ask: BeforeCallback, sender: str, options: MessageOptions, members: Sequence[str]) -> list[str]:
    """Who gets the message beside its sender."""
    if ask.to:
        return [ask.to]
    return [user for user in options.to or members if user != sender]


def _content(found: LeanContent) -> Json:
    return {"bin": found.binary, "content": found.content}


def _message(ask: BeforeCallback, command: SendMessage, members: Sequence[str]) -> Json:
    return {
        "fromPeer": command.by,
        "convId": conv_id(ask.key),
        "toPeers": _peers(ask, command.by, command.extra or MessageOptions(), members),
        "transient": command.transient,
        **_content(to_leancloud(decode_body(command.body))),
        "receipt": False,
        "timestamp": clock.wall_ms(),
        "system": is_system(ask.key),
        "sourceIP": ask.address,
        "groupId": None,
    }


def _update(ask: BeforeCallback, command: AlterMessage, message: Message, members: Sequence[str]) -> Json:
    recall = command.state is not MessageState.EDITED
    content = LeanContent(RECALLED) if recall else to_leancloud(decode_body(command.body))
    return {
        "fromPeer": command.by,
        "convId": conv_id(ask.key),
        "toPeers": _peers(ask, command.by, message.extra or MessageOptions(), members),
        **_content(content),
        "timestamp": message.time_ms,
        "msgId": msg_id(message.message_id),
        "sourceIP": ask.address,
        "recall": recall,
        "system": is_system(ask.key),
    }


def _attributes_made(command: CreateGroup) -> Json:
    """The name among the app's own, as a conversation of LeanCloud has them."""
    own: Json = decode_json(command.attributes) if command.attributes else {}
    return {**own, "name": command.name}


def _user(user_id: str) -> Json:
    """The user who logs in, in the form of LeanCloud's: of the fields that its users have, here is only the id."""
    return {
        "objectId": user_id,
        "username": user_id,
        "sessionToken": "",
        "email": "",
        "phone": "",
        "emailVerified": False,
        "mobilePhoneVerified": False,
    }
