"""`MsgKey`, by which the vendor names a message one to one, and the message that a key means.

A key is SEQ, Random and time in seconds (rcim/vendors/tencent_ids.py). Keys that a back end has from elsewhere have
another number in place of the SEQ: that of a batch names the messages to all its receivers, that of an imported message
is what the other service gave it. So a message is looked for by its SEQ, and if that is not it, by time and Random.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rcim.adapters.tencent.command import Call, Fields, TencentError
from rcim.base.terms import pair_conversation
from rcim.service import requests
from rcim.service.results import Message, Page
from rcim.vendors.tencent_ids import random_of

KEY = re.compile(r"(\d{1,20})_(\d{1,10})_(\d{1,10})\Z", re.ASCII)
NO_SUCH_MESSAGE = 20022
BATCH_MS = 60_000
"""A batch of 500 receivers is sent within this time."""
PAGE = 100
PAGES_MAX = 5
SEQ_MAX = (1 << 63) - 1


class MessageKey(NamedTuple):
    """A MsgKey, read."""

    seq: int
    random: int
    time_s: int


def key_text(seq: int, random: int, time_ms: int) -> str:
    """The MsgKey of a message with this SEQ (0: it is not stored), sent with this Random at this time."""
    return f"{seq}_{random}_{time_ms // 1000}"


def turn_of(conversation: str, seq: int) -> str:
    """What reads a message and changes it takes turns: one request may change its body, another what is beside it."""
    return f"message {conversation} {seq}"


def read_key(fields: Fields, name: str) -> MessageKey:
    """The MsgKey in this field. Raises TencentError."""
    found = KEY.match(fields.text(name))
    if found is None or int(found[1]) > SEQ_MAX:
        raise fields.refuse(name, "has to be three numbers with _ between them")
    return MessageKey(int(found[1]), int(found[2]), int(found[3]))


async def message_of(call: Call, sender: str, receiver: str, key: MessageKey) -> Message:
    """The message of the sender to the receiver that the key means. Raises TencentError or RcimError."""
    found = await find_message(call, sender, receiver, key)
    if found is None:
        raise TencentError(NO_SUCH_MESSAGE, "there is no message with this MsgKey from this sender")
    return found


async def find_message(
    call: Call, sender: str, receiver: str, key: MessageKey, client_msg_id: str = ""
) -> Message | None:
    """As `message_of`, but None if there is none; with `client_msg_id` only the message that has it. Raises
    RcimError."""
    conversation = pair_conversation(sender, receiver)
    if key.seq:
        page = await call.ask(requests.History(conversation, from_seq=key.seq, to_seq=key.seq, limit=1), Page)
        if found := _meant(page, sender, key, client_msg_id):
            return found
    from_ms, from_seq = key.time_s * 1000, 0
    for _ in range(PAGES_MAX):
        some = requests.History(
            conversation, from_seq=from_seq, limit=PAGE, from_time_ms=from_ms, to_time_ms=from_ms + BATCH_MS
        )
        page = await call.ask(some, Page)
        if found := _meant(page, sender, key, client_msg_id):
            return found
        if not page.more or not page.messages:
            break
        from_seq = page.messages[-1].seq + 1
    return None


def _meant(page: Page, sender: str, key: MessageKey, client_msg_id: str) -> Message | None:
    """The message of the page that the key means: of several with its Random the one whose sender gave it that MsgSeq,
    else the first."""
    found = [row for row in page.messages if row.sender == sender and random_of(row.client_msg_id) == key.random]
    if client_msg_id:
        found = [row for row in found if row.client_msg_id == client_msg_id]
    named = [row for row in found if row.client_msg_id.startswith(f"{key.random}.{key.seq}.")]
    return next(iter(named or found), None)
