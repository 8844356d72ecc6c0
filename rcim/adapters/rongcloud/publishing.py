"""Publishes messages: to users, groups, rooms, system conversations and everybody (MS-06 to MS-08, SY-01, SY-03)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from rcim.adapters.rongcloud.codes import TOO_LONG, TOO_MANY, WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, chunks, command, each
from rcim.adapters.rongcloud.form import Form, as_text
from rcim.adapters.rongcloud.group_mutes import groups_of
from rcim.adapters.rongcloud.messages import Spoken, Target, request_id_of, said, send_all, send_to, spoken
from rcim.adapters.rongcloud.messages import answered as answer_of
from rcim.adapters.rongcloud.stored import recall_broadcast
from rcim.adapters.rongcloud.targets import channel_id
from rcim.base.errors import BLACKLISTED, NO_SUCH_GROUP, RcimError
from rcim.base.errors import code_of as error_code
from rcim.base.terms import Priority, UserList, group_conversation, pair_conversation
from rcim.service import requests
from rcim.service.results import BroadcastSent, Listed, Sent, SystemSent
from rcim.vendors.rongcloud_ids import message_uid

USERS_AT_ONCE, GROUPS_AT_ONCE, SYSTEM_AT_ONCE, ROOMS_AT_ONCE, DIRECTED_MAX = 1000, 100, 1000, 100, 1000
SYSTEM_PREFIX = "@SYS#"
SYSTEM_STEP = 100
TEXT_CHARS_MAX = 128 * 1024
"""Of one text of a template with its words: the vendor's own bound of a message."""
ALL_CHARS_MAX = 4 << 20
"""Of all texts of one request, with their words: four times what the body of a request has."""
WORDS_MAX = 100
"""For one target."""
RECALL = "RC:RcCmd"
ONLINE_S = 1
"""A broadcast to those who are online expires so soon that nobody else gets it."""


def _pairs(sender: str, users: Sequence[str]) -> list[Target]:
    """Raises RongError: nobody writes to themselves."""
    if sender in users:
        raise RongError(WRONG_PARAMETER, "toUserId must not be fromUserId.")
    return [Target(user, pair_conversation(sender, user)) for user in users]


@command("/message/private/publish")
async def private(call: Call) -> Json:
    """Sends a message to users, each in their own conversation with the sender."""
    return await _private(call, transient=False)


@command("/statusmessage/private/publish")
async def private_status(call: Call) -> Json:
    """Sends a status message to users: only who is online gets it (MS-08)."""
    return await _private(call, transient=True)


async def _private(call: Call, *, transient: bool) -> Json:
    users, message = call.form.users(USERS_AT_ONCE, "toUserId"), spoken(call.form, transient=transient)
    targets = _pairs(message.sender, users)
    if not call.form.flag("verifyBlacklist"):
        return await send_all(call, targets, message, "userId")
    allowed = await each([lambda to=target: _unless_barred(call, to, message) for target in targets])  # type: ignore[misc]
    return answer_of(users, allowed, "userId")


@command("/message/group/publish")
async def group(call: Call) -> Json:
    """Sends a message into groups; to named members only, if `toUserId` names some and there is one group (MS-07)."""
    return await _group(call, transient=False)


@command("/statusmessage/group/publish")
async def group_status(call: Call) -> Json:
    """Sends a status message into groups: only who is online gets it (MS-08)."""
    return await _group(call, transient=True)


@command("/message/discussion/publish")
async def discussion(call: Call) -> Json:
    """Sends a message into discussions, which are groups here."""
    return await _group(call, transient=False, name="toDiscussionId")


async def _group(call: Call, *, transient: bool, name: str = "toGroupId") -> Json:
    form = call.form
    groups, message = form.texts(name, GROUPS_AT_ONCE), spoken(form, transient=transient)
    to = form.users(DIRECTED_MAX, "toUserId", 0)
    if to and len(groups) > 1:
        raise RongError(WRONG_PARAMETER, "With toUserId there has to be one toGroupId.")
    targets = [Target(one, group_conversation(one)) for one in groups]
    return await send_all(call, targets, message._replace(to=tuple(to)), "groupId")


@command("/message/chatroom/publish")
async def room(call: Call) -> Json:
    """Sends a message into rooms."""
    rooms, message = call.form.texts("toChatroomId", ROOMS_AT_ONCE), spoken(call.form)
    return await send_all(call, [Target(one, group_conversation(one)) for one in rooms], message, "chatroomId")


