"""The form of Tencent Cloud IM's third-party callbacks: questions and events as its JSON, and the app's answer (CB-01 to
CB-03, ID-07)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.commands import AlterMessage, CreateGroup, InviteUsers, JoinGroup, SendMessage
from rcim.actor.events import AnyEvent
from rcim.actor.records import Message, MessageOptions
from rcim.actor.ultra_commands import ListChannel
from rcim.base import clock
from rcim.base.errors import CALLBACK_FAILED, is_app_code
from rcim.base.limits import Limits
from rcim.base.terms import Platform
from rcim.content.elements import decode_body
from rcim.content.vendor_json import from_json, is_text, to_json
from rcim.hooks.profile import Callback, Facts, Json
from rcim.hooks.profiles.answers import TEXT_MAX, body_of
from rcim.hooks.profiles.table import TENCENT
from rcim.hooks.profiles.tencent_after import notices
from rcim.hooks.profiles.tencent_fields import accounts, opt_platform, place_of
from rcim.rules.conversation_kinds import is_channel
from rcim.rules.json_decoding import decode_json
from rcim.vendors.tencent_ids import message_key, random_of
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

FAILED = CallbackVerdict(allow=False, code=CALLBACK_FAILED.number)

_NAMES = {kind: name for name, kinds in TENCENT.before.items() for kind in kinds}


def signature(token: str, request_time: int) -> str:
    """The vendor's `Sign`."""
    return hashlib.sha256(f"{token}{request_time}".encode()).hexdigest()


def question(ask: BeforeCallback) -> Callback:
    """What is asked, by its name and with its fields. Raises KeyError for what the vendor has no name for."""
    return Callback(_NAMES[ask.kind], fields_of(ask), platform=ask.platform, address=ask.address)


def is_asked(kind: BeforeKind) -> bool:
    """True if the vendor has a name for what is asked about."""
    return kind in _NAMES


class TencentProfile:
    """Tencent Cloud IM's third-party callbacks. `token` signs them; empty: they are not signed. `unread`: callbacks about
    messages one to one say how much users have not read."""

    before = TENCENT.before
    after = TENCENT.after

    def __init__(self, sdkappid: int, token: str, limits: Limits, *, unread: bool = True) -> None:
        self._unread = unread
        self._sdkappid = sdkappid
        self._token = token
        self._limits = limits

    def asks(self, ask: BeforeCallback) -> bool:
        """It is asked about all that `before` has."""
        return True

    def members_for(self, ask: BeforeCallback) -> int:
        """No question names the members."""
        return 0

    def question(self, ask: BeforeCallback, members: Sequence[str] = ()) -> Callback:
        """What is posted to ask."""
        return question(ask)

    async def notices(self, event: AnyEvent, facts: Facts) -> Sequence[Callback]:
        """What is posted to tell of the event."""
        return await notices(event, facts if self._unread else None)

    def request(self, url: str, callbacks: Sequence[Callback]) -> WebRequest:
        """The request that carries one callback, or several in an envelope of ours: the vendor has no batches."""
        first = callbacks[0]
        fields = first.fields if len(callbacks) == 1 else envelope(callbacks)
        body = msgspec.json.encode(fields)
        alone = len(callbacks) == 1
        platform, address = (first.platform, first.address) if alone else (None, "")
        query = self._query(first.command, platform, address)
        return WebRequest(url, body, {"Content-Type": "application/json"}, query)

    def _query(self, command: str, platform: Platform | None, address: str) -> dict[str, str]:
        query = {
            "SdkAppid": str(self._sdkappid),
            "CallbackCommand": command,
            "contenttype": "json",
            "ClientIP": address,
            "OptPlatform": opt_platform(platform),
        }
        if self._token:
            now_s = clock.wall_ms() // 1000
            query |= {"Sign": signature(self._token, now_s), "RequestTime": str(now_s)}
        return query

    def verdict(self, answer: WebAnswer, asked: Callback) -> CallbackVerdict:
        """What the app has answered. Raises BadAnswer."""
        if answer.status != 200:
            raise BadAnswer(f"HTTP status {answer.status}")
        return verdict_of(answer.json(), self._limits)


def envelope(callbacks: Sequence[Callback]) -> Json:
    """Several callbacks of one command as one body: `Callbacks`, each with its `Event` (the idempotency key) and its
    fields, in their order."""
    return {
        "CallbackCommand": callbacks[0].command,
        "Callbacks": [{"Event": one.id, "Callback": one.fields} for one in callbacks],
    }


