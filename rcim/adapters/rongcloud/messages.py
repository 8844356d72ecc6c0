"""What a message says and how it is sent: the fields that all ways of publishing have in common (MS-03, MS-06)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from rcim.adapters.rongcloud.codes import TOO_LONG, WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, each, failures
from rcim.adapters.rongcloud.form import Form
from rcim.adapters.rongcloud.targets import present
from rcim.base.terms import Priority, is_group
from rcim.content.elements import encode_body
from rcim.content.json_text import object_of
from rcim.content.rongcloud_json import WHOLE, from_rongcloud
from rcim.service import requests
from rcim.service.results import Sent
from rcim.vendors.rongcloud_ids import message_uid

OBJECT_NAME_CHARS_MAX = 32
MENTION_ALL, MENTION_SOME = 1, 2


class Spoken(NamedTuple):
    """What is sent: to whom, the caller says."""

    sender: str
    type_name: str
    """MS-09; empty for a body that has no type of the vendor's."""
    body: bytes
    push: bytes
    """JSON of the push, empty if nothing is said of it (PU-02)."""
    transient: bool
    mentions: tuple[str, ...] = ()
    mentions_all: bool = False
    to: tuple[str, ...] = ()
    cloud_data: bytes = b""
    request_id: str = ""
    """A client message id that the back end has chosen: what comes again with it is not sent again. Empty: none."""

    def client_msg_id(self, part: int = 0) -> str:
        """The client message id. `part` tells the messages apart that one request sends into the same conversation."""
        if not self.request_id:
            return new_id()
        return f"{self.request_id}-{part}" if part else self.request_id


class Target(NamedTuple):
    """Where a message is sent: the name that the answer has for it, and the conversation."""

    name: str
    conversation: str


def spoken(form: Form, *, sender: str = "fromUserId", transient: bool = False) -> Spoken:
    """The message that a request names. Raises RongError or RcimError."""
    content = form.text("content")
    mentions, mentions_all = _mentions(content) if form.flag("isMentioned") else ((), False)
    return Spoken(
        sender=form.user(sender),
        **said(form.text("objectName"), content),
        push=push_of(form),
        transient=transient or not form.flag("isPersisted", True),
        mentions=mentions,
        mentions_all=mentions_all,
        cloud_data=extra_of(form),
        request_id=request_id_of(form),
    )


def request_id_of(form: Form) -> str:
    """By `msgRandom`, with which the vendor's clients mark a request that may come twice. Raises RongError."""
    number = form.number("msgRandom", 0, most=(1 << 63) - 1)
    return f"rong-r{number}" if number else ""


def said(object_name: str, content: str) -> dict[str, Any]:
    """The fields of Spoken that an objectName and its content make. Raises RongError or RcimError."""
    if len(object_name) > OBJECT_NAME_CHARS_MAX:
        raise RongError(
            TOO_LONG, f"Parameter objectName has {len(object_name)} characters, at most {OBJECT_NAME_CHARS_MAX}."
        )
    body = encode_body(from_rongcloud(object_name, content))
    return {"type_name": "" if object_name == WHOLE else object_name, "body": body}


def _mentions(content: str) -> tuple[tuple[str, ...], bool]:
    """Who is mentioned, by the content's `mentionedInfo` (MS-07). Raises RongError."""
    info = (object_of(content) or {}).get("mentionedInfo")
    if not isinstance(info, dict):
        raise RongError(WRONG_PARAMETER, "With isMentioned content has to have mentionedInfo.")
    if info.get("type") in (MENTION_ALL, str(MENTION_ALL)):
        return (), True
    users = info.get("userIdList") or info.get("userIds") or []
    if not isinstance(users, list) or not all(isinstance(user, str) for user in users):
        raise RongError(WRONG_PARAMETER, "mentionedInfo.userIdList has to be a list of user ids.")
    return tuple(users), False


def push_of(form: Form) -> bytes:
    """What a request says of the push; empty: nothing. Raises RongError."""
    fields: Json = {}
    for name in ("pushContent", "pushData"):
        if name in form:
            fields[name] = form.text(name)
    if "pushExt" in form:
        fields["pushExt"] = form.object("pushExt")
    if form.flag("disablePush"):
        fields["disablePush"] = True
    return msgspec.json.encode(fields) if fields else b""


EXPANSION = "rongExpansion"
"""In a message's cloud data: the key-value pairs that can be changed after it was sent."""


def extra_of(form: Form) -> bytes:
    """The cloud data of a message that may be expanded: an object with EXPANSION. Raises RongError."""
    if not form.flag("expansion"):
        return b""
    return msgspec.json.encode({EXPANSION: form.object("extraContent", "")})


def new_id() -> str:
    """A client message id for what has none: each request is a message of its own."""
    return f"rong-{secrets.token_hex(12)}"


async def send_to(call: Call, target: Target, message: Spoken) -> Sent:
    """Sends it into one conversation. Mentioned users who are not in it are left out. Raises RcimError."""
    mentions: Sequence[str] = message.mentions
    if mentions and is_group(target.conversation):
        mentions = await present(call, target.conversation.partition(":")[2], mentions)
    request = requests.Send(
        conversation=target.conversation,
        client_msg_id=message.client_msg_id(),
        priority=Priority.NORMAL,
        body=message.body,
        as_user=message.sender,
        type_name=message.type_name,
        to=message.to,
        mentions=mentions,
        mentions_all=message.mentions_all,
        transient=message.transient,
        push=message.push,
        cloud_data=message.cloud_data,
    )
    return await call.ask(request, Sent)


async def send_all(call: Call, targets: Sequence[Target], message: Spoken, name: str) -> Json:
    """Sends it to each target. The answer has the id of each message; `name` is what it calls a target. If it reached
    some targets and not others, `failed` says which and why. Raises RongError if it reached none."""
    return answered(
        [target.name for target in targets],
        await each([lambda to=target: send_to(call, to, message) for target in targets]),  # type: ignore[misc]
        name,
    )


def answered(names: Sequence[str], results: Sequence[Sent | BaseException], name: str) -> Json:
    """The answer to a request that has sent to these targets. Raises RongError if nothing was sent."""
    failed = failures(names, results, name)
    sent = [
        {name: target, "messageUID": message_uid(result.message_id)}
        for target, result in zip(names, results, strict=True)
        if isinstance(result, Sent) and result.message_id
    ]
    return {"messageUIDs": sent, **failed}