@command("/message/chatroom/broadcast")
async def rooms(call: Call) -> Json:
    """Sends a message into all rooms, one room after another. A room that has ended meanwhile gets none; that another one
    could not be sent to is an error, after all have been tried."""
    message = spoken(call.form)
    found = [room_id async for room_id, _ in groups_of(call, rooms=True)]
    failed: list[BaseException] = []
    for some in chunks(found, ROOMS_AT_ONCE):
        targets = [Target(one, group_conversation(one)) for one in some]
        results = await each([lambda to=target: send_to(call, to, message) for target in targets])  # type: ignore[misc]
        failed += [one for one in results if isinstance(one, BaseException) and not _has_ended(one)]
    if failed:
        raise failed[0]
    return {}


def _has_ended(error: BaseException) -> bool:
    return isinstance(error, RcimError) and error.code == NO_SUCH_GROUP


@command("/message/ultragroup/publish")
async def ultra(call: Call) -> Json:
    """Sends a message into ultra groups, or into a channel of each of them (UG-02)."""
    form = call.form
    groups, message, channel = form.texts("toGroupIds", GROUPS_AT_ONCE), spoken(form), form.text("busChannel", "")
    targets = [Target(one, group_conversation(channel_id(one, channel))) for one in groups]
    return await send_all(call, targets, message, "groupId")


@command("/message/system/publish")
async def system(call: Call) -> Json:
    """Sends a system message to users: of a system conversation, if `fromUserId` is one, else as a one-to-one message."""
    users, message = call.form.users(SYSTEM_AT_ONCE, "toUserId"), spoken(call.form)
    return await send_system(call, users, message)


async def send_system(call: Call, users: Sequence[str], message: Spoken) -> Json:
    """Sends a message of a system account to users. Raises RongError or RcimError."""
    if not message.sender.startswith(SYSTEM_PREFIX):
        return await send_all(call, _pairs(message.sender, users), message, "userId")
    results: list[Sent | BaseException] = []
    for part, some in enumerate(chunks(users, SYSTEM_STEP)):
        results += await _sent_by_system(call, some, message, part)
    return answer_of(users, results, "userId")


async def _sent_by_system(
    call: Call, users: Sequence[str], message: Spoken, part: int = 0
) -> Sequence[Sent | BaseException]:
    """What became of a system conversation's message to each of up to SYSTEM_STEP users."""
    request = requests.AdminSystemSend(
        group_id=message.sender,
        users=list(users),
        client_msg_id=message.client_msg_id(part),
        priority=Priority.NORMAL,
        body=message.body,
        type_name=message.type_name,
        push=message.push,
    )
    try:
        rows = (await call.ask(request, SystemSent)).rows
    except RcimError as error:
        return [error] * len(users)
    return [
        RcimError(error_code(row.code)) if row.code else Sent(row.seq, row.time_ms, row.message_id, False)
        for row in rows
    ]


# ------------------------------------------------------------------------------------------------------ templates


@command("/message/private/publish_template")
async def private_template(call: Call) -> Json:
    """Sends each user a message with words of its own in it."""
    return await _template(call, USERS_AT_ONCE, system=False)


@command("/message/system/publish_template")
async def system_template(call: Call) -> Json:
    """Sends each user a system message with words of its own in it."""
    return await _template(call, SYSTEM_AT_ONCE, system=True)


@command("/message/group/publish_template")
async def group_template(call: Call) -> Json:
    """Sends each group a message with words of its own in it."""
    form = call.form
    groups = form.texts("toGroupId" if "toGroupId" in form else "toGroupIds", GROUPS_AT_ONCE)
    messages = await filled(call.form, len(groups))
    jobs = [(Target(one, group_conversation(one)), message) for one, message in zip(groups, messages, strict=True)]
    results = await each([lambda job=job: send_to(call, *job) for job in jobs])  # type: ignore[misc]
    return answer_of(groups, results, "groupId")


async def _template(call: Call, most: int, *, system: bool) -> Json:
    users = call.form.users(most, "toUserId")
    messages = await filled(call.form, len(users))
    if system and messages[0].sender.startswith(SYSTEM_PREFIX):
        sent: list[Sent | BaseException] = []
        for user, message in zip(users, messages, strict=True):
            sent += await _sent_by_system(call, [user], message)
        return answer_of(users, sent, "userId")
    targets = _pairs(messages[0].sender, users)
    send = _unless_barred if call.form.flag("verifyBlacklist") else send_to
    jobs = list(zip(targets, messages, strict=True))
    results = await each([lambda job=job: send(call, *job) for job in jobs])  # type: ignore[misc]
    return answer_of(users, results, "userId")


