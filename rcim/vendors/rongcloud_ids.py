"""What RongCloud calls our conversations and messages.

| conversation | channelType | number | targetId | busChannel |
|---|---|---|---|---|
| one to one | PERSON | 1 | the other user | |
| group, temporary conversation | GROUP | 3 | the group id | |
| chat room (SC-04) | TEMPGROUP | 4 | the group id | |
| system conversation | NOTIFY | 6 | its id | |
| ultra group | ULTRAGROUP | 10 | the group id | |
| channel | ULTRAGROUP | 10 | the id of its ultra group | the channel's own name |
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rcim.base.terms import CHANNEL_MARK, group_conversation, other_of, pair_conversation, pair_of
from rcim.rules.conversation_kinds import CHANNEL, GROUP, SYSTEM, ULTRA, kind_of

NUMBERS = {"PERSON": 1, "GROUP": 3, "TEMPGROUP": 4, "NOTIFY": 6, "ULTRAGROUP": 10}
"""conversationType by channelType."""
UID = re.compile(r"[0-9A-F]{4}(-[0-9A-F]{4}){3}\Z")


class RongConversation(NamedTuple):
    """A conversation as RongCloud names it, for the messages of one sender."""

    channel_type: str
    target_id: str
    bus_channel: str = ""

    @property
    def number(self) -> int:
        """Its conversationType."""
        return NUMBERS[self.channel_type]


def rong_conversation(key: str, sender: str, *, chat_room: bool) -> RongConversation:
    """The conversation with this id. `chat_room`: its type is one of chat rooms."""
    kind = kind_of(key)
    pair = pair_of(key)
    if pair is not None:
        return RongConversation("PERSON", other_of(pair, sender))
    group_id = GROUP.inner_id(key)
    if kind is CHANNEL:
        ultra_id, _, channel = group_id.partition(CHANNEL_MARK)
        return RongConversation("ULTRAGROUP", ultra_id, channel)
    if kind is ULTRA:
        return RongConversation("ULTRAGROUP", group_id)
    if kind is SYSTEM:
        return RongConversation("NOTIFY", group_id)
    return RongConversation("TEMPGROUP" if chat_room else "GROUP", group_id)


def key_of_rong(where: RongConversation, user_id: str) -> str:
    """The id of the conversation that `user_id` calls so; whether there is one is not said."""
    if where.channel_type == "PERSON":
        return pair_conversation(user_id, where.target_id)
    channel = CHANNEL_MARK + where.bus_channel if where.bus_channel else ""
    return group_conversation(where.target_id + channel)


def message_uid(message_id: int) -> str:
    """The msgUID of a message, as `0001-0000-0000-0A3F`: always the same for a message, and no other one has it."""
    digits = f"{message_id:016X}"
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


def message_id_of(uid: str) -> int | None:
    """The message id of a msgUID; None if it is none of ours."""
    return int(uid.replace("-", ""), 16) if UID.match(uid) else None
