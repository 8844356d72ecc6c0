"""What Tencent Cloud IM calls our messages and topics."""

from __future__ import annotations

import zlib

from rcim.actor.records import Message

RANDOM_MAX = (1 << 32) - 1
TYPES = {"Work": "Private", "Meeting": "ChatRoom", "Community": "UltraGroup"}
"""Our name of a group type by the vendor's, where it is another one. The vendor answers with `Private` and `ChatRoom`."""


def type_of(name: str) -> str:
    """Our name of the vendor's group type; that of another type is the same."""
    return TYPES.get(name, name)


def type_name(type_: str) -> str:
    """What the vendor answers for a group type of ours."""
    return "Community" if type_ == TYPES["Community"] else type_


def random_of(client_msg_id: str) -> int:
    """The vendor's `Random`, an unsigned number of 32 bits: the client message id if it is one, else a checksum of it.
    `MsgId` beside it has the id itself."""
    if client_msg_id.isascii() and client_msg_id.isdigit() and len(client_msg_id) <= 10:
        number = int(client_msg_id)
        if number <= RANDOM_MAX:
            return number
    return zlib.crc32(client_msg_id.encode())


def message_key(message: Message) -> str:
    """The vendor's `MsgKey` of a message one to one."""
    return f"{message.seq}_{random_of(message.client_msg_id)}_{message.time_ms // 1000}"