def fields_of(ask: BeforeCallback) -> Json:
    """The body of the request."""
    made = {
        "CallbackCommand": _NAMES[ask.kind],
        "Type": ask.type,
        "EventTime": clock.wall_ms(),
    }
    command = ask.command
    match command:
        case SendMessage():
            return {**made, **_message(command), **(_in_pair(ask) if ask.to else _in_group(ask, command))}
        case AlterMessage():
            assert ask.message is not None
            return {**made, **_edit(ask, command, ask.message)}
        case CreateGroup():
            return {**made, **_creation(command)}
        case JoinGroup():
            return {**made, "GroupId": ask.group_id, "Requestor_Account": command.by}
        case InviteUsers():
            return {
                **made,
                "GroupId": ask.group_id,
                "Operator_Account": command.by,
                "DestinationMembers": accounts(command.users),
            }
        case ListChannel():
            return {**made, "GroupId": ask.group_id, "Operator_Account": command.by, "Name": command.called}
        case _:
            raise KeyError(ask.kind)


def _creation(command: CreateGroup) -> Json:
    """`Attributes` beside the vendor's fields (GR-13)."""
    made: Json = {
        "GroupId": command.group_id,
        "Operator_Account": command.by,
        "Owner_Account": command.owner,
        "Name": command.name,
        "MemberList": accounts(command.members),
    }
    return {**made, "Attributes": decode_json(command.attributes)} if command.attributes else made


def _message(command: SendMessage) -> Json:
    return {
        "From_Account": command.by,
        "OnlineOnlyFlag": int(command.transient),
        "MsgBody": to_json(decode_body(command.body)),
        "CloudCustomData": (command.extra.cloud_data if command.extra else b"").decode(errors="replace"),
    }


def _in_group(ask: BeforeCallback, command: SendMessage) -> Json:
    credential = command.credential
    return {
        **_where(ask),
        "Operator_Account": credential.user_id if credential is not None else command.by,
        "Random": random_of(command.client_msg_id),
        "MsgId": command.client_msg_id,
        "MsgPriority": command.priority.name.capitalize(),
        "To_Account": list(command.extra.to) if command.extra else [],
    }


def _where(ask: BeforeCallback) -> Json:
    return place_of(ask.key) if is_channel(ask.key) else {"GroupId": ask.group_id}


def _in_pair(ask: BeforeCallback) -> Json:
    """SEQ and key are not known before the message passes."""
    assert isinstance(ask.command, SendMessage)
    name = ask.command.client_msg_id
    return {"To_Account": ask.to, "MsgRandom": random_of(name), "MsgId": name, "MsgTime": clock.wall_ms() // 1000}


def _edit(ask: BeforeCallback, command: AlterMessage, message: Message) -> Json:
    """MS-10: as for a new message, with the known fields added. Only an edited message has a SEQ."""
    extra = message.extra or MessageOptions()
    made: Json = {
        "From_Account": message.sender,
        "OnlineOnlyFlag": 0,
        "MsgBody": to_json(decode_body(command.body)),
        "CloudCustomData": extra.cloud_data.decode(errors="replace"),
        "MsgSeq": message.seq,
    }
    if ask.to:
        return {
            **made,
            "To_Account": ask.to,
            "MsgRandom": random_of(message.client_msg_id),
            "MsgId": message.client_msg_id,
            "MsgTime": message.time_ms // 1000,
            "MsgKey": message_key(message),
        }
    return {
        **made,
        **_where(ask),
        "Operator_Account": command.by,
        "Random": random_of(message.client_msg_id),
        "MsgId": message.client_msg_id,
        "MsgPriority": message.priority.name.capitalize(),
        "To_Account": list(extra.to),
    }


def verdict_of(answer: Any, limits: Limits) -> CallbackVerdict:
    """The verdict in the answer. Raises BadAnswer if it is invalid."""
    if not isinstance(answer, dict):
        raise BadAnswer("it is no JSON object")
    code = answer.get("ErrorCode", 0)
    if type(code) is not int:
        raise BadAnswer("ErrorCode is no whole number")
    text = answer.get("ErrorInfo", "")
    if not isinstance(text, str):
        raise BadAnswer("ErrorInfo is no text")
    if code == 2:
        return CallbackVerdict(drop=True)
    if code == 1 or is_app_code(code):
        return CallbackVerdict(allow=False, code=code, text=text[:TEXT_MAX].encode("utf-8", "ignore").decode())
    if code != 0:
        raise BadAnswer(f"ErrorCode {code} means nothing")
    refused = answer.get("RefusedMembers_Account", [])
    if not isinstance(refused, list) or not all(map(is_text, refused)):
        raise BadAnswer("RefusedMembers_Account is no list of users")
    return CallbackVerdict(body=_body(answer, limits), cloud_data=_cloud_data(answer, limits), refused=tuple(refused))


def _body(answer: Json, limits: Limits) -> bytes | None:
    if "MsgBody" not in answer:
        return None
    return body_of(limits, "MsgBody", lambda: from_json(answer["MsgBody"]))


def _cloud_data(answer: Json, limits: Limits) -> bytes | None:
    found = answer.get("CloudCustomData")
    if found is None:
        return None
    if not is_text(found) or len(found.encode()) > limits.cloud_data_bytes_max:
        raise BadAnswer(f"CloudCustomData is no text of up to {limits.cloud_data_bytes_max} bytes")
    return found.encode()