async def filled(form: Form, count: int) -> list[Spoken]:
    """The message for each of `count` targets: `values` has for each the words that stand for the marks of `content`,
    `pushContent` and `pushData`. Other work has its turn after each of them. Raises RongError, also if a text or
    all of them are too long, and RcimError."""
    values, pushes, data = form.values("values"), form.values("pushContent"), form.values("pushData")
    if len(values) != count or not all(isinstance(one, dict) for one in values):
        raise RongError(WRONG_PARAMETER, f"Parameter values has to have an object for each of {count} targets.")
    content, object_name, sender = form.text("content"), form.text("objectName"), form.user("fromUserId")
    transient, request_id = not form.flag("isPersisted", True), request_id_of(form)
    found = []
    made = 0
    for at, words in enumerate(values):
        texts = [_replaced(text, words) for text in (content, _at(pushes, at), _at(data, at))]
        made += sum(map(len, texts))
        if made > ALL_CHARS_MAX:
            raise RongError(TOO_LONG, f"All messages together would have more than {ALL_CHARS_MAX} characters.")
        await asyncio.sleep(0)
        push = {name: text for name, text in zip(("pushContent", "pushData"), texts[1:], strict=True) if text}
        if form.flag("disablePush"):
            push = {"disablePush": True}  # type: ignore[dict-item]
        found.append(
            Spoken(
                sender=sender,
                **said(object_name, texts[0]),
                push=msgspec.json.encode(push) if push else b"",
                transient=transient,
                request_id=f"{request_id}-{at}" if request_id else "",
            )
        )
    return found


def _at(texts: Sequence[object], at: int) -> str:
    found = texts[at] if at < len(texts) else ""
    return found if isinstance(found, str) else ""


def _replaced(text: str, words: Json) -> str:
    """The text with the words in place of their marks. In JSON a word is written as JSON writes it. Raises RongError for
    too many words, an empty mark, a word that is no text, and a text that would be longer than TEXT_CHARS_MAX: words may
    have marks in them, so that it could grow without end."""
    if len(words) > WORDS_MAX:
        raise RongError(TOO_MANY, f"Parameter values has {len(words)} marks for one target, at most {WORDS_MAX}.")
    for mark, word in words.items():
        if not mark:
            raise RongError(WRONG_PARAMETER, "Parameter values has an empty mark.")
        written = msgspec.json.encode(as_text("values", word)).decode()[1:-1]
        if len(text) + text.count(mark) * (len(written) - len(mark)) > TEXT_CHARS_MAX:
            raise RongError(TOO_LONG, f"A text would have more than {TEXT_CHARS_MAX} characters with its words.")
        text = text.replace(mark, written)
    return text


async def _unless_barred(call: Call, target: Target, message: Spoken) -> Sent:
    """As `send_to`. Raises RcimError(BLACKLISTED) if the user has the sender on their black list."""
    cursor = ""
    while True:
        page = await call.ask(requests.UserListGet(UserList.BLACK, cursor, user_id=target.name), Listed)
        if message.sender in page.entries:
            raise RcimError(BLACKLISTED)
        cursor = page.next
        if not cursor:
            return await send_to(call, target, message)


# ----------------------------------------------------------------------------------------------------- broadcasts


@command("/message/broadcast")
async def broadcast(call: Call) -> Json:
    """Sends a message to all users (SY-03). One that says to recall another recalls that: so an official client does."""
    if call.form.text("objectName") == RECALL:
        return await recall_broadcast(call)
    return await send_broadcast(call, spoken(call.form))


@command("/message/online/broadcast")
async def online(call: Call) -> Json:
    """Sends a message to all users who are online."""
    return await send_broadcast(call, spoken(call.form), expires_s=ONLINE_S)


async def send_broadcast(
    call: Call,
    message: Spoken,
    *,
    expires_s: int | None = None,
    tags_all: Sequence[str] = (),
    tags_any: Sequence[str] = (),
) -> Json:
    """Sends a broadcast to those whom the tags mean (SY-04). Raises RcimError."""
    request = requests.AdminBroadcast(
        client_msg_id=message.client_msg_id(),
        priority=Priority.NORMAL,
        body=message.body,
        sender=message.sender,
        type_name=message.type_name,
        push=message.push,
        tags_all=tags_all,
        tags_any=tags_any,
    )
    if expires_s is not None:
        request = msgspec.structs.replace(request, expires_s=expires_s)
    sent = await call.ask(request, BroadcastSent)
    return {"messageUID": message_uid(sent.message_id)}
