"""The `attr` of LeanCloud's `_conversationUpdate`: what is to change of a group, asked and answered (CB-02, CB-03)."""

from __future__ import annotations

import json
from typing import Any

from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict, GroupChanges
from rcim.actor.commands import EditGroup, MuteAll
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption
from rcim.content.vendor_json import is_text
from rcim.hooks.profile import Json
from rcim.rules.custom_attributes import canonical, checked_changes
from rcim.rules.fields import check_field
from rcim.rules.json_decoding import decode_json
from rcim.web.client import BadAnswer

TEXTS = ("name", "introduction", "notification", "face_url")
JOIN_OPTION, MEMBERS, MUTED = "applyJoinOption", "maxMemberNum", "muted"
"""Settings of a group, by their names in `attr`; the rest are its texts and the app's own attributes."""


def attr_of(command: EditGroup | MuteAll) -> Json:
    """What is to change: texts, settings of the group by their names here, the app's own, dotted keys as they are."""
    if isinstance(command, MuteAll):
        return {MUTED: command.on}
    found: Json = dict(command.texts)
    if command.apply_join_option is not None:
        found[JOIN_OPTION] = int(command.apply_join_option)
    if command.max_member_num is not None:
        found[MEMBERS] = command.max_member_num
    if command.mute_all is not None:
        found[MUTED] = command.mute_all
    if command.attributes is not None:
        found |= decode_json(command.attributes) if command.attributes else {}
    return found | {key: decode_json(value) for key, value in command.attribute_changes}


def update_verdict(result: Json, asked: Json) -> CallbackVerdict:
    """What a hook that does not refuse has returned: `attr` in place of what was `asked`, if it is there. That all are
    muted by a command of its own can only be refused. Raises BadAnswer for what the server would take from no client."""
    attr = result.get("attr")
    if attr is None or attr == asked or set(asked) == {MUTED}:
        return ALLOWED
    if not isinstance(attr, dict):
        raise BadAnswer("attr is no JSON object")
    own = {key: value for key, value in attr.items() if key not in (*TEXTS, JOIN_OPTION, MEMBERS, MUTED)}
    try:
        canonical(_encoded(own))
        changes = GroupChanges(
            texts={name: _text(name, attr[name]) for name in TEXTS if name in attr},
            apply_join_option=_join_option(attr.get(JOIN_OPTION)),
            max_member_num=_whole(MEMBERS, attr.get(MEMBERS)),
            mute_all=_muted(attr.get(MUTED)),
            attributes=checked_changes((key, _encoded(value)) for key, value in own.items()),
        )
    except RcimError as error:
        raise BadAnswer(f"attr: {error.detail}") from None
    except UnicodeEncodeError:
        raise BadAnswer("attr: no text can have half a surrogate pair") from None
    return CallbackVerdict(changes=changes)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _text(name: str, value: Any) -> str:
    if not is_text(value) or (name == "name" and not value):
        raise BadAnswer(f"attr: {name} is no text, or is empty")
    return check_field(name, value)


def _whole(name: str, value: Any) -> int | None:
    if value is not None and (type(value) is not int or not 0 < value < 1 << 32):
        raise BadAnswer(f"attr: {name} is no whole number of 1 or more")
    return value


def _join_option(value: Any) -> ApplyJoinOption | None:
    if value is None:
        return None
    if type(value) is not int or value not in list(ApplyJoinOption):
        raise BadAnswer(f"attr: {JOIN_OPTION} means nothing")
    return ApplyJoinOption(value)


def _muted(value: Any) -> bool | None:
    if value is not None and type(value) is not bool:
        raise BadAnswer(f"attr: {MUTED} is neither true nor false")
    return value
