"""What the app is asked before something is done, in the server's own form (CB-02, CB-03; protocol-spec/events.md).

    {"id": "ask-…", "type": "before.message.send", "time": "…", "key": "g:lobby", "data": {…}}

The answer is an object; a field that is left out means what it means here:

    {"allow": true, "code": 0, "text": "", "drop": false, "body": […], "cloud_data": "…", "refused": ["carol"]}
"""

from __future__ import annotations

from typing import Any

from rcim.actor.before_callbacks import BeforeCallback, CallbackSubject, LogIn
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.commands import (
    AlterMessage,
    BlockUsers,
    CreateGroup,
    EditGroup,
    InviteUsers,
    JoinGroup,
    KickMembers,
    MuteAll,
    SendMessage,
)
from rcim.actor.ultra_commands import ListChannel
from rcim.base.errors import is_app_code
from rcim.base.limits import Limits
from rcim.base.terms import Platform
from rcim.content.vendor_json import Json, from_json, is_text
from rcim.hooks.profiles.answers import TEXT_MAX, body_of
from rcim.hooks.struct_json import as_elements, as_object, as_text
from rcim.rules.conversation_kinds import kind_name
from rcim.rules.json_decoding import decode_json
from rcim.web.client import BadAnswer

TEXTS = ("name", "introduction", "notification", "face_url")


def question_data(ask: BeforeCallback) -> Json:
    """What is asked: the conversation, who wants it, and what is particular to the command. A login is about no
    conversation."""
    who = {"operator": ask.operator, "platform": _name_of(ask.platform), "address": ask.address}
    if isinstance(ask.command, LogIn):
        return who
    conversation = {"id": ask.key, "kind": kind_name(ask.key), "type": ask.type}
    return {"conversation": conversation, **who, **_particular(ask, ask.command)}


def _name_of(platform: Platform | None) -> str | None:
    return platform.name.lower() if platform is not None else None


def _particular(ask: BeforeCallback, about: CallbackSubject) -> Json:
    match about:
        case SendMessage() as command:
            return {"to": ask.to, "message": _sent(command)}
        case AlterMessage() as command:
            return {"to": ask.to, **_altered(ask, command)}
        case CreateGroup() as command:
            return _creation(command)
        case JoinGroup() as command:
            return {"text": command.text, "name_card": command.name_card}
        case InviteUsers() as command:
            return {"users": list(command.users)}
        case KickMembers() | BlockUsers() as command:
            return {"users": list(command.users), "text": command.text, "blocked": isinstance(command, BlockUsers)}
        case EditGroup() as command:
            return {"what": list(ask.what), "changes": _changes(command)}
        case MuteAll() as command:
            changes = {"mute_all": command.on, "speakers": list(command.speakers)}
            return {"what": list(ask.what), "changes": changes}
        case ListChannel() as command:
            return {"channel": command.name, "name": command.called, "introduction": command.introduction}


def _sent(command: SendMessage) -> Json:
    return {
        "sender": command.by,
        "nickname": command.nickname,
        "client_msg_id": command.client_msg_id,
        "priority": command.priority.name.lower(),
        "body": as_elements(command.body),
        "transient": command.transient,
        "options": as_object(command.extra) if command.extra is not None else None,
    }


def _altered(ask: BeforeCallback, command: AlterMessage) -> Json:
    """MS-10: of an edit the message as it is to be, of a recall as it is."""
    made = {"seq": command.seq, "state": command.state.name.lower()}
    return made | {"message": as_object(ask.message) if ask.message is not None else None}


def _creation(command: CreateGroup) -> Json:
    return {
        "group_id": command.group_id,
        **{name: getattr(command, name) for name in TEXTS},
        "apply_join_option": command.apply_join_option.name.lower(),
        "max_member_num": command.max_member_num,
        "fields": {name: as_text(data) for name, data in command.fields},
        "attributes": _decoded(command.attributes) if command.attributes else {},
        "owner": command.owner,
        "users": list(command.members),
    }


def _changes(command: EditGroup) -> Json:
    """What is to change, by name; what stays as it is has no entry."""
    made: Json = dict(command.texts)
    if command.apply_join_option is not None:
        made["apply_join_option"] = command.apply_join_option.name.lower()
    if command.max_member_num is not None:
        made["max_member_num"] = command.max_member_num
    if command.fields:
        made["fields"] = {name: as_text(data) for name, data in command.fields}
    if command.attributes is not None:
        made["attributes"] = _decoded(command.attributes)
    if command.attribute_changes:
        made["attribute_changes"] = {name: _decoded(data) for name, data in command.attribute_changes}
    return made


def _decoded(data: bytes) -> Any:
    """Attributes, which are kept as JSON; removed ones are null."""
    return decode_json(data) if data else None


def verdict_of(answer: Any, limits: Limits) -> CallbackVerdict:
    """The verdict in the app's answer. Raises BadAnswer if it is invalid."""
    if not isinstance(answer, dict):
        raise BadAnswer("it is no JSON object")
    if _flag(answer, "drop", default=False):
        return CallbackVerdict(drop=True)
    if not _flag(answer, "allow", default=True):
        code = answer.get("code", 0)
        if type(code) is not int or (code and not is_app_code(code)):
            raise BadAnswer("code is neither 0 nor one of the app's own")
        text = _text(answer, "text") or ""
        return CallbackVerdict(allow=False, code=code, text=text[:TEXT_MAX])
    refused = answer.get("refused", [])
    if not isinstance(refused, list) or not all(map(is_text, refused)):
        raise BadAnswer("refused is no list of users")
    cloud_data = _text(answer, "cloud_data")
    if cloud_data is not None and len(cloud_data.encode()) > limits.cloud_data_bytes_max:
        raise BadAnswer(f"cloud_data is longer than {limits.cloud_data_bytes_max} bytes")
    return CallbackVerdict(
        body=_body(answer, limits),
        cloud_data=None if cloud_data is None else cloud_data.encode(),
        refused=tuple(refused),
    )


def _flag(answer: Json, name: str, *, default: bool) -> bool:
    found = answer.get(name, default)
    if type(found) is not bool:
        raise BadAnswer(f"{name} is neither true nor false")
    return found


def _text(answer: Json, name: str) -> str | None:
    found = answer.get(name)
    if found is not None and not is_text(found):
        raise BadAnswer(f"{name} is no text")
    return found


def _body(answer: Json, limits: Limits) -> bytes | None:
    if answer.get("body") is None:
        return None
    return body_of(limits, "body", lambda: from_json(answer["body"]))
