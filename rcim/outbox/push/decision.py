"""Who gets a push of a message (PU-01), as a table of reasons against it: the first that holds decides.

| reason | a user gets no push |
|---|---|
| TYPE_NOT_PUSHED | the message's type is not pushed (MS-09), nor are groups of this type |
| SWITCHED_OFF | the message says so (PU-02) |
| EXPIRED | it is too old, or a broadcast that is an offline message no more (SY-06) |
| GONE | it was recalled or deleted meanwhile |
| SENDER | they sent it |
| NOT_FOR_USER | it is for others (MS-07, SY-04), or they have joined since |
| READ | they have read it meanwhile, on another device |
| BLACK_LISTED | the sender is on their black list (SC-07) |
| MSG_FLAG | they want no push of the conversation (RX-01, RX-02), whether the message mentions them or not |
| PUSH_LEVEL | of messages as this one they want none (UG-03): a mention counts |
| QUIET_HOURS | they have quiet hours now (RX-02) |
| IN_USE | a device of theirs is in use (ID-07) |

As with Tencent, a mention does not override AcceptNotNotify: who wants pushes of mentions alone sets the push level
MENTIONS.
"""

from __future__ import annotations

from enum import Enum

from rcim.actor.events import BroadcastSent, MessagePassed
from rcim.actor.records import Message
from rcim.base.terms import MessageState, MsgFlag, Presence
from rcim.rules.broadcasts import is_expired
from rcim.rules.message_types import MessageType
from rcim.rules.push_info import PushInfo
from rcim.rules.push_level import level_in_force, wants_push
from rcim.store.push_answers import PushTarget


class When(Enum):
    """What a user's devices have to do for a push, as the settings say."""

    OFFLINE = "offline"
    """None is connected."""
    BACKGROUND = "background"
    """None is in use: they are not connected, or in the background."""
    ALWAYS = "always"
    """It does not matter."""


class Reason(Enum):
    """Why a user gets no push."""

    TYPE_NOT_PUSHED = "type"
    SWITCHED_OFF = "switched_off"
    EXPIRED = "expired"
    GONE = "gone"
    SENDER = "sender"
    NOT_FOR_USER = "not_for_user"
    READ = "read"
    BLACK_LISTED = "black_list"
    MSG_FLAG = "msg_flag"
    PUSH_LEVEL = "push_level"
    QUIET_HOURS = "quiet_hours"
    IN_USE = "in_use"
    HOOK = "hook"
    """The app says so."""


MUTED = frozenset({Reason.MSG_FLAG, Reason.PUSH_LEVEL})
"""Reasons that the app's hook may override."""
Pushable = MessagePassed | BroadcastSent


def expires_ms(message: Message, default_s: int, hook: PushInfo | None = None) -> int:
    """When a push of the message is of no use any more, in milliseconds since 1970: with the message, if that expires;
    else so long after it was sent as the app's hook says, or the message, or `default_s`."""
    extra = message.extra
    if extra is not None and extra.expires_ms:
        return extra.expires_ms
    said = (hook, extra.push if extra is not None else None)
    life_s = next((info.life_s for info in said if info is not None and info.life_s), default_s)
    return message.time_ms + life_s * 1000


def of_message(event: Pushable, type_: MessageType, *, group_pushed: bool, now_ms: int, life_s: int) -> Reason | None:
    """Why nobody gets a push of the message; None: who does is to be decided of each user. `type_` is that of the
    message, `group_pushed` what the type of the conversation says, `life_s` the time after which a push expires."""
    message = event.message
    extra = message.extra
    if not (type_.pushed and group_pushed):
        return Reason.TYPE_NOT_PUSHED
    if extra is not None and extra.push is not None and extra.push.off:
        return Reason.SWITCHED_OFF
    if is_expired(expires_ms(message, life_s), now_ms):
        return Reason.EXPIRED
    if message.state in (MessageState.RECALLED, MessageState.DELETED):
        return Reason.GONE
    return None


def of_user(
    event: Pushable, user: PushTarget, presence: Presence, when: When, now_ms: int, *, forced: bool = False
) -> Reason | None:
    """Why this user gets no push of the message; None: they get one. `forced`: the app's hook has it that the reasons of
    MUTED do not count."""
    message, member = event.message, user.member
    if user.user_id == message.sender:
        return Reason.SENDER
    if not user.shown or not message.is_for(user.user_id) or member.joined_seq >= message.seq > 0:
        return Reason.NOT_FOR_USER
    if message.seq and max(member.read_seq, member.cleared_seq) >= message.seq:
        return Reason.READ
    if user.black_listed:
        return Reason.BLACK_LISTED
    if not forced and member.msg_flag is not MsgFlag.ACCEPT_AND_NOTIFY:
        return Reason.MSG_FLAG
    if not forced and isinstance(event, MessagePassed) and not _level_wants(event, user):
        return Reason.PUSH_LEVEL
    if user.quiet.holds(now_ms):
        return Reason.QUIET_HOURS
    return Reason.IN_USE if in_use(presence, when) else None


def mentions(message: Message, user_id: str) -> bool:
    """True if the message mentions the user (MS-07)."""
    extra = message.extra
    return extra is not None and (extra.mentions_all or user_id in extra.mentions)


def _level_wants(event: MessagePassed, user: PushTarget) -> bool:
    level = level_in_force(
        user_in_channel=user.member.push_level,
        user_in_group=user.member.group_push_level,
        channel=event.push_level,
        group=event.group_push_level,
    )
    return wants_push(level, mentioned=mentions(event.message, user.user_id))


def in_use(presence: Presence, when: When) -> bool:
    """True if the user needs no push: a device of theirs shows them the message."""
    if when is When.ALWAYS:
        return False
    return presence is not Presence.OFFLINE if when is When.OFFLINE else presence is Presence.ONLINE
