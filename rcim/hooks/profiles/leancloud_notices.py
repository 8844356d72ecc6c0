"""The parameters of LeanCloud's hooks that are told what has happened (CB-02, CB-04, ID-07)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from rcim.actor import events as ev
from rcim.base.terms import DeviceEnd, Presence, other_of, pair_of
from rcim.content.elements import decode_body
from rcim.content.leancloud_json import LeanContent, to_leancloud
from rcim.hooks.profile import Callback, Facts, Json
from rcim.hooks.profiles.table import WEB_HOOK
from rcim.vendors.leancloud_ids import conv_id, is_system, msg_id, system_account

MEMBERS_MAX = 500
"""Members of a conversation that are named: LeanCloud's conversations have no more."""
LOGGED_OUT, LOST, REPLACED, BY_APP = 1, 2, 3, 4
"""`closeCode`."""
ENDS = {DeviceEnd.LOGOUT: (LOGGED_OUT, "logout")}
LOST_LINK = LOST, "connection lost"
Sent = ev.MessagePassed | ev.TransientPassed
ChatRoom = Callable[[str], bool]
"""Says of a group type whether it is one of chat rooms."""


async def notices_of(event: ev.AnyEvent, facts: Facts, chat_room: ChatRoom) -> list[Callback]:
    """What is told of the event, in this order."""
    match event:
        case ev.MessagePassed() | ev.TransientPassed():
            return await _sent(event, facts, chat_room)
        case ev.GroupCreated():
            return [Callback("_conversationStarted", {"convId": conv_id(event.where.key)})]
        case ev.MembersEntered():
            return [Callback("_conversationAdded", _members(event))]
        case ev.MembersGone():
            return [Callback("_conversationRemoved", _members(event))]
        case ev.SessionChanged():
            return _session(event)
        case _:
            return []


def _members(event: ev.MembersEntered | ev.MembersGone) -> Json:
    """Those who join and leave do it themselves."""
    by = event.operator or event.users[0]
    return {"initBy": by, "convId": conv_id(event.where.key), "members": list(event.users)}


async def _sent(event: Sent, facts: Facts, chat_room: ChatRoom) -> list[Callback]:
    message, key = event.message, event.where.key
    content = to_leancloud(decode_body(message.body))
    users = await _receivers(event, facts, chat_room)
    states = await facts.presence(users) if users else {}
    online = [user for user in users if states.get(user, Presence.OFFLINE) is not Presence.OFFLINE]
    there = set(online)
    fields: Json = {
        "fromPeer": message.sender,
        "convId": conv_id(key),
        "msgId": msg_id(message.message_id) if message.message_id else "",
        "onlinePeers": online,
        "offlinePeers": [user for user in users if user not in there],
        "transient": isinstance(event, ev.TransientPassed),
        "system": is_system(key),
        "bin": content.binary,
        "content": content.content,
        "receipt": False,
        "timestamp": message.time_ms,
        "sourceIP": event.address,
    }
    found = [Callback("_messageSent", fields)]
    if isinstance(event, ev.MessagePassed) and system_account(key) not in ("", message.sender):
        found.append(Callback(WEB_HOOK, {"rows": [_row(event, content)]}))
    return found


async def _receivers(event: Sent, facts: Facts, chat_room: ChatRoom) -> list[str]:
    """Up to MEMBERS_MAX of those who get the message, without its sender; in a chat room nobody is named."""
    message, pair = event.message, pair_of(event.where.key)
    if pair is not None:
        return [other_of(pair, message.sender)]
    if message.extra is not None and message.extra.to:
        return [user for user in message.extra.to if user != message.sender]
    if chat_room(event.where.type):
        return []
    return [user for user in await facts.members(event.where.key, MEMBERS_MAX) if user != message.sender]


def _row(event: ev.MessagePassed, content: LeanContent) -> Json:
    """A message to a service conversation."""
    key, message = event.where.key, event.message
    time = {"__type": "Date", "iso": _iso(message.time_ms)}
    return {
        "fromIp": event.address,
        "conv": {"__type": "Pointer", "className": "_Conversation", "objectId": conv_id(key)},
        "msgId": msg_id(message.message_id),
        "from": message.sender,
        "bin": content.binary,
        "data": content.content,
        "createdAt": time,
        "updatedAt": time,
    }


def _iso(time_ms: int) -> str:
    found = datetime.fromtimestamp(time_ms // 1000, UTC)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03}Z"


def _session(event: ev.SessionChanged) -> list[Callback]:
    """A login, before it the devices whose place it takes; or the end of a session."""
    if event.end is not None:
        code, text = (BY_APP, "logged out by the app") if event.by_app else ENDS.get(event.end, LOST_LINK)
        return [_offline(event.user_id, code, text, event.tag, event.address)]
    here = {
        "peerId": event.user_id,
        "sourceIP": event.address,
        "tag": event.tag,
        "reconnect": int(event.comes_back),
    }
    tags = event.replaced_tags or ("",) * len(event.replaced)  # an event of an older version has none
    gone = [_offline(event.user_id, REPLACED, "replaced by another device", tag) for tag in tags]
    return [*gone, Callback("_clientOnline", here)]


def _offline(user_id: str, code: int, text: str, tag: str, address: str = "") -> Callback:
    fields: Sequence[tuple[str, object]] = (
        ("peerId", user_id),
        ("closeCode", code),
        ("closeMsg", text),
        ("sourceIP", address),
        ("tag", tag),
        ("errorCode", 0),
        ("errorMsg", ""),
    )
    return Callback("_clientOffline", dict(fields))
