"""What RongCloud's receivers are told of events: a form for a message, rows for rooms and users (CB-04, ID-07)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rcim.actor import events as ev
from rcim.actor.records import Message, MessageOptions
from rcim.base.terms import DeviceEnd, GoneReason, MessageState, Platform
from rcim.content.elements import decode_body
from rcim.content.rongcloud_json import to_rongcloud, with_mentions
from rcim.hooks.profile import Json
from rcim.vendors.rongcloud_ids import RongConversation, message_uid, rong_conversation

CREATED, JOINED, LEFT, DESTROYED = range(4)
"""`type` of a room's status."""
BY_CALL, BY_ITSELF, BANNED, DESTROYED_BY_ITSELF = range(4)
"""`status` of a room's status."""
PASSED, BLOCKED, REPLACED = range(3)
"""`sensitiveType`."""
SYSTEMS = {
    Platform.WEB: "Websocket",
    Platform.DESKTOP: "PC",
    Platform.MOBILE: "Mobile",
    Platform.PAD: "Pad",
    Platform.SERVER: "Server",
}
"""`os`. The server does not know which system a phone has."""
RoomEvent = ev.GroupCreated | ev.GroupDissolved | ev.MembersEntered | ev.MembersGone


def system_of(platform: Platform | None) -> str:
    """The `os`, or `source`, of a platform; empty for one that is not known."""
    return SYSTEMS[platform] if platform is not None else ""


def routed(event: ev.InConversation, *, chat_room: bool) -> Json | None:
    """The form of full message routing; None for what is not routed."""
    match event:
        case ev.MessagePassed():
            sensitive = REPLACED if event.words_replaced else PASSED
            source = "Server" if event.by_app else system_of(event.platform)
            fields = _message(event, event.message, chat_room=chat_room, sensitive=sensitive, source=source)
            return fields | {"clientIp": event.address}
        case ev.MessageEdited():
            fields = _message(event, event.message, chat_room=chat_room, sensitive=PASSED, source="")
            return fields | {"originalMsgUID": fields["msgUID"], "msgUID": f"{fields['msgUID']}-{event.time_ms:X}"}
        case ev.MessageRecalled():
            return _recall(event, event.message, event.operator, chat_room=chat_room)
        case ev.MessageDeleted():
            if event.message is None:  # all of a sender: RongCloud has no word for it
                return None
            return _recall(event, event.message, event.operator, chat_room=chat_room)
        case ev.MessageBlocked():
            return _blocked(event, chat_room=chat_room)
        case _:
            return None


def _message(event: ev.InConversation, message: Message, *, chat_room: bool, sensitive: int, source: str) -> Json:
    options = message.extra or MessageOptions()
    name, content = to_rongcloud(options.type_name, decode_body(message.body))
    where = rong_conversation(event.where.key, message.sender, chat_room=chat_room)
    fields = _form(
        message.sender,
        where,
        name=name,
        content=with_mentions(content, options.mentions, mentions_all=options.mentions_all),
        time_ms=message.time_ms,
    )
    fields |= {
        "msgUID": message_uid(message.message_id),
        "sensitiveType": str(sensitive),
        "source": source,
    }
    return fields | ({"groupUserIds": list(options.to)} if options.to else {})


def _form(sender: str, where: RongConversation, *, name: str, content: str, time_ms: int) -> Json:
    fields: Json = {
        "fromUserId": sender,
        "toUserId": where.target_id,
        "objectName": name,
        "content": content,
        "channelType": where.channel_type,
        "msgTimestamp": str(time_ms),
        "timestamp": str(time_ms),
        "clientIp": "",
    }
    return fields | ({"busChannel": where.bus_channel} if where.bus_channel else {})


def _recall(event: ev.InConversation, message: Message, operator: str, *, chat_room: bool) -> Json:
    """A recall is a message of its own: RC:RcCmd."""
    where = rong_conversation(event.where.key, message.sender, chat_room=chat_room)
    uid = message_uid(message.message_id)
    content = {
        "messageUId": uid,
        "conversationType": where.number,
        "targetId": where.target_id,
        "sentTime": message.time_ms,
        "isAdmin": int(operator != message.sender),
        "isDelete": int(message.state is MessageState.DELETED),
    }
    told = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    fields = _form(operator or message.sender, where, name="RC:RcCmd", content=told, time_ms=event.time_ms)
    return fields | {"msgUID": f"{uid}-R", "sensitiveType": str(PASSED), "source": ""}


def _blocked(event: ev.MessageBlocked, *, chat_room: bool) -> Json:
    """A message that was refused because of its words has no id but that of its sender."""
    where = rong_conversation(event.where.key, event.sender, chat_room=chat_room)
    name, content = to_rongcloud(event.type_name, decode_body(event.body))
    fields = _form(event.sender, where, name=name, content=content, time_ms=event.time_ms)
    source = "Server" if event.by_app else system_of(event.platform)
    said = {"sensitiveType": str(BLOCKED), "source": source, "clientIp": event.address}
    return fields | {"msgUID": event.client_msg_id, **said}


def room_status(event: RoomEvent) -> list[Json]:
    """The rows of chat-room status, all of one moment."""
    match event:
        case ev.GroupCreated():
            made = [_row(event, CREATED, BY_CALL, ())]
            there = [member.user_id for member in event.members]
            return [*made, _row(event, JOINED, BY_CALL, there)] if there else made
        case ev.GroupDissolved():
            return [_row(event, DESTROYED, DESTROYED_BY_ITSELF if event.silently else BY_CALL, ())]
        case ev.MembersEntered():
            return [_row(event, JOINED, BY_CALL, event.users)]
        case ev.MembersGone():
            status = BANNED if event.blocked else BY_ITSELF if event.reason is GoneReason.OFFLINE else BY_CALL
            return [_row(event, LEFT, status, event.users)]


def _row(event: RoomEvent, kind: int, status: int, users: Sequence[str]) -> Json:
    room = event.where.key.partition(":")[2]
    return {"chatRoomId": room, "userIds": list(users), "status": status, "type": kind, "time": event.time_ms}


def online(event: ev.SessionChanged) -> list[Json]:
    """The rows of online status: devices that the new one has replaced are offline."""
    rows = [_user(event, platform, "1", 0) for platform in event.replaced]
    status = "0" if event.end is None else "2" if event.end is DeviceEnd.LOGOUT else "1"
    return [*rows, _user(event, event.platform, status, event.connection_id, event.address)]


def _user(event: ev.SessionChanged, platform: Platform, status: str, connection_id: int, address: str = "") -> Json:
    return {
        "userid": event.user_id,
        "status": status,
        "os": SYSTEMS[platform],
        "time": event.time_ms,
        "clientIp": address,
        "sessionId": str(connection_id) if connection_id else "",
    }
