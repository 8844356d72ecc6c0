"""Messages that are there: recall, delete, expand, read by id, clear (MS-10, MS-17)."""

from __future__ import annotations

from typing import Any

import msgspec

from rcim.adapters.rongcloud.codes import NOT_ENABLED, TOO_LONG, WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, chunks, command
from rcim.adapters.rongcloud.form import OBJECT_BYTES_MAX, as_text
from rcim.adapters.rongcloud.messages import EXPANSION
from rcim.adapters.rongcloud.targets import conversation_of
from rcim.base.terms import BROADCAST_ALL
from rcim.service import requests
from rcim.service.results import Altered, Done, Page
from rcim.vendors.rongcloud_ids import message_id_of

KEYS_MAX = 300
CLEANED_MAX, HIDDEN_AT_ONCE = 10_000, 1000


async def found(call: Call, conversation: str, uid: str) -> Any:
    """The message of this conversation with this messageUID. Ids grow with the SEQ, so it is looked for by halves. Raises
    RongError if there is none, and RcimError."""
    message_id = message_id_of(uid)
    if message_id is not None:
        head = await call.ask(requests.History(conversation, limit=1, backwards=True), Page)
        low, high = head.first_seq, head.newest_seq
        while low <= high:
            middle = (low + high) // 2
            message = await _at_or_after(call, conversation, middle, high)
            if message is None:
                high = middle - 1
            elif message.message_id == message_id:
                return message
            elif message.message_id < message_id:
                low = message.seq + 1
            else:
                high = middle - 1
    raise RongError(WRONG_PARAMETER, "There is no message with this messageUID in the conversation.")


async def _at_or_after(call: Call, conversation: str, seq: int, last: int) -> Any:
    """The first message from this SEQ to the last; None: there is none."""
    page = await call.ask(requests.History(conversation, from_seq=seq, to_seq=last, limit=1), Page)
    return page.messages[0] if page.messages else None


@command("/message/recall")
async def recall(call: Call) -> Json:
    """Recalls a message, or with `isDelete` deletes it for all. Without `isAdmin` only its sender may."""
    form = call.form
    sender, uid = form.user("fromUserId"), form.text("messageUID")
    conversation = conversation_of(call, sender)
    message = await found(call, conversation, uid)
    if message.sender != sender and not form.flag("isAdmin"):
        raise RongError(WRONG_PARAMETER, "The message was sent by somebody else; isAdmin recalls it all the same.")
    change = requests.MessageDelete if form.flag("isDelete") else requests.MessageRecall
    await call.ask(change(conversation, message.seq), Altered)
    return {}


@command("/message/broadcast/recall")
async def broadcast_recall(call: Call) -> Json:
    """Recalls a broadcast (SY-03)."""
    return await recall_broadcast(call)


async def recall_broadcast(call: Call) -> Json:
    """Recalls the broadcast that the request names. Raises RongError or RcimError."""
    content = call.form.object("content", "")
    uid = content.get("messageUId") or call.form.text("messageUID", "")
    message = await found(call, BROADCAST_ALL, str(uid))
    await call.ask(requests.AdminBroadcastRecall(message.seq), Altered)
    return {}


@command("/conversation/message/history/clean")
async def clean(call: Call) -> Json:
    """Deletes for a user the messages of a conversation up to `msgTimestamp`, or all that are there. Raises RongError,
    and deletes none, if there are newer ones and more than CLEANED_MAX up to it: these are deleted one by one."""
    user, until_ms = call.form.user("fromUserId"), call.form.number("msgTimestamp", 0)
    conversation, principal = conversation_of(call, user), call.acting_for(user)
    newest = await call.ask(requests.History(conversation, limit=1, backwards=True), Page, principal)
    if not until_ms or not newest.messages or newest.messages[0].time_ms <= until_ms:
        await call.ask(requests.ConversationClear(conversation), Done, principal)
        return {}
    seqs: list[int] = []
    more = True
    while more:
        after = seqs[-1] + 1 if seqs else 0
        request = requests.History(conversation, from_seq=after, limit=100, to_time_ms=until_ms)
        page = await call.ask(request, Page, principal)
        seqs += [message.seq for message in page.messages]
        more = page.more and bool(page.messages)
        if len(seqs) > CLEANED_MAX:
            raise RongError(
                NOT_ENABLED, f"More than {CLEANED_MAX} messages up to msgTimestamp, and newer ones after it."
            )
    for some in chunks(seqs, HIDDEN_AT_ONCE):
        await call.ask(requests.MessagesHide(conversation, list(some)), Done, principal)
    return {}


