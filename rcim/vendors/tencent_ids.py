"""What Tencent Cloud IM calls our messages and topics."""

from __future__ import annotations

import zlib

from rcim.actor.records import Message

RANDOM_MAX = (1 << 32) - 1
TYPES = {"Work": "Private", "Meeting": "ChatRoom", "Community": "UltraGroup"}
"""Our name of a group type by the vendor's, where it is another one. The vendor answers with `Private` and `ChatRoom`."""

TOPIC_TYPE = "Channel"
"""Our type of what the vendor calls topics, which it does not list as groups."""

PROFILE_NUMBERS = ("BirthDay", "Language", "MsgSettings", "Level", "Role")
PROFILE_TEXTS = ("Location", "AllowType")
PROFILE_OF_APP = "AdminForbidType"
"""Fields of the vendor's profiles that are custom fields here, as they are called after `Tag_Profile_IM_`. The last
one is set by the app alone, the others by users too."""


def type_of(name: str) -> str:
    """Our name of the vendor's group type; that of another type is the same."""
    return TYPES.get(name, name)


def type_name(type_: str) -> str:
    """What the vendor answers for a group type of ours."""
    return "Community" if type_ == TYPES["Community"] else type_


def random_of(client_msg_id: str) -> int:
    """The vendor's `Random`, an unsigned number of 32 bits: the client message id, or what it has before a `.`, if that
    is one; else a checksum of the id. `MsgId` beside it has the id itself."""
    text = client_msg_id.partition(".")[0]
    if text.isascii() and text.isdigit() and len(text) <= 10:
        number = int(text)
        if number <= RANDOM_MAX:
            return number
    return zlib.crc32(client_msg_id.encode())


def sent_id(random: int, seq: int, body: bytes) -> str:
    """The client message id of a message one to one. The vendor takes two messages of a sender for the same one if
    `MsgRandom`, `MsgSeq` (0: there is none) and the checksum of their content are equal."""
    return f"{random}.{seq}.{zlib.crc32(body):08x}"


def imported_id(random: int, seq: int, time_s: int) -> str:
    """The client message id of an imported message one to one: `MsgRandom`, `MsgSeq` and `MsgTimeStamp`, by which the
    vendor knows it again."""
    return f"{random}.{seq}.{time_s}"


def message_key(message: Message) -> str:
    """The vendor's `MsgKey` of a message one to one."""
    return f"{message.seq}_{random_of(message.client_msg_id)}_{message.time_ms // 1000}"
