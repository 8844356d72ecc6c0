"""The form of RongCloud's callbacks (CB-02 to CB-04): full message routing, the message callback, chat-room status and
online status.

Routing and the message callback are forms with one message each, the other two are arrays of JSON. The signature is in
the URL, under the names of the older and of the newer documents. Addresses of clients are empty unless the settings want
them told.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from rcim.actor import events as ev
from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict
from rcim.actor.commands import AlterMessage, SendMessage
from rcim.actor.records import MessageOptions
from rcim.base import clock
from rcim.base.limits import Limits
from rcim.content.elements import decode_body
from rcim.content.rongcloud_json import from_rongcloud, to_rongcloud, with_mentions
from rcim.hooks.profile import Callback, Facts, Json
from rcim.hooks.profiles import rongcloud_notices
from rcim.hooks.profiles.answers import body_of, refusal
from rcim.hooks.profiles.table import MODERATION, ONLINE_STATUS, RONGCLOUD, ROOM_STATUS, ROUTING
from rcim.vendors.rongcloud_ids import rong_conversation
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def signature(secret: str, nonce: str, timestamp: str) -> str:
    """The vendor's `signature`."""
    return hashlib.sha1(f"{secret}{nonce}{timestamp}".encode()).hexdigest()


class RongCloudProfile:
    """See the module's text. `secret` signs the callbacks; empty: they are not signed. `chat_room` says of a group type
    whether it is one of chat rooms; `app_messages` and `blocked_messages` are as in the settings of a receiver."""

    def __init__(
        self,
        app_key: str,
        secret: str,
        limits: Limits,
        chat_room: Callable[[str], bool],
        *,
        app_messages: bool = False,
        blocked_messages: bool = False,
    ) -> None:
        self._app_key = app_key
        self._secret = secret
        self._limits = limits
        self._chat_room = chat_room
        self._app_messages = app_messages
        self.before = RONGCLOUD.before
        left_out = frozenset() if blocked_messages else frozenset({ev.EventKind.MESSAGE_BLOCKED})
        self.after = {name: kinds - left_out for name, kinds in RONGCLOUD.after.items()}

    # -- before

    def asks(self, ask: BeforeCallback) -> bool:
        """Not about messages of app administrators, unless they are wanted."""
        return self._app_messages or not ask.command.admin

    def members_for(self, ask: BeforeCallback) -> int:
        """No question names the members."""
        return 0

    def question(self, ask: BeforeCallback, members: Sequence[str] = ()) -> Callback:
        """The message callback: what is to be decided about a message, or an edit."""
        command = ask.command
        if isinstance(command, SendMessage):
            sender, message_id, options, time_ms = command.by, command.client_msg_id, command.extra, clock.wall_ms()
        elif isinstance(command, AlterMessage) and ask.message is not None:
            message = ask.message
            sender, message_id, options, time_ms = (
                message.sender,
                message.client_msg_id,
                message.extra,
                message.time_ms,
            )
        else:
            raise KeyError(ask.kind)
        options = options or MessageOptions()
        where = rong_conversation(ask.key, sender, chat_room=self._chat_room(ask.type))
        name, content = to_rongcloud(options.type_name, decode_body(command.body))
        fields: Json = {
            "appKey": self._app_key,
            "fromUserId": sender,
            "targetId": where.target_id,
            "msgType": name,
            "content": with_mentions(content, options.mentions, mentions_all=options.mentions_all),
            "channelType": where.channel_type,
            "msgTimeStamp": str(time_ms),
            "messageId": message_id,
            "os": rongcloud_notices.system_of(ask.platform),
            "ip": ask.address,
            "toUserIds": list(options.to),
            "busChannel": where.bus_channel,
        }
        return Callback(MODERATION, fields)

    def verdict(self, answer: WebAnswer, asked: Callback) -> CallbackVerdict:
        """What the app has answered. Raises BadAnswer."""
        if answer.status != 200:
            raise BadAnswer(f"HTTP status {answer.status}")
        found = answer.json()
        if not isinstance(found, dict) or found.get("pass") not in (0, 1):
            raise BadAnswer("it is no JSON object with pass, which is 1 or 0")
        if not found["pass"]:
            return refusal(None, None)
        content = found.get("content")
        if content is None or content in ("", asked.fields["content"]):
            return ALLOWED
        return CallbackVerdict(body=self._body(asked.fields["msgType"], content))

    def _body(self, name: str, content: Any) -> bytes:
        if isinstance(content, dict):
            content = json.dumps(content, ensure_ascii=False)
        return body_of(self._limits, "content", lambda: from_rongcloud(name, content))

    # -- after

    async def notices(self, event: ev.AnyEvent, facts: Facts) -> Sequence[Callback]:
        """What the vendor tells of the event."""
        match event:
            case ev.MessagePassed() | ev.MessageBlocked() if event.by_app and not self._app_messages:
                return ()
            case ev.SessionChanged():
                return [Callback(ONLINE_STATUS, {"rows": rongcloud_notices.online(event)})]
            case ev.GroupCreated() | ev.GroupDissolved() | ev.MembersEntered() | ev.MembersGone():
                if not self._chat_room(event.where.type):
                    return ()
                return [Callback(ROOM_STATUS, {"rows": rongcloud_notices.room_status(event)})]
            case ev.InConversation():
                fields = rongcloud_notices.routed(event, chat_room=self._chat_room(event.where.type))
                return [Callback(ROUTING, fields)] if fields is not None else ()
            case _:
                return ()

    def request(self, url: str, callbacks: Sequence[Callback]) -> WebRequest:
        """The request that carries one message, or what has changed in several rooms or of several users."""
        if callbacks[0].command in (ROUTING, MODERATION):
            (callback,) = callbacks
            body, headers = urlencode(callback.fields, doseq=True).encode(), FORM
        else:
            rows = [row for callback in callbacks for row in callback.fields["rows"]]
            body, headers = json.dumps(rows).encode(), JSON
        return WebRequest(url, body, headers, self._query())

    def _query(self) -> dict[str, str]:
        nonce, time_ms = secrets.token_hex(8), str(clock.wall_ms())
        query = {"appKey": self._app_key, "nonce": nonce, "timestamp": time_ms, "signTimestamp": time_ms}
        if self._secret:
            query["signature"] = signature(self._secret, nonce, time_ms)
        return query