# ------------------------------------------------------------------------------------------------------ expansions


def expansion_of(message: Any) -> dict[str, str]:
    """What a message is expanded with. Raises RongError if it was not sent as one that can be."""
    data = message.extra.cloud_data if message.extra is not None else b""
    try:
        fields = msgspec.json.decode(data, type=dict[str, Any])
        return {key: str(value) for key, value in fields[EXPANSION].items()}
    except (msgspec.DecodeError, KeyError, AttributeError, UnicodeDecodeError, RecursionError):
        raise RongError(WRONG_PARAMETER, "The message was not sent with expansion.") from None


def turn_of(uid: str) -> str:
    """What reads a message and changes it takes turns."""
    return f"message {uid}"


async def expand(call: Call, conversation: str, uid: str, *, add: Json, remove: list[str]) -> Json:
    """Changes what a message is expanded with; clients find it edited (MS-17). Requests about one message take turns.
    Raises RongError or RcimError."""
    async with call.turns.of(turn_of(uid)):
        message = await found(call, conversation, uid)
        after = {key: value for key, value in expansion_of(message).items() if key not in remove}
        after |= {key: as_text(key, value) for key, value in add.items()}
        if len(after) > KEYS_MAX:
            raise RongError(WRONG_PARAMETER, f"The message would have {len(after)} keys, at most {KEYS_MAX}.")
        data = msgspec.json.encode({EXPANSION: after})
        await call.ask(requests.MessageEdit(conversation, message.seq, message.body, cloud_data=data), Altered)
    return {}


def where_expanded(call: Call) -> tuple[str, str]:
    """The conversation and the messageUID that a request about an expansion names. Raises RongError."""
    return conversation_of(call, call.form.user()), call.form.text("msgUID")


@command("/message/expansion/set")
async def expansion_set(call: Call) -> Json:
    """Sets keys of a message's expansion."""
    conversation, uid = where_expanded(call)
    return await expand(call, conversation, uid, add=call.form.object("extraKeyVal"), remove=[])


@command("/message/expansion/delete")
async def expansion_delete(call: Call) -> Json:
    """Removes keys of a message's expansion."""
    conversation, uid = where_expanded(call)
    return await expand(call, conversation, uid, add={}, remove=keys_of(call))


def keys_of(call: Call) -> list[str]:
    """The keys that `extraKey` names: a JSON list, or repeated. Raises RongError."""
    names = call.form.texts("extraKey", 100)
    if len(names) == 1 and names[0].startswith("["):
        if len(names[0]) > OBJECT_BYTES_MAX:
            raise RongError(TOO_LONG, f"Parameter extraKey is longer than {OBJECT_BYTES_MAX} characters.")
        try:
            return msgspec.json.decode(names[0], type=list[str])
        except msgspec.DecodeError:
            raise RongError(WRONG_PARAMETER, "Parameter extraKey has to be a list of texts.") from None
    return names


@command("/message/expansion/query")
async def expansion_query(call: Call) -> Json:
    """What a message is expanded with."""
    if "conversationType" not in call.form:
        raise RongError(WRONG_PARAMETER, "Here the conversation has to be named: conversationType, targetId, userId.")
    conversation, uid = where_expanded(call)
    message = await found(call, conversation, uid)
    return {"extraContent": shown_expansion(message)}


def shown_expansion(message: Any) -> Json:
    """An expansion as the vendor's answers have it: each value with the time of its last change."""
    changed_ms = message.changed_ms or message.time_ms
    return {key: {"v": value, "ts": changed_ms} for key, value in expansion_of(message).items()}
